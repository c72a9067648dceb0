//! The database away, or its disk full: nothing is promised that is not kept, nobody waits for ever, and work goes on by
//! itself.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::process::{PATIENCE, Process, Site, references};
use crate::support::{Answer, Backend, PARTNER_KEY, answer, backends, binary};

/// How long the database is away.
const OUTAGE: Duration = Duration::from_secs(10);

/// How long anybody waits for an answer at most, whatever state the database is in.
const LONGEST_ANSWER: Duration = Duration::from_secs(25);

/// A line to a database that can be cut: what runs over it breaks off, and who calls is hung up on.
struct Line {
    address: SocketAddr,
    up: watch::Sender<bool>,
}

impl Line {
    /// On a thread of its own: whoever waits for a process to start lets nothing else run beside.
    fn to(upstream: String) -> Self {
        let (up, state) = watch::channel(true);
        let (told, heard) = mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                let mut over = state.clone();
                tokio::select! {
                    () = carry(&listener, &upstream, &state) => {}
                    // Until the test has ended.
                    () = async { while over.changed().await.is_ok() {} } => {}
                }
            });
        });
        Self { address: heard.recv().unwrap(), up }
    }
}

async fn carry(listener: &TcpListener, upstream: &str, state: &watch::Receiver<bool>) {
    loop {
        let (mut near, _) = listener.accept().await.unwrap();
        let (upstream, mut state) = (upstream.to_owned(), state.clone());
        tokio::spawn(async move {
            let talking = async {
                let mut far = TcpStream::connect(upstream).await.unwrap();
                // However a conversation ends, the line does not care.
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            };
            tokio::select! {
                biased;
                _ = state.wait_for(|up| !up) => {}
                () = talking => {}
            }
        });
    }
}

fn numbered(number: usize) -> (String, Value) {
    let reference = format!("P{:02}", number % 40);
    let date = format!("2026-01-01T{:02}:{:02}:{:02}Z", number / 3600, number / 60 % 60, number % 60);
    (reference.clone(), json!({"reference": reference, "event_date": date}))
}

async fn send(site: &Site, address: &str, number: usize) -> (String, Answer) {
    let (reference, body) = numbered(number);
    let request = site.client.post(format!("{address}/v1/webhooks/acme/profile_update"));
    let began = Instant::now();
    let answer = answer(request.header("X-API-KEY", PARTNER_KEY).json(&body)).await;
    assert!(began.elapsed() < LONGEST_ANSWER, "an answer took {:?}", began.elapsed());
    (reference, answer)
}

/// Kept, or refused as a client can understand: nothing between.
fn ensure_honest(answer: &Answer) {
    match answer.status {
        StatusCode::ACCEPTED => {}
        StatusCode::SERVICE_UNAVAILABLE => {
            assert!(answer.headers.contains_key("retry-after"));
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            assert_eq!(answer.body["code"], "unavailable");
        }
        other => panic!("{other}: {}", answer.body),
    }
}

/// Every acknowledged webhook is in the database, and everything that was announced is in HrFlow.
async fn ensure_kept(site: &Site, serve: &Process, acknowledged: Vec<(String, String)>) {
    for (reference, id) in &acknowledged {
        let query = format!("SELECT count(*) FROM deliveries WHERE id = '{id}'");
        assert_eq!(site.database.number(&query), 1, "{reference}");
    }
    let mut announced: Vec<String> = acknowledged.into_iter().map(|(reference, _)| reference).collect();
    announced.sort();
    announced.dedup();
    site.until_indexed(serve, announced.clone().into_iter()).await;
    // One that was kept without its answer being given is indexed too.
    let held = site.count_in_hrflow().await;
    assert!((announced.len() as u64..=40).contains(&held), "{held} of {}", announced.len());
}

