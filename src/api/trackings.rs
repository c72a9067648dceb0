//! `/v1/trackings`: what was done with a pair: viewed, applied, hired.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::feedback::{self, LISTED, ListRefusals, Members, SendFeedback, TellRefusals};
use super::parameters::{Parameter, query};
use super::shape::Shape;
use crate::error::Result;
use crate::flows::feedback::{Item, Recorded, Told};
use crate::model::{Feedback, Role, Saying, rfc3339};

/// The longest action, in characters.
const MAX_ACTION: usize = 100;

/// What was done with a pair.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read by hand, so that all that is wrong is told at once")]
pub(super) struct TrackingRequest {
    /// The job.
    #[schema(min_length = 1, max_length = 255, example = "REQ-88")]
    job_reference: String,
    /// The profile.
    #[schema(min_length = 1, max_length = 255, example = "CRM-4711")]
    profile_reference: String,
    /// In which role somebody did it.
    role: Role,
    /// Your own word for what was done or for the stage that was reached, such as `view`, `apply`, `hire`.
    #[schema(min_length = 1, max_length = 100, example = "apply")]
    action: String,
    /// Who did it. It is passed on to HrFlow and kept nowhere else.
    #[schema(max_length = 254, example = "recruiter@example.org")]
    author_email: Option<String>,
    /// Why. It is passed on to HrFlow and kept nowhere else.
    #[schema(max_length = 5000, example = "Came by the newsletter.")]
    comment: Option<String>,
    /// When it was done; now where it is left out.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    created_at: Option<String>,
}

/// A tracking that HrFlow has.
#[derive(Serialize, ToSchema)]
pub(super) struct RecordedTracking {
    /// Its id: the same however often it is sent under one key.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// The job.
    #[schema(example = "REQ-88")]
    job_reference: String,
    /// The profile.
    #[schema(example = "CRM-4711")]
    profile_reference: String,
    /// In which role somebody did it.
    role: Role,
    /// What was done.
    #[schema(example = "apply")]
    action: String,
    /// When it was done.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    created_at: String,
}

/// A tracking, as HrFlow has it.
#[derive(Serialize, ToSchema)]
pub(super) struct TrackingDocument {
    /// The job.
    #[schema(example = "REQ-88")]
    job_reference: String,
    /// The profile.
    #[schema(example = "CRM-4711")]
    profile_reference: String,
    /// In which role somebody did it.
    role: Role,
    /// What was done.
    #[schema(example = "apply")]
    action: String,
    /// Why; null where nothing was said.
    #[schema(example = "Came by the newsletter.")]
    comment: Option<String>,
    /// When it was done; null where HrFlow does not tell.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    created_at: Option<String>,
}

/// A page of trackings.
#[derive(Serialize, ToSchema)]
pub(super) struct TrackingList {
    /// The trackings, the latest first.
    items: Vec<TrackingDocument>,
    /// This page's number.
    #[schema(minimum = 1, example = 1)]
    page: u64,
    /// How many a page has at most.
    #[schema(minimum = 1, maximum = 100, example = 30)]
    limit: u64,
    /// How many HrFlow has on all pages.
    #[schema(example = 1)]
    total: u64,
    /// The last page's number.
    #[schema(minimum = 1, example = 1)]
    max_page: u64,
}

query! {
    /// What listing trackings reads.
    ListTrackings: LISTED, &[Parameter::optional("actions", Shape::Words, "Only these actions.").like(r#"["view"]"#)]
}

/// Track a match
///
/// Tells HrFlow what was done with a pair, so that its ranking can learn. HrFlow cannot change a tracking, and a second one
/// stands beside the first: send an `Idempotency-Key`, and the same sent again within a day is answered as the first was.
/// Where nobody knows whether HrFlow has it (502, 504), the same key sent again looks for it there before it is told again.
#[utoipa::path(
    tag = "feedback",
    params(
        SendFeedback,
        ("Idempotency-Key" = Option<String>, Header, description = "Under which the same tracking is recorded once: a \
            UUID, or anything else that is never used twice", min_length = 1, max_length = 255,
            example = "8e03978e-40d5-43e8-bc93-6894a57f9324"),
    ),
    request_body(content = TrackingRequest, description = "What happened between whom", example = json!({"job_reference": "REQ-88", "profile_reference": "CRM-4711",
        "role": "candidate", "action": "apply"})),
    responses(
        (status = 201, description = "HrFlow has it", body = RecordedTracking,
            headers(("Idempotency-Replayed" = String, description = "`true` when it was recorded before")),
            example = json!({"id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11", "job_reference": "REQ-88",
                "profile_reference": "CRM-4711", "role": "candidate", "action": "apply",
                "created_at": "2026-03-01T14:21:58Z"})),
        TellRefusals,
    ),
    security(("api_key" = [])),
)]
#[post("/v1/trackings")]
pub(super) async fn track_match(
    api: web::Data<Api>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    feedback::tell(&api, &request, payload, &MEMBERS, action, recorded).await
}

/// List trackings
///
/// What HrFlow was told of a job, of a profile or of a pair, the latest first, by references. Who did it is not listed.
#[utoipa::path(
    tag = "feedback",
    params(ListTrackings),
    responses(
        (status = 200, description = "A page of trackings", body = TrackingList,
            example = json!({"items": [{"job_reference": "REQ-88", "profile_reference": "CRM-4711", "role": "candidate",
                "action": "apply", "comment": null, "created_at": "2026-03-01T14:21:58Z"}], "page": 1, "limit": 30,
                "total": 1, "max_page": 1})),
        ListRefusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/trackings")]
pub(super) async fn list_trackings(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, ListTrackings::KNOWN)?;
    feedback::list::<TrackingList>(&api, partner, "tracking", &given).await
}

const MEMBERS: [&str; 7] =
    ["job_reference", "profile_reference", "role", "action", "author_email", "comment", "created_at"];

fn action(members: &mut Members) -> Option<Saying> {
    let action = members.required("action")?;
    if action.trim().is_empty() {
        members.unacceptable("action", "must not be empty");
    } else if action.chars().count() > MAX_ACTION {
        members.unacceptable("action", "must have at most 100 characters");
    } else if action.chars().any(char::is_control) {
        members.unacceptable("action", "must not contain control characters");
    }
    Some(Saying::Action(action))
}

fn action_of(saying: Saying) -> Option<String> {
    match saying {
        Saying::Action(action) => Some(action),
        Saying::Score(_) => None,
    }
}

fn recorded(said: Feedback, recorded: Recorded) -> Option<RecordedTracking> {
    Some(RecordedTracking {
        id: recorded.id,
        job_reference: said.job.into(),
        profile_reference: said.profile.into(),
        role: said.role,
        action: action_of(said.saying)?,
        created_at: rfc3339(recorded.said_at),
    })
}

impl From<Told> for TrackingList {
    fn from(Told { items, page, limit, max_page, total }: Told) -> Self {
        Self { items: items.into_iter().filter_map(document).collect(), page, limit, total, max_page }
    }
}

fn document(item: Item) -> Option<TrackingDocument> {
    Some(TrackingDocument {
        job_reference: item.job,
        profile_reference: item.profile,
        role: item.role,
        action: action_of(item.saying)?,
        comment: item.comment,
        created_at: item.created_at.map(rfc3339),
    })
}
