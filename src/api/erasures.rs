//! `/v1/erasures`: a person asked for deletion, and what can be shown of it afterwards.

use std::sync::Arc;

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::parameters::{PARTNER, Parameter, query};
use super::problem::refusals;
use super::records::{RecordProblem, date, id_in, reference_in, stored};
use super::shape::Shape;
use crate::error::{Error, Kind, Result};
use crate::flows::{self, Partner};
use crate::model::{Entity, Reference};
use crate::store::{Erasure, erasures};

/// The evidence of one erasure. It names nobody: `subject` is told by whoever knows the reference.
#[derive(Serialize, ToSchema)]
pub(super) struct ErasureDocument {
    /// Its id.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// Whose profile it is.
    #[schema(example = "acme")]
    partner: String,
    /// What was erased.
    entity: Entity,
    /// SHA-256 over partner, `profile` and reference, each after its length in eight bytes.
    #[schema(example = "7a3f0d9e4b1c5a62887f0e1d2c3b4a5968778695a4b3c2d1e0f1029384756a5b")]
    subject: String,
    /// How far it has come.
    state: ErasureState,
    /// When it was asked for.
    #[schema(format = "date-time", example = "2026-03-01T14:00:00Z")]
    requested_at: Option<String>,
    /// By which key, told by the beginning of its SHA-256, or by which event.
    #[schema(example = "key 3f2a9c1b")]
    requested_by: String,
    /// When all of it was done and verified; null until then.
    #[schema(format = "date-time", example = "2026-03-01T14:00:06Z")]
    erased_at: Option<String>,
    /// What was verified, and how; null until then.
    proof: Option<ErasureProof>,
    /// What last went wrong; it is tried again. Null when nothing did.
    problem: Option<RecordProblem>,
}

/// How far an erasure has come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ErasureState {
    /// It is under way, until it is done.
    Pending,
    /// HrFlow holds nothing of the profile any more, and neither do we.
    Erased,
}

/// What was verified.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct ErasureProof {
    /// The API and the source.
    #[schema(example = "https://api.hrflow.ai/v1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    target: String,
    /// How many profiles HrFlow held; each was overwritten with the minimum and archived.
    #[schema(minimum = 0, example = 1)]
    profiles: u64,
    /// What was looked at afterwards, a sentence each.
    #[schema(example = json!(["each profile was read back by its key: it says nothing of a person, and is archived"]))]
    checks: Vec<String>,
}

const OPERATED: Parameter = Parameter { required: true, ..PARTNER };

query! {
    /// What erasing a profile named in the address reads.
    EraseProfile: &[OPERATED]
}
query! {
    /// What erasing a profile named by a parameter reads.
    FindAndEraseProfile: &[OPERATED], &[Parameter::required("reference", Shape::Reference, "The partner's own name for it.")]
}
query! {
    /// What reading an erasure reads from the address.
    GetErasure: &[PARTNER]
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, Invalid, Unavailable);

/// Erase a profile
///
/// For a person's request for deletion; needs an operator key. HrFlow deletes nothing, so what it holds is overwritten with
/// the minimum, archived, and looked for afterwards; what we hold is dropped. A tombstone with the bare reference stays and
/// refuses whatever is told of it later, for good: a person who comes back needs another reference. It goes on until it
/// is done, and asking again shows how far it has come.
#[utoipa::path(
    tag = "records",
    params(
        ("reference" = String, Path, description = "The partner's own name for it", example = "CRM-4711",
            min_length = 1, max_length = 255),
        EraseProfile,
    ),
    responses(
        (status = 202, description = "The erasure is under way", body = ErasureDocument,
            headers(("Location" = String, description = "Where to watch it"))),
        (status = 200, description = "The profile was erased already", body = ErasureDocument),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[post("/v1/records/profiles/{reference}/erase")]
pub(super) async fn erase_profile(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, _) = api.operator_asks(&request, EraseProfile::KNOWN)?;
    let path = request.uri().path();
    let reference = reference_in(path.strip_suffix("/erase").unwrap_or(path))?;
    erase(&api, partner, &request, reference).await
}

/// Erase a profile by parameter
///
/// The same for references that an address cannot carry well. Needs an operator key.
#[utoipa::path(
    tag = "records",
    params(FindAndEraseProfile),
    responses(
        (status = 202, description = "The erasure is under way", body = ErasureDocument,
            headers(("Location" = String, description = "Where to watch it"))),
        (status = 200, description = "The profile was erased already", body = ErasureDocument),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[post("/v1/records/profiles/erase")]
pub(super) async fn find_and_erase_profile(
    api: web::Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (partner, given) = api.operator_asks(&request, FindAndEraseProfile::KNOWN)?;
    let reference = Reference::parse(given.text("reference").unwrap_or_default())?;
    erase(&api, partner, &request, reference).await
}

/// Watch an erasure
///
/// Its evidence, for as long as the database lives. Needs an operator key.
#[utoipa::path(
    tag = "records",
    params(("id" = String, Path, description = "The erasure's id", example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11"), GetErasure),
    responses((status = 200, description = "The erasure as it stands", body = ErasureDocument), Refusals),
    security(("api_key" = [])),
)]
#[get("/v1/erasures/{id}")]
pub(super) async fn get_erasure(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, _) = api.operator_asks(&request, GetErasure::KNOWN)?;
    let id = id_in(&request)?;
    let wanted = id.clone();
    let found = api.context.store.read(move |db| erasures::find(db, &wanted)).await?;
    let found =
        found.filter(|erasure| partner.is_none_or(|partner| partner.settings.name == erasure.partner));
    let erasure = found.ok_or_else(|| Error::new(Kind::NotFound, format!("no erasure has the id `{id}`")))?;
    Ok(HttpResponse::Ok().json(document(erasure)?))
}

async fn erase(
    api: &Api,
    partner: Option<&Arc<Partner>>,
    request: &HttpRequest,
    reference: Reference,
) -> Result<HttpResponse> {
    let partner = partner.ok_or_else(|| Error::new(Kind::Malformed, "`partner` is required"))?;
    let by = format!("key {}", Api::key_mark(request));
    let erasure = flows::erase::request(&api.context, partner, reference, by).await?;
    let mut answer = match erasure.erased_at {
        None => HttpResponse::Accepted(),
        Some(_) => HttpResponse::Ok(),
    };
    answer.insert_header((LOCATION, format!("/v1/erasures/{}", erasure.id)));
    Ok(answer.json(document(erasure)?))
}

fn document(erasure: Erasure) -> Result<ErasureDocument> {
    let entity = Entity::parse(&erasure.entity);
    Ok(ErasureDocument {
        entity: entity.ok_or_else(|| Error::new(Kind::Internal, "an erasure of no known entity"))?,
        state: match erasure.erased_at {
            None => ErasureState::Pending,
            Some(_) => ErasureState::Erased,
        },
        requested_at: date(Some(erasure.requested_at)),
        erased_at: date(erasure.erased_at),
        proof: stored(erasure.proof.as_deref())?,
        problem: stored(erasure.problem.as_deref())?,
        id: erasure.id,
        partner: erasure.partner,
        subject: erasure.subject,
        requested_by: erasure.requested_by,
    })
}
