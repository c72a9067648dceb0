//! Answers as HrFlow writes them: one envelope for everything, refusals included.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use crate::error::Error;
use crate::model::Entity;

/// The SDK throws away every answer whose content type differs from this by a single byte.
const CONTENT_TYPE: (&str, &str) = ("Content-Type", "application/json");

#[derive(Serialize)]
struct Envelope<'a, T> {
    code: u16,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<T>,
}

/// Where a page stands in its list.
#[derive(Clone, Copy, Debug, Serialize, PartialEq)]
pub(super) struct Meta {
    page: usize,
    #[serde(rename = "maxPage")]
    max_page: usize,
    count: usize,
    total: usize,
}

impl Meta {
    /// Of a page with `count` of the list's `total` items. An empty list has one page, an empty one.
    pub(super) fn new(page: usize, limit: usize, count: usize, total: usize) -> Self {
        Self { page, max_page: total.div_ceil(limit.max(1)).max(1), count, total }
    }
}

/// A date as HrFlow writes it: whole seconds, no colon in the offset.
pub(super) fn wire_date(date: DateTime<Utc>) -> String {
    date.format("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

/// A finished answer: made on the blocking pool, sent from a connection's thread.
pub(super) struct Reply {
    status: StatusCode,
    body: Vec<u8>,
}

impl Responder for Reply {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::build(self.status).insert_header(CONTENT_TYPE).body(self.body)
    }
}

/// What a call came to.
pub(super) type Answer = Result<Reply, Refusal>;

/// 200 with data.
pub(super) fn done(message: &str, data: impl Serialize) -> Answer {
    write(StatusCode::OK, message, None, Some(data))
}

/// 201 with what was made.
pub(super) fn created(message: &str, data: impl Serialize) -> Answer {
    write(StatusCode::CREATED, message, None, Some(data))
}

/// 200 with a page of a list.
pub(super) fn page(message: &str, meta: Meta, data: impl Serialize) -> Answer {
    write(StatusCode::OK, message, Some(meta), Some(data))
}

fn write(status: StatusCode, message: &str, meta: Option<Meta>, data: Option<impl Serialize>) -> Answer {
    let envelope = Envelope { code: status.as_u16(), message, meta, data };
    let body = serde_json::to_vec(&envelope).map_err(|_| Refusal::internal())?;
    Ok(Reply { status, body })
}

/// A call that was turned down, in HrFlow's words where they are known.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    /// 400: what was sent cannot be used.
    pub(super) fn invalid(detail: impl fmt::Display) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: format!("Invalid parameters. {detail}") }
    }

    /// 400: the parameter or field and what is wrong with it.
    pub(super) fn field(name: impl fmt::Display, detail: impl fmt::Display) -> Self {
        Self::invalid(format_args!("{name} {detail}"))
    }

    /// 400: HrFlow has no 404 for objects. The word is `profile`, `job`, `source`, `board` or `algorithm`.
    pub(super) fn no_object(word: &str) -> Self {
        Self::invalid(format_args!("Unable to find object: {word}"))
    }

    /// 400: the reference or key of another object in the same source or board.
    pub(super) fn already_used(action: &str, entity: Entity, by: &str, value: &str) -> Self {
        let message = format!("Cannot {action} {entity} with this {by}: {value}. Already used!");
        Self { status: StatusCode::BAD_REQUEST, message }
    }

    /// 401: HrFlow quotes the key, and so do we, since clients must cope with it.
    pub(super) fn unauthorized(key: &str, permission: &str) -> Self {
        let message = format!("Unauthorized. Invalid secret key: {key} for permission: {permission}");
        Self { status: StatusCode::UNAUTHORIZED, message }
    }

    /// 404: no such address.
    pub(super) fn no_such_address() -> Self {
        Self { status: StatusCode::NOT_FOUND, message: "Not Found. Unknown endpoint".to_owned() }
    }

    /// 405: the address has other methods.
    pub(super) fn wrong_method() -> Self {
        Self { status: StatusCode::METHOD_NOT_ALLOWED, message: "Method Not Allowed".to_owned() }
    }

    /// 408: the body did not come in time.
    pub(super) fn too_slow() -> Self {
        Self { status: StatusCode::REQUEST_TIMEOUT, message: "Request Timeout".to_owned() }
    }

    /// 413: more bytes than are read.
    pub(super) fn too_large(most: usize) -> Self {
        let message = format!("Payload Too Large. The body may have {most} bytes");
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, message }
    }

    /// 500: a defect of the sandbox.
    pub(super) fn internal() -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message: "Internal Server Error".to_owned() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let body = json!({"code": self.status.as_u16(), "message": self.message}).to_string();
        HttpResponse::build(self.status).insert_header(CONTENT_TYPE).body(body)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        tracing::error!(?error, "the sandbox failed");
        Self::internal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_at_least_one_page() {
        assert_eq!(Meta::new(1, 30, 0, 0), Meta { page: 1, max_page: 1, count: 0, total: 0 });
        assert_eq!(Meta::new(2, 30, 1, 31), Meta { page: 2, max_page: 2, count: 1, total: 31 });
    }
}
