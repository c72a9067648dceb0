//! Ratings and trackings through the front door: told to HrFlow once, read back by reference, and kept by nobody else.

use std::time::Duration;

use oem_connector::flows::retention;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Answer, Backend, Fault, Gate, OPERATOR_KEY, OTHER_KEY, Wishes, World, answer, backends,
};

const COMMENT: &str = "Zephyrine would rather not work nights";
const EMAIL: &str = "recruiter.zephyrine@example.org";
const KEY: &str = "8e03978e-40d5-43e8-bc93-6894a57f9324";

async fn world(backend: Backend) -> World {
    world_with(backend, Wishes::default()).await
}

/// A world with two jobs and two profiles, indexed.
async fn world_with(backend: Backend, wishes: Wishes) -> World {
    let jobs = ["J1", "J2"].map(|id| (id, "Night nurse"));
    let profiles = ["P1", "P2"].map(|id| (id, "Nurse"));
    World::in_step(backend, wishes, &jobs, &profiles).await
}

fn rating() -> Value {
    json!({
        "job_reference": "J1", "profile_reference": "P1", "role": "recruiter", "stars": 4,
        "author_email": EMAIL, "comment": COMMENT,
    })
}

fn tracking(action: &str) -> Value {
    json!({"job_reference": "J1", "profile_reference": "P1", "role": "candidate", "action": action})
}

async fn send(world: &World, path: &str, body: &Value, key: &str) -> Answer {
    answer(world.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
}

async fn ratings(world: &World) -> Vec<Value> {
    let listed = world.get("/v1/ratings?role=recruiter&job_reference=J1").await;
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.body);
    listed.body["items"].as_array().unwrap().clone()
}

