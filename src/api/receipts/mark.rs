//! `receipt=true`: an answer is put down before it is given.

use actix_web::HttpRequest;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::parameters::{Given, PARTNER, Parameter};
use crate::api::shape::Shape;
use crate::api::{Api, request_id};
use crate::error::Result;
use crate::flows::Partner;
use crate::flows::receipts::{self, Answered};
use crate::model::{Entity, Reference};

/// Whether an answer is put down.
pub(in crate::api) const RECEIPT: Parameter = Parameter::optional(
    "receipt",
    Shape::Flag,
    "Whether to put down what the answer was made of, in the partner's chain of receipts, before it is given. Such an \
     answer is never `304`.",
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
    /// How many objects there were on all pages.
    pub(in crate::api) total: u64,
    /// The objects of this page: place, reference and score.
    pub(in crate::api) items: Vec<(u64, String, Option<f64>)>,
}

/// Puts an answer down, if `receipt=true` asks for it; it is durable when this returns.
pub(in crate::api) async fn receipt(
    api: &Api,
    request: &HttpRequest,
    partner: &Partner,
    given: &Given,
    answer: impl FnOnce() -> Answer,
) -> Result<Option<ReceiptMark>> {
    if !given.flag(RECEIPT.name) {
        return Ok(None);
    }
    let Answer { capability, ranked, asked_for, total, items } = answer();
    let parameters = given.all().filter(|(name, _)| ![RECEIPT.name, PARTNER.name].contains(name));
    let answered = Answered {
        capability,
        ranked,
        asked_for,
        parameters: parameters.map(|(name, value)| (name.to_owned(), value.clone())).collect(),
        total,
        items,
        request_id: request_id::of(request),
        key: Api::key_mark(request),
    };
    let receipts::Receipt { id, hash } = receipts::keep(&api.context, partner, answered).await?;
    Ok(Some(ReceiptMark { id, hash }))
}
