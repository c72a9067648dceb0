//! The document's own examples: each fits its schema, and each request made of them is answered as the document says.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use super::live::{Live, file};
use super::operation::{Operation, Sample, operations};
use super::tools::{folder, lacks, python, run};
use crate::support::{Answer, OPERATOR_KEY, PARTNER_KEY, answer, urlencoded};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documents_are_valid_and_their_examples_fit_their_schemas() {
    if lacks("python3") {
        return;
    }
    tokio::task::spawn_blocking(|| check(None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_the_examples_is_answered_as_documented() {
    if lacks("python3") {
        return;
    }
    let live = Live::start().await;
    live.import().await;
    let (doubted, ticket) = (live.doubt_some().await, live.ticket().await);
    let mut world =
        Examples { live, doubted, ids: BTreeMap::new(), answers: Vec::new(), refused: Vec::new() };
    world.know(&ticket);
    let document: Value = serde_json::from_str(&oem_connector::api::openapi().text()).unwrap();
    let mut waiting = operations(&document);
    waiting.sort_by_key(Operation::rank);
    // The first whose ids are known by now.
    while let Some(next) = waiting.iter().position(|operation| world.address(operation).is_some()) {
        let operation = waiting.remove(next);
        let address = world.address(&operation).unwrap();
        world.run(&operation, &address).await;
    }
    let unknown: Vec<&str> = waiting.iter().map(Operation::name).collect();
    assert!(unknown.is_empty(), "nothing gave the ids that these need: {unknown:?}");
    assert!(world.refused.is_empty(), "these were refused:\n{}", world.refused.join("\n"));
    let answers = folder("examples").join("answers.json");
    std::fs::write(&answers, Value::Array(world.answers).to_string()).unwrap();
    tokio::task::spawn_blocking(move || check(Some(&answers))).await.unwrap();
}

fn check(answers: Option<&Path>) {
    let documents = ["openapi/openapi.json", "openapi/openapi-3.0.json"].map(file);
    run(Command::new(python()).arg(file("tests/clients/python/check.py")).args(documents).args(answers));
}

struct Examples {
    live: Live,
    /// The pulls that wait for an operator.
    doubted: [String; 2],
    /// The newest id of each kind of thing, by its place below `/v1/`.
    ids: BTreeMap<String, String>,
    answers: Vec<Value>,
    refused: Vec<String>,
}

impl Examples {
    /// The address with the examples in it, ids by what was really made; nothing before it was.
    fn address(&self, operation: &Operation) -> Option<String> {
        let mut address = operation.path.clone();
        for Sample { name, example, .. } in operation.samples().filter(|sample| sample.place == "path") {
            let value = match (operation.name(), name) {
                ("approve_pull", _) => self.doubted[0].clone(),
                ("reject_pull", _) => self.doubted[1].clone(),
                (_, "id") => self.ids.get(operation.path.split('/').nth(2)?)?.clone(),
                _ => example,
            };
            address = address.replace(&format!("{{{name}}}"), &urlencoded(&value));
        }
        Some(address)
    }

    /// What was made stands at this address.
    fn know(&mut self, location: &str) {
        if let Some((kind, id)) = location.strip_prefix("/v1/").and_then(|place| place.split_once('/')) {
            self.ids.insert(kind.to_owned(), id.to_owned());
        }
    }

    async fn run(&mut self, operation: &Operation, address: &str) {
        for choice in operation.choices() {
            let needed = operation.samples().filter(Sample::is_needed);
            // What was chosen has its value from there.
            let needed = needed.filter(|sample| choice.iter().all(|chosen| chosen.name != sample.name));
            let given: Vec<Sample> = needed.chain(choice.iter().cloned()).collect();
            let answer = self.send(operation, address, &given).await;
            let place = format!("{} {:?}", operation.name(), given);
            if answer.status.is_success() {
                self.remember(operation, address, &place, &answer);
            } else {
                self.refused.push(format!("{place}: {} {}", answer.status, answer.body));
            }
        }
    }

    async fn send(&self, operation: &Operation, address: &str, given: &[Sample<'_>]) -> Answer {
        let method = Method::from_bytes(operation.method.to_uppercase().as_bytes()).unwrap();
        let by_operator = operation.help().contains("eeds an operator key");
        let mut request =
            self.live.world.client.request(method, format!("{}{address}", self.live.world.address));
        request = request.header("X-API-KEY", if by_operator { OPERATOR_KEY } else { PARTNER_KEY });
        for Sample { place, name, example, .. } in given {
            request = match *place {
                "query" => request.query(&[(name, example)]),
                "header" => request.header(*name, example),
                _ => request,
            };
        }
        if let Some(content) = operation.described["requestBody"]["content"].get("application/json") {
            request = request.json(&content["example"]);
        }
        answer(request).await
    }

    fn remember(&mut self, operation: &Operation, address: &str, place: &str, answer: &Answer) {
        let text =
            |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = text("content-type").split(';').next().unwrap_or_default();
        let schema = operation.place(answer.status, media_type);
        let schema =
            schema.unwrap_or_else(|| panic!("{place}: {} {media_type} is not documented", answer.status));
        self.know(text("location"));
        self.know(text("content-location"));
        if let Some(id) = answer.body["items"][0]["id"].as_str() {
            self.ids.entry(address.trim_start_matches("/v1/").to_owned()).or_insert_with(|| id.to_owned());
        }
        if media_type == "application/json" {
            self.answers.push(json!({"operation": place, "place": schema, "body": answer.body}));
        }
    }
}
