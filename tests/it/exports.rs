//! Exports: the best matches of many objects, a line each, whatever happens meanwhile: none twice, none lost, nobody in
//! them who was erased.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};
use diesel::dsl::sql;
use diesel::sql_types::{Bool, Integer, Text};
use futures_util::future::poll_fn;
use oem_connector::flows::{Context, export, retention};
use oem_connector::server::{self, Serving};
use oem_connector::store::exports::lines::{Content, Match};
use oem_connector::store::{Db, exports};
use oem_connector::worker::Worker;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::support::{
    Answer, Backend, Fault, Gate, OPERATOR_KEY, OTHER_KEY, PARTNER_KEY, Wishes, World, answer, backends,
};

/// A world with two jobs and four profiles.
async fn hospital(backend: Backend, wishes: Wishes) -> World {
    let world = World::with(backend, wishes).await;
    world.has_job("J1", "Night nurse");
    world.has_job("J2", "Baker");
    for (id, headline) in
        [("P1", "Night nurse"), ("P2", "Nurse of the day"), ("P3", "Sailor"), ("P4", "Baker")]
    {
        world.has_profile(id, headline);
    }
    world.pull("jobs", "full").await;
    world.pull("profiles", "full").await;
    world.hrflow_side.forget();
    world
}

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

#[actix_web::test]
async fn the_walk_through_the_ledger_reads_the_index_of_what_hrflow_shows() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let id = start(&world, &json!({"ranked": "profiles", "top": 1})).await;
        let walk = world.context.store.write(move |db| {
            let mut export = exports::find(db, "acme", &id)?.unwrap();
            let asked = Arc::new(Mutex::new(Vec::new()));
            match db {
                // So small a table is read whole where that is allowed.
                Db::Postgres(c) => c.batch_execute("SET LOCAL enable_seqscan = off").unwrap(),
                Db::Sqlite(c) => {
                    let asked = asked.clone();
                    c.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                        if let InstrumentationEvent::StartQuery { query, .. } = event {
                            asked.lock().unwrap().push(query.to_string());
                        }
                    });
                }
            }
            exports::lines::walk(db, &mut export, 0)?;
            assert_eq!(export.planned, 2);
            Ok(match db {
                Db::Postgres(c) => {
                    let used = sql::<Bool>("pg_stat_get_xact_numscans('records_shown'::regclass) > 0");
                    diesel::select(used).get_result::<bool>(*c).unwrap()
                }
                Db::Sqlite(c) => {
                    let asked = asked.lock().unwrap().clone();
                    let query = asked.iter().find(|query| query.contains("FROM `records`")).unwrap();
                    let plan =
                        sql::<(Integer, Integer, Integer, Text)>(&format!("EXPLAIN QUERY PLAN {query}"));
                    let plan: Vec<(i32, i32, i32, String)> = plan.load(*c).unwrap();
                    plan.len() == 1 && plan[0].3.contains("USING COVERING INDEX records_shown")
                }
            })
        });
        assert!(walk.await.unwrap(), "{backend:?}");
    }
}

