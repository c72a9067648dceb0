//! Answers of HrFlow that are broken or hold what is not the caller's: a clear problem or what is left, never a panic and
//! never another partner's object.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::secrecy::seen;
use crate::support::{Answer, Backend, Fault, Wishes, World, answer, backends};

const SCORING: &str = "/v1/profiles/scoring?job_reference=J1";
const KEY: &str = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";

/// One job and three profiles.
async fn clinic(backend: Backend) -> World {
    let world = World::with(backend, Wishes::default()).await;
    world.has_job("J1", "Night nurse");
    for id in ["P1", "P2", "P3"] {
        world.has_profile(id, "Night nurse");
    }
    world.pull("jobs", "full").await;
    world.pull("profiles", "full").await;
    world
}

fn page(profiles: &Value, predictions: &Value) -> Value {
    let count = profiles.as_array().map_or(0, Vec::len);
    json!({"code": 200, "message": "ok", "meta": {"page": 1, "maxPage": 1, "count": count, "total": count},
        "data": {"predictions": predictions, "profiles": profiles}})
}

fn profiles(references: &[&str]) -> Value {
    references.iter().map(|reference| json!({"key": KEY, "reference": reference})).collect()
}

fn with(mut page: Value, path: &str, value: Value) -> String {
    *page.pointer_mut(path).unwrap() = value;
    page.to_string()
}

async fn answered(world: &World, path: &str, body: String) -> Answer {
    world.hrflow_side.fail("GET", "/profiles/", Fault::Answer(200, body));
    world.get(path).await
}

/// What items are and where they stand.
fn ranks(answer: &Answer) -> Vec<(&str, u64)> {
    let items = answer.body["items"].as_array().unwrap_or_else(|| panic!("{}", answer.body));
    let rank = |item: &'_ Value| item["rank"].as_u64().unwrap();
    items.iter().map(|item| (item["reference"].as_str().unwrap(), rank(item))).collect()
}

#[actix_web::test]
async fn an_answer_that_cannot_be_trusted_is_a_problem_that_says_what_is_wrong() {
    for backend in backends() {
        let world = clinic(backend).await;
        let good = page(&profiles(&["P1", "P2"]), &json!([[0.1, 0.9], [0.4, 0.6]]));
        let text = good.to_string();
        let score = "/data/predictions/1/1";
        for (body, says) in [
            (text[..text.len() - 20].to_owned(), "cannot be read"),
            (text.replace("0.6", "NaN"), "cannot be read"),
            (text.replace("0.6", "1e999"), "cannot be read"),
            (text.replace("0.6", "-Infinity"), "cannot be read"),
            (with(good.clone(), "/data/predictions", json!([[0.1, 0.9]])), "1 predictions for 2 objects"),
            (with(good.clone(), "/data/predictions", json!([])), "0 predictions for 2 objects"),
            (with(good.clone(), "/data/predictions", Value::Null), "`data.predictions` is missing"),
            (with(good.clone(), "/data/predictions/1", Value::Null), "cannot be read"),
            (with(good.clone(), "/data/predictions/1", json!([0.5])), "cannot be read"),
            (with(good.clone(), "/data/predictions/1", json!(0.5)), "cannot be read"),
            (with(good.clone(), score, Value::Null), "cannot be read"),
            (with(good.clone(), score, json!("0.6")), "cannot be read"),
            (with(good.clone(), score, json!(1.1)), "not between 0 and 1"),
            (with(good.clone(), score, json!(-0.1)), "not between 0 and 1"),
            (with(good.clone(), "/data/profiles/1", Value::Null), "cannot be read"),
            (with(good.clone(), "/data/profiles", json!({"P1": 1})), "cannot be read"),
            (with(good.clone(), "/data", Value::Null), "cannot be read"),
            (with(good.clone(), "/meta", Value::Null), "`meta` is missing"),
            (with(good.clone(), "/meta/page", json!(2)), "page 2 and 1 was asked for"),
            (with(good.clone(), "/meta/count", json!(3)), "`meta.count`"),
            (with(good.clone(), "/meta/total", json!(1)), "`meta.total`"),
            (with(good.clone(), "/meta/total", json!("2")), "cannot be read"),
            (with(good.clone(), "/meta/maxPage", json!(-1)), "cannot be read"),
            (with(good.clone(), "/meta/maxPage", json!(0)), "2 objects do not fit on 0 pages of 30"),
            (with(good.clone(), "/meta/total", json!(120)), "120 objects do not fit on 1 pages of 30"),
            ("[]".to_owned(), "cannot be read"),
            (String::new(), "cannot be read"),
        ] {
            let refused = answered(&world, SCORING, body.clone()).await;
            let told = refused.body["detail"].as_str().unwrap_or_default();
            assert_eq!(
                (refused.status.as_u16(), refused.body["code"].as_str()),
                (502, Some("upstream_failed")),
                "{body}"
            );
            assert!(told.contains(says), "{body}: {told}");
        }
        let crowd = profiles(&["P1", "P2", "P3"]);
        let predictions = json!([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]]);
        let crowded =
            answered(&world, &format!("{SCORING}&limit=2"), page(&crowd, &predictions).to_string()).await;
        assert_eq!(crowded.status, 502, "more than a page holds: {}", crowded.body);
    }
}

