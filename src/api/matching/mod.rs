//! `/v1/match`: one job and one profile: their score, what keeps one from the other's list, and why they match.

pub(super) mod explanation;
pub(super) mod pair;
mod verdict;
pub(super) mod why;

use super::parameters::{Given, Parameter};
use super::shape::Shape;
use crate::error::Result;
use crate::flows::pair::Pair;
use crate::model::{Entity, Reference};

/// Which two, and whose list.
const PAIR: &[Parameter] = &[
    Parameter::required("job_reference", Shape::Reference, "The job.").like("REQ-88"),
    Parameter::required("profile_reference", Shape::Reference, "The profile."),
    Parameter::optional(
        "ranked",
        Shape::Choice(&["profiles", "jobs"]),
        "Which list is meant: `profiles` ranked for the job, as in `/v1/profiles/scoring`, which is the default, or `jobs` \
         ranked for the profile, as in `/v1/jobs/scoring`.",
    ),
];

fn pair_in(given: &Given) -> Result<Pair> {
    Ok(Pair {
        job: Reference::parse(given.text("job_reference").unwrap_or_default())?,
        profile: Reference::parse(given.text("profile_reference").unwrap_or_default())?,
        ranked: given.text("ranked").and_then(Entity::parse).unwrap_or(Entity::Profile),
    })
}
