//! Exports: the best matches of many objects, a line each, whatever happens meanwhile: none twice, none lost, nobody in
//! them who was erased.

mod asked;
mod forgotten;
mod lines;
mod walk;
mod work;

use oem_connector::flows::{Context, export};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::World;

/// Starts an export, which must be accepted, and gives its id.
async fn start(world: &World, body: &Value) -> String {
    let started = world.post("/v1/exports", body).await;
    assert_eq!(started.status, StatusCode::ACCEPTED, "{}", started.body);
    let id = started.body["id"].as_str().unwrap().to_owned();
    assert_eq!(started.headers["location"], format!("/v1/exports/{id}"));
    id
}

/// Works on what is due until nothing is.
async fn work(context: &Context) {
    for partner in &context.partners {
        while let Some(claimed) = export::claim(context, partner).await.unwrap() {
            export::run(context, partner, claimed).await.unwrap();
        }
    }
}

async fn state(world: &World, id: &str) -> Value {
    world.get(&format!("/v1/exports/{id}")).await.body
}

/// The lines behind a position.
async fn lines(world: &World, id: &str, after: u64) -> Vec<Value> {
    let path = format!("/v1/exports/{id}/lines?after={after}");
    let told = world.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(told.status(), StatusCode::OK);
    assert_eq!(told.headers()["content-type"], "application/x-ndjson");
    told.text().await.unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Fails unless there is a line for each of `references` and for nothing else, in the order of the positions.
fn assert_whole(lines: &[Value], references: &[&str]) {
    let positions: Vec<u64> = lines.iter().map(|line| line["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=references.len() as u64).collect::<Vec<_>>());
    let mut told: Vec<&str> =
        lines.iter().map(|line| line["job_reference"].as_str().unwrap_or_default()).collect();
    told.sort_unstable();
    assert_eq!(told, references);
}

fn listed(line: &Value) -> Vec<&str> {
    line["items"].as_array().unwrap().iter().map(|item| item["reference"].as_str().unwrap()).collect()
}
