//! Standard Webhooks 1.0: `{id}.{timestamp}.{body}` under HMAC-SHA256.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::headers::{Headers, ID, as_id};
use super::keys::{Keys, Signature};
use super::{Claim, Refusal};
use crate::config::{HmacAlgorithm, signing_key};
use crate::error::{Error, Kind, Result};
use crate::model::Secret;

const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// More signatures than this are not looked at: a sender has one for each secret that it still knows.
const MAX_SIGNATURES: usize = 16;

/// The scheme with a partner's secrets.
pub(super) struct Standard {
    keys: Keys,
    tolerance: Duration,
}

impl Standard {
    pub(super) fn new(secrets: &[Secret], tolerance: Duration) -> Result<Self> {
        let keys = secrets.iter().map(signing_key).collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|reason| Error::new(Kind::Invalid, format!("a webhook secret {reason}")))?;
        Ok(Self { keys: Keys::new(HmacAlgorithm::Sha256, keys.iter().map(Vec::as_slice)), tolerance })
    }

    pub(super) fn claim(&self, headers: &Headers<'_>, now: DateTime<Utc>) -> Result<Claim<'_>, Refusal> {
        let [id, timestamp, signatures] = all_of(headers)?;
        let webhook_id = as_id(id)?;
        self.ensure_now(timestamp, now)?;
        let offered: Vec<Vec<u8>> = signatures
            .split(' ')
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .take(MAX_SIGNATURES)
            .collect();
        if offered.is_empty() {
            let expected = format!("the header {SIGNATURE} must have a signature such as `v1,…` in base64");
            return Err(Refusal::Wrong(expected));
        }
        let before = format!("{id}.{timestamp}.").into_bytes();
        Ok(Claim {
            signature: Some(Signature { keys: &self.keys, before, offered }),
            webhook_id: Some(webhook_id),
            unproven: format!(
                "no signature in {SIGNATURE} is that of `{{{ID}}}.{{{TIMESTAMP}}}.{{body}}`, byte by byte, under a secret \
                 that is live here"
            ),
        })
    }

    /// An old webhook may be somebody else's copy; a future one could be kept to be used later.
    fn ensure_now(&self, timestamp: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
        let is_whole = timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = timestamp.parse::<i64>().ok().filter(|_| is_whole);
        let seconds = seconds.ok_or_else(|| {
            Refusal::Wrong(format!("the header {TIMESTAMP} must be a whole number of seconds since 1970"))
        })?;
        let skew = now.timestamp().saturating_sub(seconds);
        let tolerance = self.tolerance.as_secs();
        if skew.unsigned_abs() <= tolerance {
            return Ok(());
        }
        let side = if skew > 0 { "behind" } else { "ahead of" };
        Err(Refusal::Wrong(format!(
            "{TIMESTAMP} is {} seconds {side} our clock, and {tolerance} are tolerated: sign again at every attempt, and \
             set the sender's clock",
            skew.unsigned_abs()
        )))
    }
}

/// Identity, timestamp and signatures.
fn all_of<'a>(headers: &Headers<'a>) -> Result<[&'a str; 3], Refusal> {
    let found = [headers.text(ID)?, headers.text(TIMESTAMP)?, headers.text(SIGNATURE)?];
    if let [Some(id), Some(timestamp), Some(signatures)] = found {
        return Ok([id, timestamp, signatures]);
    }
    let names = [ID, TIMESTAMP, SIGNATURE].into_iter().zip(found);
    let missing: Vec<&str> = names.filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
    // An identity alone may belong to another scheme.
    if found[1].is_none() && found[2].is_none() {
        return Err(Refusal::Absent(format!("the headers {ID}, {TIMESTAMP} and {SIGNATURE} are missing")));
    }
    Err(Refusal::Wrong(format!("the header {} is missing", missing.join(" and "))))
}
