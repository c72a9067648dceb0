//! Refusals: an error's kind decides the status, and every refusal is a problem document (RFC 9457).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::{Answered, Error, FieldError, Kind, Side};

/// The media type of every refusal.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// How long to wait when nobody knows better, where a refusal must say how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(1);

/// The same where HrFlow has troubles, which take longer than ours.
const OUTAGE_WAIT: Duration = Duration::from_secs(5);

/// What a defect of ours is called; the cause is in the log alone.
const DEFECT: &str = "something went wrong on our side; the answer's X-Request-Id finds it in our log";

/// Why a request was refused (RFC 9457).
#[derive(Serialize, ToSchema)]
pub(super) struct Problem<'a> {
    /// Always `about:blank`: `code` tells one problem from another.
    #[schema(example = "about:blank")]
    r#type: &'static str,
    /// The status in words.
    #[schema(example = "Not Found")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 404, minimum = 400, maximum = 599)]
    status: u16,
    /// What was wrong with this very request.
    #[schema(example = "no job has the reference `CRM-4711`")]
    detail: &'a str,
    /// What programs may rely on.
    #[schema(value_type = ProblemCode, example = "not_found")]
    code: &'static str,
    /// What was wrong, field by field; with 400 and 422 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    errors: Option<Vec<FieldProblem<'a>>>,
}

/// What a problem is called: the same words in every version; a later one may add some.
pub(super) struct ProblemCode;

impl PartialSchema for ProblemCode {
    fn schema() -> RefOr<Schema> {
        let codes =
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Kind::ALL.map(Kind::code)));
        codes.description(Some("What a problem is called; later versions may add some.")).into()
    }
}

impl ToSchema for ProblemCode {}

/// A field, or a query parameter, and what is wrong with it.
#[derive(Serialize, ToSchema)]
pub(super) struct FieldProblem<'a> {
    /// Its name or path.
    #[schema(example = "limit")]
    field: &'a str,
    /// What is wrong with it and what would be right.
    #[schema(example = "must be between 1 and 100")]
    detail: &'a str,
}

/// The HTTP status of a kind of error.
pub(super) fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthorized => StatusCode::UNAUTHORIZED,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Pending | Kind::Conflict => StatusCode::CONFLICT,
        Kind::Gone | Kind::Expired => StatusCode::GONE,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Upstream | Kind::Refused | Kind::Denied => StatusCode::BAD_GATEWAY,
        Kind::Down | Kind::Unreachable | Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::TimedOut => StatusCode::GATEWAY_TIMEOUT,
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        status_of(self)
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut answer = HttpResponse::build(status);
        answer.content_type(MEDIA_TYPE);
        if self.kind() == Kind::Unauthorized {
            answer.insert_header((header::WWW_AUTHENTICATE, r#"ApiKey realm="oem-connector""#));
        }
        if let Some(wait) = self.wait().or_else(|| default_wait(self.kind())) {
            answer.insert_header((header::RETRY_AFTER, whole_seconds(wait)));
        }
        answer.json(of_error(self))
    }
}

/// The problem document of an error.
pub(super) fn of_error(error: &Error) -> Problem<'_> {
    let detail = if error.kind() == Kind::Internal { DEFECT } else { error.message() };
    document(error.kind(), status_of(error), detail, error.fields())
}

/// The status of an error. What HrFlow itself refused of a request was the caller's to ask otherwise; where it misses what
/// it should have, that is no fault of the request.
fn status_of(error: &Error) -> StatusCode {
    match (error.kind(), error.answer()) {
        (Kind::Refused, Some(Answered { side: Side::HrFlow, .. })) => StatusCode::UNPROCESSABLE_ENTITY,
        (kind, _) => status(kind),
    }
}

fn document<'a>(kind: Kind, status: StatusCode, detail: &'a str, fields: &'a [FieldError]) -> Problem<'a> {
    let fields = fields.iter().map(|FieldError { field, detail }| FieldProblem { field, detail });
    Problem {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail,
        code: kind.code(),
        errors: matches!(kind, Kind::Malformed | Kind::Invalid).then(|| fields.collect()),
    }
}

