//! `/v1/{profiles,jobs}/searching`: the caller's objects that meet criteria.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::freshness::FreshnessDocument;
use super::parameters::{Freshness, Given};
use super::problem::refusals;
use super::receipts::ReceiptMark;
use super::reply::{NotModified, reply, written};
use super::{Api, criteria, cursor};
use crate::error::Result;
use crate::flows::Partner;
use crate::flows::query::{self, Answered, Asked, Page};
use crate::model::{Card, Entity};

/// A page of objects.
#[derive(Serialize, ToSchema)]
pub(super) struct FoundPage {
    /// The caller's live objects of this page, in the order that was asked for.
    items: Vec<Found>,
    /// This page's number.
    #[schema(minimum = 1, example = 1)]
    page: u64,
    /// How many objects a page has at most.
    #[schema(minimum = 1, maximum = 100, example = 30)]
    limit: u64,
    /// How many objects there are on all pages.
    #[schema(example = 128)]
    total: u64,
    /// The last page's number.
    #[schema(minimum = 1, example = 5)]
    max_page: u64,
    /// How far HrFlow was behind.
    freshness: FreshnessDocument,
    /// Whether `HrFlow` gives no answer and this is an earlier one (`freshness` and `Age` tell from when).
    #[schema(example = false)]
    stale: bool,
    /// Where the next page begins: send it as `cursor` with the same parameters, but without `page`. Whoever goes on so
    /// gets each object once, also while objects change. Null at the end.
    #[schema(example = "WyJyYW5raW5nIix7InEiOiI5ZiIsInAiOjIsImEiOnsicyI6IiJ9fV0")]
    next_cursor: Option<String>,
    /// Whether more objects were found than can be paged through, which are 10,000; only on the last page.
    #[schema(example = false)]
    truncated: bool,
    /// The receipt of this answer, added as it is sent; not there without `receipt=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptMark>,
}

/// An object that was found.
#[derive(Serialize, ToSchema)]
pub(super) struct Found {
    /// The partner's own reference.
    #[schema(example = "CRM-4711")]
    reference: String,
    /// The place among all that were found, from 1, over all pages. An object that is no longer live leaves a gap.
    #[schema(minimum = 1, example = 1)]
    rank: u64,
    /// The fields that `include` asked for; not there without it, nor where the object moved while it was paged through.
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<Box<Card>>,
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, Expired, Invalid, RateLimited, Upstream, Refused, Denied, Unreachable,
    Unavailable, TimedOut);
refusals!(BodyRefusals: Malformed, Unauthorized, NotFound, Expired, TooLarge, UnsupportedMediaType, Invalid, RateLimited, Upstream,
    Refused, Denied, Unreachable, Unavailable, TimedOut);

/// Search profiles
///
/// The caller's live profiles that meet all criteria, without scores.
#[utoipa::path(
    tag = "matching",
    params(criteria::SearchProfiles, Freshness),
    responses(
        (status = 200, description = "A page of profiles", body = FoundPage,
            headers(
                ("ETag" = String, description = "What tells the answer from others but for its `freshness`: send it as `If-None-Match`"),
                ("Age" = i64, description = "How many seconds ago it was asked for; only of a remembered answer"),
                ("Cache-Control" = String, description = "That no cache between us may answer with it unasked"),
                ("Vary" = String, description = "The header that decides whose answer it is"),
            ),
            example = json!({"items": [{"reference": "CRM-4711", "rank": 1}], "page": 1, "limit": 30, "total": 1,
                "max_page": 1, "freshness": {"as_of": "2026-03-01T14:21:58Z", "pending": 0, "more_pending": false,
                "coverage": {"profiles": {"seen": 52000, "total": 52000}}}, "stale": false, "next_cursor": null,
                "truncated": false})),
        NotModified,
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/profiles/searching")]
pub(super) async fn search_profiles(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, criteria::SearchProfiles::KNOWN)?;
    search(&api, &request, partner, Entity::Profile, &given).await
}

