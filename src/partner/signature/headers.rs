//! The headers of a webhook as they came: any bytes, any number of times.

use super::Refusal;
use crate::error::{Error, Kind, Result};

/// The longest `webhook-id` we keep.
const MAX_ID: usize = 255;

/// The header of a delivery's identity.
pub(super) const ID: &str = "webhook-id";

/// Names and values; a name is compared without regard to case.
pub struct Headers<'a>(Vec<(&'a str, &'a [u8])>);

impl<'a> Headers<'a> {
    /// These headers, a header that was sent twice as two.
    pub fn new(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        Self(headers.collect())
    }

    /// The delivery's identity, where nothing but a key vouches for it.
    ///
    /// # Errors
    /// `Malformed` when it is no identity.
    pub fn webhook_id(&self) -> Result<Option<String>> {
        let id = self.text(ID).and_then(|id| id.map(as_id).transpose());
        id.map_err(|refusal| Error::new(Kind::Malformed, refusal.into_message()))
    }

    /// A header that has to be visible ASCII; an empty one counts as missing, and one that stands there twice is refused,
    /// since nobody could say which of the two was meant.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let mut values =
            self.0.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
        match (values.next(), values.next()) {
            (None | Some(b""), None) => Ok(None),
            (Some(value), None) => match std::str::from_utf8(value) {
                Ok(text) if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) => Ok(Some(text)),
                _ => Err(Refusal::Wrong(format!("the header {name} must be visible ASCII"))),
            },
            _ => Err(Refusal::Wrong(format!("the header {name} must be sent once"))),
        }
    }
}

/// A delivery's identity, if it can be one.
pub(super) fn as_id(text: &str) -> Result<String, Refusal> {
    if text.len() <= MAX_ID && !text.contains(' ') {
        return Ok(text.to_owned());
    }
    Err(Refusal::Wrong(format!("the header {ID} must have at most {MAX_ID} characters and no space")))
}

impl Refusal {
    fn into_message(self) -> String {
        match self {
            Self::Absent(message) | Self::Wrong(message) => message,
        }
    }
}
