//! How a ranking is sent: with an entity tag, so that what the caller has is not sent again (RFC 9110 §8.8 and §13), and
//! with what HTTP caches between us are to know (RFC 9111).

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{AGE, CACHE_CONTROL, ETAG, EntityTag, Header, IfNoneMatch, VARY};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::IntoResponses;

use super::Api;
use super::auth::HEADER;
use super::freshness::FreshnessDocument;
use super::parameters::Given;
use super::quota::refused;
use super::receipts::{self, Answer, ReceiptMark};
use crate::error::{Error, Kind, Result};
use crate::flows::Partner;
use crate::flows::query::{self, Asked, Page, Told, Write};
use crate::flows::receipts::Parameters;
use crate::model::{Entity, Reference, digest};

/// How many characters of a digest tell what one answer says from what another does.
const TAG: usize = 32;

/// How a GET is answered whose answer the caller has, for the OpenAPI document.
#[derive(IntoResponses)]
#[response(
    status = 304,
    description = "What the caller named in `If-None-Match` is still the answer",
    headers(
        ("ETag" = String, description = "What tells the answer from others but for its `freshness`"),
        ("Age" = i64, description = "How many seconds ago it was asked for; only of a remembered answer"),
        ("Cache-Control" = String, description = "That no cache between us may answer with it unasked"),
        ("Vary" = String, description = "The header that decides whose answer it is"),
    )
)]
pub(super) struct NotModified;

/// Answers a question of `partner`. With `Cache-Control: no-cache` nothing is remembered; with `receipt=true` the answer is
/// put down, also one that is remembered.
pub(super) async fn reply(
    api: &Api,
    request: &HttpRequest,
    partner: &Arc<Partner>,
    given: &Given,
    asked: Asked,
    write: Write,
) -> Result<HttpResponse> {
    let noted = receipts::noted(partner, asked.entity, given);
    let about = (asked.entity, asked.scored_for.clone());
    match query::answer(&api.context, partner, asked, wants_anew(request), write).await {
        Ok(told) => tell(api, request, partner, about, noted, told).await,
        Err(problem) => refused(partner, problem),
    }
}

/// Sends what was told of a question: of what was ranked, and for what. It is put down if `noted` has its parameters.
pub(super) async fn tell(
    api: &Api,
    request: &HttpRequest,
    partner: &Partner,
    (ranked, asked_for): (Entity, Option<Reference>),
    noted: Option<Parameters>,
    told: Told,
) -> Result<HttpResponse> {
    let answered = &told.kept.answered;
    let items =
        || answered.items.iter().map(|item| (Some(item.rank), item.reference.clone(), item.score)).collect();
    let put_down = || Answer {
        capability: if asked_for.is_some() { "scoring" } else { "searching" },
        ranked,
        asked_for,
        asked_at: answered.asked_at,
        stale: answered.stale,
        total: answered.total,
        items: items(),
    };
    let receipt = receipts::receipt(api, request, partner, noted, put_down).await?;
    let remembered_since = told.remembered.then_some(told.kept.asked_at);
    send(api, request, &told.kept.page, remembered_since, receipt)
}

/// Sends a page, or says that the caller has it. `remembered_since`: when it was asked for, in Unix microseconds, if that
/// was earlier.
pub(super) fn send(
    api: &Api,
    request: &HttpRequest,
    page: &Page,
    remembered_since: Option<i64>,
    receipt: Option<ReceiptMark>,
) -> Result<HttpResponse> {
    // What a POST answers is nobody's to keep, and a receipt is of one answer.
    let is_kept = request.method() == Method::GET && receipt.is_none();
    let tag = is_kept.then(|| EntityTag::new_weak(page.tag.clone()));
    let is_known = tag.as_ref().is_some_and(|tag| has(request, tag));
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((CACHE_CONTROL, "private, no-cache")).insert_header((VARY, HEADER));
    if let Some(tag) = tag {
        answer.insert_header((ETAG, tag));
    }
    if let Some(since) = remembered_since {
        let age = (api.context.clock.now().timestamp_micros() - since).max(0) / 1_000_000;
        answer.insert_header((AGE, age));
    }
    if is_known {
        return Ok(answer.finish());
    }
    let body = match receipt {
        None => page.body.clone(),
        Some(receipt) => with_receipt(&page.body, &receipt)?.into(),
    };
    Ok(answer.content_type("application/json").body(body))
}

/// The document with its receipt as the last member.
fn with_receipt(body: &[u8], receipt: &ReceiptMark) -> Result<Vec<u8>> {
    let mut document = body.strip_suffix(b"}").unwrap_or(body).to_vec();
    document.extend_from_slice(b",\"receipt\":");
    document.extend(json(receipt)?);
    document.push(b'}');
    Ok(document)
}

/// Whether the caller wants nothing that is remembered. Directives are the same in any case (RFC 9111 §5.2).
pub(super) fn wants_anew(request: &HttpRequest) -> bool {
    let stated = request.headers().get_all(CACHE_CONTROL).filter_map(|value| value.to_str().ok());
    stated.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case("no-cache"))
}

/// Whether the caller has what this tag stands for.
fn has(request: &impl HttpMessage, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

/// Writes a document down; its tag is that of all it says beside its `freshness`.
pub(super) fn written(document: &impl Serialize, freshness: &FreshnessDocument) -> Result<Page> {
    let (body, freshness) = (json(document)?, json(freshness)?);
    // It stands behind the items, with little after it.
    let place = body.windows(freshness.len()).rposition(|part| part == freshness);
    let (before, after) = body.split_at(place.unwrap_or(body.len()));
    let mut tag = digest(&[before, after.get(freshness.len()..).unwrap_or_default()]);
    tag.truncate(TAG);
    Ok(Page { body: body.into(), tag })
}

fn json(document: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(document)
        .map_err(|cause| Error::new(Kind::Internal, "an answer could not be written").because(cause))
}
