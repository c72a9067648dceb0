//! `/v1/{profiles,jobs}/scoring`: the best profiles for a job, the best jobs for a profile.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::freshness::FreshnessDocument;
use super::parameters::{Freshness, Given, Parameter};
use super::problem::refusals;
use super::receipts::{self, RECEIPT, ReceiptMark};
use super::reply::{NotModified, reply, wants_anew, written};
use super::shape::Shape;
use super::tickets::{self, TicketDocument};
use super::{Api, criteria, cursor, personal};
use crate::error::Result;
use crate::flows::query::{self, Answered, Asked, Page};
use crate::flows::{Partner, ticket};
use crate::model::{Card, Entity, Reference, hundredths};
use crate::store::exports::lines::Match;

/// A page of objects, the best first.
#[derive(Serialize, ToSchema)]
pub(super) struct ScoredPage {
    /// The caller's live objects of this page, by decreasing score unless another order was asked for.
    items: Vec<Scored>,
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
    /// Whether the scores may be those of what was: a change of the object that was asked about is on its way, or `HrFlow`
    /// gives no answer and this is an earlier one (`freshness` and `Age` tell from when).
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

/// An object and how well it matches.
#[derive(Serialize, ToSchema)]
pub(super) struct Scored {
    /// The partner's own reference.
    #[schema(example = "CRM-4711")]
    reference: String,
    /// From 0 to 1, higher is better, as HrFlow gave it.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.9157)]
    score: f64,
    /// The score in hundredths, to be shown: the nearest whole number to 100 × `score`, a half upwards.
    #[schema(minimum = 0, maximum = 100, example = 92)]
    score_100: u8,
    /// The place in the ranking over all pages, from 1. An object that is no longer live leaves a gap.
    #[schema(minimum = 1, example = 1)]
    rank: u64,
    /// The fields that `include` asked for; not there without it, nor where the object moved while it was paged through.
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<Box<Card>>,
}

impl Scored {
    fn of(item: &query::Match) -> Option<Self> {
        let score = item.score?;
        Some(Self {
            reference: item.reference.clone(),
            score,
            score_100: hundredths(score),
            rank: item.rank,
            card: item.card.clone(),
        })
    }
}

impl From<Match> for Scored {
    fn from(Match { reference, score, rank }: Match) -> Self {
        Self { reference, score, score_100: hundredths(score), rank, card: None }
    }
}

/// How long a caller waits for an object that is not ready.
pub(super) const WAIT: Parameter = Parameter::optional(
    "wait",
    Shape::Whole { least: 1, most: 30, default: None },
    "How many seconds to wait for an object that is not in HrFlow yet, or whose change is on its way: one that is not \
     known at all is asked of the partner. What takes longer is answered with 202 and a ticket, which keeps the \
     question: not with `name` or `email` where profiles are ranked. Whoever goes on with `cursor` has waited already.",
);

refusals!(Refusals: Malformed, Unauthorized, NotFound, Pending, Gone, Expired, Invalid, RateLimited, Upstream, Refused,
    Denied, Unreachable, Unavailable, TimedOut);
refusals!(BodyRefusals: Malformed, Unauthorized, NotFound, Pending, Gone, Expired, TooLarge, UnsupportedMediaType,
    Invalid, RateLimited, Upstream, Refused, Denied, Unreachable, Unavailable, TimedOut);

/// Score profiles for a job
///
/// The caller's live profiles, the best match first.
#[utoipa::path(
    tag = "matching",
    params(criteria::ScoreProfiles, Freshness),
    responses(
        (status = 200, description = "A page of profiles, by decreasing score", body = ScoredPage,
            headers(
                ("ETag" = String, description = "What tells the answer from others but for its `freshness`: send it as `If-None-Match`"),
                ("Age" = i64, description = "How many seconds ago it was asked for; only of a remembered answer"),
                ("Cache-Control" = String, description = "That no cache between us may answer with it unasked"),
                ("Vary" = String, description = "The header that decides whose answer it is"),
            ),
            example = json!({"items": [{"reference": "CRM-4711", "score": 0.9157, "score_100": 92, "rank": 1}], "page": 1, "limit": 30, "total": 1,
                "max_page": 1, "freshness": {"as_of": "2026-03-01T14:21:58Z", "pending": 0, "more_pending": false,
                "coverage": {"profiles": {"seen": 52000, "total": 52000}}}, "stale": false,
                "next_cursor": null, "truncated": false})),
        NotModified,
        (status = 202, description = "With `wait`: the job is still on its way; the ticket tells what becomes of it",
            body = TicketDocument, headers(
                ("Location" = String, description = "Where to ask again"),
                ("Retry-After" = u64, description = "When, in seconds")), example = json!(tickets::example("jobs"))),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/profiles/scoring")]
pub(super) async fn score_profiles(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, criteria::ScoreProfiles::KNOWN)?;
    score(&api, &request, partner, Entity::Profile, "job_reference", &given).await
}

/// Score profiles for a job with long criteria
///
/// The same as the GET, with the same names in a JSON body: lists, objects and numbers as they are.
#[utoipa::path(
    tag = "matching",
    params(criteria::WithBody),
    request_body(content = criteria::ScoreProfilesRequest, description = "The job and the criteria; at most 64 KiB"),
    responses(
        (status = 200, description = "A page of profiles, by decreasing score", body = ScoredPage,
            headers(
                ("Age" = i64, description = "How many seconds ago it was asked for; only of a remembered answer"),
                ("Cache-Control" = String, description = "That no cache between us may answer with it unasked"),
                ("Vary" = String, description = "The header that decides whose answer it is"),
            ),
            example = json!({"items": [{"reference": "CRM-4711", "score": 0.9157, "score_100": 92, "rank": 1}], "page": 1, "limit": 10,
                "total": 1, "max_page": 1, "freshness": {"as_of": "2026-03-01T14:21:58Z", "pending": 0,
                "more_pending": false, "coverage": {"profiles": {"seen": 52000, "total": 52000}}}, "stale": false,
                "next_cursor": null, "truncated": false})),
        (status = 202, description = "With `wait`: the job is still on its way; the ticket tells what becomes of it",
            body = TicketDocument, headers(
                ("Location" = String, description = "Where to ask again"),
                ("Retry-After" = u64, description = "When, in seconds")), example = json!(tickets::example("jobs"))),
        BodyRefusals,
    ),
    security(("api_key" = [])),
)]
#[post("/v1/profiles/scoring")]
pub(super) async fn score_profiles_by_body(
    api: web::Data<Api>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let (partner, given) = api.partner_sends(&request, payload, criteria::ScoreProfiles::KNOWN).await?;
    score(&api, &request, partner, Entity::Profile, "job_reference", &given).await
}

