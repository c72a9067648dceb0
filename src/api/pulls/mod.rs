//! `/v1/pulls`: an operator starts imports and watches them.
//!
//! ```text
//! asked   what a pull is asked for with      document   what is told of one
//! ```

mod asked;
mod document;

use std::sync::Arc;

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{PARTNER, Parameter, query};
use super::problem::refusals;
use super::records::id_in;
use super::schedules::{self, ScheduleDocument};
use super::{Api, LIMIT, body};
use crate::error::{Error, Kind, Result};
use crate::flows::Partner;
use crate::flows::pull::{self, By};
use crate::store::{self, Mode, pulls};
use asked::{PullMode, PullRequest, understand};
use document::document;

pub(super) use document::{PullDocument, PullKind, whole};

/// The newest pulls first.
#[derive(Serialize, ToSchema)]
pub(super) struct PullList {
    /// The pulls.
    items: Vec<PullDocument>,
    /// The pulls that start by themselves, of this partner or of all.
    schedules: Vec<ScheduleDocument>,
}

query! {
    /// What starting a pull reads from the address.
    StartPull: &[Parameter { required: true, ..PARTNER }]
}
query! {
    /// What reading a pull reads from the address.
    GetPull: &[PARTNER]
}
query! {
    /// What listing pulls reads.
    ListPulls: &[PARTNER, Parameter::optional("limit", LIMIT, "How many pulls are listed at most.")]
}

refusals!(StartRefusals: Malformed, Unauthorized, NotFound, TooLarge, UnsupportedMediaType, Invalid, Unavailable);
refusals!(ReadRefusals: Malformed, Unauthorized, NotFound, Invalid, Unavailable);

/// Start a pull
///
/// Needs an operator key. There is one pull per partner and entity at a time; while it runs, it is what this answers.
#[utoipa::path(
    tag = "pulls",
    params(StartPull),
    request_body(content = PullRequest, description = "What to pull",
        example = json!({"entity": "profiles", "mode": "full"})),
    responses(
        (status = 202, description = "The pull is queued", body = PullDocument,
            headers(("Location" = String, description = "Where to watch it"))),
        (status = 200, description = "The pull that is active already", body = PullDocument),
        StartRefusals,
    ),
    security(("api_key" = [])),
)]
#[post("/v1/pulls")]
pub(super) async fn start_pull(
    api: web::Data<Api>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let partner = api.operator_asks_for(&request, StartPull::KNOWN)?;
    body::ensure_json(&request)?;
    let body = body::read(&request, payload, body::MAX_BYTES).await?;
    let PullRequest { entity, mode } = understand(&body)?;
    let mode = match mode {
        PullMode::Full => Mode::Full,
        PullMode::Delta => Mode::Delta,
    };
    let (pull, new) = pull::start(&api.context, partner, entity, mode, By::Operator).await?;
    let mut answer = if new { HttpResponse::Accepted() } else { HttpResponse::Ok() };
    answer.insert_header((LOCATION, format!("/v1/pulls/{}", pull.id)));
    Ok(answer.json(document(&api, pull)?))
}

/// Watch a pull
///
/// Needs an operator key.
#[utoipa::path(
    tag = "pulls",
    params(("id" = String, Path, description = "The pull's id", example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11"), GetPull),
    responses((status = 200, description = "The pull as it stands", body = PullDocument), ReadRefusals),
    security(("api_key" = [])),
)]
#[get("/v1/pulls/{id}")]
pub(super) async fn get_pull(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, _) = api.operator_asks(&request, GetPull::KNOWN)?;
    let pull = find(&api, partner, &request).await?;
    Ok(HttpResponse::Ok().json(whole(&api, pull).await?))
}

/// List pulls
///
/// The newest first, of one partner or of all, and which start by themselves and when. Needs an operator key.
#[utoipa::path(
    tag = "pulls",
    params(ListPulls),
    responses((status = 200, description = "The newest pulls", body = PullList), ReadRefusals),
    security(("api_key" = [])),
)]
#[get("/v1/pulls")]
pub(super) async fn list_pulls(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.operator_asks(&request, ListPulls::KNOWN)?;
    let schedules = schedules::upcoming(&api, partner).await?;
    let name = partner.map(|partner| partner.settings.name.clone());
    let limit = i64::try_from(given.whole("limit")).unwrap_or(i64::MAX);
    let listed = api.context.store.read(move |db| pulls::list(db, name.as_deref(), limit)).await?;
    let items = listed.into_iter().map(|pull| document(&api, pull)).collect::<Result<_>>()?;
    Ok(HttpResponse::Ok().json(PullList { items, schedules }))
}

/// The pull in an address, of the partner that was named if one was.
pub(super) async fn find(
    api: &Api,
    partner: Option<&Arc<Partner>>,
    request: &HttpRequest,
) -> Result<store::Pull> {
    let id = id_in(request)?;
    let wanted = id.clone();
    let found = api.context.store.read(move |db| pulls::find(db, &wanted)).await?;
    let found = found.filter(|pull| partner.is_none_or(|partner| partner.settings.name == pull.partner));
    found.ok_or_else(|| Error::new(Kind::NotFound, format!("no pull has the id `{id}`")))
}