#[actix_web::test]
async fn an_export_says_of_each_object_what_the_list_says() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        for (ranked, name, references) in [
            ("profiles", "job_reference", vec!["J1", "J2"]),
            ("jobs", "profile_reference", vec!["P1", "P2", "P3", "P4"]),
        ] {
            let id = start(&world, &json!({"ranked": ranked, "top": 2})).await;
            let before = state(&world, &id).await;
            assert_eq!((&before["state"], &before["done"]), (&json!("waiting"), &json!(0)), "{before}");
            assert_eq!(before["total"], references.len(), "{before}");
            assert!(before["estimated_end"].is_string(), "{before}");
            work(&world.context).await;
            let after = state(&world, &id).await;
            assert_eq!(
                (&after["state"], &after["done"]),
                (&json!("done"), &json!(references.len())),
                "{after}"
            );
            assert_eq!((&after["failed"], &after["estimated_end"]), (&json!(0), &Value::Null), "{after}");
            let told = lines(&world, &id, 0).await;
            assert_eq!(told.len(), references.len());
            for line in &told {
                let reference = line[name].as_str().unwrap();
                let path = format!("/v1/{ranked}/scoring?{name}={reference}&limit=2");
                let list = world.get(&path).await.body;
                assert_eq!(line["items"], list["items"], "{reference}");
                assert!(line["scored_at"].is_string() && line.get("problem").is_none(), "{line}");
            }
        }
    }
}

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
async fn the_top_takes_as_many_pages_as_hrflow_makes_of_it() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let source = &world.acme().settings.source_key;
        // An HrFlow that puts two on a page, whatever it is asked for; the second page repeats what moved down.
        let page = |number: u64, found: &[(&str, f64)]| {
            let profiles: Vec<Value> = found
                .iter()
                .map(|(reference, _)| json!({"key": "e".repeat(40), "reference": reference, "source_key": source}))
                .collect();
            let predictions: Vec<[f64; 2]> = found.iter().map(|(_, score)| [1.0 - score, *score]).collect();
            let meta = json!({"page": number, "maxPage": 2, "count": found.len(), "total": 4});
            json!({"code": 200, "message": "ok", "meta": meta, "data": {"predictions": predictions, "profiles": profiles}})
        };
        for (part, body) in [
            ("page=1&", page(1, &[("P1", 0.9), ("P2", 0.8)])),
            ("page=2&", page(2, &[("P2", 0.8), ("P4", 0.1)])),
        ] {
            world.hrflow_side.fail("GET", part, Fault::Answer(200, body.to_string()));
        }
        let id = start(&world, &json!({"ranked": "profiles", "references": ["J1"], "top": 3})).await;
        work(&world.context).await;
        assert_eq!(listed(&lines(&world, &id, 0).await[0]), ["P1", "P2", "P4"]);
        assert_eq!(world.hrflow_side.count("GET", "/profiles/scoring"), 2);
    }
}

#[actix_web::test]
async fn what_cannot_be_scored_is_told_in_its_line() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        world.announce("job_archive", "J2").await;
        world.settle().await;
        world.announce("job_create", "J3").await;
        let body =
            json!({"ranked": "profiles", "references": ["NEVER", "J2", "J1", "J3"], "score_min": 0.01});
        let id = start(&world, &body).await;
        work(&world.context).await;
        let told = lines(&world, &id, 0).await;
        assert_whole(&told, &["J1", "J2", "J3", "NEVER"]);
        for (reference, code) in [("NEVER", "not_found"), ("J2", "archived"), ("J3", "not_ready")] {
            let line = told.iter().find(|line| line["job_reference"] == reference).unwrap();
            assert_eq!((&line["problem"]["code"], line.get("items")), (&json!(code), None), "{line}");
            assert!(line["problem"]["detail"].as_str().unwrap().contains(reference), "{line}");
        }
        let after = state(&world, &id).await;
        assert_eq!(
            (&after["state"], &after["failed"], &after["score_min"]),
            (&json!("done"), &json!(3), &json!(0.01))
        );
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
async fn an_export_says_what_it_waits_for_and_a_line_which_parameter_was_in_vain() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Malformed);
        let id = start(&world, &json!({"ranked": "profiles", "references": ["J1"]})).await;
        work(&world.context).await;
        let waiting = state(&world, &id).await;
        assert_eq!((&waiting["state"], &waiting["done"]), (&json!("running"), &json!(0)), "{waiting}");
        assert!(waiting["problem"].as_str().unwrap().starts_with("`J1` is tried again: "), "{waiting}");
        world.advance(600);
        work(&world.context).await;
        let done = state(&world, &id).await;
        assert_eq!((&done["state"], &done["problem"]), (&json!("done"), &Value::Null), "{done}");

        let nowhere = json!({
            "id": "J9", "title": "Baker", "description": {"intro": "We bake."},
            "competencies": {"required": ["Rust"]},
        });
        world.ats.put(oem_connector::model::Entity::Job, nowhere.as_object().unwrap().clone()).unwrap();
        world.pull("jobs", "full").await;
        let near = json!({"ranked": "profiles", "references": ["J9"], "location_from": "job",
            "location_distance": 25});
        let id = start(&world, &near).await;
        work(&world.context).await;
        let line = lines(&world, &id, 0).await.remove(0);
        let detail = line["problem"]["detail"].as_str().unwrap();
        assert!(detail.contains(": location_from: the job `J9` has no latitude"), "{line}");
    }
}

