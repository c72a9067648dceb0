//! The criteria as tables: what each is called, what it looks like, and what it means.

use crate::api::cursor::CURSOR;
use crate::api::parameters::Parameter;
use crate::api::shape::Shape;
use crate::model::Card;

/// The widest distance: half of the Earth's girth, in kilometres.
const DISTANCE: Shape = Shape::Whole { least: 0, most: 20_038, default: None };

/// A duration in years.
const YEARS: Shape = Shape::Number { least: 0.0, most: 100.0 };

/// An amount of money, of any currency.
const AMOUNT: Shape = Shape::Number { least: 0.0, most: 1e12 };

/// Which page, and how much of it.
pub(super) const PAGING: &[Parameter] = &[
    Parameter::optional(
        "page",
        // No default is stated: a client that fills in defaults would send it beside a cursor.
        Shape::Whole { least: 1, most: u32::MAX as u64, default: None },
        "The page, from 1, which is where it begins. Between two pages objects may move; `cursor` goes on without that.",
    ),
    CURSOR.like("WyJyYW5raW5nIix7InEiOiI5ZiIsInAiOjIsImEiOnsicyI6IiJ9fV0"),
    Parameter::optional("limit", crate::api::LIMIT, "How many objects a page has at most."),
    crate::api::receipts::RECEIPT,
];

/// What scoring has and searching has not.
pub(super) const SCORE: &[Parameter] = &[Parameter::optional(
    "score_min",
    Shape::Number { least: 0.0, most: 1.0 },
    "The least score that is of interest.",
)
.like("0.5")];

/// What profiles can be sorted by.
const PROFILE_SORTS: &[&str] =
    &["created_at", "updated_at", "location", "location_experience", "location_education", "searching"];

/// What jobs can be sorted by.
const JOB_SORTS: &[&str] = &["created_at", "updated_at", "location", "searching"];

const ORDER_BY: Parameter =
    Parameter::optional("order_by", Shape::Choice(&["asc", "desc"]), "Which end comes first.");
const SORT_BY: &str = "What decides the order; by default HrFlow's own, which is `created_at`, the newest first. `searching` is relevance, \
     and `location` needs `location_geopoint`.";

/// How searching of profiles is sorted.
pub(super) const PROFILE_SORTING: &[Parameter] =
    &[Parameter::optional("sort_by", Shape::Choice(PROFILE_SORTS), SORT_BY), ORDER_BY];

/// How searching of jobs is sorted.
pub(super) const JOB_SORTING: &[Parameter] =
    &[Parameter::optional("sort_by", Shape::Choice(JOB_SORTS), SORT_BY), ORDER_BY];

const SCORED_BY: &str = "What decides the order; by default `scoring`, the best match first. Items have their scores in \
    any order. `searching` is relevance, and `location` needs `location_geopoint` or `location_from`.";

/// How scoring of profiles is sorted.
pub(super) const PROFILE_SCORING: &[Parameter] = &[
    Parameter::optional(
        "sort_by",
        Shape::Choice(&[
            "scoring",
            "created_at",
            "updated_at",
            "location",
            "location_experience",
            "location_education",
            "searching",
        ]),
        SCORED_BY,
    ),
    ORDER_BY,
];

/// How scoring of jobs is sorted.
pub(super) const JOB_SCORING: &[Parameter] = &[
    Parameter::optional(
        "sort_by",
        Shape::Choice(&["scoring", "created_at", "updated_at", "location", "searching"]),
        SCORED_BY,
    ),
    ORDER_BY,
];

/// That profiles are near to the job they are scored for.
pub(super) const NEAR_THE_JOB: &[Parameter] = &[Parameter::optional(
    "location_from",
    Shape::Choice(&["job"]),
    "`job` stands for the job's own place as `location_geopoint`; it costs one more call to HrFlow.",
)];

