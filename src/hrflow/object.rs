//! A mapped object made ready: our reference and container on it, checked as HrFlow would, in one spelling.

use bytes::Bytes;
use serde_json::Value;

use super::check;
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Object, Reference};

/// An object that may be sent. Equal objects have equal bytes, so a fingerprint can be taken of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    entity: Entity,
    body: Bytes,
}

impl Prepared {
    /// What it is.
    pub fn entity(&self) -> Entity {
        self.entity
    }

    /// The JSON that is sent, and that a fingerprint is taken of.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The same as text, to be kept until it is sent.
    pub fn text(&self) -> &str {
        // It was a `String` when it was prepared or restored.
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// An object that was prepared earlier and kept as text.
    pub fn restore(entity: Entity, text: String) -> Self {
        Self { entity, body: text.into() }
    }

    /// What keeps it from being found although it can be indexed; see [`notes`].
    pub fn notes(&self) -> Vec<String> {
        serde_json::from_slice(&self.body).map_or_else(|_| Vec::new(), |object| notes(self.entity, &object))
    }

    /// The JSON with HrFlow's key in it. `prepare` removed any other, and the object is never empty.
    pub(super) fn with_key(&self, key: &str) -> Bytes {
        let key = Value::from(key).to_string();
        [br#"{"key":"#, key.as_bytes(), b",", &self.body[1..]].concat().into()
    }
}

/// Makes a mapped object ready: `reference` and `source_key` or `board_key` are ours whatever it says, and a `key` of its own
/// is dropped. Anything may be prepared again: the result is the same.
///
/// Fails with [`Kind::Invalid`], naming every field that HrFlow would refuse (the first 20), and never quoting a value.
pub fn prepare(
    entity: Entity,
    container_key: &str,
    reference: &Reference,
    mut mapped: Object,
) -> Result<Prepared> {
    mapped.remove("key");
    mapped.insert("reference".to_owned(), reference.as_str().into());
    mapped.insert(format!("{}_key", entity.container()), container_key.into());
    let problems = check::problems(entity, &mapped);
    if !problems.is_empty() {
        let error = Error::new(Kind::Invalid, format!("the mapped {entity} cannot be sent to HrFlow"));
        return Err(problems.into_iter().fold(error, |error, (field, detail)| error.field(field, detail)));
    }
    Ok(Prepared { entity, body: Value::Object(mapped).to_string().into() })
}

/// What keeps an object from being found although it can be indexed: `not searchable: …`, `not scorable: …`, by the rule of
/// HrFlow's own SDK. There is no such rule for jobs.
pub fn notes(entity: Entity, object: &Object) -> Vec<String> {
    match entity {
        Entity::Profile => profile_notes(object),
        Entity::Job => Vec::new(),
    }
}

/// The eight facts of which four make a profile searchable.
const FACTS: [&str; 8] =
    ["first_name", "last_name", "phone", "date_birth", "gender", "summary", "urls", "location"];

fn profile_notes(profile: &Object) -> Vec<String> {
    let info = profile.get("info").and_then(Value::as_object);
    let known = |name: &str| info.and_then(|info| info.get(name)).is_some_and(is_set);
    let facts = FACTS.iter().filter(|name| known(name)).count();
    let identified = known("email") || (known("first_name") && known("last_name")) || facts >= 4;
    let mut missing = Vec::new();
    if !profile.get("text").is_some_and(is_set) {
        missing.push("`text` is empty".to_owned());
    }
    if !identified {
        missing.push(format!(
            "`info` needs `email`, or `first_name` and `last_name`, or 4 of {} (it has {facts})",
            FACTS.map(|name| format!("`{name}`")).join(", ")
        ));
    }
    let mut notes = Vec::new();
    if !missing.is_empty() {
        notes.push(format!("not searchable: {}", missing.join("; ")));
    }
    let any = |list: &str, members: &[&str]| {
        let items = profile.get(list).and_then(Value::as_array);
        items.is_some_and(|items| {
            items.iter().any(|item| members.iter().any(|name| item.get(name).is_some_and(is_set)))
        })
    };
    let has = |list: &str| profile.get(list).is_some_and(is_set);
    let described = any("experiences", &["title"])
        || any("educations", &["title", "school"])
        || known("summary")
        || has("skills")
        || has("tasks");
    if !missing.is_empty() {
        notes.push("not scorable: it is not searchable".to_owned());
    } else if !described {
        notes.push(
            "not scorable: it needs an experience with a `title`, an education with a `title` or `school`, \
             `info.summary`, `skills` or `tasks`"
                .to_owned(),
        );
    }
    notes
}

/// Set as the SDK's Python sees it: not null, false, zero or empty.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}