/// How long to wait where a refusal must say how long and nobody does.
fn default_wait(kind: Kind) -> Option<Duration> {
    match kind {
        Kind::Pending | Kind::RateLimited | Kind::Unavailable => Some(DEFAULT_WAIT),
        Kind::Down | Kind::Unreachable | Kind::TimedOut => Some(OUTAGE_WAIT),
        _ => None,
    }
}

/// `Retry-After` counts whole seconds; too early would only be refused again.
pub(super) fn whole_seconds(wait: Duration) -> HeaderValue {
    HeaderValue::from(wait.as_secs() + u64::from(wait.subsec_nanos() > 0 || wait.is_zero()))
}

/// The problem for a refusal that was not ours: the web framework's own have a status and no document.
pub(super) fn of_status(status: StatusCode) -> Error {
    let kind = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Kind::Unauthorized,
        StatusCode::NOT_FOUND => Kind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Kind::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => Kind::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Kind::UnsupportedMediaType,
        StatusCode::UNPROCESSABLE_ENTITY => Kind::Invalid,
        StatusCode::SERVICE_UNAVAILABLE => Kind::Unavailable,
        other if other.is_client_error() => Kind::Malformed,
        _ => Kind::Internal,
    };
    Error::new(kind, meaning(kind))
}

/// What a kind means to a caller, for the OpenAPI document.
fn meaning(kind: Kind) -> &'static str {
    match kind {
        Kind::Malformed => {
            "The request cannot be read: bad JSON, or an unknown, repeated or unreadable parameter."
        }
        Kind::Invalid => "The request was understood and cannot be accepted.",
        Kind::Unauthorized => {
            "The key or the signature is missing or not known, or a partner's key is where an operator's is needed."
        }
        Kind::NotFound => "There is no such thing, or it is another partner's.",
        Kind::Gone => "The object was archived or erased.",
        Kind::Expired => "What the cursor, or `after`, leads to is kept no longer: begin again without it.",
        Kind::Pending => "The object is known and not indexed yet.",
        Kind::Conflict => "It exists already, or is not in the state for this.",
        Kind::MethodNotAllowed => "The address does not take this method; `Allow` tells which.",
        Kind::UnsupportedMediaType => "The body is not `application/json`.",
        Kind::TooLarge => "The body is larger than this address takes.",
        Kind::RateLimited => {
            "The quota is used up, or a minute's receipts are written, or too many requests of your address carried no \
             key, or one that is not known."
        }
        Kind::Upstream => "The answer of HrFlow cannot be used.",
        Kind::Down => "HrFlow says that it cannot answer now, or asked to be left alone for a while.",
        Kind::Unreachable => "HrFlow cannot be reached.",
        Kind::TimedOut => "HrFlow did not answer in time.",
        Kind::Refused => "HrFlow refused the request, or does not find what it should have.",
        Kind::Denied => "HrFlow refuses our credential, or does not know our source, board or algorithm.",
        Kind::Unavailable => "The service cannot take the request right now.",
        Kind::Internal => "A defect of the service.",
    }
}

/// The responses of the OpenAPI document for these refusals; kinds of one status share a response.
pub(super) fn responses(kinds: &[Kind]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    // Who needs a key can have tried too many; and whatever else an operation refuses, it may have a defect.
    let guarded = kinds.contains(&Kind::Unauthorized) && !kinds.contains(&Kind::RateLimited);
    // Whose answer may be of no use may be down, too.
    let asked = kinds.contains(&Kind::Upstream);
    let implied = guarded.then_some(&Kind::RateLimited).into_iter().chain(asked.then_some(&Kind::Down));
    for kind in kinds.iter().chain(implied).chain(&[Kind::Internal]) {
        by_status.entry(status(*kind).as_u16()).or_default().push(*kind);
        if *kind == Kind::Refused {
            by_status.entry(StatusCode::UNPROCESSABLE_ENTITY.as_u16()).or_default().push(*kind);
        }
    }
    by_status
        .into_iter()
        .map(|(status, kinds)| (status.to_string(), response(status, &kinds).into()))
        .collect()
}

