//! Parameters that name a person are refused where the question is kept: an erasure would not find the person in it.

use super::parameters::Given;
use crate::error::{Error, Kind, Result};
use crate::flows::question::PERSONAL;
use crate::model::Entity;

/// Refuses parameters that name a person, each for the reason `why`, where objects of kind `ranked` are ranked.
///
/// # Errors
/// `Invalid`.
pub(super) fn ensure_none(given: &Given, ranked: Entity, why: &str) -> Result<()> {
    let personal =
        PERSONAL.into_iter().filter(|name| ranked == Entity::Profile && given.value(name).is_some());
    let refused = Error::new(Kind::Invalid, "the parameters cannot be accepted");
    let refused = personal.fold(refused, |refused, name| refused.field(name, why));
    if refused.fields().is_empty() { Ok(()) } else { Err(refused) }
}
