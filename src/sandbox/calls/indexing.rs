//! One object: create, edit, get, archive, and the list of its attachments, which is empty.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use serde_json::{Value, json};

use super::Call;
use crate::model::{Entity, Object};
use crate::sandbox::access::Permission;
use crate::sandbox::answer::{self, Answer, Refusal};
use crate::sandbox::parameters::Parameters;
use crate::sandbox::roads::Wanted;
use crate::sandbox::shape;

/// `POST /profile/indexing`, `POST /job/indexing`
pub(in crate::sandbox) async fn create(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Write).await?;
    call.run(|call| {
        let (container, sent) = unpacked(call.entity, &call.query, call.body)?;
        let message = format!("{} created", title(call.entity));
        let unsent = shape::lists_not_sent(call.entity, &sent);
        let (mut object, body) = call.state.create(call.entity, &container, sent)?;
        if unsent.is_empty() {
            return answer::created(&message, &*body);
        }
        for list in unsent {
            object[list] = Value::Null;
        }
        answer::created(&message, object)
    })
    .await
}

/// `PUT /profile/indexing`, `PUT /job/indexing`
pub(in crate::sandbox) async fn edit(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Write).await?;
    call.run(|call| {
        let (container, sent) = unpacked(call.entity, &call.query, call.body)?;
        let body = call.state.edit(call.entity, &container, sent)?;
        answer::done(&format!("{} edited", title(call.entity)), &*body)
    })
    .await
}

/// `GET /profile/indexing`, `GET /job/indexing`
pub(in crate::sandbox) async fn get(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Read).await?;
    call.run(|mut call| {
        let wanted = wanted(call.entity, &call.parameters())?;
        call.state.open_container(call.entity, &wanted.container)?;
        let body = {
            let catalog = call.state.catalog();
            let stock = catalog.stock(call.entity);
            stock.entries()[wanted.slot(call.entity, stock)?].body.clone()
        };
        answer::done(&format!("{} details", title(call.entity)), &*body)
    })
    .await
}

/// `PATCH /profile/indexing/archive`, `PATCH /job/indexing/archive`
pub(in crate::sandbox) async fn archive(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Write).await?;
    call.run(|mut call| {
        let parameters = call.parameters();
        let wanted = wanted(call.entity, &parameters)?;
        let is_archive = parameters
            .flag("is_archive")?
            .ok_or_else(|| Refusal::field("is_archive", "must be 1 (archive) or 0 (restore)"))?;
        let key = call.state.archive(call.entity, &wanted, is_archive)?;
        let done = if is_archive { "archived" } else { "unarchived" };
        answer::done(&format!("{} {done}", title(call.entity)), json!({"key": key}))
    })
    .await
}

/// `GET /profile/indexing/attachments`
pub(in crate::sandbox) async fn attachments(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Read).await?;
    call.run(|mut call| {
        let wanted = wanted(call.entity, &call.parameters())?;
        call.state.open_container(call.entity, &wanted.container)?;
        wanted.slot(call.entity, call.state.catalog().stock(call.entity))?;
        answer::done("Profile's attachment list", json!([]))
    })
    .await
}

/// The object and the key of its source or board: `{"source_key", "profile": {…}}`, or all in one.
fn unpacked(entity: Entity, query: &Parameters, mut body: Object) -> Result<(String, Object), Refusal> {
    let name = format!("{}_key", entity.container());
    let nested = match body.get(entity.singular()) {
        Some(Value::Object(_)) => body.remove(entity.singular()),
        _ => None,
    };
    let sent = match nested {
        Some(Value::Object(mut object)) => {
            if let Some(key) = body.remove(&name) {
                object.insert(name.clone(), key);
            }
            object
        }
        _ => body,
    };
    let container = match sent.get(&name) {
        Some(Value::String(key)) => key.clone(),
        None | Some(Value::Null) => required(query, &name)?,
        Some(_) => return Err(Refusal::field(name, "must be a string")),
    };
    Ok((container, sent))
}

/// Which object a call means.
fn wanted(entity: Entity, parameters: &Parameters) -> Result<Wanted, Refusal> {
    let email = match entity {
        Entity::Profile => parameters.owned_text(&["profile_email", "email"])?,
        Entity::Job => None,
    };
    Ok(Wanted {
        container: required(parameters, &format!("{}_key", entity.container()))?,
        key: parameters.owned_text(&["key"])?,
        reference: parameters.owned_text(&["reference"])?,
        email,
    })
}

fn required(parameters: &Parameters, name: &str) -> Result<String, Refusal> {
    parameters.owned_text(&[name])?.ok_or_else(|| Refusal::field(name, "is needed"))
}

fn title(entity: Entity) -> &'static str {
    match entity {
        Entity::Profile => "Profile",
        Entity::Job => "Job",
    }
}
