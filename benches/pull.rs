//! Measures a first pull: objects per second and memory, with 50 ms of latency added on both sides.
//!
//! The partner lists the sample people again and again under new numbers, 100 a page; HrFlow takes every write. Both
//! count what they are asked. A pull has ended when its list is read and nothing is due any more.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measuring program fails by panicking")]

#[expect(dead_code, reason = "each program uses a part of it")]
mod support;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use serde::{Deserialize, Serialize};
use support::connector::{self, OPERATOR_KEY, Wiring};
use support::database::Database;
use support::process::{self, Peer};
use support::table::Table;

const LATENCY: Duration = Duration::from_millis(50);
const CONCURRENCY: usize = 16;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    match process::role() {
        Some((role, arguments)) if role == connector::ROLE => connector::serve(&arguments).await,
        Some((role, arguments)) if role == "partner" => list_people(arguments[0].parse().unwrap()).await,
        Some(_) => take_writes().await,
        None if support::is_wanted() => measure().await,
        None => {}
    }
}

#[derive(Default)]
struct Asked {
    pages: AtomicU64,
    fetches: AtomicU64,
}

#[derive(Deserialize)]
struct Place {
    page: u64,
    size: u64,
}

/// The role of the partner: this many people, by page.
async fn list_people(people: u64) {
    let (samples, asked) = (web::Data::new(support::samples::candidates()), web::Data::new(Asked::default()));
    let list = move |samples: web::Data<Vec<String>>, asked: web::Data<Asked>, place: web::Query<Place>| async move {
        asked.pages.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(LATENCY).await;
        let first = (place.page - 1) * place.size;
        let numbers = first..(first + place.size).min(people);
        let content: Vec<String> = numbers
            .map(|number| {
                let sample = &samples[usize::try_from(number).unwrap() % samples.len()];
                format!("{{\"id\":{},{sample}", number + 1)
            })
            .collect();
        HttpResponse::Ok()
            .content_type("application/json")
            .body(format!("{{\"content\":[{}]}}", content.join(",")))
    };
    let fetch = |asked: web::Data<Asked>| async move {
        asked.fetches.fetch_add(1, Ordering::Relaxed);
        HttpResponse::NotFound().finish()
    };
    let tell = |asked: web::Data<Asked>| async move {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        HttpResponse::Ok()
            .json(HashMap::from([("pages", count(&asked.pages)), ("fetches", count(&asked.fetches))]))
    };
    let server = HttpServer::new(move || {
        App::new()
            .app_data(samples.clone())
            .app_data(asked.clone())
            .route("/api/candidates", web::get().to(list))
            .route("/api/candidates/{id}", web::get().to(fetch))
            .route("/counts", web::get().to(tell))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    process::ready(server.addrs()[0]);
    tokio::select! { ended = server.run() => ended.unwrap(), () = process::until_released() => {} }
}

#[derive(Deserialize)]
struct Written {
    reference: String,
}

#[derive(Default)]
struct Writes {
    by_reference: Mutex<HashMap<String, u64>>,
    others: AtomicU64,
}

/// What HrFlow was asked.
#[derive(Serialize, Deserialize)]
struct WriteCounts {
    writes: u64,
    objects: u64,
    others: u64,
}

/// The role of HrFlow: a new object is stored, and shown in the answer as HrFlow does.
async fn take_writes() {
    let writes = web::Data::from(Arc::new(Writes::default()));
    let create = |writes: web::Data<Writes>, body: web::Bytes| async move {
        let Written { reference } = serde_json::from_slice(&body).unwrap();
        let number = {
            let mut known = writes.by_reference.lock().unwrap();
            *known.entry(reference).or_default() += 1;
            known.len()
        };
        tokio::time::sleep(LATENCY).await;
        let object = std::str::from_utf8(&body[1..]).unwrap();
        HttpResponse::Created().content_type("application/json").body(format!(
            r#"{{"code":201,"message":"Profile created","data":{{"id":{number},"key":"{number:040x}",{object}}}"#
        ))
    };
    let other = |writes: web::Data<Writes>| async move {
        writes.others.fetch_add(1, Ordering::Relaxed);
        HttpResponse::InternalServerError().finish()
    };
    let tell = |writes: web::Data<Writes>| async move {
        let known = writes.by_reference.lock().unwrap();
        HttpResponse::Ok().json(WriteCounts {
            writes: known.values().sum(),
            objects: known.len() as u64,
            others: writes.others.load(Ordering::Relaxed),
        })
    };
    let server = HttpServer::new(move || {
        App::new()
            .app_data(writes.clone())
            .app_data(web::PayloadConfig::new(1 << 20))
            .route("/v1/profile/indexing", web::post().to(create))
            .route("/counts", web::get().to(tell))
            .default_service(web::to(other))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    process::ready(server.addrs()[0]);
    tokio::select! { ended = server.run() => ended.unwrap(), () = process::until_released() => {} }
}

struct Pulled {
    elapsed: Duration,
    peak_memory: u64,
    cpu: Duration,
    pages: u64,
    fetches: u64,
    counts: WriteCounts,
}

async fn measure() {
    let sizes: [u32; 2] = if support::is_quick() { [200, 400] } else { [2_000, 20_000] };
    let mut table = Table::new(&[
        "objects",
        "objects/s",
        "HrFlow writes/object",
        "pages",
        "fetches",
        "CPU µs/object",
        "peak MiB",
        "of the first",
    ]);
    let mut first_peak = None;
    for objects in sizes {
        let pulled = pull(objects).await;
        let WriteCounts { writes, objects: distinct, others } = pulled.counts;
        assert_eq!((writes, distinct, others), (objects.into(), objects.into(), 0), "one write per object");
        let (each, peak) = (f64::from(objects), mebibytes(pulled.peak_memory));
        table.row(&[
            objects.to_string(),
            format!("{:.0}", each / pulled.elapsed.as_secs_f64()),
            format!("{}", writes / u64::from(objects)),
            pulled.pages.to_string(),
            pulled.fetches.to_string(),
            format!("{:.0}", pulled.cpu.as_secs_f64() * 1e6 / each),
            format!("{peak:.1}"),
            format!("{:.2}", peak / *first_peak.get_or_insert(peak)),
        ]);
    }
    support::say(&format!(
        "\n{} ms added on both sides, {CONCURRENCY} calls at once, of which 30 % are kept for queries; SQLite; {}",
        LATENCY.as_millis(),
        support::machine()
    ));
    table.print();
}

/// Pulls everything a new partner has into an empty ledger.
async fn pull(objects: u32) -> Pulled {
    let partner = Peer::start("partner", &[objects.to_string()]).unwrap();
    let hrflow = Peer::start("hrflow", &[]).unwrap();
    let database = Database::sqlite();
    let connector = Wiring {
        database_url: &database.url,
        partner: Some(partner.address),
        hrflow: Some(hrflow.address),
        concurrency: CONCURRENCY,
        works: true,
        remembers: true,
    }
    .start()
    .unwrap();
    // The client asks for one even where all is plain HTTP; a second call finds it installed.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let address = format!("http://{}", connector.address);
    let ask = |request: reqwest::RequestBuilder| async {
        let answer = request.header("X-API-KEY", OPERATOR_KEY).send().await.unwrap();
        answer.error_for_status().unwrap().text().await.unwrap()
    };
    let started = Instant::now();
    let body = serde_json::json!({"entity": "profiles", "mode": "full"});
    let pull = ask(client.post(format!("{address}/v1/pulls?partner=acme")).json(&body)).await;
    let id = serde_json::from_str::<serde_json::Value>(&pull).unwrap()["id"].as_str().unwrap().to_owned();
    let elapsed = loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let pull = ask(client.get(format!("{address}/v1/pulls/{id}?partner=acme"))).await;
        let pull: serde_json::Value = serde_json::from_str(&pull).unwrap();
        assert_ne!(pull["state"], "failed", "{pull}");
        if pull["state"] == "done" {
            let metrics = ask(client.get(format!("{address}/metrics"))).await;
            if metrics.lines().any(|line| line == "oem_due_records{partner=\"acme\"} 0") {
                break started.elapsed();
            }
        }
    };
    let usage = connector.usage().unwrap();
    let asked = ask(client.get(format!("http://{}/counts", partner.address))).await;
    let asked: HashMap<String, u64> = serde_json::from_str(&asked).unwrap();
    let counts = ask(client.get(format!("http://{}/counts", hrflow.address))).await;
    Pulled {
        elapsed,
        peak_memory: usage.peak_memory,
        cpu: usage.cpu,
        pages: asked["pages"],
        fetches: asked["fetches"],
        counts: serde_json::from_str(&counts).unwrap(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "no process has 2^52 bytes")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
