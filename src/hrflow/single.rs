//! Asks about one object, for somebody who waits: how it is ranked.

use serde_json::json;

use super::{Client, Question, Ranked};
use crate::error::{Error, Kind, Result};
use crate::model::Reference;

/// How many objects a narrowed question may bring: one is meant, and a filter that is read loosely may bring a few more.
const FEW: u64 = 5;

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
}
