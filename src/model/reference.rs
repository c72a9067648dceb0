//! A partner's own name for an object.

use std::fmt;

use serde::Serialize;

use crate::error::{Error, Kind, Result};

/// 1 to 255 characters of any Unicode but control characters, and neither `.` nor `..`, which an address would swallow.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 255, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "CRM-4711")]
pub struct Reference(String);

impl Reference {
    /// The most characters a reference may have.
    pub const MAX_CHARS: usize = 255;

    /// What its characters may be, as schemas say it: no control characters.
    pub const PATTERN: &str = r"^[^\x00-\x1f\x7f-\x9f]+$";

    /// Accepts a reference or says what is wrong with it.
    pub fn parse(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        let problem = if text.is_empty() {
            "must not be empty"
        } else if text.chars().count() > Self::MAX_CHARS {
            "must have at most 255 characters"
        } else if text.chars().any(char::is_control) {
            "must not contain control characters"
        } else if text == "." || text == ".." {
            "must not be `.` or `..`"
        } else {
            return Ok(Self(text));
        };
        Err(Error::new(Kind::Invalid, "the reference cannot be used").field("reference", problem))
    }

    /// The reference as the partner wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_any_text_that_an_address_can_carry() {
        for text in ["CRM-4711", "a/b", "été 7", "…", "%2e%2e", "a", &"x".repeat(255)] {
            assert!(Reference::parse(text).is_ok(), "{text}");
        }
        for text in ["", ".", "..", "a\nb", "\u{7f}", "\u{0}", &"x".repeat(256)] {
            assert!(Reference::parse(text).is_err(), "{text:?}");
        }
    }
}