/// Search profiles with long criteria
///
/// The same as the GET, with the same names in a JSON body: lists, objects and numbers as they are.
#[utoipa::path(
    tag = "matching",
    params(criteria::WithBody),
    request_body(content = criteria::SearchProfilesRequest, description = "The criteria; at most 64 KiB"),
    responses(
        (status = 200, description = "A page of profiles", body = FoundPage,
            headers(
                ("Age" = i64, description = "How many seconds ago it was asked for; only of a remembered answer"),
                ("Cache-Control" = String, description = "That no cache between us may answer with it unasked"),
                ("Vary" = String, description = "The header that decides whose answer it is"),
            ),
            example = json!({"items": [{"reference": "CRM-4711", "rank": 1}], "page": 1, "limit": 10, "total": 1,
                "max_page": 1, "freshness": {"as_of": "2026-03-01T14:21:58Z", "pending": 0, "more_pending": false,
                "coverage": {"profiles": {"seen": 52000, "total": 52000}}}, "stale": false, "next_cursor": null,
                "truncated": false})),
        BodyRefusals,
    ),
    security(("api_key" = [])),
)]
#[post("/v1/profiles/searching")]
pub(super) async fn search_profiles_by_body(
    api: web::Data<Api>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let (partner, given) = api.partner_sends(&request, payload, criteria::SearchProfiles::KNOWN).await?;
    search(&api, &request, partner, Entity::Profile, &given).await
}

/// Search jobs
///
/// The caller's live jobs that meet all criteria, without scores.
#[utoipa::path(
    tag = "matching",
    params(criteria::SearchJobs, Freshness),
    responses(
        (status = 200, description = "A page of jobs", body = FoundPage,
            headers(
                ("ETag" = String, description = "What tells the answer from others but for its `freshness`: send it as `If-None-Match`"),
                ("Age" = i64, description = "How many seconds ago it was asked for; only of a remembered answer"),
                ("Cache-Control" = String, description = "That no cache between us may answer with it unasked"),
                ("Vary" = String, description = "The header that decides whose answer it is"),
            ),
            example = json!({"items": [{"reference": "REQ-88", "rank": 1}], "page": 1, "limit": 30, "total": 1,
                "max_page": 1, "freshness": {"as_of": "2026-03-01T14:21:58Z", "pending": 0, "more_pending": false,
                "coverage": {"jobs": {"seen": 52000, "total": 52000}}}, "stale": false, "next_cursor": null,
                "truncated": false})),
        NotModified,
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/jobs/searching")]
pub(super) async fn search_jobs(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, criteria::SearchJobs::KNOWN)?;
    search(&api, &request, partner, Entity::Job, &given).await
}

/// Search jobs with long criteria
///
/// The same as the GET, with the same names in a JSON body: lists, objects and numbers as they are.
#[utoipa::path(
    tag = "matching",
    params(criteria::WithBody),
    request_body(content = criteria::SearchJobsRequest, description = "The criteria; at most 64 KiB"),
    responses(
        (status = 200, description = "A page of jobs", body = FoundPage,
            headers(
                ("Age" = i64, description = "How many seconds ago it was asked for; only of a remembered answer"),
                ("Cache-Control" = String, description = "That no cache between us may answer with it unasked"),
                ("Vary" = String, description = "The header that decides whose answer it is"),
            ),
            example = json!({"items": [{"reference": "REQ-88", "rank": 1}], "page": 1, "limit": 10, "total": 1,
                "max_page": 1, "freshness": {"as_of": "2026-03-01T14:21:58Z", "pending": 0, "more_pending": false,
                "coverage": {"jobs": {"seen": 52000, "total": 52000}}}, "stale": false, "next_cursor": null,
                "truncated": false})),
        BodyRefusals,
    ),
    security(("api_key" = [])),
)]
#[post("/v1/jobs/searching")]
pub(super) async fn search_jobs_by_body(
    api: web::Data<Api>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let (partner, given) = api.partner_sends(&request, payload, criteria::SearchJobs::KNOWN).await?;
    search(&api, &request, partner, Entity::Job, &given).await
}

async fn search(
    api: &Api,
    request: &HttpRequest,
    partner: &Arc<Partner>,
    entity: Entity,
    given: &Given,
) -> Result<HttpResponse> {
    reply(api, request, partner, given, criteria::asked(given, entity, None)?, write).await
}

fn write(asked: &Asked, answered: &Answered) -> Result<Page> {
    let Answered { asked_at: _, items, page, max_page, total, freshness, stale, next, truncated } = answered;
    let found = |item: &query::Match| Found {
        reference: item.reference.clone(),
        rank: item.rank,
        card: item.card.clone(),
    };
    let document = FoundPage {
        items: items.iter().map(found).collect(),
        page: *page,
        limit: asked.limit,
        total: *total,
        max_page: *max_page,
        freshness: FreshnessDocument::of(*freshness, asked.entity),
        stale: *stale,
        next_cursor: next.as_ref().map(|next| cursor::write(cursor::RANKING, next)).transpose()?,
        truncated: *truncated,
        receipt: None,
    };
    written(&document, &document.freshness)
}
