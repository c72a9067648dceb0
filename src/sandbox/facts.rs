//! What filters and signals ask about an object, read once when it is stored.

use serde_json::Value;

use super::index::text::normal_name;
use crate::model::{Entity, Object, parse_date};

/// A place on the globe, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    latitude: f64,
    longitude: f64,
}

impl Point {
    /// Reads `lat` and `lng` (or `lon`); nothing when one is missing or off the globe.
    pub(super) fn of(object: &Object) -> Option<Self> {
        let number = |name: &str| match object.get(name)? {
            Value::String(text) => text.parse().ok(),
            other => other.as_f64(),
        };
        Self::new(number("lat")?, number("lng").or_else(|| number("lon"))?)
    }

    /// A point, unless it is off the globe.
    pub(super) fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let is_on_globe = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        is_on_globe.then_some(Self { latitude, longitude })
    }

    /// Kilometres along the great circle, by the haversine formula.
    pub(super) fn kilometres_to(self, other: Self) -> f64 {
        const EARTH_RADIUS: f64 = 6_371.0;
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let (north, east) = (to - from, (other.longitude - self.longitude).to_radians());
        let chord = (north / 2.0).sin().powi(2) + from.cos() * to.cos() * (east / 2.0).sin().powi(2);
        2.0 * EARTH_RADIUS * chord.clamp(0.0, 1.0).sqrt().asin()
    }
}

/// A skill, language, interest or tag.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    /// In its normal spelling.
    pub name: String,
    /// A scalar's text; nothing when there is no value.
    pub value: Option<String>,
}

impl Named {
    /// Reads `{"name", "value"}`; nothing without a name.
    pub(super) fn of(object: &Object) -> Option<Self> {
        let name = normal_name(object.get("name")?.as_str()?);
        let value = object.get("value").and_then(|value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.trim().to_lowercase()),
            other => Some(other.to_string()),
        });
        (!name.is_empty()).then_some(Self { name, value })
    }

    /// Whether it is what was asked for: the same name, and the same value if one was asked for.
    pub(super) fn answers(&self, asked: &Self) -> bool {
        self.name == asked.name && (asked.value.is_none() || self.value == asked.value)
    }
}

/// A named range of numbers, or of dates as Unix microseconds; a missing end is open.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    pub name: String,
    pub least: f64,
    pub most: f64,
}

impl Range {
    /// Reads `{"name", "value_min", "value_max"}` whose ends `read` understands; `None` when one is not understood.
    pub(super) fn of(object: &Object, read: impl Fn(&Value) -> Option<f64>) -> Option<Self> {
        let end = |name: &str, open: f64| match object.get(name) {
            None | Some(Value::Null) => Some(open),
            Some(value) => read(value),
        };
        let name = normal_name(object.get("name").and_then(Value::as_str).unwrap_or_default());
        Some(Self {
            name,
            least: end("value_min", f64::NEG_INFINITY)?,
            most: end("value_max", f64::INFINITY)?,
        })
    }

    /// Whether the two share a point.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.name == other.name && self.least <= other.most && other.least <= self.most
    }
}

/// A number, or its text.
pub(super) fn float(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// A date's text as Unix microseconds.
#[expect(clippy::cast_precision_loss, reason = "a double holds the microseconds of 285 years exactly")]
pub(super) fn moment(value: &Value) -> Option<f64> {
    Some(parse_date(value.as_str()?)?.timestamp_micros() as f64)
}

/// The stage a profile has reached for a job.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub job_key: Option<String>,
    pub job_reference: Option<String>,
    pub stage: String,
}

/// What filters and signals ask about an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// The job's name or the person's, lowered.
    pub name: String,
    /// Lowered.
    pub email: Option<String>,
    pub location: Option<Point>,
    pub experience_locations: Vec<Point>,
    pub education_locations: Vec<Point>,
    pub experience_years: Option<f64>,
    pub education_years: Option<f64>,
    /// The years of experience a job asks for.
    pub wanted_years: Option<Range>,
    /// How many different skills it names, its experiences' included.
    pub skill_count: usize,
    pub skills: Vec<Named>,
    pub languages: Vec<Named>,
    pub interests: Vec<Named>,
    pub tags: Vec<Named>,
    pub ranges_float: Vec<Range>,
    pub ranges_date: Vec<Range>,
    pub labels: Vec<Label>,
}

