//! What the body of an export asks for.

use serde::Deserialize;

use crate::api::criteria;
use crate::api::parameters::{Given, Parameter};
use crate::api::personal;
use crate::api::shape::Shape;
use crate::error::Result;
use crate::flows::export::Wish;
use crate::flows::query::Asked;
use crate::flows::question::Question;
use crate::model::{Entity, Reference};

/// The largest body: what 10,000 references take.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What names the objects that an export is for.
pub(in crate::api) const EXPORTED_FOR: &str = "references";

/// What an export is asked for with, beside its criteria.
pub(in crate::api) const EXPORT: &[Parameter] = &[
    Parameter::required(
        "ranked",
        Shape::Choice(&["profiles", "jobs"]),
        "What is ranked: `profiles` for jobs, or `jobs` for profiles.",
    ),
    Parameter::optional(
        EXPORTED_FOR,
        Shape::References(10_000),
        "What it is ranked for, at most 10,000; left out, every object of the other kind that HrFlow shows.",
    ),
    Parameter::optional(
        "top",
        Shape::Whole { least: 1, most: 1000, default: Some(10) },
        "How many matches each gets at most.",
    ),
];

/// What is known in a body: the criteria of what it ranks.
pub(super) fn known_in(body: &[u8]) -> &'static [&'static [Parameter]] {
    #[derive(Deserialize)]
    struct Body {
        ranked: Option<String>,
    }
    // What cannot be read here is refused when it is read in earnest.
    let ranked = serde_json::from_slice::<Body>(body).ok().and_then(|body| body.ranked);
    if ranked.as_deref() == Some(Entity::Job.plural()) {
        criteria::ExportJobs::KNOWN
    } else {
        criteria::ExportProfiles::KNOWN
    }
}

/// What is wished for, as the road has it. `idempotency`: the key under which it may be asked for again.
///
/// # Errors
/// `Invalid` for criteria that name a person: an export is kept for days.
pub(super) fn wish(given: &Given, idempotency: Option<String>) -> Result<Wish> {
    let ranked = given.text("ranked").and_then(Entity::parse).unwrap_or(Entity::Profile);
    personal::ensure_none(
        given,
        ranked,
        "is refused: an export is kept, and keeps nothing that names a person",
    )?;
    let asked = Asked {
        score_min: given.number("score_min"),
        around: given.text("location_from").is_some(),
        ..criteria::asked(given, ranked, None)?
    };
    let listed = given.texts(EXPORTED_FOR).into_iter().map(Reference::parse).collect::<Result<Vec<_>>>()?;
    Ok(Wish {
        ranked,
        references: (!listed.is_empty()).then_some(listed),
        top: u32::try_from(given.whole("top")).unwrap_or(1),
        question: Question::of(&asked),
        idempotency,
    })
}
