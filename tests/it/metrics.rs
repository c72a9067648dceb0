//! What an operator's dashboard reads of work that outlasts its callers: exports and tickets.

use oem_connector::flows::{export, retention};
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{OPERATOR_KEY, World, answer, backends};

/// What `/metrics` says of acme under this name and label.
async fn told(world: &World, name: &str, label: &str) -> u64 {
    let request = world.client.get(format!("{}/metrics", world.address)).header("X-API-KEY", OPERATOR_KEY);
    let text = answer(request).await.body.as_str().unwrap().to_owned();
    let line = text.lines().find(|line| {
        line.starts_with(&format!("{name}{{")) && line.contains("\"acme\"") && line.contains(label)
    });
    line.and_then(|line| line.rsplit(' ').next()).map_or(0, |count| count.parse().unwrap())
}

async fn exports(world: &World) -> [u64; 4] {
    let mut states = [0; 4];
    for (count, state) in states.iter_mut().zip(["waiting", "running", "done", "cancelled"]) {
        *count = told(world, "oem_exports", state).await;
    }
    states
}

async fn tickets(world: &World) -> [u64; 3] {
    let mut states = [0; 3];
    for (count, state) in states.iter_mut().zip(["waiting", "done", "expired"]) {
        *count = told(world, "oem_tickets", state).await;
    }
    states
}

#[actix_web::test]
async fn exports_are_counted_by_state_and_by_line() {
    for backend in backends() {
        let world = World::new(backend).await;
        for id in ["J1", "J2"] {
            world.has_job(id, "Nurse");
        }
        world.has_profile("P1", "Nurse");
        world.pull("jobs", "full").await;
        world.pull("profiles", "full").await;
        let body = json!({"ranked": "profiles", "references": ["J1", "J2", "NEVER"], "top": 2});
        let mut ids = Vec::new();
        for _ in 0..2 {
            let started = world.post("/v1/exports", &body).await;
            assert_eq!(started.status, StatusCode::ACCEPTED, "{}", started.body);
            ids.push(started.body["id"].as_str().unwrap().to_owned());
        }
        let waiting = async || told(&world, "oem_export_lines_waiting", "acme").await;
        assert_eq!((exports(&world).await, waiting().await), ([2, 0, 0, 0], 6));
        let cancelled = world.post(&format!("/v1/exports/{}/cancel", ids[1]), &json!({})).await;
        assert_eq!(cancelled.status, StatusCode::OK, "{}", cancelled.body);
        assert_eq!((exports(&world).await, waiting().await), ([1, 0, 0, 1], 3), "of open ones alone");
        let claimed = export::claim(&world.context, world.acme()).await.unwrap().unwrap();
        assert_eq!(exports(&world).await, [0, 1, 0, 1]);
        export::run(&world.context, world.acme(), claimed).await.unwrap();
        assert_eq!((exports(&world).await, waiting().await), ([0, 0, 1, 1], 0));
        for (outcome, count) in [("matches", 2), ("problem", 1)] {
            assert_eq!(told(&world, "oem_export_lines_total", outcome).await, count, "{outcome}");
        }
    }
}

#[actix_web::test]
async fn tickets_are_counted_until_they_are_deleted() {
    for backend in backends() {
        let world = World::new(backend).await;
        let ask = async |reference: &str| {
            let path = format!("/v1/profiles/scoring?job_reference={reference}&wait=1");
            let ticket = world.get(&path).await;
            assert_eq!(ticket.status, StatusCode::ACCEPTED, "{}", ticket.body);
        };
        world.has_job("J1", "Nurse");
        ask("J1").await;
        ask("NEVER").await;
        assert_eq!(tickets(&world).await, [2, 0, 0]);
        world.settle().await;
        assert_eq!(tickets(&world).await, [0, 2, 0], "a page, and a problem");
        world.advance(3_600);
        assert_eq!(tickets(&world).await, [0, 0, 2]);
        while retention::forget(&world.context).await.unwrap() > 0 {}
        assert_eq!(tickets(&world).await, [0, 0, 0]);
    }
}
