//! Measures scoring as a proxy: requests, added latency and processor time, beside nginx's `proxy_pass` to the same upstream.
//!
//! The upstream answers 30 whole profiles (about 60 KB). nginx passes them on unread; the connector reads the ledger, asks,
//! parses, checks the ledger again and answers references and scores. What it remembers, and what many ask at the same time,
//! stands beside an empty handler that checks the key and sends the same bytes.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measuring program fails by panicking")]

#[expect(dead_code, reason = "each program uses a part of it")]
mod support;

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use oem_connector::model::{Clock, Entity, Reference};
use oem_connector::store::{Presence, Record, Store, records};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use support::connector::{self, PARTNER_KEY, SOURCE_KEY, Wiring};
use support::database::Database;
use support::load::{self, Load};
use support::process::{self, Peer};
use support::table::Table;

const CONNECTIONS: [usize; 2] = [32, 128];
const PROFILES: usize = 30;
/// Jobs that are looked at.
const JOBS: usize = 100;
const SCORING: &str = "/v1/profiles/scoring";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    match process::role() {
        Some((role, arguments)) if role == connector::ROLE => connector::serve(&arguments).await,
        Some((role, _)) if role == "empty" => check_and_answer().await,
        Some(_) => answer_scorings().await,
        None if support::is_wanted() => measure().await,
        None => {}
    }
}

/// The role of HrFlow: one answer to every scoring.
async fn answer_scorings() {
    let answer = web::Bytes::from(answer());
    let score = move || {
        let answer = answer.clone();
        async { HttpResponse::Ok().content_type("application/json").body(answer) }
    };
    let server = HttpServer::new(move || App::new().route(SCORING, web::get().to(score.clone())));
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    process::ready(server.addrs()[0]);
    tokio::select! { ended = server.run() => ended.unwrap(), () = process::until_released() => {} }
}

/// The role of the empty handler: the key is checked, and what is sent is there already.
async fn check_and_answer() {
    let expected: [u8; 32] = Sha256::digest(PARTNER_KEY).into();
    let items = (0..PROFILES).map(
        |number| json!({"reference": reference(number), "score": 0.95, "score_100": 95, "rank": number + 1}),
    );
    let page = json!({
        "items": items.collect::<Vec<_>>(), "page": 1, "limit": PROFILES, "total": PROFILES, "max_page": 1,
        "freshness": {"as_of": "2026-03-01T14:21:58.000000Z", "pending": 0, "more_pending": false, "coverage": null},
        "stale": false, "next_cursor": null, "truncated": false,
    });
    let page = web::Bytes::from(page.to_string());
    let answer = move |request: HttpRequest| {
        let key = request.headers().get("X-API-KEY").map_or(&b""[..], |key| key.as_bytes());
        let known: bool = Sha256::digest(key).as_slice().ct_eq(&expected).into();
        let mut answer = if known { HttpResponse::Ok() } else { HttpResponse::Unauthorized() };
        let answer = answer.content_type("application/json").body(page.clone());
        async { answer }
    };
    let server = HttpServer::new(move || App::new().route(SCORING, web::get().to(answer.clone())));
    let server = server.disable_signals().bind("127.0.0.1:0").unwrap();
    process::ready(server.addrs()[0]);
    tokio::select! { ended = server.run() => ended.unwrap(), () = process::until_released() => {} }
}

fn reference(number: usize) -> String {
    format!("CRM-{number}")
}

/// 30 whole profiles of about 2 KB and their scores, as HrFlow answers them.
fn answer() -> String {
    let samples = support::samples::candidates();
    let fitting = samples.iter().filter(|sample| (1_500..2_100).contains(&sample.len()));
    let profiles = fitting.take(PROFILES).enumerate().map(|(number, sample)| {
        let person: Value = serde_json::from_str(&format!("{{{sample}")).unwrap();
        json!({
            "id": number, "key": format!("{number:040x}"), "reference": reference(number), "source_key": SOURCE_KEY,
            "source": {"key": SOURCE_KEY, "name": "acme", "type": "api", "subtype": "rest", "environment": "production"},
            "archive": null, "archived_at": null, "created_at": person["createdAt"], "updated_at": person["modifiedAt"],
            "info": {
                "first_name": person["firstName"], "last_name": person["lastName"], "email": person["contact"]["email"],
                "location": person["address"], "summary": person["summary"], "urls": person["links"],
            },
            "text_language": "en", "text": person["resumeText"], "experiences": person["positions"],
            "educations": person["degrees"], "skills": person["competencies"], "languages": person["languages"],
            "certifications": [], "courses": [], "tasks": [], "interests": [], "tags": [], "metadatas": [], "labels": [],
        })
    });
    let profiles: Vec<Value> = profiles.collect();
    assert_eq!(profiles.len(), PROFILES, "the samples have enough people of that size");
    let scores = (0u8..).take(PROFILES).map(|number| 0.95 - f64::from(number) / 100.0);
    let predictions: Vec<[f64; 2]> = scores.map(|score| [1.0 - score, score]).collect();
    json!({
        "code": 200, "message": "Profiles' scoring list",
        "meta": {"page": 1, "maxPage": 1, "count": PROFILES, "total": PROFILES},
        "data": {"profiles": profiles, "predictions": predictions},
    })
    .to_string()
}

