//! Measures how soon an event is visible in search, and what a burst of webhooks about the same objects costs HrFlow.
//!
//! The partner is the sample ATS with 10,000 candidates, HrFlow the local sandbox in a process of its own, the connector a
//! process of its own on each database. First 200 events a second about changed candidates; one in ten is watched by
//! searching for the word that its change brought, through the connector, until the candidate is found. Then 100,000 webhooks as fast
//! as they are taken, ten for each candidate, each candidate changed once before and a tenth of them once more meanwhile.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measuring program fails by panicking")]

#[expect(dead_code, reason = "each program uses a part of it")]
mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use oem_connector::demo::Ats;
use oem_connector::model::{Clock, Entity, rfc3339};
use oem_connector::sandbox;
use serde_json::{Value, json};
use support::connector::{self, ATS_KEY, OPERATOR_KEY, PARTNER_KEY, Wiring};
use support::database::Database;
use support::load::{self, Load};
use support::process::{self, Peer};
use support::table::Table;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

const EVENTS_PER_SECOND: u64 = 200;

/// One event in so many is watched until it is visible.
const WATCHED: u64 = 10;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    match process::role() {
        Some((role, arguments)) if role == connector::ROLE => connector::serve(&arguments).await,
        Some(_) => be_hrflow().await,
        None if support::is_wanted() => measure().await,
        None => {}
    }
}

/// The role of HrFlow: the sandbox.
async fn be_hrflow() {
    let running = sandbox::start(sandbox::Options::default(), Clock::System).await.unwrap();
    process::ready(running.address);
    process::until_released().await;
}

async fn measure() {
    // The client asks for one even where all is plain HTTP; a second call finds it installed.
    drop(rustls::crypto::ring::default_provider().install_default());
    let (objects, seconds) = if support::is_quick() { (500, 5) } else { (10_000, 60) };
    let mut visible = Table::new(&["database", "events/s", "watched", "p50 ms", "p99 ms", "most ms"]);
    let mut burst = Table::new(&[
        "database",
        "webhooks",
        "acks/s",
        "objects",
        "changed meanwhile",
        "HrFlow writes",
        "settled after s",
    ]);
    for (name, database) in [("SQLite", Some(Database::sqlite())), ("PostgreSQL", Database::postgres())] {
        let Some(database) = database else { continue };
        let site = Site::start(&database, objects).await;
        let seen = site.watch(seconds).await;
        let milliseconds = |micros: u64| format!("{:.1}", Duration::from_micros(micros).as_secs_f64() * 1e3);
        visible.row(&[
            name.to_owned(),
            EVENTS_PER_SECOND.to_string(),
            seen.len().to_string(),
            milliseconds(seen.value_at_quantile(0.5)),
            milliseconds(seen.value_at_quantile(0.99)),
            milliseconds(seen.max()),
        ]);
        let Burst { webhooks, per_second, changed, writes, settled } = site.burst().await;
        burst.row(&[
            name.to_owned(),
            webhooks.to_string(),
            format!("{per_second:.0}"),
            objects.to_string(),
            changed.to_string(),
            writes.to_string(),
            format!("{:.1}", settled.as_secs_f64()),
        ]);
        assert!(writes <= objects + changed, "HrFlow was written to more than once per change");
    }
    support::say(&format!("\n{}", support::machine()));
    visible.print();
    burst.print();
}

struct Burst {
    webhooks: u64,
    per_second: f64,
    changed: u64,
    writes: u64,
    settled: Duration,
}

/// An ATS, HrFlow and the connector between them, in step.
struct Site {
    ats: Arc<Ats>,
    objects: u64,
    connector: Peer,
    client: reqwest::Client,
    _hrflow: Peer,
}