#[actix_web::test]
async fn two_exports_of_a_partner_are_worked_on_at_once_and_the_third_waits() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let gate = Gate::new();
        world.hrflow_side.fail_times(3, "GET", "/profiles/scoring", Fault::HoldBefore(gate.clone()));
        for _ in 0..3 {
            start(&world, &json!({"ranked": "profiles", "references": ["J1"]})).await;
        }
        let worker = Worker::start(&world.context, &world.context.partners);
        gate.reached().await;
        gate.reached().await;
        let running = "SELECT count(*) FROM exports WHERE state = 'running'";
        assert_eq!(world.database.number(running), 2);
        gate.open();
        // One has made room.
        gate.reached().await;
        gate.open();
        gate.open();
        let done = async {
            while world.database.number("SELECT count(*) FROM exports WHERE state = 'done'") < 3 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), done).await.expect("they are never done");
        worker.stop().await;
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
async fn what_is_cancelled_while_it_is_worked_on_gets_no_further_line() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let id = start(&world, &json!({"ranked": "profiles", "references": ["J1"]})).await;
        let gate = Gate::new();
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldAfter(gate.clone()));
        let context = world.context.clone();
        let working = actix_web::rt::spawn(async move { work(&context).await });
        gate.reached().await;
        world.post(&format!("/v1/exports/{id}/cancel"), &json!({})).await;
        gate.open();
        working.await.unwrap();
        assert_eq!(lines(&world, &id, 0).await, Vec::<Value>::new());
        assert_eq!(state(&world, &id).await["state"], "cancelled");
    }
}

/// Polls a piece of work so many times and drops it, unless it ends before. Returns whether it ended.
async fn die_after(polls: usize, work: impl Future<Output = ()>) -> bool {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(|task| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        work.as_mut().poll(task).map(|()| true)
    })
    .await
}

#[actix_web::test]
async fn a_worker_that_dies_anywhere_leaves_no_line_twice_and_none_out() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        for polls in 1.. {
            let id = start(&world, &json!({"ranked": "profiles", "top": 2})).await;
            let ended = die_after(polls, work(&world.context)).await;
            // What the dead one had sent to the database may be done after its death, a lease from then included.
            let successor = async {
                while state(&world, &id).await["state"] != "done" {
                    world.advance(26);
                    work(&world.context).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), successor).await.expect("it never goes on");
            assert_whole(&lines(&world, &id, 0).await, &["J1", "J2"]);
            let after = state(&world, &id).await;
            assert_eq!((&after["done"], &after["failed"]), (&json!(2), &json!(0)));
            if ended {
                assert!(polls > 5, "it was never broken off");
                break;
            }
        }
    }
}

/// Another node on the same database.
async fn another_node(world: &World) -> Arc<Context> {
    server::context(&world.config, world.clock.clone()).await.unwrap()
}

#[actix_web::test]
async fn an_export_that_is_taken_over_has_each_line_once() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let node = another_node(&world).await;
        let id = start(&world, &json!({"ranked": "profiles"})).await;
        let (asked, answered) = (Gate::new(), Gate::new());
        world.hrflow_side.fail("GET", "job_reference=J1", Fault::HoldBefore(asked.clone()));
        world.hrflow_side.fail("GET", "job_reference=J2", Fault::HoldAfter(answered.clone()));
        let first = world.context.clone();
        let slow = actix_web::rt::spawn(async move { work(&first).await });
        asked.reached().await;
        answered.reached().await;
        work(&node).await;
        assert_eq!(state(&world, &id).await["done"], 0, "while it is leased nobody else takes it");
        world.advance(26);
        work(&node).await;
        let told = lines(&world, &id, 0).await;
        assert_whole(&told, &["J1", "J2"]);
        asked.open();
        answered.open();
        slow.await.unwrap();
        assert_eq!(lines(&world, &id, 0).await, told, "who comes late changes nothing");
        assert_eq!(state(&world, &id).await["done"], 2);
    }
}

