//! Asks for ranked objects: scoring (one object against all of the other kind) and searching (by criteria).

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

use super::lax::Lax;
use super::shown::Shown;
use super::{About, Client, OF_CRITERIA, envelope};
use crate::error::{Error, Kind, Result};
use crate::http::{Method, Request};
use crate::model::{Card, Entity, Reference};

/// An address longer than this goes as a body: many a server between us and HrFlow reads no more than 4 or 8 KiB.
const LONGEST_ADDRESS: usize = 4_000;

/// What is asked. Every key in it is ours; the parameters were checked by the caller.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What is ranked.
    pub entity: Entity,
    /// The source or board it is ranked in.
    pub container_key: &'a str,
    /// The object that it is ranked for, in scoring; none in searching.
    pub scored_for: Option<ScoredFor<'a>>,
    /// Which page, from 1.
    pub page: u64,
    /// How many objects a page has at most.
    pub limit: u64,
    /// More parameters, as (name, value): criteria and order. Without an order the best match comes first in scoring.
    pub criteria: &'a [(String, Value)],
    /// The least score that is of interest, in scoring.
    pub score_min: Option<f64>,
    /// Clauses in Elasticsearch's language, all of which must hold. They are ours: a caller's could reach beyond what is
    /// the caller's.
    pub filters: &'a [Value],
    /// Whether the objects' own fields are read too.
    pub with_cards: bool,
}

impl<'a> Question<'a> {
    /// What is asked without any criterion.
    pub fn of(entity: Entity, container_key: &'a str, page: u64, limit: u64) -> Self {
        Self {
            entity,
            container_key,
            scored_for: None,
            page,
            limit,
            criteria: &[],
            score_min: None,
            filters: &[],
            with_cards: false,
        }
    }

    /// Whether the best match comes first: nothing else was asked for.
    fn best_first(&self) -> bool {
        let given =
            |name: &str| self.criteria.iter().find(|(given, _)| given == name).map(|(_, value)| value);
        self.scored_for.is_some()
            && given("sort_by").is_none_or(|sort| sort == "scoring")
            && given("order_by").is_none_or(|order| order == "desc")
    }

    /// The parameters, as HrFlow calls them.
    fn parameters(&self) -> Vec<(String, Value)> {
        let entity = self.entity;
        let mut parameters = vec![(format!("{}_keys", entity.container()), json!([self.container_key]))];
        if let Some(scored_for) = self.scored_for {
            let other = entity.other();
            parameters.extend([
                ("algorithm_key".to_owned(), scored_for.algorithm_key.into()),
                (format!("{}_key", other.container()), scored_for.container_key.into()),
                (format!("{}_reference", other.singular()), scored_for.reference.as_str().into()),
            ]);
        }
        parameters.extend([("page".to_owned(), self.page.into()), ("limit".to_owned(), self.limit.into())]);
        let best_first = self.best_first();
        let is_order = |name: &str| name == "sort_by" || name == "order_by";
        let criteria = self.criteria.iter().filter(|(name, _)| !(best_first && is_order(name)));
        parameters.extend(criteria.cloned());
        if best_first {
            parameters.push(("sort_by".to_owned(), "scoring".into()));
            parameters.push(("order_by".to_owned(), "desc".into()));
        }
        parameters.extend(self.score_min.map(|least| ("score_threshold".to_owned(), least.into())));
        if !self.filters.is_empty() {
            // HrFlow has one name in searching and the other in scoring.
            let name = if self.scored_for.is_some() { "raw_filters" } else { "raw_filter" };
            parameters.push((name.to_owned(), json!({"query": {"bool": {"filter": self.filters}}})));
        }
        parameters
    }
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

/// One page of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// The objects, in HrFlow's order; the best first if that is what was asked.
    pub items: Vec<Ranked>,
    /// This page's number, from 1.
    pub page: u64,
    /// The last page's number, at least 1.
    pub max_page: u64,
    /// How many objects there are on all pages.
    pub total: u64,
    /// How many objects were left out because their reference stood further up already.
    pub repeated: usize,
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
    /// Its place in the ranking over all pages, from 1, what was left out counted in.
    pub rank: u64,
    /// Its own fields, if they were asked for.
    pub card: Option<Box<Card>>,
}

/// Of an object of 2 KB, these: everything else is skipped unread.
#[derive(Deserialize)]
pub(super) struct Item {
    key: String,
    #[serde(default)]
    reference: Lax<String>,
    #[serde(alias = "board_key")]
    source_key: Option<String>,
}

/// What an [`Item`] is read from, whichever of the containers it is in.
pub(super) const MEMBERS: &[&str] = &["key", "reference", "source_key", "board_key"];

impl From<Item> for Ranked {
    fn from(Item { key, reference, source_key }: Item) -> Self {
        Self { reference: reference.0, key, container_key: source_key, score: None, rank: 0, card: None }
    }
}

