//! `/v1/webhooks`: a partner tells that a profile or a job was created, updated or archived.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::refusals;
use super::{Api, body};
use crate::error::{Error, Kind, Result};
use crate::flows::Partner;
use crate::flows::catch::{self, Answer, Notice};
use crate::model::{Entity, EventKind, SAMPLE_DATE, SAMPLE_REFERENCE, rfc3339};
use crate::store::Receipt;

/// What a partner sends. Other fields are tolerated and ignored.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhook<'a> {
    /// The partner's own name for the object.
    #[schema(min_length = 1, max_length = 255, example = "CRM-4711")]
    reference: &'a str,
    /// The event, as in the address; may be left out.
    #[schema(required = false, example = "profile_update")]
    event_type: &'static str,
    /// When it happened, RFC 3339; without an offset it is UTC.
    #[schema(max_length = 64, example = "2026-03-01T14:21:58Z")]
    event_date: &'a str,
}

/// What became of a webhook.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum WebhookStatus {
    /// It is on disk and will be worked on.
    Accepted,
    /// The same was said before.
    Duplicate,
    /// Later news is known already.
    Stale,
    /// The object was erased: nothing was kept, and nothing will be done.
    Erased,
    /// It was the sample payload, which reaches nobody.
    Ping,
}

/// The answer to a webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct Acknowledgement {
    /// The id under which it is kept, or that of the first that said the same; none for the sample and for
    /// what was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: Option<String>,
    /// What became of it.
    status: WebhookStatus,
}

/// The answer to a ping: nothing was stored.
#[derive(Serialize, ToSchema)]
pub(super) struct Pong<'a> {
    /// Always `ping`.
    status: WebhookStatus,
    /// For whom it was sent.
    #[schema(example = "acme")]
    partner: &'a str,
    /// The event in the address.
    #[schema(example = "profile_update")]
    event: &'static str,
    /// What it is about.
    entity: Entity,
    /// What was understood of the body; null without one.
    understood: Option<Understood<'a>>,
    /// What our clock shows.
    #[schema(format = "date-time", example = "2026-03-01T14:22:00.5Z")]
    server_time: String,
    /// The static sample payload of this event.
    sample: Webhook<'static>,
}

/// A webhook's body as it was understood.
#[derive(Serialize, ToSchema)]
pub(super) struct Understood<'a> {
    /// The reference.
    #[schema(example = "CRM-4711")]
    reference: &'a str,
    /// The event.
    #[schema(example = "profile_update")]
    event_type: &'static str,
    /// The date, in UTC.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    event_date: String,
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, TooLarge, UnsupportedMediaType, Invalid, Unavailable);
refusals!(DescribeRefusals: Unauthorized, NotFound);

/// Receive a webhook
///
/// Once this answers with success, the event is on disk: it survives a crash. The object itself is fetched from the
/// partner later. The same reference, event and date again is a duplicate.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("partner" = String, Path, description = "The partner whose key is sent", example = "acme"),
        ("event" = String, Path, description = "`profile_create`, `profile_update`, `profile_archive`, `job_create`, \
            `job_update` or `job_archive`", example = "profile_update",
            pattern = "^(profile|job)_(create|update|archive)$"),
    ),
    request_body(content = Webhook, description = "What happened to which object; at most 64 KiB"),
    responses(
        (status = 202, description = "The event is kept and will be worked on", body = Acknowledgement,
            example = json!({"id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11", "status": "accepted"})),
        (status = 200, description = "There is nothing to do: a duplicate, stale news, an erased object, or the sample \
            payload",
            body = Acknowledgement,
            example = json!({"id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11", "status": "duplicate"})),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[post("/v1/webhooks/{partner}/{event}")]
pub(super) async fn receive_webhook(
    api: web::Data<Api>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let (partner, kind) = addressed(&api, &request)?;
    let body = body::read(&request, payload).await?;
    let (id, status) = match catch::keep(&api.context, partner, kind, &body).await? {
        Answer::Kept(Receipt::Accepted(id)) => {
            let accepted = Acknowledgement { id: Some(id), status: WebhookStatus::Accepted };
            return Ok(HttpResponse::Accepted().json(accepted));
        }
        Answer::Kept(Receipt::Duplicate(id)) => (Some(id), WebhookStatus::Duplicate),
        Answer::Kept(Receipt::Stale(id)) => (Some(id), WebhookStatus::Stale),
        Answer::Kept(Receipt::Erased) => (None, WebhookStatus::Erased),
        Answer::Ping => (None, WebhookStatus::Ping),
    };
    Ok(HttpResponse::Ok().json(Acknowledgement { id, status }))
}

/// Describe a webhook
///
/// Checks the key and the address and shows the sample payload of the event. Stores nothing.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("partner" = String, Path, description = "The partner whose key is sent", example = "acme"),
        ("event" = String, Path, description = "One of the six events", example = "profile_update",
            pattern = "^(profile|job)_(create|update|archive)$"),
    ),
    responses(
        (status = 200, description = "The address and the key are right", body = Pong),
        DescribeRefusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/webhooks/{partner}/{event}/ping")]
pub(super) async fn describe_webhook(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, kind) = addressed(&api, &request)?;
    Ok(pong(&api, partner, kind, None))
}

/// Try a webhook
///
/// Checks key, address and payload exactly as the real call would, and tells what was understood. Stores nothing.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("partner" = String, Path, description = "The partner whose key is sent", example = "acme"),
        ("event" = String, Path, description = "One of the six events", example = "profile_update",
            pattern = "^(profile|job)_(create|update|archive)$"),
    ),
    request_body(content = Webhook, description = "What the real call would send; at most 64 KiB"),
    responses(
        (status = 200, description = "The real call would be accepted", body = Pong),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[post("/v1/webhooks/{partner}/{event}/ping")]
pub(super) async fn try_webhook(
    api: web::Data<Api>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let (partner, kind) = addressed(&api, &request)?;
    let body = body::read(&request, payload).await?;
    let notice = catch::understand(kind, &body)?;
    Ok(pong(&api, partner, kind, Some(&notice)))
}

/// The partner and the event in the address, if the key may act for the partner.
fn addressed<'a>(api: &'a Api, request: &HttpRequest) -> Result<(&'a Partner, EventKind)> {
    let partner = api.partner_in_path(request)?;
    let event = request.match_info().get("event").unwrap_or_default();
    let kind = EventKind::parse(event).ok_or_else(|| {
        let known = EventKind::ALL.map(EventKind::as_str).join(", ");
        Error::new(Kind::NotFound, format!("no event is called `{event}`; there are {known}"))
    })?;
    if partner.settings.service.resource(kind.entity).is_none() {
        // What cannot be fetched is better refused here than set aside later.
        let (name, objects) = (&partner.settings.name, kind.entity.plural());
        return Err(Error::new(Kind::NotFound, format!("the partner `{name}` has no service for {objects}")));
    }
    Ok((partner, kind))
}

fn pong(api: &Api, partner: &Partner, kind: EventKind, notice: Option<&Notice>) -> HttpResponse {
    HttpResponse::Ok().json(Pong {
        status: WebhookStatus::Ping,
        partner: &partner.settings.name,
        event: kind.as_str(),
        entity: kind.entity,
        understood: notice.map(|notice| Understood {
            reference: notice.reference.as_str(),
            event_type: notice.kind.as_str(),
            event_date: rfc3339(notice.date),
        }),
        server_time: rfc3339(api.context.clock.now()),
        sample: Webhook { reference: SAMPLE_REFERENCE, event_type: kind.as_str(), event_date: SAMPLE_DATE },
    })
}
