//! The sandbox through its front door: what a client of HrFlow may rely on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod feedback;
mod filters;
mod grading;
mod ranking;
mod storing;

use std::time::Duration;

use chrono::{DateTime, Utc};
use oem_connector::model::Clock;
use oem_connector::sandbox::{self, Options, Running};
use reqwest::{Client, Method};
use serde_json::{Value, json};

const KEY: &str = "ask_0123456789abcdef0123456789abcdef";
const READ_KEY: &str = "askr_0123456789abcdef0123456789abcdef";
const WRITE_KEY: &str = "askw_0123456789abcdef0123456789abcdef";
const SOURCE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const BOARD: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const ALGORITHM: &str = "scorer-hrflow-profiles-titan";

/// A running sandbox and a client that talks to it.
struct World {
    running: Running,
    client: Client,
    clock: Clock,
    key: &'static str,
}

/// What came back.
#[derive(Debug)]
struct Reply {
    code: u16,
    body: Value,
}

impl Reply {
    fn message(&self) -> &str {
        self.body["message"].as_str().unwrap()
    }

    fn data(&self) -> &Value {
        &self.body["data"]
    }

    /// The references of the listed objects, in their order.
    fn references(&self) -> Vec<&str> {
        let data = self.data();
        let items = [data, &data["profiles"], &data["jobs"]].into_iter().find_map(Value::as_array).unwrap();
        items.iter().map(|item| item["reference"].as_str().unwrap()).collect()
    }

    fn scores(&self) -> Vec<f64> {
        let pairs = self.data()["predictions"].as_array().unwrap();
        pairs.iter().map(|pair| pair[1].as_f64().unwrap()).collect()
    }
}

impl World {
    async fn new() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        // Fails when another test of this binary was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Clock::manual("2026-03-01T08:00:00Z".parse::<DateTime<Utc>>().unwrap());
        let running = sandbox::start(options, clock.clone()).await.unwrap();
        let client = Client::builder().timeout(Duration::from_secs(30)).no_proxy().build().unwrap();
        Self { running, client, clock, key: KEY }
    }

    fn as_holder_of(&self, key: &'static str) -> Caller<'_> {
        Caller { world: self, key }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        self.as_holder_of(self.key).send(method, path, body).await
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Reply {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        self.send(Method::GET, &format!("{path}?{query}"), None).await
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(&body)).await
    }

    async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, Some(&body)).await
    }

    async fn job(&self, reference: &str, more: Value) -> Reply {
        self.post(
            "job/indexing",
            with(
                json!({"board_key": BOARD, "reference": reference, "name": "Baker",
            "location": {"text": "Lyon", "lat": 45.764, "lng": 4.8357}}),
                more,
            ),
        )
        .await
    }

    async fn profile(&self, reference: &str, more: Value) -> Reply {
        self.post(
            "profile/indexing",
            with(
                json!({"source_key": SOURCE, "reference": reference, "text": "A baker.",
            "info": {"email": format!("{reference}@example.org")}, "skills": [{"name": "Baking"}]}),
                more,
            ),
        )
        .await
    }

    async fn archive_job(&self, reference: &str, is_archive: u8) -> Reply {
        let body = json!({"board_key": BOARD, "reference": reference, "is_archive": is_archive});
        self.send(Method::PATCH, "job/indexing/archive", Some(&body)).await
    }

    async fn search_jobs(&self, more: &[(&str, &str)]) -> Reply {
        let keys = json!([BOARD]).to_string();
        self.get("jobs/searching", &[&[("board_keys", keys.as_str())], more].concat()).await
    }

    async fn search_profiles(&self, more: &[(&str, &str)]) -> Reply {
        let keys = json!([SOURCE]).to_string();
        self.get("profiles/searching", &[&[("source_keys", keys.as_str())], more].concat()).await
    }

    async fn score_profiles(&self, job: &str, more: &[(&str, &str)]) -> Reply {
        let keys = json!([SOURCE]).to_string();
        let own = [("source_keys", keys.as_str()), ("board_key", BOARD), ("job_reference", job)];
        self.get("profiles/scoring", &[&own[..], &[("algorithm_key", ALGORITHM)], more].concat()).await
    }

    async fn score_jobs(&self, profile: &str, more: &[(&str, &str)]) -> Reply {
        let keys = json!([BOARD]).to_string();
        let own = [("board_keys", keys.as_str()), ("source_key", SOURCE), ("profile_reference", profile)];
        self.get("jobs/scoring", &[&own[..], &[("algorithm_key", ALGORITHM)], more].concat()).await
    }
}

struct Caller<'a> {
    world: &'a World,
    key: &'static str,
}

impl Caller<'_> {
    /// Sends, and checks what holds for every answer.
    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let address = format!("http://{}/v1/{path}", self.world.running.address);
        let mut request = self.world.client.request(method, address).header("X-API-KEY", self.key);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let code = answer.status().as_u16();
        assert_eq!(answer.headers()["content-type"], "application/json", "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["code"], code, "{path}");
        assert!(body["message"].is_string(), "{path}");
        Reply { code, body }
    }
}

fn with(mut object: Value, more: Value) -> Value {
    if let Value::Object(more) = more {
        object.as_object_mut().unwrap().extend(more);
    }
    object
}
