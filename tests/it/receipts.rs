//! Receipts: what an answer was made of is put down before it is given, in a chain that shows every change.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use oem_connector::flows::{lease, retention};
use oem_connector::model::chain::{Verdict, Verifier};
use oem_connector::model::{Entity, digest};
use oem_connector::server::{self, Serving};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::process::{printed, run};
use crate::support::{
    Answer, Backend, Fault, Gate, OPERATOR_KEY, OTHER_KEY, PARTNER_KEY, RECEIPTS_KEPT, Wishes, World, answer,
    backends,
};

const SCORE: &str = "/v1/profiles/scoring?job_reference=J1&receipt=true";
const NAME: &str = "Zephyrine";
const EMAIL: &str = "zephyrine@example.org";

/// A world with a job and three profiles, indexed.
async fn world(backend: Backend) -> World {
    world_with(backend, Wishes::default()).await
}

async fn world_with(backend: Backend, wishes: Wishes) -> World {
    let world = World::with(backend, wishes).await;
    world.has_job("J1", "Night nurse");
    for id in ["P1", "P2", "P3"] {
        let person = json!({
            "id": id, "firstName": NAME, "lastName": "Moreau", "headline": "Nurse", "resumeText": "planted words",
            "contact": {"email": EMAIL}, "competencies": ["Rust"],
        });
        world.ats.put(Entity::Profile, person.as_object().unwrap().clone()).unwrap();
    }
    world.pull("jobs", "full").await;
    world.pull("profiles", "full").await;
    world
}

/// Asks so that a receipt is made, and gives its id.
async fn ask(world: &World, path: &str) -> String {
    let asked = world.get(path).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
    asked.body["receipt"]["id"].as_str().unwrap_or_else(|| panic!("{}", asked.body)).to_owned()
}

async fn receipt(world: &World, id: &str) -> Value {
    let found = world.get(&format!("/v1/receipts/{id}")).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.body);
    found.body
}

async fn export(world: &World, query: &str) -> Vec<String> {
    let request = world.request(Method::GET, &format!("/v1/receipts/lines{query}"));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    answer.text().await.unwrap().lines().map(str::to_owned).collect()
}

fn verify(lines: &[String]) -> Verdict {
    let mut verifier = Verifier::default();
    for line in lines {
        verifier.take(line.as_bytes());
    }
    verifier.finish()
}

async fn verified(world: &World) -> Verdict {
    verify(&export(world, "").await)
}

fn subject(partner: &str, entity: &str, reference: &str) -> String {
    digest(&[partner.as_bytes(), entity.as_bytes(), reference.as_bytes()])
}

async fn as_operator(world: &World, path: &str) -> Answer {
    answer(world.client.get(format!("{}{path}", world.address)).header("X-API-KEY", OPERATOR_KEY)).await
}

/// Deletes all that is too old.
async fn forget(world: &World) -> usize {
    let mut deleted = 0;
    loop {
        match retention::forget(&world.context).await.unwrap() {
            0 => return deleted,
            some => deleted += some,
        }
    }
}

