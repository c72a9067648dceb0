//! `/v1/match/why`: what keeps one object from another's list, or where in it.

use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter as Documented, ParameterIn};

use super::verdict::WhyDocument;
use super::{PAIR, pair_in};
use crate::api::Api;
use crate::api::criteria;
use crate::api::parameters::{Parameter, document};
use crate::api::problem::refusals;
use crate::api::quota::refused;
use crate::error::Result;
use crate::flows::why::{self, Asked};
use crate::model::Entity;

const OF_PROFILES: &[&[Parameter]] = {
    let [partner, limit, score, criteria, rewritten, near] = criteria::NARROW_PROFILES;
    &[partner, PAIR, limit, score, criteria, rewritten, near]
};
const OF_JOBS: &[&[Parameter]] = {
    let [partner, limit, score, criteria, rewritten, of_jobs, near] = criteria::NARROW_JOBS;
    &[partner, PAIR, limit, score, criteria, rewritten, of_jobs, near]
};

/// What the question reads: the filters of the list that is meant.
pub(in crate::api) struct ExplainAbsence;

impl IntoParams for ExplainAbsence {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Documented> {
        let is_near = |parameter: &Documented| parameter.name == criteria::NEAR_EITHER.name;
        let (of_profiles, of_jobs) = (document(OF_PROFILES), document(OF_JOBS));
        let lacks = |list: &[Documented], name: &str| list.iter().all(|parameter| parameter.name != name);
        let mut all = document(&[&[criteria::NEAR_EITHER]]);
        for parameter in of_profiles.iter().filter(|parameter| !is_near(parameter)) {
            let alone = lacks(&of_jobs, &parameter.name).then_some(Entity::Profile);
            all.push(restricted(parameter.clone(), alone));
        }
        let of_jobs = of_jobs.into_iter().filter(|parameter| lacks(&of_profiles, &parameter.name));
        all.extend(of_jobs.map(|parameter| restricted(parameter, Some(Entity::Job))));
        all
    }
}

fn restricted(mut parameter: Documented, to: Option<Entity>) -> Documented {
    if let Some(ranked) = to {
        let help = parameter.description.take().unwrap_or_default();
        parameter.description = Some(format!("{help} Only where `ranked` is `{}`.", ranked.plural()));
    }
    parameter
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, Invalid, RateLimited, Upstream, Refused, Denied, Unreachable,
    Unavailable, TimedOut);

/// Explain an absence
///
/// Why a profile is not in the list for a job, or where in it; with `ranked=jobs` why a job is not in the list for a
/// profile. Send the filters, `score_min` and `limit` that the list was asked with. An object that was never heard of, also
/// another partner's, is a reason and no 404. HrFlow is called at most five times, or twice and once for each filter,
/// whichever is more.
#[utoipa::path(
    tag = "matching",
    params(ExplainAbsence),
    responses(
        (status = 200, description = "What was found out", body = WhyDocument,
            example = json!({"job_reference": "REQ-88", "profile_reference": "CRM-4711", "ranked": "profiles",
                "in_list": false, "reason": "excluded", "object": null,
                "detail": "it is kept out by `location_distance`",
                "advice": "Drop or widen the filters that `excluded_by` names.",
                "score": 0.8127, "score_100": 81, "rank": null, "page": null,
                "excluded_by": [{"parameter": "location_distance",
                    "detail": "HrFlow lists it without `location_distance` and not with it"}],
                "missing": [], "since": null, "due_at": null, "problem": null,
                "checks": [
                    {"check": "ledger", "object": "job", "passed": true,
                        "detail": "HrFlow took the job `REQ-88` on 2026-03-01T14:20:01Z"},
                    {"check": "ledger", "object": "profile", "passed": true,
                        "detail": "HrFlow took the profile `CRM-4711` on 2026-03-01T14:22:01Z"},
                    {"check": "list", "object": null, "passed": false, "detail": "HrFlow does not list it with the filter"},
                    {"check": "unfiltered", "object": null, "passed": true,
                        "detail": "HrFlow lists it without filters, with a score of 0.8127"},
                    {"check": "filter", "object": null, "passed": false,
                        "detail": "HrFlow lists it without `location_distance` and not with it"}],
                "freshness": {"as_of": "2026-03-01T14:23:58Z", "pending": 0, "more_pending": false,
                "coverage": {"profiles": {"seen": 52000, "total": 52000}}}, "stale": false})),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/match/why")]
pub(in crate::api) async fn explain_absence(
    api: web::Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let mut named = url::form_urlencoded::parse(request.query_string().as_bytes());
    let ranks_jobs = named.any(|(name, value)| name == "ranked" && value == "jobs");
    let known = if ranks_jobs { OF_JOBS } else { OF_PROFILES };
    let (partner, given) = api.partner_asks(&request, known)?;
    let pair = pair_in(&given)?;
    let asked = Asked {
        filters: criteria::filters(&given, pair.ranked)?,
        pair: pair.clone(),
        score_min: given.number("score_min"),
        limit: given.whole("limit"),
    };
    match why::ask(&api.context, partner, asked).await {
        Ok(why) => Ok(HttpResponse::Ok().json(WhyDocument::of(pair, why)?)),
        Err(problem) => refused(partner, problem),
    }
}
