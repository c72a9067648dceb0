//! How far a match answer is behind the partner.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::records::date;
use crate::model::Entity;
use crate::store::{Coverage, Freshness};

/// How far HrFlow was behind what we know when it was asked.
#[derive(Serialize, ToSchema)]
pub(super) struct FreshnessDocument {
    /// Up to when every change that we know of has reached HrFlow: when it was asked, if none was on its way. A change that
    /// was set aside does not count.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    as_of: Option<String>,
    /// How many changes of the caller's profiles and jobs are on their way to HrFlow, counted up to 1,000.
    #[schema(minimum = 0, maximum = 1000, example = 12)]
    pending: i64,
    /// Whether there are more than were counted.
    #[schema(example = false)]
    more_pending: bool,
    /// How much is known of the caller's objects of the kind that was ranked; null before the first full pull.
    #[schema(example = json!({"profiles": {"seen": 18200, "total": 52000}}))]
    coverage: Option<BTreeMap<Entity, CoverageDocument>>,
}

/// How much of what a partner has is known.
#[derive(Serialize, ToSchema)]
pub(super) struct CoverageDocument {
    /// Objects that were listed: by the last full pull that was read to its end, by the running one and by the failed ones
    /// that it goes on from.
    #[schema(minimum = 0, example = 18200)]
    seen: i64,
    /// Objects there are: as the partner tells, else as the last whole listing had; null before.
    #[schema(minimum = 0, example = 52000)]
    total: Option<i64>,
}

impl FreshnessDocument {
    /// Of an answer that ranks objects of this kind.
    pub(super) fn of(freshness: Freshness, ranked: Entity) -> Self {
        let Freshness { as_of, pending, more_pending, coverage } = freshness;
        let coverage = coverage.map(|coverage| BTreeMap::from([(ranked, coverage.into())]));
        Self { as_of: date(Some(as_of)), pending, more_pending, coverage }
    }
}

impl From<Coverage> for CoverageDocument {
    fn from(Coverage { seen, total }: Coverage) -> Self {
        Self { seen, total }
    }
}