#[actix_web::test]
async fn a_receipt_says_what_the_answer_was_made_of() {
    for backend in backends() {
        let world = world(backend).await;
        let request =
            world.request(Method::GET, &format!("{SCORE}&score_min=0.001&text_keywords=%5B%22nurse%22%5D"));
        let asked = answer(request.header("X-Request-Id", "the-callers-own")).await;
        assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
        let mark = &asked.body["receipt"];
        let kept = receipt(&world, mark["id"].as_str().unwrap()).await;
        assert_eq!((&kept["hash"], &kept["seq"], &kept["id"]), (&mark["hash"], &json!(1), &mark["id"]));
        let entry = &kept["entry"];
        for (name, value) in [
            ("seq", json!(1)),
            ("partner", json!("acme")),
            ("at", json!(world.now())),
            ("request_id", json!("the-callers-own")),
            ("key", json!(digest(&[PARTNER_KEY.as_bytes()])[..8])),
            ("connector", json!(env!("CARGO_PKG_VERSION"))),
        ] {
            assert_eq!(entry[name], value, "{name}");
        }
        let question = &entry["question"];
        assert_eq!((&question["capability"], &question["ranked"]), (&json!("scoring"), &json!("profiles")));
        assert_eq!(question["algorithm_key"], "sandbox-ranker");
        assert_eq!(question["asked_for"]["reference"], "J1");
        let veiled = format!("sha256:{}", digest(&[b"acme", b"text_keywords", b"nurse"]));
        assert_eq!(question["parameters"]["text_keywords"], json!([veiled]), "anybody may be looked for so");
        assert_eq!(question["parameters"]["score_min"], 0.001);
        assert_eq!(question["parameters"]["limit"], 30, "what was not said too");
        let fingerprint = |entity: &str, reference: &str| {
            let (entity, reference) = (entity.to_owned(), reference.to_owned());
            let world = &world;
            async move {
                let found = world.context.store.read(move |db| {
                    let reference = [reference];
                    let entity = Entity::parse(&entity).unwrap();
                    oem_connector::store::records::glance(db, "acme", entity, &reference)
                });
                found.await.unwrap().remove(0).fingerprint
            }
        };
        assert_eq!(question["asked_for"]["fingerprint"], json!(fingerprint("jobs", "J1").await));
        let items = entry["answer"]["items"].as_array().unwrap();
        let given = asked.body["items"].as_array().unwrap();
        assert_eq!((items.len(), given.len(), &entry["answer"]["total"]), (3, 3, &json!(3)));
        assert_eq!(
            (&entry["answer"]["asked_at"], &entry["answer"]["stale"]),
            (&json!(world.now()), &json!(false))
        );
        for (place, (item, given)) in items.iter().zip(given).enumerate() {
            let reference = given["reference"].as_str().unwrap();
            assert_eq!(item["rank"], json!(place + 1));
            assert_eq!(item["score"], given["score"], "the very number");
            assert_eq!(item["object"]["subject"], subject("acme", "profile", reference));
            assert_eq!(item["object"]["reference"], Value::Null, "a profile goes by its digest");
            assert_eq!(item["object"]["fingerprint"], json!(fingerprint("profiles", reference).await));
        }
        let without = world.get("/v1/profiles/scoring?job_reference=J1").await;
        assert!(without.body.get("receipt").is_none(), "{}", without.body);
        let odd = world.get("/v1/profiles/scoring?job_reference=J1&receipt=perhaps").await;
        assert_eq!(odd.status, StatusCode::BAD_REQUEST, "{}", odd.body);
    }
}

#[actix_web::test]
async fn every_way_of_asking_can_be_put_down_and_a_refusal_is_not() {
    for backend in backends() {
        let world = world(backend).await;
        for (path, capability, ranked) in [
            (SCORE, "scoring", "profiles"),
            ("/v1/jobs/scoring?profile_reference=P1&receipt=true", "scoring", "jobs"),
            ("/v1/profiles/searching?receipt=true", "searching", "profiles"),
            ("/v1/jobs/searching?receipt=true", "searching", "jobs"),
        ] {
            let kept = receipt(&world, &ask(&world, path).await).await;
            let question = &kept["entry"]["question"];
            assert_eq!((&question["capability"], &question["ranked"]), (&json!(capability), &json!(ranked)));
        }
        for (path, body) in [
            ("/v1/profiles/scoring", json!({"job_reference": "J1", "receipt": true, "score_min": 0.001})),
            (
                "/v1/jobs/scoring",
                json!({"profile_reference": "P1", "receipt": true, "text_keywords": ["nurse"]}),
            ),
            ("/v1/profiles/searching", json!({"receipt": true})),
            ("/v1/jobs/searching", json!({"receipt": true, "limit": 5})),
        ] {
            let asked = world.post(path, &body).await;
            assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
            let kept = receipt(&world, asked.body["receipt"]["id"].as_str().unwrap()).await;
            let parameters = &kept["entry"]["question"]["parameters"];
            for name in ["score_min", "text_keywords"] {
                assert_eq!(parameters[name], body[name], "{kept}");
            }
        }
        let wrong = world.post("/v1/profiles/searching", &json!({"receipt": "yes"})).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.body);
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Status(500, None));
        assert_eq!(world.get(SCORE).await.status, StatusCode::SERVICE_UNAVAILABLE);
        let verdict = verified(&world).await;
        assert_eq!((verdict.intact, verdict.receipts), (true, 8), "{verdict:?}");
    }
}