/// `data` in its four shapes: profiles or jobs, with predictions in scoring.
#[derive(Deserialize)]
pub(super) struct Data<T> {
    #[serde(alias = "jobs")]
    profiles: Vec<T>,
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
    /// what is scored for, with [`Kind::Down`] when HrFlow says that it cannot answer now, with [`Kind::Refused`] when it refuses (an object too new to be scored, a criterion it does not
    /// read), and with [`Kind::Upstream`], naming what is wrong, when the answer cannot be trusted.
    pub async fn rank(&self, question: &Question<'_>) -> Result<Ranking> {
        let request = self.question(question);
        let members = (!question.with_cards).then_some(MEMBERS);
        let about = match question.scored_for {
            Some(_) => About {
                what: question.entity.other().singular(),
                must_exist: true,
                remedy: if question.criteria.is_empty() && question.filters.is_empty() {
                    "`GET /v1/match/why` knows what keeps it out of scoring"
                } else {
                    "`GET /v1/match/why` knows what keeps it out of scoring; else it may be the criteria"
                },
                members,
            },
            None => About { what: "question", must_exist: false, remedy: OF_CRITERIA, members },
        };
        if question.with_cards {
            ranking::<Shown>(self.ask(request, about).await?, question)
        } else {
            ranking::<Item>(self.ask(request, about).await?, question)
        }
    }

    async fn ask<T: DeserializeOwned>(&self, request: Request, about: About) -> Result<envelope::Read<T>> {
        self.send_hedged(request, about).await
    }

    /// A question as HrFlow reads it: its parameters in the address, or in a body where they are too long for one.
    pub(super) fn question(&self, question: &Question<'_>) -> Request {
        let capability = if question.scored_for.is_some() { "scoring" } else { "searching" };
        let place = self.address(&format!("{}/{capability}", question.entity.plural()));
        let parameters = question.parameters();
        let mut url = place.clone();
        url.query_pairs_mut().extend_pairs(parameters.iter().map(|(name, value)| (name, in_query(value))));
        if url.as_str().len() <= LONGEST_ADDRESS {
            return Request::get(url);
        }
        let body = Value::Object(parameters.into_iter().collect::<Map<_, _>>());
        Request::json(Method::Post, place, body.to_string().into())
    }
}

/// A value in a query string: a text as it is, all else as JSON.
fn in_query(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn ranking<T: Into<Ranked>>(
    envelope::Read { data, meta }: envelope::Read<Data<T>>,
    question: &Question<'_>,
) -> Result<Ranking> {
    let meta = meta.ok_or_else(|| unreadable("`meta` is missing"))?;
    let listed = data.profiles.len();
    check_page(meta, listed as u64, question)?;
    let scores = match (question.scored_for, data.predictions) {
        (None, _) => vec![None; listed],
        (Some(_), None) => return Err(unreadable("`data.predictions` is missing")),
        (Some(_), Some(predictions)) => predictions.into_iter().map(score).collect::<Result<_>>()?,
    };
    if scores.len() != listed {
        return Err(unreadable(&format!("{} predictions for {listed} objects", scores.len())));
    }
    let mut items: Vec<Ranked> = data.profiles.into_iter().map(T::into).collect();
    for (item, score) in items.iter_mut().zip(scores) {
        item.score = score;
    }
    if question.best_first() {
        // A stable sort: HrFlow's order stands among equals.
        items.sort_by(|one, other| other.score.unwrap_or_default().total_cmp(&one.score.unwrap_or_default()));
    }
    let first = question.page.saturating_sub(1).saturating_mul(question.limit).saturating_add(1);
    for (rank, item) in (first..).zip(&mut items) {
        item.rank = rank;
    }
    let mut seen = HashSet::with_capacity(listed);
    // A reference that comes again stands further down, so it counts where it came first.
    let references = items.iter().map(|item| item.reference.as_deref());
    let count: Vec<bool> = references.map(|one| one.is_none_or(|reference| seen.insert(reference))).collect();
    let mut count = count.into_iter();
    items.retain(|_| count.next().unwrap_or_default());
    let repeated = listed - items.len();
    Ok(Ranking { items, page: question.page, max_page: meta.max_page.max(1), total: meta.total, repeated })
}

/// A page that is not the one that was asked for would give objects a wrong rank, or leave some out for good.
fn check_page(meta: envelope::Meta, listed: u64, question: &Question<'_>) -> Result<()> {
    let envelope::Meta { page, max_page, count, total } = meta;
    let (asked, limit) = (question.page, question.limit);
    if listed > 0 && page != asked {
        return Err(unreadable(&format!("it has page {page} and {asked} was asked for")));
    }
    if listed > limit {
        return Err(unreadable(&format!("{listed} objects on a page of {limit}")));
    }
    if count.is_some_and(|count| count != listed) {
        return Err(unreadable("`meta.count` is not the number of objects"));
    }
    if total < listed {
        return Err(unreadable("`meta.total` is less than the number of objects"));
    }
    // Pages may be smaller than asked for, and never larger: whoever believes this ends early.
    if max_page.saturating_mul(limit) < total {
        return Err(unreadable(&format!("{total} objects do not fit on {max_page} pages of {limit}")));
    }
    Ok(())
}

fn score(Prediction(score): Prediction) -> Result<Option<f64>> {
    if (0.0..=1.0).contains(&score) {
        return Ok(Some(score));
    }
    Err(unreadable("a score is not between 0 and 1"))
}

pub(super) fn unreadable(what: &str) -> Error {
    Error::new(Kind::Upstream, format!("HrFlow's answer cannot be read: {what}"))
}
