//! A page by its number, of the size that the caller asked for, whatever sizes HrFlow gives.
//!
//! How large its pages may be is not known: it may refuse a size, or answer with smaller pages and say nothing. What stood
//! in such a page would get the ranks of another one, so it is asked for again in smaller ones and put together.

use std::collections::HashSet;

use super::Asked;
use super::asking::{Listed, ask};
use crate::error::{Error, Kind, Result};
use crate::flows::Partner;

/// A size that HrFlow gives on every evidence: its own default.
pub(in crate::flows) const SURE: u64 = 30;

/// Asks for a page that has this size.
pub(super) async fn page(partner: &Partner, asked: &Asked, page: u64, limit: u64) -> Result<Listed> {
    match ask(partner, asked, page, limit).await {
        Ok(listed) if is_whole(&listed, page, limit) => Ok(listed),
        Ok(_) if limit > SURE => from_parts(partner, asked, page, limit).await,
        Ok(listed) => Err(not_whole(&listed, limit)),
        Err(problem) if problem.kind() == Kind::Refused && limit > SURE => {
            // The question may be what is refused, and then the parts are too.
            from_parts(partner, asked, page, limit).await
        }
        Err(problem) => Err(problem),
    }
}

/// The places of a page, out of as many smaller ones as have them.
async fn from_parts(partner: &Partner, asked: &Asked, page: u64, limit: u64) -> Result<Listed> {
    let before = page.saturating_sub(1).saturating_mul(limit);
    let (first, last) = (before / SURE + 1, before.saturating_add(limit).div_ceil(SURE));
    let mut put_together: Option<Listed> = None;
    let mut seen = HashSet::new();
    for part in first..=last {
        let mut listed = ask(partner, asked, part, SURE).await?;
        if !is_whole(&listed, part, SURE) {
            return Err(not_whole(&listed, SURE));
        }
        let is_last = part >= listed.max_page;
        listed.items.retain(|item| {
            // What moved down between two calls comes twice.
            item.rank > before
                && item.rank <= before.saturating_add(limit)
                && seen.insert(item.reference.clone())
        });
        listed.max_page = listed.total.div_ceil(limit).max(1);
        put_together = Some(match put_together {
            None => listed,
            Some(so_far) => so_far.and(listed),
        });
        if is_last {
            break;
        }
    }
    put_together.ok_or_else(|| Error::new(Kind::Internal, "a page has no places"))
}

/// Whether it is the page of this size and no other. A last page may have too few: nothing comes behind them. A first one
/// may too, where it is small already: its places are the first ones in any case.
fn is_whole(Listed { places, max_page, total, .. }: &Listed, page: u64, limit: u64) -> bool {
    let expected = total.saturating_sub(page.saturating_sub(1).saturating_mul(limit)).min(limit);
    let is_first = page == 1 && limit <= SURE;
    let of_this_size = *max_page == total.div_ceil(limit).max(1);
    is_first || (of_this_size && (*places == expected || (page >= *max_page && *places < expected)))
}

fn not_whole(Listed { places, max_page, total, .. }: &Listed, limit: u64) -> Error {
    let message = format!(
        "HrFlow gave {places} objects on a page of {limit}, and {max_page} pages for {total} objects: its pages have \
         another size"
    );
    Error::new(Kind::Upstream, message)
}
