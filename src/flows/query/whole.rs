//! A whole ranking, read from HrFlow in few calls.

use std::collections::HashSet;

use super::asking::{Listed, ask, located};
use super::{Asked, Match};
use crate::error::{Kind, Result};
use crate::flows::{Context, Partner};

/// How many objects a call asks for; fewer where that many make too large an answer.
const LIMITS: [u64; 2] = [1_000, 100];

/// The most calls of one reading: 10,000 objects.
const CALLS: u64 = 10;

/// A ranking as far as it was read.
pub(super) struct Whole {
    /// The partner's objects in HrFlow's order, each once.
    pub(super) items: Vec<Match>,
    /// How many objects HrFlow found.
    pub(super) total: u64,
    /// How many of them lie beyond what was read.
    pub(super) unread: u64,
    /// How many calls it took.
    calls: u64,
    /// Whether objects moved from page to page meanwhile.
    shifted: bool,
}

/// Reads the ranking, and once more where it changed under way: an object that moved from a page that was to come to one
/// that was read is in the one reading or in the other.
pub(super) async fn read(context: &Context, partner: &Partner, asked: &Asked) -> Result<Whole> {
    let name = &partner.settings.name;
    // As references alone: cards are asked for when they are shown.
    let asked = &Asked { include: Vec::new(), ..located(partner, asked).await?.into_owned() };
    let generation = context.store.generation(name);
    let first = read_once(partner, asked).await?;
    let moved = first.shifted || context.store.generation(name) != generation;
    if first.calls == 1 || !moved {
        return Ok(first);
    }
    let mut whole = read_once(partner, asked).await?;
    let known: HashSet<String> = whole.items.iter().map(|item| item.reference.clone()).collect();
    whole.items.extend(first.items.into_iter().filter(|item| !known.contains(&item.reference)));
    Ok(whole)
}

async fn read_once(partner: &Partner, asked: &Asked) -> Result<Whole> {
    match read_by(partner, asked, LIMITS[0]).await {
        Err(problem) if problem.kind() == Kind::Upstream => read_by(partner, asked, LIMITS[1]).await,
        read => read,
    }
}

async fn read_by(partner: &Partner, asked: &Asked, limit: u64) -> Result<Whole> {
    let mut whole = Whole { items: Vec::new(), total: 0, unread: 0, calls: 0, shifted: false };
    let mut seen = HashSet::new();
    let mut before = 0;
    loop {
        whole.calls += 1;
        let Listed { items, places, max_page, total } = ask(partner, asked, whole.calls, limit).await?;
        whole.shifted |= whole.calls > 1 && total != whole.total;
        whole.total = total;
        let as_if_full = (whole.calls - 1) * limit;
        for item in items {
            // HrFlow may give fewer than it was asked for: what counts is how many there were.
            let item = Match { rank: before + item.rank - as_if_full, ..item };
            if seen.insert(item.reference.clone()) {
                whole.items.push(item);
            } else {
                whole.shifted = true;
            }
        }
        before += places;
        if whole.calls >= max_page {
            return Ok(whole);
        }
        if whole.calls == CALLS {
            whole.unread = whole.total.saturating_sub(before);
            return Ok(whole);
        }
    }
}
