//! Cursors: where somebody is in the answer to a query, and what tells one query from another.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Asked, Match};
use crate::error::{Error, Kind, Result};
use crate::model::{Reference, digest};

/// How many bytes of a digest stand for a reference in a cursor: with 10,000 objects two are taken for one another once
/// in a hundred billion walks.
const MARK: usize = 8;

/// Where to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// A digest of the query that it belongs to.
    #[serde(rename = "q")]
    pub(super) query: String,
    /// The number of the page that it leads to.
    #[serde(rename = "p")]
    pub(super) page: u64,
    #[serde(rename = "a")]
    pub(super) after: After,
}

/// Behind what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum After {
    /// A page that HrFlow gave: the marks of what was served of it.
    #[serde(rename = "s")]
    Served(String),
    /// A place in a snapshot.
    #[serde(rename = "k")]
    Kept(String, i64),
}

impl Cursor {
    /// Whether its page is asked of HrFlow, and not read from a snapshot (whose cards are asked for all the same).
    pub(super) fn asks_hrflow(&self) -> bool {
        matches!(self.after, After::Served(_))
    }

    /// Behind a page as HrFlow gave it. Nothing is kept for it before somebody follows it.
    pub(super) fn behind(asked: &Asked, partner: &str, page: u64, items: &[Match]) -> Self {
        let marks: Vec<u8> = items.iter().flat_map(|item| mark(&item.reference)).collect();
        let after = After::Served(STANDARD_NO_PAD.encode(marks));
        Self { query: asked.identity(partner), page: page.saturating_add(1), after }
    }

    /// Refuses a cursor that another query gave.
    pub(super) fn ensure_of(&self, query: &str) -> Result<()> {
        if self.query == query {
            return Ok(());
        }
        let detail = "is another query's: send it with the parameters it was given for, and without `page`";
        Err(Error::new(Kind::Invalid, "the query parameters cannot be accepted").field("cursor", detail))
    }
}

/// The marks in a cursor. What is none is nobody's.
pub(super) fn marks(served: &str) -> HashSet<[u8; MARK]> {
    let bytes = STANDARD_NO_PAD.decode(served).unwrap_or_default();
    bytes.chunks_exact(MARK).filter_map(|mark| mark.try_into().ok()).collect()
}

/// What stands for a reference in a cursor.
pub(super) fn mark(reference: &str) -> [u8; MARK] {
    let digest: [u8; 32] = Sha256::digest(reference).into();
    std::array::from_fn(|place| digest[place])
}

impl Asked {
    /// What tells this query of a partner from others, wherever in its answer somebody is.
    pub(super) fn identity(&self, partner: &str) -> String {
        // All of it by name: what is added must be thought of here, or two queries would share an answer.
        let Self {
            entity,
            scored_for,
            only,
            page: _,
            cursor: _,
            limit,
            score_min,
            criteria,
            filters,
            around,
            include,
            in_turn: _,
        } = self;
        let mut criteria: Vec<&(String, Value)> = criteria.iter().collect();
        criteria.sort_by_key(|(name, _)| name);
        let scored_for = scored_for.as_ref().map(Reference::as_str);
        let least = score_min.map(f64::to_bits);
        let text = serde_json::json!([
            entity.singular(),
            scored_for,
            limit,
            least,
            criteria,
            filters,
            around,
            include
        ]);
        let text = text.to_string();
        match only {
            None => digest(&[partner.as_bytes(), text.as_bytes()]),
            Some((reference, key)) => {
                digest(&[partner.as_bytes(), text.as_bytes(), reference.as_str().as_bytes(), key.as_bytes()])
            }
        }
    }

    /// What tells this question from others: the query, and where in its answer.
    pub(super) fn question(&self, partner: &str) -> String {
        let place = serde_json::json!([self.page, self.cursor]).to_string();
        digest(&[self.identity(partner).as_bytes(), place.as_bytes()])
    }
}
