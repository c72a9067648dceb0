//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the key under which a call can be repeated.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderValue;

use crate::error::{Error, Kind, Result};

const KEY: &str = "Idempotency-Key";

/// The header that tells that the call was carried out before.
pub(super) const REPLAYED: (&str, &str) = ("Idempotency-Replayed", "true");

/// The longest key.
const MAX_KEY: usize = 255;

/// The key that a request carries, if it carries one; with or without the quotes of the draft.
pub(super) fn key_of(request: &HttpRequest) -> Result<Option<String>> {
    let refused = |detail: &str| Error::new(Kind::Malformed, "the header cannot be read").field(KEY, detail);
    let mut keys = request.headers().get_all(KEY).map(HeaderValue::as_bytes);
    let Some(key) = keys.next() else { return Ok(None) };
    if keys.next().is_some() {
        return Err(refused("must be sent once"));
    }
    let key = key.strip_prefix(b"\"").and_then(|key| key.strip_suffix(b"\"")).unwrap_or(key);
    let is_sane = (1..=MAX_KEY).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    match std::str::from_utf8(key) {
        Ok(key) if is_sane => Ok(Some(key.to_owned())),
        _ => Err(refused("must be 1 to 255 visible ASCII characters, such as a UUID")),
    }
}
