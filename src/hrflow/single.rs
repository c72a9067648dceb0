//! Asks about one object, for somebody who waits: how it is ranked, and how HrFlow holds it.

use serde_json::json;

use super::eligibility::{Lack, lacks};
use super::indexing::path;
use super::{About, Client, OF_AN_OBJECT, Question, Ranked};
use crate::error::{Error, Kind, Result};
use crate::http::Request;
use crate::model::{Entity, Object, Reference};

/// How many objects a narrowed question may bring: one is meant, and a filter that is read loosely may bring a few more.
const FEW: u64 = 5;

/// An object as HrFlow holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holds {
    /// Whether it is archived there.
    pub archived: bool,
    /// What keeps it from being found or scored.
    pub lacks: Vec<Lack>,
}

impl Client {
    /// The object of this key as `question` ranks it; none when it is not among what is ranked. Which page the question
    /// asks for does not matter.
    ///
    /// Fails as [`rank`](Self::rank) does, and with [`Kind::Upstream`] when the answer shows that HrFlow did not narrow it.
    pub async fn find(
        &self,
        question: &Question<'_>,
        key: &str,
        reference: &Reference,
    ) -> Result<Option<Ranked>> {
        let mut filters = question.filters.to_vec();
        filters.push(json!({"match_phrase": {"key": key}}));
        let narrowed = Question { filters: &filters, page: 1, limit: FEW, ..question.clone() };
        let ranking = self.rank(&narrowed).await?;
        let others = !ranking.items.is_empty();
        let meant = ranking.items.into_iter().find(|item| {
            item.key == key
                && item.reference.as_deref() == Some(reference.as_str())
                && item.container_key.as_deref().is_none_or(|container| container == question.container_key)
        });
        if meant.is_none() && others {
            let message = "HrFlow was asked about one object and answered with others";
            return Err(Error::new(Kind::Upstream, message));
        }
        Ok(meant)
    }

    /// How HrFlow holds the object of this key; none when it has none.
    pub async fn holds(&self, entity: Entity, container_key: &str, key: &str) -> Result<Option<Holds>> {
        let mut url = self.address(path(entity));
        url.query_pairs_mut()
            .append_pair(&format!("{}_key", entity.container()), container_key)
            .append_pair("key", key);
        let about = About { what: entity.singular(), must_exist: true, remedy: OF_AN_OBJECT, members: None };
        match self.inquire::<Object>(Request::get(url), about).await {
            Ok(read) => Ok(Some(Holds {
                archived: read.data.get("archived_at").is_some_and(|date| !date.is_null()),
                lacks: lacks(entity, &read.data),
            })),
            Err(problem) if problem.kind() == Kind::NotFound => Ok(None),
            Err(problem) => Err(problem),
        }
    }
}
