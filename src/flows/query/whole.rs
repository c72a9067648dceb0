//! A whole ranking, read from HrFlow in few calls.

use std::collections::HashSet;

use super::asking::{LeftOut, Listed, ask, located};
use super::paged::SURE;
use super::{Asked, Match};
use crate::error::{Error, Kind, Result};
use crate::flows::{Context, Partner};

/// How many objects a call asks for, and how many such pages make one reading: 10,000 objects. Fewer where that many make
/// too large an answer, or where HrFlow refuses so large a page: then 1,000 objects.
const SIZES: [(u64, u64); 3] = [(1_000, 10), (100, 10), (SURE, MOST_CALLS)];

/// The most calls of one reading, however few objects HrFlow puts on a page.
const MOST_CALLS: u64 = 34;

/// A ranking as far as it was read.
#[derive(Default)]
pub(super) struct Whole {
    /// The partner's objects in HrFlow's order, each once.
    pub(super) items: Vec<Match>,
    /// How many objects HrFlow found.
    pub(super) total: u64,
    /// How many of them lie beyond what was read.
    pub(super) unread: u64,
    /// What was listed and is not among them.
    pub(super) left_out: LeftOut,
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
    let [largest, smaller @ ..] = SIZES;
    let mut read = read_by(partner, asked, largest).await;
    for size in smaller {
        let is_too_much = match read.as_ref().map_err(Error::kind) {
            Err(Kind::Refused) => true,
            // An HrFlow that is out of order is not asked over and over.
            Err(Kind::Upstream | Kind::Down) => size.0 > SURE,
            _ => false,
        };
        if is_too_much {
            read = read_by(partner, asked, size).await;
        }
    }
    read
}

async fn read_by(partner: &Partner, asked: &Asked, (limit, pages): (u64, u64)) -> Result<Whole> {
    let mut whole = Whole::default();
    let mut seen = HashSet::new();
    let mut before = 0;
    loop {
        whole.calls += 1;
        let listed = ask(partner, asked, whole.calls, limit).await?;
        let Listed { items, places, max_page, total, left_out } = listed;
        whole.left_out = whole.left_out.and(left_out);
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
        // Pages may have fewer than was asked for: what counts is what was on them.
        if before >= limit * pages || whole.calls == MOST_CALLS {
            whole.unread = whole.total.saturating_sub(before);
            return Ok(whole);
        }
    }
}