#[actix_web::test]
async fn a_minute_has_room_for_so_many_receipts_also_of_answers_that_cost_no_call() {
    for backend in backends() {
        let wishes = Wishes {
            query_cache: Duration::from_mins(10),
            adjust: |config| config.limits.queries.receipts_per_minute = 3,
            ..Wishes::default()
        };
        let world = world_with(backend, wishes).await;
        let retry_after = |answer: &Answer| answer.headers["retry-after"].to_str().unwrap().to_owned();
        ask(&world, SCORE).await;
        world.advance(10);
        for _ in 0..2 {
            ask(&world, SCORE).await;
        }
        let refused = world.get(SCORE).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.body);
        assert_eq!((&refused.body["code"], &*retry_after(&refused)), (&json!("rate_limited"), "50"));
        assert!(refused.body["detail"].as_str().unwrap().contains("without `receipt`"), "{}", refused.body);
        assert!(!refused.headers.contains_key("ratelimit"), "it is not the quota of queries");
        let without = world.get("/v1/profiles/scoring?job_reference=J1").await;
        assert_eq!(without.status, StatusCode::OK, "{}", without.body);
        let path = format!("{}/v1/profiles/searching?receipt=true", world.address);
        let another = answer(world.client.get(path).header("X-API-KEY", OTHER_KEY)).await;
        assert_eq!(another.status, StatusCode::OK, "each partner has its own: {}", another.body);
        world.advance(50);
        ask(&world, SCORE).await;
        assert_eq!(retry_after(&world.get(SCORE).await), "10", "until the second is a minute old");
        assert_eq!(world.hrflow_side.count("GET", "/profiles/scoring"), 1);
        let verdict = verified(&world).await;
        assert_eq!((verdict.intact, verdict.receipts), (true, 4), "{verdict:?}");
    }
}

#[actix_web::test]
async fn no_person_is_named_in_any_receipt() {
    for backend in backends() {
        let world = world(backend).await;
        for path in [
            format!("/v1/profiles/searching?receipt=true&name={NAME}"),
            format!("/v1/profiles/searching?receipt=true&email={EMAIL}"),
            format!("/v1/profiles/searching?receipt=true&text_keywords=%5B%22{NAME}%22%5D"),
            format!("/v1/profiles/searching?receipt=true&summary_keywords=%5B%22{NAME}%22%5D"),
            "/v1/jobs/scoring?profile_reference=P1&receipt=true".to_owned(),
            SCORE.to_owned(),
        ] {
            let request = world.request(Method::GET, &path).header("X-Request-Id", EMAIL);
            let asked = answer(request).await;
            assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
        }
        let tables = world.database.dump();
        let rows: Vec<&str> = tables.lines().filter(|line| line.starts_with("receipt")).collect();
        assert!(rows.len() > 8, "{rows:#?}");
        for row in &rows {
            for planted in [NAME, EMAIL, "example.org", "Moreau", "planted", "\"P1\"", PARTNER_KEY] {
                assert!(!row.contains(planted), "{planted} in {row}");
            }
        }
        let veiled = format!("sha256:{}", digest(&[b"acme", b"name", NAME.as_bytes()]));
        assert!(rows.iter().any(|row| row.contains(&veiled)), "whoever knows the name finds it");
    }
}

