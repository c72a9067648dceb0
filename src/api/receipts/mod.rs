//! `/v1/receipts`: what answers were made of, a chain for each partner.

mod export;
mod mark;

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::cursor::{self, CURSOR, FROM, TO};
use super::parameters::{Given, PARTNER, Parameter, query};
use super::problem::refusals;
use super::records::{date, id_in};
use super::shape::Shape;
use super::{Api, LIMIT};
use crate::error::{Error, Kind, Result};
use crate::flows::Partner;
use crate::model::{Entity, ReceiptEntry, subject};
use crate::store::receipts::{self, Kept, Listed, Which};

pub(super) use export::export_receipts;
pub(super) use mark::{Answer, RECEIPT, ReceiptMark, noted, parameters, receipt};

/// A receipt.
#[derive(Serialize, ToSchema)]
pub(super) struct ReceiptDocument {
    /// Its number, from 1, without gaps.
    #[schema(minimum = 1, example = 17)]
    seq: i64,
    /// Its id.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// When it was kept.
    #[schema(format = "date-time", example = "2026-03-01T14:22:00.123456Z")]
    at: Option<String>,
    /// The hash of the receipt before it; 64 zeros where there was none.
    #[schema(example = "1b5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b7a3f0d9e4b")]
    previous: String,
    /// SHA-256 of `previous` and `entry`, as RFC 8785 spells it.
    #[schema(example = "7a3f0d9e4b1c5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b")]
    hash: String,
    /// What the answer was made of.
    #[schema(value_type = ReceiptEntry)]
    entry: Box<RawValue>,
}

/// Where a receipt stands in its chain.
#[derive(Serialize, ToSchema)]
pub(super) struct ReceiptSummary {
    /// Its number, from 1, without gaps.
    #[schema(minimum = 1, example = 17)]
    seq: i64,
    /// Its id.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// When it was kept.
    #[schema(format = "date-time", example = "2026-03-01T14:22:00.123456Z")]
    at: Option<String>,
    /// The hash of the receipt before it; 64 zeros where there was none.
    #[schema(example = "1b5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b7a3f0d9e4b")]
    previous: String,
    /// SHA-256 of `previous` and the entry, as RFC 8785 spells it.
    #[schema(example = "7a3f0d9e4b1c5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b")]
    hash: String,
}

/// A place in a chain.
#[derive(Serialize, ToSchema)]
pub(super) struct ChainPlace {
    /// The receipt's number; 0 where there is none.
    #[schema(minimum = 0, example = 17)]
    seq: i64,
    /// Its hash; 64 zeros where there is none.
    #[schema(example = "7a3f0d9e4b1c5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b")]
    hash: String,
}

/// A page of receipts.
#[derive(Serialize, ToSchema)]
pub(super) struct ReceiptList {
    /// The receipts, the newest first.
    items: Vec<ReceiptSummary>,
    /// Where to go on; null at the end. With filters a page may be shorter than asked for before the end.
    #[schema(example = "WyJyZWNlaXB0cyIsWzcsN11d")]
    next_cursor: Option<String>,
    /// The last receipt of the chain: put it down elsewhere now and then, and nobody can shorten the chain unseen.
    head: ChainPlace,
    /// The last receipt that was deleted for its age: what is left begins after it.
    anchor: ChainPlace,
}

query! {
    /// What listing receipts reads.
    ListReceipts: &[
        PARTNER,
        Parameter::optional("reference", Shape::Reference, "Only those in which the job or profile of this reference stands."),
        FROM,
        TO,
        CURSOR.like("WyJyZWNlaXB0cyIsWzcsN11d"),
        Parameter::optional("limit", LIMIT, "How many are listed at most."),
    ]
}
query! {
    /// What reading a receipt reads from the query.
    GetReceipt: &[PARTNER]
}
refusals!(Refusals: Malformed, Unauthorized, NotFound, Invalid, Unavailable);

