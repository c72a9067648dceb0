//! The words that every room shares: plain data, no I/O.

mod budget;
mod card;
pub mod chain;
mod clock;
mod date;
mod entity;
mod event;
mod feedback;
mod fingerprint;
mod receipt;
mod reference;
mod score;
mod secret;

pub use budget::{Ask, Grant, Rate};
pub use card::{Card, FloatRange, Place, Tag};
pub use clock::Clock;
pub use date::{parse_date, rfc3339, second_of};
pub use entity::Entity;
pub use event::{Action, EventKind, SAMPLE_DATE, SAMPLE_REFERENCE};
pub use feedback::{Feedback, Role, Saying, in_milliseconds};
pub use fingerprint::{Fingerprint, digest};
pub use receipt::{
    GENESIS, ReceiptAnswer, ReceiptEntry, ReceiptItem, ReceiptObject, ReceiptQuestion, canonical, chained,
    subject, veiled,
};
pub use reference::Reference;
pub use score::hundredths;
pub use secret::Secret;

use fingerprint::hex;

/// An object as HrFlow indexes it, or as a partner gave it: members in alphabetical order.
pub type Object = serde_json::Map<String, serde_json::Value>;
