//! `/v1/pulls`: an operator starts imports and watches them.

use std::sync::Arc;

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::decisions::{AbsenceSummary, DecisionDocument};
use super::freshness::CoverageDocument;
use super::parameters::{PARTNER, Parameter, nearest, query};
use super::problem::refusals;
use super::records::{date, id_in};
use super::schedules::{self, ScheduleDocument};
use super::{Api, LIMIT, body, decisions};
use crate::error::{Error, Kind, Result};
use crate::flows::Partner;
use crate::flows::pull::{self, By};
use crate::model::Entity;
use crate::store::{self, Mode, State, pulls};

/// What an operator asks for.
#[derive(ToSchema)]
pub(super) struct PullRequest {
    /// What is pulled.
    entity: Entity,
    /// How much of it.
    #[schema(required = false, default = "full")]
    mode: PullMode,
}

/// How much is asked for.
#[derive(Clone, Copy, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum PullMode {
    /// Everything the partner has.
    Full,
    /// What changed since the last pull.
    Delta,
}

/// What a pull reads.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PullKind {
    /// Everything the partner has.
    Full,
    /// What changed since the last pull.
    Delta,
    /// Nothing: it lists objects that were answered with 404 or 410 after too many others had been archived so.
    Missing,
}

/// How far a pull has come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PullState {
    /// Nobody has begun.
    Queued,
    /// It is read.
    Running,
    /// Every page is read, and what a complete listing lacked is asked for by its reference.
    Checking,
    /// So many objects are gone that an operator has to approve or reject; until then they are kept.
    WaitingForApproval,
    /// An operator approved: each is asked for once more, and archived if it is still gone.
    Approved,
    /// An operator rejected: everything was kept.
    Rejected,
    /// A later complete pull came before anybody decided: everything was kept.
    Superseded,
    /// Every page is read and durably recorded; indexing may still go on.
    Done,
    /// A page could not be read; the next pull goes on from there.
    Failed,
}

/// One pull.
#[derive(Serialize, ToSchema)]
pub(super) struct PullDocument {
    /// Its id.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// Whose objects are pulled.
    #[schema(example = "acme")]
    partner: String,
    /// What is pulled.
    entity: Entity,
    /// How much of it.
    mode: PullKind,
    /// How far it has come.
    state: PullState,
    /// Pages read.
    #[schema(minimum = 0, example = 20)]
    pages: i64,
    /// Objects seen.
    #[schema(minimum = 0, example = 2000)]
    seen: i64,
    /// How many objects the partner says the list has; null when it does not.
    #[schema(minimum = 0, example = 2000)]
    total: Option<i64>,
    /// How much of the partner's objects the pull has listed; null for a delta.
    coverage: Option<CoverageDocument>,
    /// Objects that HrFlow does not show as they are.
    #[schema(minimum = 0, example = 1990)]
    changed: i64,
    /// Objects that HrFlow shows already.
    #[schema(minimum = 0, example = 9)]
    unchanged: i64,
    /// Objects that cannot be used.
    #[schema(minimum = 0, example = 1)]
    failed: i64,
    /// Objects seen per second while it ran; null before it began.
    #[schema(minimum = 0.0, example = 412.5)]
    rate: Option<f64>,
    /// How far a finished pull has read the partner's changes; until then the newest date the partner gave so far.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    cursor: Option<String>,
    /// When it was asked for.
    #[schema(format = "date-time", example = "2026-03-01T14:00:00Z")]
    created_at: Option<String>,
    /// When reading began.
    #[schema(format = "date-time", example = "2026-03-01T14:00:01Z")]
    started_at: Option<String>,
    /// When it ended.
    #[schema(format = "date-time", example = "2026-03-01T14:00:06Z")]
    finished_at: Option<String>,
    /// Whether the listing was proven complete: only then what it lacks may be archived. Null until it is read, and where
    /// it is not a full one.
    #[schema(example = true)]
    complete: Option<bool>,
    /// What ended it, why it is not complete, the first object that cannot be used, or what went otherwise than configured.
    #[schema(example = "`CRM-17`: the object cannot be mapped")]
    problem: Option<String>,
    /// What it lacked; null in a list of pulls, and where it lacked nothing.
    absences: Option<AbsenceSummary>,
    /// What an operator decided; null in a list of pulls, and before.
    decision: Option<DecisionDocument>,
}

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

