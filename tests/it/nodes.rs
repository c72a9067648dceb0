//! Many processes on one database: what each role does, what a dead node leaves behind, and how one stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::process::{PATIENCE, Process, Site, printed, references, run};
use crate::support::{Backend, Fault, Gate, backends};

/// Nodes need PostgreSQL; nothing where there is none, which `backends` says aloud.
fn shared_backend() -> Option<Backend> {
    backends().into_iter().find(|backend| *backend == Backend::Postgres)
}

fn serve_as(site: &Site, role: &str) -> Process {
    Process::start(&["serve", "--config", site.config(), "--role", role])
}

#[actix_web::test]
async fn a_dead_node_leaves_nothing_undone_and_nothing_twice() {
    let Some(backend) = shared_backend() else { return };
    let site = Site::new(backend);
    references(0..60).for_each(|reference| site.has_profile(&reference));
    let api = serve_as(&site, "api");
    let victim = serve_as(&site, "worker");
    let held = Gate::new();
    site.hrflow_side.fail("POST", "/profile/indexing", Fault::HoldAfter(held.clone()));
    for reference in references(0..30) {
        assert_eq!(site.announce(&api, &reference).await.status, 202);
    }
    held.reached().await;
    let _other = serve_as(&site, "worker");
    for reference in references(30..60) {
        assert_eq!(site.announce(&api, &reference).await.status, 202);
    }
    victim.kill();
    held.open();
    site.until_indexed(&api, references(0..60)).await;
    assert_eq!(site.count_in_hrflow().await, 60);
    for reference in references(0..60) {
        // Whatever was in flight is asked for by an edit first: no object is made twice.
        let made = site.writes(&reference).iter().filter(|method| *method == "POST").count();
        assert!((1..=2).contains(&made), "{reference}: {:?}", site.writes(&reference));
    }
}

#[actix_web::test]
async fn a_webhook_taken_by_one_process_is_worked_off_by_another() {
    let Some(backend) = shared_backend() else { return };
    let site = Site::new(backend);
    site.has_profile("P1");
    let api = serve_as(&site, "api");
    assert_eq!(site.announce(&api, "P1").await.status, 202);
    assert_eq!(site.partner_side.count("GET", "/candidates"), 0, "an API works nothing off");
    let worker = serve_as(&site, "worker");
    site.until_indexed(&api, ["P1".to_owned()].into_iter()).await;

    for path in ["/v1/records/profiles/P1?partner=acme", "/v1/pulls", "/openapi.json", "/docs"] {
        let answer = site.get(&worker, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body["detail"].as_str().unwrap().contains("only works"), "{}", answer.body);
    }
    assert_eq!(site.announce(&worker, "P1").await.status, 404);
    for path in ["/health/live", "/health/ready", "/metrics"] {
        assert_eq!(site.get(&worker, path).await.status, 200, "{path}");
    }
}

#[actix_web::test]
async fn two_workers_read_each_page_of_a_pull_once() {
    let Some(backend) = shared_backend() else { return };
    let site = Site::new(backend);
    references(0..55).for_each(|reference| site.has_profile(&reference));
    let api = serve_as(&site, "api");
    let _workers = (serve_as(&site, "worker"), serve_as(&site, "worker"));
    site.start_pull(&api).await;
    site.until_indexed(&api, references(0..55)).await;
    for page in 1..=6 {
        assert_eq!(site.partner_side.count("GET", &format!("page={page}&")), 1, "page {page}");
    }
    for reference in references(0..55) {
        assert_eq!(site.writes(&reference), ["POST"], "{reference}");
    }
}

#[actix_web::test]
async fn a_part_of_the_work_on_sqlite_is_refused_with_the_reason() {
    let site = Site::new(Backend::Sqlite);
    for role in ["api", "worker"] {
        let (code, _, err) = printed(&run(&["serve", "--config", site.config(), "--role", role]).await);
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains("role: must be all on SQLite: one process owns the file"), "{err}");
    }
    let (code, _, err) = printed(&run(&["serve", "--config", site.config(), "--role", "boss"]).await);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("must be all, api or worker"), "{err}");
}

