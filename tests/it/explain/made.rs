//! How an explanation is made: once for all who ask, later where it is slow, and again where it failed.

use std::time::Duration;

use futures_util::future::join;
use oem_connector::server::{self, Serving};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{
    EXPLAIN, GRADING, PLANTED, UPSKILLING, begun, ended, explains, explains_later, grades, hospital,
    status_and_code, with_grading, words,
};
use crate::support::{Fault, Gate, PARTNER_KEY, Wishes, answer, backends};

#[actix_web::test]
async fn a_slow_one_is_answered_at_once_and_fetched_later() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let gate = explains_later(&world);
        let location = begun(&world, EXPLAIN).await;
        gate.reached().await;
        assert_eq!(world.get(&location).await.status, StatusCode::ACCEPTED);
        assert_eq!(begun(&world, EXPLAIN).await, location, "it is the same one");
        gate.open();
        let told = ended(&world, &location).await;
        assert_eq!((told.status, &told.body["gaps"][0]["name"]), (StatusCode::OK, &json!("No lead role")));
        assert_eq!(world.get(EXPLAIN).await.body, told.body);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1);
    }
}

#[actix_web::test]
async fn two_who_ask_at_once_make_one_call_also_on_two_nodes() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let gate = explains_later(&world);
        let context = server::context(&world.config, world.clock.clone()).await.unwrap();
        let second = Serving::start(&world.config, context).unwrap();
        let url = format!("http://{}{EXPLAIN}&wait=20", second.address);
        let elsewhere = world.client.get(url).header("X-API-KEY", PARTNER_KEY);
        let here = format!("{EXPLAIN}&wait=20");
        let opened = async {
            gate.reached().await;
            gate.open();
        };
        let (both, ()) = join(join(world.get(&here), answer(elsewhere)), opened).await;
        assert_eq!((both.0.status, both.1.status), (StatusCode::OK, StatusCode::OK), "{}", both.1.body);
        assert_eq!(both.0.body, both.1.body);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1);
        second.stop().await;
    }
}

#[actix_web::test]
async fn the_work_outlives_its_asker_and_one_whose_maker_is_gone_is_taken_up_by_the_next_who_asks() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let gate = explains_later(&world);
        let url = format!("{}{EXPLAIN}&wait=30", world.address);
        let request = world.client.request(Method::GET, url).header("X-API-KEY", PARTNER_KEY);
        let asker = tokio::spawn(request.send());
        gate.reached().await;
        asker.abort();
        let location = begun(&world, EXPLAIN).await;
        // Whoever makes it is not heard of any more: its lease ends.
        world.advance(26);
        explains(&world);
        assert_eq!(world.get(&location).await.status, StatusCode::ACCEPTED);
        let told = ended(&world, &location).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.body);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 2);
        // And when it comes back after all, it changes nothing.
        gate.open();
        world.hrflow_side.at_rest().await;
        assert_eq!(world.get(&location).await.body, told.body);
    }
}

#[actix_web::test]
async fn a_lease_is_renewed_for_as_long_as_hrflow_takes() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let mut config = world.config.clone();
        config.limits.lease = Duration::from_millis(300);
        let context = server::context(&config, world.clock.clone()).await.unwrap();
        let serving = Serving::start(&config, context).unwrap();
        let gate = explains_later(&world);
        let url = format!("http://{}{EXPLAIN}&wait=0", serving.address);
        let begun = answer(world.client.get(url).header("X-API-KEY", PARTNER_KEY)).await;
        let location = begun.headers["location"].to_str().unwrap();
        gate.reached().await;
        let until = || world.database.number("SELECT lease_until FROM explanations");
        let first = until();
        world.clock.advance(Duration::from_millis(200));
        let renewed = async {
            while until() == first {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), renewed).await.expect("the lease was never renewed");
        world.clock.advance(Duration::from_millis(200));
        assert_eq!(world.get(location).await.status, StatusCode::ACCEPTED);
        gate.open();
        assert_eq!(ended(&world, location).await.status, StatusCode::OK);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1, "nobody took it over");
        serving.stop().await;
    }
}

