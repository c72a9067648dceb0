//! Many events in one request: answered one by one, kept together.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use oem_connector::config::{WebhookAuth, Webhooks};
use oem_connector::model::{SAMPLE_REFERENCE, Secret};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{Answer, Wishes, World, answer, backends};

const BATCH: &str = "/v1/webhooks/acme";
const DATE: &str = "2026-11-22T11:59:00Z";

fn event(kind: &str, reference: &str, date: &str) -> Value {
    json!({"reference": reference, "event_type": kind, "event_date": date})
}

/// The answers to the events, one by one.
fn items(answer: &Answer) -> &Vec<Value> {
    assert_eq!(answer.status, 207, "{}", answer.body);
    answer.body["items"].as_array().unwrap()
}

fn statuses(answer: &Answer) -> Vec<&str> {
    items(answer).iter().map(|item| item["status"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn each_event_is_answered_by_itself_and_a_bad_one_fails_no_other() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.has_job("J1", "Ward nurse");
        let answered = world
            .post(
                BATCH,
                &json!([
                    event("profile_create", "P1", DATE),
                    event("profile_create", "P1", DATE),
                    event("profile_archive", "P1", "2026-11-22T11:58:00Z"),
                    {"reference": "", "event_date": "soon"},
                    event("profile_create", SAMPLE_REFERENCE, DATE),
                    event("profile_delete", "P1", DATE),
                    7,
                    {"reference": "P2", "event_type": 1, "event_date": DATE, "more": [1, {"x": 2}]},
                    event("job_create", "J1", DATE),
                ]),
            )
            .await;
        let expected = [
            "accepted",
            "duplicate",
            "stale",
            "refused",
            "ping",
            "refused",
            "refused",
            "refused",
            "accepted",
        ];
        assert_eq!(statuses(&answered), expected, "{}", answered.body);
        let items = items(&answered);
        assert_eq!(items[0]["id"], items[1]["id"]);
        assert!(items[2]["id"].is_string() && items[4].get("id").is_none());
        let fields = |index: usize| {
            let problem = &items[index]["problem"];
            assert_eq!((&problem["status"], &problem["code"]), (&json!(422), &json!("invalid")), "{problem}");
            let named = |error: &Value| error["field"].as_str().unwrap().to_owned();
            problem["errors"].as_array().unwrap().iter().map(named).collect::<Vec<_>>()
        };
        assert_eq!(fields(3), ["reference", "event_type", "event_date"]);
        assert_eq!(
            (fields(5), fields(6), fields(7)),
            (vec!["event_type".to_owned()], vec!["item".to_owned()], vec!["event_type".to_owned()])
        );
        world.settle().await;
        assert_eq!(world.record("profiles", "P1").await["state"], "indexed");
        assert_eq!(world.record("jobs", "J1").await["state"], "indexed");
        assert_eq!(world.get("/v1/records/profiles/P2").await.status, 404);
        assert_eq!(world.partner_side.count("GET", "/candidates/P1"), 1);
    }
}

#[actix_web::test]
async fn events_of_one_object_count_in_the_order_in_which_they_stand() {
    for backend in backends() {
        let world = World::new(backend).await;
        let (early, late) = ("2026-11-22T11:58:00Z", DATE);
        let mut events = Vec::new();
        for number in 0..25 {
            let (left, came_back) = (format!("L{number}"), format!("B{number}"));
            world.has_profile(&came_back, "Nurse");
            events.push(event("profile_update", &left, early));
            events.push(event("profile_archive", &left, late));
            events.push(event("profile_archive", &came_back, early));
            events.push(event("profile_update", &came_back, late));
        }
        // Others come at the same time, so that more than one commit is under way.
        let others = (0..8).map(|number| {
            let body = json!([event("job_update", &format!("J{number}"), DATE)]);
            answer(world.request(Method::POST, BATCH).json(&body))
        });
        let batch = Value::from(events);
        let (answered, _) = tokio::join!(world.post(BATCH, &batch), futures_util::future::join_all(others));
        assert_eq!(statuses(&answered), vec!["accepted"; 100]);
        for number in 0..25 {
            let last = |record: Value| (record["wanted"].clone(), record["last_event"]["type"].clone());
            let left = world.record("profiles", &format!("L{number}")).await;
            assert_eq!(last(left), (json!("archived"), json!("profile_archive")), "{number}");
            let came_back = world.record("profiles", &format!("B{number}")).await;
            assert_eq!(last(came_back), (json!("present"), json!("profile_update")), "{number}");
        }
    }
}

#[actix_web::test]
async fn what_is_no_batch_is_refused_whole() {
    for backend in backends() {
        let world = World::new(backend).await;
        let send = |body: String| {
            let request = world.request(Method::POST, BATCH).header("Content-Type", "application/json");
            answer(request.body(body))
        };
        let many = |count: usize| {
            Value::from(
                (0..count)
                    .map(|number| event("profile_update", &format!("P{number}"), DATE))
                    .collect::<Vec<_>>(),
            )
        };
        for (body, expected) in [
            (String::new(), "400 malformed"),
            ("[{\"reference\": \"P0\"}".to_owned(), "400 malformed"),
            ("[nothing]".to_owned(), "400 malformed"),
            ("{}".to_owned(), "422 invalid"),
            (event("profile_update", "P0", DATE).to_string(), "422 invalid"),
            ("[]".to_owned(), "422 invalid"),
            (many(101).to_string(), "422 invalid"),
        ] {
            let Answer { status, body: problem, .. } = send(body).await;
            assert_eq!(format!("{} {}", status.as_u16(), problem["code"].as_str().unwrap()), expected);
            if expected == "422 invalid" {
                assert_eq!(problem["errors"][0]["field"], "body");
            }
        }
        assert_eq!(world.get("/v1/records/profiles/P0").await.status, 404, "nothing is half-written");
        let full = many(100).to_string();
        let padded = format!("{full}{}", " ".repeat(1024 * 1024 - full.len()));
        let answered = send(padded).await;
        assert_eq!(statuses(&answered), vec!["accepted"; 100]);
        let plain = world.request(Method::POST, BATCH).header("Content-Type", "text/plain").body(full);
        assert_eq!(answer(plain).await.status, 415);
        let method = answer(world.request(Method::GET, BATCH)).await;
        assert_eq!((method.status.as_u16(), method.headers["allow"].to_str().unwrap()), (405, "POST"));
    }
}

#[actix_web::test]
async fn without_its_database_a_batch_is_refused_whole_and_with_a_wait() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.database.take_away();
        let batch = json!([{"reference": ""}, event("profile_update", "P1", DATE)]);
        let Answer { status, headers, body } = world.post(BATCH, &batch).await;
        assert_eq!((status.as_u16(), &body["code"]), (503, &json!("unavailable")), "{body}");
        assert_eq!(headers["retry-after"], "1");
        // What needs no database is answered without it.
        let unkept = json!([{"reference": ""}, event("profile_update", SAMPLE_REFERENCE, DATE)]);
        assert_eq!(statuses(&world.post(BATCH, &unkept).await), ["refused", "ping"]);
    }
}