#[actix_web::test]
async fn postgresql_goes_away_for_ten_seconds_and_comes_back() {
    if !backends().contains(&Backend::Postgres) {
        return;
    }
    let site = Site::new(Backend::Postgres);
    let mut url: url::Url = site.database.url.parse().unwrap();
    let upstream = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let line = Line::to(upstream);
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(line.address.port())).unwrap();
    site.configure(&site.database.url, url.as_str());
    references(0..40).for_each(|reference| site.has_profile(&reference));
    let serve = site.serve();

    let mut acknowledged = Vec::new();
    let (mut numbers, mut refused) = (0.., 0);
    // A burst at a time, so that an answer that is late holds up nobody's turn but its own.
    let burst = async |numbers: &mut std::ops::RangeFrom<usize>| {
        let sent = numbers.take(8).collect::<Vec<_>>();
        futures_util::future::join_all(sent.into_iter().map(|number| send(&site, &serve.address, number)))
            .await
    };
    let mut keep = |answers: Vec<(String, Answer)>| {
        let mut refused = 0;
        for (reference, answer) in answers {
            ensure_honest(&answer);
            if answer.status == StatusCode::ACCEPTED {
                acknowledged.push((reference, answer.body["id"].as_str().unwrap().to_owned()));
            } else {
                refused += 1;
            }
        }
        refused
    };
    for _ in 0..5 {
        assert_eq!(keep(burst(&mut numbers).await), 0);
    }
    line.up.send(false).unwrap();
    let cut = Instant::now();
    while cut.elapsed() < OUTAGE {
        refused += keep(burst(&mut numbers).await);
        let began = Instant::now();
        let path = "/v1/records/profiles/P01?partner=acme";
        let reads = futures_util::future::join_all((0..30).map(|_| site.get(&serve, path))).await;
        assert!(began.elapsed() < LONGEST_ANSWER, "reading took {:?}", began.elapsed());
        for read in reads {
            assert_eq!(read.status, 503, "{}", read.body);
            assert!(read.headers.contains_key("retry-after"));
        }
        assert_eq!(site.get(&serve, "/health/live").await.status, 200, "nobody restarts it for that");
        assert_eq!(site.get(&serve, "/health/ready").await.status, 503);
    }
    assert!(refused >= 8, "the outage was noticed: {refused}");
    line.up.send(true).unwrap();
    let back = Instant::now();
    while keep(burst(&mut numbers).await) > 0 {
        assert!(back.elapsed() < PATIENCE, "it does not come back");
    }
    while site.get(&serve, "/health/ready").await.status != 200 {
        assert!(back.elapsed() < PATIENCE, "it does not get ready");
    }
    ensure_kept(&site, &serve, acknowledged).await;
}

/// The binary with no more room on its disk than the test gives it: the signal that would end it at the limit is ignored,
/// so that a write fails as on a full disk.
fn serve_on_a_small_disk(site: &Site) -> Process {
    let command = "trap '' XFSZ; exec \"$0\" serve --config \"$1\"";
    Process::of(Command::new("sh").args(["-c", command]).arg(binary()).arg(site.config()))
}

/// No file may grow beyond so many bytes from now on.
fn limit(serve: &Process, bytes: &str) {
    let (pid, limit) = (format!("--pid={}", serve.id()), format!("--fsize={bytes}:unlimited"));
    assert!(Command::new("prlimit").args([pid, limit]).status().unwrap().success());
}

/// Said aloud where it is missing, and no excuse in CI.
fn has_prlimit() -> bool {
    if Command::new("prlimit").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return true;
    }
    let message = "no prlimit (util-linux): the test of a full disk is SKIPPED";
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{message}");
    eprintln!("\n*** {message} ***\n");
    false
}

#[actix_web::test]
async fn a_full_disk_refuses_webhooks_until_there_is_room_again() {
    if !has_prlimit() {
        return;
    }
    let site = Site::new(Backend::Sqlite);
    references(0..40).for_each(|reference| site.has_profile(&reference));
    let serve = serve_on_a_small_disk(&site);
    let mut acknowledged = Vec::new();
    let mut keep = |(reference, answer): (String, Answer)| {
        ensure_honest(&answer);
        if answer.status == StatusCode::ACCEPTED {
            acknowledged.push((reference, answer.body["id"].as_str().unwrap().to_owned()));
        }
        answer.status == StatusCode::ACCEPTED
    };
    for number in 0..10 {
        assert!(keep(send(&site, &serve.address, number).await));
    }
    site.until_indexed(&serve, references(0..10)).await;

    limit(&serve, "1024");
    for number in 10..30 {
        assert!(!keep(send(&site, &serve.address, number).await), "there is no room for a promise");
        let read = site.get(&serve, "/v1/records/profiles/P03?partner=acme").await;
        assert_eq!((read.status.as_u16(), &read.body["state"]), (200, &json!("indexed")), "{}", read.body);
    }
    assert_eq!(site.database.number("SELECT count(*) FROM deliveries"), 10, "nothing is half written");
    assert_eq!(site.database.number("SELECT count(*) FROM records"), 10);

    limit(&serve, "unlimited");
    let room = Instant::now();
    while !keep(send(&site, &serve.address, 30).await) {
        assert!(room.elapsed() < PATIENCE, "it does not come back");
    }
    for number in 31..40 {
        assert!(keep(send(&site, &serve.address, number).await));
    }
    ensure_kept(&site, &serve, acknowledged).await;
}
