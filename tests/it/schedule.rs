//! Schedules through the front door: what starts by itself, what waits, and what every node agrees on.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use oem_connector::config::{Config, QuietHours, Schedule, Schedules};
use oem_connector::flows::pull::{self, By};
use oem_connector::flows::schedule::{start_due, upcoming};
use oem_connector::model::{Entity, parse_date};
use oem_connector::server::{self, Running};
use oem_connector::store::Mode;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::support::{Backend, Fault, Gate, OPERATOR_KEY, Wishes, World, answer, backends};

/// Every quarter of an hour what changed, every week all of it.
fn usual(config: &mut Config) {
    let profiles = Schedule {
        delta: Some(Duration::from_mins(15)),
        full: Some(Duration::from_hours(7 * 24)),
        quiet: None,
    };
    config.partners[0].schedule = Schedules { profiles, jobs: Schedule::default() };
}

/// The same, but never between ten in the evening and six in the morning.
fn nightly(config: &mut Config) {
    usual(config);
    config.partners[0].schedule.profiles.quiet = QuietHours::parse("22:00-06:00", "UTC").ok();
}

async fn world(backend: Backend, adjust: fn(&mut Config)) -> World {
    World::with(backend, Wishes { page_size: 2, page_attempts: 1, adjust, ..Wishes::default() }).await
}

/// What an operator sees of acme's pulls.
async fn seen(world: &World) -> Value {
    let request = world.client.get(format!("{}/v1/pulls?partner=acme", world.address));
    answer(request.header("X-API-KEY", OPERATOR_KEY)).await.body
}

/// When the next run of a mode is said to start.
async fn next_run(world: &World, mode: &str) -> Value {
    let seen = seen(world).await;
    let schedules = seen["schedules"].as_array().unwrap();
    schedules.iter().find(|schedule| schedule["mode"] == mode).unwrap()["next_run_at"].clone()
}

/// Moves the clock to when the next run of a mode is said to start.
async fn advance_to_next(world: &World, mode: &str) {
    let next = parse_date(next_run(world, mode).await.as_str().unwrap()).unwrap();
    // To the full microsecond: the clock of the test moves by whole ones.
    let wait = next - world.clock.now() + TimeDelta::microseconds(1);
    world.clock.advance(wait.to_std().unwrap());
}

/// The modes of the pulls there were, the last first.
async fn modes(world: &World) -> Vec<Value> {
    seen(world).await["items"].as_array().unwrap().iter().map(|pull| pull["mode"].clone()).collect()
}

/// Starts what is due and works it off.
async fn tick(world: &World) {
    start_due(&world.context, world.acme()).await.unwrap();
    world.settle().await;
}

#[actix_web::test]
async fn what_is_scheduled_starts_by_itself_and_can_be_seen() {
    for backend in backends() {
        let world = world(backend, usual).await;
        world.has_profile("P1", "Nurse");
        let schedule = |mode: &str, every: &str, next: Value| {
            json!({"partner": "acme", "entity": "profiles", "mode": mode, "every": every, "next_run_at": next,
                "held_by_quiet_hours": false})
        };
        assert_eq!(
            seen(&world).await["schedules"],
            json!([
                schedule("full", "P7D", json!("2026-11-22T12:00:00Z")),
                schedule("delta", "PT15M", Value::Null),
            ])
        );
        tick(&world).await;
        assert_eq!(modes(&world).await, ["full"], "everything at once, and the delta after it");
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 1);
        tick(&world).await;
        assert_eq!(modes(&world).await.len(), 1, "nothing is due");
        for _ in 0..2 {
            world.advance(60);
            world.has_profile("P1", &format!("Nurse at {}", world.now()));
            advance_to_next(&world, "delta").await;
            tick(&world).await;
            tick(&world).await;
        }
        assert_eq!(modes(&world).await, ["delta", "delta", "full"]);
        assert_eq!(world.hrflow_side.writes(), 3);
        let other = answer(
            world
                .client
                .get(format!("{}/v1/pulls?partner=other", world.address))
                .header("X-API-KEY", OPERATOR_KEY),
        );
        assert_eq!(other.await.body["schedules"], json!([]));
    }
}

#[actix_web::test]
async fn a_full_pull_replaces_the_delta_that_is_due_with_it() {
    for backend in backends() {
        let world = world(backend, usual).await;
        world.has_profile("P1", "Nurse");
        tick(&world).await;
        world.advance(14 * 24 * 60 * 60);
        tick(&world).await;
        tick(&world).await;
        assert_eq!(modes(&world).await, ["full", "full"]);
    }
}

#[actix_web::test]
async fn no_scheduled_pull_starts_in_quiet_hours_and_an_operators_does() {
    for backend in backends() {
        let world = world(backend, nightly).await;
        world.has_profile("P1", "Nurse");
        tick(&world).await;
        // To a quarter past ten in the evening.
        world.advance(10 * 3600 + 900);
        tick(&world).await;
        assert_eq!(modes(&world).await, ["full"]);
        let seen = seen(&world).await;
        let delta = &seen["schedules"][1];
        assert_eq!((&delta["mode"], &delta["held_by_quiet_hours"]), (&json!("delta"), &json!(true)));
        let next = delta["next_run_at"].as_str().unwrap();
        assert!(next.starts_with("2026-11-23T06:0"), "{next}");
        assert_eq!(world.pull("profiles", "delta").await["state"], "done", "an operator knows why");
        advance_to_next(&world, "delta").await;
        tick(&world).await;
        assert_eq!(modes(&world).await, ["delta", "delta", "full"]);
    }
}

