//! An answer as it came, and what its status means.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use serde_json::error::Category;

use crate::error::{Error, Kind, Result};
use crate::model::Clock;

/// The longest wait that the other side can ask of us.
pub(super) const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long the other side asks us to wait, at most an hour.
    pub retry_after: Option<Duration>,
    /// The body: of a success all of it, of an error what could be read.
    pub body: Bytes,
    content_type: Option<String>,
    content_encoding: Option<String>,
}

impl Answer {
    pub(super) fn head(status: u16, headers: &HeaderMap) -> Self {
        let text =
            |name| headers.get(name).and_then(|value: &reqwest::header::HeaderValue| value.to_str().ok());
        // The other side's own clock, when it shows one, since its date is meant by that clock.
        let now = text(DATE).and_then(http_date).unwrap_or_else(|| Clock::System.now());
        Self {
            status,
            retry_after: text(RETRY_AFTER).and_then(|value| retry_after(value, now)),
            body: Bytes::new(),
            content_type: text(CONTENT_TYPE).map(str::to_owned),
            content_encoding: text(CONTENT_ENCODING).map(str::to_owned),
        }
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body, if the headers say that it is JSON in plain; else [`Kind::Upstream`], naming what it is.
    pub fn json(&self, who: &str) -> Result<&Bytes> {
        if let Some(encoding) = self.content_encoding.as_deref()
            && !encoding.eq_ignore_ascii_case("identity")
        {
            return Err(unreadable(format!("{who} answered in a content encoding that was not asked for")));
        }
        match self.content_type.as_deref() {
            Some(content_type) if is_json(content_type) => Ok(&self.body),
            Some(content_type) => Err(unreadable(format!(
                "{who} answered with the content type `{}` instead of application/json",
                media_type(content_type)
            ))),
            None => Err(unreadable(format!("{who} answered without a content type"))),
        }
    }
}

fn unreadable(message: String) -> Error {
    Error::new(Kind::Upstream, message)
}

/// The content type without parameters, and nothing in it but what a content type is made of.
fn media_type(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.chars().filter(|c| c.is_ascii_alphanumeric() || "/+.-_".contains(*c)).take(60).collect()
}

fn is_json(content_type: &str) -> bool {
    let essence = media_type(content_type).to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Where JSON cannot be read, without quoting it.
pub fn describe_json(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Eof => "the JSON ends too early",
        Category::Syntax | Category::Io => "no JSON",
        Category::Data => "JSON of another shape than documented",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

/// What a status means, the one place that says so; a success means no error.
pub fn refusal(who: &str, status: u16, retry_after: Option<Duration>) -> Option<Error> {
    let (kind, sentence) = match status {
        200..300 => return None,
        300..400 => {
            (Kind::Denied, format!("{who} answered with a redirect ({status}), which is not followed"))
        }
        402 => {
            let sentence = format!("{who} says that our plan's quota for this endpoint is used up (402)");
            (Kind::Denied, sentence)
        }
        401..404 => (Kind::Denied, format!("{who} refuses our credential ({status})")),
        404 => (Kind::NotFound, format!("{who} does not have it (404)")),
        410 => (Kind::Gone, format!("{who} no longer has it (410)")),
        429 => (Kind::RateLimited, format!("{who} asks us to slow down (429)")),
        408 | 425 | 500.. => (Kind::Upstream, format!("{who} failed ({status})")),
        400..500 => (Kind::Refused, format!("{who} refused the request ({status})")),
        ..200 => (Kind::Upstream, format!("{who} answered with the status {status}")),
    };
    let error = Error::new(kind, sentence);
    Some(match retry_after {
        Some(wait) if kind.is_temporary() => error.retry_after(wait),
        _ => error,
    })
}

fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        // More digits than fit are still a number, and a long wait.
        Err(_) if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => MAX_RETRY_AFTER,
        Err(_) => (http_date(value)? - now).to_std().unwrap_or_default(),
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// An HTTP date in the one form that is still written (RFC 9110 §5.6.7), which RFC 2822 can read.
fn http_date(value: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(value.trim()).ok().map(|date| date.to_utc())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_wait_is_read_in_seconds_or_as_a_date_and_never_exceeds_an_hour() {
        let now = http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let read = |value| retry_after(value, now).map(|wait| wait.as_secs());
        assert_eq!(read("120"), Some(120));
        assert_eq!(read(" 0 "), Some(0));
        assert_eq!(read("86400"), Some(3600));
        assert_eq!(read("99999999999999999999999"), Some(3600));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        for value in ["", "soon", "-5", "1.5"] {
            assert_eq!(read(value), None, "{value}");
        }
    }

    #[test]
    fn a_status_means_the_same_everywhere() {
        let kind = |status| refusal("HrFlow", status, None).map(|error| error.kind());
        assert_eq!(kind(200), None);
        assert_eq!(kind(204), None);
        assert_eq!(kind(302), Some(Kind::Denied));
        for (status, expected) in [
            (400, Kind::Refused),
            (401, Kind::Denied),
            (402, Kind::Denied),
            (403, Kind::Denied),
            (404, Kind::NotFound),
            (405, Kind::Refused),
            (408, Kind::Upstream),
            (410, Kind::Gone),
            (422, Kind::Refused),
            (425, Kind::Upstream),
            (429, Kind::RateLimited),
            (500, Kind::Upstream),
            (503, Kind::Upstream),
        ] {
            assert_eq!(kind(status), Some(expected), "{status}");
        }
    }

    #[test]
    fn json_has_a_few_names() {
        for name in [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON",
            "application/hal+json",
        ] {
            assert!(is_json(name), "{name}");
        }
        for name in ["text/html", "text/json", "application/jsonp", ""] {
            assert!(!is_json(name), "{name}");
        }
    }
}
