//! kill -9 at random moments, under webhooks and a pull: after a last start everything settles, and nothing is lost, nothing
//! is archived wrongly, and no object is in HrFlow twice.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use oem_connector::model::{Clock, rfc3339};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::process::{PATIENCE, Process, Site, references};
use crate::support::{PARTNER_KEY, backends};

const OBJECTS: usize = 60;

/// How often the connector dies.
const DEATHS: usize = 6;

/// What the partner has: a headline for each object, or nothing.
type Truth = Arc<Mutex<Vec<Option<String>>>>;

/// Where the connector listens now, and whether the senders may go home.
struct Scene {
    site: Site,
    address: Mutex<String>,
    is_over: AtomicBool,
}

impl Scene {
    fn start(&self) -> Process {
        let serve = self.site.serve();
        self.address.lock().unwrap().clone_from(&serve.address);
        serve
    }

    /// Sends a webhook until it is acknowledged, as every sender does.
    async fn announce(&self, event: &str, reference: &str) {
        let body = json!({"reference": reference, "event_date": rfc3339(Clock::System.now())});
        let began = Instant::now();
        loop {
            let address = self.address.lock().unwrap().clone();
            let request = self.site.client.post(format!("{address}/v1/webhooks/acme/{event}"));
            let sent = request.header("X-API-KEY", PARTNER_KEY).json(&body).send().await;
            if sent.is_ok_and(|answer| [StatusCode::ACCEPTED, StatusCode::OK].contains(&answer.status())) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{reference}: nobody takes the webhook");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Changes objects and tells of it, and of some that they are gone, until the scene is over. Each sender has objects of its
/// own: those whose number leaves `own` when divided by three.
async fn send(scene: Arc<Scene>, truth: Truth, own: usize, mut random: StdRng) {
    for change in 0.. {
        if scene.is_over.load(Ordering::Relaxed) {
            return;
        }
        let number = random.random_range(0..OBJECTS / 3) * 3 + own;
        let reference = format!("P{number:02}");
        let is_gone = truth.lock().unwrap()[number].is_none();
        if is_gone {
            continue;
        }
        if random.random_bool(0.03) {
            truth.lock().unwrap()[number] = None;
            scene.site.loses_profile(&reference);
            scene.announce("profile_archive", &reference).await;
        } else {
            let headline = format!("change {change}");
            scene.site.has_profile_called(&reference, &headline);
            truth.lock().unwrap()[number] = Some(headline);
            scene.announce("profile_update", &reference).await;
        }
    }
}

#[actix_web::test]
async fn kills_at_random_moments_lose_nothing_and_repeat_nothing() {
    let seed: u64 =
        std::env::var("KILL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(rand::random);
    for backend in backends() {
        eprintln!("KILL_SEED={seed} on {backend:?}");
        let mut random = StdRng::seed_from_u64(seed);
        let site = Site::new(backend);
        for reference in references(0..OBJECTS) {
            site.has_profile_called(&reference, "first");
        }
        let scene = Arc::new(Scene { site, address: Mutex::default(), is_over: AtomicBool::new(false) });
        let truth: Truth = Arc::new(Mutex::new(vec![Some("first".to_owned()); OBJECTS]));
        let mut serve = scene.start();
        let senders: Vec<_> = (0..3)
            .map(|own| {
                let random = StdRng::seed_from_u64(random.random());
                actix_web::rt::spawn(send(scene.clone(), truth.clone(), own, random))
            })
            .collect();
        for _ in 0..DEATHS {
            scene.site.ask_for_pull(&serve).await;
            tokio::time::sleep(Duration::from_millis(random.random_range(20..700))).await;
            serve.kill();
            serve = scene.start();
        }
        scene.is_over.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.await.unwrap();
        }
        // The one that runs may have missed an object that moved in the list meanwhile; the one after it sees them all.
        until_pulled(&scene.site, &serve).await;
        scene.site.ask_for_pull(&serve).await;
        until_pulled(&scene.site, &serve).await;
        let truth = truth.lock().unwrap().clone();
        for (reference, expected) in references(0..OBJECTS).zip(&truth) {
            until_shown(&scene.site, &serve, &reference, expected.as_deref()).await;
        }
        let calls = scene.site.hrflow_side.requests();
        let sent: BTreeSet<String> = calls.iter().filter_map(|call| made(&call.method, &call.body)).collect();
        assert_eq!(scene.site.count_in_hrflow().await, sent.len() as u64, "no object is there twice");
    }
}

/// Which object a call would make.
fn made(method: &str, body: &str) -> Option<String> {
    let object: Value = serde_json::from_str(body).ok().filter(|_| method == "POST")?;
    object["reference"].as_str().map(str::to_owned)
}

/// Returns when no pull is queued or running any more.
async fn until_pulled(site: &Site, serve: &Process) {
    let began = Instant::now();
    loop {
        let pulls = site.get(serve, "/v1/pulls?partner=acme").await.body;
        let is_active =
            |pull: &Value| ["queued", "running", "checking"].iter().any(|state| pull["state"] == *state);
        if !pulls["items"].as_array().unwrap().iter().any(is_active) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{pulls}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Returns when the record is at rest, and then HrFlow must show what the partner has.
async fn until_shown(site: &Site, serve: &Process, reference: &str, expected: Option<&str>) {
    let began = Instant::now();
    let record = loop {
        let record = site.get(serve, &format!("/v1/records/profiles/{reference}?partner=acme")).await.body;
        if record["due_at"] == Value::Null && record["state"] != "pending" {
            break record;
        }
        assert!(began.elapsed() < PATIENCE, "{reference}: {record}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(site.headline(reference).await.as_deref(), expected, "{reference}: {record}");
}