fn response(status: u16, kinds: &[Kind]) -> Response {
    let mut description = String::new();
    for kind in kinds {
        let separator = if description.is_empty() { "" } else { " " };
        // Writing to a String cannot fail.
        let _ = write!(description, "{separator}`{}`: {}", kind.code(), meaning(*kind));
    }
    let code = StatusCode::from_u16(status).unwrap_or_default();
    let fields = [FieldError { field: "reference".to_owned(), detail: "must not be empty".to_owned() }];
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(kinds.first().map(|kind| serde_json::json!(document(*kind, code, meaning(*kind), &fields))));
    let mut response = ResponseBuilder::new().description(description).content(MEDIA_TYPE, content.build());
    if kinds.iter().any(|kind| default_wait(*kind).is_some()) {
        let wait = HeaderBuilder::new().description(Some("Seconds until it is worth trying again.")).build();
        response = response.header("Retry-After", wait);
    }
    if kinds.contains(&Kind::RateLimited) {
        for (name, help) in [
            ("RateLimit", "What is left of our quota for queries; only where it is that which is used up."),
            ("RateLimit-Policy", "How large that quota is; only beside `RateLimit`."),
        ] {
            response = response.header(name, HeaderBuilder::new().description(Some(help)).build());
        }
    }
    response.build()
}

/// Names a set of refusals, so that an operation can list it among its responses.
macro_rules! refusals {
    ($name:ident: $($kind:ident),+ $(,)?) => {
        /// How these operations refuse.
        pub(super) struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::Response>,
            > {
                $crate::api::problem::responses(&[$($crate::error::Kind::$kind),+])
            }
        }
    };
}
pub(super) use refusals;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use actix_web::body::to_bytes;

    use super::*;

    async fn shown(error: &Error) -> (HttpResponse, serde_json::Value) {
        let (answer, body) = error.error_response().into_parts();
        let body = to_bytes(body).await.unwrap();
        (answer.map_into_boxed_body(), serde_json::from_slice(&body).unwrap())
    }

    #[actix_web::test]
    async fn a_problem_names_every_field() {
        let error = Error::new(Kind::Invalid, "the query cannot be accepted").field("limit", "must be less");
        let (answer, body) = shown(&error).await;
        assert_eq!(answer.headers().get("content-type").unwrap(), MEDIA_TYPE);
        let expected = serde_json::json!({
            "type": "about:blank", "title": "Unprocessable Entity", "status": 422, "code": "invalid",
            "detail": "the query cannot be accepted", "errors": [{"field": "limit", "detail": "must be less"}],
        });
        assert_eq!(body, expected);
    }

    #[actix_web::test]
    async fn a_defect_shows_fixed_words_and_never_its_cause() {
        let error = Error::new(Kind::Internal, "row 7 is broken").because("password in the row");
        let (answer, body) = shown(&error).await;
        assert_eq!(answer.status(), 500);
        assert_eq!(body["detail"], DEFECT);
        assert_eq!(body.get("errors"), None);
    }

    #[actix_web::test]
    async fn who_must_wait_is_told_whole_seconds_and_never_too_few() {
        let wait = |millis| Error::new(Kind::Pending, "wait").retry_after(Duration::from_millis(millis));
        for (error, seconds) in [
            (wait(0), "1"),
            (wait(1), "1"),
            (wait(1500), "2"),
            (wait(2000), "2"),
            (Error::new(Kind::Unavailable, "busy"), "1"),
        ] {
            let (answer, _) = shown(&error).await;
            assert_eq!(answer.headers().get("retry-after").unwrap(), seconds);
        }
        let (answer, _) = shown(&Error::new(Kind::NotFound, "no")).await;
        assert!(!answer.headers().contains_key("retry-after"));
    }

    #[actix_web::test]
    async fn a_missing_key_is_asked_for() {
        let (answer, _) = shown(&Error::new(Kind::Unauthorized, "no key")).await;
        assert!(answer.headers().contains_key("www-authenticate"));
    }
}