/// What a receipt says of the answer, and of the fingerprint of one profile in it.
async fn attested(world: &World, asked: &Answer, reference: &str) -> (Value, Value) {
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
    let kept = receipt(world, asked.body["receipt"]["id"].as_str().unwrap()).await;
    let answer = kept["entry"]["answer"].clone();
    let wanted = subject("acme", "profile", reference);
    let items = answer["items"].as_array().unwrap();
    let item =
        items.iter().find(|item| item["object"]["subject"] == wanted).unwrap_or_else(|| panic!("{kept}"));
    let fingerprint = item["object"]["fingerprint"].clone();
    (answer, fingerprint)
}

async fn changes(world: &World, reference: &str) {
    world.advance(1);
    world.has_profile(reference, "Night nurse and baker");
    world.announce("profile_update", reference).await;
    world.settle().await;
}

#[actix_web::test]
async fn a_page_of_an_older_ranking_attests_no_fingerprint_of_what_changed_since() {
    for backend in backends() {
        let world = world(backend).await;
        let path = "/v1/profiles/scoring?job_reference=J1&limit=1";
        let mut next = world.get(path).await;
        for _ in 0..2 {
            let cursor = next.body["next_cursor"].as_str().unwrap();
            let kept = format!("{path}&receipt=true&cursor={cursor}");
            next = world.get(&kept).await;
            let reference = next.body["items"][0]["reference"].as_str().unwrap().to_owned();
            let made_at = world.now();
            let (answer, fingerprint) = attested(&world, &next, &reference).await;
            assert!(fingerprint.is_string(), "it is what the score was made of: {answer}");
            if next.body["next_cursor"].is_null() {
                changes(&world, &reference).await;
                let again = world.get(&kept).await;
                assert_eq!(again.body["items"], next.body["items"], "the scores are those of the snapshot");
                let (answer, fingerprint) = attested(&world, &again, &reference).await;
                assert_eq!((&answer["asked_at"], &fingerprint), (&json!(made_at), &Value::Null), "{answer}");
            }
        }
    }
}

#[actix_web::test]
async fn an_answer_that_a_change_overtook_attests_nothing_of_what_changed() {
    for backend in backends() {
        let world = world(backend).await;
        let gate = Gate::new();
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldAfter(gate.clone()));
        let overtaken = async {
            gate.reached().await;
            changes(&world, "P2").await;
            gate.open();
        };
        let (asked, ()) = futures_util::future::join(world.get(SCORE), overtaken).await;
        assert_eq!(attested(&world, &asked, "P2").await.1, Value::Null);
        assert!(attested(&world, &asked, "P1").await.1.is_string());
        // Nor of what somebody is bringing to HrFlow, who may have it already.
        world.advance(1);
        world.announce("profile_update", "P3").await;
        let leased = lease::claim(&world.context, world.acme(), 8).await.unwrap();
        assert_eq!(leased.len(), 1);
        let asked = world.get(SCORE).await;
        assert_eq!(attested(&world, &asked, "P3").await.1, Value::Null);
        assert!(attested(&world, &asked, "P2").await.1.is_string());
    }
}

#[actix_web::test]
async fn an_answer_that_stands_in_says_so_in_its_receipt() {
    for backend in backends() {
        let adjust = |config: &mut oem_connector::config::Config| config.limits.queries.serve_stale = true;
        let world = world_with(backend, Wishes { adjust, ..Wishes::default() }).await;
        let first = world.get(SCORE).await;
        let asked_at = world.now();
        assert!(attested(&world, &first, "P1").await.1.is_string());
        changes(&world, "P1").await;
        world.hrflow_side.fail_times(usize::MAX, "GET", "/profiles/scoring", Fault::Status(503, None));
        let last = world.get(SCORE).await;
        let (answer, fingerprint) = attested(&world, &last, "P1").await;
        assert_eq!((&answer["asked_at"], &answer["stale"]), (&json!(asked_at), &json!(true)), "{answer}");
        assert_eq!(fingerprint, Value::Null, "the score is that of what it was");
        assert!(attested(&world, &last, "P2").await.1.is_string());
    }
}