/// That jobs are near to the profile they are scored for.
pub(super) const NEAR_THE_PROFILE: &[Parameter] = &[Parameter::optional(
    "location_from",
    Shape::Choice(&["profile"]),
    "`profile` stands for the profile's own place as `location_geopoint`; it costs one more call to HrFlow.",
)];

/// Short ways to say what HrFlow's own criteria say: these are rewritten, see `translate`.
pub(super) const REWRITTEN: &[Parameter] = &[
    Parameter::optional(
        "updated_at_min",
        Shape::Date,
        "Changed in HrFlow at this time or later; without an offset UTC.",
    ),
    Parameter::optional(
        "updated_at_max",
        Shape::Date,
        "Changed in HrFlow at this time or earlier; without an offset UTC.",
    ),
    Parameter::optional(
        "contract",
        Shape::Words,
        "Values of the tag `contract`, one of which must be there; one more inner list of `tags_included`.",
    )
    .like(r#"["permanent"]"#),
    Parameter::optional(
        "category",
        Shape::Words,
        "Values of the tag `category`, one of which must be there; one more inner list of `tags_included`.",
    )
    .like(r#"["engineering"]"#),
];

/// The same for jobs alone.
pub(super) const JOB_REWRITTEN: &[Parameter] = &[
    Parameter::optional(
        "salary_min",
        AMOUNT,
        "The least salary: what the job's range `salary` must meet, in the range's own unit; one more of `ranges_float`.",
    ).like("40000"),
    Parameter::optional(
        "salary_max",
        AMOUNT,
        "The greatest salary: what the job's range `salary` must meet, in the range's own unit; one more of `ranges_float`.",
    ).like("60000"),
];

/// Fields of the profile that an answer can show.
pub(super) const PROFILE_CARD: &[Parameter] = &[Parameter::optional(
    "include",
    Shape::Fields(Card::PROFILE),
    "Fields of the profile that each item's `card` shows; without it items have references alone.",
)];

/// Fields of the job that an answer can show.
pub(super) const JOB_CARD: &[Parameter] = &[Parameter::optional(
    "include",
    Shape::Fields(Card::JOB),
    "Fields of the job that each item's `card` shows; without it items have references alone.",
)];

/// The criteria for profiles.
pub(super) const PROFILES: &[Parameter] = &[
    Parameter::optional("stage", Shape::Choice(&["new", "yes", "later", "no"]), "The stage of the profile."),
    CREATED_AT_MIN,
    CREATED_AT_MAX,
    Parameter::optional("name", Shape::Text, "Part of the person's name.").like("Moreau"),
    Parameter::optional("email", Shape::Text, "The person's e-mail address.").like("ada.moreau@example.org"),
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
    )
    .like("25"),
    Parameter::optional("education_location_geopoint", Shape::Point, "Where the educations were gained."),
    Parameter::optional(
        "education_location_distance",
        DISTANCE,
        "Kilometres around `education_location_geopoint`.",
    )
    .like("25"),
    Parameter::optional("experiences_duration_min", YEARS, "Years of experience, at least.").like("2"),
    Parameter::optional("experiences_duration_max", YEARS, "Years of experience, at most.").like("10"),
    Parameter::optional("educations_duration_min", YEARS, "Years of education, at least.").like("2"),
    Parameter::optional("educations_duration_max", YEARS, "Years of education, at most.").like("10"),
    SKILLS,
    LANGUAGES,
    Parameter::optional("interests", Shape::Names, "Interests of the person."),
    TAGS_INCLUDED,
    TAGS_EXCLUDED,
];

/// The criteria for jobs.
pub(super) const JOBS: &[Parameter] = &[
    Parameter::optional("names", Shape::Words, "Names of the job."),
    Parameter::optional("name", Shape::Text, "Part of the job's name.").like("engineer"),
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
    Parameter::optional("location_distance", DISTANCE, "Kilometres around `location_geopoint`.").like("25");
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
