//! Snapshots: a ranking that stays as it is while somebody pages through it.
//!
//! The first page costs nothing more: its cursor says what was served. Who follows it makes the snapshot of all the
//! rest, as references alone; the pages after that come from there, on any node. What is archived meanwhile is left out
//! when it would be served, and what is new stands in the next walk.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::asking::{LeftOut, Listed, located};
use super::cursor::{After, Cursor, mark, marks};
use super::standing::{ScoredForNow, Standing};
use super::{Answered, Asked, Match, paged, whole};
use crate::error::{Error, Kind, Result};
use crate::flows::{Context, Partner};
use crate::store::snapshots::{self, BATCH, Line};
use crate::store::{self, Freshness, Snapshot, freshness, records};

/// The most calls for the cards of one page.
const CARD_CALLS: usize = 2;

/// When to ask again where a snapshot was given up before all of it was written.
const AGAIN: Duration = Duration::from_secs(1);

/// The page that a cursor leads to.
pub(super) async fn go_on(
    context: &Context,
    partner: &Partner,
    asked: &Asked,
    cursor: &Cursor,
    standing: Standing,
) -> Result<Answered> {
    let query = asked.identity(&partner.settings.name);
    cursor.ensure_of(&query)?;
    let (id, after) = match &cursor.after {
        After::Kept(id, after) => (id.clone(), *after),
        After::Served(served) => (make(context, partner, asked, cursor, served, &standing).await?, 0),
    };
    let mut answered = serve(context, partner, asked, cursor, id, after, standing.scored_for).await?;
    if !asked.include.is_empty() {
        show_cards(partner, asked, &mut answered.items).await?;
    }
    Ok(answered)
}

/// Asks HrFlow for the pages where the objects stood: one that has moved since has no card.
async fn show_cards(partner: &Partner, asked: &Asked, items: &mut [Match]) -> Result<()> {
    let limit = asked.limit.max(1);
    let pages: BTreeSet<u64> = items.iter().map(|item| item.rank.saturating_sub(1) / limit + 1).collect();
    let located = located(partner, asked).await?;
    let mut cards = HashMap::new();
    for page in pages.into_iter().take(CARD_CALLS) {
        let Listed { items, .. } = paged::page(partner, &located, page, limit).await?;
        cards.extend(items.into_iter().map(|item| (item.reference, item.card)));
    }
    for item in items {
        item.card = cards.remove(&item.reference).flatten();
    }
    Ok(())
}

/// Reads the whole ranking and keeps what was not served yet. Returns the name of what is kept.
async fn make(
    context: &Context,
    partner: &Partner,
    asked: &Asked,
    cursor: &Cursor,
    served: &str,
    standing: &Standing,
) -> Result<String> {
    let freshness = match &standing.scored_for {
        Some(scored_for) => scored_for.freshness,
        None => read_freshness(context, partner, asked, standing.asked_at).await?,
    };
    let whole = whole::read(context, partner, asked).await?;
    let served = marks(served);
    // The pages before the one that was served.
    let before = cursor.page.saturating_sub(2).saturating_mul(asked.limit);
    let left = |item: &Match| item.rank > before && !served.contains(&mark(&item.reference));
    let left: Vec<Match> = whole.items.into_iter().filter(left).collect();
    let snapshot = Snapshot {
        id: uuid::Uuid::now_v7().to_string(),
        partner: partner.settings.name.clone(),
        query: cursor.query.clone(),
        lines: whole_number(left.len() as u64),
        total: whole_number(whole.total),
        unread: whole_number(whole.unread),
        version: standing.scored_for.as_ref().map(|scored_for| scored_for.settled_version),
        freshness: serde_json::json!(freshness).to_string(),
        asked_at: standing.asked_at,
        kept_until: 0,
    };
    keep(context, partner, asked, snapshot, left, whole.left_out).await
}

async fn read_freshness(
    context: &Context,
    partner: &Partner,
    asked: &Asked,
    asked_at: i64,
) -> Result<Freshness> {
    let (name, entity) = (partner.settings.name.clone(), asked.entity);
    context.store.read(move |db| freshness::read(db, &name, entity, asked_at)).await
}

