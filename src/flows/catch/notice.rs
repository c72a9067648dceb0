//! What a webhook's body says: one event, or a batch of them.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Error, Kind, Result};
use crate::model::{EventKind, Reference, SAMPLE_REFERENCE, parse_date};

/// The most events of a batch.
pub const MAX_BATCH: usize = 100;

/// The longest `event_date` we read, in bytes.
const MAX_DATE: usize = 64;

/// What a webhook says, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What happened, to what.
    pub kind: EventKind,
    /// To which.
    pub reference: Reference,
    /// `event_date` as it was written.
    pub raw_date: String,
    /// `event_date`; one without an offset is UTC.
    pub date: DateTime<Utc>,
}

impl Notice {
    /// Whether it is the static sample payload, which is answered and reaches nobody.
    pub fn is_sample(&self) -> bool {
        self.reference.as_str() == SAMPLE_REFERENCE
    }
}

/// The members we read; others are tolerated, since HrFlow's own example has the request's headers in the body.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    reference: Option<&'a RawValue>,
    #[serde(borrow)]
    event_type: Option<&'a RawValue>,
    #[serde(borrow)]
    event_date: Option<&'a RawValue>,
}

/// Reads the body of a webhook that was sent to the address of `kind`.
///
/// # Errors
/// `Malformed` when it is not JSON, `Invalid` with all the fields that are wrong.
pub fn understand(kind: EventKind, body: &[u8]) -> Result<Notice> {
    let body = read(body, "body", "an object with `reference` and `event_date`")?;
    notice(&body, |named| match named {
        Some(named) if text(named).as_deref() != Ok(kind.as_str()) => {
            Err(format!("must be `{kind}`, as in the address, or absent"))
        }
        _ => Ok(kind),
    })
}

/// The items of a batch, each of which is JSON.
///
/// # Errors
/// `Malformed` when the body is not JSON, `Invalid` when it is no list of as many events as we take.
pub(super) fn split(body: &[u8]) -> Result<Vec<&RawValue>> {
    let expected = format!("a list of 1 to {MAX_BATCH} events");
    let items: Vec<&RawValue> =
        serde_json::from_slice(body).map_err(|cause| unreadable(cause, "body", &expected))?;
    if (1..=MAX_BATCH).contains(&items.len()) {
        return Ok(items);
    }
    Err(refusal().field("body", format!("must be {expected}, not of {}", items.len())))
}

/// Reads an item of a batch, which names its event itself. `serves` says why an event cannot be taken, if so.
///
/// # Errors
/// `Invalid` with all the fields that are wrong.
pub(super) fn understand_item(
    item: &RawValue,
    serves: impl FnOnce(EventKind) -> Result<EventKind, String>,
) -> Result<Notice> {
    let expected = "an object with `reference`, `event_type` and `event_date`";
    let body = read(item.get().as_bytes(), "item", expected)?;
    notice(&body, |named| {
        let named = required(named)?;
        serves(EventKind::parse(&named).ok_or_else(|| {
            let known = EventKind::ALL.map(EventKind::as_str).join(", ");
            format!("must be one of {known}")
        })?)
    })
}

fn read<'a>(text: &'a [u8], whole: &str, expected: &str) -> Result<Body<'a>> {
    let body = serde_json::from_slice(text).map_err(|cause| unreadable(cause, whole, expected))?;
    // The parser takes a list for the members in the order in which they stand here, which nobody was told.
    if text.trim_ascii_start().starts_with(b"[") {
        return Err(refusal().field(whole, format!("must be {expected}")));
    }
    Ok(body)
}

fn refusal() -> Error {
    Error::new(Kind::Invalid, "the webhook cannot be accepted")
}

fn unreadable(cause: serde_json::Error, whole: &str, expected: &str) -> Error {
    if !cause.is_data() {
        let (line, column) = (cause.line(), cause.column());
        let message = format!("the body is not JSON (line {line}, column {column})");
        return Error::new(Kind::Malformed, message).because(cause);
    }
    let twice = ["reference", "event_type", "event_date"]
        .into_iter()
        .find(|name| cause.to_string().contains(&format!("duplicate field `{name}`")));
    match twice {
        Some(name) => refusal().field(name, "stands there twice"),
        None => refusal().field(whole, format!("must be {expected}")),
    }
}

fn notice(
    body: &Body<'_>,
    kind: impl FnOnce(Option<&RawValue>) -> Result<EventKind, String>,
) -> Result<Notice> {
    let reference = required(body.reference).and_then(|text| {
        Reference::parse(text).map_err(|refused| {
            refused.fields().first().map_or("cannot be used".to_owned(), |field| field.detail.clone())
        })
    });
    let kind = kind(body.event_type);
    let date = match required(body.event_date) {
        Ok(raw) if raw.len() > MAX_DATE => Err(format!("must have at most {MAX_DATE} characters")),
        Ok(raw) => parse_date(&raw)
            .map(|date| (raw, date))
            .ok_or_else(|| "must be a date and time like 2022-03-01T14:21:58Z".to_owned()),
        Err(detail) => Err(detail),
    };
    match (reference, kind, date) {
        (Ok(reference), Ok(kind), Ok((raw_date, date))) => Ok(Notice { kind, reference, raw_date, date }),
        (reference, kind, date) => {
            let wrong =
                [("reference", reference.err()), ("event_type", kind.err()), ("event_date", date.err())];
            let wrong = wrong.into_iter().filter_map(|(name, detail)| Some((name, detail?)));
            Err(wrong.fold(refusal(), |problem, (name, detail)| problem.field(name, detail)))
        }
    }
}

fn required(member: Option<&RawValue>) -> Result<String, String> {
    text(member.ok_or("is required")?)
}

fn text(member: &RawValue) -> Result<String, String> {
    serde_json::from_str(member.get()).map_err(|_| "must be a string".to_owned())
}
