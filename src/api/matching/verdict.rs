//! What `/v1/match/why` answers.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::freshness::FreshnessDocument;
use crate::api::records::{RecordProblem, date, stored};
use crate::error::Result;
use crate::flows::pair::Pair;
use crate::flows::why::{Check, Exclusion, Lack, Reason, Step, Verdict, Why};
use crate::model::{Entity, hundredths};

/// Whether an object is in a list, and if not, why not.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct WhyDocument {
    /// The job.
    #[schema(example = "REQ-88")]
    job_reference: String,
    /// The profile.
    #[schema(example = "CRM-4711")]
    profile_reference: String,
    /// Which list was looked at.
    ranked: Entity,
    /// Whether the object is in the list.
    #[schema(example = false)]
    in_list: bool,
    /// What was found out.
    reason: WhyReason,
    /// Which of the two it is about; null when it is about the list.
    object: Option<WhyObject>,
    /// What it is, in words.
    #[schema(example = "it is kept out by `location_distance`, `score_min`")]
    detail: String,
    /// What to do about it.
    #[schema(example = "Drop or widen the filters that `excluded_by` names.")]
    advice: &'static str,
    /// The object's score, from 0 to 1; null where HrFlow gives none.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.4127)]
    score: Option<f64>,
    /// The score in hundredths, rounded as in the list.
    #[schema(minimum = 0, maximum = 100, example = 41)]
    score_100: Option<u8>,
    /// Its place in the list, from 1; null when it is not in it, or among too many of the same score.
    #[schema(minimum = 1, example = 37)]
    rank: Option<u64>,
    /// The page that it is on with this `limit`.
    #[schema(minimum = 1, example = 2)]
    page: Option<u64>,
    /// Every filter that keeps it out, `score_min` among them.
    excluded_by: Vec<ExclusionDocument>,
    /// What the object lacks of what HrFlow needs to find or score it.
    missing: Vec<MissingDocument>,
    /// Since when it is so, where that is known: waiting, archived, indexed.
    #[schema(format = "date-time", example = "2026-03-01T14:22:01Z")]
    since: Option<String>,
    /// When the object is worked on next; null when there is nothing to do.
    #[schema(format = "date-time", example = "2026-03-01T14:22:30Z")]
    due_at: Option<String>,
    /// What went wrong with the object; null when nothing did.
    problem: Option<RecordProblem>,
    /// What was looked at, in this order.
    checks: Vec<CheckDocument>,
    /// How far HrFlow was behind.
    freshness: FreshnessDocument,
    /// Whether a change of either object is on its way.
    #[schema(example = false)]
    stale: bool,
}

/// What was found out, in the order in which it is looked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::api) enum WhyReason {
    /// It is in the list, at `rank` and on `page`.
    InList,
    /// Nothing was ever heard of it.
    NeverReceived,
    /// It could not be brought to HrFlow: a dead letter, whose `problem` tells why.
    SetAside,
    /// It waits to be indexed, `since` when and until `due_at`.
    Waiting,
    /// It was archived.
    Archived,
    /// It was erased.
    Erased,
    /// HrFlow took it once and no longer holds it.
    NotInHrflow,
    /// HrFlow holds it as archived, which was not our doing.
    ArchivedInHrflow,
    /// It lacks what HrFlow needs to find it: `missing`.
    NotSearchable,
    /// It lacks what HrFlow needs to score it: `missing`.
    NotScorable,
    /// HrFlow took it, `since` when, and does not find it yet.
    NotSearchableYet,
    /// HrFlow finds it and does not score it yet.
    NotScorableYet,
    /// Filters keep it out: `excluded_by`.
    Excluded,
    /// Its `score` is below `score_min`.
    BelowScoreMin,
}

/// One of the two.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::api) enum WhyObject {
    /// The job.
    Job,
    /// The profile.
    Profile,
}

/// A filter that keeps the object out.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ExclusionDocument {
    /// The parameter.
    #[schema(example = "location_distance")]
    parameter: String,
    /// How that was found out.
    #[schema(example = "HrFlow lists it without `location_distance` and not with it")]
    detail: String,
}

/// A rule of HrFlow that the object does not meet.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct MissingDocument {
    /// Which: `text`, `identity` or `description`.
    #[schema(example = "text")]
    rule: &'static str,
    /// The fields of the HrFlow object that the rule looks at.
    #[schema(example = json!(["text"]))]
    fields: &'static [&'static str],
    /// What is missing.
    #[schema(example = "`text` is empty")]
    detail: String,
}

