//! `/v1/ratings`: how good a match somebody finds a pair.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::feedback::{self, LISTED, ListRefusals, Members, SendFeedback, TellRefusals};
use super::parameters::query;
use crate::error::Result;
use crate::flows::feedback::{Item, Recorded, Told};
use crate::model::{Feedback, Role, Saying, rfc3339};

/// A rating of a pair. Exactly one of `score` and `stars` is given.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read by hand, so that all that is wrong is told at once")]
pub(super) struct RatingRequest {
    /// The job.
    #[schema(min_length = 1, max_length = 255, example = "REQ-88")]
    job_reference: String,
    /// The profile.
    #[schema(min_length = 1, max_length = 255, example = "CRM-4711")]
    profile_reference: String,
    /// In which role somebody rates.
    role: Role,
    /// From 0 to 1, higher is better.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.8)]
    score: Option<f64>,
    /// From 1 to 5: one star is a score of 0.2, five stars are 1.
    #[schema(minimum = 1, maximum = 5, example = 4)]
    stars: Option<u8>,
    /// Who rates. It is passed on to HrFlow and kept nowhere else.
    #[schema(max_length = 254, example = "recruiter@example.org")]
    author_email: Option<String>,
    /// Why. It is passed on to HrFlow and kept nowhere else.
    #[schema(max_length = 5000, example = "Nights and weekends are fine with her.")]
    comment: Option<String>,
    /// When it was said; now where it is left out.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    created_at: Option<String>,
}

/// A rating that HrFlow has.
#[derive(Serialize, ToSchema)]
pub(super) struct RecordedRating {
    /// Its id: the same however often it is sent under one key.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// The job.
    #[schema(example = "REQ-88")]
    job_reference: String,
    /// The profile.
    #[schema(example = "CRM-4711")]
    profile_reference: String,
    /// In which role somebody rated.
    role: Role,
    /// From 0 to 1, higher is better.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.8)]
    score: f64,
    /// The score in stars; null where it is none of five.
    #[schema(minimum = 1, maximum = 5, example = 4)]
    stars: Option<u8>,
    /// When it was said.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    created_at: String,
}

/// A rating, as HrFlow has it.
#[derive(Serialize, ToSchema)]
pub(super) struct RatingDocument {
    /// The job.
    #[schema(example = "REQ-88")]
    job_reference: String,
    /// The profile.
    #[schema(example = "CRM-4711")]
    profile_reference: String,
    /// In which role somebody rated.
    role: Role,
    /// From 0 to 1, higher is better.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.8)]
    score: f64,
    /// The score in stars; null where it is none of five.
    #[schema(minimum = 1, maximum = 5, example = 4)]
    stars: Option<u8>,
    /// Why; null where nothing was said.
    #[schema(example = "Nights and weekends are fine with her.")]
    comment: Option<String>,
    /// When it was said; null where HrFlow does not tell.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    created_at: Option<String>,
}

/// A page of ratings.
#[derive(Serialize, ToSchema)]
pub(super) struct RatingList {
    /// The ratings, the latest first.
    items: Vec<RatingDocument>,
    /// This page's number.
    #[schema(minimum = 1, example = 1)]
    page: u64,
    /// How many a page has at most.
    #[schema(minimum = 1, maximum = 100, example = 30)]
    limit: u64,
    /// How many HrFlow has on all pages.
    #[schema(example = 1)]
    total: u64,
    /// The last page's number.
    #[schema(minimum = 1, example = 1)]
    max_page: u64,
}

query! {
    /// What listing ratings reads.
    ListRatings: LISTED
}

