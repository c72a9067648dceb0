//! Ratings and trackings: told and listed, and never changed.

use std::sync::PoisonError;

use actix_web::HttpRequest;
use actix_web::web::Payload;
use serde_json::{Value, json};

use super::Call;
use crate::model::{Entity, Role, Saying};
use crate::sandbox::access::Permission;
use crate::sandbox::answer::{self, Answer, Meta, Refusal, wire_date};
use crate::sandbox::feedback::{Named, Of, Told, Wanted};
use crate::sandbox::parameters::Parameters;
use crate::sandbox::roads;

/// The most that a page of a list has.
const MOST: usize = 1000;

/// What the sandbox cannot do: a list that was not filtered must not be taken for one that was.
const REFUSED: [&str; 10] = [
    "location_lat",
    "location_lon",
    "location_distance",
    "use_location_address",
    "use_location_experience",
    "use_location_education",
    "experiences_duration_min",
    "experiences_duration_max",
    "educations_duration_min",
    "educations_duration_max",
];

/// `POST /rating`
pub(in crate::sandbox) async fn rate(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Write).await?;
    call.run(|call| {
        tell(call, "Rating", |parameters| match parameters.number(&["score"])? {
            Some(score) if (0.0..=1.0).contains(&score) => Ok(Saying::Score(score)),
            Some(_) => Err(Refusal::field("score", "must be from 0 to 1")),
            None => Err(Refusal::field("score", "is needed")),
        })
    })
    .await
}

/// `POST /tracking`
pub(in crate::sandbox) async fn track(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Write).await?;
    call.run(|call| {
        tell(call, "Tracking", |parameters| {
            let action = parameters.owned_text(&["action", "stage"])?;
            action.map(Saying::Action).ok_or_else(|| Refusal::field("action", "is needed"))
        })
    })
    .await
}

/// `GET /ratings`
pub(in crate::sandbox) async fn list_ratings(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Read).await?;
    call.run(|call| list(call, "rating", "List of ratings")).await
}

/// `GET /trackings`
pub(in crate::sandbox) async fn list_trackings(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Read).await?;
    call.run(|call| list(call, "tracking", "List of trackings")).await
}

fn tell(mut call: Call, title: &str, saying: impl FnOnce(&Parameters) -> Result<Saying, Refusal>) -> Answer {
    let parameters = call.parameters();
    let told = Told {
        role: role(&parameters)?,
        saying: saying(&parameters)?,
        job: named(&call, Entity::Job, &parameters)?.ok_or_else(|| needed(Entity::Job))?,
        profile: named(&call, Entity::Profile, &parameters)?.ok_or_else(|| needed(Entity::Profile))?,
        author_email: parameters.owned_text(&["author_email"])?,
        comment: parameters.owned_text(&["comment"])?,
        created_at: parameters.date(&["created_at"], false)?.unwrap_or_else(|| call.state.clock.now()),
    };
    let shown = shown(&told, true);
    call.state.tell(told)?;
    answer::created(&format!("{title} created"), shown)
}

fn list(mut call: Call, kind: &'static str, message: &str) -> Answer {
    let parameters = call.parameters();
    for name in REFUSED {
        if parameters.text(&[name])?.is_some() {
            return Err(Refusal::field(name, "is not supported by the sandbox"));
        }
    }
    let sorts = ["scoring", "created_at", "updated_at", "searching"];
    let wanted = Wanted {
        kind,
        role: role(&parameters)?,
        actions: parameters.texts(&["actions"])?,
        jobs: on(&call, Entity::Job, &parameters)?,
        profiles: on(&call, Entity::Profile, &parameters)?,
        from: parameters.date(&["created_at_min"], false)?,
        to: parameters.date(&["created_at_max"], true)?,
        by_date: parameters.word("sort_by", &sorts)?.is_some_and(|by| by != "scoring"),
        ascending: parameters.word("order_by", &["asc", "desc"])? == Some("asc"),
    };
    let page = parameters.count("page", 1, usize::MAX)?;
    let limit = parameters.count("limit", 30, MOST)?;
    let with_profile = parameters.flag("return_profile")?.unwrap_or(false);
    let with_author = parameters.flag("return_author")?.unwrap_or(false);
    let feedback = call.state.feedback.read().unwrap_or_else(PoisonError::into_inner);
    let listed = feedback.list(&wanted);
    let total = listed.len();
    let listed = listed.into_iter().skip((page - 1).saturating_mul(limit)).take(limit);
    let items: Vec<Value> = listed
        .map(|told| {
            let mut item = shown(told, with_author);
            if with_profile {
                item["profile"] = profile(&call, &told.profile)?;
            }
            Ok(item)
        })
        .collect::<Result<_, Refusal>>()?;
    answer::page(message, Meta::new(page, limit, items.len(), total), items)
}

fn role(parameters: &Parameters) -> Result<Role, Refusal> {
    let role = parameters.word("role", &Role::WORDS)?.and_then(Role::parse);
    role.ok_or_else(|| Refusal::field("role", "is needed"))
}

fn needed(entity: Entity) -> Refusal {
    Refusal::field(format_args!("{entity}_key or {entity}_reference"), "is needed")
}

/// The object that a call names, which must be there; none when it names none.
fn named(call: &Call, entity: Entity, parameters: &Parameters) -> Result<Option<Named>, Refusal> {
    let text = |name: String| parameters.owned_text(&[&name]);
    let (key, reference) = (text(format!("{entity}_key"))?, text(format!("{entity}_reference"))?);
    if key.is_none() && reference.is_none() {
        return Ok(None);
    }
    let container = format!("{}_key", entity.container());
    let container = text(container.clone())?.ok_or_else(|| Refusal::field(container, "is needed"))?;
    call.state.open_container(entity, &container)?;
    let catalog = call.state.catalog();
    let stock = catalog.stock(entity);
    let wanted = roads::Wanted { container, key, reference, email: None };
    let entry = &stock.entries()[wanted.slot(entity, stock)?];
    let (key, reference) = (entry.key.clone(), entry.reference.clone());
    Ok(Some(Named { container: entry.container.to_string(), key, reference }))
}

/// On which objects of a kind a list is.
fn on(call: &Call, entity: Entity, parameters: &Parameters) -> Result<Of, Refusal> {
    if let Some(named) = named(call, entity, parameters)? {
        return Ok(Of::One(named.key));
    }
    let keys = parameters.texts(&[&format!("{}_keys", entity.container())])?;
    for key in &keys {
        call.state.open_container(entity, key)?;
    }
    Ok(if keys.is_empty() { Of::Any } else { Of::Containers(keys) })
}

/// The profile as it is now.
fn profile(call: &Call, named: &Named) -> Result<Value, Refusal> {
    let catalog = call.state.catalog();
    let stock = catalog.stock(Entity::Profile);
    let slot = stock.slot_by_key(&named.key).ok_or_else(Refusal::internal)?;
    serde_json::from_str(stock.entries()[slot].body.get()).map_err(|_| Refusal::internal())
}

fn shown(told: &Told, with_author: bool) -> Value {
    let date = wire_date(told.created_at);
    let mut shown = json!({
        "role": told.role,
        "board_key": told.job.container, "job_key": told.job.key, "job_reference": told.job.reference,
        "source_key": told.profile.container, "profile_key": told.profile.key,
        "profile_reference": told.profile.reference,
        "comment": told.comment, "created_at": date, "updated_at": date,
    });
    match &told.saying {
        Saying::Score(score) => shown["score"] = json!(score),
        Saying::Action(action) => shown["action"] = json!(action),
    }
    if with_author {
        shown["author_email"] = json!(told.author_email);
    }
    shown
}