/// Something that was looked at.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct CheckDocument {
    /// What.
    check: WhyCheck,
    /// Of which of the two; null for the list.
    object: Option<WhyObject>,
    /// Whether it speaks for the object's being in the list.
    #[schema(example = false)]
    passed: bool,
    /// What was seen.
    #[schema(example = "HrFlow does not list it with all 2 filters")]
    detail: String,
}

/// What is looked at.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::api) enum WhyCheck {
    /// Our ledger: whether HrFlow can have the object.
    Ledger,
    /// HrFlow's list with all filters.
    List,
    /// HrFlow's list without any.
    Unfiltered,
    /// HrFlow's list with one filter.
    Filter,
    /// `score_min`.
    ScoreMin,
    /// What HrFlow holds of the object.
    Holding,
    /// HrFlow's rules for it.
    Eligibility,
    /// HrFlow's search for it.
    Search,
}

impl WhyDocument {
    /// What came of the question.
    pub(super) fn of(pair: Pair, Why { verdict, checks, freshness, stale }: Why) -> Result<Self> {
        let Verdict { reason, entity, detail, score, place, excluded_by, lacks, since, due_at, problem } =
            verdict;
        let ranked = pair.ranked;
        Ok(Self {
            job_reference: pair.job.into(),
            profile_reference: pair.profile.into(),
            ranked,
            in_list: reason == Reason::InList,
            advice: reason.advice(),
            reason: reason.into(),
            object: entity.map(WhyObject::from),
            detail,
            score,
            score_100: score.map(hundredths),
            rank: place.map(|place| place.rank),
            page: place.map(|place| place.page),
            excluded_by: excluded_by.into_iter().map(ExclusionDocument::from).collect(),
            missing: lacks.into_iter().map(MissingDocument::from).collect(),
            since: date(since),
            due_at: date(due_at),
            problem: stored(problem.as_deref())?,
            checks: checks.into_iter().map(CheckDocument::from).collect(),
            freshness: FreshnessDocument::of(freshness, ranked),
            stale,
        })
    }
}

impl From<Exclusion> for ExclusionDocument {
    fn from(Exclusion { parameter, detail }: Exclusion) -> Self {
        Self { parameter, detail }
    }
}

impl From<Lack> for MissingDocument {
    fn from(lack: Lack) -> Self {
        Self { rule: lack.rule(), fields: lack.fields(), detail: lack.detail() }
    }
}

impl From<Check> for CheckDocument {
    fn from(Check { step, entity, passed, detail }: Check) -> Self {
        Self { check: step.into(), object: entity.map(WhyObject::from), passed, detail }
    }
}

impl From<Entity> for WhyObject {
    fn from(entity: Entity) -> Self {
        match entity {
            Entity::Job => Self::Job,
            Entity::Profile => Self::Profile,
        }
    }
}

impl From<Reason> for WhyReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::InList => Self::InList,
            Reason::NeverReceived => Self::NeverReceived,
            Reason::SetAside => Self::SetAside,
            Reason::Waiting => Self::Waiting,
            Reason::Archived => Self::Archived,
            Reason::Erased => Self::Erased,
            Reason::NotInHrFlow => Self::NotInHrflow,
            Reason::ArchivedInHrFlow => Self::ArchivedInHrflow,
            Reason::NotSearchable => Self::NotSearchable,
            Reason::NotScorable => Self::NotScorable,
            Reason::NotSearchableYet => Self::NotSearchableYet,
            Reason::NotScorableYet => Self::NotScorableYet,
            Reason::Excluded => Self::Excluded,
            Reason::BelowScoreMin => Self::BelowScoreMin,
        }
    }
}

impl From<Step> for WhyCheck {
    fn from(step: Step) -> Self {
        match step {
            Step::Ledger => Self::Ledger,
            Step::List => Self::List,
            Step::Unfiltered => Self::Unfiltered,
            Step::Filter => Self::Filter,
            Step::ScoreMin => Self::ScoreMin,
            Step::Holding => Self::Holding,
            Step::Eligibility => Self::Eligibility,
            Step::Search => Self::Search,
        }
    }
}
