//! What an export can be asked for, under which key, and how many there may be.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{lines, listed, start, state, work};
use crate::support::{Answer, OTHER_KEY, Wishes, World, answer, backends, hospital};

#[actix_web::test]
async fn an_export_takes_the_criteria_of_scoring_but_for_those_that_name_a_person() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let criteria = json!({"text_keywords": ["nurse"], "score_min": 0.001});
        let mut body = json!({"ranked": "profiles", "references": ["J1", "J2"]});
        let mut asked = json!({"job_reference": "J1"});
        for (name, value) in criteria.as_object().unwrap() {
            body[name] = value.clone();
            asked[name] = value.clone();
        }
        let id = start(&world, &body).await;
        work(&world.context).await;
        let told = lines(&world, &id, 0).await;
        let line = told.iter().find(|line| line["job_reference"] == "J1").unwrap();
        let list = world.post("/v1/profiles/scoring", &asked).await.body;
        assert_eq!(line["items"], list["items"]);
        assert_eq!(listed(line), ["P1", "P2"]);
        for (member, value) in [("name", json!("Ada")), ("email", json!("ada@example.org"))] {
            let mut body = json!({"ranked": "profiles"});
            body[member] = value;
            let refused = world.post("/v1/exports", &body).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
            assert_eq!(refused.body["errors"][0]["field"], member);
        }
        let of_jobs = json!({"ranked": "jobs", "name": "Baker"});
        assert_eq!(world.post("/v1/exports", &of_jobs).await.status, StatusCode::ACCEPTED);
    }
}

#[actix_web::test]
async fn the_same_key_is_the_same_export_and_never_another() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let body = json!({"ranked": "profiles", "top": 2});
        let ask = async |key: &str, body: &Value| {
            answer(world.request(Method::POST, "/v1/exports").header("Idempotency-Key", key).json(body)).await
        };
        let first = ask("\"one\"", &body).await;
        assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.body);
        work(&world.context).await;
        let again = ask("one", &body).await;
        assert_eq!((again.status, &again.body["id"]), (StatusCode::ACCEPTED, &first.body["id"]));
        assert_eq!(again.body["state"], "done", "it is told as it stands");
        assert_eq!(again.headers["idempotency-replayed"], "true");
        assert!(!first.headers.contains_key("idempotency-replayed"));
        let other = ask("one", &json!({"ranked": "profiles", "top": 3})).await;
        assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", other.body);
        assert_eq!(other.body["errors"][0]["field"], "Idempotency-Key");
        assert_ne!(ask("two", &body).await.body["id"], first.body["id"]);
        let another = world.client.post(format!("{}/v1/exports", world.address)).json(&body);
        let another = answer(another.header("Idempotency-Key", "one").header("X-API-KEY", OTHER_KEY)).await;
        assert_ne!(another.body["id"], first.body["id"], "each partner has its own keys");
        for key in ["", "\"\"", &"k".repeat(256), "caf\u{e9}"] {
            let refused = ask(key, &body).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{key}: {}", refused.body);
        }
    }
}

#[actix_web::test]
async fn a_key_gives_its_export_also_after_the_ledger_grew_too_large_for_another() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let body = json!({"ranked": "profiles", "top": 1000});
        let ask = async |key: &str| {
            answer(world.request(Method::POST, "/v1/exports").header("Idempotency-Key", key).json(&body))
                .await
        };
        let first = ask("one").await;
        assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.body);
        world.database.execute("CREATE TABLE more AS SELECT * FROM records WHERE reference = 'J1'");
        let grow = (0..5000).map(|number| {
            format!("UPDATE more SET reference = 'X{number}'; INSERT INTO records SELECT * FROM more;")
        });
        world.database.execute(&format!("BEGIN; {} COMMIT; DROP TABLE more", grow.collect::<String>()));
        let again = ask("one").await;
        assert_eq!((again.status, &again.body["id"]), (StatusCode::ACCEPTED, &first.body["id"]));
        assert_eq!(again.headers["idempotency-replayed"], "true");
        let other = ask("two").await;
        assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", other.body);
        assert_eq!(other.body["errors"][0]["field"], "top");
    }
}

