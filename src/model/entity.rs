//! The two things that are matched.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A profile or a job. On the wire and in addresses the plural: `profiles`, `jobs`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
pub enum Entity {
    /// A candidate.
    #[serde(rename = "profiles")]
    Profile,
    /// A job offer: always an HR job.
    #[serde(rename = "jobs")]
    Job,
}

impl Entity {
    /// Both, in the order they are pulled.
    pub const ALL: [Self; 2] = [Self::Profile, Self::Job];

    /// `profile` or `job`, as HrFlow's addresses and our rows spell it.
    pub fn singular(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Job => "job",
        }
    }

    /// `profiles` or `jobs`.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Profile => "profiles",
            Self::Job => "jobs",
        }
    }

    /// The one that this one is scored for.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Profile => Self::Job,
            Self::Job => Self::Profile,
        }
    }

    /// What holds it in HrFlow: `source` for profiles, `board` for jobs.
    pub fn container(self) -> &'static str {
        match self {
            Self::Profile => "source",
            Self::Job => "board",
        }
    }

    /// Reads the singular or the plural.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "profile" | "profiles" => Some(Self::Profile),
            "job" | "jobs" => Some(Self::Job),
            _ => None,
        }
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.singular())
    }
}
