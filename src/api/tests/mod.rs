//! The API through its door, over a fresh database: every refusal is a problem document.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod documents;
mod queries;
mod routes;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use actix_http::Request;
use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{Api, RequestId};
use crate::config::{self, Auth, Limits};
use crate::flows::query::Answers;
use crate::flows::{Context, Partner, Waiting, breaker::Breakers, explain::Desk};
use crate::http::{Pacing, Scrubber, unobserved};
use crate::metrics::Metrics;
use crate::model::{Clock, Secret};
use crate::partner::signature::Door;
use crate::store::Store;
use crate::{hrflow, partner};

const OPERATOR: &str = "operator-key";
const RETENTION: Duration = Duration::from_hours(30 * 24);
const WEBHOOK: &str = "/v1/webhooks/acme/profile_update";

fn limits() -> Limits {
    Limits {
        webhook_queue: 16,
        due_records: 100,
        page_attempts: 1,
        call_timeout: Duration::from_secs(2),
        lease: Duration::from_secs(25),
        record_attempts: 5,
        ..Limits::default()
    }
}

fn settings(name: &str) -> config::Partner {
    let resource = config::Resource {
        list: "/profiles".to_owned(),
        get: "/profiles/{reference}".to_owned(),
        items: ".".to_owned(),
        item: ".".to_owned(),
        reference: ".id".to_owned(),
        updated_at: None,
        total: None,
        absent: config::Absent::Confirm,
        paging: config::Paging::None,
        changes: config::Changes::default(),
        map: ".".to_owned(),
    };
    config::Partner {
        name: name.to_owned(),
        keys: vec![Secret::new(format!("{name}-key")), Secret::new(format!("{name}-second-key"))],
        webhooks: config::Webhooks::default(),
        source_key: "a".repeat(40),
        board_key: "b".repeat(40),
        algorithm_key: "c".repeat(40),
        grading_algorithm_key: None,
        on_archive: config::OnArchive::Archive,
        // Port 9 of this machine: nobody answers there, and nobody is called by most of these tests.
        hrflow: config::HrFlow {
            api_url: "http://127.0.0.1:9/v1".parse().unwrap(),
            api_key: Secret::new("ask_00000000000000000000000000000000"),
            user_email: "ops@example.org".to_owned(),
            requests_per_minute: 10,
            concurrency: 2,
            query_share: 0.3,
            allow_private_network: true,
        },
        max_archive_share: 0.05,
        service: config::Service {
            base_url: "http://127.0.0.1:9/".parse().unwrap(),
            auth: Auth::None,
            requests_per_second: 10,
            concurrency: 1,
            allow_private_network: true,
            profiles: Some(resource),
            jobs: None,
        },
        schedule: config::Schedules::default(),
    }
}

fn partner_of(settings: config::Partner) -> Arc<Partner> {
    let scrubber = Arc::new(Scrubber::new([]));
    let limits = limits();
    let (name, pacing, observer) = (&settings.name, Pacing::default(), unobserved());
    let workspace = Arc::new(hrflow::Workspace::new(&settings.hrflow, &pacing));
    let service = &settings.service;
    let explaining = Desk::new(&limits, &settings.hrflow);
    Arc::new(Partner {
        service: partner::Service::new(name, service, &limits, scrubber.clone(), observer, &pacing).unwrap(),
        hrflow: hrflow::Client::new(&settings.hrflow, &limits, workspace, scrubber, unobserved()).unwrap(),
        door: Door::new(&settings.webhooks.auth).unwrap(),
        settings,
        records_due: Notify::new(),
        pulls_due: Notify::new(),
        exports_due: Notify::new(),
        waiting: Waiting::default(),
        breakers: Breakers::default(),
        explaining,
    })
}

/// The API over a fresh database, and the folder that must outlive it.
async fn api() -> (web::Data<Api>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("connector.db").display());
    let clock = Clock::manual("2026-03-01T12:00:00Z".parse().unwrap());
    let store = Store::open(&url, &clock, limits().webhook_queue).unwrap();
    store.migrate().await.unwrap();
    let partners = ["acme", "globex"].map(|name| partner_of(settings(name))).to_vec();
    let context = Context {
        store,
        clock,
        limits: limits(),
        retention: RETENTION,
        receipts_kept: RETENTION,
        answers: Answers::new(&limits().queries),
        partners,
        metrics: Metrics::new().unwrap(),
    };
    (web::Data::new(Api::new(Arc::new(context), &[Secret::new(OPERATOR)], &[])), folder)
}

/// Sends one request and gives the status, the headers and the body, which is null where it is no JSON.
async fn send(
    app: &impl Service<Request, Response = ServiceResponse<BoxBody>, Error = actix_web::Error>,
    request: TestRequest,
) -> (u16, HeaderMap, Value) {
    let answer = call_service(app, request.to_request()).await;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = read_body(answer).await;
    if status >= 400 {
        assert_eq!(headers.get("content-type").unwrap(), "application/problem+json", "{status}");
    }
    (status, headers, serde_json::from_slice(&body).unwrap_or_default())
}

/// Builds the application as the server does.
macro_rules! app {
    ($api:expr) => {
        init_service(App::new().app_data($api.clone()).wrap(RequestId).configure(crate::api::configure)).await
    };
}

use app;

fn get(uri: &str, key: &str) -> TestRequest {
    TestRequest::get().uri(uri).insert_header(("X-API-KEY", key))
}

fn post(uri: &str, key: &str, body: impl Into<Bytes>) -> TestRequest {
    let request = TestRequest::post().uri(uri).insert_header(("X-API-KEY", key));
    request.insert_header(("content-type", "application/json; charset=utf-8")).set_payload(body)
}

fn event(reference: &str) -> String {
    json!({"reference": reference, "event_date": "2026-03-01T11:00:00Z", "Host": "ignored"}).to_string()
}

/// The names of the fields that a problem complains about.
fn fields(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
}
