//! What belongs to the team: its key, its sources and its boards.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::Payload;
use serde_json::{Value, json};

use super::Call;
use crate::sandbox::access::Permission;
use crate::sandbox::answer::{self, Answer, Meta, Refusal};
use crate::sandbox::catalog::Stock;
use crate::sandbox::containers::Container;

/// The most sources or boards of a page.
const MOST_ITEMS: usize = 1_000;

/// `GET /auth`: which key this is.
pub(in crate::sandbox) async fn check_key(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Read).await?;
    let permission = call.permission.as_str();
    answer::done(
        "API Access Success",
        json!({
            "team_name": "sandbox", "team_subdomain": "sandbox", "request_origin": null,
            "api_key_permission": permission, "api_secret_permission": permission,
        }),
    )
}

/// `GET /source`, `GET /board`
pub(in crate::sandbox) async fn get(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Read).await?;
    call.run(|mut call| {
        let parameters = call.parameters();
        let key = parameters.text(&["key"])?.ok_or_else(|| Refusal::field("key", "is needed"))?;
        let container = call.state.open_container(call.entity, &key)?;
        let sizes = sizes(call.state.catalog().stock(call.entity));
        let message = format!("{} info", title(&container));
        answer::done(&message, container.full(sizes.get(&*key).copied().unwrap_or_default()))
    })
    .await
}

/// `GET /sources`, `GET /boards`
pub(in crate::sandbox) async fn list(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Read).await?;
    call.run(|mut call| {
        let parameters = call.parameters();
        let name = parameters.text(&["name"])?.map(|name| name.to_lowercase());
        let by_size = call.entity.singular();
        let sort = parameters.word("sort_by", &["date", by_size])?.unwrap_or("date");
        let is_rising = parameters.word("order_by", &["asc", "desc"])? == Some("asc");
        let (page, limit) =
            (parameters.count("page", 1, usize::MAX)?, parameters.count("limit", 30, MOST_ITEMS)?);

        let catalog = call.state.catalog();
        let stock = catalog.stock(call.entity);
        let sizes = sizes(stock);
        let size = |container: &Container| sizes.get(container.key.as_str()).copied().unwrap_or_default();
        let is_named = |container: &&Container| {
            name.as_ref().is_none_or(|name| container.name().contains(name.as_str()))
        };
        let mut found: Vec<&Container> = stock.containers.values().filter(is_named).collect();
        found.sort_unstable_by_key(|container| container.key.as_str());
        let rank = |container: &&Container| match sort {
            "date" => container.created_at.timestamp_micros(),
            _ => i64::try_from(size(container)).unwrap_or(i64::MAX),
        };
        if is_rising {
            found.sort_by_key(rank);
        } else {
            found.sort_by_key(|container| Reverse(rank(container)));
        }
        let before = (page - 1).saturating_mul(limit);
        let items: Vec<Value> =
            found.iter().skip(before).take(limit).map(|container| container.full(size(container))).collect();
        let message = match call.entity.container() {
            "source" => "Source list",
            _ => "Board list",
        };
        answer::page(message, Meta::new(page, limit, items.len(), found.len()), items)
    })
    .await
}

/// How many objects each source or board holds.
fn sizes(stock: &Stock) -> HashMap<Arc<str>, usize> {
    let mut sizes = HashMap::new();
    for entry in stock.entries() {
        *sizes.entry(Arc::clone(&entry.container)).or_default() += 1;
    }
    sizes
}

fn title(container: &Container) -> &'static str {
    match container.entity {
        crate::model::Entity::Profile => "Source",
        crate::model::Entity::Job => "Board",
    }
}