/// Score jobs for a profile
///
/// The caller's live jobs, the best match first.
#[utoipa::path(
    tag = "matching",
    params(criteria::ScoreJobs, Freshness),
    responses(
        (status = 200, description = "A page of jobs, by decreasing score", body = ScoredPage,
            headers(
                ("ETag" = String, description = "What tells the answer from others but for its `freshness`: send it as `If-None-Match`"),
                ("Age" = i64, description = "How many seconds ago it was asked for; only of a remembered answer"),
                ("Cache-Control" = String, description = "That no cache between us may answer with it unasked"),
                ("Vary" = String, description = "The header that decides whose answer it is"),
            ),
            example = json!({"items": [{"reference": "REQ-88", "score": 0.8422, "score_100": 84, "rank": 1}], "page": 1, "limit": 30, "total": 1,
                "max_page": 1, "freshness": {"as_of": "2026-03-01T14:21:58Z", "pending": 0, "more_pending": false,
                "coverage": {"jobs": {"seen": 52000, "total": 52000}}}, "stale": false,
                "next_cursor": null, "truncated": false})),
        NotModified,
        (status = 202, description = "With `wait`: the profile is still on its way; the ticket tells what becomes of it",
            body = TicketDocument, headers(
                ("Location" = String, description = "Where to ask again"),
                ("Retry-After" = u64, description = "When, in seconds")), example = json!(tickets::example("profiles"))),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/jobs/scoring")]
pub(super) async fn score_jobs(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, criteria::ScoreJobs::KNOWN)?;
    score(&api, &request, partner, Entity::Job, "profile_reference", &given).await
}

