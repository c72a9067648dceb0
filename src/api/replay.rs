//! `/v1/dead-letters/replay`: an operator brings dead letters back.

use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::parameters::{PARTNER, Parameter, nearest, query};
use super::problem::refusals;
use super::{Api, body};
use crate::error::{Error, Kind, Result};
use crate::flows::dead_letters::{Replayed, replay};
use crate::model::{Entity, Reference, parse_date};
use crate::store::dead_letters::Which;

/// The most references of one request.
const MAX_REFERENCES: usize = 1000;

/// Which dead letters are brought back; without any of it, all of the partner's.
#[derive(ToSchema)]
pub(super) struct ReplayRequest {
    /// Only these objects, at most 1000.
    #[schema(required = false, example = json!(["CRM-4711"]))]
    references: Option<Vec<Reference>>,
    /// Only of this kind.
    #[schema(required = false)]
    entity: Option<Entity>,
    /// Only with this code.
    #[schema(required = false, example = "upstream_refused")]
    reason: Option<String>,
    /// Only those that were set aside at this moment or later.
    #[schema(required = false, value_type = Option<String>, format = "date-time", example = "2026-03-01T00:00:00Z")]
    from: Option<i64>,
    /// Only those that were set aside before this moment.
    #[schema(required = false, value_type = Option<String>, format = "date-time", example = "2026-03-02T00:00:00Z")]
    to: Option<i64>,
    /// Only tell which it would be.
    #[schema(required = false, nullable, default = false, example = true)]
    dry_run: bool,
}

/// What was brought back.
#[derive(Serialize, ToSchema)]
pub(super) struct ReplayDocument {
    /// How many were meant.
    #[schema(minimum = 0, example = 12)]
    matched: usize,
    /// How many were brought back: none in a dry run, and fewer than were meant where news brought some back meanwhile.
    #[schema(minimum = 0, example = 12)]
    replayed: usize,
    /// Whether nothing was changed.
    #[schema(example = true)]
    dry_run: bool,
    /// The first 100 of those that were meant.
    items: Vec<ReplayedRecord>,
}

/// A record that was meant.
#[derive(Serialize, ToSchema)]
pub(super) struct ReplayedRecord {
    /// What it is.
    entity: Entity,
    /// The partner's own name for it.
    #[schema(example = "CRM-4711")]
    reference: String,
}

query! {
    /// What a replay reads from the address.
    ReplayDeadLetters: &[Parameter { required: true, ..PARTNER }]
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, TooLarge, UnsupportedMediaType, Invalid, Unavailable);

/// Replay dead letters
///
/// Each is read again, or archived again where that is what is wanted, as if it were news. Works in small batches: one that
/// is broken off has brought back what it came to, and can be asked for again. Needs an operator key.
#[utoipa::path(
    tag = "history",
    params(ReplayDeadLetters),
    request_body(content = ReplayRequest, description = "Which",
        example = json!({"entity": "profiles", "reason": "upstream_refused", "dry_run": true})),
    responses((status = 200, description = "What was brought back", body = ReplayDocument), Refusals),
    security(("api_key" = [])),
)]
#[post("/v1/dead-letters/replay")]
pub(super) async fn replay_dead_letters(
    api: web::Data<Api>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let partner = api.operator_asks_for(&request, ReplayDeadLetters::KNOWN)?;
    let asked = understand(&body::read(&request, payload, body::MAX_BYTES).await?)?;
    let ReplayRequest { references, entity, reason, from, to, dry_run } = asked;
    let references = references.map(|references| references.into_iter().map(String::from).collect());
    let which = Which { partner: None, entity, references, reason, from, to };
    let Replayed { matched, replayed, references } = replay(&api.context, partner, which, dry_run).await?;
    let items = references.into_iter().map(|(entity, reference)| ReplayedRecord { entity, reference });
    Ok(HttpResponse::Ok().json(ReplayDocument { matched, replayed, dry_run, items: items.collect() }))
}

const MEMBERS: [&str; 6] = ["references", "entity", "reason", "from", "to", "dry_run"];

/// Reads the body by hand, so that everything that is wrong with it is told at once.
fn understand(body: &[u8]) -> Result<ReplayRequest> {
    let body: Value = serde_json::from_slice(body).map_err(|cause| {
        let (line, column) = (cause.line(), cause.column());
        Error::new(Kind::Malformed, format!("the body is not JSON (line {line}, column {column})"))
            .because(cause)
    })?;
    let mut problem = Error::new(Kind::Invalid, "the dead letters cannot be replayed");
    let Value::Object(members) = body else {
        return Err(problem.field("body", "must be an object, `{}` for all"));
    };
    for name in members.keys().filter(|name| !MEMBERS.contains(&name.as_str())) {
        problem =
            problem.field(name.chars().take(64).collect::<String>(), nearest(name, MEMBERS.into_iter()));
    }
    let mut wrong = Vec::new();
    let references = member(&members, "references", references, &mut wrong);
    let entity = member(&members, "entity", entity, &mut wrong);
    let reason = member(&members, "reason", text, &mut wrong);
    let from = member(&members, "from", date, &mut wrong);
    let to = member(&members, "to", date, &mut wrong);
    let dry_run = member(&members, "dry_run", flag, &mut wrong);
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        wrong.push(("from", "must be earlier than `to`"));
    }
    problem = wrong.into_iter().fold(problem, |problem, (name, detail)| problem.field(name, detail));
    if !problem.fields().is_empty() {
        return Err(problem);
    }
    Ok(ReplayRequest { references, entity, reason, from, to, dry_run: dry_run.unwrap_or_default() })
}

/// A member, if it is there and can be read.
fn member<T>(
    members: &Map<String, Value>,
    name: &'static str,
    read: fn(&Value) -> Result<T, &'static str>,
    wrong: &mut Vec<(&'static str, &'static str)>,
) -> Option<T> {
    let value = members.get(name).filter(|value| !value.is_null())?;
    read(value).map_err(|detail| wrong.push((name, detail))).ok()
}

fn references(value: &Value) -> Result<Vec<Reference>, &'static str> {
    let refused = "must be a list of 1 to 1000 references";
    let listed = value.as_array().filter(|listed| (1..=MAX_REFERENCES).contains(&listed.len()));
    let listed = listed.ok_or(refused)?.iter().map(|item| Reference::parse(item.as_str()?).ok());
    listed.collect::<Option<_>>().ok_or(refused)
}

fn entity(value: &Value) -> Result<Entity, &'static str> {
    let known = Entity::ALL.into_iter().find(|known| Some(known.plural()) == value.as_str());
    known.ok_or("must be `profiles` or `jobs`")
}

fn text(value: &Value) -> Result<String, &'static str> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .ok_or("must be a code such as `invalid`")
}

fn date(value: &Value) -> Result<i64, &'static str> {
    let date = value.as_str().and_then(parse_date);
    date.map(|date| date.timestamp_micros()).ok_or("must be a date and time like 2022-03-01T14:21:58Z")
}

fn flag(value: &Value) -> Result<bool, &'static str> {
    value.as_bool().ok_or("must be `true` or `false`")
}
