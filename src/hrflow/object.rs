//! A mapped object made ready: our reference and container on it, checked as HrFlow would, in one spelling.

use bytes::Bytes;
use serde_json::Value;

use super::check;
use super::eligibility::notes;
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
