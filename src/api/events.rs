//! `/v1/events`: what changed, the oldest first, for partners who poll.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::cursor::{self, CURSOR};
use super::parameters::{PARTNER, Parameter, query};
use super::problem::refusals;
use super::records::date;
use super::{Api, LIMIT};
use crate::error::{Error, Kind, Result};
use crate::model::Entity;
use crate::store::changes::{self, Kept, Place};

/// One change.
#[derive(Serialize, ToSchema)]
pub(super) struct EventDocument {
    /// What changed.
    entity: Entity,
    /// The partner's own name for it.
    #[schema(example = "CRM-4711")]
    reference: String,
    /// What became of it: `indexed`, `archived`, `set_aside`, or `erased`, after which nothing is told of it any more.
    #[schema(example = "indexed")]
    outcome: &'static str,
    /// Which of its changes this was; it grows with every one that was accepted.
    #[schema(minimum = 0, example = 3)]
    version: i64,
    /// When.
    #[schema(format = "date-time", example = "2026-03-01T14:22:01Z")]
    at: Option<String>,
    /// Why it was set aside, in a code that programs may rely on.
    #[schema(example = "invalid")]
    problem: Option<String>,
}

/// A page of what changed.
#[derive(Serialize, ToSchema)]
pub(super) struct EventPage {
    /// The changes, the oldest first.
    items: Vec<EventDocument>,
    /// Where to go on; the one that was sent when there was nothing new.
    #[schema(example = "WyJldmVudHMiLFswLDddXQ")]
    cursor: String,
    /// Whether there is more already.
    #[schema(example = false)]
    has_more: bool,
}

query! {
    /// What reading events reads.
    ReadEvents: &[PARTNER, CURSOR, Parameter::optional("limit", LIMIT, "How many are read at most.")]
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, Expired, Invalid, Unavailable);

/// Read what changed
///
/// Whatever HrFlow shows otherwise than before, the oldest first. Keep the cursor of the answer and send it with the next
/// call: nothing is skipped and nothing comes twice. A cursor older than `retention_days` is 410 with `cursor_expired`: read
/// the records anew, and begin again without it.
#[utoipa::path(
    tag = "history",
    params(ReadEvents),
    responses((status = 200, description = "What changed since the cursor", body = EventPage), Refusals),
    security(("api_key" = [])),
)]
#[get("/v1/events")]
pub(super) async fn read_events(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, ReadEvents::KNOWN)?;
    let name = partner.settings.name.clone();
    let place: Option<Place> = cursor::read(FEED, &given)?;
    let limit = usize::try_from(given.whole("limit")).unwrap_or_default();
    let (mut found, place) = api.context.store.read(move |db| changes::feed(db, &name, place, limit)).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let place = found.last().map_or(place, |last| (last.xid, last.seq));
    let items = found.into_iter().map(document).collect::<Result<_>>()?;
    Ok(HttpResponse::Ok().json(EventPage { items, cursor: cursor::write(FEED, &place)?, has_more }))
}

const FEED: &str = "events";

fn document(kept: Kept) -> Result<EventDocument> {
    let unknown = || Error::new(Kind::Internal, "a change is of neither profiles nor jobs");
    Ok(EventDocument {
        entity: Entity::parse(&kept.entity).ok_or_else(unknown)?,
        reference: kept.reference,
        outcome: kept.outcome.as_str(),
        version: kept.version,
        at: date(Some(kept.settled_at)),
        problem: kept.problem,
    })
}
