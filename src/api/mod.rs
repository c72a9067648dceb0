//! HTTP in: parse, call one flow, answer.
//!
//! ```text
//! webhooks  batches  pulls  decisions  scoring  searching  records  erasures  partners  health  metrics  docs     one file per resource
//! ratings  trackings  (feedback: what they share)   receipts             what is said of answers, and what they were made of
//! matching    one job and one profile: their score, why one is not in the other's list, and why they match
//! exports  tickets                                                    what takes its time
//! deliveries  timeline  events  dead_letters  replay                      what happened, and once more
//! auth (whose key)   door (whose webhook)   failures, origin (who guesses)   cursor (where a list goes on)
//! parameters, shape, criteria (query strings)   body   freshness   what they are made of
//! problem (refusals)   quota (used up)   reply (rankings, once)   request_id (around every request)
//! ```

mod auth;
mod batches;
mod body;
mod criteria;
mod cursor;
mod dead_letters;
mod decisions;
mod deliveries;
mod docs;
mod door;
mod erasures;
mod events;
mod exports;
mod failures;
mod feedback;
mod freshness;
mod health;
mod idempotency;
mod matching;
mod metrics;
mod origin;
mod parameters;
mod partners;
mod personal;
mod problem;
mod pulls;
mod quota;
mod ratings;
mod receipts;
mod records;
mod replay;
mod reply;
mod request_id;
mod schedules;
mod scoring;
mod searching;
mod shape;
#[cfg(test)]
mod tests;
mod tickets;
mod timeline;
mod trackings;
mod webhooks;

use std::sync::Arc;

use actix_web::dev::ResourceDef;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use bytes::Bytes;
use ipnet::IpNet;
use utoipa::openapi::path::PathItem;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::{Error, Kind};
use crate::flows::Context;
use crate::model::Secret;
use auth::Keys;
use failures::Failures;
use origin::Proxies;

pub use docs::{Document, openapi, openapi_3_0};
pub use request_id::RequestId;

/// How many objects a page has at most.
const LIMIT: shape::Shape = shape::Shape::Whole { least: 1, most: 100, default: Some(30) };

/// What handlers share: the roads' context, the keys, and the list of routes.
pub struct Api {
    context: Arc<Context>,
    keys: Keys,
    failures: Failures,
    proxies: Proxies,
    routes: Vec<(ResourceDef, HeaderValue)>,
    document: Bytes,
    older_document: Bytes,
}

impl Api {
    /// Hashes the keys and lists the routes, once per process.
    pub fn new(context: Arc<Context>, operator_keys: &[Secret], trusted_proxies: &[IpNet]) -> Self {
        let keys = Keys::new(operator_keys, &context.partners);
        let failures = Failures::new(context.limits.failed_logins_per_minute);
        let proxies = Proxies::new(trusted_proxies);
        let declared = docs::declared();
        let routes =
            declared.paths.paths.iter().map(|(path, item)| (ResourceDef::new(path.as_str()), allow(item)));
        let viewer = ["/docs", "/docs/{file:.*}"]
            .map(|path| (ResourceDef::new(path), HeaderValue::from_static("GET, HEAD")));
        let routes = routes.chain(viewer).collect();
        let [document, older_document] = [openapi(), openapi_3_0()].map(|document| document.text().into());
        Self { context, keys, failures, proxies, routes, document, older_document }
    }
}

fn allow(item: &PathItem) -> HeaderValue {
    let methods = [("GET, HEAD", item.get.is_some()), ("POST", item.post.is_some())];
    let methods: Vec<&str> =
        methods.into_iter().filter_map(|(method, there)| there.then_some(method)).collect();
    HeaderValue::from_str(&methods.join(", ")).unwrap_or(HeaderValue::from_static("GET, HEAD"))
}

/// The whole API, for an application that holds an [`Api`] and is wrapped in [`RequestId`].
pub fn configure(config: &mut web::ServiceConfig) {
    routes(&mut ServiceConfig::new(config));
    config.service(docs::viewer::root).service(docs::viewer::file).default_service(web::to(unrouted));
}

/// `GET /metrics` alone and without a key, for a listener of its own.
pub fn configure_metrics(config: &mut web::ServiceConfig) {
    config.service(metrics::read_metrics_openly).default_service(web::to(|| async { nothing_here() }));
}

/// What a process answers that works and serves no API: whether it lives, and what it counts.
pub fn configure_worker(config: &mut web::ServiceConfig) {
    config
        .service(health::check_live)
        .service(health::check_ready)
        .service(metrics::read_metrics)
        .default_service(web::to(|| async { not_here() }));
}

/// The list of routes: what the server serves and what the OpenAPI document lists. They are tried from the top, so what
/// somebody waits for on a screen comes first.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(scoring::score_profiles)
        .service(scoring::score_profiles_by_body)
        .service(scoring::score_jobs)
        .service(scoring::score_jobs_by_body)
        .service(searching::search_profiles)
        .service(searching::search_profiles_by_body)
        .service(searching::search_jobs)
        .service(searching::search_jobs_by_body)
        .service(webhooks::receive_webhook)
        .service(batches::receive_webhooks)
        .service(webhooks::describe_webhook)
        .service(webhooks::try_webhook)
        .service(ratings::rate_match)
        .service(ratings::list_ratings)
        .service(trackings::track_match)
        .service(trackings::list_trackings)
        .service(receipts::list_receipts)
        .service(receipts::export_receipts)
        .service(receipts::get_receipt)
        .service(matching::pair::get_match)
        .service(matching::why::explain_absence)
        .service(matching::explanation::explain_match)
        .service(matching::explanation::get_explanation)
        .service(tickets::get_ticket)
        .service(exports::start_export)
        .service(exports::list_exports)
        .service(exports::get_export)
        .service(exports::cancel_export)
        .service(exports::read_export_lines)
        .service(timeline::find_timeline)
        .service(timeline::get_timeline)
        .service(records::find_record)
        .service(records::get_record)
        .service(erasures::find_and_erase_profile)
        .service(erasures::erase_profile)
        .service(erasures::get_erasure)
        .service(deliveries::list_deliveries)
        .service(events::read_events)
        .service(dead_letters::list_dead_letters)
        .service(replay::replay_dead_letters)
        .service(pulls::start_pull)
        .service(pulls::list_pulls)
        .service(pulls::get_pull)
        .service(partners::list_partners)
        .service(decisions::list_absences)
        .service(decisions::approve_pull)
        .service(decisions::reject_pull)
        .service(health::check_live)
        .service(health::check_ready)
        .service(metrics::read_metrics)
        .service(docs::read_openapi)
        .service(docs::read_older_openapi);
}

/// No route took the request: its address or its method is not known.
async fn unrouted(api: web::Data<Api>, request: HttpRequest) -> HttpResponse {
    let known = api.routes.iter().find(|(route, _)| route.is_match(request.path()));
    match known {
        Some((_, allow)) => {
            let message = format!("this address takes {}", allow.to_str().unwrap_or_default());
            let mut answer = Error::new(Kind::MethodNotAllowed, message).error_response();
            answer.headers_mut().insert(ALLOW, allow.clone());
            answer
        }
        None => nothing_here(),
    }
}

fn nothing_here() -> HttpResponse {
    Error::new(Kind::NotFound, "there is nothing at this address; /openapi.json lists what there is")
        .error_response()
}

fn not_here() -> HttpResponse {
    Error::new(
        Kind::NotFound,
        "this process only works; the API is served by those of the role `api` or `all`",
    )
    .error_response()
}