/// The ledger as it is when all of that has been indexed.
async fn fill(database: &Database) {
    let store = Store::open(&database.url, &Clock::System, 1).unwrap();
    store.migrate().await.unwrap();
    let indexed = |entity, reference: String| Record {
        presence: Presence::Present,
        hrflow_key: Some("c".repeat(40)),
        ..Record::unknown("acme", entity, &Reference::parse(reference).unwrap())
    };
    let mut rows: Vec<Record> =
        (1..=JOBS).map(|number| indexed(Entity::Job, format!("REQ-{number}"))).collect();
    rows.extend((0..PROFILES).map(|number| indexed(Entity::Profile, reference(number))));
    store.write(move |db| records::save_all(db, &rows)).await.unwrap();
}

/// nginx before the upstream.
struct Nginx {
    peer: Peer,
    folder: tempfile::TempDir,
}

impl Nginx {
    fn start(upstream: SocketAddr) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        // Its workers run as another user.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let place = folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {place}/{kind}; "))
            .concat();
        // Enough buffers to hold the answer: nothing is written to the disk.
        let configuration = format!(
            "worker_processes auto; daemon off; pid {place}/pid; error_log {place}/log warn;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; keepalive_requests 1000000; {temporary}\n\
             upstream hrflow {{ server {upstream}; keepalive 64; keepalive_requests 1000000; }}\n\
             server {{ listen {address} backlog=1024; location / {{ proxy_pass http://hrflow; proxy_http_version 1.1;\n\
             proxy_set_header Connection \"\"; proxy_buffers 32 8k; }} }} }}\n"
        );
        std::fs::write(folder.path().join("nginx.conf"), configuration).unwrap();
        let peer = Peer::program(&mut command(&folder), address)
            .expect("nginx runs (Debian: apt-get install nginx-light)");
        Self { peer, folder }
    }
}

