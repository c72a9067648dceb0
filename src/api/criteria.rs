//! What may be asked of HrFlow: its documented criteria, and why others are refused.

use super::parameters::{Given, Parameter, query};
use super::shape::{Fault, Shape, Wrong};
use crate::model::parse_date;

/// The widest distance: half of the Earth's girth, in kilometres.
const DISTANCE: Shape = Shape::Whole { least: 0, most: 20_038, default: None };

/// A duration in years.
const YEARS: Shape = Shape::Number { least: 0.0, most: 100.0 };

/// Which page, and how much of it.
const PAGING: &[Parameter] = &[
    Parameter::optional(
        "page",
        Shape::Whole { least: 1, most: u32::MAX as u64, default: Some(1) },
        "The page, from 1.",
    ),
    Parameter::optional("limit", super::LIMIT, "How many objects a page has at most."),
];

/// What scoring has and searching has not.
const SCORE: &[Parameter] = &[Parameter::optional(
    "score_min",
    Shape::Number { least: 0.0, most: 1.0 },
    "The least score that is of interest.",
)];

/// How searching is sorted; scoring always begins with the highest score.
pub(super) const SORTING: &[Parameter] = &[
    Parameter::optional(
        "sort_by",
        Shape::Choice(&[
            "created_at",
            "updated_at",
            "location",
            "location_experience",
            "location_education",
            "searching",
        ]),
        "What decides the order; `searching` is relevance.",
    ),
    Parameter::optional("order_by", Shape::Choice(&["asc", "desc"]), "Which end comes first."),
];

/// The criteria for profiles.
pub(super) const PROFILES: &[Parameter] = &[
    Parameter::optional("stage", Shape::Choice(&["new", "yes", "later", "no"]), "The stage of the profile."),
    CREATED_AT_MIN,
    CREATED_AT_MAX,
    Parameter::optional("name", Shape::Text, "Part of the person's name."),
    Parameter::optional("email", Shape::Text, "The person's e-mail address."),
    LOCATION_GEOPOINT,
    LOCATION_DISTANCE,
    SUMMARY_KEYWORDS,
    TEXT_KEYWORDS,
    Parameter::optional("experience_keywords", Shape::Words, "Words in the experiences."),
    Parameter::optional("education_keywords", Shape::Words, "Words in the educations."),
    Parameter::optional("experience_location_geopoint", Shape::Point, "Where the experiences were gained."),
    Parameter::optional(
        "experience_location_distance",
        DISTANCE,
        "Kilometres around `experience_location_geopoint`.",
    ),
    Parameter::optional("education_location_geopoint", Shape::Point, "Where the educations were gained."),
    Parameter::optional(
        "education_location_distance",
        DISTANCE,
        "Kilometres around `education_location_geopoint`.",
    ),
    Parameter::optional("experiences_duration_min", YEARS, "Years of experience, at least."),
    Parameter::optional("experiences_duration_max", YEARS, "Years of experience, at most."),
    Parameter::optional("educations_duration_min", YEARS, "Years of education, at least."),
    Parameter::optional("educations_duration_max", YEARS, "Years of education, at most."),
    SKILLS,
    LANGUAGES,
    Parameter::optional("interests", Shape::Names, "Interests of the person."),
    TAGS_INCLUDED,
    TAGS_EXCLUDED,
];

/// The criteria for jobs.
pub(super) const JOBS: &[Parameter] = &[
    Parameter::optional("names", Shape::Words, "Names of the job."),
    Parameter::optional("name", Shape::Text, "Part of the job's name."),
    CREATED_AT_MIN,
    CREATED_AT_MAX,
    LOCATION_GEOPOINT,
    LOCATION_DISTANCE,
    SUMMARY_KEYWORDS,
    TEXT_KEYWORDS,
    SKILLS,
    LANGUAGES,
    Parameter::optional("ranges_float", Shape::FloatRanges, "Ranges of numbers that the job's must meet."),
    Parameter::optional("ranges_date", Shape::DateRanges, "Ranges of dates that the job's must meet."),
    TAGS_INCLUDED,
    TAGS_EXCLUDED,
];

const CREATED_AT_MIN: Parameter = Parameter::optional(
    "created_at_min",
    Shape::Date,
    "Created at this time or later; without an offset UTC.",
);
const CREATED_AT_MAX: Parameter = Parameter::optional(
    "created_at_max",
    Shape::Date,
    "Created at this time or earlier; without an offset UTC.",
);
const LOCATION_GEOPOINT: Parameter =
    Parameter::optional("location_geopoint", Shape::Point, "Where the object must be near to.");
