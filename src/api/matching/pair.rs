//! `/v1/match`: the score of one pair, the same number as in the list.

use actix_web::{HttpRequest, HttpResponse, get, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{PAIR, pair_in};
use crate::api::Api;
use crate::api::freshness::FreshnessDocument;
use crate::api::parameters::{Freshness, PARTNER, query};
use crate::api::problem::refusals;
use crate::api::quota::refused;
use crate::api::receipts::{self, Answer, RECEIPT, ReceiptMark};
use crate::api::reply::{NotModified, send, wants_anew, written};
use crate::error::Result;
use crate::flows::pair::{self, Pair, Scored};
use crate::model::{Entity, hundredths};

/// How well a job and a profile match.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct MatchDocument {
    /// The job.
    #[schema(example = "REQ-88")]
    job_reference: String,
    /// The profile.
    #[schema(example = "CRM-4711")]
    profile_reference: String,
    /// Which list the score is of.
    ranked: Entity,
    /// The score that the list has, as HrFlow gave it: from 0 to 1, higher is better. Null when the list does not have the
    /// object, and then `why` tells where to ask.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.9157)]
    score: Option<f64>,
    /// The score in hundredths, to be shown: the nearest whole number to 100 × `score`, a half upwards.
    #[schema(minimum = 0, maximum = 100, example = 92)]
    score_100: Option<u8>,
    /// Where to ask why there is no score; null when there is one.
    #[schema(example = "/v1/match/why?job_reference=REQ%2D88&profile_reference=CRM%2D4711&ranked=profiles")]
    why: Option<String>,
    /// How far HrFlow was behind.
    freshness: FreshnessDocument,
    /// Whether a change of either object is on its way: the score is that of what they were.
    #[schema(example = false)]
    stale: bool,
    /// The receipt of this answer, added as it is sent; not there without `receipt=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptMark>,
}

query! {
    /// What the score of a pair reads.
    GetMatch: &[PARTNER], PAIR, &[RECEIPT]
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, Pending, Gone, Invalid, RateLimited, Upstream, Refused, Denied,
    Unreachable, Unavailable, TimedOut);

/// Score one pair
///
/// How well one job and one profile match: the same number as in the list of profiles for the job, or with `ranked=jobs`
/// in the list of jobs for the profile. It is asked of HrFlow as that list, narrowed to the one object. HrFlow's grading is
/// another scale and is not this number; an explanation has both. It is remembered, and told to be the same, as lists are.
#[utoipa::path(
    tag = "matching",
    params(GetMatch, Freshness),
    responses(
        (status = 200, description = "The score, or null and where to ask why", body = MatchDocument,
            headers(
                ("ETag" = String, description = "What tells the answer from others but for its `freshness`: send it as `If-None-Match`"),
                ("Age" = i64, description = "How many seconds ago it was asked for; only of a remembered answer"),
                ("Cache-Control" = String, description = "That no cache between us may answer with it unasked"),
                ("Vary" = String, description = "The header that decides whose answer it is"),
            ),
            example = json!({"job_reference": "REQ-88", "profile_reference": "CRM-4711", "ranked": "profiles",
                "score": 0.9157, "score_100": 92, "why": null, "freshness": {"as_of": "2026-03-01T14:21:58Z",
                "pending": 0, "more_pending": false, "coverage": {"profiles": {"seen": 52000, "total": 52000}}},
                "stale": false})),
        NotModified,
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/match")]
pub(in crate::api) async fn get_match(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, GetMatch::KNOWN)?;
    let pair = pair_in(&given)?;
    let scored = match pair::score(&api.context, partner, &pair, wants_anew(&request)).await {
        Ok(scored) => scored,
        Err(problem) => return refused(partner, problem),
    };
    let noted = receipts::noted(partner, pair.ranked, &given);
    let receipt = receipts::receipt(&api, &request, partner, noted, || answer(&pair, &scored)).await?;
    let remembered_since = scored.remembered_since;
    let document = document(pair, &scored);
    let page = written(&document, &document.freshness)?;
    send(&api, &request, &page, remembered_since, receipt)
}

/// What a receipt says of it: a list that was narrowed to one object, or to none. Which place the object has in the whole
/// list was not asked.
fn answer(pair: &Pair, scored: &Scored) -> Answer {
    let listed =
        scored.score.map(|score| (None, pair.reference(pair.ranked).as_str().to_owned(), Some(score)));
    Answer {
        capability: "match",
        ranked: pair.ranked,
        asked_for: Some(pair.reference(pair.ranked.other()).clone()),
        asked_at: scored.asked_at,
        stale: scored.stale,
        total: u64::from(listed.is_some()),
        items: listed.into_iter().collect(),
    }
}

fn document(pair: Pair, scored: &Scored) -> MatchDocument {
    let Scored { asked_at: _, remembered_since: _, score, freshness, stale } = *scored;
    let encoded = |entity| utf8_percent_encode(pair.reference(entity).as_str(), NON_ALPHANUMERIC);
    let why = format!(
        "/v1/match/why?job_reference={}&profile_reference={}&ranked={}",
        encoded(Entity::Job),
        encoded(Entity::Profile),
        pair.ranked.plural()
    );
    MatchDocument {
        why: score.is_none().then_some(why),
        ranked: pair.ranked,
        score,
        score_100: score.map(hundredths),
        freshness: FreshnessDocument::of(freshness, pair.ranked),
        stale,
        receipt: None,
        job_reference: pair.job.into(),
        profile_reference: pair.profile.into(),
    }
}
