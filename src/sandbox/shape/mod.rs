//! What an object may look like: the wire's fields are checked, the unknown ones left out, the missing ones added.
//!
//! A scalar is kept as it was sent. Nothing is refused that HrFlow is known to take: the old spellings of dates
//! (`{"iso8601": …}`) and of `info.urls` (an object) are read too, and read-only fields are tolerated.

mod fields;

use std::fmt;

use serde_json::{Value, json};

use self::fields::Shape::{self, Any, Date, List, Moment, Name, Number, Text, Urls, Within};
use self::fields::{Fields, URL, fields_of};
use super::answer::Refusal;
use crate::model::{Entity, Object, parse_date};

/// Brings a posted object into its full form; what the server adds (key, dates, source or board) is not in it yet.
/// Lists that were not sent are empty.
pub(super) fn full(entity: Entity, mut object: Object) -> Result<Object, Refusal> {
    match entity {
        Entity::Profile => {
            require(&object, "info", "must be an object", Value::is_object)?;
            require(&object, "text", "must be a string", Value::is_string)?;
        }
        Entity::Job => {
            let is_said = |name: &Value| name.as_str().is_some_and(|name| !name.trim().is_empty());
            require(&object, "name", "must be a string that is not empty", is_said)?;
            require(&object, "location", "must be an object", Value::is_object)?;
        }
    }
    complete(&mut object, fields_of(entity), None)?;
    if entity == Entity::Profile {
        object.insert("attachments".to_owned(), json!([]));
    }
    Ok(object)
}

/// The lists that were not sent. HrFlow answers a creation with null for them, and with empty lists from then on.
pub(super) fn lists_not_sent(entity: Entity, sent: &Object) -> Vec<&'static str> {
    let lists = fields_of(entity).iter().filter(|(_, shape)| matches!(shape, List(_)));
    lists.map(|(name, _)| *name).filter(|name| sent.get(*name).is_none_or(Value::is_null)).collect()
}

fn require(
    sent: &Object,
    name: &str,
    detail: &str,
    is_right: impl Fn(&Value) -> bool,
) -> Result<(), Refusal> {
    if sent.get(name).is_some_and(is_right) { Ok(()) } else { Err(Refusal::field(name, detail)) }
}

/// Where a value stands: written out only when something is wrong with it.
#[derive(Clone, Copy)]
struct Path<'a> {
    before: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(before) = self.before {
            before.fmt(f)?;
        }
        match self.step {
            Step::Member(name) if self.before.is_some() => write!(f, ".{name}"),
            Step::Member(name) => f.write_str(name),
            Step::Item(place) => write!(f, "[{place}]"),
        }
    }
}

/// Leaves out the members that are not known, checks those that are, and adds those that are missing.
fn complete(object: &mut Object, fields: Fields, before: Option<&Path<'_>>) -> Result<(), Refusal> {
    object.retain(|name, _| fields.iter().any(|(known, _)| known == name));
    for &(name, shape) in fields {
        let path = Path { before, step: Step::Member(name) };
        if let Some(value) = object.get_mut(name) {
            check(value, shape, path)?;
        } else {
            let mut value = Value::Null;
            check(&mut value, shape, path)?;
            object.insert(name.to_owned(), value);
        }
    }
    Ok(())
}

/// Checks a value, and brings old spellings of it into today's.
fn check(value: &mut Value, shape: Shape, path: Path<'_>) -> Result<(), Refusal> {
    let refuse = |detail: &str| Err(Refusal::field(path, detail));
    match (shape, &mut *value) {
        (List(_) | Urls, Value::Null) => *value = json!([]),
        (Name, Value::String(name)) if name.trim().is_empty() => return refuse("must not be empty"),
        (Any, _) | (Text | Name | Date, Value::String(_)) | (Number, Value::Number(_)) => {}
        (Name, _) => return refuse("must be a string"),
        (_, Value::Null) => {}
        (Text, _) => return refuse("must be a string or null"),
        (Number, _) => return refuse("must be a number or null"),
        (Within(least, most), number) => match number.as_f64() {
            Some(number) if (least..=most).contains(&number) => {}
            Some(_) => return refuse("is out of range"),
            None => return refuse("must be a number or null"),
        },
        (Date, old) => match old.get_mut("iso8601").map(Value::take) {
            Some(date @ Value::String(_)) => *value = date,
            _ => return refuse("must be a date or null"),
        },
        (Moment, Value::String(date)) if parse_date(date).is_some() => {}
        (Moment, _) => return refuse("must be an ISO 8601 date or null"),
        (Shape::Object(fields), Value::Object(object)) => complete(object, fields, Some(&path))?,
        (Shape::Object(_), _) => return refuse("must be an object or null"),
        (Urls, Value::Object(old)) => *value = old.iter().flat_map(urls_of_type).collect(),
        (Urls, _) => check(value, List(URL), path)?,
        (List(fields), Value::Array(items)) => {
            for (place, item) in items.iter_mut().enumerate() {
                let path = Path { before: Some(&path), step: Step::Item(place) };
                let Value::Object(object) = item else {
                    return Err(Refusal::field(path, "must be an object"));
                };
                complete(object, fields, Some(&path))?;
            }
        }
        (List(_), _) => return refuse("must be a list or null"),
    }
    Ok(())
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
        full(Entity::Job, job.as_object().unwrap().clone())
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
        let profile = full(Entity::Profile, sent.as_object().unwrap().clone()).unwrap();
        assert_eq!(profile["info"]["urls"].as_array().unwrap().len(), 3);
        assert_eq!(profile["experiences"][0]["date_start"], "2016-01-01T00:00:00");
    }
}
