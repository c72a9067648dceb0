//! Around every request: an id in and out, a span that carries it, and one line in the log.

use std::future::{Ready, ready};
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use futures_util::future::LocalBoxFuture;
use tracing::Instrument;

use super::problem;
use crate::error::{Error, Kind};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id, or trace parent, that is taken over, in characters.
const MAX_LENGTH: usize = 128;

/// The middleware: every request is served under an id, the caller's or one of ours.
pub struct RequestId;

impl<S, B> Transform<S, ServiceRequest> for RequestId
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type Transform = Carrying<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Carrying { service }))
    }
}

/// The id under which a request is served.
struct Served(HeaderValue);

/// The id under which a request is served, for what outlives its answer.
pub(super) fn of(request: &HttpRequest) -> String {
    let extensions = request.extensions();
    let id = extensions.get::<Served>().and_then(|Served(id)| id.to_str().ok());
    id.unwrap_or_default().to_owned()
}

/// What the middleware becomes around a service.
pub struct Carrying<S> {
    service: S,
}

impl<S, B> Service<ServiceRequest> for Carrying<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let began = Instant::now();
        if request.method() == Method::HEAD {
            // What answers GET answers HEAD; the protocol below leaves the body out.
            request.head_mut().method = Method::GET;
        }
        let id = taken_over(request.headers(), "x-request-id").cloned().unwrap_or_else(make);
        let span = tracing::info_span!(
            "request",
            request_id = id.to_str().unwrap_or_default(),
            traceparent = tracing::field::Empty
        );
        if let Some(parent) = taken_over(request.headers(), "traceparent") {
            span.record("traceparent", parent.to_str().unwrap_or_default());
        }
        request.extensions_mut().insert(Served(id.clone()));
        let served = span.in_scope(|| self.service.call(request));
        let answer = async move {
            let mut answered = with_a_problem_document(served.await?.map_into_boxed_body());
            answered.headers_mut().insert(REQUEST_ID, id);
            log(&answered, began);
            Ok(answered)
        };
        Box::pin(answer.instrument(span))
    }
}

/// What the caller sent, if it is visible ASCII of a sane length.
fn taken_over<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a HeaderValue> {
    let value = headers.get(name)?;
    let sane = (1..=MAX_LENGTH).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
    sane.then_some(value)
}

fn make() -> HeaderValue {
    let mut text = uuid::Uuid::encode_buffer();
    let text = uuid::Uuid::now_v7().hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown"))
}

/// Refusals of the web framework itself become problem documents too.
fn with_a_problem_document(answered: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = answered.status();
    let refused = status.is_client_error() || status.is_server_error();
    let documented = answered.headers().get(CONTENT_TYPE).is_some_and(|stated| stated == problem::MEDIA_TYPE);
    if !refused || documented {
        return answered;
    }
    let (request, _) = answered.into_parts();
    let mut document: HttpResponse = problem::of_status(status).error_response();
    *document.status_mut() = status;
    ServiceResponse::new(request, document)
}

/// One line per request. Query strings may hold names and e-mails and are never logged.
fn log(answered: &ServiceResponse<BoxBody>, began: Instant) {
    let request = answered.request();
    let (method, path) = (request.method().as_str(), request.uri().path());
    let status = answered.status().as_u16();
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    if let Some(problem) = answered.response().error().and_then(|error| error.as_error::<Error>()) {
        let (code, causes) = (problem.kind().code(), causes(problem));
        if status >= 500 {
            tracing::error!(method, path, status, code, %problem, causes, "a request could not be served");
        } else if problem.kind() == Kind::Refused {
            // The caller is told; who runs this may want to know what HrFlow does not take.
            tracing::warn!(method, path, status, code, %problem, causes, "HrFlow refused what was asked");
        }
    }
    if path.starts_with("/health/") || path == "/metrics" {
        tracing::debug!(method, path, status, milliseconds, "request");
    } else {
        tracing::info!(method, path, status, milliseconds, "request");
    }
}

/// What led to an error, the nearest first: the log has it, the caller has not.
fn causes(error: &Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
