//! What a target accepted last, in 64 hex characters.

use sha2::{Digest, Sha256};

/// SHA-256 over the target and the bytes it was sent: two targets never share one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of `body` as sent to `target`.
    pub fn of(target: &str, body: &[u8]) -> Self {
        Self(digest(&[target.as_bytes(), body]))
    }

    /// Its 64 hex characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.0
    }
}

/// SHA-256 over parts that cannot run into one another, as hex.
pub fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// Bytes as lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or_default());
        }
    }
    text
}