#[actix_web::test]
async fn the_receipt_of_a_pair_claims_no_place_in_the_list() {
    for backend in backends() {
        let world = world(backend).await;
        let asked = world.get("/v1/match?job_reference=J1&profile_reference=P2&receipt=true").await;
        let (answer, fingerprint) = attested(&world, &asked, "P2").await;
        let item = &answer["items"][0];
        assert_eq!((&item["rank"], &item["score"]), (&Value::Null, &asked.body["score"]), "{answer}");
        assert_eq!(answer["asked_at"], world.now());
        assert!(fingerprint.is_string());
    }
}

#[actix_web::test]
async fn whatever_is_changed_in_the_database_is_found() {
    for backend in backends() {
        let world = world(backend).await;
        for _ in 0..4 {
            ask(&world, SCORE).await;
        }
        world.advance(1);
        assert!(verified(&world).await.intact);
        for change in [
            "receipts SET partner = 'other' WHERE seq = 2",
            "receipts SET seq = 9 WHERE seq = 2",
            "receipts SET seq = 5 WHERE seq = 4",
            "receipts SET id = 'another' WHERE seq = 3",
            "receipts SET kept_at = kept_at + 1 WHERE seq = 1",
            "receipts SET previous = hash WHERE seq = 2",
            "receipts SET hash = previous WHERE seq = 4",
            "receipts SET entry = replace(entry, '\"rank\":1', '\"rank\":2') WHERE seq = 2",
            "receipts SET entry = replace(entry, 'J1', 'J2') WHERE seq = 4",
            "receipts SET entry = entry || ' ' WHERE seq = 1",
            "receipts SET entry = 'no JSON' WHERE seq = 1",
            "receipts SET entry = '{}' WHERE seq = 4",
            "receipt_chains SET partner = 'other'",
            "receipt_chains SET seq = 3",
            "receipt_chains SET seq = 5",
            "receipt_chains SET hash = anchor_hash",
            "receipt_chains SET anchor_seq = 1",
            "receipt_chains SET anchor_hash = hash",
        ] {
            let tables = world.database.dump();
            let before: Vec<&str> = tables.lines().filter(|line| line.starts_with("receipt")).collect();
            let (table, _) = change.split_once(' ').unwrap();
            world.database.execute(&format!("CREATE TABLE whole AS SELECT * FROM {table}"));
            world.database.execute(&format!("UPDATE {change}"));
            let verdict = verified(&world).await;
            assert!(!verdict.intact, "{change}: {verdict:?}");
            world.database.execute(&format!(
                "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM whole; DROP TABLE whole"
            ));
            let tables = world.database.dump();
            assert_eq!(tables.lines().filter(|line| line.starts_with("receipt")).count(), before.len());
            assert!(verified(&world).await.intact, "after {change}");
        }
        world.database.execute("DELETE FROM receipts WHERE seq = 3");
        let verdict = verified(&world).await;
        assert!(verdict.faults[0].detail.contains("1 before it are missing"), "{verdict:?}");
    }
}

#[actix_web::test]
async fn receipts_of_two_nodes_at_once_are_one_chain_without_gaps() {
    for backend in backends() {
        let world = Arc::new(world(backend).await);
        let mut addresses = vec![world.address.clone()];
        let mut nodes = Vec::new();
        if backend == Backend::Postgres {
            // Another node with pools of its own.
            let context = server::context(&world.config, world.clock.clone()).await.unwrap();
            let serving = Serving::start(&world.config, context).unwrap();
            addresses.push(format!("http://{}", serving.address));
            nodes.push(serving);
        }
        let barrier = Arc::new(tokio::sync::Barrier::new(24));
        let asking = (0..24).map(|number| {
            let (world, barrier) = (world.clone(), barrier.clone());
            let address = addresses[number % addresses.len()].clone();
            async move {
                barrier.wait().await;
                let request = world.client.get(format!("{address}{SCORE}")).header("X-API-KEY", PARTNER_KEY);
                let asked = answer(request).await;
                assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
                asked.body["receipt"]["id"].as_str().unwrap().to_owned()
            }
        });
        let mut ids = join_all(asking).await;
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 24, "a receipt of its own for each");
        let verdict = verified(&world).await;
        assert!(verdict.intact, "{verdict:?}");
        assert_eq!((verdict.receipts, verdict.first_seq, verdict.last_seq), (24, Some(1), Some(24)));
    }
}

