//! What HrFlow would refuse in an object, found before it is sent. Fields that we do not know pass.

use serde_json::Value;

use crate::model::{Entity, Object};

/// The most problems that are told of one object.
const MOST: usize = 20;

/// The lists whose items must have a `name`, in profiles, jobs, experiences and educations alike.
const TRAITS: [&str; 8] =
    ["skills", "languages", "certifications", "courses", "tasks", "interests", "tags", "metadatas"];

/// (path, what is wrong), in the order of the checks; empty when there is nothing to refuse.
pub(super) fn problems(entity: Entity, object: &Object) -> Vec<(String, String)> {
    let mut found = Found::default();
    match entity {
        Entity::Profile => profile(object, &mut found),
        Entity::Job => job(object, &mut found),
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<(String, String)>);

impl Found {
    fn tell(&mut self, path: &str, detail: impl Into<String>) {
        if self.0.len() < MOST {
            self.0.push((path.to_owned(), detail.into()));
        }
    }

    fn expected(&mut self, path: &str, what: &str, value: &Value) {
        self.tell(path, format!("must be {what}, not {}", kind_of(value)));
    }
}

fn profile(profile: &Object, found: &mut Found) {
    match profile.get("info") {
        Some(Value::Object(info)) => self::info(info, found),
        Some(other) => found.expected("info", "an object", other),
        None => found.tell("info", "is missing: HrFlow needs an object"),
    }
    match profile.get("text") {
        Some(Value::String(_)) => {}
        Some(other) => found.expected("text", "a string", other),
        None => found.tell("text", "is missing: HrFlow needs a string"),
    }
    texts(profile, "", &["text_language", "created_at", "summary", "cover_letter"], found);
    for name in ["experiences_duration", "educations_duration"] {
        number(profile, "", name, Some((0.0, f64::INFINITY)), found);
    }
    traits(profile, "", found);
    for (list, place) in [("experiences", "company"), ("educations", "school")] {
        each(profile, "", list, found, |item, path, found| {
            texts(item, path, &[place, "title", "description", "date_start", "date_end", "logo"], found);
            location(item, path, found);
            traits(item, path, found);
        });
    }
    for list in ["labels", "attachments"] {
        each(profile, "", list, found, |_, _, _| {});
    }
}

fn info(info: &Object, found: &mut Found) {
    let names = [
        "full_name",
        "first_name",
        "last_name",
        "email",
        "phone",
        "date_birth",
        "picture",
        "gender",
        "summary",
    ];
    texts(info, "info.", &names, found);
    location(info, "info.", found);
    match info.get("urls") {
        // The older form is one object.
        None | Some(Value::Null | Value::Object(_)) => {}
        Some(_) => each(info, "info.", "urls", found, |item, path, found| {
            texts(item, path, &["type", "url"], found);
        }),
    }
}

fn job(job: &Object, found: &mut Found) {
    match job.get("name") {
        Some(Value::String(name)) if name.trim().is_empty() => found.tell("name", "must not be empty"),
        Some(Value::String(_)) => {}
        Some(other) => found.expected("name", "a string", other),
        None => found.tell("name", "is missing: HrFlow needs a string"),
    }
    match job.get("location") {
        Some(Value::Object(_)) => location(job, "", found),
        Some(other) => found.expected("location", "an object", other),
        None => found.tell("location", "is missing: HrFlow needs an object such as {\"text\": null}"),
    }
    let names = [
        "url",
        "picture",
        "summary",
        "created_at",
        "culture",
        "responsibilities",
        "requirements",
        "benefits",
        "interviews",
    ];
    texts(job, "", &names, found);
    traits(job, "", found);
    each(job, "", "sections", found, |item, path, found| {
        texts(item, path, &["name", "title", "description"], found);
    });
    each(job, "", "ranges_float", found, |item, path, found| {
        named(item, path, found);
        number(item, path, "value_min", None, found);
        number(item, path, "value_max", None, found);
        texts(item, path, &["unit"], found);
    });
    each(job, "", "ranges_date", found, |item, path, found| {
        named(item, path, found);
        texts(item, path, &["value_min", "value_max"], found);
    });
}

fn traits(object: &Object, base: &str, found: &mut Found) {
    for list in TRAITS {
        each(object, base, list, found, |item, path, found| {
            named(item, path, found);
            texts(item, path, &["type"], found);
            if let Some(value @ (Value::Array(_) | Value::Object(_))) = item.get("value") {
                found.expected(&format!("{path}value"), "a string, a number, a boolean or null", value);
            }
        });
    }
}

/// A list, if it is there, is a list of objects.
fn each(
    object: &Object,
    base: &str,
    list: &str,
    found: &mut Found,
    check: impl Fn(&Object, &str, &mut Found),
) {
    match object.get(list) {
        None | Some(Value::Null) => {}
        Some(Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                match item {
                    Value::Object(item) => check(item, &format!("{base}{list}[{index}]."), found),
                    other => found.expected(&format!("{base}{list}[{index}]"), "an object", other),
                }
            }
        }
        Some(other) => found.expected(&format!("{base}{list}"), "a list", other),
    }
}

fn named(item: &Object, base: &str, found: &mut Found) {
    match item.get("name") {
        Some(Value::String(_)) => {}
        Some(other) => found.expected(&format!("{base}name"), "a string", other),
        None => found.tell(&format!("{base}name"), "is missing"),
    }
}

fn texts(object: &Object, base: &str, names: &[&str], found: &mut Found) {
    for name in names {
        match object.get(*name) {
            None | Some(Value::Null | Value::String(_)) => {}
            Some(other) => found.expected(&format!("{base}{name}"), "a string", other),
        }
    }
}

fn location(object: &Object, base: &str, found: &mut Found) {
    match object.get("location") {
        None | Some(Value::Null) => {}
        Some(Value::Object(location)) => {
            let path = format!("{base}location.");
            texts(location, &path, &["text"], found);
            number(location, &path, "lat", Some((-90.0, 90.0)), found);
            number(location, &path, "lng", Some((-180.0, 180.0)), found);
        }
        Some(other) => found.expected(&format!("{base}location"), "an object", other),
    }
}

fn number(object: &Object, base: &str, name: &str, range: Option<(f64, f64)>, found: &mut Found) {
    let path = format!("{base}{name}");
    match object.get(name) {
        None | Some(Value::Null) => {}
        Some(Value::Number(number)) => {
            if let (Some((low, high)), Some(number)) = (range, number.as_f64())
                && !(low..=high).contains(&number)
            {
                let bound = if high.is_infinite() {
                    format!("at least {low}")
                } else {
                    format!("from {low} to {high}")
                };
                found.tell(&path, format!("must be {bound}"));
            }
        }
        Some(other) => found.expected(&path, "a number", other),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
