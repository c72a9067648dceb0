//! Asks for ranked objects: scoring (one object against all of the other kind) and searching (by criteria).

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::{About, Client, Urgency, envelope};
use crate::error::{Error, Kind, Result};
use crate::http::Request;
use crate::model::{Entity, Reference};

/// What is asked. Every key in it is ours; the parameters were checked by the caller.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What is ranked.
    pub entity: Entity,
    /// The source or board it is ranked in.
    pub container_key: &'a str,
    /// The object that it is ranked for, in scoring; none in searching.
    pub scored_for: Option<ScoredFor<'a>>,
    /// More parameters, as (name, value): `page`, `limit`, criteria.
    pub parameters: &'a [(String, String)],
}

/// What objects are scored for.
#[derive(Clone, Copy, Debug)]
pub struct ScoredFor<'a> {
    /// What scores.
    pub algorithm_key: &'a str,
    /// The board of the job, or the source of the profile.
    pub container_key: &'a str,
    /// The job's or profile's reference.
    pub reference: &'a Reference,
}

/// One page of an answer, in HrFlow's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// The objects.
    pub items: Vec<Ranked>,
    /// This page's number, from 1.
    pub page: u64,
    /// The last page's number, at least 1.
    pub max_page: u64,
    /// How many objects there are on all pages.
    pub total: u64,
}

/// One object of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Its reference, no two alike on a page; none if it was indexed without.
    pub reference: Option<String>,
    /// HrFlow's key of it.
    pub key: String,
    /// The source or board it is in, if told.
    pub container_key: Option<String>,
    /// Its score, from 0 to 1; none in searching.
    pub score: Option<f64>,
}

/// Of an object of 2 KB, these: everything else is skipped unread.
#[derive(Deserialize)]
struct Item {
    key: String,
    #[serde(default)]
    reference: Text,
    #[serde(alias = "board_key")]
    source_key: Option<String>,
}

/// A text, or none where anything else stands: one odd object must not take the answer with it.
#[derive(Default)]
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Any {
            Text(String),
            Other(IgnoredAny),
        }
        Ok(match Any::deserialize(deserializer)? {
            Any::Text(text) => Self(Some(text)),
            Any::Other(_) => Self(None),
        })
    }
}

/// `data` in its four shapes: profiles or jobs, with predictions in scoring.
#[derive(Deserialize)]
pub(super) struct Data {
    #[serde(alias = "jobs")]
    profiles: Vec<Item>,
    #[serde(default)]
    predictions: Option<Vec<Prediction>>,
}

/// The second number of HrFlow's pair `[1 − score, score]`.
struct Prediction(f64);

impl<'de> Deserialize<'de> for Prediction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pair;
        impl<'de> Visitor<'de> for Pair {
            type Value = Prediction;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pair of numbers")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Prediction, A::Error> {
                let missing = || serde::de::Error::invalid_length(0, &"a pair of numbers");
                pair.next_element::<f64>()?.ok_or_else(missing)?;
                let score = pair.next_element::<f64>()?.ok_or_else(missing)?;
                match pair.next_element::<IgnoredAny>()? {
                    None => Ok(Prediction(score)),
                    Some(_) => Err(missing()),
                }
            }
        }
        deserializer.deserialize_seq(Pair)
    }
}

impl Client {
    /// One page of ranked objects: in scoring those with the highest score first.
    ///
    /// Fails at once with [`Kind::RateLimited`] when the quota is used up, with [`Kind::NotFound`] when HrFlow does not find
    /// what is scored for, with [`Kind::Refused`] when it refuses (an object too new to be scored, a criterion it does not
    /// read), and with [`Kind::Upstream`], naming what is wrong, when the answer cannot be trusted.
    pub async fn rank(&self, question: &Question<'_>) -> Result<Ranking> {
        let request = Request::get(self.question_address(question));
        let about = match question.scored_for {
            Some(_) => About { what: question.entity.other().singular(), must_exist: true },
            None => About { what: "question", must_exist: false },
        };
        let read: envelope::Read<Data> = self.ask(request, about).await?;
        ranking(read, question.scored_for.is_some())
    }

    async fn ask<T: DeserializeOwned>(&self, request: Request, about: About) -> Result<envelope::Read<T>> {
        self.send(Urgency::Query, request, about).await
    }

    pub(super) fn question_address(&self, question: &Question<'_>) -> url::Url {
        let entity = question.entity;
        let capability = if question.scored_for.is_some() { "scoring" } else { "searching" };
        let mut url = self.address(&format!("{}/{capability}", entity.plural()));
        let mut query = url.query_pairs_mut();
        query.append_pair(
            &format!("{}_keys", entity.container()),
            &serde_json::Value::from(vec![question.container_key]).to_string(),
        );
        if let Some(scored_for) = question.scored_for {
            let other = entity.other();
            query
                .append_pair("algorithm_key", scored_for.algorithm_key)
                .append_pair(&format!("{}_key", other.container()), scored_for.container_key)
                .append_pair(&format!("{}_reference", other.singular()), scored_for.reference.as_str())
                .append_pair("sort_by", "scoring")
                .append_pair("order_by", "desc");
        }
        query.extend_pairs(question.parameters);
        drop(query);
        url
    }
}

pub(super) fn ranking(
    envelope::Read { data, meta }: envelope::Read<Data>,
    with_scores: bool,
) -> Result<Ranking> {
    let meta = meta.ok_or_else(|| unreadable("`meta` is missing"))?;
    let scores = match (with_scores, data.predictions) {
        (false, _) => vec![None; data.profiles.len()],
        (true, None) => return Err(unreadable("`data.predictions` is missing")),
        (true, Some(predictions)) => predictions.into_iter().map(score).collect::<Result<_>>()?,
    };
    if scores.len() != data.profiles.len() {
        let (predicted, listed) = (scores.len(), data.profiles.len());
        return Err(unreadable(&format!("{predicted} predictions for {listed} objects")));
    }
    let mut seen = HashSet::new();
    let items = data.profiles.into_iter().zip(scores);
    // A reference that comes again stands further down, so it counts where it came first.
    let items =
        items.filter(|(item, _)| item.reference.0.as_ref().is_none_or(|text| seen.insert(text.clone())));
    let items = items.map(|(Item { key, reference: Text(reference), source_key }, score)| Ranked {
        reference,
        key,
        container_key: source_key,
        score,
    });
    Ok(Ranking { items: items.collect(), page: meta.page, max_page: meta.max_page.max(1), total: meta.total })
}

fn score(Prediction(score): Prediction) -> Result<Option<f64>> {
    if (0.0..=1.0).contains(&score) {
        return Ok(Some(score));
    }
    Err(unreadable("a score is not between 0 and 1"))
}

fn unreadable(what: &str) -> Error {
    Error::new(Kind::Upstream, format!("HrFlow's answer cannot be read: {what}"))
}
