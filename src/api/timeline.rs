//! `/v1/records/…/timeline`: what was heard of one object and what came of it, the newest first.

use actix_web::guard::GuardContext;
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cursor::{self, CURSOR};
use super::deliveries::{DeliveryDocument, document};
use super::parameters::{Given, PARTNER, Parameter, query};
use super::problem::refusals;
use super::records::{date, entity_in, reference_in, unknown};
use super::shape::Shape;
use super::{Api, LIMIT};
use crate::error::Result;
use crate::flows::Partner;
use crate::model::Reference;
use crate::store::changes::{self, Kept};
use crate::store::delivery_log::{self, Place, Which};
use crate::store::{Outcome, records};

/// What was heard of an object, or what came of it.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Entry {
    Delivery(DeliveryEntry),
    Change(ChangeEntry),
}

/// A webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct DeliveryEntry {
    /// Always `delivery`.
    kind: Delivered,
    #[serde(flatten)]
    delivery: DeliveryDocument,
}

/// A piece of work that was settled.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangeEntry {
    /// Always `change`.
    kind: Changed,
    #[serde(flatten)]
    change: ChangeDocument,
}

/// It was heard.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Delivered {
    Delivery,
}

/// It was done.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Changed {
    Change,
}

/// A piece of work that was settled.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangeDocument {
    /// Which of the object's changes was worked on; it grows with every one that was accepted.
    #[schema(minimum = 0, example = 3)]
    version: i64,
    /// `indexed`, `unchanged` (nothing was sent: HrFlow shows it already), `archived`, `set_aside` or `erased`.
    #[schema(example = "indexed")]
    outcome: &'static str,
    /// The steps it came to, in order.
    steps: Vec<Step>,
    /// When it was settled.
    #[schema(format = "date-time", example = "2026-03-01T14:22:01Z")]
    settled_at: Option<String>,
    /// Milliseconds from the news of it until it was settled.
    #[schema(minimum = 0, example = 1250)]
    took_ms: Option<i64>,
    /// How many attempts it took.
    #[schema(minimum = 0, example = 1)]
    attempts: i32,
    /// Why it was set aside, in a code that programs may rely on.
    #[schema(example = "invalid")]
    problem: Option<String>,
    /// Why no search finds it by this; null when one does.
    #[schema(example = "it lacks what a search needs: the record's `notes` tell what")]
    not_searchable: Option<&'static str>,
    /// The pull that brought it; a page of it brought the object read and mapped.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    pull: Option<String>,
}

/// A step and when it was reached.
#[derive(Serialize, ToSchema)]
pub(super) struct Step {
    /// `received`, `fetched`, `mapped`, `indexed` (or `archived`: HrFlow acknowledged it) or `searchable`. HrFlow gives no
    /// sign of its own for the last: it is reached with the acknowledgement, if the object is eligible.
    #[schema(example = "fetched")]
    name: &'static str,
    /// When.
    #[schema(format = "date-time", example = "2026-03-01T14:22:00.75Z")]
    at: Option<String>,
    /// Milliseconds since the step before; null for the first.
    #[schema(minimum = 0, example = 120)]
    took_ms: Option<i64>,
}

/// A page of a timeline.
#[derive(Serialize, ToSchema)]
pub(super) struct Timeline {
    /// What happened.
    items: Vec<Entry>,
    /// Where to go on; null at the end.
    #[schema(example = "WyJ0aW1lbGluZSIsW251bGwsN11d")]
    next_cursor: Option<String>,
}

/// The last of either kind that was given.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Last {
    delivery: Option<Place>,
    change: Option<i64>,
}

const PAGE: [Parameter; 2] = [
    CURSOR.like("WyJ0aW1lbGluZSIsW251bGwsN11d"),
    Parameter::optional("limit", LIMIT, "How many are listed at most."),
];

query! {
    /// What the timeline of an object named in the address reads.
    GetTimeline: &[PARTNER], &PAGE
}
query! {
    /// What the timeline of an object named by a parameter reads.
    FindTimeline: &[PARTNER],
        &[Parameter::required("reference", Shape::Reference, "The partner's own name for it.")], &PAGE
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, Invalid, Unavailable);

/// Read a timeline
///
/// What was heard of one object and what came of it, step by step, the newest first, for as long as `retention_days` says.
#[utoipa::path(
    tag = "records",
    params(
        ("entity" = crate::model::Entity, Path, description = "`profiles` or `jobs`", example = "profiles"),
        ("reference" = String, Path, description = "The partner's own name for it", example = "CRM-4711",
            min_length = 1, max_length = 255),
        GetTimeline,
    ),
    responses((status = 200, description = "A page of what happened", body = Timeline), Refusals),
    security(("api_key" = [])),
)]
#[get("/v1/records/{entity}/{reference}/timeline")]
pub(super) async fn get_timeline(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, GetTimeline::KNOWN)?;
    let path = request.uri().path();
    let reference = reference_in(path.strip_suffix("/timeline").unwrap_or(path))?;
    show(&api, partner, &request, reference, &given).await
}

