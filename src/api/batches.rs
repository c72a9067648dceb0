//! `/v1/webhooks/{partner}`: many events in one request, answered one by one.

use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::door::Arrival;
use super::problem::{self, Problem, refusals};
use super::webhooks::{Acknowledgement, Identity};
use super::{Api, body};
use crate::error::Result;
use crate::flows::catch::{self, MAX_BATCH};

/// The largest batch, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// Whose webhooks they are.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Sender {
    /// The partner who sends them.
    #[param(example = "acme")]
    partner: String,
}

/// An event of a batch. Other fields are tolerated and ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `catch` reads")]
pub(super) struct BatchEvent {
    /// The partner's own name for the object.
    #[schema(min_length = 1, max_length = 255, example = "CRM-4711")]
    reference: String,
    /// What happened.
    #[schema(example = "profile_update", pattern = "^(profile|job)_(create|update|archive)$")]
    event_type: String,
    /// When it happened, RFC 3339; without an offset it is UTC.
    #[schema(max_length = 64, example = "2026-03-01T14:21:58Z")]
    event_date: String,
}

/// The events of a request, in the order in which they happened.
pub(super) struct Batch;

impl PartialSchema for Batch {
    fn schema() -> RefOr<Schema> {
        let items = Ref::from_schema_name(BatchEvent::name());
        let batch = ArrayBuilder::new().items(items).min_items(Some(1)).max_items(Some(MAX_BATCH));
        batch.description(Some("The events of a request, in the order in which they happened.")).into()
    }
}

impl ToSchema for Batch {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((BatchEvent::name().into_owned(), BatchEvent::schema()));
    }
}

/// The answers to the events of a batch, in their order.
#[derive(Serialize, ToSchema)]
pub(super) struct BatchAnswer<'a> {
    /// As many as there were events.
    items: Vec<ItemAnswer<'a>>,
}

/// The answer to one event of a batch.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum ItemAnswer<'a> {
    Acknowledged(Acknowledgement),
    Refused(RefusedItem<'a>),
}

/// An event that was not kept.
#[derive(Serialize, ToSchema)]
struct RefusedItem<'a> {
    /// Always `refused`.
    status: Refused,
    /// Why.
    problem: Problem<'a>,
}

/// It cannot be accepted, and would not be if it came again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Refused {
    Refused,
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, TooLarge, UnsupportedMediaType, Invalid, Unavailable);

/// Receive many webhooks
///
/// Each event is answered as if it had come alone, in order; a bad one does not fail the others, and those that are
/// answered `accepted` are on disk. When not all could be kept the whole answer is 503: sent again, those that were are
/// duplicates.
#[utoipa::path(
    tag = "webhooks",
    params(Sender, Identity),
    request_body(content = Batch, description = "1 to 100 events; at most 1 MiB"),
    responses(
        (status = 207, description = "What became of each event", body = BatchAnswer<'_>,
            example = json!({"items": [
                {"status": "accepted", "id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11"},
                {"status": "refused", "problem": {
                    "type": "about:blank", "title": "Unprocessable Entity", "status": 422, "code": "invalid",
                    "detail": "the webhook cannot be accepted",
                    "errors": [{"field": "event_date", "detail": "is required"}],
                }},
            ]})),
        Refusals,
    ),
    security(("api_key" = []), ("standard_webhooks" = []), ("hmac" = []), ("basic" = []), ("bearer" = [])),
)]
#[post("/v1/webhooks/{partner}")]
pub(super) async fn receive_webhooks(
    api: web::Data<Api>,
    sender: web::Path<Sender>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let Arrival { partner, webhook_id, body } =
        api.admit(&request, &sender.partner, payload, MAX_BYTES).await?;
    body::ensure_json(&request)?;
    let answers = catch::keep_batch(&api.context, partner, webhook_id.as_deref(), &body).await?;
    let items = answers.iter().map(|answer| match answer {
        Ok(answer) => ItemAnswer::Acknowledged(answer.into()),
        Err(refused) => {
            ItemAnswer::Refused(RefusedItem { status: Refused::Refused, problem: problem::of_error(refused) })
        }
    });
    Ok(HttpResponse::MultiStatus().json(BatchAnswer { items: items.collect() }))
}
