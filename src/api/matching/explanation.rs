//! `/v1/match/explanation` and `/v1/explanations`: the strengths and the gaps of one pair, in words.

use std::time::Duration;

use actix_web::http::header::{CONTENT_LOCATION, LOCATION, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{PAIR, pair_in};
use crate::api::Api;
use crate::api::parameters::{PARTNER, Parameter, query};
use crate::api::problem::refusals;
use crate::api::records::{date, id_in, stored};
use crate::api::shape::Shape;
use crate::error::{Error, Kind, Result};
use crate::flows::explain::{self, Point, Problem, Told};
use crate::model::{Entity, hundredths};
use crate::store::Explanation;
use crate::store::explanations::Stage;

/// How soon it is worth asking again, in seconds.
const AGAIN: u64 = 2;

/// Why a job and a profile match as they do. It holds for what both were when it was made.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ExplanationDocument {
    /// Its id.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// The job.
    #[schema(example = "REQ-88")]
    job_reference: String,
    /// The profile.
    #[schema(example = "CRM-4711")]
    profile_reference: String,
    /// Which list the score is of.
    ranked: Entity,
    /// The language of the words: `en` or `fr`.
    #[schema(example = "en")]
    lang: String,
    /// The score that is explained, as the list had it: from 0 to 1.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.9157)]
    score: f64,
    /// The score in hundredths, rounded as in the list.
    #[schema(minimum = 0, maximum = 100, example = 92)]
    score_100: u8,
    /// A closer look at this one pair, from 0 to 1, on a scale of its own. Null where no grading algorithm is configured,
    /// and where HrFlow could not grade the pair or its grading failed, as `ungraded` says.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.7869)]
    grade: Option<f64>,
    /// The grade in hundredths, rounded as the score is.
    #[schema(minimum = 0, maximum = 100, example = 79)]
    grade_100: Option<u8>,
    /// Whether HrFlow was asked for a grade and could not give one, the objects being too long for example.
    #[schema(example = false)]
    ungradable: bool,
    /// Why there is no grade, though a grading algorithm is configured; null where there is one. The explanation is kept
    /// without it.
    #[schema(example = json!(null))]
    ungraded: Option<String>,
    /// What speaks for the pair.
    strengths: Vec<PointDocument>,
    /// What speaks against it.
    gaps: Vec<PointDocument>,
    /// When it was made.
    #[schema(format = "date-time", example = "2026-03-01T14:22:11Z")]
    explained_at: Option<String>,
    /// What both objects were when it was made.
    fingerprints: Fingerprints,
}

/// A strength or a gap, and its evidence.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct PointDocument {
    /// In a few words.
    #[schema(example = "Rust in production")]
    name: String,
    /// The evidence; null when HrFlow gave none.
    #[schema(example = "Eight years of backend work match the stack.")]
    description: Option<String>,
}

/// SHA-256 of what HrFlow had of both objects; null where that is not known.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Fingerprints {
    /// Of the job.
    #[schema(example = "7a3f0d9e4b1c5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b")]
    job: Option<String>,
    /// Of the profile.
    #[schema(example = "2c3b4a5968778695a4b3c2d1e0f1029384756a5b7a3f0d9e4b1c5a62887f0e1d")]
    profile: Option<String>,
}

/// An explanation that is being made.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct RunningExplanation {
    /// Its id, under which it can be asked for.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// When it was begun.
    #[schema(format = "date-time", example = "2026-03-01T14:22:02Z")]
    asked_at: Option<String>,
}

query! {
    /// What an explanation reads.
    ExplainMatch: &[PARTNER], PAIR, &[
        Parameter::optional("lang", Shape::Choice(&["en", "fr"]), "The language of the words; `en` unless told."),
        Parameter::optional("wait", Shape::Whole { least: 0, most: 30, default: Some(5) },
            "How many seconds to wait for it before the answer is 202."),
    ]
}
query! {
    /// What an explanation that was asked for reads.
    GetExplanation: &[PARTNER]
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, Pending, Conflict, Gone, Invalid, RateLimited, Upstream, Refused,
    Denied, Unreachable, Unavailable, TimedOut);

/// Explain one pair
///
/// The strengths and the gaps of one job and one profile, from HrFlow, which takes seconds: after `wait` the answer is 202
/// and `Location` says where it will be. It is kept for as long as neither object changes, at most seven days, and asked of
/// HrFlow once, however many ask. What failed is told, and tried again when it is asked for after `Retry-After`. Status 409
/// with the code `conflict`: the pair has no score to be explained, or one of both changed meanwhile.
#[utoipa::path(
    tag = "matching",
    params(ExplainMatch),
    responses(
        (status = 200, description = "The explanation", body = ExplanationDocument,
            headers(("Content-Location" = String, description = "Where it stays, for as long as it is kept")),
            example = json!(example())),
        (status = 202, description = "It is being made", body = RunningExplanation,
            headers(("Location" = String, description = "Where it will be"),
                ("Retry-After" = u64, description = "Seconds until it is worth asking again")),
            example = json!({"id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11", "asked_at": "2026-03-01T14:22:02Z"})),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/match/explanation")]
pub(in crate::api) async fn explain_match(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, ExplainMatch::KNOWN)?;
    let lang = if given.text("lang") == Some("fr") { "fr" } else { "en" };
    let wait = Duration::from_secs(given.whole("wait"));
    let explanation = explain::ask(&api.context, partner, pair_in(&given)?, lang, wait).await?;
    show(&api, explanation)
}