/// Writes a snapshot down, a few lines at a time, and returns its name: nobody knows it before all of them are there.
async fn keep(
    context: &Context,
    partner: &Partner,
    asked: &Asked,
    mut snapshot: Snapshot,
    items: Vec<Match>,
    left_out: LeftOut,
) -> Result<String> {
    let (clock, length, entity) = (context.clock.clone(), context.limits.queries.snapshot, asked.entity);
    let snapshot = context
        .store
        .write(move |db| {
            snapshot.kept_until = (store::now(db, &clock)? + length).timestamp_micros();
            snapshots::begin(db, &snapshot)?;
            Ok(snapshot)
        })
        .await?;
    let line = |(place, item): (i64, Match)| Line {
        snapshot: snapshot.id.clone(),
        place,
        partner: snapshot.partner.clone(),
        entity: entity.singular().to_owned(),
        reference: item.reference,
        score: item.score.map(|score| score.to_string()),
        rank: whole_number(item.rank),
    };
    let mut lines = (1..).zip(items).map(line).peekable();
    let mut unknown = 0;
    while lines.peek().is_some() {
        let batch: Vec<Line> = lines.by_ref().take(BATCH).collect();
        let added = context.store.write(move |db| snapshots::add(db, entity, batch)).await?;
        unknown += added.ok_or_else(given_up)?;
    }
    drop(lines);
    left_out.report(partner, entity, unknown);
    Ok(snapshot.id)
}

/// The page of a snapshot behind a place.
async fn serve(
    context: &Context,
    partner: &Partner,
    asked: &Asked,
    cursor: &Cursor,
    id: String,
    after: i64,
    scored_for: Option<ScoredForNow>,
) -> Result<Answered> {
    let (name, query, entity) = (partner.settings.name.clone(), cursor.query.clone(), asked.entity);
    let (limit, clock) = (whole_number(asked.limit), context.clock.clone());
    let (found, mut lines, live) = context
        .store
        .read(move |db| {
            let lines = snapshots::lines(db, &id, after, limit)?;
            let references: Vec<&str> = lines.iter().map(|line| line.reference.as_str()).collect();
            let live = records::live(db, &name, entity, &references)?;
            // Looked for behind its lines: they go after it is over, so where it is still kept none was missing.
            let now = store::now(db, &clock)?.timestamp_micros();
            Ok((snapshots::find(db, &name, &id, &query, now)?, lines, live))
        })
        .await?;
    let snapshot = found.ok_or_else(over)?;
    // What was erased left no line: where there are too few, there are no more.
    let is_last = whole_number(lines.len() as u64) < limit;
    let last = lines.last().filter(|_| !is_last).map_or(snapshot.lines, |line| line.place);
    lines.retain(|line| live.contains(&line.reference));
    let left = u64::try_from(snapshot.lines - last).unwrap_or_default();
    let next = (left > 0).then(|| Cursor {
        query: cursor.query.clone(),
        page: cursor.page.saturating_add(1),
        after: After::Kept(snapshot.id.clone(), last),
    });
    // The scores are those of what it was then.
    let stale = scored_for
        .is_some_and(|now| now.is_pending || snapshot.version.is_some_and(|then| now.settled_version > then));
    let freshness = serde_json::from_str(&snapshot.freshness).map_err(|cause| {
        Error::new(Kind::Internal, "the freshness of a snapshot cannot be read").because(cause)
    })?;
    Ok(Answered {
        asked_at: snapshot.asked_at,
        items: lines.into_iter().map(matched).collect(),
        page: cursor.page,
        max_page: cursor.page.saturating_add(left.div_ceil(asked.limit.max(1))),
        total: u64::try_from(snapshot.total).unwrap_or_default(),
        freshness,
        stale,
        truncated: next.is_none() && snapshot.unread > 0,
        next,
    })
}

fn given_up() -> Error {
    let message = "too many lists are paged through at this moment: ask for this page again";
    Error::new(Kind::Unavailable, message).retry_after(AGAIN)
}

fn over() -> Error {
    let message = "the snapshot behind this cursor is kept no longer: begin again without a cursor";
    Error::new(Kind::Expired, message)
}

fn matched(line: Line) -> Match {
    Match {
        reference: line.reference,
        score: line.score.and_then(|score| score.parse().ok()),
        rank: u64::try_from(line.rank).unwrap_or_default(),
        card: None,
    }
}

fn whole_number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