#[actix_web::test]
async fn what_cannot_be_put_down_is_not_answered_and_leaves_no_gap() {
    for backend in backends() {
        let world = world(backend).await;
        ask(&world, SCORE).await;
        // The commit is refused after the chain was counted up.
        let refuse = match backend {
            Backend::Sqlite => {
                "CREATE TRIGGER refuse BEFORE INSERT ON receipt_subjects BEGIN SELECT RAISE(ABORT, 'full'); END"
            }
            Backend::Postgres => {
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                 'BEGIN RAISE EXCEPTION ''full''; END'; \
                 CREATE TRIGGER refuse BEFORE INSERT ON receipt_subjects EXECUTE FUNCTION refuse()"
            }
        };
        world.database.execute(refuse);
        let refused = world.get(SCORE).await;
        assert!(refused.status.is_server_error(), "{}", refused.body);
        assert_eq!(world.get("/v1/profiles/scoring?job_reference=J1").await.status, StatusCode::OK);
        world.database.execute(match backend {
            Backend::Sqlite => "DROP TRIGGER refuse",
            Backend::Postgres => "DROP TRIGGER refuse ON receipt_subjects",
        });
        let kept = receipt(&world, &ask(&world, SCORE).await).await;
        assert_eq!(kept["seq"], 2);
        assert!(verified(&world).await.intact);
    }
}

#[actix_web::test]
async fn an_erasure_leaves_the_chain_whole_and_nothing_of_the_person() {
    for backend in backends() {
        let world = world(backend).await;
        ask(&world, "/v1/jobs/scoring?profile_reference=P1&receipt=true").await;
        ask(&world, SCORE).await;
        let request =
            world.client.post(format!("{}/v1/records/profiles/P1/erase?partner=acme", world.address));
        let erasure = answer(request.header("X-API-KEY", OPERATOR_KEY)).await.body;
        world.settle().await;
        let verdict = verified(&world).await;
        assert_eq!((verdict.intact, verdict.receipts), (true, 2), "{verdict:?}");
        let evidence =
            as_operator(&world, &format!("/v1/erasures/{}", erasure["id"].as_str().unwrap())).await;
        assert_eq!(evidence.body["state"], "erased", "{}", evidence.body);
        let tables = world.database.dump();
        let rows: Vec<&str> = tables.lines().filter(|line| line.starts_with("receipts: ")).collect();
        assert!(rows.iter().all(|row| !row.contains("P1") && !row.contains(NAME)), "{rows:#?}");
        let subject = evidence.body["subject"].as_str().unwrap();
        assert!(rows.iter().all(|row| row.contains(subject)), "the evidence names the same digest");
        let listed = world.get("/v1/receipts?reference=P1").await;
        assert_eq!(listed.body["items"].as_array().unwrap().len(), 2, "for whoever knows the reference");
    }
}

