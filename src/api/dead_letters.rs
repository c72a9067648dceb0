//! `/v1/dead-letters`: the changes that could not be brought to HrFlow, and why.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::cursor::{self, CURSOR, FROM, TO};
use super::parameters::{PARTNER, Parameter, query};
use super::problem::refusals;
use super::records::{LastAnswer, WantedState};
use super::shape::Shape;
use super::{Api, LIMIT};
use crate::error::{Error, Kind, Result};
use crate::flows;
use crate::model::Entity;
use crate::store::dead_letters::{DeadLetter, Which};

/// A record that was set aside.
#[derive(Serialize, ToSchema)]
pub(super) struct DeadLetterDocument {
    /// Whose it is.
    #[schema(example = "acme")]
    partner: String,
    /// What it is.
    entity: Entity,
    /// The partner's own name for it.
    #[schema(example = "CRM-4711")]
    reference: String,
    /// What HrFlow is to show.
    wanted: WantedState,
    /// Why it was set aside, in a code that programs may rely on.
    #[schema(example = "upstream_refused")]
    reason: String,
    /// Why, in a sentence.
    #[schema(example = "HrFlow refused the profile (400); look at the mapped object")]
    detail: String,
    /// How many attempts it had had by then.
    #[schema(minimum = 0, example = 5)]
    attempts: i32,
    /// When it was set aside.
    #[schema(format = "date-time", example = "2026-03-01T14:22:00Z")]
    at: String,
    /// What the other side had answered; null when it came to no answer.
    answer: Option<LastAnswer>,
}

/// A page of dead letters.
#[derive(Serialize, ToSchema)]
pub(super) struct DeadLetterList {
    /// The dead letters, by partner, entity and reference.
    items: Vec<DeadLetterDocument>,
    /// Where to go on; null at the end. With filters a page may be shorter than asked for before the end.
    #[schema(example = "WyJkZWFkX2xldHRlcnMiLFsiYWNtZSIsInByb2ZpbGUiLCJDUk0tNDcxMSJdXQ")]
    next_cursor: Option<String>,
}

query! {
    /// What listing dead letters reads.
    ListDeadLetters: &[
        PARTNER,
        Parameter::optional("entity", Shape::Choice(&["profiles", "jobs"]), "Only these."),
        Parameter::optional("reference", Shape::Reference, "Only this object."),
        Parameter::optional("reason", Shape::Text, "Only with this code.").like("upstream_refused"),
        FROM,
        TO,
        CURSOR.like("WyJkZWFkX2xldHRlcnMiLFsiYWNtZSIsInByb2ZpbGUiLCJDUk0tNDcxMSJdXQ"),
        Parameter::optional("limit", LIMIT, "How many are listed at most."),
    ]
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, Invalid, Unavailable);

/// List dead letters
///
/// The records that were set aside, of one partner or of all. Needs an operator key.
#[utoipa::path(
    tag = "history",
    params(ListDeadLetters),
    responses((status = 200, description = "A page of dead letters", body = DeadLetterList), Refusals),
    security(("api_key" = [])),
)]
#[get("/v1/dead-letters")]
pub(super) async fn list_dead_letters(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.operator_asks(&request, ListDeadLetters::KNOWN)?;
    let (from, to) = cursor::span(&given)?;
    let which = Which {
        partner: partner.map(|partner| partner.settings.name.clone()),
        entity: given.text("entity").and_then(Entity::parse),
        references: given.text("reference").map(|reference| vec![reference.to_owned()]),
        reason: given.text("reason").map(str::to_owned),
        from,
        to,
    };
    let after = cursor::read(LIST, &given)?;
    let limit = usize::try_from(given.whole("limit")).unwrap_or_default();
    let page = flows::dead_letters::list(&api.context, Arc::new(which), after, limit).await?;
    let next_cursor = page.next.map(|next| cursor::write(LIST, &next)).transpose()?;
    let items = page.items.into_iter().map(document).collect::<Result<_>>()?;
    Ok(HttpResponse::Ok().json(DeadLetterList { items, next_cursor }))
}

const LIST: &str = "dead_letters";

fn document(letter: DeadLetter) -> Result<DeadLetterDocument> {
    let DeadLetter { key: (partner, entity, reference), wanted, reason } = letter;
    let unknown = || Error::new(Kind::Internal, "a dead letter is of neither profiles nor jobs");
    Ok(DeadLetterDocument {
        partner,
        entity: Entity::parse(&entity).ok_or_else(unknown)?,
        reference,
        wanted: wanted.into(),
        reason: reason.code,
        detail: reason.detail,
        attempts: reason.attempts,
        at: reason.at,
        answer: reason.answer.map(LastAnswer::from),
    })
}