/// Find a timeline
///
/// The same for references that an address cannot carry well.
#[utoipa::path(
    tag = "records",
    params(("entity" = crate::model::Entity, Path, description = "`profiles` or `jobs`", example = "profiles"), FindTimeline),
    responses((status = 200, description = "A page of what happened", body = Timeline), Refusals),
    security(("api_key" = [])),
)]
#[get("/v1/records/{entity}/timeline", guard = "names_a_reference")]
pub(super) async fn find_timeline(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, FindTimeline::KNOWN)?;
    let reference = Reference::parse(given.text("reference").unwrap_or_default())?;
    show(&api, partner, &request, reference, &given).await
}

/// Without a reference, this is the address of a record that is called `timeline`.
fn names_a_reference(context: &GuardContext<'_>) -> bool {
    let query = context.head().uri.query().unwrap_or_default();
    query.split('&').any(|pair| pair.starts_with("reference="))
}

async fn show(
    api: &Api,
    partner: &Partner,
    request: &HttpRequest,
    reference: Reference,
    given: &Given,
) -> Result<HttpResponse> {
    let entity = entity_in(request)?;
    let last: Last = cursor::read(LIST, given)?.unwrap_or_default();
    let limit = usize::try_from(given.whole("limit")).unwrap_or_default();
    let (name, before) = (partner.settings.name.clone(), last.clone());
    let (heard, done) = api
        .context
        .store
        .read(move |db| {
            if records::find(db, &name, entity, &reference)?.is_none() {
                return Err(unknown(entity, &reference));
            }
            let object = Some((entity, reference.clone()));
            let which = Which { partner: name.clone(), object, ..Which::default() };
            let heard = delivery_log::list(db, &which, before.delivery.as_ref(), limit + 1)?.items;
            let before = before.change.unwrap_or(i64::MAX);
            let done = changes::of_object(db, &name, entity, &reference, before, limit)?;
            Ok((heard, done))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page(heard, done, limit, last)?))
}

const LIST: &str = "timeline";

/// The newest of both kinds; of two that are equally new, what came of it stands above what was heard.
fn page(heard: Vec<delivery_log::Kept>, done: Vec<Kept>, limit: usize, mut last: Last) -> Result<Timeline> {
    let more = heard.len() + done.len() > limit;
    let (mut heard, mut done) = (heard.into_iter().peekable(), done.into_iter().peekable());
    let mut items = Vec::with_capacity(limit);
    while items.len() < limit {
        let change = done
            .next_if(|change| heard.peek().is_none_or(|delivery| change.settled_at >= delivery.received_at));
        if let Some(change) = change {
            last.change = Some(change.seq);
            items.push(Entry::Change(ChangeEntry { kind: Changed::Change, change: told(change) }));
        } else if let Some(delivery) = heard.next() {
            last.delivery = Some(delivery.place());
            let delivery = document(delivery)?;
            items.push(Entry::Delivery(DeliveryEntry { kind: Delivered::Delivery, delivery }));
        } else {
            break;
        }
    }
    let next_cursor = more.then(|| cursor::write(LIST, &last)).transpose()?;
    Ok(Timeline { items, next_cursor })
}

fn told(change: Kept) -> ChangeDocument {
    let acknowledged = if change.outcome == Outcome::Archived { "archived" } else { "indexed" };
    let reached = [
        ("received", change.received_at),
        ("fetched", change.fetched_at),
        ("mapped", change.mapped_at),
        (acknowledged, change.indexed_at),
        ("searchable", change.searchable_at),
    ];
    let mut steps: Vec<Step> = Vec::new();
    let mut before = None;
    for (name, at) in reached {
        let Some(at) = at else { continue };
        steps.push(Step { name, at: date(Some(at)), took_ms: before.map(|before| millis(before, at)) });
        before = Some(at);
    }
    ChangeDocument {
        version: change.version,
        outcome: change.outcome.as_str(),
        steps,
        settled_at: date(Some(change.settled_at)),
        took_ms: change.received_at.map(|received| millis(received, change.settled_at)),
        attempts: change.attempts,
        not_searchable: not_searchable(&change),
        problem: change.problem,
        pull: change.pull,
    }
}

fn millis(from: i64, to: i64) -> i64 {
    (to - from).max(0) / 1000
}

fn not_searchable(change: &Kept) -> Option<&'static str> {
    match (change.outcome, change.searchable_at) {
        (_, Some(_)) => None,
        (Outcome::Indexed, None) => Some("it lacks what a search needs: the record's `notes` tell what"),
        (Outcome::Unchanged, None) => Some("nothing was sent: HrFlow shows it already"),
        (Outcome::Erased, None) => Some("it was erased"),
        (Outcome::Archived, None) => Some("it was archived"),
        (Outcome::SetAside, None) => Some("it was set aside: the record's `problem` tells why"),
    }
}