impl Facts {
    /// Reads a full object.
    pub(super) fn of(entity: Entity, object: &Object) -> Self {
        let empty = Object::new();
        let info = object.get("info").and_then(Value::as_object).unwrap_or(&empty);
        let (place, name) = match entity {
            Entity::Profile => (info, person_name(info)),
            Entity::Job => (object, text(object, "name").unwrap_or_default().to_lowercase()),
        };
        let ranges_float: Vec<Range> =
            items(object, "ranges_float").filter_map(|range| Range::of(range, float)).collect();
        Self {
            name,
            email: text(info, "email").map(|email| email.trim().to_lowercase()),
            location: point(place),
            experience_locations: items(object, "experiences").filter_map(point).collect(),
            education_locations: items(object, "educations").filter_map(point).collect(),
            experience_years: object.get("experiences_duration").and_then(Value::as_f64),
            education_years: object.get("educations_duration").and_then(Value::as_f64),
            wanted_years: ranges_float.iter().find(|range| range.name.contains("experience")).cloned(),
            skill_count: 0,
            skills: named(object, "skills"),
            languages: named(object, "languages"),
            interests: named(object, "interests"),
            tags: named(object, "tags"),
            ranges_float,
            ranges_date: items(object, "ranges_date").filter_map(|range| Range::of(range, moment)).collect(),
            labels: items(object, "labels").filter_map(label).collect(),
        }
    }
}

/// All that a name filter may be looking for.
fn person_name(info: &Object) -> String {
    let part = |name: &str| text(info, name).unwrap_or_default();
    format!("{} {} {}", part("full_name"), part("first_name"), part("last_name")).trim().to_lowercase()
}

fn label(object: &Object) -> Option<Label> {
    let owned = |name: &str| text(object, name).map(str::to_owned);
    Some(Label { job_key: owned("job_key"), job_reference: owned("job_reference"), stage: owned("stage")? })
}

fn point(object: &Object) -> Option<Point> {
    Point::of(object.get("location")?.as_object()?)
}

fn named(object: &Object, list: &str) -> Vec<Named> {
    items(object, list).filter_map(Named::of).collect()
}

fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

fn items<'a>(object: &'a Object, list: &str) -> impl Iterator<Item = &'a Object> {
    object.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use serde_json::json;

    fn object(value: &Value) -> Object {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn distance_is_measured_on_the_globe() {
        let paris = Point::of(&object(&json!({"lat": 48.8566, "lng": 2.3522}))).unwrap();
        let lyon = Point::of(&object(&json!({"lat": "45.764", "lon": "4.8357"}))).unwrap();
        let kilometres = paris.kilometres_to(lyon);
        assert!((391.0..393.0).contains(&kilometres), "{kilometres}");
        assert_eq!(Point::of(&object(&json!({"lat": 91, "lng": 0}))), None);
    }

    #[test]
    fn values_are_compared_as_they_read() {
        let named = |value: Value| Named::of(&object(&json!({"name": "remote", "value": value}))).unwrap();
        assert!(named(json!(true)).answers(&named(json!("True"))));
        assert!(named(json!(3)).answers(&named(Value::Null)));
        assert!(!named(json!(3)).answers(&named(json!(4))));
    }

    #[test]
    fn ranges_meet_at_their_ends_and_are_open_where_nothing_is_said() {
        let range = |least: Value, most: Value| {
            Range::of(&object(&json!({"name": "salary", "value_min": least, "value_max": most})), float)
                .unwrap()
        };
        assert!(range(json!(1), json!(2)).overlaps(&range(json!(2), json!(3))));
        assert!(!range(json!(1), json!(2)).overlaps(&range(json!(3), Value::Null)));
        assert!(range(Value::Null, json!(2)).overlaps(&range(json!("1"), json!("9"))));
    }
}
