//! What an object may look like: the wire's fields are checked, the unknown ones left out, the missing ones added.
//!
//! A scalar is kept as it was sent. Nothing is refused that HrFlow is known to take: the old spellings of dates
//! (`{"iso8601": …}`) and of `info.urls` (an object) are read too, and read-only fields are tolerated.

use serde_json::{Value, json};

use super::answer::Refusal;
use crate::model::{Entity, Object, parse_date};

/// A field's name and what may stand in it; null may always.
type Fields = &'static [(&'static str, Shape)];

/// What a field may hold.
#[derive(Clone, Copy)]
enum Shape {
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
const URL: Fields = &[("type", Text), ("url", Text)];
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

/// Brings a posted object into its full form; what the server adds (key, dates, source or board) is not in it yet.
/// Lists that were not sent are empty.
pub(super) fn full(entity: Entity, sent: &Object) -> Result<Object, Refusal> {
    let fields = fields_of(entity);
    match entity {
        Entity::Profile => {
            require(sent, "info", "must be an object", Value::is_object)?;
            require(sent, "text", "must be a string", Value::is_string)?;
        }
        Entity::Job => {
            let is_said = |name: &Value| name.as_str().is_some_and(|name| !name.trim().is_empty());
            require(sent, "name", "must be a string that is not empty", is_said)?;
            require(sent, "location", "must be an object", Value::is_object)?;
        }
    }
    let mut object = members(sent, fields, "")?;
    if entity == Entity::Profile {
        object.insert("attachments".to_owned(), json!([]));
    }
    Ok(object)
}

/// The answer to a creation: HrFlow shows null for the lists that were not sent, and empty lists from then on.
pub(super) fn as_created(entity: Entity, sent: &Object, mut stored: Object) -> Object {
    for (name, shape) in fields_of(entity) {
        if matches!(shape, List(_)) && sent.get(*name).is_none_or(Value::is_null) {
            stored.insert((*name).to_owned(), Value::Null);
        }
    }
    stored
}

fn fields_of(entity: Entity) -> Fields {
    match entity {
        Entity::Profile => PROFILE,
        Entity::Job => JOB,
    }
}

fn require(
    sent: &Object,
    name: &str,
    detail: &str,
    is_right: impl Fn(&Value) -> bool,
) -> Result<(), Refusal> {
    if sent.get(name).is_some_and(is_right) { Ok(()) } else { Err(Refusal::field(name, detail)) }
}

fn members(sent: &Object, fields: Fields, path: &str) -> Result<Object, Refusal> {
    let member = |(name, shape): &(&str, Shape)| {
        let value = checked(sent.get(*name).unwrap_or(&Value::Null), *shape, &format!("{path}{name}"))?;
        Ok(((*name).to_owned(), value))
    };
    fields.iter().map(member).collect()
}

fn checked(value: &Value, shape: Shape, path: &str) -> Result<Value, Refusal> {
    let refuse = |detail: &str| Err(Refusal::field(path, detail));
    match (shape, value) {
        (List(_) | Urls, Value::Null) => Ok(json!([])),
        (Name, Value::String(name)) if name.trim().is_empty() => refuse("must not be empty"),
        (Any, _) | (Text | Name | Date, Value::String(_)) | (Number, Value::Number(_)) => Ok(value.clone()),
        (Name, _) => refuse("must be a string"),
        (_, Value::Null) => Ok(Value::Null),
        (Text, _) => refuse("must be a string or null"),
        (Number, _) => refuse("must be a number or null"),
        (Within(least, most), _) => match value.as_f64() {
            Some(number) if (least..=most).contains(&number) => Ok(value.clone()),
            Some(_) => refuse("is out of range"),
            None => refuse("must be a number or null"),
        },
        (Date, Value::Object(old)) if old.get("iso8601").is_some_and(Value::is_string) => {
            Ok(old["iso8601"].clone())
        }
        (Date, _) => refuse("must be a date or null"),
        (Moment, Value::String(date)) if parse_date(date).is_some() => Ok(value.clone()),
        (Moment, _) => refuse("must be an ISO 8601 date or null"),
        (Shape::Object(fields), Value::Object(sent)) => {
            Ok(Value::Object(members(sent, fields, &format!("{path}."))?))
        }
        (Shape::Object(_), _) => refuse("must be an object or null"),
        (Urls, Value::Object(old)) => Ok(Value::Array(old.iter().flat_map(urls_of_type).collect())),
        (Urls, _) => checked(value, List(URL), path),
        (List(fields), Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(place, item)| match item {
                Value::Object(sent) => {
                    Ok(Value::Object(members(sent, fields, &format!("{path}[{place}]."))?))
                }
                _ => Err(Refusal::field(format_args!("{path}[{place}]"), "must be an object")),
            })
            .collect(),
        (List(_), _) => refuse("must be a list or null"),
    }
}

/// `{"github": "…"}` and `{"from_resume": ["…"]}` as the list's items.
fn urls_of_type((kind, addresses): (&String, &Value)) -> Vec<Value> {
    let addresses = addresses.as_array().map_or(std::slice::from_ref(addresses), Vec::as_slice);
    let said = addresses.iter().filter_map(Value::as_str).filter(|address| !address.is_empty());
    said.map(|address| json!({"type": kind, "url": address})).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn job(more: &Value) -> Result<Object, Refusal> {
        let mut job = json!({"name": "Engineer", "location": {"text": null}});
        job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        full(Entity::Job, job.as_object().unwrap())
    }

    #[test]
    fn scalars_are_kept_as_they_were_sent() {
        let tags =
            json!([{"name": "a", "value": 0.9}, {"name": "b", "value": true}, {"name": "c", "value": "1"}]);
        let dates = json!([{"name": "d", "value_min": "2020-05-18T21:59", "value_max": null}]);
        let job = job(&json!({"tags": tags, "ranges_date": dates, "colour": "red"})).unwrap();
        assert_eq!((&job["tags"], &job["ranges_date"]), (&tags, &dates));
        assert!(!job.contains_key("colour"));
        assert_eq!(job["skills"], json!([]));
    }

    #[test]
    fn the_wrong_type_names_its_field() {
        for (sent, field) in [
            (json!({"skills": {"name": "x"}}), "skills"),
            (json!({"skills": ["x"]}), "skills[0]"),
            (json!({"skills": [{"name": "x"}, {"name": ""}]}), "skills[1].name"),
            (json!({"location": {"lat": "48"}}), "location.lat"),
            (json!({"location": {"lat": 91}}), "location.lat"),
            (json!({"location": null}), "location"),
            (json!({"name": " "}), "name"),
            (json!({"summary": 3}), "summary"),
            (json!({"created_at": "soon"}), "created_at"),
        ] {
            let refusal = job(&sent).unwrap_err().to_string();
            assert!(refusal.starts_with(&format!("Invalid parameters. {field} ")), "{refusal}");
        }
    }

    #[test]
    fn old_spellings_are_read() {
        let sent = json!({
            "text": "", "info": {"urls": {"from_resume": ["a", "b"], "github": "c", "twitter": ""}},
            "experiences": [{"date_start": {"iso8601": "2016-01-01T00:00:00"}}],
        });
        let profile = full(Entity::Profile, sent.as_object().unwrap()).unwrap();
        assert_eq!(profile["info"]["urls"].as_array().unwrap().len(), 3);
        assert_eq!(profile["experiences"][0]["date_start"], "2016-01-01T00:00:00");
    }
}
