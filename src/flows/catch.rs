//! Catch: a webhook is understood and kept durably before it is answered; nobody is called on this road.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Context, Partner};
use crate::config::OnArchive;
use crate::error::{Error, Kind, Result};
use crate::model::{Action, Entity, EventKind, Reference, SAMPLE_REFERENCE, parse_date};
use crate::store::{Delivery, Event, Receipt};

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

/// What became of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was kept, or was known already.
    Kept(Receipt),
    /// It was the static sample.
    Ping,
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
    let body: Body<'_> = serde_json::from_slice(body).map_err(|cause| {
        if cause.is_data() {
            let problem = Error::new(Kind::Invalid, "the webhook cannot be accepted");
            let twice = ["reference", "event_type", "event_date"]
                .into_iter()
                .find(|name| cause.to_string().contains(&format!("duplicate field `{name}`")));
            match twice {
                Some(name) => problem.field(name, "stands there twice"),
                None => problem.field("body", "must be an object with `reference` and `event_date`"),
            }
        } else {
            let (line, column) = (cause.line(), cause.column());
            Error::new(Kind::Malformed, format!("the body is not JSON (line {line}, column {column})"))
                .because(cause)
        }
    })?;
    let mut problem = Error::new(Kind::Invalid, "the webhook cannot be accepted");

    let reference = match required(body.reference).map(Reference::parse) {
        Ok(Ok(reference)) => Some(reference),
        Ok(Err(refused)) => {
            let detail = refused.fields().first().map_or("cannot be used", |field| field.detail.as_str());
            problem = problem.field("reference", detail);
            None
        }
        Err(detail) => {
            problem = problem.field("reference", detail);
            None
        }
    };
    if let Some(event_type) = body.event_type
        && serde_json::from_str::<String>(event_type.get()).ok().as_deref() != Some(kind.as_str())
    {
        problem = problem.field("event_type", format!("must be `{kind}`, as in the address, or absent"));
    }
    let date = match required(body.event_date) {
        Ok(raw) if raw.len() > MAX_DATE => Err(format!("must have at most {MAX_DATE} characters")),
        Ok(raw) => parse_date(&raw)
            .map(|date| (raw, date))
            .ok_or_else(|| "must be a date and time like 2022-03-01T14:21:58Z".to_owned()),
        Err(detail) => Err(detail.to_owned()),
    };
    match (reference, date) {
        (Some(reference), Ok((raw_date, date))) if problem.fields().is_empty() => {
            Ok(Notice { kind, reference, raw_date, date })
        }
        (_, Err(detail)) => Err(problem.field("event_date", detail)),
        _ => Err(problem),
    }
}

fn required(member: Option<&RawValue>) -> Result<String, &'static str> {
    let member = member.ok_or("is required")?;
    serde_json::from_str(member.get()).map_err(|_| "must be a string")
}

/// Keeps a webhook of `partner`, unless it is the sample. What it announced is durable when this returns.
///
/// # Errors
/// Those of [`understand`], and `Unavailable` when it could not be kept.
pub async fn keep(context: &Context, partner: &Partner, kind: EventKind, body: &[u8]) -> Result<Answer> {
    let notice = understand(kind, body)?;
    let name = &partner.settings.name;
    if notice.is_sample() {
        tracing::info!(partner = %name, event = %kind, "a sample webhook arrived");
        context.metrics.acknowledged(name, "ping");
        return Ok(Answer::Ping);
    }
    let event = Event {
        id: uuid::Uuid::now_v7().to_string(),
        kind,
        reference: notice.reference,
        raw_date: notice.raw_date,
        date: notice.date,
    };
    let erases = kind.entity == Entity::Profile
        && kind.action == Action::Archive
        && partner.settings.on_archive == OnArchive::Erase;
    let receipt = context.store.keep(Delivery { partner: name.clone(), event, erases }).await?;
    let status = match &receipt {
        Receipt::Accepted(_) => "accepted",
        Receipt::Duplicate(_) => "duplicate",
        Receipt::Stale(_) => "stale",
        Receipt::Erased => "erased",
    };
    context.metrics.acknowledged(name, status);
    partner.records_due.notify_one();
    Ok(Answer::Kept(receipt))
}