#[actix_web::test]
async fn a_scheduled_pull_that_meets_quiet_hours_waits_before_its_next_page() {
    for backend in backends() {
        for asked_for in [false, true] {
            let world = world(backend, nightly).await;
            for number in 0..4 {
                world.has_profile(&format!("P{number}"), "Nurse");
            }
            // A minute before ten in the evening.
            world.advance(10 * 3600 - 60);
            start_due(&world.context, world.acme()).await.unwrap();
            let gate = Gate::new();
            world.partner_side.fail("GET", "page=1&", Fault::HoldAfter(gate.clone()));
            let (context, partner) = (world.context.clone(), world.acme().clone());
            let claimed = pull::claim(&context, &partner).await.unwrap().unwrap();
            let id = claimed.id.clone();
            let running = tokio::spawn(async move { pull::run(&context, &partner, claimed).await });
            gate.reached().await;
            world.advance(120);
            gate.open();
            while world.pull_state(&id).await["pages"] == 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(world.partner_side.count("GET", "page=2&"), 0, "it is quiet");
            if asked_for {
                let pull = world.client.post(format!("{}/v1/pulls?partner=acme", world.address));
                let pull = pull.json(&json!({"entity": "profiles"})).header("X-API-KEY", OPERATOR_KEY);
                let pull = answer(pull).await;
                assert_eq!((pull.status, &pull.body["id"]), (StatusCode::OK, &json!(id)));
            } else {
                world.advance(8 * 3600);
            }
            running.await.unwrap().unwrap();
            let pull = world.pull_state(&id).await;
            assert_eq!((&pull["state"], &pull["pages"]), (&json!("done"), &json!(3)), "{pull}");
        }
    }
}

#[actix_web::test]
async fn a_scheduled_pull_that_failed_goes_on_from_its_place_after_a_while() {
    for backend in backends() {
        let world = world(backend, usual).await;
        for number in 0..5 {
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        world.partner_side.fail("GET", "page=2", Fault::Status(503, None));
        for minutes in [0, 1, 4, 4] {
            world.advance(minutes * 60);
            tick(&world).await;
        }
        assert_eq!(modes(&world).await, ["full"], "it is left alone for ten minutes");
        world.advance(60);
        tick(&world).await;
        assert_eq!(modes(&world).await, ["full", "full"]);
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 5);
        assert_eq!(world.partner_side.count("GET", "page=1&"), 1, "its place was kept");
    }
}

#[actix_web::test]
async fn every_node_and_every_restart_agrees_on_the_next_run() {
    for backend in backends() {
        let world = world(backend, usual).await;
        world.has_profile("P1", "Nurse");
        tick(&world).await;
        let restarted = server::context(&world.config, world.clock.clone()).await.unwrap();
        let here = upcoming(&world.context, world.acme()).await.unwrap();
        let there = upcoming(&restarted, &restarted.partners[0]).await.unwrap();
        assert_eq!(here[0].runs, there[0].runs);
        advance_to_next(&world, "delta").await;
        let barrier = Arc::new(Barrier::new(2));
        let nodes = [world.context.clone(), restarted].map(|context| {
            let barrier = barrier.clone();
            tokio::spawn(async move {
                barrier.wait().await;
                start_due(&context, &context.partners[0]).await.unwrap();
            })
        });
        for node in nodes {
            node.await.unwrap();
        }
        assert_eq!(modes(&world).await, ["delta", "full"], "one pull, whoever was first");
    }
}

#[actix_web::test]
async fn two_nodes_that_start_a_pull_at_once_start_one() {
    for backend in backends() {
        for modes in [[Mode::Full, Mode::Full], [Mode::Delta, Mode::Delta], [Mode::Full, Mode::Delta]] {
            let world = world(backend, usual).await;
            let second = server::context(&world.config, world.clock.clone()).await.unwrap();
            let contexts = [world.context.clone(), second];
            let barrier = Arc::new(Barrier::new(2));
            let started = [0, 1].map(|node: usize| {
                let (context, mode, barrier) = (contexts[node].clone(), modes[node], barrier.clone());
                tokio::spawn(async move {
                    barrier.wait().await;
                    let partner = &context.partners[0];
                    pull::start(&context, partner, Entity::Profile, mode, By::Operator).await.unwrap()
                })
            });
            let [(one, one_is_new), (other, other_is_new)] = futures_util::future::join_all(started)
                .await
                .try_into()
                .map(|ended: [_; 2]| ended.map(Result::unwrap))
                .unwrap();
            assert_eq!(one.id, other.id);
            assert!(one_is_new != other_is_new, "one of them is new");
            // And one of them works on it.
            let claims = contexts.map(|context| {
                let barrier = barrier.clone();
                tokio::spawn(async move {
                    barrier.wait().await;
                    pull::claim(&context, &context.partners[0]).await.unwrap()
                })
            });
            let claimed = futures_util::future::join_all(claims).await;
            assert_eq!(claimed.into_iter().filter_map(Result::unwrap).count(), 1);
        }
    }
}

#[actix_web::test]
async fn a_server_starts_what_is_scheduled_without_being_asked() {
    for backend in backends() {
        let world = world(backend, usual).await;
        world.has_profile("P1", "Nurse");
        let running = Running::start(&world.config, world.clock.clone()).await.unwrap();
        let pulled = async {
            while seen(&world).await["items"][0]["state"] != "done" {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), pulled)
            .await
            .expect("the first full pull starts by itself");
        running.stop().await;
    }
}
