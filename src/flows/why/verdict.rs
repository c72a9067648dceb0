//! What may come of the question, and what to do about it.

use crate::hrflow::Lack;
use crate::model::Entity;

/// What was found out.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Which of the possible ones.
    pub reason: Reason,
    /// Which of the two objects it is about; none when it is about the list.
    pub entity: Option<Entity>,
    /// What it is, in words.
    pub detail: String,
    /// The score of the object, where it has one.
    pub score: Option<f64>,
    /// Where in the list it is.
    pub place: Option<Place>,
    /// Every filter that keeps it out.
    pub excluded_by: Vec<Exclusion>,
    /// Every rule of HrFlow that it does not meet.
    pub lacks: Vec<Lack>,
    /// Since when, in Unix microseconds.
    pub since: Option<i64>,
    /// When it is worked on next, in Unix microseconds.
    pub due_at: Option<i64>,
    /// What went wrong, as a record keeps it.
    pub problem: Option<String>,
}

/// The possible answers, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is in the list.
    InList,
    /// Nothing was ever heard of it.
    NeverReceived,
    /// It could not be brought to HrFlow and waits for a change, or for somebody.
    SetAside,
    /// It is on its way to HrFlow for the first time.
    Waiting,
    /// It was archived.
    Archived,
    /// It was erased.
    Erased,
    /// HrFlow does not hold it, though it took it once.
    NotInHrFlow,
    /// HrFlow holds it as archived, and we did not archive it.
    ArchivedInHrFlow,
    /// It lacks what HrFlow needs to find it.
    NotSearchable,
    /// It lacks what HrFlow needs to score it.
    NotScorable,
    /// It lacks nothing, and HrFlow does not find it yet.
    NotSearchableYet,
    /// HrFlow finds it and does not score it yet.
    NotScorableYet,
    /// A filter keeps it out.
    Excluded,
    /// Its score is too low.
    BelowScoreMin,
}

impl Reason {
    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::InList => "Ask for the page that `page` names.",
            Self::NeverReceived => {
                "Check the reference; then send a create or update webhook for it, or have a pull started."
            }
            Self::SetAside => {
                "Mend what `problem` names; the object's next webhook or pull tries again, and so does a replay by an operator."
            }
            Self::Waiting => "Ask again after `due_at`; nothing needs to be done.",
            Self::Archived => "If it is live again, send a create or update webhook dated after the archive.",
            Self::Erased => "It stays out for good: a person who comes back needs another reference.",
            Self::NotInHrFlow | Self::ArchivedInHrFlow => {
                "Have an operator replay the object, and tell HrFlow: somebody changed it there."
            }
            Self::NotSearchable | Self::NotScorable => {
                "Fill the fields that `missing` names, in the ATS or in the mapping, and send an update webhook."
            }
            Self::NotSearchableYet | Self::NotScorableYet => {
                "HrFlow lists an object moments after it took it: ask again shortly. If it stays so, check that searching and \
                 scoring are switched on for the source and the board."
            }
            Self::Excluded => "Drop or widen the filters that `excluded_by` names.",
            Self::BelowScoreMin => "Lower `score_min` to the object's `score` or less.",
        }
    }
}

/// A place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub rank: u64,
    /// From 1.
    pub page: u64,
}

/// A filter that keeps the object out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// The caller's parameter.
    pub parameter: String,
    /// How that was found out.
    pub detail: String,
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub step: Step,
    /// Of which object; none for the list.
    pub entity: Option<Entity>,
    /// Whether it speaks for the object's being in the list.
    pub passed: bool,
    /// What was seen.
    pub detail: String,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Our ledger.
    Ledger,
    /// The list with all filters.
    List,
    /// The list without any.
    Unfiltered,
    /// The list with one filter.
    Filter,
    /// The least score.
    ScoreMin,
    /// What HrFlow holds.
    Holding,
    /// HrFlow's rules for what it holds.
    Eligibility,
    /// HrFlow's search.
    Search,
}

impl Verdict {
    /// One about an object.
    pub(super) fn of(reason: Reason, entity: Entity, detail: impl Into<String>) -> Self {
        Self { entity: Some(entity), ..Self::about_the_list(reason, detail) }
    }

    /// One about the list.
    pub(super) fn about_the_list(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            entity: None,
            detail: detail.into(),
            score: None,
            place: None,
            excluded_by: Vec::new(),
            lacks: Vec::new(),
            since: None,
            due_at: None,
            problem: None,
        }
    }
}
