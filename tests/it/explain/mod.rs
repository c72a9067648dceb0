//! Explanations: HrFlow's words about a pair, made once for what both objects are, whoever asks and whatever happens.

mod kept;
mod made;
mod told;

use std::time::Duration;

use oem_connector::config::Config;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Fault, Gate, Wishes, World};

const EXPLAIN: &str = "/v1/match/explanation?job_reference=J1&profile_reference=P1";
const UPSKILLING: &str = "/profile/upskilling";
const GRADING: &str = "/profile/grading";
const PLANTED: &str = "planted-words-about-a-person";

fn with_grading(config: &mut Config) {
    config.partners[0].grading_algorithm_key = Some("grader-hrflow-profiles".to_owned());
}

async fn hospital(backend: Backend, wishes: Wishes) -> World {
    let profiles = [("P1", "Night nurse"), ("P2", "Baker")];
    World::in_step(backend, wishes, &[("J1", "Night nurse")], &profiles).await
}

fn words() -> String {
    json!({"code": 200, "message": "SWOT prediction finished in 9.18 seconds.", "data": {
        "strengths": [{"name": "Night shifts", "description": PLANTED}],
        "weaknesses": [{"name": "No lead role", "description": "The job asks for team lead experience."}],
    }})
    .to_string()
}

fn grades(scores: &Value, errors: &Value) -> String {
    json!({"code": 200, "message": "", "data": {"scores": scores, "errors": errors, "profiles": [null]}})
        .to_string()
}

/// HrFlow explains the next pair.
fn explains(world: &World) {
    world.hrflow_side.fail("GET", UPSKILLING, Fault::Answer(200, words()));
}

/// HrFlow explains the next pair when the gate is opened.
fn explains_later(world: &World) -> Gate {
    let gate = Gate::new();
    world.hrflow_side.fail("GET", UPSKILLING, Fault::HoldAnswer(gate.clone(), 200, words()));
    gate
}

fn status_and_code(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default())
}

/// Asks until it is no longer being made.
async fn ended(world: &World, location: &str) -> Answer {
    let polled = async {
        loop {
            let answer = world.get(location).await;
            if answer.status != StatusCode::ACCEPTED {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), polled).await.expect("the explanation never ended")
}

/// Asks without waiting, which must begin one, and gives its address.
async fn begun(world: &World, path: &str) -> String {
    let answer = world.get(&format!("{path}&wait=0")).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(location, format!("/v1/explanations/{}", answer.body["id"].as_str().unwrap()));
    assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    location
}