#[actix_web::test]
async fn two_nodes_that_work_at_the_same_time_write_each_line_once() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let node = another_node(&world).await;
        let mut ids = Vec::new();
        for _ in 0..6 {
            ids.push(start(&world, &json!({"ranked": "profiles"})).await);
        }
        futures_util::future::join(work(&world.context), work(&node)).await;
        for id in &ids {
            assert_whole(&lines(&world, id, 0).await, &["J1", "J2"]);
        }
        assert_eq!(world.hrflow_side.count("GET", "/profiles/scoring"), 12, "and asks once for each");
    }
}

#[actix_web::test]
async fn a_429_in_the_middle_is_waited_out() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        world.hrflow_side.fail("GET", "job_reference=J1", Fault::Status(429, Some(30)));
        let id = start(&world, &json!({"ranked": "profiles"})).await;
        work(&world.context).await;
        let calls = world.hrflow_side.count("GET", "/profiles/scoring");
        assert_eq!(state(&world, &id).await["state"], "running");
        world.advance(29);
        work(&world.context).await;
        assert_eq!(world.hrflow_side.count("GET", "/profiles/scoring"), calls, "not before it may");
        for _ in 0..4 {
            world.advance(10);
            work(&world.context).await;
        }
        let told = lines(&world, &id, 0).await;
        assert_whole(&told, &["J1", "J2"]);
        assert!(told.iter().all(|line| line["items"].is_array()), "{told:?}");
    }
}

#[actix_web::test]
async fn while_hrflow_is_down_an_export_rests_and_then_goes_on() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let references: Vec<String> = (10..40).map(|number| format!("J{number}")).collect();
        for reference in &references {
            world.has_job(reference, "Night nurse");
        }
        world.pull("jobs", "full").await;
        world.hrflow_side.forget();
        world.hrflow_side.fail_times(usize::MAX, "GET", "/profiles/scoring", Fault::Status(503, None));
        let id = start(&world, &json!({"ranked": "profiles", "references": references})).await;
        work(&world.context).await;
        let calls = world.hrflow_side.count("GET", "/profiles/scoring");
        assert!(calls < 12, "the breaker opens: {calls} calls");
        world.advance(120);
        work(&world.context).await;
        assert!(world.hrflow_side.count("GET", "/profiles/scoring") <= calls + 1, "one probes");
        assert_eq!(lines(&world, &id, 0).await, Vec::<Value>::new(), "a failure that passes is no line");
        world.hrflow_side.heal();
        for _ in 0..40 {
            world.advance(120);
            work(&world.context).await;
        }
        let sorted: Vec<&str> = references.iter().map(String::as_str).collect();
        let told = lines(&world, &id, 0).await;
        assert_whole(&told, &sorted);
        assert!(told.iter().all(|line| line["items"].is_array()), "{told:?}");
    }
}

#[actix_web::test]
async fn queries_go_first_while_an_export_waits_for_its_part_of_the_quota() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let mut config = world.config.clone();
        config.limits.call_timeout = Duration::from_millis(200);
        for partner in &mut config.partners {
            partner.hrflow.requests_per_minute = 10;
        }
        let node = server::context(&config, world.clock.clone()).await.unwrap();
        let serving = Serving::start(&config, node.clone()).unwrap();
        let id = start(&world, &json!({"ranked": "jobs"})).await;
        work(&node).await;
        let asked = world.hrflow_side.count("GET", "/jobs/scoring");
        assert!(asked < 4, "of seven a minute the first comes at once: {asked}");
        for _ in 0..3 {
            let path = format!("http://{}/v1/profiles/scoring?job_reference=J1", serving.address);
            let ranked = answer(world.client.get(path).header("X-API-KEY", PARTNER_KEY)).await;
            assert_eq!(ranked.status, StatusCode::OK, "the queries' part is theirs: {}", ranked.body);
        }
        for _ in 0..8 {
            world.advance(60);
            work(&node).await;
        }
        let after = state(&world, &id).await;
        assert_eq!(
            (&after["state"], &after["done"], &after["failed"]),
            (&json!("done"), &json!(4), &json!(0))
        );
    }
}

