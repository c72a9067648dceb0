//! The ATS's HTTP service: lists by page and by date, reads, changes and deletes by reference.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::catalogue::{Catalogue, Filter, word_for};
use crate::error::Kind;
use crate::model::{Entity, Object, Secret, parse_date};

const DEFAULT_SIZE: usize = 50;
const MOST_SIZE: usize = 500;
const MOST_BYTES: usize = 1 << 20;

/// Binds the service; it serves once the returned server is polled.
pub(super) fn bind(
    listen: SocketAddr,
    key: Secret,
    catalogue: Arc<Catalogue>,
) -> std::io::Result<(Server, SocketAddr)> {
    let key = web::Data::new(key);
    let catalogue = web::Data::from(catalogue);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(key.clone())
            .app_data(catalogue.clone())
            .app_data(web::JsonConfig::default().limit(MOST_BYTES).error_handler(unreadable_body))
            .wrap(from_fn(authenticate))
            .service(resources("/api/candidates", Entity::Profile))
            .service(resources("/api/vacancies", Entity::Job))
            .default_service(web::to(async || {
                refusal(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
            }))
    })
    .workers(1)
    .client_request_timeout(Duration::from_secs(5))
    .shutdown_timeout(2)
    .disable_signals()
    .bind(listen)?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    Ok((server.run(), address))
}

fn resources(path: &str, entity: Entity) -> actix_web::Scope {
    let not_here = async || {
        refusal(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "not a method of this address")
    };
    web::scope(path)
        .app_data(web::Data::new(entity))
        .service(web::resource("").get(list).default_service(web::to(not_here)))
        .service(
            web::resource("/{id}")
                .get(read)
                .put(replace)
                .patch(amend)
                .delete(delete)
                .default_service(web::to(not_here)),
        )
}

async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    let offered = request.headers().get("X-ATS-TOKEN").and_then(|value| value.to_str().ok());
    let known = request
        .app_data::<web::Data<Secret>>()
        .zip(offered)
        .is_some_and(|(key, offered)| key.matches(offered));
    if known {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let message = "send the key of this ATS as X-ATS-TOKEN";
    Ok(request.into_response(refusal(StatusCode::UNAUTHORIZED, "unauthorized", message)))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listing<'a> {
    content: Vec<&'a RawValue>,
    page: usize,
    size: usize,
    total_elements: usize,
}

async fn list(
    entity: web::Data<Entity>,
    catalogue: web::Data<Catalogue>,
    query: web::Query<HashMap<String, String>>,
) -> HttpResponse {
    let (page, size, filter) = match asked(&query) {
        Ok(asked) => asked,
        Err(message) => return refusal(StatusCode::BAD_REQUEST, "bad_request", &message),
    };
    let found = catalogue.page(**entity, page, size, filter);
    let content = found.content.iter().map(AsRef::as_ref).collect();
    HttpResponse::Ok().json(Listing { content, page, size, total_elements: found.total })
}

/// Page, size and filter of a list, or which of them cannot be read. Other parameters are ignored, as most services do.
fn asked(query: &HashMap<String, String>) -> Result<(usize, usize, Filter), String> {
    let number = |name: &str, default: usize, most: usize| match query.get(name) {
        None => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| format!("`{name}` must be a whole number from 1 to {most}")),
    };
    let date = |name: &str| {
        let read = |text| parse_date(text).ok_or_else(|| format!("`{name}` must be an RFC 3339 date"));
        query.get(name).map(String::as_str).map(read).transpose()
    };
    let newest_first = match query.get("sort").map(String::as_str) {
        None | Some("modifiedAt") => false,
        Some("-modifiedAt") => true,
        Some(_) => return Err("`sort` must be modifiedAt or -modifiedAt".to_owned()),
    };
    let filter = Filter { since: date("modified_since")?, until: date("modified_until")?, newest_first };
    Ok((number("page", 1, 1_000_000_000)?, number("size", DEFAULT_SIZE, MOST_SIZE)?, filter))
}

async fn read(
    entity: web::Data<Entity>,
    catalogue: web::Data<Catalogue>,
    id: web::Path<String>,
) -> HttpResponse {
    match catalogue.get(**entity, &id) {
        Some(body) => HttpResponse::Ok().json(wrapped(**entity, &body)),
        None => absent(**entity),
    }
}

async fn replace(
    entity: web::Data<Entity>,
    catalogue: web::Data<Catalogue>,
    id: web::Path<String>,
    body: web::Json<Object>,
) -> HttpResponse {
    save(**entity, &catalogue, &id, body.into_inner(), false)
}

async fn amend(
    entity: web::Data<Entity>,
    catalogue: web::Data<Catalogue>,
    id: web::Path<String>,
    body: web::Json<Object>,
) -> HttpResponse {
    save(**entity, &catalogue, &id, body.into_inner(), true)
}

fn save(entity: Entity, catalogue: &Catalogue, id: &str, mut body: Object, merge: bool) -> HttpResponse {
    // What `GET` answered may be sent back as it is.
    if body.len() == 1
        && let Some(Value::Object(inner)) = body.get_mut(word_for(entity))
    {
        body = std::mem::take(inner);
    }
    match catalogue.save(entity, id, body, merge) {
        Ok((body, true)) => HttpResponse::Created().json(wrapped(entity, &body)),
        Ok((body, false)) => HttpResponse::Ok().json(wrapped(entity, &body)),
        Err(error) if error.kind() == Kind::NotFound => absent(entity),
        Err(error) => refusal(StatusCode::BAD_REQUEST, "bad_request", &error.to_string()),
    }
}

async fn delete(
    entity: web::Data<Entity>,
    catalogue: web::Data<Catalogue>,
    id: web::Path<String>,
) -> HttpResponse {
    if catalogue.remove(**entity, &id) { HttpResponse::NoContent().finish() } else { absent(**entity) }
}

fn wrapped(entity: Entity, body: &RawValue) -> HashMap<&'static str, &RawValue> {
    HashMap::from([(word_for(entity), body)])
}

fn absent(entity: Entity) -> HttpResponse {
    refusal(StatusCode::NOT_FOUND, "not_found", &format!("there is no such {}", word_for(entity)))
}

fn refusal(status: StatusCode, code: &str, message: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({"error": {"code": code, "message": message}}))
}

fn unreadable_body(error: JsonPayloadError, _: &HttpRequest) -> actix_web::Error {
    let answer = match &error {
        JsonPayloadError::ContentType => {
            refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "send application/json")
        }
        JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
            refusal(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body may have at most 1 MiB")
        }
        _ => refusal(StatusCode::BAD_REQUEST, "bad_request", "the body must be one JSON object"),
    };
    actix_web::error::InternalError::from_response(error, answer).into()
}