/// Score jobs for a profile with long criteria
///
/// The same as the GET, with the same names in a JSON body: lists, objects and numbers as they are.
#[utoipa::path(
    tag = "matching",
    params(criteria::WithBody),
    request_body(content = criteria::ScoreJobsRequest, description = "The profile and the criteria; at most 64 KiB"),
    responses(
        (status = 200, description = "A page of jobs, by decreasing score", body = ScoredPage,
            headers(
                ("Age" = i64, description = "How many seconds ago it was asked for; only of a remembered answer"),
                ("Cache-Control" = String, description = "That no cache between us may answer with it unasked"),
                ("Vary" = String, description = "The header that decides whose answer it is"),
            ),
            example = json!({"items": [{"reference": "REQ-88", "score": 0.8422, "score_100": 84, "rank": 1}], "page": 1, "limit": 10,
                "total": 1, "max_page": 1, "freshness": {"as_of": "2026-03-01T14:21:58Z", "pending": 0,
                "more_pending": false, "coverage": {"jobs": {"seen": 52000, "total": 52000}}}, "stale": false,
                "next_cursor": null, "truncated": false})),
        (status = 202, description = "With `wait`: the profile is still on its way; the ticket tells what becomes of it",
            body = TicketDocument, headers(
                ("Location" = String, description = "Where to ask again"),
                ("Retry-After" = u64, description = "When, in seconds")), example = json!(tickets::example("profiles"))),
        BodyRefusals,
    ),
    security(("api_key" = [])),
)]
#[post("/v1/jobs/scoring")]
pub(super) async fn score_jobs_by_body(
    api: web::Data<Api>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let (partner, given) = api.partner_sends(&request, payload, criteria::ScoreJobs::KNOWN).await?;
    score(&api, &request, partner, Entity::Job, "profile_reference", &given).await
}

async fn score(
    api: &Api,
    request: &HttpRequest,
    partner: &Arc<Partner>,
    entity: Entity,
    scored_for: &str,
    given: &Given,
) -> Result<HttpResponse> {
    let reference = Reference::parse(given.text(scored_for).unwrap_or_default())?;
    let asked = Asked {
        score_min: given.number("score_min"),
        around: given.text("location_from").is_some(),
        ..criteria::asked(given, entity, Some(reference))?
    };
    if given.value(WAIT.name).is_some() && asked.cursor.is_none() {
        personal::ensure_none(
            given,
            entity,
            "cannot be kept in a ticket, as a person's name: leave out `wait`",
        )?;
        let parameters = receipts::parameters(partner, entity, given);
        let call = ticket::Call { asked, parameters, receipt: given.flag(RECEIPT.name) };
        let patience = Duration::from_secs(given.whole(WAIT.name));
        let waited = ticket::wait(&api.context, partner, call, patience, wants_anew(request), write).await;
        return tickets::answer(api, request, partner, waited).await;
    }
    reply(api, request, partner, given, asked, write).await
}

/// Writes a page down as it is sent.
pub(super) fn write(asked: &Asked, answered: &Answered) -> Result<Page> {
    let Answered { asked_at: _, items, page, max_page, total, freshness, stale, next, truncated } = answered;
    let document = ScoredPage {
        items: items.iter().filter_map(Scored::of).collect(),
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
