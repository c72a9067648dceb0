//! HrFlow's envelope `{code, message, data, meta}`, and what its refusals mean.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::About;
use super::trim::trimmed;
use crate::error::{Answered, Error, Kind, Result, Side};
use crate::http::{self, Answer, describe_json, refusal};

/// How long a plan's quota that is used up is left alone where HrFlow does not say.
const PLAN_WAIT: Duration = Duration::from_mins(1);

/// A success.
pub(super) struct Read<T> {
    pub(super) data: T,
    pub(super) meta: Option<Meta>,
}

/// Where a page stands.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Meta {
    pub(super) page: u64,
    #[serde(rename = "maxPage")]
    pub(super) max_page: u64,
    /// How many objects the page has, if told.
    #[serde(default)]
    pub(super) count: Option<u64>,
    pub(super) total: u64,
}

#[derive(Deserialize)]
struct Envelope<T> {
    code: u16,
    data: T,
    meta: Option<Meta>,
}

/// What every envelope has, errors included.
#[derive(Deserialize)]
struct Head {
    code: u16,
    #[serde(default)]
    message: String,
}

/// Reads an answer: its data, or the error that its status, its code and its message mean.
pub(super) fn read<T: DeserializeOwned>(
    http: &http::Client,
    answer: &Answer,
    about: About,
) -> Result<Read<T>> {
    understand(http, answer, about).map_err(|error| error.answered(Side::HrFlow, answer.status, None))
}

fn understand<T: DeserializeOwned>(http: &http::Client, answer: &Answer, about: About) -> Result<Read<T>> {
    if !answer.is_success() {
        return Err(refused(http, answer, about));
    }
    let body = answer.json(http.who())?;
    match read_envelope(body, about) {
        Ok(Envelope { code: ..400, data, meta }) => Ok(Read { data, meta }),
        // A refusal may come with a success's status, and then without the data that a success has.
        other => match serde_json::from_slice::<Head>(body) {
            Ok(head) if head.code >= 400 => Err(judge(http, answer, &head, about)),
            _ => {
                let what = other.err().map_or_else(String::new, |error| describe_json(&error));
                Err(Error::new(Kind::Upstream, format!("HrFlow's answer cannot be read: {what}")))
            }
        },
    }
}

/// Reads what was trimmed, and where that cannot be read all of it: to tell what is wrong, and where.
fn read_envelope<T: DeserializeOwned>(body: &[u8], about: About) -> serde_json::Result<Envelope<T>> {
    let trimmed = about.members.and_then(|members| trimmed(body, members));
    let read = trimmed.and_then(|trimmed| serde_json::from_slice(&trimmed).ok());
    read.map_or_else(|| serde_json::from_slice(body), Ok)
}

fn refused(http: &http::Client, answer: &Answer, about: About) -> Error {
    let head = answer.json(http.who()).ok().and_then(|body| serde_json::from_slice::<Head>(body).ok());
    if let Some(head) = head.filter(|head| head.code >= 400) {
        return judge(http, answer, &head, about);
    }
    let Some(error) = refusal(http.who(), answer.status, answer.retry_after) else {
        return Error::new(Kind::Internal, "a success was read as a refusal");
    };
    match answer.status {
        // Too large is true of the object, whoever says so.
        413 | 414 | 431 => error,
        // Whoever this was, it did not speak as HrFlow does, so nothing is known of the object.
        _ if !error.kind().is_temporary() => Error::new(
            Kind::Upstream,
            format!("HrFlow answered {} without its envelope: is `api_url` right?", answer.status),
        ),
        _ => error,
    }
}

/// What a readable envelope with a code of 400 or more means.
///
/// The message is read and never quoted: it may repeat anything of the object, a name or a phone number included.
fn judge(http: &http::Client, answer: &Answer, head: &Head, about: About) -> Error {
    meant(http, answer, head, about).answered(Side::HrFlow, answer.status, Some(head.code))
}

fn meant(http: &http::Client, answer: &Answer, head: &Head, about: About) -> Error {
    let Head { code, message } = head;
    let what = about.what;
    // Only the end of the sentence is HrFlow's: the rest quotes the reference, which may say anything.
    let missing = message.rsplit_once("Unable to find object: ").map(|(_, object)| first_word(object.trim()));
    if message.trim_end().ends_with("Already used!") {
        return Error::new(
            Kind::Conflict,
            format!("HrFlow has a {what} with this reference already ({code})"),
        );
    }
    match (*code, missing) {
        (400 | 404 | 422, Some(object @ ("profile" | "job"))) => {
            Error::new(Kind::NotFound, format!("HrFlow does not find the {object} ({code})"))
        }
        (400 | 404 | 422, Some(object @ ("source" | "board" | "algorithm"))) => {
            Error::new(Kind::Denied, format!("HrFlow does not know our {object} ({code})"))
        }
        (400 | 404 | 422, Some(_)) => {
            Error::new(Kind::Denied, format!("HrFlow does not know our source, board or algorithm ({code})"))
        }
        (400, None) if is_container_refusal(message) => {
            Error::new(Kind::Denied, format!("HrFlow does not know our source or board ({code})"))
        }
        (404, None) if about.must_exist => {
            Error::new(Kind::NotFound, format!("HrFlow does not find the {what} ({code})"))
        }
        (404 | 405, None) => Error::new(
            Kind::Upstream,
            format!("HrFlow does not know this address ({code}): is `api_url` right?"),
        ),
        (400 | 409 | 410 | 413 | 422, _) => {
            Error::new(Kind::Refused, format!("HrFlow refused the {what} ({code}); {}", about.remedy))
        }
        (code, _) => refusal(http.who(), code, answer.retry_after)
            .unwrap_or_else(|| Error::new(Kind::Upstream, "HrFlow answered with an unknown code")),
    }
}

/// What a failure means to somebody who asked and waits: whether HrFlow gave an answer that is of no use, or none because
/// of its own state, which passes.
pub(super) fn of_a_question(error: Error) -> Error {
    let told = error.answer().map(|Answered { status, code, .. }| code.unwrap_or(status));
    match (error.kind(), told) {
        (Kind::Upstream, Some(504)) => error.told_as(Kind::TimedOut),
        (Kind::Upstream, Some(408 | 425 | 500..)) => error.told_as(Kind::Down),
        (Kind::Denied, Some(402)) => {
            let wait = error.wait().unwrap_or(PLAN_WAIT);
            error.told_as(Kind::Down).retry_after(wait)
        }
        _ => error,
    }
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

/// The older wordings for an unknown source or board.
fn is_container_refusal(message: &str) -> bool {
    ["Invalid source", "Invalid board"].iter().any(|start| message.contains(start))
}
