//! The fields of profiles and jobs, and what may stand in each: HrFlow's wire form.

use crate::model::Entity;

/// A field's name and what may stand in it; null may always.
pub(super) type Fields = &'static [(&'static str, Shape)];

/// What a field may hold.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Anything.
    Any,
    Text,
    /// A text that is needed: a named thing without a name is nothing.
    Name,
    Number,
    /// A number between two bounds.
    Within(f64, f64),
    /// A date that is echoed as it is.
    Date,
    /// A date that is sorted and filtered by.
    Moment,
    Object(Fields),
    List(Fields),
    /// A list, or the old object of address by type.
    Urls,
}
use Shape::{Any, Date, List, Moment, Name, Number, Text, Urls, Within};

const LOCATION: Fields = &[
    ("text", Text),
    ("lat", Within(-90.0, 90.0)),
    ("lng", Within(-180.0, 180.0)),
    ("gmaps", Text),
    ("fields", Any),
];
const NAMED: Fields = &[("name", Name), ("value", Any)];
const SKILL: Fields = &[("name", Name), ("type", Text), ("value", Any)];
pub(super) const URL: Fields = &[("type", Text), ("url", Text)];
const SECTION: Fields = &[("name", Text), ("title", Text), ("description", Text)];
const RANGE_FLOAT: Fields = &[("name", Text), ("value_min", Number), ("value_max", Number), ("unit", Text)];
const RANGE_DATE: Fields = &[("name", Text), ("value_min", Date), ("value_max", Date)];
const LABEL: Fields = &[
    ("board_key", Text),
    ("job_key", Text),
    ("job_reference", Text),
    ("stage", Text),
    ("date_stage", Any),
    ("rating", Any),
    ("date_rating", Any),
];
const INFO: Fields = &[
    ("full_name", Text),
    ("first_name", Text),
    ("last_name", Text),
    ("email", Text),
    ("phone", Text),
    ("driving_license", Text),
    ("date_birth", Date),
    ("location", Shape::Object(LOCATION)),
    ("urls", Urls),
    ("picture", Text),
    ("gender", Text),
    ("summary", Text),
];

/// Experiences and educations differ in one field.
macro_rules! stay {
    ($place:literal) => {
        &[
            ("key", Text),
            ($place, Text),
            ("logo", Text),
            ("title", Text),
            ("description", Text),
            ("location", Shape::Object(LOCATION)),
            ("date_start", Date),
            ("date_end", Date),
            ("skills", List(SKILL)),
            ("certifications", List(NAMED)),
            ("courses", List(NAMED)),
            ("tasks", List(NAMED)),
            ("languages", List(NAMED)),
            ("interests", List(NAMED)),
        ]
    };
}

const EXPERIENCE: Fields = stay!("company");
const EDUCATION: Fields = stay!("school");

const PROFILE: Fields = &[
    ("created_at", Moment),
    ("consent_algorithmic", Any),
    ("info", Shape::Object(INFO)),
    ("text_language", Text),
    ("text", Text),
    ("summary", Text),
    ("cover_letter", Text),
    ("experiences_duration", Within(0.0, f64::MAX)),
    ("educations_duration", Within(0.0, f64::MAX)),
    ("experiences", List(EXPERIENCE)),
    ("educations", List(EDUCATION)),
    ("skills", List(SKILL)),
    ("languages", List(NAMED)),
    ("certifications", List(NAMED)),
    ("courses", List(NAMED)),
    ("tasks", List(NAMED)),
    ("interests", List(NAMED)),
    ("tags", List(NAMED)),
    ("metadatas", List(NAMED)),
    ("labels", List(LABEL)),
];

const JOB: Fields = &[
    ("created_at", Moment),
    ("name", Text),
    ("url", Text),
    ("picture", Text),
    ("summary", Text),
    ("location", Shape::Object(LOCATION)),
    ("sections", List(SECTION)),
    ("culture", Text),
    ("responsibilities", Text),
    ("requirements", Text),
    ("benefits", Text),
    ("interviews", Text),
    ("skills", List(SKILL)),
    ("languages", List(NAMED)),
    ("certifications", List(NAMED)),
    ("courses", List(NAMED)),
    ("tasks", List(NAMED)),
    ("interests", List(NAMED)),
    ("tags", List(NAMED)),
    ("metadatas", List(NAMED)),
    ("ranges_float", List(RANGE_FLOAT)),
    ("ranges_date", List(RANGE_DATE)),
];

/// All fields that may be sent.
pub(super) fn fields_of(entity: Entity) -> Fields {
    match entity {
        Entity::Profile => PROFILE,
        Entity::Job => JOB,
    }
}