#[actix_web::test]
async fn what_is_not_the_callers_is_left_out_and_leaves_a_gap() {
    for backend in backends() {
        let world = clinic(backend).await;
        let mut listed = profiles(&["P1", "STRANGER", "P1", "P2", "P3"]);
        // HrFlow names another source, and in another place no reference at all.
        listed[3]["source_key"] = json!("f".repeat(40));
        listed.as_array_mut().unwrap().push(json!({"key": KEY, "reference": null}));
        let predictions = json!([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6], [0.5, 0.5], [0.6, 0.4]]);
        for path in [SCORING, "/v1/profiles/searching", &format!("{SCORING}&include=name")] {
            let answer = answered(&world, path, page(&listed, &predictions).to_string()).await;
            assert_eq!(ranks(&answer), [("P1", 1), ("P3", 5)], "{path}");
        }
    }
}

#[actix_web::test]
async fn what_is_left_out_is_logged_once_for_an_answer() {
    for backend in backends() {
        let world =
            World::with(backend, Wishes { query_cache: Duration::from_secs(10), ..Wishes::default() }).await;
        world.has_job("J1", "Night nurse");
        world.has_profile("P1", "Night nurse");
        world.has_profile("P2", "Night nurse");
        world.pull("jobs", "full").await;
        world.pull("profiles", "full").await;
        world.announce("profile_archive", "P2").await;
        let seen = seen();
        let mut listed = profiles(&["P1", "STRANGER", "ANOTHER", "P1", "P2"]);
        listed.as_array_mut().unwrap().push(json!({"key": KEY, "reference": null}));
        let predictions = json!([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6], [0.5, 0.5], [0.6, 0.4]]);
        let body = page(&listed, &predictions).to_string();
        // What the ledger said of the second answer's objects is remembered from the first.
        for (number, unknown) in [("first", 2), ("second", 0)] {
            world.hrflow_side.fail("GET", "/profiles/", Fault::Answer(200, body.clone()));
            let id = format!("left-out-{backend:?}-{number}");
            let path = format!("{SCORING}&limit={}", 20 + unknown);
            let told = answer(world.request(Method::GET, &path).header("x-request-id", &id)).await;
            assert_eq!(ranks(&told), [("P1", 1)]);
            let text = seen.text();
            let lines: Vec<&str> =
                text.lines().filter(|line| line.contains(&id) && line.contains("HrFlow listed")).collect();
            let [line] = lines[..] else { panic!("{lines:?}") };
            let line: Value = serde_json::from_str(line).unwrap();
            // Two nodes may have other news of them: nothing is remembered there.
            let unknown = if backend == Backend::Postgres { 2 } else { unknown };
            for (name, count) in [("unknown", unknown), ("nameless", 1), ("repeated", 1), ("foreign", 0)] {
                assert_eq!(line[name], count, "{line}");
            }
            assert!(!line.to_string().contains("STRANGER"), "{line}");
        }
    }
}

#[actix_web::test]
async fn odd_fields_of_an_object_are_left_off_its_card() {
    for backend in backends() {
        let world = clinic(backend).await;
        let mut listed = profiles(&["P1", "P2"]);
        listed[0]["info"] = json!("Ada");
        listed[0]["skills"] = json!({"name": "x"});
        listed[1]["info"] = json!({"full_name": 7, "email": "p2@example.org"});
        listed[1]["skills"] = json!([null, {"name": "Rust"}, 3]);
        let body = page(&listed, &json!([[0.1, 0.9], [0.2, 0.8]])).to_string();
        let answer = answered(&world, &format!("{SCORING}&include=name,email,skills"), body).await;
        let cards: Vec<&Value> =
            answer.body["items"].as_array().unwrap().iter().map(|item| &item["card"]).collect();
        assert_eq!(cards, [&json!({}), &json!({"email": "p2@example.org", "skills": ["Rust"]})]);
    }
}
