//! A partner's service that answers in all the ways services do.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fetching;
mod filters;
mod listing;

use std::path::Path;

use serde_json::json;

use super::*;
use crate::config::{Auth, Changes, DateFormat, DateParameter, Paging, Sort};
use crate::http::fake::{Fake, Reply, Seen};
use crate::model::{Secret, parse_date};

fn settings(base: &Url) -> config::Service {
    config::Service {
        base_url: base.join("/api").unwrap(),
        auth: Auth::Header { name: "X-Token".to_owned(), value: Secret::new("t-1") },
        requests_per_second: 1000,
        concurrency: 4,
        allow_private_network: true,
        profiles: None,
        jobs: Some(config::Resource {
            list: "/jobs?state=open".to_owned(),
            get: "/jobs/{reference}".to_owned(),
            items: ".items".to_owned(),
            item: ".".to_owned(),
            reference: ".id".to_owned(),
            updated_at: Some(".updated_at".to_owned()),
            total: None,
            absent: config::Absent::Confirm,
            paging: Paging::Page {
                page: "page".to_owned(),
                size: "limit".to_owned(),
                size_value: 2,
                first: 1,
            },
            changes: Changes {
                since: Some(DateParameter {
                    parameter: "updated_since".to_owned(),
                    format: DateFormat::Rfc3339,
                }),
                ..Changes::default()
            },
            map: "{name: .title, location: {text: .place}}".to_owned(),
        }),
    }
}

fn limits() -> Limits {
    Limits {
        webhook_queue: 1,
        due_records: 1,
        page_attempts: 1,
        call_timeout: Duration::from_secs(2),
        lease: Duration::from_secs(5),
        record_attempts: 1,
        ..Limits::default()
    }
}

fn made(settings: &config::Service) -> Result<Service> {
    let pacing = Pacing::default();
    Service::new("acme", settings, &limits(), Arc::default(), http::unobserved(), &pacing)
}

fn service(fake: &Fake) -> Service {
    made(&settings(&fake.url)).unwrap()
}

async fn page_of(body: &'static str) -> Result<Page> {
    let service = service(&Fake::new(move |_| Reply::json(200, body)));
    service.page(Entity::Job, &service.start(Entity::Job).unwrap(), &Ask::default()).await
}

async fn fetch_of(reference: &str, reply: impl Fn(&Seen) -> Reply + Send + 'static) -> Result<Item> {
    service(&Fake::new(reply)).fetch(Entity::Job, &Reference::parse(reference).unwrap()).await
}
