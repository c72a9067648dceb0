//! An exported chain of receipts, line by line, and how it is checked by whoever has the lines alone.

mod verify;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::receipt::ReceiptEntry;

pub use verify::{Fault, Verdict, Verifier};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LineKind {
    /// After which receipt the export goes on.
    Beginning,
    /// A receipt.
    Receipt,
    /// With which receipt it ends.
    End,
}

/// A line of an exported chain.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChainLine {
    /// What it is.
    pub line: LineKind,
    /// Whose chain it is.
    #[schema(example = "acme")]
    pub partner: String,
    /// The receipt's number; of a beginning that of the receipt before, 0 where there was none.
    #[schema(minimum = 0, example = 17)]
    pub seq: i64,
    /// The receipt's hash.
    #[schema(example = "7a3f0d9e4b1c5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b")]
    pub hash: String,
    /// The receipt's id; with receipts only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    pub id: Option<String>,
    /// When it was kept; with receipts only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time", example = "2026-03-01T14:22:00.123456Z")]
    pub at: Option<String>,
    /// The hash of the receipt before; with receipts only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1b5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b7a3f0d9e4b")]
    pub previous: Option<String>,
    /// What is kept, as RFC 8785 spells it; with receipts only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ReceiptEntry>)]
    pub entry: Option<Box<RawValue>>,
}
