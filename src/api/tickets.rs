//! `/v1/tickets`: scoring calls with `wait` whose object was not ready in time.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{LOCATION, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Api;
use super::parameters::{Freshness, PARTNER, query};
use super::problem::{refusals, whole_seconds};
use super::quota::refused;
use super::receipts::RECEIPT;
use super::records::{date, id_in};
use super::reply::{NotModified, tell, wants_anew};
use super::scoring::{ScoredPage, write};
use crate::error::{Error, Kind, Result};
use crate::flows::Partner;
use crate::flows::ticket::{self, Waited};
use crate::model::Entity;
use crate::store::Ticket;

/// What takes the place of a page whose object is still on its way.
#[derive(Serialize, ToSchema)]
pub(super) struct TicketDocument {
    /// Its id.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// How it stands.
    state: TicketState,
    /// What is waited for.
    entity: Entity,
    /// Its reference.
    #[schema(example = "REQ-88")]
    reference: String,
    /// When the ticket was given.
    #[schema(format = "date-time", example = "2026-03-01T14:22:01Z")]
    created_at: Option<String>,
    /// Until when it is good.
    #[schema(format = "date-time", example = "2026-03-01T15:22:01Z")]
    expires_at: Option<String>,
}

/// How a ticket stands: what has come of one is told in its place.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TicketState {
    /// The object is on its way to HrFlow.
    Pending,
}

query! {
    /// What reading a ticket reads from the address.
    GetTicket: &[PARTNER, RECEIPT]
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, Pending, Gone, Invalid, RateLimited, Upstream, Refused, Denied,
    Unreachable, Unavailable, TimedOut);

/// Read what a ticket has come to
///
/// The page that the scoring call would have answered, or the problem: 404 where the partner does not know the object, 409
/// where it was set aside. 202 while it is on its way. With `receipt=true`, here or in that call, the answer is put down
/// with the parameters of that call.
#[utoipa::path(
    tag = "matching",
    params(("id" = String, Path, description = "The ticket's id", example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11"), GetTicket, Freshness),
    responses(
        (status = 200, description = "The page that was asked for", body = ScoredPage,
            headers(
                ("ETag" = String, description = "What tells the answer from others but for its `freshness`: send it as `If-None-Match`"),
                ("Age" = i64, description = "How many seconds ago it was asked for; only of a remembered answer"),
                ("Cache-Control" = String, description = "That no cache between us may answer with it unasked"),
                ("Vary" = String, description = "The header that decides whose answer it is"),
            ),
            example = json!({"items": [{"reference": "CRM-4711", "score": 0.9157, "score_100": 92, "rank": 1}], "page": 1,
                "limit": 30, "total": 1, "max_page": 1, "freshness": {"as_of": "2026-03-01T14:21:58Z", "pending": 0,
                "more_pending": false, "coverage": {"profiles": {"seen": 52000, "total": 52000}}}, "stale": false,
                "next_cursor": null, "truncated": false})),
        NotModified,
        (status = 202, description = "The object is still on its way", body = TicketDocument,
            headers(
                ("Location" = String, description = "Where to ask again"),
                ("Retry-After" = u64, description = "When, in seconds")), example = json!(example("jobs"))),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/tickets/{id}")]
pub(super) async fn get_ticket(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, GetTicket::KNOWN)?;
    let mut redeemed =
        ticket::redeem(&api.context, partner, &id_in(&request)?, wants_anew(&request), write).await;
    if let Ok(Waited::Ready(call, _)) = &mut redeemed {
        call.receipt |= given.flag(RECEIPT.name);
    }
    answer(&api, &request, partner, redeemed).await
}

/// What a call with `wait` is answered: the page, or the ticket for it.
pub(super) async fn answer(
    api: &Api,
    request: &HttpRequest,
    partner: &Arc<Partner>,
    waited: Result<Waited>,
) -> Result<HttpResponse> {
    match waited {
        Ok(Waited::Ready(call, told)) => {
            let about = (call.asked.entity, call.asked.scored_for);
            tell(api, request, partner, about, call.receipt.then_some(call.parameters), told).await
        }
        Ok(Waited::Later(ticket, wait)) => later(ticket, wait),
        Err(problem) => refused(partner, problem),
    }
}

fn later(ticket: Ticket, wait: Duration) -> Result<HttpResponse> {
    let unreadable = || Error::new(Kind::Internal, "a ticket is of neither profiles nor jobs");
    let entity = Entity::parse(&ticket.entity).ok_or_else(unreadable)?;
    let location = format!("/v1/tickets/{}", ticket.id);
    let wait = whole_seconds(wait.clamp(Duration::from_secs(1), Duration::from_mins(1)));
    Ok(HttpResponse::Accepted().insert_header((LOCATION, location)).insert_header((RETRY_AFTER, wait)).json(
        TicketDocument {
            id: ticket.id,
            state: TicketState::Pending,
            entity,
            reference: ticket.reference,
            created_at: date(Some(ticket.created_at)),
            expires_at: date(Some(ticket.expires_at)),
        },
    ))
}

/// A ticket for an object of this kind, for the OpenAPI document.
pub(super) fn example(entity: &str) -> Value {
    json!({
        "id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11", "state": "pending", "entity": entity,
        "reference": if entity == "jobs" { "REQ-88" } else { "CRM-4711" },
        "created_at": "2026-03-01T14:22:01Z", "expires_at": "2026-03-01T15:22:01Z",
    })
}
