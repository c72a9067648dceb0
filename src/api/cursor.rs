//! Cursors: where a list goes on, opaque to callers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::parameters::{Given, Parameter};
use super::shape::Shape;
use crate::error::{Error, Kind, Result};
use crate::model::parse_date;

/// Where to go on.
pub(super) const CURSOR: Parameter = Parameter::optional(
    "cursor",
    Shape::Cursor,
    "Where to go on: the cursor of the answer before. Left out, it begins at the beginning.",
);

/// The list that scoring and searching give.
pub(super) const RANKING: &str = "ranking";

/// From when on.
pub(super) const FROM: Parameter = Parameter::optional("from", Shape::Date, "Not before this moment.");

/// Until when.
pub(super) const TO: Parameter =
    Parameter::optional("to", Shape::Date, "Before this moment.").like("2026-12-31T00:00:00Z");

/// The cursor of the list called `list` that goes on at `place`.
pub(super) fn write(list: &str, place: &impl Serialize) -> Result<String> {
    let text = serde_json::to_vec(&(list, place));
    let text =
        text.map_err(|cause| Error::new(Kind::Internal, "a cursor could not be written").because(cause))?;
    Ok(URL_SAFE_NO_PAD.encode(text))
}

/// Where the list called `list` goes on, if it is told.
///
/// # Errors
/// `Invalid` for a cursor that this list never gave.
pub(super) fn read<T: DeserializeOwned>(list: &str, given: &Given) -> Result<Option<T>> {
    let Some(text) = given.text(CURSOR.name) else { return Ok(None) };
    let read = URL_SAFE_NO_PAD.decode(text).ok().and_then(|text| String::from_utf8(text).ok());
    let read = read.filter(|text| !has_nul(text));
    let read = read.and_then(|text| serde_json::from_str::<(String, T)>(&text).ok());
    let read = read.filter(|(of, _)| of == list).ok_or_else(|| {
        Error::new(Kind::Invalid, "the query parameters cannot be accepted")
            .field(CURSOR.name, "is none that this list gave")
    })?;
    Ok(Some(read.1))
}

/// Whether a text in this JSON has a NUL in it, which PostgreSQL takes in no text.
fn has_nul(json: &str) -> bool {
    json.replace(r"\\", "").contains(r"\u0000")
}

/// `from` and `to` in Unix microseconds.
///
/// # Errors
/// `Invalid` when nothing can lie between them.
pub(super) fn span(given: &Given) -> Result<(Option<i64>, Option<i64>)> {
    let micros = |name| given.text(name).and_then(parse_date).map(|date| date.timestamp_micros());
    let (from, to) = (micros(FROM.name), micros(TO.name));
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        let problem = Error::new(Kind::Invalid, "the query parameters cannot be accepted");
        return Err(problem.field(FROM.name, "must be earlier than `to`"));
    }
    Ok((from, to))
}
