//! Query: a reference in, one HrFlow call, references and scores out. Nothing is written.

use std::time::Duration;

use super::{Context, Partner};
use crate::error::{Error, Kind, Result};
use crate::hrflow::{Question, ScoredFor};
use crate::model::{Entity, Reference};
use crate::store::{Freshness, Outcome, Record, Wanted, freshness, records};

/// What a recruiter asks. The criteria were checked at the door; every key is added by us.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What is ranked.
    pub entity: Entity,
    /// The object it is scored for; none in searching.
    pub scored_for: Option<Reference>,
    /// From 1.
    pub page: u64,
    /// 1 to 100.
    pub limit: u64,
    /// The least score, from 0 to 1; only in scoring.
    pub score_min: Option<f64>,
    /// HrFlow's documented criteria as (name, value).
    pub criteria: Vec<(String, String)>,
}

/// A page of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The caller's live objects of this page.
    pub items: Vec<Match>,
    /// This page's number.
    pub page: u64,
    /// The last page's number.
    pub max_page: u64,
    /// How many objects HrFlow found on all pages.
    pub total: u64,
    /// How far HrFlow is behind what we know.
    pub freshness: Freshness,
    /// Whether a change of the object it was scored for is on its way to HrFlow.
    pub stale: bool,
}

/// One match.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The partner's own reference.
    pub reference: String,
    /// From 0 to 1, higher is better; none in searching.
    pub score: Option<f64>,
}

/// Asks HrFlow for what the partner may see: its own live objects, in scoring the best first.
///
/// # Errors
/// `NotFound`, `Gone` or `Pending` for the object it is scored for; what calling HrFlow may end in.
pub async fn rank(context: &Context, partner: &Partner, asked: Asked) -> Result<Answered> {
    // What is settled while HrFlow answers is not in its answer: what was behind before counts, where it is known.
    let asked_at = context.clock.now().timestamp_micros();
    let before = match &asked.scored_for {
        Some(reference) => Some(ensure_scorable(context, partner, asked.entity, reference).await?),
        None => None,
    };
    let settings = &partner.settings;
    let mut parameters = asked.criteria;
    parameters.push(("page".to_owned(), asked.page.to_string()));
    parameters.push(("limit".to_owned(), asked.limit.to_string()));
    if let Some(score_min) = asked.score_min {
        parameters.push(("score_threshold".to_owned(), score_min.to_string()));
    }
    let question = Question {
        entity: asked.entity,
        container_key: settings.container_key(asked.entity),
        scored_for: asked.scored_for.as_ref().map(|reference| ScoredFor {
            algorithm_key: &settings.algorithm_key,
            container_key: settings.container_key(asked.entity.other()),
            reference,
        }),
        parameters: &parameters,
    };
    let ranking = partner.hrflow.rank(&question).await.map_err(|problem| match problem.kind() {
        // Our ledger has it and HrFlow does not: the caller's question was right all the same.
        Kind::NotFound => Error::new(Kind::Refused, problem.message().to_owned()).because(problem),
        _ => problem,
    })?;

    let own = ranking.items.into_iter().filter(|item| {
        item.container_key.as_deref().is_none_or(|key| key == question.container_key)
            && asked.score_min.is_none_or(|least| item.score.is_some_and(|score| score >= least))
    });
    let mut items: Vec<Match> =
        own.filter_map(|item| Some(Match { reference: item.reference?, score: item.score })).collect();
    let (known, stale) = before.unzip();
    let freshness = keep_live(context, partner, asked.entity, &mut items, known, asked_at).await?;
    if asked.scored_for.is_some() {
        // A stable sort: HrFlow's order stands among equals.
        items.sort_by(|a, b| b.score.unwrap_or_default().total_cmp(&a.score.unwrap_or_default()));
    }
    Ok(Answered {
        items,
        page: ranking.page,
        max_page: ranking.max_page,
        total: ranking.total,
        freshness,
        stale: stale.unwrap_or_default(),
    })
}

/// What HrFlow answers is checked against the caller's own ledger; which also tells how far HrFlow is behind, unless that
/// is known.
async fn keep_live(
    context: &Context,
    partner: &Partner,
    entity: Entity,
    items: &mut Vec<Match>,
    known: Option<Freshness>,
    asked_at: i64,
) -> Result<Freshness> {
    let name = partner.settings.name.clone();
    let references: Vec<String> = items.iter().map(|item| item.reference.clone()).collect();
    let (live, freshness) = context
        .store
        .read(move |db| {
            let references: Vec<&str> = references.iter().map(String::as_str).collect();
            let live = records::live(db, &name, entity, &references)?;
            let freshness = match known {
                Some(known) => known,
                None => freshness::read(db, &name, entity, asked_at)?,
            };
            Ok((live, freshness))
        })
        .await?;
    items.retain(|item| live.contains(&item.reference));
    Ok(freshness)
}

/// Whether objects of kind `ranked` can be scored for an object of the other kind: how far HrFlow is behind, and whether a
/// change of that object is on its way.
async fn ensure_scorable(
    context: &Context,
    partner: &Partner,
    ranked: Entity,
    reference: &Reference,
) -> Result<(Freshness, bool)> {
    let (name, wanted, entity) = (partner.settings.name.clone(), reference.clone(), ranked.other());
    let now = context.clock.now().timestamp_micros();
    let (record, freshness) = context
        .store
        .read(move |db| {
            let record = records::find(db, &name, entity, &wanted)?;
            Ok((record, freshness::read(db, &name, ranked, now)?))
        })
        .await?;
    match record {
        None => Err(Error::new(Kind::NotFound, format!("no {entity} has the reference `{reference}`"))),
        Some(record) if record.wanted == Wanted::Archived => {
            Err(Error::new(Kind::Gone, format!("the {entity} `{reference}` is archived")))
        }
        Some(record) if record.wanted == Wanted::Erased => {
            Err(Error::new(Kind::Gone, format!("the {entity} `{reference}` was erased")))
        }
        Some(record) if record.is_indexed() => Ok((freshness, record.is_pending())),
        Some(record) => Err(not_yet(entity, reference, &record, now)),
    }
}

fn not_yet(entity: Entity, reference: &Reference, record: &Record, now: i64) -> Error {
    // One that was set aside waits for a change, and nobody knows for how long.
    let due_in = record.due_at.map_or(300, |due_at| (due_at - now).max(0) / 1_000_000);
    let waits_for = match &record.problem {
        Some(problem) => {
            let problem: serde_json::Value = serde_json::from_str(problem).unwrap_or_default();
            let detail =
                problem.get("detail").and_then(serde_json::Value::as_str).unwrap_or("a failed attempt");
            if record.outcome == Some(Outcome::SetAside) {
                format!("it was set aside until it changes: {detail}")
            } else {
                format!("it is tried again: {detail}")
            }
        }
        None => "it waits to be indexed".to_owned(),
    };
    Error::new(Kind::Pending, format!("the {entity} `{reference}` is not in HrFlow yet: {waits_for}"))
        .retry_after(Duration::from_secs(u64::try_from(due_in).unwrap_or_default().clamp(1, 300)))
}
