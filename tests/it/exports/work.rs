//! The work on exports: each line once, whoever dies, takes over or must wait.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::poll_fn;
use oem_connector::flows::Context;
use oem_connector::server::{self, Serving};
use oem_connector::worker::Worker;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{assert_whole, lines, start, state, work};
use crate::support::{Fault, Gate, PARTNER_KEY, Wishes, World, answer, backends, hospital};

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
