//! Measures durable acknowledgements: webhooks per second, beside an empty handler that checks and parses the same.
//!
//! Every webhook is new (its own reference), so every acknowledgement is a delivery and a record in the database; the rows
//! are counted afterwards. The connector answers requests only: it works nothing off, so nothing else uses its processors.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measuring program fails by panicking")]

#[expect(dead_code, reason = "each program uses a part of it")]
mod support;

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use oem_connector::flows::catch;
use oem_connector::model::EventKind;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use support::connector::{self, PARTNER_KEY, Wiring};
use support::database::Database;
use support::load::{self, Load, Report};
use support::process::{self, Peer};
use support::table::Table;

const CONNECTIONS: [usize; 2] = [32, 128];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    match process::role() {
        Some((role, arguments)) if role == connector::ROLE => connector::serve(&arguments).await,
        Some(_) => serve_nothing().await,
        None if support::is_wanted() => measure().await,
        None => {}
    }
}

/// The role of the empty handler: the key, the address and the body are checked, and nothing is kept.
async fn serve_nothing() {
    let expected: [u8; 32] = Sha256::digest(PARTNER_KEY).into();
    let answer = move |request: HttpRequest, path: web::Path<(String, String)>, body: web::Bytes| async move {
        let key = request.headers().get("X-API-KEY").map_or(&b""[..], |key| key.as_bytes());
        let known: bool = Sha256::digest(key).as_slice().ct_eq(&expected).into();
        match (known && path.0 == "acme", EventKind::parse(&path.1)) {
            (true, Some(kind)) if catch::understand(kind, &body).is_ok() => HttpResponse::Accepted().json(
                serde_json::json!({"id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11", "status": "accepted"}),
            ),
            _ => HttpResponse::BadRequest().finish(),
        }
    };
    let server =
        HttpServer::new(move || App::new().route("/v1/webhooks/{partner}/{event}", web::post().to(answer)))
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
    process::ready(server.addrs()[0]);
    tokio::select! { ended = server.run() => ended.unwrap(), () = process::until_released() => {} }
}

/// Who is measured, and where what it acknowledged must be.
struct Contestant {
    name: &'static str,
    peer: Peer,
    database: Option<Database>,
    acknowledged: u64,
}

/// One run of load against a contestant.
struct Run {
    report: Report,
    cpu: Duration,
}

impl Contestant {
    async fn run(&mut self, connections: usize, seconds: f64, rate: Option<f64>) -> Run {
        let load = Load {
            time: Duration::from_secs_f64(seconds),
            rate,
            ..Load::full_speed(self.peer.address, connections, u64::MAX)
        };
        let (address, run) = (self.peer.address, uuid::Uuid::now_v7());
        let before = self.peer.usage().unwrap();
        let report = load::run(&load, move |number| request(address, &format!("{run}-{number}"))).await;
        assert_eq!(report.failed, 0, "{} refused webhooks", self.name);
        self.acknowledged += report.succeeded;
        Run { cpu: self.peer.usage().unwrap().cpu_since(&before), report }
    }

    /// Everything that was acknowledged is there.
    fn verify(&self) {
        if let Some(database) = &self.database {
            let kept = database.deliveries();
            assert!(
                kept >= self.acknowledged,
                "{}: {} acknowledged, {kept} kept",
                self.name,
                self.acknowledged
            );
            support::say(&format!("{}: {} acknowledged, {kept} kept", self.name, self.acknowledged));
        }
    }
}

fn request(address: SocketAddr, reference: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"reference":"{reference}","event_type":"profile_update","event_date":"2026-03-01T14:21:58Z"}}"#
    );
    format!(
        "POST /v1/webhooks/acme/profile_update HTTP/1.1\r\nHost: {address}\r\nX-API-KEY: {PARTNER_KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn contestants() -> Vec<Contestant> {
    let empty = Contestant {
        name: "empty handler",
        peer: Peer::start("empty", &[]).unwrap(),
        database: None,
        acknowledged: 0,
    };
    let keeping = |(name, database): (&'static str, Database)| Contestant {
        name,
        peer: Wiring {
            database_url: &database.url,
            partner: None,
            hrflow: None,
            concurrency: 16,
            works: false,
            remembers: true,
        }
        .start()
        .unwrap(),
        database: Some(database),
        acknowledged: 0,
    };
    let databases = [Some(("SQLite", Database::sqlite())), Database::postgres().map(|it| ("PostgreSQL", it))];
    std::iter::once(empty).chain(databases.into_iter().flatten().map(keeping)).collect()
}

/// The contestants take turns, so that whatever else the machine does meets them all.
async fn measure() {
    let (rounds, seconds) = if support::is_quick() { (1, 0.5) } else { (5, 3.0) };
    let mut contestants = contestants();
    let mut table = Table::new(&[
        "webhooks",
        "connections",
        "acks/s",
        "of empty",
        "p50 ms",
        "p99 ms",
        "p99 ms at half load",
        "CPU µs/ack",
    ]);
    for contestant in &mut contestants {
        contestant.run(32, seconds / 3.0, None).await;
    }
    for connections in CONNECTIONS {
        let mut runs: Vec<Vec<Run>> = contestants.iter().map(|_| Vec::new()).collect();
        for _ in 0..rounds {
            for (contestant, runs) in contestants.iter_mut().zip(&mut runs) {
                runs.push(contestant.run(connections, seconds, None).await);
            }
        }
        let speeds: Vec<f64> = runs.iter().map(|runs| middle(runs, |run| run.report.per_second())).collect();
        let mut paced: Vec<Vec<Run>> = contestants.iter().map(|_| Vec::new()).collect();
        for _ in 0..rounds {
            for ((contestant, runs), speed) in contestants.iter_mut().zip(&mut paced).zip(&speeds) {
                runs.push(contestant.run(connections, seconds, Some(speed / 2.0)).await);
            }
        }
        for (((contestant, runs), paced), speed) in contestants.iter().zip(&runs).zip(&paced).zip(&speeds) {
            let milliseconds = |share| move |run: &Run| run.report.quantile(share).as_secs_f64() * 1e3;
            table.row(&[
                contestant.name.to_owned(),
                connections.to_string(),
                format!("{speed:.0}"),
                format!("{:.2}", speed / speeds[0]),
                format!("{:.2}", middle(runs, milliseconds(0.5))),
                format!("{:.2}", middle(runs, milliseconds(0.99))),
                format!("{:.2}", middle(paced, milliseconds(0.99))),
                format!("{:.1}", middle(runs, |run| run.cpu.as_secs_f64() * 1e6 / acks(run))),
            ]);
        }
    }
    contestants.iter().for_each(Contestant::verify);
    support::say(&format!("\nmedians of {rounds} rounds of {seconds} s; {}", support::machine()));
    table.print();
}

fn middle(runs: &[Run], figure: impl Fn(&Run) -> f64) -> f64 {
    support::median(runs.iter().map(figure).collect())
}

#[expect(clippy::cast_precision_loss, reason = "no run sends 2^52 requests")]
fn acks(run: &Run) -> f64 {
    run.report.succeeded.max(1) as f64
}
