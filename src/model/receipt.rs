//! Receipts: what a ranking was made of, in one spelling, chained by hashes so that nothing can be changed or left out.
//!
//! `hash = SHA-256(previous ‖ entry)`: the previous hash as 64 hex characters, then the entry as RFC 8785 spells it; what
//! comes before the first is 64 zeros. So it can be checked without us: `printf '%s%s' "$previous" "$entry" | sha256sum`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Entity, digest, hex};
use crate::error::{Error, Kind, Result};

/// What stands before the first receipt of a chain.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What is kept of one answer. It names no person: profiles go by a digest, and so do values that may be personal.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ReceiptEntry {
    /// Its number in the partner's chain, from 1, without gaps.
    #[schema(minimum = 1, example = 17)]
    pub seq: i64,
    /// Its id.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    pub id: String,
    /// Whose chain it is in.
    #[schema(example = "acme")]
    pub partner: String,
    /// When the answer was given.
    #[schema(format = "date-time", example = "2026-03-01T14:22:00.123456Z")]
    pub at: String,
    /// The `X-Request-Id` of the answer; `sha256:` and its digest where it is more than letters, digits, `.`, `_`, `-`.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a12")]
    pub request_id: String,
    /// The key that asked, told by the beginning of its SHA-256.
    #[schema(example = "3f2a9c1b")]
    pub key: String,
    /// The connector's version.
    #[schema(example = "0.1.0")]
    pub connector: String,
    /// What was asked.
    pub question: ReceiptQuestion,
    /// What was answered.
    pub answer: ReceiptAnswer,
}

/// What was asked.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ReceiptQuestion {
    /// How: `scoring`, `searching` or `match`.
    #[schema(example = "scoring")]
    pub capability: &'static str,
    /// What was ranked.
    pub ranked: Entity,
    /// What HrFlow ranked with; null in searching.
    #[schema(example = "scorer-hrflow-profiles-titan")]
    pub algorithm_key: Option<String>,
    /// What it was ranked for; null in searching.
    pub asked_for: Option<ReceiptObject>,
    /// Every parameter, as it was understood. Where it may name a person, `sha256:` and a digest are in its place: of the
    /// reference of a profile, and where profiles are ranked of `name`, `email` and each of the words that
    /// `text_keywords`, `summary_keywords`, `experience_keywords` and `education_keywords` look for. The digest is made over
    /// partner, parameter and value, each after its length in eight bytes.
    #[schema(example = json!({"limit": 30, "page": 1, "skills": [{"name": "Rust", "value": null}]}))]
    pub parameters: BTreeMap<String, Value>,
}

/// An object of an answer or a question.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ReceiptObject {
    /// What it is.
    pub entity: Entity,
    /// A job's reference; null for a profile.
    #[schema(example = "REQ-88")]
    pub reference: Option<String>,
    /// SHA-256 over partner, `profile` or `job` and reference, each after its length in eight bytes: whoever knows the
    /// reference finds it, as in the evidence of an erasure.
    #[schema(example = "7a3f0d9e4b1c5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b")]
    pub subject: String,
    /// SHA-256 of what HrFlow had of it when it was asked; null where that is not known, as where the object changed after
    /// the scores were made, or was being brought to HrFlow when they were put down.
    #[schema(example = "1b5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b7a3f0d9e4b")]
    pub fingerprint: Option<String>,
}

/// What was answered.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ReceiptAnswer {
    /// When HrFlow was asked. An answer that is remembered, or a page of a ranking that is paged through by cursor, has
    /// scores from before it was given.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58.000120Z")]
    pub asked_at: String,
    /// Whether the answer said that its scores may be those of what was.
    #[schema(example = false)]
    pub stale: bool,
    /// How many objects there were on all pages.
    #[schema(minimum = 0, example = 128)]
    pub total: u64,
    /// The objects of this page, in their order.
    pub items: Vec<ReceiptItem>,
}

/// One object of an answer.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ReceiptItem {
    /// Its place among all, from 1; null where one pair was asked about, whose place is not known.
    #[schema(minimum = 1, example = 1)]
    pub rank: Option<u64>,
    /// How well it matches, from 0 to 1; null in searching.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.9157)]
    pub score: Option<f64>,
    /// Which it is.
    pub object: ReceiptObject,
}

impl ReceiptObject {
    /// The object of this reference: a profile's reference is not kept.
    pub fn of(partner: &str, entity: Entity, reference: &str, fingerprint: Option<String>) -> Self {
        Self {
            entity,
            reference: (entity == Entity::Job).then(|| reference.to_owned()),
            subject: subject(partner, entity.singular(), reference),
            fingerprint,
        }
    }
}

/// Who or what something is about, for whoever knows the reference. `entity`: `profile` or `job`.
pub fn subject(partner: &str, entity: &str, reference: &str) -> String {
    digest(&[partner.as_bytes(), entity.as_bytes(), reference.as_bytes()])
}

/// What stands in the place of a value that may be personal.
pub fn veiled(partner: &str, name: &str, value: &str) -> String {
    format!("sha256:{}", digest(&[partner.as_bytes(), name.as_bytes(), value.as_bytes()]))
}

/// The one spelling of an entry (RFC 8785).
pub fn canonical(entry: &impl Serialize) -> Result<String> {
    serde_json_canonicalizer::to_string(entry)
        .map_err(|cause| Error::new(Kind::Internal, "a receipt could not be written").because(cause))
}

/// The hash of an entry, given in its one spelling, after the one before it.
pub fn chained(previous: &str, canonical: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(previous.as_bytes());
    hash.update(canonical.as_bytes());
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_has_one_spelling_whatever_order_it_was_written_in() {
        let one = json!({"b": 1, "a": {"d": 0.1, "c": "é"}});
        let other: Value = serde_json::from_str(r#"{ "a": {"c": "\u00e9", "d": 1e-1}, "b": 1 }"#).unwrap();
        assert_eq!(canonical(&one).unwrap(), r#"{"a":{"c":"é","d":0.1},"b":1}"#);
        assert_eq!(canonical(&one).unwrap(), canonical(&other).unwrap());
    }

    #[test]
    fn a_hash_is_that_of_the_hash_before_and_the_entry() {
        // printf '%s%s' 000…000 '{"a":1}' | sha256sum
        let hash = chained(GENESIS, r#"{"a":1}"#);
        assert_eq!(hash, "fc6cee09194dd2578bd7664604fcb72a539066fd34544cea0009c43eb6cdc289");
        assert_ne!(chained(&hash, r#"{"a":1}"#), hash);
    }
}