const LOCATION_DISTANCE: Parameter =
    Parameter::optional("location_distance", DISTANCE, "Kilometres around `location_geopoint`.");
const SUMMARY_KEYWORDS: Parameter =
    Parameter::optional("summary_keywords", Shape::Words, "Words in the summary.");
const TEXT_KEYWORDS: Parameter =
    Parameter::optional("text_keywords", Shape::Words, "Words anywhere in the text.");
const SKILLS: Parameter = Parameter::optional("skills", Shape::Names, "Skills, each with an optional value.");
const LANGUAGES: Parameter =
    Parameter::optional("languages", Shape::Names, "Languages, each with an optional value.");
const TAGS_INCLUDED: Parameter = Parameter::optional(
    "tags_included",
    Shape::Tags,
    "Tags that must be there: every outer list must have a tag that matches.",
);
const TAGS_EXCLUDED: Parameter = Parameter::optional(
    "tags_excluded",
    Shape::Tags,
    "Tags that must not be there, written as `tags_included`.",
);

const JOB_REFERENCE: &[Parameter] =
    &[Parameter::required("job_reference", Shape::Reference, "The job that profiles are scored for.")];
const PROFILE_REFERENCE: &[Parameter] =
    &[Parameter::required("profile_reference", Shape::Reference, "The profile that jobs are scored for.")];

query! {
    /// What scoring of profiles reads.
    ScoreProfiles: &[super::parameters::PARTNER], JOB_REFERENCE, PAGING, SCORE, PROFILES
}
query! {
    /// What scoring of jobs reads.
    ScoreJobs: &[super::parameters::PARTNER], PROFILE_REFERENCE, PAGING, SCORE, JOBS
}
query! {
    /// What searching of profiles reads.
    SearchProfiles: &[super::parameters::PARTNER], PAGING, SORTING, PROFILES
}
query! {
    /// What searching of jobs reads.
    SearchJobs: &[super::parameters::PARTNER], PAGING, SORTING, JOBS
}

/// Why a parameter that HrFlow knows is refused here, if it is one.
pub(super) fn refusal(name: &str) -> Option<&'static str> {
    match name {
        "raw_filter" | "raw_filters" => {
            Some("is refused: a raw filter could reach beyond the partner's own objects")
        }
        "score_threshold" => Some("is not known here; did you mean `score_min`?"),
        "sort_by" | "order_by" => Some("is refused: scoring is always sorted by decreasing score"),
        _ if name.ends_with("_key") || name.ends_with("_keys") => {
            Some("is refused: keys of sources, boards, objects and algorithms are set by the connector")
        }
        _ if name.starts_with("use_") => Some("is refused: how objects are ranked is set by the connector"),
        _ => None,
    }
}

/// What two parameters say together: no range is empty, and a distance has a point.
pub(super) fn check_together(given: &Given, wrong: &mut Vec<(String, Wrong)>) {
    let misread: Vec<String> = wrong.iter().map(|(field, _)| field.clone()).collect();
    let mut refuse = |name: &str, detail: String| {
        wrong.push((name.to_owned(), Wrong { fault: Fault::Unacceptable, detail }));
    };
    let dated = |name| given.text(name).and_then(parse_date);
    if let (Some(least), Some(most)) = (dated("created_at_min"), dated("created_at_max"))
        && least > most
    {
        refuse("created_at_min", "must not be later than `created_at_max`".to_owned());
    }
    for (least, most) in [
        ("experiences_duration_min", "experiences_duration_max"),
        ("educations_duration_min", "educations_duration_max"),
    ] {
        if given.number(least).zip(given.number(most)).is_some_and(|(low, high)| low > high) {
            refuse(least, format!("must not be greater than `{most}`"));
        }
    }
    for (distance, point) in [
        ("location_distance", "location_geopoint"),
        ("experience_location_distance", "experience_location_geopoint"),
        ("education_location_distance", "education_location_geopoint"),
    ] {
        let there = given.text(point).is_some() || misread.iter().any(|field| field.starts_with(point));
        if given.text(distance).is_some() && !there {
            refuse(distance, format!("needs `{point}`"));
        }
    }
}
