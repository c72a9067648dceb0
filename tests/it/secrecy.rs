//! Planted secrets and planted people never reach a log, a problem, an answer, a record or a metric.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use oem_connector::model::Entity;
use reqwest::Method;
use serde_json::json;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{
    API_KEY, ATS_KEY, Backend, Fault, OPERATOR_KEY, OTHER_KEY, PARTNER_KEY, Wishes, World, answer, backends,
};

const EMAIL: &str = "ada.planted@example.org";
const ENCODED_EMAIL: &str = "ada.planted%40example.org";
const NAME: &str = "Adaplanted";
const PHONE: &str = "+33699999142";
const TEXT: &str = "planted-words-of-a-resume";

/// Everything that must not be seen.
fn planted() -> [&'static str; 10] {
    [EMAIL, ENCODED_EMAIL, NAME, PHONE, TEXT, API_KEY, ATS_KEY, OPERATOR_KEY, PARTNER_KEY, OTHER_KEY]
}

/// What was logged and answered so far.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<u8>>>);

impl Seen {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// Fails with the line in which something planted is seen.
    fn assert_clean(&self, when: &str) {
        let text = self.text();
        for secret in planted() {
            let line = text.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} is seen {when}");
        }
    }
}

impl Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Seen {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The logs of this process from now on, as the connector writes them: with those of the other tests, which is no harm.
pub(crate) fn seen() -> Seen {
    static SEEN: LazyLock<Seen> = LazyLock::new(|| {
        let seen = Seen::default();
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("debug,oem_connector=trace"))
            .with_writer(seen.clone())
            .json()
            .flatten_event(true)
            .try_init()
            .unwrap();
        seen
    });
    SEEN.clone()
}

/// A candidate who must not be seen.
fn plant(world: &World, id: &str, headline: &str) {
    let object = json!({
        "id": id, "firstName": NAME, "lastName": "Moreau", "headline": headline, "resumeText": TEXT,
        "contact": {"email": EMAIL, "phone": PHONE}, "competencies": ["Rust"],
    });
    world.ats.put(Entity::Profile, object.as_object().unwrap().clone()).unwrap();
}

/// What a careless other side says: who asks, with what, about whom.
fn indiscreet(code: u16) -> String {
    let message = format!(
        "Bad key {API_KEY}; sent X-ATS-TOKEN={ATS_KEY} (\"{EMAIL}\",{EMAIL}) mailto:{EMAIL} <{EMAIL}> ?email={ENCODED_EMAIL}&x=1; key:{OPERATOR_KEY}"
    );
    json!({"code": code, "message": message, "error": {"email": EMAIL, "name": NAME, "key": API_KEY}})
        .to_string()
}

fn faults() -> Vec<Fault> {
    let mut faults = vec![
        Fault::Slow(Duration::from_millis(800)),
        Fault::Cut,
        Fault::Malformed,
        Fault::WrongType,
        Fault::Answer(200, format!("{{\"content\": \"{EMAIL}\", \"data\": \"{API_KEY} {NAME}\"}}")),
        Fault::Answer(200, format!("{{\"{EMAIL}\": {API_KEY} {NAME}")),
        Fault::Answer(200, indiscreet(400)),
        Fault::Answer(302, indiscreet(302)),
    ];
    faults.extend(
        [400, 401, 402, 403, 404, 409, 422, 429, 500].map(|status| Fault::Answer(status, indiscreet(status))),
    );
    faults
}

/// Walks every road over every failure, noting all answers.
async fn walk(world: &World, seen: &Seen) {
    for (number, fault) in faults().into_iter().enumerate() {
        let id = format!("P{number}");
        plant(world, &id, "Nurse");
        world.partner_side.fail("GET", &format!("/candidates/{id}"), fault.clone());
        for method in ["POST", "PUT", "PATCH"] {
            world.hrflow_side.fail(method, "/profile/indexing", fault.clone());
        }
        world.announce("profile_create", &id).await;
        for _ in 0..4 {
            world.settle().await;
            note(world, seen, Method::GET, &format!("/v1/records/profiles/{id}")).await;
            world.advance(301);
        }
        world.announce("profile_archive", &id).await;
        world.settle().await;
        world.partner_side.heal();
        world.hrflow_side.heal();

        world.partner_side.fail_times(2, "GET", "/candidates?", fault.clone());
        let pull = world.pull("profiles", "full").await;
        seen.note(&format!("{pull}\n"));
        world.partner_side.heal();

        for path in ["/v1/profiles/scoring?job_reference=J1", "/v1/jobs/searching"] {
            world.hrflow_side.fail("GET", "ing?", fault.clone());
            note(world, seen, Method::GET, path).await;
            world.hrflow_side.heal();
        }
        seen.assert_clean(&format!("after {fault:?}"));
    }
}

