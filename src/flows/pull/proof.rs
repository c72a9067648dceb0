//! What proves a listing complete. The first thing that speaks against it is the pull's doubt, and a listing in doubt
//! archives nothing; one that has no end is given up at once.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::Context;
use crate::config::{Absent, Limits};
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference, digest};
use crate::partner::{Page, Position};
use crate::store::listings::{self, Tally};
use crate::store::{Db, Mode, Pull};

/// What a page tells of its list.
pub(super) struct Seen {
    references: Vec<Option<String>>,
    digest: String,
    /// How many objects the list has.
    total: Option<i64>,
    bytes: i64,
    full: bool,
    /// Where the next page is.
    pub(super) next: Option<Position>,
}

impl Seen {
    pub(super) fn of(page: &Page) -> Self {
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
        let parts: Vec<&[u8]> =
            references.iter().map(|reference| reference.as_deref().unwrap_or_default().as_bytes()).collect();
        Self {
            digest: digest(&parts),
            references,
            total: page.total.and_then(|total| i64::try_from(total).ok()),
            bytes: i64::try_from(page.bytes).unwrap_or(i64::MAX),
            full: page.full,
            next: page.next.clone(),
        }
    }

    /// Whether no page follows, when so many objects of the list have come. A short page proves little: services give less
    /// than they are asked for. It is the last only where the partner tells how many there are, and they have come.
    fn is_last(&self, objects: i64) -> bool {
        self.next.is_none() || !self.full && self.total.is_some_and(|total| objects >= total)
    }
}

/// Adds a page to what was read of its listing. Returns whether it is the last.
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
) -> Result<bool> {
    tally.pages += 1;
    tally.objects += i64::try_from(page.references.len()).unwrap_or(i64::MAX);
    tally.bytes = tally.bytes.saturating_add(page.bytes);
    if !page.references.is_empty() && !listings::enter_page(db, &tally.id, &page.digest)? {
        let message =
            "the partner's service lists the same page again: does it know the parameters in `paging`?";
        return Err(Error::new(Kind::Refused, message));
    }
    within(limits, pull, tally, now)?;
    if pull.mode == Mode::Full {
        name(db, pull, tally, page)?;
    }
    pull.total = page.total.or(pull.total);
    listings::save(db, tally)?;
    Ok(page.is_last(tally.objects))
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
    if new < named.len() {
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
pub(super) fn conclude(pull: &mut Pull, tally: &Tally, absent: Absent) {
    if pull.mode != Mode::Full {
        return;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn page(full: bool, total: Option<u64>, next: Option<Position>) -> Seen {
        Seen::of(&Page { items: Vec::new(), total, full, bytes: 0, next })
    }

    #[test]
    fn a_short_page_is_the_last_only_where_all_have_come() {
        let next = || Some(Position::Page { number: 2 });
        assert!(page(false, Some(7), next()).is_last(7), "as many as it says");
        assert!(!page(false, Some(8), next()).is_last(7), "one is still to come");
        assert!(!page(true, Some(7), next()).is_last(7), "a full page is no end, whatever the total says");
        assert!(!page(false, None, next()).is_last(7), "nobody told how many there are");
        assert!(page(true, Some(8), None).is_last(7), "there is no further page");
    }
}
