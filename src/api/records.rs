//! `/v1/records`: what is known of one object.

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::DateTime;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::parameters::{PARTNER, Parameter, query};
use super::problem::refusals;
use super::shape::Shape;
use crate::error::{Answered, Error, Kind, Result, Side};
use crate::flows::Partner;
use crate::model::{Entity, Reference, rfc3339};
use crate::store::{self, Outcome, Wanted, records};

/// What is known of one object.
#[derive(Serialize, ToSchema)]
pub(super) struct RecordDocument {
    /// The partner's own name for it.
    #[schema(example = "CRM-4711")]
    reference: String,
    /// What it is.
    entity: Entity,
    /// How it stands.
    state: RecordState,
    /// What HrFlow is to show.
    wanted: WantedState,
    /// The last webhook that counted; null when there was none.
    last_event: Option<LastEvent>,
    /// HrFlow's key of it.
    #[schema(example = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    hrflow_key: Option<String>,
    /// When HrFlow last took it.
    #[schema(format = "date-time", example = "2026-03-01T14:22:01Z")]
    indexed_at: Option<String>,
    /// When the partner says that it last changed.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    updated_at: Option<String>,
    /// When it is worked on next; null when there is nothing to do.
    #[schema(format = "date-time", example = "2026-03-01T14:22:30Z")]
    due_at: Option<String>,
    /// How often in a row it failed by its own fault; other failures cost no attempt.
    #[schema(minimum = 0, example = 0)]
    attempts: i32,
    /// What last went wrong; null when nothing did.
    problem: Option<RecordProblem>,
    /// Why it is not searchable or not scorable, a sentence each.
    #[schema(example = json!(["not searchable: `text` is empty"]))]
    notes: Vec<String>,
}

/// How a record stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordState {
    /// A change waits to be brought to HrFlow.
    Pending,
    /// HrFlow shows what the partner has.
    Indexed,
    /// HrFlow shows it no longer.
    Archived,
    /// HrFlow holds nothing of it, and this is all that we do; nothing is heard of it any more.
    Erased,
    /// A change could not be brought to HrFlow; `problem` tells why.
    SetAside,
}

/// What HrFlow is to show.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum WantedState {
    /// The object.
    Present,
    /// Nothing.
    Archived,
    /// Nothing any more, for good.
    Erased,
}

impl From<Wanted> for WantedState {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Present => Self::Present,
            Wanted::Archived => Self::Archived,
            Wanted::Erased => Self::Erased,
        }
    }
}

/// A webhook that counted.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct LastEvent {
    /// Its id.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// What happened.
    #[schema(example = "profile_update")]
    r#type: String,
    /// Its date, as it was sent.
    #[schema(example = "2026-03-01T14:21:58Z")]
    date: String,
    /// When we received it.
    #[schema(format = "date-time", example = "2026-03-01T14:22:00Z")]
    received_at: String,
}

/// What went wrong.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct RecordProblem {
    /// What programs may rely on.
    #[schema(example = "invalid")]
    code: String,
    /// What it was.
    #[schema(example = "the profile cannot be indexed; info.email: must be a string")]
    detail: String,
    /// When.
    #[schema(format = "date-time", example = "2026-03-01T14:22:00Z")]
    at: String,
    /// How many attempts the record had had by then.
    #[serde(default)]
    #[schema(minimum = 0, example = 5)]
    attempts: i32,
    /// What the other side had answered; null when it came to no answer.
    answer: Option<LastAnswer>,
}

/// What the other side answered, in numbers alone.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct LastAnswer {
    /// Whose answer it was.
    side: AnsweredBy,
    /// Its HTTP status.
    #[schema(minimum = 100, maximum = 599, example = 400)]
    status: u16,
    /// HrFlow's own code inside it.
    #[schema(example = 400)]
    code: Option<u16>,
}

/// Who answered.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum AnsweredBy {
    /// The partner's service.
    Partner,
    /// HrFlow.
    HrFlow,
}

impl From<Answered> for LastAnswer {
    fn from(Answered { side, status, code }: Answered) -> Self {
        let side = match side {
            Side::Partner => AnsweredBy::Partner,
            Side::HrFlow => AnsweredBy::HrFlow,
        };
        Self { side, status, code }
    }
}

query! {
    /// What a record named in the address reads.
    GetRecord: &[PARTNER]
}
query! {
    /// What a record named by a parameter reads.
    FindRecord: &[PARTNER], &[Parameter::required("reference", Shape::Reference, "The partner's own name for it.")]
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, Invalid, Unavailable);