async fn note(world: &World, seen: &Seen, method: Method, path: &str) {
    let answer = answer(world.request(method, path)).await;
    // What the caller wrote itself is no news to it.
    seen.note(&format!("{} {:?} {}\n", answer.status, answer.headers, answer.body));
}

async fn everything_else(world: &World, seen: &Seen) {
    // A map that fails on the values themselves, an object that HrFlow would refuse, and one that is no object.
    plant(world, "bad", "crash");
    plant(world, "odd", "odd");
    for id in ["bad", "odd"] {
        world.announce("profile_create", id).await;
    }
    world.settle().await;
    let listed = json!({"content": [
        {"id": ["x", EMAIL], "firstName": NAME}, {"id": format!("{EMAIL}\u{7}")}, NAME,
        {"id": "dated", "modifiedAt": EMAIL, "firstName": NAME},
    ]});
    world.partner_side.fail("GET", "/candidates?", Fault::Answer(200, listed.to_string()));
    seen.note(&world.pull("profiles", "full").await.to_string());
    for path in ["/v1/records/profiles/bad", "/v1/records/profiles/odd", "/v1/records/profiles/dated"] {
        note(world, seen, Method::GET, path).await;
    }
    // Searches for a person, and keys where they do not belong.
    for path in [
        format!("/v1/profiles/searching?email={EMAIL}&name={NAME}"),
        format!("/v1/profiles/searching?email={EMAIL}&name={NAME}&limit=0"),
    ] {
        note(world, seen, Method::GET, &path).await;
    }
    for (key, path) in [(OPERATOR_KEY, "/v1/pulls"), (OPERATOR_KEY, "/metrics"), (OTHER_KEY, "/metrics")] {
        let request = world.client.get(format!("{}{path}", world.address)).header("X-API-KEY", key);
        let answer = answer(request).await;
        seen.note(&format!("{path} {} {}\n", answer.status, answer.body));
    }
    let body = format!("{{\"reference\": {NAME}, \"{EMAIL}\"");
    let request = world.request(Method::POST, "/v1/webhooks/acme/profile_update").body(body);
    let answer = answer(request.header("Content-Type", "application/json")).await;
    seen.note(&format!("{} {}\n", answer.status, answer.body));
    seen.note(&format!("{:?}", world.config));
}

#[actix_web::test]
async fn nothing_planted_is_ever_seen() {
    for backend in backends() {
        walk_all_roads(backend).await;
    }
}

#[actix_web::test]
async fn what_is_explained_is_never_logged_and_no_failure_of_it_names_anybody() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_job("J1", "Nurse");
        plant(&world, "P1", "Nurse");
        world.pull("jobs", "full").await;
        world.pull("profiles", "full").await;
        let seen = seen();
        let path = "/v1/match/explanation?job_reference=J1&profile_reference=P1&wait=20";
        for fault in faults().into_iter().filter(|fault| !matches!(fault, Fault::Slow(_))) {
            world.hrflow_side.fail("GET", "/profile/upskilling", fault.clone());
            note(&world, &seen, Method::GET, path).await;
            seen.assert_clean(&format!("after {fault:?}"));
            world.hrflow_side.heal();
            world.advance(301);
        }
        let strengths = json!([{"name": NAME, "description": format!("{TEXT} {EMAIL}")}]);
        let told = json!({"code": 200, "data": {"strengths": strengths, "weaknesses": []}});
        world.hrflow_side.fail("GET", "/profile/upskilling", Fault::Answer(200, told.to_string()));
        let told = world.get(path).await;
        assert!(told.body["strengths"].to_string().contains(TEXT), "{}", told.body);
        seen.assert_clean("when it was explained");
    }
}

async fn walk_all_roads(backend: Backend) {
    let map = format!(
        "if .headline == \"crash\" then (.contact.email | .x) else . end | {} \
         | if .info.summary == \"odd\" then .info.phone = [.info.phone] else . end",
        oem_connector::demo::PROFILE_MAP
    );
    let wishes = Wishes {
        page_attempts: 1,
        call_timeout: Duration::from_millis(300),
        profile_map: map,
        ..Wishes::default()
    };
    let world = World::with(backend, wishes).await;
    world.has_job("J1", "Nurse");
    world.pull("jobs", "full").await;
    let seen = seen();
    walk(&world, &seen).await;
    everything_else(&world, &seen).await;
    // The database goes away in the middle of it all.
    world.database.take_away();
    note(&world, &seen, Method::GET, "/v1/records/profiles/P1").await;
    let body = json!({"reference": "P1", "event_date": "2026-11-22T11:00:00Z"});
    let refused = world.post("/v1/webhooks/acme/profile_update", &body).await;
    seen.note(&refused.body.to_string());
    seen.assert_clean("in the end");
    let text = seen.text();
    for expected in ["set aside", "refuses our credential", "***", "a request could not be served", "DEBUG"] {
        assert!(text.contains(expected), "the logs are really read: {expected}");
    }
}
