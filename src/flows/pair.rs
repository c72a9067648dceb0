//! Pair: one job and one profile, and the score that the one has in the other's list. Nothing is written.

use std::sync::Arc;

use serde_json::Value;

use super::query::{self, Asked, Page, ensure_indexed};
use super::{Context, Partner};
use crate::error::Result;
use crate::hrflow::{self, Question, Ranked, ScoredFor};
use crate::model::{Entity, Reference};
use crate::store::{Db, Freshness, Record, records};

/// A job and a profile, and which list is meant: the job's list of profiles, or the profile's list of jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The job.
    pub job: Reference,
    /// The profile.
    pub profile: Reference,
    /// What the list is of.
    pub ranked: Entity,
}

/// What a list is narrowed to, as HrFlow is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Narrowing {
    /// HrFlow's own parameters, by name.
    pub criteria: Vec<(String, Value)>,
    /// Clauses of its raw filter.
    pub clauses: Vec<Value>,
}

/// The score of a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// When HrFlow was asked, in Unix microseconds.
    pub asked_at: i64,
    /// When somebody asked us, in Unix microseconds, if it was remembered since then.
    pub remembered_since: Option<i64>,
    /// As the list has it; none when the list does not have the object.
    pub score: Option<f64>,
    /// How far HrFlow is behind what we know.
    pub freshness: Freshness,
    /// Whether a change of either object is on its way to HrFlow.
    pub stale: bool,
}

/// What is known of both objects, both of which HrFlow has.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) job: Record,
    pub(super) profile: Record,
}

/// Asks for the one object of the list, as lists are asked for: what was asked a moment ago is not asked again, unless
/// `anew`.
///
/// # Errors
/// `NotFound`, `Gone` or `Pending` for either object; what calling HrFlow may end in.
pub async fn score(
    context: &Arc<Context>,
    partner: &Arc<Partner>,
    pair: &Pair,
    anew: bool,
) -> Result<Scored> {
    let (wanted, name) = (pair.clone(), partner.settings.name.clone());
    let now = context.clock.now().timestamp_micros();
    let known = context.store.read(move |db| known(db, &name, &wanted, now)).await?;
    let key = known.of(pair.ranked).hrflow_key.clone().unwrap_or_default();
    let asked = Asked {
        only: Some((pair.reference(pair.ranked).clone(), key)),
        ..Asked::page(pair.ranked, Some(pair.reference(pair.ranked.other()).clone()), 1, 1)
    };
    // Nothing is written down: whether a change of either is on its way is told to each caller anew.
    let told = query::answer(context, partner, asked, anew, |_, _| Ok(Page::default())).await?;
    let answered = &told.kept.answered;
    Ok(Scored {
        asked_at: answered.asked_at,
        remembered_since: told.remembered.then_some(told.kept.asked_at),
        score: answered.items.first().and_then(|item| item.score),
        freshness: answered.freshness,
        stale: answered.stale || known.job.is_pending() || known.profile.is_pending(),
    })
}

/// Both records, the job's first.
///
/// # Errors
/// `NotFound`, `Gone` or `Pending` for either object.
pub(super) fn known(db: &mut Db<'_>, partner: &str, pair: &Pair, now: i64) -> Result<Known> {
    let mut read = |entity| {
        let record = records::find(db, partner, entity, pair.reference(entity))?;
        ensure_indexed(entity, pair.reference(entity), record, now)
    };
    Ok(Known { job: read(Entity::Job)?, profile: read(Entity::Profile)? })
}

/// The ranked object as the list has it when it is narrowed so.
pub(super) async fn find(
    partner: &Partner,
    pair: &Pair,
    ranked: &Record,
    narrowing: &Narrowing,
) -> Result<Option<Ranked>> {
    let key = ranked.hrflow_key.as_deref().unwrap_or_default();
    partner.hrflow.find(&question(partner, pair, narrowing, (1, 1)), key, pair.reference(pair.ranked)).await
}

/// A page of the list, by number and size, when it is narrowed so.
pub(super) fn question<'a>(
    partner: &'a Partner,
    pair: &'a Pair,
    narrowing: &'a Narrowing,
    (page, limit): (u64, u64),
) -> Question<'a> {
    let (settings, other) = (&partner.settings, pair.ranked.other());
    Question {
        scored_for: Some(ScoredFor {
            algorithm_key: &settings.algorithm_key,
            container_key: settings.container_key(other),
            reference: pair.reference(other),
        }),
        criteria: &narrowing.criteria,
        filters: &narrowing.clauses,
        ..Question::of(pair.ranked, settings.container_key(pair.ranked), page, limit)
    }
}

impl Pair {
    /// The reference of the one that is of this kind.
    pub fn reference(&self, entity: Entity) -> &Reference {
        match entity {
            Entity::Job => &self.job,
            Entity::Profile => &self.profile,
        }
    }
}

impl Known {
    /// The record of the one that is of this kind.
    pub(super) fn of(&self, entity: Entity) -> &Record {
        match entity {
            Entity::Job => &self.job,
            Entity::Profile => &self.profile,
        }
    }

    /// What HrFlow accepted last of the job and of the profile.
    pub(super) fn fingerprints(&self) -> (Option<&String>, Option<&String>) {
        (self.job.fingerprint.as_ref(), self.profile.fingerprint.as_ref())
    }

    /// Both keys, for the calls that are about a pair and not about a list.
    pub(super) fn keys<'a>(&'a self, partner: &'a Partner, ranked: Entity) -> hrflow::Pair<'a> {
        let keys = |entity, record: &'a Record| {
            (partner.settings.container_key(entity), record.hrflow_key.as_deref().unwrap_or_default())
        };
        hrflow::Pair {
            ranked,
            profile: keys(Entity::Profile, &self.profile),
            job: keys(Entity::Job, &self.job),
        }
    }
}
