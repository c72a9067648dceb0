//! Measures scoring as a proxy: requests and processor time, beside nginx's `proxy_pass` to the same upstream.
//!
//! The upstream answers 30 whole profiles (about 60 KB). nginx passes them on unread; the connector reads the ledger, asks,
//! parses, checks the ledger again and answers references and scores.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measuring program fails by panicking")]

#[expect(dead_code, reason = "each program uses a part of it")]
mod support;

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use oem_connector::model::{Clock, Entity, Reference};
use oem_connector::store::{Presence, Record, Store, records};
use serde_json::{Value, json};
use support::connector::{self, PARTNER_KEY, SOURCE_KEY, Wiring};
use support::database::Database;
use support::load::{self, Load};
use support::process::{self, Peer};
use support::table::Table;

const CONNECTIONS: usize = 32;
const PROFILES: usize = 30;
const SCORING: &str = "/v1/profiles/scoring";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    match process::role() {
        Some((role, arguments)) if role == connector::ROLE => connector::serve(&arguments).await,
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
    let mut rows = vec![indexed(Entity::Job, "REQ-1".to_owned())];
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

struct Run {
    per_second: f64,
    p50: f64,
    p99: f64,
    cpu_micros: f64,
    kilobytes: f64,
}

#[expect(clippy::cast_precision_loss, reason = "no run sends 2^52 requests or bytes")]
async fn run(peer: &Peer, path: &str, seconds: f64) -> Run {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\nX-API-KEY: {PARTNER_KEY}\r\n\r\n", peer.address);
    let load = Load {
        time: Duration::from_secs_f64(seconds),
        ..Load::full_speed(peer.address, CONNECTIONS, u64::MAX)
    };
    let before = peer.usage().unwrap();
    let report = load::run(&load, move |_| request.clone().into_bytes()).await;
    let cpu = peer.usage().unwrap().cpu_since(&before);
    assert_eq!(report.failed, 0, "{path} was refused");
    let requests = report.succeeded.max(1) as f64;
    Run {
        per_second: report.per_second(),
        p50: report.quantile(0.5).as_secs_f64() * 1e3,
        p99: report.quantile(0.99).as_secs_f64() * 1e3,
        cpu_micros: cpu.as_secs_f64() * 1e6 / requests,
        kilobytes: report.bytes as f64 / requests / 1e3,
    }
}

async fn measure() {
    let (rounds, seconds) = if support::is_quick() { (1, 0.5) } else { (5, 3.0) };
    let database = Database::sqlite();
    fill(&database).await;
    let upstream = Peer::start("upstream", &[]).unwrap();
    let nginx = Nginx::start(upstream.address);
    let connector = Wiring {
        database_url: &database.url,
        partner: None,
        hrflow: Some(upstream.address),
        concurrency: 64,
        works: false,
    }
    .start()
    .unwrap();
    let ours = format!("{SCORING}?job_reference=REQ-1&limit={PROFILES}");
    let contestants = [
        ("upstream", &upstream, SCORING),
        ("nginx proxy_pass", &nginx.peer, SCORING),
        ("connector", &connector, &*ours),
    ];
    let mut runs: [Vec<Run>; 3] = Default::default();
    for round in 0..=rounds {
        for ((_, peer, path), runs) in contestants.iter().zip(&mut runs) {
            let run = run(peer, path, seconds).await;
            // The first warms everything up.
            if round > 0 {
                runs.push(run);
            }
        }
    }
    let mut table = Table::new(&[
        "30 profiles",
        "requests/s",
        "of nginx",
        "p50 ms",
        "p99 ms",
        "CPU µs/request",
        "times nginx",
        "answer KB",
    ]);
    let middle =
        |index: usize, figure: fn(&Run) -> f64| support::median(runs[index].iter().map(figure).collect());
    let speed = |index| middle(index, |run| run.per_second);
    let cpu = |index| middle(index, |run| run.cpu_micros);
    for (index, (name, ..)) in contestants.iter().enumerate() {
        table.row(&[
            (*name).to_owned(),
            format!("{:.0}", speed(index)),
            format!("{:.2}", speed(index) / speed(1)),
            format!("{:.2}", middle(index, |run| run.p50)),
            format!("{:.2}", middle(index, |run| run.p99)),
            format!("{:.0}", cpu(index)),
            format!("{:.1}", cpu(index) / cpu(1)),
            format!("{:.1}", middle(index, |run| run.kilobytes)),
        ]);
    }
    support::say(&format!(
        "\n{CONNECTIONS} connections, medians of {rounds} rounds of {seconds} s; SQLite; {}",
        support::machine()
    ));
    table.print();
}