fn fields(answer: &Answer) -> Vec<&str> {
    answer.body["errors"].as_array().unwrap().iter().map(|wrong| wrong["field"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_rating_is_told_in_stars_or_as_a_score_and_read_back_by_reference() {
    for backend in backends() {
        let world = world(backend).await;
        let told = world.post("/v1/ratings", &rating()).await;
        assert_eq!(told.status, StatusCode::CREATED, "{}", told.body);
        assert_eq!((&told.body["score"], &told.body["stars"]), (&json!(0.8), &json!(4)));
        assert_eq!(told.body["created_at"], "2026-11-22T12:00:00Z");
        world.advance(5);
        let score =
            json!({"job_reference": "J1", "profile_reference": "P2", "role": "recruiter", "score": 0.55});
        let told = world.post("/v1/ratings", &score).await;
        assert_eq!((&told.body["score"], &told.body["stars"]), (&json!(0.55), &json!(null)));
        let expected = json!([
            {"job_reference": "J1", "profile_reference": "P2", "role": "recruiter", "score": 0.55, "stars": null,
                "comment": null, "created_at": "2026-11-22T12:00:05Z"},
            {"job_reference": "J1", "profile_reference": "P1", "role": "recruiter", "score": 0.8, "stars": 4,
                "comment": COMMENT, "created_at": "2026-11-22T12:00:00Z"},
        ]);
        assert_eq!(json!(ratings(&world).await), expected, "the latest first, and nobody's address");
        for (query, found) in [
            ("role=recruiter&profile_reference=P2", 1),
            ("role=recruiter&job_reference=J1&profile_reference=P1", 1),
            ("role=candidate&job_reference=J1", 0),
            ("role=recruiter&job_reference=J2", 0),
            ("role=recruiter&job_reference=J1&limit=1&page=2", 1),
        ] {
            let listed = world.get(&format!("/v1/ratings?{query}")).await;
            assert_eq!(listed.body["items"].as_array().unwrap().len(), found, "{query}: {}", listed.body);
        }
    }
}

#[actix_web::test]
async fn a_tracking_is_told_and_listed_by_its_actions() {
    for backend in backends() {
        let world = world(backend).await;
        for action in ["view", "apply", "hire"] {
            let told = world.post("/v1/trackings", &tracking(action)).await;
            assert_eq!((told.status, &told.body["action"]), (StatusCode::CREATED, &json!(action)));
            world.advance(1);
        }
        let actions = "%5B%22view%22%2C%22hire%22%5D";
        let listed =
            world.get(&format!("/v1/trackings?role=candidate&profile_reference=P1&actions={actions}")).await;
        let items = listed.body["items"].as_array().unwrap();
        let told: Vec<&str> = items.iter().map(|item| item["action"].as_str().unwrap()).collect();
        assert_eq!(told, ["hire", "view"]);
        assert_eq!(listed.body["total"], 2);
    }
}

#[actix_web::test]
async fn the_older_shape_of_the_list_is_read_too_and_odd_items_take_nothing_with_them() {
    for backend in backends() {
        let world = world(backend).await;
        let source = &world.acme().settings.source_key;
        let item = json!({"role": "candidate", "stage": "view", "source_key": source, "job_reference": "J1",
            "profile_reference": "P1", "created_at": "2026-11-22T12:00:00+0000"});
        let with = |name: &str, value: Value| {
            let mut item = item.clone();
            item[name] = value;
            item
        };
        let items = json!([
            item,
            with("source_key", json!("e".repeat(40))),
            with("profile_reference", json!("somebody")),
            with("profile_reference", json!(7)),
            with("role", json!("king")),
            with("stage", json!(null)),
            {},
        ]);
        for data in [items.clone(), json!({"trackings": items})] {
            let body = json!({"code": 200, "message": "ok", "data": data,
                "meta": {"page": 1, "maxPage": 1, "count": 7, "total": 7}});
            world.hrflow_side.fail("GET", "/trackings", Fault::Answer(200, body.to_string()));
            let listed = world.get("/v1/trackings?role=candidate&job_reference=J1").await;
            assert_eq!(listed.status, StatusCode::OK, "{}", listed.body);
            let items = listed.body["items"].as_array().unwrap();
            assert_eq!((items.len(), &items[0]["action"]), (1, &json!("view")), "{}", listed.body);
        }
        for fault in [Fault::Malformed, Fault::Answer(200, r#"{"code": 200, "data": []}"#.to_owned())] {
            world.hrflow_side.fail("GET", "/trackings", fault);
            let listed = world.get("/v1/trackings?role=candidate&job_reference=J1").await;
            assert_eq!(listed.status, StatusCode::BAD_GATEWAY, "{}", listed.body);
        }
    }
}

#[actix_web::test]
async fn objects_are_refused_as_in_scoring_and_nothing_is_told() {
    for backend in backends() {
        let world = world(backend).await;
        world.has_profile("NEW", "Nurse");
        world.announce("profile_create", "NEW").await;
        world.advance(1);
        world.announce("profile_archive", "P2").await;
        let body = |job: &str, profile: &str| {
            let mut body = rating();
            (body["job_reference"], body["profile_reference"]) = (json!(job), json!(profile));
            body
        };
        for (job, profile, status) in [
            ("J9", "P1", StatusCode::NOT_FOUND),
            ("J1", "P9", StatusCode::NOT_FOUND),
            ("J1", "P2", StatusCode::GONE),
            ("J1", "NEW", StatusCode::CONFLICT),
        ] {
            let told = send(&world, "/v1/ratings", &body(job, profile), &format!("{job}{profile}")).await;
            assert_eq!(told.status, status, "{job} {profile}: {}", told.body);
        }
        let request =
            world.client.post(format!("{}/v1/ratings", world.address)).header("X-API-KEY", OTHER_KEY);
        let told = answer(request.json(&rating())).await;
        assert_eq!(told.status, StatusCode::NOT_FOUND, "another partner's job does not exist: {}", told.body);
        assert_eq!(world.hrflow_side.count("POST", "/rating"), 0);
        assert_eq!(
            world.get("/v1/ratings?role=recruiter&job_reference=J9").await.status,
            StatusCode::NOT_FOUND
        );
        let archived = world.get("/v1/ratings?role=recruiter&profile_reference=P2").await;
        assert_eq!(archived.status, StatusCode::OK, "what was said of it is still true");
        // What was refused holds no key.
        let told = send(&world, "/v1/ratings", &rating(), "J9P1").await;
        assert_eq!(told.status, StatusCode::CREATED, "{}", told.body);
    }
}

#[actix_web::test]
async fn nothing_of_an_erased_person_is_listed() {
    for backend in backends() {
        let world = world(backend).await;
        assert_eq!(world.post("/v1/ratings", &rating()).await.status, StatusCode::CREATED);
        let request =
            world.client.post(format!("{}/v1/records/profiles/P1/erase?partner=acme", world.address));
        answer(request.header("X-API-KEY", OPERATOR_KEY)).await;
        world.settle().await;
        assert_eq!(ratings(&world).await, Vec::<Value>::new());
        let gone = world.get("/v1/ratings?role=recruiter&profile_reference=P1").await;
        assert_eq!(gone.status, StatusCode::GONE, "{}", gone.body);
    }
}

#[actix_web::test]
async fn every_wrong_body_is_refused_with_its_fields_and_never_quoted() {
    for backend in backends() {
        let world = world(backend).await;
        let with = |change: Value| {
            let mut body = rating();
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            body
        };
        for (body, status, wrong) in [
            (json!({}), 400, vec!["job_reference", "profile_reference", "role", "score"]),
            (with(json!({"score": 0.5})), 422, vec!["stars"]),
            (with(json!({"stars": 6})), 422, vec!["stars"]),
            (with(json!({"stars": 0})), 422, vec!["stars"]),
            (with(json!({"stars": 2.5})), 422, vec!["stars"]),
            (with(json!({"stars": "4"})), 400, vec!["stars"]),
            (with(json!({"stars": null, "score": 1.01})), 422, vec!["score"]),
            (with(json!({"stars": null, "score": -0.1})), 422, vec!["score"]),
            (with(json!({"stars": null, "score": [0.5]})), 400, vec!["score"]),
            (with(json!({"role": "king"})), 422, vec!["role"]),
            (with(json!({"role": 7})), 400, vec!["role"]),
            (with(json!({"job_reference": ""})), 422, vec!["job_reference"]),
            (with(json!({"job_reference": {"$ne": 1}})), 400, vec!["job_reference"]),
            (with(json!({"author_email": "nobody"})), 422, vec!["author_email"]),
            (with(json!({"comment": "a\u{0}b"})), 422, vec!["comment"]),
            (with(json!({"comment": "x".repeat(5001)})), 422, vec!["comment"]),
            (with(json!({"created_at": "yesterday"})), 400, vec!["created_at"]),
            (with(json!({"created_at": "2026-11-22T12:05:01Z"})), 422, vec!["created_at"]),
            (with(json!({"created_at": "2099-01-01"})), 422, vec!["created_at"]),
            (with(json!({"api_key": "k"})), 400, vec!["api_key"]),
            (with(json!({"star": 4, "stars": null, "score": 1})), 400, vec!["star"]),
        ] {
            let told = world.post("/v1/ratings", &body).await;
            assert_eq!((told.status.as_u16(), fields(&told)), (status, wrong), "{body}: {}", told.body);
            assert!(!told.body.to_string().contains("nobody"), "{}", told.body);
        }
        let told = world.post("/v1/ratings", &with(json!({"star": 4}))).await;
        assert!(told.body.to_string().contains("did you mean `stars`?"), "{}", told.body);
        for action in [json!(""), json!("  "), json!("x".repeat(101)), json!("a\nb")] {
            let mut body = tracking("view");
            body["action"] = action;
            let told = world.post("/v1/trackings", &body).await;
            assert_eq!((told.status.as_u16(), fields(&told)), (422, vec!["action"]), "{}", told.body);
        }
        for (kind, text, status) in [
            ("application/json", "[1]".to_owned(), 400),
            ("application/json", "{\"stars\": 4".to_owned(), 400),
            ("application/json", rating().to_string().replacen('{', "{\"stars\": 5, ", 1), 400),
            ("application/json", "[".repeat(60_000), 400),
            ("application/json", format!("{{\"comment\": \"{}\"}}", "x".repeat(70_000)), 413),
            ("text/plain", rating().to_string(), 415),
        ] {
            let request = world.request(Method::POST, "/v1/ratings").header("Content-Type", kind).body(text);
            assert_eq!(answer(request).await.status.as_u16(), status);
        }
        for (query, wrong) in [
            ("role=recruiter", "job_reference"),
            ("job_reference=J1", "role"),
            ("role=recruiter&job_reference=J1&rol=x", "rol"),
            ("role=recruiter&job_reference=J1&actions=%5B%22a%22%5D", "actions"),
        ] {
            let listed = world.get(&format!("/v1/ratings?{query}")).await;
            assert_eq!((listed.status.as_u16(), fields(&listed)), (400, vec![wrong]), "{query}");
        }
        for key in ["", "a b", "x".repeat(256).as_str()] {
            let told = send(&world, "/v1/ratings", &rating(), key).await;
            assert_eq!((told.status.as_u16(), fields(&told)), (400, vec!["Idempotency-Key"]), "{key}");
        }
        assert_eq!(world.hrflow_side.requests().len(), 0, "nothing of it reached HrFlow");
    }
}

#[actix_web::test]
async fn the_same_sent_again_under_its_key_is_told_once_and_answered_as_the_first() {
    for backend in backends() {
        let world = world(backend).await;
        let first = send(&world, "/v1/ratings", &rating(), KEY).await;
        world.advance(3600);
        for key in [KEY, &format!("\"{KEY}\"")] {
            let again = send(&world, "/v1/ratings", &rating(), key).await;
            assert_eq!((again.status, &again.body), (StatusCode::CREATED, &first.body));
            assert_eq!(again.headers["idempotency-replayed"], "true");
        }
        assert!(!first.headers.contains_key("idempotency-replayed"));
        let mut other = rating();
        other["comment"] = json!("another one");
        let refused = send(&world, "/v1/ratings", &other, KEY).await;
        assert_eq!((refused.status.as_u16(), fields(&refused)), (422, vec!["Idempotency-Key"]));
        assert_eq!(world.hrflow_side.count("POST", "/rating"), 1);
        assert_eq!(send(&world, "/v1/trackings", &tracking("view"), KEY).await.status, StatusCode::CREATED);
        // Without a key, or under another, it is another rating.
        assert_eq!(send(&world, "/v1/ratings", &rating(), "another").await.status, StatusCode::CREATED);
        assert_eq!(world.post("/v1/ratings", &rating()).await.status, StatusCode::CREATED);
        assert_eq!(ratings(&world).await.len(), 3);
    }
}

#[actix_web::test]
async fn a_key_is_forgotten_after_a_day() {
    for backend in backends() {
        let world = world(backend).await;
        let first = send(&world, "/v1/ratings", &rating(), KEY).await;
        world.advance(24 * 3600 - 1);
        assert_eq!(send(&world, "/v1/ratings", &rating(), KEY).await.body, first.body);
        assert_eq!(retention::forget(&world.context).await.unwrap(), 0);
        world.advance(1);
        assert_eq!(world.database.number("SELECT count(*) FROM feedback_keys"), 1);
        assert_ne!(send(&world, "/v1/ratings", &rating(), KEY).await.body, first.body);
        world.advance(24 * 3600);
        assert_eq!(retention::forget(&world.context).await.unwrap(), 1);
        assert_eq!(world.database.number("SELECT count(*) FROM feedback_keys"), 0);
    }
}

#[actix_web::test]
async fn two_at_once_under_one_key_are_told_once() {
    for backend in backends() {
        let world = world(backend).await;
        let gate = Gate::new();
        world.hrflow_side.fail("POST", "/rating", Fault::HoldBefore(gate.clone()));
        let body = rating();
        let first = send(&world, "/v1/ratings", &body, KEY);
        let second = async {
            gate.reached().await;
            let second = send(&world, "/v1/ratings", &body, KEY).await;
            gate.open();
            second
        };
        let (first, second) = tokio::join!(first, second);
        assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
        assert_eq!((second.status, &second.body["code"]), (StatusCode::CONFLICT, &json!("conflict")));
        assert!(second.headers.contains_key("retry-after"));
        assert_eq!(send(&world, "/v1/ratings", &body, KEY).await.body, first.body);
        assert_eq!(world.hrflow_side.count("POST", "/rating"), 1);
    }
}

#[actix_web::test]
async fn what_may_have_been_recorded_is_looked_for_before_it_is_told_again() {
    for backend in backends() {
        let world = world(backend).await;
        // Carried out, and the answer is lost.
        world.hrflow_side.fail("POST", "/rating", Fault::LoseAnswer);
        let lost = send(&world, "/v1/ratings", &rating(), KEY).await;
        assert_eq!(lost.status, StatusCode::BAD_GATEWAY, "{}", lost.body);
        assert!(lost.body["detail"].as_str().unwrap().contains("may have been recorded"), "{}", lost.body);
        assert_eq!(lost.headers["retry-after"], "10");
        let resting = send(&world, "/v1/ratings", &rating(), KEY).await;
        assert_eq!(resting.status, StatusCode::CONFLICT, "it may still arrive: {}", resting.body);
        world.advance(10);
        // A look that fails tells nothing.
        world.hrflow_side.fail("GET", "/ratings", Fault::Status(500, None));
        let unseen = send(&world, "/v1/ratings", &rating(), KEY).await;
        assert_eq!(unseen.status, StatusCode::BAD_GATEWAY, "{}", unseen.body);
        world.advance(10);
        let found = send(&world, "/v1/ratings", &rating(), KEY).await;
        assert_eq!(found.status, StatusCode::CREATED, "{}", found.body);
        assert_eq!(found.body["created_at"], "2026-11-22T12:00:00Z", "the date of the first attempt");
        assert_eq!(world.hrflow_side.count("POST", "/rating"), 1);
        assert_eq!(ratings(&world).await.len(), 1);
        assert_eq!(send(&world, "/v1/ratings", &rating(), KEY).await.body, found.body);
    }
}

#[actix_web::test]
async fn what_was_not_recorded_after_all_is_told_with_its_first_date() {
    for backend in backends() {
        let world =
            world_with(backend, Wishes { call_timeout: Duration::from_millis(300), ..Wishes::default() })
                .await;
        let gate = Gate::new();
        world.hrflow_side.fail("POST", "/tracking", Fault::HoldBefore(gate.clone()));
        let late = send(&world, "/v1/trackings", &tracking("view"), KEY).await;
        assert_eq!(
            (late.status, &late.body["code"]),
            (StatusCode::GATEWAY_TIMEOUT, &json!("upstream_timed_out"))
        );
        assert!(late.body["detail"].as_str().unwrap().contains("same Idempotency-Key"), "{}", late.body);
        world.advance(60);
        let told = send(&world, "/v1/trackings", &tracking("view"), KEY).await;
        assert_eq!(told.status, StatusCode::CREATED, "{}", told.body);
        assert_eq!(told.body["created_at"], "2026-11-22T12:00:00Z");
        assert_eq!(world.hrflow_side.count("POST", "/tracking"), 2);
        assert_eq!(world.hrflow_side.count("GET", "/trackings"), 1, "it was looked for in between");
    }
}

#[actix_web::test]
async fn without_a_key_the_doubt_is_told_and_with_a_clear_refusal_there_is_none() {
    for backend in backends() {
        let world = world(backend).await;
        world.hrflow_side.fail("POST", "/rating", Fault::Cut);
        let lost = world.post("/v1/ratings", &rating()).await;
        let detail = lost.body["detail"].as_str().unwrap();
        assert!(lost.status == 502 && detail.contains("may have been recorded"), "{}", lost.body);
        assert_eq!(world.database.number("SELECT count(*) FROM feedback_keys"), 0);
        for (fault, status) in [
            (Fault::Status(401, None), 502),
            (Fault::Status(429, Some(7)), 429),
            (Fault::Answer(400, r#"{"code": 400, "message": "no"}"#.to_owned()), 422),
        ] {
            world.hrflow_side.fail("POST", "/rating", fault);
            let refused = send(&world, "/v1/ratings", &rating(), KEY).await;
            assert_eq!(refused.status, status, "{}", refused.body);
            assert!(!refused.body["detail"].as_str().unwrap().contains("may have"), "{}", refused.body);
            world.advance(60);
        }
        assert_eq!(send(&world, "/v1/ratings", &rating(), KEY).await.status, StatusCode::CREATED);
        assert_eq!(world.hrflow_side.count("GET", "/ratings"), 0, "nobody had to look");
    }
}

#[actix_web::test]
async fn what_a_node_left_under_way_when_it_died_is_taken_up_after_its_lease() {
    for backend in backends() {
        let world = world(backend).await;
        let gate = Gate::new();
        world.hrflow_side.fail("POST", "/rating", Fault::HoldAfter(gate.clone()));
        let (body, client) = (rating(), world.client.clone());
        let request = client.post(format!("{}/v1/ratings", world.address)).header("Idempotency-Key", KEY);
        let request = request.header("X-API-KEY", crate::support::PARTNER_KEY).json(&body);
        let caller = tokio::spawn(async move { request.send().await });
        gate.reached().await;
        // As a killed node leaves it: recorded there, under way here. The token is gone with the node.
        let taken = "UPDATE feedback_keys SET attempt = 'of a dead node'";
        world.database.execute(taken);
        gate.open();
        caller.await.unwrap().unwrap();
        assert_eq!(send(&world, "/v1/ratings", &body, KEY).await.status, StatusCode::CONFLICT);
        world.advance(50);
        let found = send(&world, "/v1/ratings", &body, KEY).await;
        assert_eq!(found.status, StatusCode::CREATED, "{}", found.body);
        assert_eq!(world.hrflow_side.count("POST", "/rating"), 1);
    }
}

#[actix_web::test]
async fn neither_comment_nor_address_nor_key_is_in_any_table() {
    for backend in backends() {
        let world = world(backend).await;
        send(&world, "/v1/ratings", &rating(), "key-of-zephyrine").await;
        world.hrflow_side.fail("POST", "/rating", Fault::Cut);
        let mut body = rating();
        body["profile_reference"] = json!("P2");
        send(&world, "/v1/ratings", &body, "another-key-of-zephyrine").await;
        assert_eq!(world.database.number("SELECT count(*) FROM feedback_keys"), 2);
        let tables = world.database.dump().to_lowercase();
        for planted in ["zephyrine", "recruiter.", "nights"] {
            assert!(!tables.contains(planted), "{planted}");
        }
    }
}