/// Read a record
///
/// What is known of one object. A reference with a slash must be percent-encoded; where a proxy undoes that, use
/// `?reference=`.
#[utoipa::path(
    tag = "records",
    params(
        ("entity" = Entity, Path, description = "`profiles` or `jobs`", example = "profiles"),
        ("reference" = String, Path, description = "The partner's own name for it", example = "CRM-4711",
            min_length = 1, max_length = 255),
        GetRecord,
    ),
    responses((status = 200, description = "What is known", body = RecordDocument), Refusals),
    security(("api_key" = [])),
)]
#[get("/v1/records/{entity}/{reference}")]
pub(super) async fn get_record(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, _) = api.partner_asks(&request, GetRecord::KNOWN)?;
    show(&api, partner, &request, reference_in(request.uri().path())?).await
}

/// Find a record
///
/// The same for references that an address cannot carry well.
#[utoipa::path(
    tag = "records",
    params(("entity" = Entity, Path, description = "`profiles` or `jobs`", example = "profiles"), FindRecord),
    responses((status = 200, description = "What is known", body = RecordDocument), Refusals),
    security(("api_key" = [])),
)]
#[get("/v1/records/{entity}")]
pub(super) async fn find_record(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, FindRecord::KNOWN)?;
    let reference = Reference::parse(given.text("reference").unwrap_or_default())?;
    show(&api, partner, &request, reference).await
}

/// The last part of a path: from the address itself, since the router's text has lost whatever is not UTF-8.
pub(super) fn reference_in(path: &str) -> Result<Reference> {
    let encoded = path.rsplit('/').next().unwrap_or_default();
    let reference = percent_decode_str(encoded).decode_utf8().map_err(|cause| {
        let problem = Error::new(Kind::Malformed, "the address cannot be read").because(cause);
        problem.field("reference", "is not UTF-8")
    })?;
    Reference::parse(reference)
}

async fn show(
    api: &Api,
    partner: &Partner,
    request: &HttpRequest,
    reference: Reference,
) -> Result<HttpResponse> {
    let entity = entity_in(request)?;
    let (name, wanted) = (partner.settings.name.clone(), reference.clone());
    let record = api.context.store.read(move |db| records::find(db, &name, entity, &wanted)).await?;
    let record = record.ok_or_else(|| unknown(entity, &reference))?;
    Ok(HttpResponse::Ok().json(document(entity, record)?))
}

/// What the address asks for.
pub(super) fn entity_in(request: &HttpRequest) -> Result<Entity> {
    let entity = request.match_info().get("entity").unwrap_or_default();
    let entity = Entity::ALL.into_iter().find(|known| known.plural() == entity);
    entity.ok_or_else(|| {
        Error::new(Kind::NotFound, "there are records of `profiles` and of `jobs`, and of nothing else")
    })
}

/// The id that stands in the address.
///
/// # Errors
/// `NotFound` for what no id has in it and PostgreSQL takes in no text.
pub(super) fn id_in(request: &HttpRequest) -> Result<String> {
    let id = request.match_info().get("id").unwrap_or_default();
    if id.contains('\0') {
        return Err(Error::new(Kind::NotFound, "an id has no control character in it"));
    }
    Ok(id.to_owned())
}

/// Nothing was ever heard of it.
pub(super) fn unknown(entity: Entity, reference: &Reference) -> Error {
    Error::new(Kind::NotFound, format!("no {entity} has the reference `{reference}`"))
}

fn document(entity: Entity, record: store::Record) -> Result<RecordDocument> {
    Ok(RecordDocument {
        entity,
        state: state(&record),
        wanted: record.wanted.into(),
        last_event: stored(record.last_event.as_deref())?,
        hrflow_key: record.hrflow_key,
        indexed_at: date(record.indexed_at),
        updated_at: date(record.updated_at),
        due_at: date(record.due_at),
        attempts: record.attempts,
        problem: stored(record.problem.as_deref())?,
        notes: stored(record.notes.as_deref())?.unwrap_or_default(),
        reference: record.reference,
    })
}

fn state(record: &store::Record) -> RecordState {
    match (record.outcome, record.wanted) {
        (Some(Outcome::SetAside), _) => RecordState::SetAside,
        (None, _) => RecordState::Pending,
        _ if record.is_pending() => RecordState::Pending,
        (_, Wanted::Archived) => RecordState::Archived,
        (_, Wanted::Erased) => RecordState::Erased,
        (_, Wanted::Present) => RecordState::Indexed,
    }
}

/// A column that holds JSON of our own.
pub(super) fn stored<'a, T: Deserialize<'a>>(column: Option<&'a str>) -> Result<Option<T>> {
    column
        .map(serde_json::from_str)
        .transpose()
        .map_err(|cause| Error::new(Kind::Internal, "a column of a record cannot be read").because(cause))
}

/// A column that holds Unix microseconds.
pub(super) fn date(column: Option<i64>) -> Option<String> {
    column.and_then(DateTime::from_timestamp_micros).map(rfc3339)
}