/// Rate a match
///
/// Tells HrFlow how good a match somebody finds a pair, so that its ranking can learn. HrFlow cannot change a rating, and a
/// second one stands beside the first: send an `Idempotency-Key`, and the same sent again within a day is answered as the
/// first was. Where nobody knows whether HrFlow has it (502, 504), the same key sent again looks for it there before it
/// is told again.
#[utoipa::path(
    tag = "feedback",
    params(
        SendFeedback,
        ("Idempotency-Key" = Option<String>, Header, description = "Under which the same rating is recorded once: a \
            UUID, or anything else that is never used twice", min_length = 1, max_length = 255,
            example = "8e03978e-40d5-43e8-bc93-6894a57f9324"),
    ),
    request_body(content = RatingRequest, description = "Who is rated for what, and how", example = json!({"job_reference": "REQ-88", "profile_reference": "CRM-4711",
        "role": "recruiter", "stars": 4})),
    responses(
        (status = 201, description = "HrFlow has it", body = RecordedRating,
            headers(("Idempotency-Replayed" = String, description = "`true` when it was recorded before")),
            example = json!({"id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11", "job_reference": "REQ-88",
                "profile_reference": "CRM-4711", "role": "recruiter", "score": 0.8, "stars": 4,
                "created_at": "2026-03-01T14:21:58Z"})),
        TellRefusals,
    ),
    security(("api_key" = [])),
)]
#[post("/v1/ratings")]
pub(super) async fn rate_match(
    api: web::Data<Api>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    feedback::tell(&api, &request, payload, &MEMBERS, score, recorded).await
}

/// List ratings
///
/// What HrFlow was told of a job, of a profile or of a pair, the latest first, by references. Who wrote it is not listed.
#[utoipa::path(
    tag = "feedback",
    params(ListRatings),
    responses(
        (status = 200, description = "A page of ratings", body = RatingList,
            example = json!({"items": [{"job_reference": "REQ-88", "profile_reference": "CRM-4711", "role": "recruiter",
                "score": 0.8, "stars": 4, "comment": null, "created_at": "2026-03-01T14:21:58Z"}], "page": 1,
                "limit": 30, "total": 1, "max_page": 1})),
        ListRefusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/ratings")]
pub(super) async fn list_ratings(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, ListRatings::KNOWN)?;
    feedback::list::<RatingList>(&api, partner, "rating", &given).await
}

const MEMBERS: [&str; 8] =
    ["job_reference", "profile_reference", "role", "score", "stars", "author_email", "comment", "created_at"];

/// A score, or stars in its place.
fn score(members: &mut Members) -> Option<Saying> {
    match (members.value("score").cloned(), members.value("stars").cloned()) {
        (None, None) => members.unreadable("score", "is required where there are no `stars`"),
        (Some(_), Some(_)) => members.unacceptable("stars", "must not be given beside `score`"),
        (Some(score), None) => match score.as_f64() {
            Some(score) if (0.0..=1.0).contains(&score) => return Some(Saying::Score(score)),
            Some(_) => members.unacceptable("score", "must be between 0 and 1"),
            None => members.unreadable("score", "must be a number"),
        },
        (None, Some(stars)) => match (stars.as_u64(), stars.is_number()) {
            (Some(stars @ 1..=5), _) => {
                let stars = u8::try_from(stars).unwrap_or_default();
                return Some(Saying::Score(f64::from(stars) / 5.0));
            }
            (_, true) => members.unacceptable("stars", "must be 1, 2, 3, 4 or 5"),
            (_, false) => members.unreadable("stars", "must be a whole number"),
        },
    }
    None
}

fn score_of(saying: &Saying) -> Option<f64> {
    match saying {
        Saying::Score(score) => Some(*score),
        Saying::Action(_) => None,
    }
}

fn stars(score: f64) -> Option<u8> {
    (1..=5).find(|stars| (f64::from(*stars) / 5.0 - score).abs() < 1e-9)
}

fn recorded(said: Feedback, recorded: Recorded) -> Option<RecordedRating> {
    let score = score_of(&said.saying)?;
    Some(RecordedRating {
        id: recorded.id,
        job_reference: said.job.into(),
        profile_reference: said.profile.into(),
        role: said.role,
        score,
        stars: stars(score),
        created_at: rfc3339(recorded.said_at),
    })
}

impl From<Told> for RatingList {
    fn from(Told { items, page, limit, max_page, total }: Told) -> Self {
        Self { items: items.into_iter().filter_map(document).collect(), page, limit, total, max_page }
    }
}

fn document(item: Item) -> Option<RatingDocument> {
    let score = score_of(&item.saying)?;
    Some(RatingDocument {
        job_reference: item.job,
        profile_reference: item.profile,
        role: item.role,
        score,
        stars: stars(score),
        comment: item.comment,
        created_at: item.created_at.map(rfc3339),
    })
}