#[actix_web::test]
async fn what_does_not_end_in_time_fails_and_keeps_its_lines() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        world.hrflow_side.fail_times(usize::MAX, "GET", "job_reference=J2", Fault::Status(500, None));
        let id = start(&world, &json!({"ranked": "profiles"})).await;
        work(&world.context).await;
        world.advance(8 * 86_400);
        work(&world.context).await;
        let after = state(&world, &id).await;
        assert_eq!((&after["state"], &after["done"]), (&json!("failed"), &json!(1)), "{after}");
        assert!(after["problem"].as_str().unwrap().contains("did not end in time"), "{after}");
        assert_whole(&lines(&world, &id, 0).await, &["J1"]);
    }
}

#[actix_web::test]
async fn lines_are_read_on_where_the_reader_stopped() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let id = start(&world, &json!({"ranked": "jobs", "top": 1})).await;
        assert_eq!(lines(&world, &id, 0).await, Vec::<Value>::new());
        work(&world.context).await;
        let all = lines(&world, &id, 0).await;
        assert_eq!(all.len(), 4);
        for after in 0..6 {
            let rest = lines(&world, &id, after).await;
            assert_eq!(rest, all.iter().skip(usize::try_from(after).unwrap()).cloned().collect::<Vec<_>>());
        }
        for (after, status) in [("x", 400), ("-1", 422), ("99999999999999999", 422)] {
            let refused = world.get(&format!("/v1/exports/{id}/lines?after={after}")).await;
            assert_eq!(refused.status.as_u16(), status, "{after}: {}", refused.body);
        }
    }
}

/// Runs a statement of the test's own.
fn execute(world: &World, backend: Backend, statement: &str) {
    match backend {
        Backend::Sqlite => world.database.sqlite().batch_execute(statement),
        Backend::Postgres => world.database.postgres().batch_execute(statement),
    }
    .unwrap();
}

#[actix_web::test]
async fn readers_that_do_not_read_hold_up_nobody() {
    for backend in backends() {
        let world = World::new(backend).await;
        // More than the sockets between them take: five megabytes.
        let references: Vec<String> =
            (0..3_000).map(|number| format!("{}{number:05}", "€".repeat(250))).collect();
        let id = start(&world, &json!({"ranked": "profiles", "references": references})).await;
        // As if all of them had been worked off.
        execute(
            &world,
            backend,
            "UPDATE export_lines SET position = number, scored_at = 0, \
             problem = '{\"code\":\"not_found\",\"detail\":\"' || reference || '\"}'",
        );
        let mut readers = Vec::new();
        for _ in 0..20 {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(4096).unwrap();
            let address = world.address.strip_prefix("http://").unwrap().parse().unwrap();
            let mut stream = socket.connect(address).await.unwrap();
            let request = format!(
                "GET /v1/exports/{id}/lines HTTP/1.1\r\nHost: localhost\r\nX-API-KEY: {PARTNER_KEY}\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut beginning = [0; 12];
            stream.read_exact(&mut beginning).await.unwrap();
            assert_eq!(&beginning, b"HTTP/1.1 200");
            readers.push(stream);
        }
        // They take part of what there is, and then nothing moves; whoever else comes is served.
        assert_eq!(lines(&world, &id, 0).await.len(), 3_000);
        world.announce("profile_create", "P1").await;
        execute(&world, backend, "DELETE FROM export_lines");
        drop(readers);
    }
}

#[actix_web::test]
async fn an_erased_person_is_in_no_line_any_more() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let of_jobs = start(&world, &json!({"ranked": "profiles"})).await;
        let of_profiles = start(&world, &json!({"ranked": "jobs"})).await;
        work(&world.context).await;
        let waiting = start(&world, &json!({"ranked": "jobs", "references": ["P1", "P2"]})).await;
        let before = lines(&world, &of_jobs, 0).await;
        assert!(before.iter().all(|line| listed(line).contains(&"P1")), "{before:?}");
        let path = "/v1/records/profiles/P1/erase?partner=acme";
        let asked = world.client.post(format!("{}{path}", world.address)).header("X-API-KEY", OPERATOR_KEY);
        assert_eq!(answer(asked).await.status, StatusCode::ACCEPTED);
        world.settle().await;

        let after = lines(&world, &of_jobs, 0).await;
        for (before, after) in before.iter().zip(&after) {
            let others: Vec<&str> = listed(before).into_iter().filter(|name| *name != "P1").collect();
            assert_eq!(listed(after), others, "the others stay as they were");
        }
        work(&world.context).await;
        for id in [of_profiles, waiting] {
            let told = lines(&world, &id, 0).await;
            assert!(told.iter().all(|line| line["profile_reference"] != "P1"), "{told:?}");
            assert_eq!(state(&world, &id).await["state"], "done");
        }
        let kept = world.database.dump();
        let kept: Vec<&str> =
            kept.lines().filter(|line| line.starts_with("export") && line.contains("P1\"")).collect();
        assert_eq!(kept, Vec::<&str>::new());
    }
}

