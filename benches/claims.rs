//! Measures what a claim of due records costs, and what memory it takes, as the ledger grows around them.
//!
//! Ledgers of several sizes are filled with settled records and 2,000 due ones. A process of its own claims the due ones
//! sixteen at a time; its times are compared with those of the smallest ledger, in one run, on each database.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measuring program fails by panicking")]

#[expect(dead_code, reason = "each program uses a part of it")]
mod support;

use std::time::Instant;

use actix_web::{App, HttpResponse, HttpServer, web};
use oem_connector::flows::lease;
use oem_connector::model::Clock;
use oem_connector::server;
use serde::{Deserialize, Serialize};
use support::connector;
use support::database::Database;
use support::process::{self, Peer};
use support::table::Table;

/// Records that are due in every ledger.
const DUE: u32 = 2_000;

/// Records of one claim.
const HANDFUL: usize = 16;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    match process::role() {
        Some((_, arguments)) => claim(&arguments[0]).await,
        None if support::is_wanted() => measure().await,
        None => {}
    }
}

/// What claiming took, in microseconds.
#[derive(Serialize, Deserialize)]
struct Claimed {
    records: usize,
    micros: Vec<f64>,
}

/// The role: claims all that is due, and tells what it took.
async fn claim(database_url: &str) {
    let config = connector::config(database_url, "127.0.0.1:9", "127.0.0.1:9", 16);
    let context = server::context(&config, Clock::System).await.unwrap();
    let partner = context.partner("acme").unwrap();
    let mut claimed = Claimed { records: 0, micros: Vec::new() };
    loop {
        let began = Instant::now();
        let leased = lease::claim(&context, partner, HANDFUL).await.unwrap();
        if leased.is_empty() {
            break;
        }
        claimed.micros.push(began.elapsed().as_secs_f64() * 1e6);
        claimed.records += leased.len();
    }
    let claimed = web::Data::new(claimed);
    let server = HttpServer::new(move || {
        let tell = |claimed: web::Data<Claimed>| async move { HttpResponse::Ok().json(claimed.as_ref()) };
        App::new().app_data(claimed.clone()).route("/", web::get().to(tell))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    process::ready(server.addrs()[0]);
    tokio::select! { ended = server.run() => ended.unwrap(), () = process::until_released() => {} }
}

async fn measure() {
    let sizes: [u32; 3] =
        if support::is_quick() { [5_000, 10_000, 20_000] } else { [10_000, 1_000_000, 5_000_000] };
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut table = Table::new(&["database", "records", "p50 µs", "p99 µs", "of the first", "peak MiB"]);
    for name in ["SQLite", "PostgreSQL"] {
        let mut first = None;
        for size in sizes {
            let Some(database) =
                (if name == "SQLite" { Some(Database::sqlite()) } else { Database::postgres() })
            else {
                continue;
            };
            // Creates the tables.
            drop(
                server::context(
                    &connector::config(&database.url, "127.0.0.1:9", "127.0.0.1:9", 16),
                    Clock::System,
                )
                .await
                .unwrap(),
            );
            database.fill(size, DUE);
            let peer = Peer::start("claimer", std::slice::from_ref(&database.url)).unwrap();
            let answer = reqwest::get(format!("http://{}/", peer.address)).await.unwrap();
            let Claimed { records, mut micros } =
                serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            assert_eq!(records, DUE as usize, "every due record was claimed once");
            micros.sort_by(f64::total_cmp);
            let p50 = support::median(micros.clone());
            let p99 = micros[micros.len() * 99 / 100];
            let peak = peer.usage().unwrap().peak_memory / (1 << 20);
            table.row(&[
                name.to_owned(),
                size.to_string(),
                format!("{p50:.0}"),
                format!("{p99:.0}"),
                format!("{:.2}", p50 / *first.get_or_insert(p50)),
                peak.to_string(),
            ]);
        }
    }
    support::say(&format!("\nclaims of {HANDFUL} among {DUE} due records; {}", support::machine()));
    table.print();
}