impl Drop for Nginx {
    /// Its workers would outlive a master that is killed.
    fn drop(&mut self) {
        drop(command(&self.folder).args(["-s", "stop"]).status());
        for _ in 0..100 {
            if !self.folder.path().join("pid").exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn command(folder: &tempfile::TempDir) -> Command {
    let mut command = Command::new("nginx");
    command
        .arg("-p")
        .arg(folder.path())
        .arg("-c")
        .arg(folder.path().join("nginx.conf"))
        .stderr(Stdio::null());
    command
}

fn the_same() -> String {
    format!("{SCORING}?job_reference=REQ-1&limit={PROFILES}")
}

/// No two alike, for jobs that somebody looks at.
fn another() -> String {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    let number = ASKED.fetch_add(1, Ordering::Relaxed);
    let (job, least) = (number % JOBS as u64 + 1, number % 100_000_000);
    format!("{SCORING}?job_reference=REQ-{job}&limit={PROFILES}&score_min=0.0{least:08}")
}

/// Who is asked, and how.
struct Contestant<'a> {
    name: &'static str,
    peer: &'a Peer,
    /// The path of the next request.
    path: fn() -> String,
    /// Another header line, with its end.
    header: &'static str,
}

#[derive(Clone, Copy)]
struct Run {
    per_second: f64,
    p50: f64,
    p99: f64,
    cpu_micros: f64,
    kilobytes: f64,
}

impl Contestant<'_> {
    /// At full speed, or at a rate.
    #[expect(clippy::cast_precision_loss, reason = "no run sends 2^52 requests or bytes")]
    async fn run(&self, connections: usize, seconds: f64, rate: Option<f64>) -> Run {
        let Self { name, peer, path, header } = *self;
        let lines =
            format!(" HTTP/1.1\r\nHost: {}\r\nX-API-KEY: {PARTNER_KEY}\r\n{header}\r\n", peer.address);
        let load = Load {
            time: Duration::from_secs_f64(seconds),
            rate,
            ..Load::full_speed(peer.address, connections, u64::MAX)
        };
        let before = peer.usage().unwrap();
        let report = load::run(&load, move |_| format!("GET {}{lines}", path()).into_bytes()).await;
        let cpu = peer.usage().unwrap().cpu_since(&before);
        assert_eq!(report.failed, 0, "{name} was refused");
        let requests = report.succeeded.max(1) as f64;
        Run {
            per_second: report.per_second(),
            p50: report.quantile(0.5).as_secs_f64() * 1e3,
            p99: report.quantile(0.99).as_secs_f64() * 1e3,
            cpu_micros: cpu.as_secs_f64() * 1e6 / requests,
            kilobytes: report.bytes as f64 / requests / 1e3,
        }
    }
}

async fn measure() {
    let (rounds, seconds) = if support::is_quick() { (1, 0.5) } else { (5, 3.0) };
    let databases = [Database::sqlite(), Database::sqlite()];
    for database in &databases {
        fill(database).await;
    }
    let upstream = Peer::start("upstream", &[]).unwrap();
    let empty = Peer::start("empty", &[]).unwrap();
    let nginx = Nginx::start(upstream.address);
    let connector = |database: &Database, remembers: bool| {
        let wiring = Wiring {
            database_url: &database.url,
            partner: None,
            hrflow: Some(upstream.address),
            concurrency: 64,
            works: false,
            remembers,
        };
        wiring.start().unwrap()
    };
    let (remembering, forgetting) = (connector(&databases[0], true), connector(&databases[1], false));
    let (anew, plain) = ("Cache-Control: no-cache\r\n", "");
    let contestants: [Contestant<'_>; 6] = [
        Contestant { name: "nginx proxy_pass", peer: &nginx.peer, path: the_same, header: plain },
        Contestant {
            name: "connector, each asked of HrFlow",
            peer: &remembering,
            path: another,
            header: plain,
        },
        Contestant { name: "connector, no-cache", peer: &remembering, path: the_same, header: anew },
        Contestant { name: "empty handler", peer: &empty, path: the_same, header: plain },
        Contestant { name: "connector, remembered", peer: &remembering, path: the_same, header: plain },
        Contestant {
            name: "connector, asked at the same time",
            peer: &forgetting,
            path: the_same,
            header: plain,
        },
    ];
    support::say(&format!("\nmedians of {rounds} rounds of {seconds} s; SQLite; {}", support::machine()));
    for connections in CONNECTIONS {
        compare(&contestants, connections, rounds, seconds).await;
    }
}

/// The contestants take turns, so that whatever else the machine does meets them all.
async fn compare(contestants: &[Contestant<'_>], connections: usize, rounds: usize, seconds: f64) {
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); contestants.len()];
    // nginx and the connector at the same rate: what the connector does at half its speed.
    let mut paced: [Vec<Run>; 2] = Default::default();
    for round in 0..=rounds {
        for (contestant, runs) in contestants.iter().zip(&mut runs) {
            let run = contestant.run(connections, seconds, None).await;
            // The first warms everything up.
            if round > 0 {
                runs.push(run);
            }
        }
        let Some(last) = runs[1].last() else { continue };
        let rate = last.per_second / 2.0;
        for (contestant, paced) in contestants.iter().zip(&mut paced) {
            paced.push(contestant.run(connections, seconds, Some(rate)).await);
        }
    }
    let middle = |runs: &[Run], figure: fn(&Run) -> f64| support::median(runs.iter().map(figure).collect());
    let mut table = Table::new(&[
        &*format!("{connections} connections"),
        "requests/s",
        "CPU µs/request",
        "p50 ms",
        "p99 ms",
        "at half load p50 ms",
        "p99 ms",
        "answer KB",
        "beside it",
    ]);
    for (index, contestant) in contestants.iter().enumerate() {
        let (runs_of, cpu) = (&runs[index], |index: usize| middle(&runs[index], |run| run.cpu_micros));
        let speed = |index: usize| middle(&runs[index], |run| run.per_second);
        let beside = match index {
            1 | 2 => format!("{:.1} times nginx's CPU", cpu(index) / cpu(0)),
            4 | 5 => format!("{:.2} of the empty handler's rate", speed(index) / speed(3)),
            _ => String::new(),
        };
        let paced =
            |figure| paced.get(index).map_or_else(String::new, |runs| format!("{:.2}", middle(runs, figure)));
        table.row(&[
            contestant.name.to_owned(),
            format!("{:.0}", speed(index)),
            format!("{:.0}", cpu(index)),
            format!("{:.2}", middle(runs_of, |run| run.p50)),
            format!("{:.2}", middle(runs_of, |run| run.p99)),
            paced(|run| run.p50),
            paced(|run| run.p99),
            format!("{:.1}", middle(runs_of, |run| run.kilobytes)),
            beside,
        ]);
    }
    table.print();
}
