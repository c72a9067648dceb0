//! The best matches of one object, over as many pages of HrFlow's as they take: for those who read a ranking from its top
//! and never come back to it.

use std::collections::HashSet;

use super::asking::{Listed, ask, located};
use super::paged::SURE;
use super::standing::{Standing, keep_live, stand};
use super::{Asked, Match};
use crate::error::{Kind, Result};
use crate::flows::{Context, Partner};

/// Matches that are asked for at a time.
const PAGE: u64 = 100;

/// The most pages, however few matches HrFlow puts on each.
const MOST_PAGES: u64 = 100;

/// How many calls it takes where HrFlow gives as many matches as it is asked for.
pub fn calls(most: u64) -> u64 {
    most.max(1).div_ceil(PAGE)
}

/// The `most` best matches that count for `asked`, the best first. Its page and limit are of no account.
///
/// # Errors
/// Those of [`super::rank`].
pub async fn top(context: &Context, partner: &Partner, asked: &Asked, most: u64) -> Result<Vec<Match>> {
    let standing = stand(context, partner, asked).await?;
    let located = located(partner, asked).await?;
    let limit = most.clamp(1, PAGE);
    match read(context, partner, &located, &standing, most, limit).await {
        // So large a page may be what it refuses.
        Err(problem) if problem.kind() == Kind::Refused && limit > SURE => {
            read(context, partner, &located, &standing, most, SURE).await
        }
        read => read,
    }
}

async fn read(
    context: &Context,
    partner: &Partner,
    asked: &Asked,
    standing: &Standing,
    most: u64,
    limit: u64,
) -> Result<Vec<Match>> {
    let known = standing.scored_for.as_ref().map(|scored_for| scored_for.freshness);
    let wanted = usize::try_from(most).unwrap_or(usize::MAX);
    let (mut matches, mut seen, mut before) = (Vec::new(), HashSet::new(), 0);
    for page in 1..=MOST_PAGES {
        let listed = ask(partner, asked, page, limit).await?;
        let Listed { mut items, places, max_page, left_out, .. } = listed;
        let (_, unknown) =
            keep_live(context, partner, asked.entity, &mut items, known, standing.asked_at).await?;
        left_out.report(partner, asked.entity, unknown);
        // HrFlow may give fewer than it was asked for: what counts is how many there were.
        let as_if_full = (page - 1) * limit;
        let ranked = items.into_iter().map(|item| Match { rank: before + item.rank - as_if_full, ..item });
        // What moved down between two pages comes twice.
        matches.extend(ranked.filter(|item| seen.insert(item.reference.clone())));
        before += places;
        if matches.len() >= wanted || page >= max_page {
            break;
        }
    }
    matches.truncate(wanted);
    Ok(matches)
}