#[actix_web::test]
async fn receipts_are_listed_the_newest_first_by_object_and_by_time() {
    for backend in backends() {
        let world = world(backend).await;
        for path in [
            SCORE,
            "/v1/jobs/searching?receipt=true",
            SCORE,
            "/v1/jobs/scoring?profile_reference=P2&receipt=true",
        ] {
            ask(&world, path).await;
            world.advance(60);
        }
        let seqs = |answer: &Answer| -> Vec<i64> {
            let items = answer.body["items"].as_array().unwrap_or_else(|| panic!("{}", answer.body));
            items.iter().map(|item| item["seq"].as_i64().unwrap()).collect()
        };
        for (query, expected) in [
            ("", vec![4, 3, 2, 1]),
            ("?reference=P2", vec![4, 3, 1]),
            ("?reference=P3", vec![3, 1]),
            ("?reference=J1", vec![4, 3, 2, 1]),
            ("?reference=nobody", vec![]),
            ("?from=2026-11-22T12:01:00Z", vec![4, 3, 2]),
            ("?from=2026-11-22T12:01:00Z&to=2026-11-22T12:03:00Z", vec![3, 2]),
            ("?reference=P2&to=2026-11-22T12:03:00Z", vec![3, 1]),
        ] {
            assert_eq!(seqs(&world.get(&format!("/v1/receipts{query}")).await), expected, "{query}");
        }
        for query in ["?limit=1", "?limit=1&reference=J1"] {
            let (mut read, mut next) = (Vec::new(), String::new());
            loop {
                let page = world.get(&format!("/v1/receipts{query}{next}")).await;
                read.extend(seqs(&page));
                let Some(cursor) = page.body["next_cursor"].as_str() else { break };
                next = format!("&cursor={cursor}");
            }
            assert_eq!(read, [4, 3, 2, 1], "{query}");
        }
        let head = &world.get("/v1/receipts").await.body["head"];
        let last = world.get("/v1/receipts?limit=1").await.body["items"][0].clone();
        assert_eq!((&head["seq"], &head["hash"]), (&last["seq"], &last["hash"]));
    }
}

