//! Bodies: read by chunks, never more than is allowed and never for longer than is fair; JSON only.

use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use crate::error::{Error, Kind, Result};

/// The largest body of most addresses, in bytes.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads a body of at most `at_most` bytes, as it came.
///
/// # Errors
/// `TooLarge`, and `Malformed` when it does not arrive whole.
pub(super) async fn read(request: &HttpRequest, payload: web::Payload, at_most: usize) -> Result<Bytes> {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > at_most as u64) {
        return Err(too_large(at_most));
    }
    tokio::time::timeout(PATIENCE, collect(payload, at_most)).await.map_err(|_| {
        Error::new(Kind::Malformed, format!("the body did not arrive within {} seconds", PATIENCE.as_secs()))
    })?
}

/// # Errors
/// `UnsupportedMediaType` when the body does not say that it is JSON.
pub(super) fn ensure_json(request: &HttpRequest) -> Result<()> {
    let refused = |message: &str| Err(Error::new(Kind::UnsupportedMediaType, message));
    let stated =
        request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = stated.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return refused("the body must be sent as application/json");
    }
    let encoding = request.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return refused("the body must be sent without a content encoding");
    }
    Ok(())
}

async fn collect(mut payload: web::Payload, at_most: usize) -> Result<Bytes> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|cause| {
            Error::new(Kind::Malformed, "the body ended too early").because(cause.to_string())
        })?;
        if first.len() + rest.len() + chunk.len() > at_most {
            return Err(too_large(at_most));
        }
        // Nearly every body is one chunk, which needs no copy.
        if first.is_empty() {
            first = chunk;
        } else {
            rest.extend_from_slice(&chunk);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}

fn too_large(at_most: usize) -> Error {
    Error::new(Kind::TooLarge, format!("the body must have at most {} KiB", at_most / 1024))
}
