//! Query: a reference in, one HrFlow call, references and scores out.
//!
//! ```text
//! remember → rank     what was asked a moment ago is not asked again      standing   what we know before HrFlow is asked
//!          → flights  one call for those who ask at the same time
//!          ↘ last     the last answer, where HrFlow gives none            facts      what of that need not be read again
//!          ↘ restate  how far HrFlow is behind now                        paged      a page by its number
//!                                                                         asking     one call to HrFlow
//!                                                                         nodes      what other nodes changed
//! rank, with a cursor → snapshot → whole                                  a ranking that stays as it is while it is paged through
//! top                                                                     the best alone, over as many pages as it takes
//! ```

mod asking;
mod cursor;
mod facts;
mod flights;
mod last;
mod nodes;
mod paged;
mod remember;
mod restate;
mod snapshot;
mod standing;
mod top;
mod whole;

use serde_json::Value;

use super::{Context, Partner};
use crate::error::Result;
use crate::model::{Card, Entity, Reference};
use crate::store::Freshness;
use asking::{Listed, ask_for_one, located};
pub(super) use asking::{known_to_us, place};
pub(super) use paged::SURE;
pub(super) use standing::ensure_indexed;
use standing::{Standing, keep_live, stand};

pub use cursor::Cursor;
pub use remember::{Answers, Kept, Page, Told, Write, answer};
pub use top::{calls, top};

/// What a recruiter asks. The criteria were checked at the door; every key is added by us.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What is ranked.
    pub entity: Entity,
    /// The object it is scored for; none in searching.
    pub scored_for: Option<Reference>,
    /// The one object of the ranking that is asked about, by its reference and its key; of a page of them none.
    pub only: Option<(Reference, String)>,
    /// From 1; of no account with a cursor.
    pub page: u64,
    /// Where to go on in a ranking that stays as it is.
    pub cursor: Option<Cursor>,
    /// 1 to 100.
    pub limit: u64,
    /// The least score, from 0 to 1; only in scoring.
    pub score_min: Option<f64>,
    /// HrFlow's documented criteria as (name, value).
    pub criteria: Vec<(String, Value)>,
    /// What HrFlow has no parameter for, as clauses of its raw filter.
    pub filters: Vec<Value>,
    /// Whether distances are measured from the place of the object it is scored for.
    pub around: bool,
    /// The fields of each object that the answer shows.
    pub include: Vec<String>,
    /// Whether nobody waits for the answer: it takes its turn, and from the quota of the writes.
    pub in_turn: bool,
}

impl Asked {
    /// A page of all objects of a kind, ranked for one of the other kind or for none.
    pub fn page(entity: Entity, scored_for: Option<Reference>, page: u64, limit: u64) -> Self {
        Self {
            entity,
            scored_for,
            only: None,
            page,
            cursor: None,
            limit,
            score_min: None,
            criteria: Vec::new(),
            filters: Vec::new(),
            around: false,
            include: Vec::new(),
            in_turn: false,
        }
    }
}

/// A page of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// When HrFlow was asked, in Unix microseconds: the scores are of what it had then, or had taken in since.
    pub asked_at: i64,
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
    /// Whether a change of the object it was scored for is on its way to HrFlow, or the answer is an earlier one since HrFlow
    /// gives none.
    pub stale: bool,
    /// Where the next page begins; none at the end.
    pub next: Option<Cursor>,
    /// Whether there are more objects than can be paged through.
    pub truncated: bool,
}

/// One match.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The partner's own reference.
    pub reference: String,
    /// From 0 to 1, higher is better; none in searching.
    pub score: Option<f64>,
    /// Its place in HrFlow's ranking over all pages, from 1. What is not the caller's, or no longer live, leaves a gap.
    pub rank: u64,
    /// The fields that were asked for.
    pub card: Option<Box<Card>>,
}

/// Asks HrFlow for what the partner may see: its own live objects, in scoring the best first.
///
/// # Errors
/// `NotFound`, `Gone` or `Pending` for the object it is scored for, `Invalid` where it has no place that distances could be
/// measured from; what calling HrFlow may end in; with a cursor `Invalid` when it is another query's, and `Expired` when
/// its snapshot is kept no longer.
pub async fn rank(context: &Context, partner: &Partner, asked: &Asked) -> Result<Answered> {
    // What is settled while HrFlow answers is not in its answer: what was behind before counts, where it is known.
    let standing = stand(context, partner, asked).await?;
    match &asked.cursor {
        Some(cursor) => snapshot::go_on(context, partner, asked, cursor, standing).await,
        None => page(context, partner, asked, standing).await,
    }
}

async fn page(context: &Context, partner: &Partner, asked: &Asked, standing: Standing) -> Result<Answered> {
    let Standing { asked_at, scored_for } = standing;
    let located = located(partner, asked).await?;
    let listed = match &asked.only {
        Some(one) => ask_for_one(partner, &located, one).await?,
        None => paged::page(partner, &located, asked.page, asked.limit).await?,
    };
    let Listed { mut items, max_page, total, left_out, .. } = listed;
    let stale = scored_for.as_ref().is_some_and(|scored_for| scored_for.is_pending);
    let known = scored_for.map(|scored_for| scored_for.freshness);
    let (freshness, unknown) = keep_live(context, partner, asked.entity, &mut items, known, asked_at).await?;
    left_out.report(partner, asked.entity, unknown);
    let next =
        (asked.page < max_page).then(|| Cursor::behind(asked, &partner.settings.name, asked.page, &items));
    Ok(Answered {
        asked_at,
        items,
        page: asked.page,
        max_page,
        total,
        freshness,
        stale,
        next,
        truncated: false,
    })
}
