//! `/v1/pulls/{id}/absences`, `/approve`, `/reject`: an operator looks at what is gone, and decides.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{PARTNER, Parameter, query};
use super::problem::refusals;
use super::pulls::{PullDocument, find, whole};
use super::records::date;
use super::shape::Shape;
use super::{Api, LIMIT};
use crate::error::Result;
use crate::flows::fuse;
use crate::store::absences::{self, Verdict};
use crate::store::{Absence, Db, Decided, Decision};

/// How many objects a pull names itself.
const FIRST: i64 = 10;

/// What a listing lacked, counted.
#[derive(Serialize, ToSchema)]
pub(super) struct AbsenceSummary {
    /// Not asked for yet.
    #[schema(minimum = 0, example = 0)]
    unchecked: i64,
    /// Gone, and not archived.
    #[schema(minimum = 0, example = 25)]
    gone: i64,
    /// Still there: kept and indexed.
    #[schema(minimum = 0, example = 3)]
    here: i64,
    /// The partner's service did not say: kept.
    #[schema(minimum = 0, example = 0)]
    unclear: i64,
    /// Something happened to them since: left alone.
    #[schema(minimum = 0, example = 0)]
    touched: i64,
    /// Gone, and archived.
    #[schema(minimum = 0, example = 0)]
    archived: i64,
    /// The references of the first that are gone and not archived; all are under `/v1/pulls/{id}/absences`.
    #[schema(example = json!(["CRM-17", "CRM-18"]))]
    first_gone: Vec<String>,
}

/// What an operator decided.
#[derive(Serialize, ToSchema)]
pub(super) struct DecisionDocument {
    /// What.
    verdict: DecisionVerdict,
    /// When.
    #[schema(format = "date-time", example = "2026-03-01T15:00:00Z")]
    decided_at: Option<String>,
    /// Which operator key, in eight characters of its hash.
    #[schema(example = "9f86d081")]
    decided_by: String,
}

/// What an operator decided.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum DecisionVerdict {
    /// What is still gone is archived.
    Approved,
    /// Everything is kept.
    Rejected,
}

/// An object that a listing lacked.
#[derive(Serialize, ToSchema)]
pub(super) struct AbsenceDocument {
    /// The partner's own name for it.
    #[schema(example = "CRM-17")]
    reference: String,
    /// What is known of it.
    verdict: AbsenceVerdict,
    /// When it was last asked for.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    checked_at: Option<String>,
}

/// What is known of an object that a listing lacked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AbsenceVerdict {
    /// Nothing yet.
    Unchecked,
    /// It is gone, and not archived.
    Gone,
    /// It is still there: kept and indexed.
    Here,
    /// The partner's service did not say: kept.
    Unclear,
    /// Something happened to it since: left alone.
    Touched,
    /// It was gone, and was archived.
    Archived,
}

/// A page of them.
#[derive(Serialize, ToSchema)]
pub(super) struct AbsenceList {
    /// The objects, by reference.
    items: Vec<AbsenceDocument>,
    /// What `cursor` takes for the next page; null on the last.
    #[schema(example = "CRM-17")]
    next_cursor: Option<String>,
}

query! {
    /// What listing absences reads.
    ListAbsences: &[
        PARTNER,
        Parameter::optional("cursor", Shape::Reference, "The `next_cursor` of the page before."),
        Parameter::optional("limit", LIMIT, "How many objects a page has at most."),
    ]
}
query! {
    /// What deciding reads.
    Decide: &[PARTNER]
}

refusals!(ReadRefusals: Malformed, Unauthorized, NotFound, Invalid, Unavailable);
refusals!(DecideRefusals: Malformed, Unauthorized, NotFound, Conflict, Invalid, Unavailable);