#[actix_web::test]
async fn a_batch_waits_whole_or_not_at_all_and_one_beyond_the_queue_is_not_refused_for_ever() {
    for backend in backends() {
        let world = World::with(backend, Wishes { webhook_queue: 3, ..Wishes::default() }).await;
        let batch = |name: &str, count: usize| {
            let events = (0..count).map(|number| event("profile_update", &format!("{name}{number}"), DATE));
            Value::from(events.collect::<Vec<_>>())
        };
        assert_eq!(statuses(&world.post(BATCH, &batch("large", 10)).await), vec!["accepted"; 10]);

        let blockade = world.database.block();
        // Each takes two places of three: whoever does not find them is told at once, and none of it is kept.
        let batches: Vec<(String, Value)> =
            (0..8).map(|number| format!("b{number}-")).map(|name| (name.clone(), batch(&name, 2))).collect();
        let mut sent: futures_util::stream::FuturesUnordered<_> = batches
            .iter()
            .map(|(name, batch)| async { (name.clone(), world.post(BATCH, batch).await) })
            .collect();
        let (refused, answer) = futures_util::StreamExt::next(&mut sent).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.headers["retry-after"].to_str().unwrap()), (503, "1"));
        drop(blockade);
        let mut answers: Vec<(String, Answer)> = futures_util::StreamExt::collect(sent).await;
        assert!(answers.iter().any(|(_, answer)| answer.status == 207), "what was taken is kept");
        answers.push((refused, answer));
        for (name, answer) in answers {
            for number in 0..2 {
                let known = world.get(&format!("/v1/records/profiles/{name}{number}")).await.status;
                assert_eq!(known == 200, answer.status == 207, "{name}{number} after {}", answer.status);
            }
        }
    }
}

#[actix_web::test]
async fn a_signed_batch_that_is_sent_again_is_a_proven_retry_item_by_item() {
    const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    for backend in backends() {
        let secrets = vec![Secret::new(format!("whsec_{SECRET}"))];
        let standard = WebhookAuth::Standard { secrets, tolerance: std::time::Duration::from_mins(5) };
        let webhooks = Webhooks { keys: false, auth: vec![standard] };
        let world = World::with(backend, Wishes { webhooks, ..Wishes::default() }).await;
        let send = async |id: &str, events: &Value| {
            let (timestamp, body) = (world.clock.now().timestamp(), events.to_string());
            let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(SECRET).unwrap()).unwrap();
            mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
            let request = world.client.post(format!("{}{BATCH}", world.address));
            let request = request.header("Content-Type", "application/json").header("webhook-id", id);
            let request = request.header("webhook-timestamp", timestamp);
            let signature = STANDARD.encode(mac.finalize().into_bytes());
            let answered =
                answer(request.header("webhook-signature", format!("v1,{signature}")).body(body)).await;
            world.settle().await;
            answered
        };
        let fetches = || ["P1", "P2"].map(|id| world.partner_side.count("GET", &format!("/candidates/{id}")));
        let ids = |answer: &Answer| items(answer).iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
        world.has_profile("P1", "Nurse");
        world.has_profile("P2", "Cook");
        let events = json!([event("profile_update", "P1", DATE), event("profile_update", "P2", DATE)]);
        let first = send("msg_1", &events).await;
        assert_eq!((statuses(&first), fetches()), (vec!["accepted"; 2], [1, 1]));
        world.advance(30);
        let again = send("msg_1", &events).await;
        assert_eq!((statuses(&again), fetches()), (vec!["duplicate"; 2], [1, 1]));
        assert_eq!(ids(&again), ids(&first));
        let other = send("msg_2", &events).await;
        assert_eq!((statuses(&other), fetches()), (vec!["accepted"; 2], [2, 2]));
    }
}
