//! The list of what is stored, archived objects included: they say so by their `archived_at`.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Call;
use crate::model::{Entity, Object};
use crate::sandbox::access::Permission;
use crate::sandbox::answer::{self, Answer, Refusal};
use crate::sandbox::catalog::Entry;
use crate::sandbox::criteria::Criteria;
use crate::sandbox::matching::{Order, Scope, Search};

/// `GET /storing/profiles`, `GET /storing/jobs`
pub(in crate::sandbox) async fn list(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Read).await?;
    call.run(|mut call| {
        let (entity, parameters) = (call.entity, call.parameters());
        let criteria = Criteria::of_storing(entity, &parameters)?;
        for key in &criteria.containers {
            call.state.open_container(entity, key)?;
        }
        let order = Order::of(&parameters, "created_at")?;
        let is_full = parameters.flag(&format!("return_{entity}"))?.unwrap_or(false);
        let catalog = call.state.catalog();
        let search =
            Search { scope: Scope::Stored, criteria: &criteria, order: &order, scoring: None, query: None };
        let page = search.run(catalog.stock(entity))?;
        let items: Vec<Item<'_>> =
            page.items.iter().map(|(entry, _)| Item::of(entity, entry, is_full)).collect::<Result<_, _>>()?;
        answer::page(&format!("List of {}", entity.plural()), page.meta, items)
    })
    .await
}

/// What the list shows of an object.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Full(&'a RawValue),
    Short(Value),
}

impl<'a> Item<'a> {
    fn of(entity: Entity, entry: &'a Entry, is_full: bool) -> Result<Self, Refusal> {
        if is_full {
            return Ok(Self::Full(&entry.body));
        }
        let object: Object = serde_json::from_str(entry.body.get()).map_err(|_| Refusal::internal())?;
        let container = format!("{}_key", entity.container());
        Ok(Self::Short(json!({
            "id": object.get("id"), "key": entry.key, "reference": entry.reference, container: entry.container,
            "created_at": object.get("created_at"), "updated_at": object.get("updated_at"),
            "archived_at": object.get("archived_at"),
        })))
    }
}
