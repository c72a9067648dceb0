//! Feedback on a pair of a job and a profile: how good a match it is, and what was done with it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::Reference;

/// In which role somebody speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Who looks for people.
    Recruiter,
    /// Who looks for a job.
    Candidate,
    /// Who works there.
    Employee,
    /// Who would lead them.
    Manager,
}

impl Role {
    /// The words of all roles.
    pub const WORDS: [&'static str; 4] = ["recruiter", "candidate", "employee", "manager"];

    /// The word of HrFlow and of our addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recruiter => "recruiter",
            Self::Candidate => "candidate",
            Self::Employee => "employee",
            Self::Manager => "manager",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Recruiter, Self::Candidate, Self::Employee, Self::Manager]
            .into_iter()
            .find(|role| role.as_str() == text)
    }
}

/// What is said of a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Saying {
    /// A rating: from 0 to 1, five stars are 1.
    Score(f64),
    /// A tracking: the partner's own word for what was done, such as `view`, `apply`, `hire`.
    Action(String),
}

impl Saying {
    /// `rating` or `tracking`, as HrFlow's addresses spell it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Score(_) => "rating",
            Self::Action(_) => "tracking",
        }
    }

    /// Whether both say the same: a score may have been written with fewer decimals.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Score(one), Self::Score(other)) => (one - other).abs() < 1e-6,
            (Self::Action(one), Self::Action(other)) => one == other,
            _ => false,
        }
    }
}

/// One piece of feedback. It is passed on and never kept: who wrote it and what they wrote are personal data, so it cannot
/// be printed either.
#[derive(Clone, Serialize)]
pub struct Feedback {
    /// The job.
    pub job: Reference,
    /// The profile.
    pub profile: Reference,
    /// In which role it is said.
    pub role: Role,
    /// What is said.
    pub saying: Saying,
    /// Who says it.
    pub author_email: Option<String>,
    /// Why.
    pub comment: Option<String>,
    /// When it was said, if that was not now.
    pub created_at: Option<DateTime<Utc>>,
}

/// A date as HrFlow takes it with feedback: RFC 3339 in UTC, with milliseconds.
pub fn in_milliseconds(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Millis, true)
}