/// List what a pull lacked
///
/// The objects that a complete listing lacked, or that single 404s would have archived, and what is known of each. Needs
/// an operator key.
#[utoipa::path(
    tag = "pulls",
    params(("id" = String, Path, description = "The pull's id", example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11"), ListAbsences),
    responses((status = 200, description = "A page of the objects", body = AbsenceList), ReadRefusals),
    security(("api_key" = [])),
)]
#[get("/v1/pulls/{id}/absences")]
pub(super) async fn list_absences(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.operator_asks(&request, ListAbsences::KNOWN)?;
    let id = find(&api, partner, &request).await?.id;
    let after = given.text("cursor").unwrap_or_default().to_owned();
    let limit = i64::try_from(given.whole("limit")).unwrap_or(i64::MAX - 1);
    // One more than is shown tells whether there is another page.
    let mut found = api.context.store.read(move |db| absences::list(db, &id, &after, limit + 1)).await?;
    let more = i64::try_from(found.len()).is_ok_and(|found| found > limit);
    if more {
        found.pop();
    }
    let next_cursor = found.last().filter(|_| more).map(|last| last.reference.clone());
    Ok(HttpResponse::Ok().json(AbsenceList { items: found.into_iter().map(document).collect(), next_cursor }))
}

/// Approve of archiving what is gone
///
/// For a pull in the state `waiting_for_approval`. Each object is asked for once more; what is still gone, and what nothing
/// happened to since, is archived. Needs an operator key.
#[utoipa::path(
    tag = "pulls",
    params(("id" = String, Path, description = "The pull's id", example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11"), Decide),
    responses((status = 202, description = "It is carried out", body = PullDocument), DecideRefusals),
    security(("api_key" = [])),
)]
#[post("/v1/pulls/{id}/approve")]
pub(super) async fn approve_pull(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let pull = decide(&api, &request, Decided::Approved).await?;
    Ok(HttpResponse::Accepted().json(pull))
}

/// Reject archiving what is gone
///
/// For a pull in the state `waiting_for_approval`. Everything is kept. Needs an operator key.
#[utoipa::path(
    tag = "pulls",
    params(("id" = String, Path, description = "The pull's id", example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11"), Decide),
    responses((status = 200, description = "Everything is kept", body = PullDocument), DecideRefusals),
    security(("api_key" = [])),
)]
#[post("/v1/pulls/{id}/reject")]
pub(super) async fn reject_pull(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let pull = decide(&api, &request, Decided::Rejected).await?;
    Ok(HttpResponse::Ok().json(pull))
}

async fn decide(api: &Api, request: &HttpRequest, verdict: Decided) -> Result<PullDocument> {
    let (partner, _) = api.operator_asks(request, Decide::KNOWN)?;
    let id = find(api, partner, request).await?.id;
    let pull = fuse::decide(&api.context, id, verdict, Api::key_mark(request)).await?;
    whole(api, pull).await
}

/// What a pull lacked, and what was decided about it.
pub(super) fn of(db: &mut Db<'_>, id: &str) -> Result<(Option<AbsenceSummary>, Option<DecisionDocument>)> {
    let counts = absences::counts(db, id)?;
    let count =
        |wanted| counts.iter().find(|(verdict, _)| *verdict == wanted).map_or(0, |(_, number)| *number);
    let gone = absences::next(db, id, Verdict::Gone, "", FIRST)?;
    let summary = (!counts.is_empty()).then(|| AbsenceSummary {
        unchecked: count(Verdict::Unchecked),
        gone: count(Verdict::Gone),
        here: count(Verdict::Here),
        unclear: count(Verdict::Unclear),
        touched: count(Verdict::Touched),
        archived: count(Verdict::Archived),
        first_gone: gone.into_iter().map(|absence| absence.reference).collect(),
    });
    let decision = absences::decision(db, id)?.map(|Decision { verdict, decided_at, decided_by, .. }| {
        let verdict = match verdict {
            Decided::Approved => DecisionVerdict::Approved,
            Decided::Rejected => DecisionVerdict::Rejected,
        };
        DecisionDocument { verdict, decided_at: date(Some(decided_at)), decided_by }
    });
    Ok((summary, decision))
}

fn document(absence: Absence) -> AbsenceDocument {
    AbsenceDocument {
        reference: absence.reference,
        verdict: match absence.verdict {
            Verdict::Unchecked => AbsenceVerdict::Unchecked,
            Verdict::Gone => AbsenceVerdict::Gone,
            Verdict::Here => AbsenceVerdict::Here,
            Verdict::Unclear => AbsenceVerdict::Unclear,
            Verdict::Touched => AbsenceVerdict::Touched,
            Verdict::Archived => AbsenceVerdict::Archived,
        },
        checked_at: date(absence.checked_at),
    }
}
