//! `receipt=true`: an answer is put down before it is given.

use actix_web::HttpRequest;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::parameters::{Given, PARTNER, Parameter};
use crate::api::shape::Shape;
use crate::api::{Api, request_id};
use crate::error::Result;
use crate::flows::Partner;
use crate::flows::receipts::{self, Answered, Parameters};
use crate::model::{Entity, Reference};

/// Whether an answer is put down.
pub(in crate::api) const RECEIPT: Parameter = Parameter::optional(
    "receipt",
    Shape::Flag,
    "Whether to put down what the answer was made of, in the partner's chain of receipts, before it is given. Such an \
     answer is never `304`. A partner has as many receipts a minute as `receipts_per_minute` allows (600 unless the \
     operator says otherwise), also of answers that are remembered: beyond it the answer is 429, and `Retry-After` says \
     when there is room for the next.",
);

/// What an answer says of its receipt.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ReceiptMark {
    /// Its id, for `GET /v1/receipts/{id}`.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// Its hash, which all later receipts depend on.
    #[schema(example = "7a3f0d9e4b1c5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b")]
    hash: String,
}

/// An answer that may be put down.
pub(in crate::api) struct Answer {
    /// How it was asked: `scoring`, `searching` or `match`.
    pub(in crate::api) capability: &'static str,
    /// What was ranked.
    pub(in crate::api) ranked: Entity,
    /// What it was ranked for; none in searching.
    pub(in crate::api) asked_for: Option<Reference>,
    /// When HrFlow was asked, in Unix microseconds.
    pub(in crate::api) asked_at: i64,
    /// Whether the scores may be those of what was.
    pub(in crate::api) stale: bool,
    /// How many objects there were on all pages.
    pub(in crate::api) total: u64,
    /// The objects of this page: place, where it is known, reference and score.
    pub(in crate::api) items: Vec<(Option<u64>, String, Option<f64>)>,
}

/// What a receipt says of the parameters, where objects of kind `ranked` are ranked.
pub(in crate::api) fn parameters(partner: &Partner, ranked: Entity, given: &Given) -> Parameters {
    let told = given.all().filter(|(name, _)| ![RECEIPT.name, PARTNER.name].contains(name));
    Parameters::of(&partner.settings.name, ranked, told)
}

/// The same, if `receipt=true` asks for a receipt.
pub(in crate::api) fn noted(partner: &Partner, ranked: Entity, given: &Given) -> Option<Parameters> {
    given.flag(RECEIPT.name).then(|| parameters(partner, ranked, given))
}

/// Puts an answer down, if the parameters were noted for it; it is durable when this returns.
pub(in crate::api) async fn receipt(
    api: &Api,
    request: &HttpRequest,
    partner: &Partner,
    noted: Option<Parameters>,
    answer: impl FnOnce() -> Answer,
) -> Result<Option<ReceiptMark>> {
    let Some(parameters) = noted else { return Ok(None) };
    let Answer { capability, ranked, asked_for, asked_at, stale, total, items } = answer();
    let answered = Answered {
        capability,
        ranked,
        asked_for,
        parameters,
        asked_at,
        stale,
        total,
        items,
        request_id: request_id::of(request),
        key: Api::key_mark(request),
    };
    let receipts::Receipt { id, hash } = receipts::keep(&api.context, partner, answered).await?;
    Ok(Some(ReceiptMark { id, hash }))
}
