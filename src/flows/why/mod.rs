//! Why not: what keeps one object from another's list, or where in the list it is.
//!
//! ```text
//! ledger   what we know of both        seek    what HrFlow lists        lost    what HrFlow holds and does not list
//! verdict  the answer, and what to do about it
//! ```
//!
//! The ledger is asked first and costs no call. Then HrFlow is called at most five times, or twice and once for each filter,
//! whichever is more, and once more where distances are measured from an object; never more than `AT_ONCE` times at once,
//! and from the queries' quota.

mod ledger;
mod lost;
mod seek;
mod verdict;

use super::pair::{Narrowing, Pair};
use super::query::place;
use super::{Context, Partner};
use crate::error::Result;
use crate::store::{Freshness, freshness};

pub use crate::hrflow::Lack;
pub use verdict::{Check, Exclusion, Place, Reason, Step, Verdict};

/// How many calls to HrFlow run at once.
const AT_ONCE: usize = 4;

/// What is asked: the list as a recruiter sees it, and the object that is missed in it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Whose list, and which object in it.
    pub pair: Pair,
    /// What the list is narrowed to.
    pub filters: Filters,
    /// The least score of the list.
    pub score_min: Option<f64>,
    /// How many objects a page of the list has.
    pub limit: u64,
}

/// What a list is narrowed to: all of it, and each filter by itself.
#[derive(Clone, Debug)]
pub struct Filters {
    /// All of them.
    pub all: Filter,
    /// Each, as the caller names it.
    pub each: Vec<(String, Filter)>,
}

/// What one or several filters narrow a list to.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// As HrFlow is told.
    pub narrowing: Narrowing,
    /// Whether distances are measured from the place of the object that the list is for.
    pub around: bool,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// What was found out.
    pub verdict: Verdict,
    /// What was looked at, in this order.
    pub checks: Vec<Check>,
    /// How far HrFlow is behind what we know.
    pub freshness: Freshness,
    /// Whether a change of either object is on its way to HrFlow.
    pub stale: bool,
}

/// Finds out why an object is not in a list, or where in it.
///
/// # Errors
/// `Invalid` when distances are to be measured from an object that has no place; what calling HrFlow may end in.
pub async fn ask(context: &Context, partner: &Partner, mut asked: Asked) -> Result<Why> {
    let (name, pair) = (partner.settings.name.clone(), asked.pair.clone());
    let now = context.clock.now().timestamp_micros();
    let (mut standing, freshness) = context
        .store
        .read(move |db| Ok((ledger::look(db, &name, &pair)?, freshness::read(db, &name, pair.ranked, now)?)))
        .await?;
    let stale = standing.stale;
    let mut checks = std::mem::take(&mut standing.checks);
    let verdict = match standing.both {
        Ok(known) => {
            locate(partner, &asked.pair, &mut asked.filters).await?;
            seek::seek(partner, &asked, &known, &mut checks).await?
        }
        Err(verdict) => *verdict,
    };
    Ok(Why { verdict, checks, freshness, stale })
}

/// Puts the place of the object that the list is for into the filters that measure from it.
async fn locate(partner: &Partner, pair: &Pair, filters: &mut Filters) -> Result<()> {
    if !filters.all.around {
        return Ok(());
    }
    let other = pair.ranked.other();
    let container_key = partner.settings.container_key(other);
    let point = place(&partner.hrflow, other, container_key, pair.reference(other)).await?;
    for filter in filters.each.iter_mut().map(|(_, filter)| filter).chain([&mut filters.all]) {
        if filter.around {
            filter.narrowing.criteria.push(("location_geopoint".to_owned(), point.clone()));
        }
    }
    Ok(())
}