#[actix_web::test]
async fn a_failure_is_told_and_tried_again_when_it_is_asked_for_later() {
    for backend in backends() {
        let wishes = Wishes {
            adjust: |config| {
                with_grading(config);
                config.limits.explanation_timeout = Duration::from_millis(1500);
            },
            ..Wishes::default()
        };
        let world = hospital(backend, wishes).await;
        let code = |code: u16| json!({"code": code, "message": PLANTED}).to_string();
        let graded = || Fault::Answer(200, grades(&json!([[0.5, 0.5]]), &json!([null])));
        for (fault, status, expected) in [
            (Fault::Slow(Duration::from_secs(5)), 504, "upstream_timed_out"),
            (Fault::Malformed, 502, "upstream_failed"),
            (Fault::Answer(200, json!({"code": 200, "data": {}}).to_string()), 502, "upstream_failed"),
            (Fault::Answer(400, code(400)), 502, "upstream_refused"),
            (Fault::Answer(401, code(401)), 502, "upstream_denied"),
            (Fault::Status(429, Some(40)), 429, "rate_limited"),
        ] {
            world.hrflow_side.heal();
            world.hrflow_side.fail("GET", UPSKILLING, fault.clone());
            world.hrflow_side.fail("GET", GRADING, graded());
            let refused = world.get(&format!("{EXPLAIN}&wait=20")).await;
            assert_eq!(status_and_code(&refused), (status, expected), "{fault:?}: {}", refused.body);
            let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((15..=40).contains(&wait), "{wait}");
            assert!(!world.database.dump().contains(PLANTED), "no word of HrFlow's refusal is kept");
            let calls = world.hrflow_side.requests().len();
            assert_eq!(
                status_and_code(&world.get(EXPLAIN).await),
                (status, expected),
                "it is kept for a while"
            );
            assert_eq!(world.hrflow_side.requests().len(), calls, "{fault:?}");
            world.advance(wait);
        }
        world.hrflow_side.heal();
        explains(&world);
        world.hrflow_side.fail("GET", GRADING, graded());
        let told = world.get(&format!("{EXPLAIN}&wait=20")).await;
        assert_eq!((told.status, &told.body["grade_100"]), (StatusCode::OK, &json!(50)), "{}", told.body);
    }
}

#[actix_web::test]
async fn one_that_failed_is_made_again_for_whoever_reads_it_later() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        world.hrflow_side.fail("GET", UPSKILLING, Fault::Malformed);
        let location = begun(&world, EXPLAIN).await;
        assert_eq!(status_and_code(&ended(&world, &location).await), (502, "upstream_failed"));
        explains(&world);
        assert_eq!(world.get(&location).await.status, StatusCode::BAD_GATEWAY, "not before its time");
        world.advance(15);
        let again = world.get(&location).await;
        assert!([StatusCode::ACCEPTED, StatusCode::OK].contains(&again.status), "{}", again.body);
        assert_eq!(ended(&world, &location).await.status, StatusCode::OK);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 2);
    }
}

#[actix_web::test]
async fn explanations_leave_half_of_the_calls_to_the_lists_of_all_partners() {
    for backend in backends() {
        let wishes = Wishes {
            adjust: |config| {
                with_grading(config);
                for partner in &mut config.partners {
                    partner.hrflow.concurrency = 4;
                }
            },
            ..Wishes::default()
        };
        let world = hospital(backend, wishes).await;
        let gate = Gate::new();
        let graded = grades(&json!([[0.5, 0.5]]), &json!([null]));
        for (part, body) in [(UPSKILLING, words()), (GRADING, graded)] {
            let held = Fault::HoldAnswer(gate.clone(), 200, body);
            world.hrflow_side.fail_times(usize::MAX, "GET", part, held);
        }
        let locations = [begun(&world, EXPLAIN).await, begun(&world, &EXPLAIN.replace("P1", "P2")).await];
        gate.reached().await;
        gate.reached().await;
        let list = world.get("/v1/profiles/scoring?job_reference=J1").await;
        assert_eq!(list.status, StatusCode::OK, "{}", list.body);
        let long = || world.hrflow_side.count("GET", UPSKILLING) + world.hrflow_side.count("GET", GRADING);
        assert_eq!(long(), 2, "half of four");
        for _ in 0..4 {
            gate.open();
        }
        for location in locations {
            assert_eq!(ended(&world, &location).await.status, StatusCode::OK);
        }
        assert_eq!(long(), 4);
    }
}

#[actix_web::test]
async fn no_more_wait_for_an_explanation_than_were_agreed_on() {
    for backend in backends() {
        let wishes = Wishes {
            adjust: |config| {
                config.limits.explanations = 1;
                config.limits.explanation_queue = 1;
            },
            ..Wishes::default()
        };
        let world = hospital(backend, wishes).await;
        world.has_profile("P3", "Nurse");
        world.pull("profiles", "delta").await;
        let gate = explains_later(&world);
        let first = begun(&world, EXPLAIN).await;
        gate.reached().await;
        explains(&world);
        let second = begun(&world, &EXPLAIN.replace("P1", "P2")).await;
        let third = world.get(&EXPLAIN.replace("P1", "P3")).await;
        assert_eq!(status_and_code(&third), (503, "unavailable"), "{}", third.body);
        assert!(third.headers.contains_key("retry-after"));
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1, "one at a time");
        gate.open();
        for location in [first, second] {
            assert_eq!(ended(&world, &location).await.status, StatusCode::OK);
        }
    }
}
