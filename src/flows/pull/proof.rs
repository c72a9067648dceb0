//! What proves a listing complete. The first thing that speaks against it is the pull's doubt, and a listing in doubt
//! archives nothing; one that has no end is given up at once.

use std::iter;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::Context;
use super::plan::Plan;
use crate::config::{Absent, Limits};
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference, digest};
use crate::partner::Page;
use crate::store::listings::{self, Tally};
use crate::store::{Db, Mode, Pull};

/// What a page tells of its list.
pub(super) struct Seen {
    references: Vec<Option<String>>,
    part: usize,
    digest: String,
    /// How many objects the list has.
    total: Option<i64>,
    bytes: i64,
}

impl Seen {
    /// `part` tells the pages of one part of a list from those of another, which may list the same again.
    pub(super) fn of(page: &Page, part: usize) -> Self {
        let references: Vec<Option<String>> = page
            .items
            .iter()
            .map(|item| match item {
                Ok(item) => Some(&item.reference),
                Err(broken) => broken.reference.as_ref(),
            })
            .map(|reference| reference.map(Reference::to_string))
            .collect();
        // No reference is empty: one that is missing differs from all others.
        let named = references.iter().map(|reference| reference.as_deref().unwrap_or_default().as_bytes());
        let number = part.to_string();
        let parts: Vec<&[u8]> = iter::once(number.as_bytes()).chain(named).collect();
        Self {
            part,
            digest: digest(&parts),
            references,
            total: page.total.and_then(|total| i64::try_from(total).ok()),
            bytes: i64::try_from(page.bytes).unwrap_or(i64::MAX),
        }
    }
}

/// Adds a page to what was read of its listing.
///
/// # Errors
/// `Refused` when the list goes in a circle or is longer than a list may be.
pub(super) fn take_in(
    db: &mut Db<'_>,
    pull: &mut Pull,
    tally: &mut Tally,
    page: &Seen,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<()> {
    tally.pages += 1;
    tally.objects += i64::try_from(page.references.len()).unwrap_or(i64::MAX);
    tally.bytes = tally.bytes.saturating_add(page.bytes);
    // A delta may rightly list a page again whose objects all changed meanwhile.
    let whole = pull.mode == Mode::Full;
    if whole && !page.references.is_empty() && !listings::enter_page(db, &tally.id, &page.digest)? {
        return Err(same_again());
    }
    within(limits, pull, tally, now)?;
    if whole {
        name(db, pull, tally, page)?;
        pull.covered = tally.named;
    }
    pull.total = page.total.or(pull.total);
    listings::save(db, tally)
}

/// The complaint about a list that goes in a circle.
pub(super) fn same_again() -> Error {
    let message = "the partner's service lists the same page again: does it know the parameters in `paging`?";
    Error::new(Kind::Refused, message)
}

fn within(limits: &Limits, pull: &Pull, tally: &Tally, now: DateTime<Utc>) -> Result<()> {
    let began_at = pull.began_at.and_then(DateTime::from_timestamp_micros).unwrap_or(now);
    let longest = TimeDelta::from_std(limits.pull_time).unwrap_or(TimeDelta::MAX);
    let setting = if tally.pages > limits.pull_pages {
        "pull_pages"
    } else if tally.bytes > limits.pull_bytes {
        "pull_megabytes"
    } else if now - began_at > longest {
        "pull_hours"
    } else {
        return Ok(());
    };
    let message = format!("the partner's list has no end: more was read of it than `{setting}` allows");
    Err(Error::new(Kind::Refused, message))
}

/// Remembers which objects were listed.
fn name(db: &mut Db<'_>, pull: &mut Pull, tally: &mut Tally, page: &Seen) -> Result<()> {
    let named: Vec<&str> = page.references.iter().flatten().map(String::as_str).collect();
    let new = listings::enter(db, &tally.id, &named)?;
    tally.named += i64::try_from(new).unwrap_or(i64::MAX);
    if named.len() < page.references.len() {
        doubt(pull, || "an object was listed without a usable reference".to_owned());
    }
    // Parts overlap.
    if new < named.len() && page.part == 0 {
        doubt(pull, || "a reference was listed more than once".to_owned());
    }
    if let (Some(before), Some(total)) = (pull.total, page.total)
        && before != total
    {
        doubt(pull, || {
            format!("the partner's total changed from {before} to {total} while the list was read")
        });
    }
    Ok(())
}

/// What only the end of a full listing shows.
pub(super) fn conclude(pull: &mut Pull, tally: &Tally, plan: &Plan, absent: Absent) {
    if pull.mode != Mode::Full {
        return;
    }
    if let Some(reason) = plan.unproven(pull.total) {
        doubt(pull, || reason.to_owned());
    }
    if let Some(total) = pull.total.filter(|total| *total != tally.named) {
        let listed = tally.named;
        doubt(pull, || format!("the partner tells of {total} objects and lists {listed}"));
    }
    if absent != Absent::Archive {
        return;
    }
    // Nobody is asked before it archives, so the list has to be above suspicion.
    if tally.named == 0 {
        doubt(pull, || "an empty list alone does not prove that everything is gone".to_owned());
    }
    if pull.total.is_none() && pull.listing() != pull.id {
        doubt(pull, || "it was interrupted, and no total tells whether objects moved meanwhile".to_owned());
    }
}

fn doubt(pull: &mut Pull, reason: impl FnOnce() -> String) {
    pull.doubt.get_or_insert_with(|| {
        format!("the listing is not proven complete, so nothing was archived: {}", reason())
    });
}

/// Forgets the listings of a partner and entity that nothing depends on any more, a part at a time.
pub(super) async fn forget(context: &Context, partner: &str, entity: Entity) -> Result<()> {
    loop {
        let name = partner.to_owned();
        let Some(id) = context.store.read(move |db| listings::over(db, &name, entity)).await? else {
            return Ok(());
        };
        while !context
            .store
            .write({
                let id = id.clone();
                move |db| listings::forget(db, &id)
            })
            .await?
        {}
    }
}
