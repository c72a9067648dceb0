//! One call to HrFlow: the partner's own objects of a page.

use std::borrow::Cow;

use serde_json::{Value, json};
use tracing::warn;

use super::{Asked, Match};
use crate::error::{Error, Kind, Result};
use crate::flows::Partner;
use crate::hrflow::{Client, Question, Ranked, ScoredFor};
use crate::model::{Entity, Reference};

/// A page of HrFlow's, of which only the partner's own objects are taken.
pub(super) struct Listed {
    /// They, in HrFlow's order.
    pub(super) items: Vec<Match>,
    /// How many places there were on the page.
    pub(super) places: u64,
    /// The last page's number.
    pub(super) max_page: u64,
    /// How many objects there are on all pages.
    pub(super) total: u64,
    /// What was on the page and is left out.
    pub(super) left_out: LeftOut,
}

/// How many of the objects that HrFlow listed cannot be the caller's, or were listed already.
#[derive(Clone, Copy, Default)]
pub(super) struct LeftOut {
    /// They are in another source or board.
    foreign: usize,
    /// They stood further up already.
    repeated: usize,
    /// They have no reference.
    nameless: usize,
}

impl Listed {
    /// This and the next part of the same page, of which the later one knows best how many there are.
    pub(super) fn and(mut self, next: Self) -> Self {
        self.items.extend(next.items);
        Self {
            items: self.items,
            places: self.places + next.places,
            left_out: self.left_out.and(next.left_out),
            ..next
        }
    }
}

impl LeftOut {
    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            foreign: self.foreign + other.foreign,
            repeated: self.repeated + other.repeated,
            nameless: self.nameless + other.nameless,
        }
    }

    /// Says so, once for an answer: with what else was listed under a reference that our ledger has never heard of.
    pub(super) fn report(self, partner: &Partner, entity: Entity, unknown: usize) {
        let Self { foreign, repeated, nameless } = self;
        if foreign + repeated + nameless + unknown > 0 {
            let (partner, entity) = (&partner.settings.name, entity.plural());
            warn!(
                partner,
                entity,
                foreign,
                repeated,
                nameless,
                unknown,
                "HrFlow listed what is not the partner's, or twice"
            );
        }
    }
}

/// A page of this size, as HrFlow is asked for it.
fn question<'a>(partner: &'a Partner, asked: &'a Asked, page: u64, limit: u64) -> Question<'a> {
    let settings = &partner.settings;
    Question {
        scored_for: asked.scored_for.as_ref().map(|reference| ScoredFor {
            algorithm_key: &settings.algorithm_key,
            container_key: settings.container_key(asked.entity.other()),
            reference,
        }),
        criteria: &asked.criteria,
        score_min: asked.score_min,
        filters: &asked.filters,
        with_cards: !asked.include.is_empty(),
        ..Question::of(asked.entity, settings.container_key(asked.entity), page, limit)
    }
}

/// Asks for one object of the ranking: a page that has it alone, or nothing.
pub(super) async fn ask_for_one(
    partner: &Partner,
    asked: &Asked,
    (reference, key): &(Reference, String),
) -> Result<Listed> {
    let found = client(partner, asked).find(&question(partner, asked, 1, 1), key, reference).await;
    let found = found.map_err(known_to_us)?;
    let items = found.into_iter().filter_map(|Ranked { reference, score, rank, .. }| {
        Some(Match { reference: reference?, score, rank, card: None })
    });
    let items: Vec<Match> = items.collect();
    let places = items.len() as u64;
    Ok(Listed { items, places, max_page: 1, total: places, left_out: LeftOut::default() })
}

/// Asks for a page of this size.
pub(super) async fn ask(partner: &Partner, asked: &Asked, page: u64, limit: u64) -> Result<Listed> {
    let question = question(partner, asked, page, limit);
    let ranking = client(partner, asked).rank(&question).await.map_err(known_to_us)?;
    let listed = ranking.items.len();
    let own = ranking
        .items
        .into_iter()
        .filter(|item| item.container_key.as_deref().is_none_or(|key| key == question.container_key));
    let own: Vec<Ranked> = own.collect();
    let left_out = LeftOut {
        foreign: listed - own.len(),
        repeated: ranking.repeated,
        nameless: own.iter().filter(|item| item.reference.is_none()).count(),
    };
    let include = &asked.include;
    let items = own
        .into_iter()
        .filter(|item| asked.score_min.is_none_or(|least| item.score.is_some_and(|score| score >= least)))
        .filter_map(|Ranked { reference, score, rank, card, .. }| {
            let card = card.map(|card| Box::new(card.only(include)));
            Some(Match { reference: reference?, score, rank, card })
        });
    Ok(Listed {
        items: items.collect(),
        places: (listed + ranking.repeated) as u64,
        max_page: ranking.max_page,
        total: ranking.total,
        left_out,
    })
}

/// Who asks: somebody who waits, or somebody who takes a turn.
fn client<'a>(partner: &'a Partner, asked: &Asked) -> Cow<'a, Client> {
    if asked.in_turn { Cow::Owned(partner.hrflow.in_turn()) } else { Cow::Borrowed(&partner.hrflow) }
}

/// The question with the point that its distances are measured from, if that is the place of the object it is scored for.
pub(super) async fn located<'a>(partner: &Partner, asked: &'a Asked) -> Result<Cow<'a, Asked>> {
    let Some(reference) = asked.scored_for.as_ref().filter(|_| asked.around) else {
        return Ok(Cow::Borrowed(asked));
    };
    let container_key = partner.settings.container_key(asked.entity.other());
    let point = place(&client(partner, asked), asked.entity.other(), container_key, reference).await?;
    let mut located = asked.clone();
    located.criteria.push(("location_geopoint".to_owned(), point));
    Ok(Cow::Owned(located))
}

/// Where the object is that others are scored for, as HrFlow reads it.
pub(in crate::flows) async fn place(
    hrflow: &Client,
    entity: Entity,
    container_key: &str,
    reference: &Reference,
) -> Result<Value> {
    match hrflow.place(entity, container_key, reference).await.map_err(known_to_us)? {
        Some((lat, lng)) => Ok(json!({"lat": lat, "lng": lng})),
        None => Err(Error::new(Kind::Invalid, "the parameters cannot be accepted").field(
            "location_from",
            format!("the {entity} `{reference}` has no latitude and longitude; give `location_geopoint`"),
        )),
    }
}

/// Our ledger has it and HrFlow does not: the caller's question was right all the same.
pub(in crate::flows) fn known_to_us(problem: Error) -> Error {
    match problem.kind() {
        Kind::NotFound => Error::new(Kind::Refused, problem.message().to_owned()).because(problem),
        _ => problem,
    }
}