#[actix_web::test]
async fn a_person_who_is_erased_while_hrflow_answers_comes_into_no_line() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let id = start(&world, &json!({"ranked": "profiles", "references": ["J1"]})).await;
        let gate = Gate::new();
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldAfter(gate.clone()));
        let context = world.context.clone();
        let working = actix_web::rt::spawn(async move { work(&context).await });
        gate.reached().await;
        let path = "/v1/records/profiles/P1/erase?partner=acme";
        let asked = world.client.post(format!("{}{path}", world.address)).header("X-API-KEY", OPERATOR_KEY);
        assert_eq!(answer(asked).await.status, StatusCode::ACCEPTED);
        gate.open();
        working.await.unwrap();
        let told = lines(&world, &id, 0).await;
        assert_eq!((told.len(), listed(&told[0]).contains(&"P1")), (1, false), "{told:?}");
        assert_eq!(world.database.number("SELECT count(*) FROM export_names WHERE reference = 'P1'"), 0);
    }
}

#[actix_web::test]
async fn a_name_that_was_erased_after_it_was_read_is_not_written_down() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let id = start(&world, &json!({"ranked": "profiles", "references": ["J1"]})).await;
        let claimed = export::claim(&world.context, world.acme()).await.unwrap().unwrap();
        let path = "/v1/records/profiles/P1/erase?partner=acme";
        let asked = world.client.post(format!("{}{path}", world.address)).header("X-API-KEY", OPERATOR_KEY);
        assert_eq!(answer(asked).await.status, StatusCode::ACCEPTED);
        let late = world.context.store.write(move |db| {
            let token = claimed.lease.clone().unwrap();
            let mut held = exports::held(db, &claimed.id, &token)?.unwrap();
            let found = |reference: &str, rank| Match { reference: reference.to_owned(), score: 0.5, rank };
            let content = Content::Matches(vec![found("P1", 1), found("P2", 2)]);
            exports::lines::write(db, &mut held, 1, &content, 0)
        });
        late.await.unwrap();
        let told = lines(&world, &id, 0).await;
        assert_eq!(listed(&told[0]), ["P2"]);
        assert_eq!(world.database.number("SELECT count(*) FROM export_names WHERE reference = 'P1'"), 0);
    }
}

#[actix_web::test]
async fn an_ended_export_is_deleted_when_its_time_is_over_and_an_open_one_is_not() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let id = start(&world, &json!({"ranked": "profiles"})).await;
        work(&world.context).await;
        world.advance(7 * 86_400);
        while retention::forget(&world.context).await.unwrap() > 0 {}
        assert_eq!(state(&world, &id).await["state"], "done", "not a moment too early");
        let open = start(&world, &json!({"ranked": "profiles"})).await;
        world.advance(1);
        while retention::forget(&world.context).await.unwrap() > 0 {}
        assert_eq!(world.get(&format!("/v1/exports/{id}")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(state(&world, &open).await["state"], "waiting");
        for table in ["export_lines", "export_names"] {
            assert_eq!(world.database.number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
        }
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

#[actix_web::test]
async fn the_worker_works_exports_off_by_itself() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let worker = Worker::start(&world.context, &world.context.partners);
        let id = start(&world, &json!({"ranked": "profiles"})).await;
        let done = async {
            while state(&world, &id).await["state"] != "done" {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), done).await.expect("it is never done");
        assert_whole(&lines(&world, &id, 0).await, &["J1", "J2"]);
        worker.stop().await;
    }
}