#[actix_web::test]
async fn a_partner_sees_its_own_chain_and_an_operator_any() {
    for backend in backends() {
        let world = world(backend).await;
        let id = ask(&world, SCORE).await;
        let other = |path: String| {
            let request = world.client.get(format!("{}{path}", world.address)).header("X-API-KEY", OTHER_KEY);
            answer(request)
        };
        assert_eq!(other(format!("/v1/receipts/{id}")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(other("/v1/receipts".to_owned()).await.body["items"], json!([]));
        assert_eq!(other("/v1/receipts/lines?partner=acme".to_owned()).await.status, StatusCode::NOT_FOUND);
        for (path, status) in [
            ("/v1/receipts?partner=acme".to_owned(), StatusCode::OK),
            (format!("/v1/receipts/{id}?partner=acme"), StatusCode::OK),
            ("/v1/receipts/lines?partner=acme".to_owned(), StatusCode::OK),
            ("/v1/receipts".to_owned(), StatusCode::BAD_REQUEST),
            (format!("/v1/receipts/{id}?partner=other"), StatusCode::NOT_FOUND),
        ] {
            assert_eq!(as_operator(&world, &path).await.status, status, "{path}");
        }
        let nothing = world.get("/v1/receipts/no-such-receipt").await;
        assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    }
}

#[actix_web::test]
async fn an_export_that_broke_off_goes_on_where_it_stopped() {
    for backend in backends() {
        let world = world(backend).await;
        let empty = export(&world, "").await;
        assert_eq!(empty.len(), 2, "a beginning and an end");
        assert!(verify(&empty).intact);
        for _ in 0..5 {
            ask(&world, SCORE).await;
        }
        let whole = export(&world, "").await;
        assert_eq!(whole.len(), 7);
        let mut joined = whole[..3].to_vec();
        assert!(!verify(&joined).intact, "it says that it was cut off");
        joined.extend(export(&world, "?after=2").await);
        let verdict = verify(&joined);
        assert_eq!((verdict.intact, verdict.receipts), (true, 5), "{verdict:?}");
        // What was added since goes on from the end of the last one.
        ask(&world, SCORE).await;
        joined.extend(export(&world, "?after=5").await);
        let verdict = verify(&joined);
        assert_eq!((verdict.intact, verdict.receipts), (true, 6), "{verdict:?}");
        let beyond = world.get("/v1/receipts/lines?after=7").await;
        assert_eq!(beyond.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", beyond.body);
        for odd in ["-1", "x", "9223372036854775807"] {
            let refused = world.get(&format!("/v1/receipts/lines?after={odd}")).await;
            assert!(refused.status.is_client_error(), "{odd}: {}", refused.body);
        }
    }
}

#[actix_web::test]
async fn old_receipts_go_from_the_beginning_and_what_is_left_still_proves_itself() {
    for backend in backends() {
        let world = world(backend).await;
        for _ in 0..3 {
            ask(&world, SCORE).await;
        }
        let early = export(&world, "").await;
        world.advance(60);
        for _ in 0..2 {
            ask(&world, SCORE).await;
        }
        world.clock.advance(RECEIPTS_KEPT);
        world.clock.advance(std::time::Duration::from_secs(1));
        let request = world.client.post(format!("{}/v1/receipts", world.address));
        assert_eq!(
            answer(request.header("X-API-KEY", OPERATOR_KEY)).await.status,
            StatusCode::METHOD_NOT_ALLOWED
        );
        ask(&world, SCORE).await;
        assert!(forget(&world).await >= 5);
        let left = export(&world, "").await;
        let verdict = verify(&left);
        assert_eq!((verdict.intact, verdict.first_seq, verdict.receipts), (true, Some(6), 1), "{verdict:?}");
        let listed = world.get("/v1/receipts").await.body;
        assert_eq!((&listed["anchor"]["seq"], &listed["head"]["seq"]), (&json!(5), &json!(6)));
        let gone = world.get("/v1/receipts/lines?after=3").await;
        assert_eq!(
            (gone.status, &gone.body["code"]),
            (StatusCode::GONE, &json!("cursor_expired")),
            "{}",
            gone.body
        );
        assert_eq!(world.database.number("SELECT count(*) FROM receipt_subjects WHERE seq <= 5"), 0);
        // What was exported before still fits, but for what was never exported.
        assert!(verify(&early).intact);
        let joined: Vec<String> = early.into_iter().chain(left).collect();
        assert!(!verify(&joined).intact);
        ask(&world, SCORE).await;
        assert_eq!(verified(&world).await.last_seq, Some(7), "numbers go on");
    }
}

#[actix_web::test]
async fn old_receipts_go_a_few_at_a_time() {
    for backend in backends() {
        let world = world(backend).await;
        for _ in 0..30 {
            ask(&world, SCORE).await;
        }
        world.clock.advance(RECEIPTS_KEPT);
        world.advance(1);
        let left = || world.database.number("SELECT count(*) FROM receipts");
        retention::forget(&world.context).await.unwrap();
        assert_eq!(left(), 5, "each has many rows, and a webhook waits for all of them");
        retention::forget(&world.context).await.unwrap();
        assert_eq!(left(), 0);
        assert!(verified(&world).await.intact);
    }
}

#[actix_web::test]
async fn the_command_checks_a_file_and_says_what_is_wrong_with_it() {
    let world = world(Backend::Sqlite).await;
    for _ in 0..3 {
        ask(&world, SCORE).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipts.ndjson");
    let path = file.to_str().unwrap();
    let whole = export(&world, "").await;
    std::fs::write(&file, whole.join("\n") + "\n").unwrap();
    let (code, out, err) = printed(&run(&["receipts", "verify", path]).await);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("3 receipts of acme, 1 to 3: the chain is intact"), "{out}");
    let (code, out, _) = printed(&run(&["receipts", "verify", path, "--json"]).await);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["intact"], &told["last_seq"]), (Some(0), &json!(true), &json!(3)));

    std::fs::write(&file, whole.join("\n").replacen("\"rank\":1", "\"rank\":2", 1)).unwrap();
    let (code, out, _) = printed(&run(&["receipts", "verify", path]).await);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("line 2: receipt 1 was changed") && out.contains("THE CHAIN IS BROKEN"), "{out}");
    let (code, _, err) = printed(&run(&["receipts", "verify", "/no/such/file"]).await);
    assert_eq!(code, Some(2), "{err}");
}
