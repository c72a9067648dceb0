//! What may be asked of HrFlow: its documented criteria, and why others are refused.
//!
//! The tables are the one source: the query strings, the bodies of the POST twins, their checks and the OpenAPI document
//! are all made of them.

mod apart;
mod tables;
mod together;
mod translate;

use super::exports::{EXPORT, EXPORTED_FOR};
use super::parameters::{PARTNER, Parameter, query, request};
use super::scoring::WAIT;
use super::shape::Shape;
use tables::{
    JOB_CARD, JOB_REWRITTEN, JOB_SCORING, JOB_SORTING, JOBS, NEAR_THE_JOB, NEAR_THE_PROFILE, PAGING,
    PROFILE_CARD, PROFILE_SCORING, PROFILE_SORTING, PROFILES, REWRITTEN, SCORE,
};

pub(super) use apart::{NARROW_JOBS, NARROW_PROFILES, NEAR_EITHER, filters};
pub(super) use together::check_together;
pub(super) use translate::asked;

const JOB_REFERENCE: &[Parameter] =
    &[Parameter::required("job_reference", Shape::Reference, "The job that profiles are scored for.")
        .like("REQ-88")];
const PROFILE_REFERENCE: &[Parameter] =
    &[Parameter::required("profile_reference", Shape::Reference, "The profile that jobs are scored for.")];

query! {
    /// What scoring of profiles reads.
    ScoreProfiles: &[PARTNER], JOB_REFERENCE, PAGING, SCORE, &[WAIT], PROFILE_SCORING, PROFILE_CARD, PROFILES, NEAR_THE_JOB, REWRITTEN
}
query! {
    /// What scoring of jobs reads.
    ScoreJobs: &[PARTNER], PROFILE_REFERENCE, PAGING, SCORE, &[WAIT], JOB_SCORING, JOB_CARD, JOBS, NEAR_THE_PROFILE, REWRITTEN,
        JOB_REWRITTEN
}
query! {
    /// What searching of profiles reads.
    SearchProfiles: &[PARTNER], PAGING, PROFILE_SORTING, PROFILE_CARD, PROFILES, REWRITTEN
}
query! {
    /// What searching of jobs reads.
    SearchJobs: &[PARTNER], PAGING, JOB_SORTING, JOB_CARD, JOBS, REWRITTEN, JOB_REWRITTEN
}
query! {
    /// What an export of profiles reads from its body.
    ExportProfiles: &[PARTNER], EXPORT, SCORE, PROFILES, NEAR_THE_JOB, REWRITTEN
}
query! {
    /// What an export of jobs reads from its body.
    ExportJobs: &[PARTNER], EXPORT, SCORE, JOBS, NEAR_THE_PROFILE, REWRITTEN, JOB_REWRITTEN
}
query! {
    /// What either of them reads.
    ExportEither: &[PARTNER], EXPORT, SCORE, PROFILES, JOBS, NEAR_THE_JOB, NEAR_THE_PROFILE, REWRITTEN, JOB_REWRITTEN
}
query! {
    /// What the twins with a body read from the query string.
    WithBody: &[PARTNER]
}
request! {
    /// What scoring of profiles reads from a body.
    ScoreProfilesRequest of ScoreProfiles
}
request! {
    /// What scoring of jobs reads from a body.
    ScoreJobsRequest of ScoreJobs
}
request! {
    /// What an export is asked for with. The criteria are those of the kind that is ranked.
    ExportRequest of ExportEither
}
request! {
    /// What searching of profiles reads from a body.
    SearchProfilesRequest of SearchProfiles
}
request! {
    /// What searching of jobs reads from a body.
    SearchJobsRequest of SearchJobs
}

/// Why a parameter that HrFlow knows, or that is known elsewhere, is refused where the `known` ones are, if it is one.
pub(super) fn refusal(name: &str, known: &[&str]) -> Option<&'static str> {
    // Criteria are read here alone.
    if !known.contains(&"text_keywords") {
        return None;
    }
    let scored_for = ["job_reference", "profile_reference"].into_iter().find(|name| known.contains(name));
    let has = |table: &[Parameter]| table.iter().any(|parameter| parameter.name == name);
    let refusal = match (name, scored_for) {
        ("raw_filter" | "raw_filters", _) => {
            "is refused: a raw filter could reach beyond the partner's own objects"
        }
        ("score_threshold", Some(_)) => "is not known here; did you mean `score_min`?",
        ("date_range_min", _) => "is not known here; did you mean `created_at_min`?",
        ("date_range_max", _) => "is not known here; did you mean `created_at_max`?",
        ("score_min" | "score_threshold", None) => {
            "is refused: HrFlow searches without scores; scoring has them"
        }
        ("location_from", None) => "is refused: searching has no object whose place it could be; scoring has",
        ("job_reference" | "profile_reference", None) if known.contains(&EXPORTED_FOR) => {
            "is not known here; `references` names what is ranked for"
        }
        ("job_reference" | "profile_reference", None) => {
            "is refused: searching ranks for no object; scoring does"
        }
        ("job_reference", Some(_)) => "is refused: jobs are scored for a `profile_reference`",
        ("profile_reference", Some(_)) => "is refused: profiles are scored for a `job_reference`",
        ("salary", _) if !known.contains(&"salary_min") => {
            "is refused: HrFlow filters jobs by it, and no profiles"
        }
        ("sort_by" | "order_by" | "page" | "cursor" | "include" | "wait" | "receipt", _)
            if !known.contains(&"page") =>
        {
            "is not known here; it belongs to the lists that scoring and searching give"
        }
        ("wait", None) => "is refused: searching has no object to wait for; scoring has",
        _ if name.ends_with("_key") || name.ends_with("_keys") => {
            "is refused: keys of sources, boards, objects and algorithms are set by the connector"
        }
        _ if name.starts_with("use_") => "is refused: how objects are ranked is set by the connector",
        _ if has(PROFILES) => "is refused: HrFlow filters profiles by it, and no jobs",
        _ if has(JOBS) || has(JOB_REWRITTEN) => "is refused: HrFlow filters jobs by it, and no profiles",
        _ => return None,
    };
    Some(refusal)
}