/// Reads the body by hand, so that everything that is wrong with it is told at once.
fn understand(body: &[u8]) -> Result<PullRequest> {
    let body: Value = serde_json::from_slice(body).map_err(|cause| {
        let (line, column) = (cause.line(), cause.column());
        Error::new(Kind::Malformed, format!("the body is not JSON (line {line}, column {column})"))
            .because(cause)
    })?;
    let problem = Error::new(Kind::Invalid, "the pull cannot be started");
    let Value::Object(members) = body else {
        return Err(problem.field("body", "must be an object with `entity` and `mode`"));
    };
    let (entity, mode) = (entity(&members), mode(&members));
    let mut problem = problem;
    for name in members.keys().filter(|name| !["entity", "mode"].contains(&name.as_str())) {
        problem = problem
            .field(name.chars().take(64).collect::<String>(), nearest(name, ["entity", "mode"].into_iter()));
    }
    if let Err(detail) = entity {
        problem = problem.field("entity", detail);
    }
    if let Err(detail) = mode {
        problem = problem.field("mode", detail);
    }
    match (entity, mode) {
        (Ok(entity), Ok(mode)) if problem.fields().is_empty() => Ok(PullRequest { entity, mode }),
        _ => Err(problem),
    }
}

fn entity(members: &Map<String, Value>) -> Result<Entity, &'static str> {
    let given = members.get("entity").ok_or("is required: `profiles` or `jobs`")?.as_str();
    let known = Entity::ALL.into_iter().find(|known| Some(known.plural()) == given);
    known.ok_or("must be `profiles` or `jobs`")
}

fn mode(members: &Map<String, Value>) -> Result<PullMode, &'static str> {
    match members.get("mode").map(|mode| mode.as_str()) {
        None | Some(Some("full")) => Ok(PullMode::Full),
        Some(Some("delta")) => Ok(PullMode::Delta),
        Some(_) => Err("must be `full` or `delta`"),
    }
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

/// A pull with what it lacked and what was decided about that.
pub(super) async fn whole(api: &Api, pull: store::Pull) -> Result<PullDocument> {
    let id = pull.id.clone();
    let (absences, decision) = api.context.store.read(move |db| decisions::of(db, &id)).await?;
    Ok(PullDocument { absences, decision, ..document(api, pull)? })
}

/// Whether a full listing was proven complete, once that is known.
fn complete(pull: &store::Pull) -> Option<bool> {
    match (pull.mode, pull.state) {
        (Mode::Delta | Mode::Missing, _) | (Mode::Full, State::Queued | State::Running) => None,
        (Mode::Full, state) => Some(state != State::Failed && pull.doubt.is_none()),
    }
}

impl From<Mode> for PullKind {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Full => Self::Full,
            Mode::Delta => Self::Delta,
            Mode::Missing => Self::Missing,
        }
    }
}

fn document(api: &Api, pull: store::Pull) -> Result<PullDocument> {
    let unknown = || Error::new(Kind::Internal, "a pull is of neither profiles nor jobs");
    Ok(PullDocument {
        entity: Entity::parse(&pull.entity).ok_or_else(unknown)?,
        mode: pull.mode.into(),
        coverage: pull.coverage().map(CoverageDocument::from),
        state: match pull.state {
            State::Queued => PullState::Queued,
            State::Running => PullState::Running,
            State::Checking => PullState::Checking,
            State::WaitingForApproval => PullState::WaitingForApproval,
            State::Approved => PullState::Approved,
            State::Rejected => PullState::Rejected,
            State::Superseded => PullState::Superseded,
            State::Done => PullState::Done,
            State::Failed => PullState::Failed,
        },
        complete: complete(&pull),
        problem: pull.told_problem().map(str::to_owned),
        rate: rate(&pull, api.context.clock.now().timestamp_micros()),
        id: pull.id,
        partner: pull.partner,
        pages: pull.pages,
        seen: pull.seen,
        total: pull.total,
        changed: pull.changed,
        unchanged: pull.unchanged,
        failed: pull.failed,
        cursor: date(pull.newest),
        created_at: date(Some(pull.created_at)),
        started_at: date(pull.started_at),
        finished_at: date(pull.finished_at),
        absences: None,
        decision: None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "a rate is no exact number")]
fn rate(pull: &store::Pull, now: i64) -> Option<f64> {
    let micros = (pull.finished_at.unwrap_or(now) - pull.started_at?).max(1);
    let per_second = pull.seen as f64 * 1e6 / micros as f64;
    Some((per_second * 10.0).round() / 10.0)
}
