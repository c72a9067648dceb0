//! The sample objects, compiled in and unpacked once per process.

use std::io::Read;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::{Error, Kind, Result};
use crate::model::{Entity, parse_date};

/// One object as it is served: its JSON text, and what the lists need to know of it.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) reference: String,
    pub(super) modified: DateTime<Utc>,
    pub(super) body: Arc<RawValue>,
}

impl Item {
    /// Reads the JSON text of one object, which has `id` (text or a number) and `modifiedAt`.
    pub(super) fn parse(text: String) -> Result<Self> {
        let body = RawValue::from_string(text).map_err(unreadable)?;
        let head: Head = serde_json::from_str(body.get()).map_err(unreadable)?;
        let reference = match head.id {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => return Err(invalid("id", "must be a text or a number")),
        };
        let modified =
            parse_date(&head.modified_at).ok_or_else(|| invalid("modifiedAt", "must be an RFC 3339 date"))?;
        Ok(Self { reference, modified, body: body.into() })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    id: Value,
    modified_at: String,
}

/// The samples of one kind, in the order of their modification.
pub(super) fn of(entity: Entity) -> Result<Vec<Item>> {
    // Unpacking takes longer than everything a short test does, so it happens once.
    static CANDIDATES: LazyLock<Result<Vec<Item>>> =
        LazyLock::new(|| unpack(include_bytes!("../../samples/candidates.jsonl.gz")));
    static VACANCIES: LazyLock<Result<Vec<Item>>> =
        LazyLock::new(|| unpack(include_bytes!("../../samples/vacancies.jsonl.gz")));
    let items = match entity {
        Entity::Profile => &*CANDIDATES,
        Entity::Job => &*VACANCIES,
    };
    match items {
        Ok(items) => Ok(items.clone()),
        Err(error) => Err(Error::new(error.kind(), error.message())),
    }
}

fn unpack(packed: &[u8]) -> Result<Vec<Item>> {
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text).map_err(|cause| {
        Error::new(Kind::Internal, "the compiled-in samples cannot be unpacked").because(cause)
    })?;
    text.lines().map(|line| Item::parse(line.to_owned())).collect()
}

fn unreadable(cause: serde_json::Error) -> Error {
    Error::new(Kind::Invalid, "the object cannot be read").because(cause)
}

fn invalid(field: &str, detail: &str) -> Error {
    Error::new(Kind::Invalid, "the object cannot be read").field(field, detail)
}