/// Read an explanation
///
/// One that was asked for: 202 while it is being made, then the explanation, or the problem that there is none for. What
/// failed is tried again when it is read after `Retry-After`. Status 410 once the job or the profile is archived; 409 with
/// the code `conflict` where one of both changed before it was made, so that the pair is to be asked for again.
#[utoipa::path(
    tag = "matching",
    params(("id" = String, Path, description = "The explanation's id",
        example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11"), GetExplanation),
    responses(
        (status = 200, description = "The explanation", body = ExplanationDocument,
            headers(("Content-Location" = String, description = "Where it stays, for as long as it is kept")),
            example = json!(example())),
        (status = 202, description = "It is being made", body = RunningExplanation,
            headers(("Location" = String, description = "Where it will be"),
                ("Retry-After" = u64, description = "Seconds until it is worth asking again")),
            example = json!({"id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11", "asked_at": "2026-03-01T14:22:02Z"})),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/explanations/{id}")]
pub(in crate::api) async fn get_explanation(
    api: web::Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (partner, _) = api.partner_asks(&request, GetExplanation::KNOWN)?;
    let explanation = explain::get(&api.context, partner, &id_in(&request)?).await?;
    show(&api, explanation)
}

fn show(api: &Api, explanation: Explanation) -> Result<HttpResponse> {
    match explanation.state {
        Stage::Running => Ok(HttpResponse::Accepted()
            .insert_header((LOCATION, format!("/v1/explanations/{}", explanation.id)))
            .insert_header((RETRY_AFTER, AGAIN))
            .json(RunningExplanation { asked_at: date(Some(explanation.asked_at)), id: explanation.id })),
        Stage::Done => Ok(HttpResponse::Ok()
            .insert_header((CONTENT_LOCATION, format!("/v1/explanations/{}", explanation.id)))
            .json(document(explanation)?)),
        Stage::Failed => {
            let problem: Option<Problem> = stored(explanation.problem.as_deref())?;
            let problem = problem.ok_or_else(|| broken("an explanation failed without a problem"))?;
            let now = api.context.clock.now().timestamp_micros();
            let wait = explanation.retry_at.unwrap_or(now) - now;
            Err(problem
                .into_error()
                .retry_after(Duration::from_micros(u64::try_from(wait).unwrap_or_default())))
        }
    }
}

fn example() -> serde_json::Value {
    json!({
        "id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11", "job_reference": "REQ-88", "profile_reference": "CRM-4711",
        "ranked": "profiles", "lang": "en", "score": 0.9157, "score_100": 92, "grade": 0.7869, "grade_100": 79,
        "ungradable": false, "ungraded": null,
        "strengths": [{"name": "Rust in production", "description": "Eight years of backend work match the stack."}],
        "gaps": [{"name": "No lead role", "description": "The job asks for team lead experience."}],
        "explained_at": "2026-03-01T14:22:11Z",
        "fingerprints": {
            "job": "7a3f0d9e4b1c5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b",
            "profile": "2c3b4a5968778695a4b3c2d1e0f1029384756a5b7a3f0d9e4b1c5a62887f0e1d",
        },
    })
}

fn document(explanation: Explanation) -> Result<ExplanationDocument> {
    let told: Option<Told> = stored(explanation.told.as_deref())?;
    let told = told.ok_or_else(|| broken("an explanation says nothing"))?;
    let points = |points: Vec<Point>| {
        let document = |Point { name, description }| PointDocument { name, description };
        points.into_iter().map(document).collect()
    };
    let ranked = Entity::parse(&explanation.ranked);
    Ok(ExplanationDocument {
        id: explanation.id,
        job_reference: explanation.job_reference,
        profile_reference: explanation.profile_reference,
        ranked: ranked.ok_or_else(|| broken("an explanation of no known entity"))?,
        lang: explanation.lang,
        score: told.score,
        score_100: hundredths(told.score),
        grade: told.grade,
        grade_100: told.grade.map(hundredths),
        ungradable: told.ungradable,
        ungraded: told.ungraded,
        strengths: points(told.strengths),
        gaps: points(told.gaps),
        explained_at: date(explanation.ended_at),
        fingerprints: Fingerprints {
            job: explanation.job_fingerprint,
            profile: explanation.profile_fingerprint,
        },
    })
}

fn broken(message: &str) -> Error {
    Error::new(Kind::Internal, message)
}