impl Site {
    async fn start(database: &Database, objects: u64) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let ats = Ats::start_empty(any, ATS_KEY, Clock::System).unwrap();
        let hrflow = Peer::start("hrflow", &[]).unwrap();
        let connector = Wiring {
            database_url: &database.url,
            partner: Some(ats.address()),
            hrflow: Some(hrflow.address),
            concurrency: 16,
            works: true,
            remembers: true,
        }
        .start()
        .unwrap();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let site = Self { ats: Arc::new(ats), objects, connector, client, _hrflow: hrflow };
        for number in 0..objects {
            site.change(number, "first");
        }
        let body = json!({"entity": "profiles", "mode": "full"});
        let address = format!("http://{}/v1/pulls?partner=acme", site.connector.address);
        let asked = site.client.post(address).header("X-API-KEY", OPERATOR_KEY).json(&body);
        asked.send().await.unwrap().error_for_status().unwrap();
        while site.metric("oem_calls_total{outcome=\"ok\",to=\"hrflow\"}").await < objects {
            sleep(Duration::from_millis(200)).await;
        }
        site.settle().await;
        site
    }

    /// The candidate has this word in its text now.
    fn change(&self, number: u64, word: &str) {
        change(&self.ats, number, word);
    }

    /// Events at a steady rate. Returns, in microseconds, how long after its webhook was sent each watched change was found.
    async fn watch(&self, seconds: u64) -> Histogram<u64> {
        let mut ticks = interval(Duration::from_secs(1) / u32::try_from(EVENTS_PER_SECOND).unwrap());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut watching = JoinSet::new();
        for event in 0..EVENTS_PER_SECOND * seconds {
            ticks.tick().await;
            let number = event * 7_919 % self.objects;
            let word = format!("word{event}x{}", self.connector.address.port());
            self.change(number, &word);
            let (client, address) = (self.client.clone(), self.connector.address);
            watching.spawn(async move {
                let sent = Instant::now();
                let body =
                    json!({"reference": format!("C{number}"), "event_date": rfc3339(Clock::System.now())});
                let webhook = client.post(format!("http://{address}/v1/webhooks/acme/profile_update"));
                let answer = webhook.header("X-API-KEY", PARTNER_KEY).json(&body).send().await.unwrap();
                assert_eq!(answer.status(), 202);
                if event % WATCHED != 0 {
                    return None;
                }
                while !is_found(&client, address, &word).await {
                    sleep(Duration::from_millis(5)).await;
                }
                Some(sent.elapsed())
            });
        }
        let mut seen = Histogram::new(3).unwrap();
        while let Some(watched) = watching.join_next().await {
            if let Some(elapsed) = watched.unwrap() {
                seen.record(u64::try_from(elapsed.as_micros()).unwrap()).unwrap();
            }
        }
        self.settle().await;
        seen
    }

    /// Ten webhooks for every candidate, as fast as they are taken.
    async fn burst(&self) -> Burst {
        for number in 0..self.objects {
            self.change(number, "burst");
        }
        let calls = "oem_calls_total{outcome=\"ok\",to=\"hrflow\"}";
        let before = self.metric(calls).await;
        let (objects, changed, webhooks) = (self.objects, self.objects / 10, self.objects * 10);
        let (address, base) = (self.connector.address, Clock::System.now());
        let began = Instant::now();
        let load = Load { time: Duration::from_mins(2), ..Load::full_speed(address, 32, webhooks) };
        let ats = self.ats.clone();
        let report = load::run(&load, move |number| {
            // Half way through, a tenth of the candidates change once more.
            if number >= webhooks / 2 && number < webhooks / 2 + changed {
                change(&ats, number % objects, "again");
            }
            let date = rfc3339(base - Duration::from_secs(20 - number / objects));
            let body = format!(r#"{{"reference":"C{}","event_date":"{date}"}}"#, number % objects);
            format!(
                "POST /v1/webhooks/acme/profile_update HTTP/1.1\r\nHost: x\r\nX-API-KEY: {PARTNER_KEY}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes()
        })
        .await;
        assert_eq!((report.succeeded, report.failed), (webhooks, 0), "every webhook was taken");
        self.settle().await;
        let writes = self.metric(calls).await - before;
        Burst { webhooks, per_second: report.per_second(), changed, writes, settled: began.elapsed() }
    }

    /// Returns when nothing is due any more.
    async fn settle(&self) {
        while self.metric("oem_due_records{partner=\"acme\"}").await > 0 {
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn metric(&self, name: &str) -> u64 {
        let asked = self.client.get(format!("http://{}/metrics", self.connector.address));
        let text = asked.header("X-API-KEY", OPERATOR_KEY).send().await.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_default()
    }
}

fn change(ats: &Ats, number: u64, word: &str) {
    let candidate = json!({
        "id": format!("C{number}"), "firstName": "Ada", "lastName": format!("Moreau {number}"),
        "contact": {"email": format!("c{number}@example.org")}, "headline": word,
        "resumeText": format!("Ada Moreau {word}"), "competencies": ["Rust"],
    });
    ats.put(Entity::Profile, candidate.as_object().unwrap().clone()).unwrap();
}

async fn is_found(client: &reqwest::Client, address: SocketAddr, word: &str) -> bool {
    let asked =
        client.get(format!("http://{address}/v1/profiles/searching")).header("X-API-KEY", PARTNER_KEY);
    let answer = asked.query(&[("text_keywords", json!([word]).to_string())]).send().await.unwrap();
    let found: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default();
    found["items"].as_array().is_some_and(|items| !items.is_empty())
}