#[actix_web::test]
async fn a_stop_under_webhooks_loses_none_that_was_acknowledged() {
    for backend in backends() {
        let site = Arc::new(Site::new(backend));
        references(0..40).for_each(|reference| site.has_profile(&reference));
        let mut serve = site.serve();
        let refused = Arc::new(AtomicBool::new(false));
        let address = serve.address.clone();
        let senders = (0..4).map(|sender| {
            let (site, refused, address) = (site.clone(), refused.clone(), address.clone());
            actix_web::rt::spawn(async move {
                let mut acknowledged = Vec::new();
                for round in 0.. {
                    let reference = format!("P{:02}", sender * 10 + round % 10);
                    let date =
                        format!("2026-01-01T{:02}:{:02}:{:02}Z", round / 3600, round / 60 % 60, round % 60);
                    let body = serde_json::json!({"reference": reference, "event_date": date});
                    let request = site.client.post(format!("{address}/v1/webhooks/acme/profile_update"));
                    let sent = request.header("X-API-KEY", crate::support::PARTNER_KEY).json(&body).send();
                    match sent.await {
                        Ok(answer) if answer.status() == 202 => {
                            let body: serde_json::Value = answer.json().await.unwrap();
                            acknowledged.push((reference, body["id"].as_str().unwrap().to_owned()));
                        }
                        Ok(answer) => assert!(answer.status().is_server_error(), "{}", answer.status()),
                        Err(_) if refused.load(Ordering::Relaxed) => break,
                        Err(problem) => panic!("nobody has stopped yet: {problem}"),
                    }
                }
                acknowledged
            })
        });
        let senders: Vec<_> = senders.collect();
        until("some webhooks are kept", || site.database.number("SELECT count(*) FROM deliveries") > 100)
            .await;
        refused.store(true, Ordering::Relaxed);
        serve.terminate();
        assert_eq!(serve.exit_code().await, Some(0));
        let mut acknowledged = Vec::new();
        for sender in senders {
            acknowledged.extend(sender.await.unwrap());
        }
        assert!(acknowledged.len() > 50, "{}", acknowledged.len());
        for (reference, id) in &acknowledged {
            let kept = format!("SELECT count(*) FROM deliveries WHERE id = '{id}'");
            assert_eq!(site.database.number(&kept), 1, "{reference}");
        }

        let serve = site.serve();
        let announced: std::collections::BTreeSet<String> =
            acknowledged.into_iter().map(|(reference, _)| reference).collect();
        let count = announced.len() as u64;
        site.until_indexed(&serve, announced.into_iter()).await;
        assert_eq!(site.count_in_hrflow().await, count);
    }
}

#[actix_web::test]
async fn a_stop_gives_back_at_once_what_only_waits_for_its_turn() {
    for backend in backends() {
        let site = Site::new(backend);
        references(0..6).for_each(|reference| site.has_profile(&reference));
        // One call at a time, and the first one is held: the others wait for longer than the stop may take.
        site.configure("requests_per_minute = 600000", "requests_per_minute = 600000\nconcurrency = 1");
        site.configure(
            "lease_seconds = 6\ncall_timeout_seconds = 3",
            "lease_seconds = 120\nshutdown_seconds = 10\ncall_timeout_seconds = 60",
        );
        let held = Gate::new();
        site.hrflow_side.fail("POST", "/profile/indexing", Fault::HoldAfter(held.clone()));
        let mut serve = site.serve();
        for reference in references(0..6) {
            assert_eq!(site.announce(&serve, &reference).await.status, 202);
        }
        held.reached().await;
        until("all are leased", || leased(&site) > 1).await;
        serve.terminate();
        until("only what HrFlow was asked to do is still leased", || leased(&site) == 1).await;
        let in_flight = site.hrflow_side.requests()[0].body.clone();
        assert_eq!(site.hrflow_side.writes(), 1);
        held.open();
        assert_eq!(serve.exit_code().await, Some(0));

        let serve = site.serve();
        let waiting = references(0..6).filter(|reference| !in_flight.contains(reference.as_str()));
        // Their leases would have kept them for two minutes; patience is one.
        site.until_indexed(&serve, waiting).await;
    }
}

#[actix_web::test]
async fn a_second_signal_ends_the_wait() {
    let site = Site::new(Backend::Sqlite);
    site.has_profile("P1");
    site.configure(
        "lease_seconds = 6\ncall_timeout_seconds = 3",
        "lease_seconds = 300\nshutdown_seconds = 300\ncall_timeout_seconds = 60",
    );
    let held = Gate::new();
    site.hrflow_side.fail("POST", "/profile/indexing", Fault::HoldAfter(held.clone()));
    let mut serve = site.serve();
    assert_eq!(site.announce(&serve, "P1").await.status, 202);
    held.reached().await;
    serve.terminate();
    // The first signal has been heard when nothing is accepted any more.
    let began = Instant::now();
    while site.client.get(format!("{}/health/live", serve.address)).send().await.is_ok() {
        assert!(began.elapsed() < PATIENCE, "it still accepts");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    serve.terminate();
    assert_eq!(serve.exit_code().await, Some(0));
    held.open();
}

fn leased(site: &Site) -> i64 {
    site.database.number("SELECT count(*) FROM records WHERE lease IS NOT NULL")
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
