//! Checks the measuring tools against a server whose behaviour is known, before anything is measured with them.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measuring program fails by panicking")]

#[expect(dead_code, reason = "each program uses a part of it")]
mod support;

use std::process::Command;
use std::time::Duration;

use support::load::{self, Load};
use support::process::{self, Peer};
use support::table::Table;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const BODY_BYTES: usize = 60_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    match process::role() {
        Some((role, _)) => serve(&role).await,
        None => check().await,
    }
}

/// Answers every request by its role: `fine` with 60 KB, `failing` with 503, `cutting` with half an answer.
async fn serve(role: &str) {
    let answer: &'static [u8] = match role {
        "fine" => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {BODY_BYTES}\r\n\r\n");
            [head.into_bytes(), vec![b'x'; BODY_BYTES]].concat().leak()
        }
        "failing" => b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        _ => b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    };
    let close = role == "cutting";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    process::ready(listener.local_addr().unwrap());
    let accepting = async {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_all(stream, answer, close));
        }
    };
    tokio::select! { () = accepting => {}, () = process::until_released() => {} }
}

async fn answer_all(mut stream: TcpStream, answer: &[u8], close: bool) {
    let mut buffer = [0; 1024];
    // A request of this program arrives in one piece.
    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
        if stream.write_all(answer).await.is_err() || close {
            return;
        }
    }
}

async fn check() {
    let fine = Peer::start("fine", &[]).unwrap();
    let before = fine.usage().unwrap();
    let counted = load::run(&Load::full_speed(fine.address, 32, 20_000), |_| REQUEST.to_vec()).await;
    let after = fine.usage().unwrap();
    assert_eq!((counted.succeeded, counted.failed), (20_000, 0));
    assert_eq!(counted.bytes, 20_000 * BODY_BYTES as u64);
    assert!(
        counted.quantile(0.5) <= counted.quantile(0.99) && counted.quantile(0.99) < Duration::from_secs(5)
    );
    assert!(after.cpu_since(&before) > Duration::ZERO && after.peak_memory > BODY_BYTES as u64);

    let half_a_second =
        Load { time: Duration::from_millis(500), ..Load::full_speed(fine.address, 4, u64::MAX) };
    let timed = load::run(&half_a_second, |_| REQUEST.to_vec()).await;
    assert!(timed.succeeded > 0 && timed.elapsed < Duration::from_secs(2), "{timed:?}");

    let paced = Load { rate: Some(1_000.0), ..Load::full_speed(fine.address, 16, 1_000) };
    let paced = load::run(&paced, |_| REQUEST.to_vec()).await;
    assert_eq!(paced.succeeded, 1_000);
    assert!(paced.elapsed > Duration::from_millis(990), "{paced:?}");

    let failing = Peer::start("failing", &[]).unwrap();
    let refused = load::run(&Load::full_speed(failing.address, 4, 100), |_| REQUEST.to_vec()).await;
    assert_eq!((refused.succeeded, refused.failed), (0, 100));

    let cutting = Peer::start("cutting", &[]).unwrap();
    let cut = load::run(&Load::full_speed(cutting.address, 4, 100), |_| REQUEST.to_vec()).await;
    assert_eq!((cut.succeeded, cut.failed), (0, 100));

    let nowhere = Peer::program(&mut Command::new("false"), "127.0.0.1:1".parse().unwrap());
    assert!(nowhere.is_err(), "a program that ends never becomes ready");

    let mut table =
        Table::new(&["load generator", "requests/s", "p50 ms", "p99 ms", "peer CPU µs/request", "peer MiB"]);
    for (name, report) in [("32 connections, full speed", &counted), ("16 connections, 1000/s", &paced)] {
        let milliseconds = |share| format!("{:.2}", report.quantile(share).as_secs_f64() * 1e3);
        let mut row = vec![
            name.to_owned(),
            format!("{:.0}", report.per_second()),
            milliseconds(0.5),
            milliseconds(0.99),
        ];
        if std::ptr::eq(report, &raw const counted) {
            row.push(format!("{:.1}", after.cpu_since(&before).as_secs_f64() * 1e6 / 20_000.0));
            row.push((after.peak_memory >> 20).to_string());
        }
        table.row(&row);
    }
    table.print();
}
