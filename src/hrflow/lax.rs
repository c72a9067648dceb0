//! What is read where it can be: one odd field must not take the whole answer with it.

use serde::de::{Deserialize, Deserializer, IgnoredAny};

/// A value, or none where anything else stands.
#[derive(Clone, Debug)]
pub(super) struct Lax<T>(pub(super) Option<T>);

impl<T> Default for Lax<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lax<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Any<T> {
            Right(T),
            Other(IgnoredAny),
        }
        Ok(match Any::deserialize(deserializer)? {
            Any::Right(value) => Self(Some(value)),
            Any::Other(_) => Self(None),
        })
    }
}