/// List receipts
///
/// Of one partner, the newest first, for as long as `receipts_days` says; and where the chain stands.
#[utoipa::path(
    tag = "receipts",
    params(ListReceipts),
    responses(
        (status = 200, description = "A page of receipts", body = ReceiptList,
            example = json!({"items": [{"seq": 17, "id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11",
                "at": "2026-03-01T14:22:00.123456Z",
                "previous": "1b5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b7a3f0d9e4b",
                "hash": "7a3f0d9e4b1c5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b"}], "next_cursor": null,
                "head": {"seq": 17, "hash": "7a3f0d9e4b1c5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b"},
                "anchor": {"seq": 0, "hash": "0000000000000000000000000000000000000000000000000000000000000000"}})),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/receipts")]
pub(super) async fn list_receipts(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, ListReceipts::KNOWN)?;
    let (which, before) = (which(partner, &given)?, cursor::read(LIST, &given)?);
    let limit = usize::try_from(given.whole("limit")).unwrap_or_default();
    let (page, chain) = api
        .context
        .store
        .read(move |db| {
            let (chain, _) = receipts::chain(db, &which.partner)?;
            Ok((receipts::list(db, &which, before.as_ref(), limit)?, chain))
        })
        .await?;
    Ok(HttpResponse::Ok().json(ReceiptList {
        next_cursor: page.next.map(|next| cursor::write(LIST, &next)).transpose()?,
        items: page.items.into_iter().map(ReceiptSummary::from).collect(),
        head: ChainPlace { seq: chain.seq, hash: chain.hash },
        anchor: ChainPlace { seq: chain.anchor_seq, hash: chain.anchor_hash },
    }))
}

const LIST: &str = "receipts";

/// Read a receipt
///
/// With all that the answer was made of. Profiles are named by a digest that whoever knows the reference can make.
#[utoipa::path(
    tag = "receipts",
    params(("id" = String, Path, description = "The receipt's id", example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11"),
        GetReceipt),
    responses(
        (status = 200, description = "The receipt", body = ReceiptDocument,
            example = json!({"seq": 17, "id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11",
                "at": "2026-03-01T14:22:00.123456Z",
                "previous": "1b5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b7a3f0d9e4b",
                "hash": "7a3f0d9e4b1c5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b",
                "entry": {"seq": 17, "id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11", "partner": "acme",
                    "at": "2026-03-01T14:22:00.123456Z", "request_id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a12",
                    "key": "3f2a9c1b", "connector": "0.1.0",
                    "question": {"capability": "scoring", "ranked": "profiles",
                        "algorithm_key": "scorer-hrflow-profiles-titan",
                        "asked_for": {"entity": "jobs", "reference": "REQ-88",
                            "subject": "5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b7a3f0d9e4b1c",
                            "fingerprint": "1b5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b7a3f0d9e4b"},
                        "parameters": {"job_reference": "REQ-88", "limit": 30, "page": 1}},
                    "answer": {"asked_at": "2026-03-01T14:22:00.003001Z", "stale": false, "total": 1, "items": [{"rank": 1, "score": 0.9157, "object": {
                        "entity": "profiles", "reference": null,
                        "subject": "7a3f0d9e4b1c5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b",
                        "fingerprint": null}}]}}})),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/receipts/{id}")]
pub(super) async fn get_receipt(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, _) = api.partner_asks(&request, GetReceipt::KNOWN)?;
    let (name, id) = (partner.settings.name.clone(), id_in(&request)?);
    let wanted = id.clone();
    let found = api.context.store.read(move |db| receipts::find(db, &name, &wanted)).await?;
    let kept = found.ok_or_else(|| Error::new(Kind::NotFound, format!("no receipt has the id `{id}`")))?;
    let Kept { seq, id, kept_at, previous, hash, entry, .. } = kept;
    let entry = RawValue::from_string(entry)
        .map_err(|cause| Error::new(Kind::Internal, "a receipt in the database is no JSON").because(cause))?;
    Ok(HttpResponse::Ok().json(ReceiptDocument { seq, id, at: date(Some(kept_at)), previous, hash, entry }))
}

/// What is asked for.
fn which(partner: &Partner, given: &Given) -> Result<Which> {
    let (from, to) = cursor::span(given)?;
    let name = partner.settings.name.clone();
    let subjects = given.text("reference").map(|reference| {
        Entity::ALL.into_iter().map(|entity| subject(&name, entity.singular(), reference)).collect()
    });
    Ok(Which { subjects: subjects.unwrap_or_default(), partner: name, from, to })
}

impl From<Listed> for ReceiptSummary {
    fn from(Listed { seq, id, kept_at, previous, hash }: Listed) -> Self {
        Self { seq, id, at: date(Some(kept_at)), previous, hash }
    }
}