#[actix_web::test]
async fn only_so_many_are_open_and_a_cancelled_one_makes_room() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let body = json!({"ranked": "profiles"});
        let id = start(&world, &body).await;
        for _ in 1..10 {
            start(&world, &body).await;
        }
        let refused = world.post("/v1/exports", &body).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
        assert!(refused.body["detail"].as_str().unwrap().contains("10 exports are open"), "{}", refused.body);
        let cancelled = world.post(&format!("/v1/exports/{id}/cancel"), &json!({})).await;
        assert_eq!((cancelled.status, &cancelled.body["state"]), (StatusCode::OK, &json!("cancelled")));
        start(&world, &body).await;
        work(&world.context).await;
        assert_eq!(lines(&world, &id, 0).await, Vec::<Value>::new());
        let again = world.post(&format!("/v1/exports/{id}/cancel"), &json!({})).await;
        assert_eq!(again.body, state(&world, &id).await, "what has ended stays as it is");

        let mut seen = Vec::new();
        let mut path = "/v1/exports?limit=4".to_owned();
        loop {
            let page = world.get(&path).await.body;
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            path = format!("/v1/exports?limit=4&cursor={next}");
        }
        let newest_first: Vec<String> = { seen.iter().rev().cloned().collect() };
        assert_eq!(seen.len(), 11);
        assert!(newest_first.is_sorted(), "{seen:?}");
    }
}

#[actix_web::test]
async fn another_partners_export_is_not_there() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let id = start(&world, &json!({"ranked": "profiles"})).await;
        let ask = async |method: Method, path: &str| -> Answer {
            let request = world.client.request(method, format!("{}{path}", world.address));
            answer(request.header("X-API-KEY", OTHER_KEY)).await
        };
        for (method, path) in [
            (Method::GET, format!("/v1/exports/{id}")),
            (Method::GET, format!("/v1/exports/{id}/lines")),
            (Method::POST, format!("/v1/exports/{id}/cancel")),
        ] {
            let theirs = ask(method.clone(), &path).await;
            let nobodys = ask(method, &path.replace(&id, "nothing")).await;
            assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{path}: {}", theirs.body);
            let told = theirs.body.to_string().replace(&id, "nothing");
            assert_eq!(told, nobodys.body.to_string(), "as if it did not exist");
        }
        assert_eq!(ask(Method::GET, "/v1/exports").await.body["items"], json!([]));
        assert_eq!(state(&world, &id).await["state"], "waiting");
    }
}

#[actix_web::test]
async fn a_wish_that_cannot_be_met_is_refused_whole_and_names_what_is_wrong() {
    for backend in backends() {
        let world = World::new(backend).await;
        let many: Vec<String> = (0..10_001).map(|number| number.to_string()).collect();
        for (body, field) in [
            (json!({"ranked": "profiles", "references": many}), "references"),
            (json!({"ranked": "profiles", "references": []}), "references"),
            (json!({"ranked": "profiles", "references": "J1"}), "references"),
            (json!({"ranked": "profiles", "references": ["J1", "J2", "J1"]}), "references[2]"),
            (json!({"ranked": "profiles", "references": ["J1", 7]}), "references[1]"),
            (json!({"ranked": "profiles", "references": [".."]}), "references[0]"),
            (json!({"ranked": "candidates"}), "ranked"),
            (json!({}), "ranked"),
            (json!({"ranked": "profiles", "top": 0}), "top"),
            (json!({"ranked": "profiles", "top": 1001}), "top"),
            (json!({"ranked": "profiles", "top": "many"}), "top"),
            (json!({"ranked": "profiles", "top": 1.5}), "top"),
            (json!({"ranked": "profiles", "score_min": 2}), "score_min"),
            (json!({"ranked": "profiles", "topp": 3}), "topp"),
            (json!({"ranked": "profiles", "job_reference": "J1"}), "job_reference"),
            (json!({"ranked": "profiles", "page": 2}), "page"),
            (json!({"ranked": "profiles", "salary_min": 2}), "salary_min"),
            (json!({"ranked": "jobs", "experiences_duration_min": 2}), "experiences_duration_min"),
            (json!({"ranked": "profiles", "references": many[..10_000], "top": 501}), "top"),
        ] {
            let refused = world.post("/v1/exports", &body).await;
            assert!([400, 422].contains(&refused.status.as_u16()), "{field}: {}", refused.body);
            let errors = refused.body["errors"].as_array().unwrap();
            assert!(errors.iter().any(|error| error["field"] == field), "{field}: {}", refused.body);
        }
        let ask = |body: String| {
            let request =
                world.request(Method::POST, "/v1/exports").header("Content-Type", "application/json");
            answer(request.body(body))
        };
        for (body, status) in
            [("[1, 2".to_owned(), 400), ("[]".to_owned(), 400), (format!("\"{}\"", "x".repeat(5 << 20)), 413)]
        {
            let refused = ask(body).await;
            assert_eq!(refused.status.as_u16(), status, "{}", refused.body);
        }
        let plain = answer(world.request(Method::POST, "/v1/exports").body("{}")).await;
        assert_eq!(plain.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(world.database.number("SELECT count(*) FROM exports"), 0, "nothing is half-written");
    }
}
