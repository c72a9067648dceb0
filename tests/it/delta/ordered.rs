//! Lists that tell what changed, in the order of the changes: no page twice, and a cursor that never goes too far.

use std::time::Duration;

use oem_connector::flows::pull::{self, By};
use oem_connector::model::Entity;
use oem_connector::store::{Mode, pulls};
use serde_json::json;

use super::{asked, candidate, changes, dated, next_since, page_of, row, sort, world};
use crate::support::{Fault, Gate, backends};

#[actix_web::test]
async fn a_failure_in_the_middle_of_an_ordered_delta_repeats_no_page_and_loses_nothing() {
    for backend in backends() {
        let world = world(backend, |config| changes(config).sort = Some(sort())).await;
        world.pull("profiles", "full").await;
        world.partner_side.forget();
        for number in 0..6 {
            world.advance(60);
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        world.partner_side.fail("GET", "page=1", Fault::Slow(Duration::ZERO));
        world.partner_side.fail("GET", "page=1", Fault::Slow(Duration::ZERO));
        world.partner_side.fail("GET", "page=1", Fault::Status(503, None));
        let failed = world.pull("profiles", "delta").await;
        assert_eq!((&failed["state"], &failed["pages"]), (&json!("failed"), &json!(2)));
        let since = asked(&world, "modified_since");
        assert_eq!(asked(&world, "sort"), vec![Some("modifiedAt".to_owned()); 3]);
        assert_eq!(since[1].as_deref(), Some("2026-11-22T12:01:59Z"), "from the last date of the first page");
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 3, "what was read is indexed");

        world.partner_side.forget();
        let next = world.pull("profiles", "delta").await;
        assert_eq!(next["state"], "done");
        assert_eq!(asked(&world, "modified_since")[0], since[2], "it goes on where it stopped");
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 6);
        assert_eq!(world.hrflow_side.writes(), 6, "each is written once");
        assert_eq!(next_since(&world).await.as_deref(), Some("2026-11-22T12:01:00Z"));
    }
}

#[actix_web::test]
async fn each_page_of_an_ordered_delta_moves_the_cursor_and_never_back() {
    for backend in backends() {
        let world = world(backend, |config| changes(config).sort = Some(sort())).await;
        for number in 0..4 {
            world.advance(600);
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        let cursor =
            async || world.context.store.read(|db| pulls::cursor(db, "acme", Entity::Profile)).await.unwrap();
        let minute =
            |minute: i64| Some(crate::support::start_of_time().timestamp_micros() + minute * 60_000_000);
        world.partner_side.fail("GET", "page=1", Fault::Slow(Duration::ZERO));
        world.partner_side.fail("GET", "page=1", Fault::Status(503, None));
        assert_eq!(world.pull("profiles", "delta").await["state"], "failed");
        assert_eq!(cursor().await, minute(20), "the date of the second of four");
        assert_eq!(world.pull("profiles", "delta").await["state"], "done");
        assert_eq!(cursor().await, minute(40));
        // A list that has lost its newest objects moves nothing back.
        world.ats.remove(Entity::Profile, "P3");
        world.pull("profiles", "full").await;
        assert_eq!(cursor().await, minute(40));
    }
}

#[actix_web::test]
async fn what_changes_while_a_delta_is_read_moves_nothing_out_of_sight() {
    for backend in backends() {
        let world = world(backend, |config| changes(config).sort = Some(sort())).await;
        world.pull("profiles", "full").await;
        for id in ["A", "B", "C", "D"] {
            world.advance(600);
            world.has_profile(id, "Nurse");
        }
        let gate = Gate::new();
        world.partner_side.fail("GET", "/candidates?", Fault::Slow(Duration::ZERO));
        world.partner_side.fail("GET", "/candidates?", Fault::HoldBefore(gate.clone()));
        let change = async {
            gate.reached().await;
            // The first of the first page becomes the last of all: by its number, the second page would begin after C.
            world.advance(600);
            world.has_profile("A", "Head nurse");
            gate.open();
        };
        let (pull, ()) = tokio::join!(world.pull("profiles", "delta"), change);
        assert_eq!(pull["state"], "done");
        for (id, headline) in [("A", "Head nurse"), ("B", "Nurse"), ("C", "Nurse"), ("D", "Nurse")] {
            assert_eq!(world.headline(id).await.as_deref(), Some(headline), "{id}");
        }
    }
}

#[actix_web::test]
async fn changes_of_one_second_are_read_by_page_number() {
    for backend in backends() {
        let world = world(backend, |config| changes(config).sort = Some(sort())).await;
        for number in 0..5 {
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        let pull = world.pull("profiles", "delta").await;
        assert_eq!((&pull["state"], &pull["pages"]), (&json!("done"), &json!(3)));
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 5);
        let pages: Vec<_> = asked(&world, "page").into_iter().flatten().collect();
        assert_eq!(pages, ["1", "2", "3"]);
    }
}

#[actix_web::test]
async fn what_a_delta_lists_again_costs_no_call_and_no_write() {
    for backend in backends() {
        let world = world(backend, |config| changes(config).sort = Some(sort())).await;
        for number in 0..5 {
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        world.pull("profiles", "full").await;
        let before = row(&world, "P1").await;
        world.hrflow_side.forget();
        world.advance(60);
        let delta = world.pull("profiles", "delta").await;
        assert_eq!((&delta["seen"], &delta["unchanged"]), (&json!(5), &json!(5)));
        assert_eq!(world.hrflow_side.requests().len(), 0);
        assert_eq!(row(&world, "P1").await, before);
    }
}

#[actix_web::test]
async fn a_list_out_of_order_moves_the_cursor_only_at_its_end_and_says_so() {
    for backend in backends() {
        let world = world(backend, |config| changes(config).sort = Some(sort())).await;
        world.advance(3600);
        let page = [
            candidate("P1", "Nurse", "2026-11-22T12:30:00Z"),
            candidate("P2", "Nurse", "2026-11-22T12:10:00Z"),
        ];
        world.partner_side.fail("GET", "/candidates?", page_of(&page));
        world.partner_side.fail("GET", "/candidates?", Fault::Status(503, None));
        let failed = world.pull("profiles", "delta").await;
        assert_eq!((&failed["state"], &failed["pages"]), (&json!("failed"), &json!(1)));
        assert_eq!(asked(&world, "page").into_iter().flatten().collect::<Vec<_>>(), ["1", "2"]);
        let cursor = world.context.store.read(|db| pulls::cursor(db, "acme", Entity::Profile)).await.unwrap();
        assert_eq!(cursor, None);
        dated(&world, "P3", "Nurse", "2026-11-22T12:20:00Z");
        world.partner_side.fail(
            "GET",
            "page=2",
            page_of(&[candidate("P3", "Nurse", "2026-11-22T12:20:00Z")]),
        );
        let done = world.pull("profiles", "delta").await;
        assert_eq!((&done["state"], &done["cursor"]), (&json!("done"), &json!("2026-11-22T12:30:00Z")));
        let problem = done["problem"].as_str().unwrap();
        assert!(problem.contains("does not come in the order"), "{problem}");
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 3);
    }
}

#[actix_web::test]
async fn dates_of_the_future_and_no_dates_move_no_cursor_and_offsets_are_read_right() {
    for backend in backends() {
        let world = world(backend, |config| {
            changes(config).sort = Some(sort());
            // The sample's map needs a date, so one of long ago stands for none.
            let dates = ".modifiedAt | if startswith(\"2000\") then null else . end".to_owned();
            config.partners[0].service.profiles.as_mut().unwrap().updated_at = Some(dates);
        })
        .await;
        dated(&world, "P0", "Nurse", "2026-11-22T11:00:00Z");
        world.pull("profiles", "full").await;
        world.advance(3600);
        for (page, since) in [
            (vec![candidate("P1", "Nurse", "2000-01-01T00:00:00Z")], "2026-11-22T10:55:00Z"),
            (vec![candidate("P2", "Nurse", "2031-01-01T00:00:00Z")], "2026-11-22T10:55:00Z"),
            // Half past eleven in UTC, and nine in the evening of a clock that is far ahead.
            (
                vec![
                    candidate("P3", "Nurse", "2026-11-22T13:30:00+02:00"),
                    candidate("P4", "Nurse", "2000-01-01T00:00:00Z"),
                ],
                "2026-11-22T11:25:00Z",
            ),
            (
                vec![
                    candidate("P5", "Nurse", "2026-11-22T04:40:00-08:00"),
                    candidate("P6", "Nurse", "2026-11-22T21:00:00Z"),
                ],
                "2026-11-22T12:35:00Z",
            ),
        ] {
            world.partner_side.fail("GET", "/candidates?", page_of(&page));
            world.partner_side.fail("GET", "/candidates?", page_of(&[]));
            assert_eq!(world.pull("profiles", "delta").await["state"], "done");
            world.partner_side.heal();
            assert_eq!(next_since(&world).await.as_deref(), Some(since), "{page:?}");
        }
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 7, "all of them are recorded");
    }
}

#[actix_web::test]
async fn a_delta_that_is_read_while_hrflow_is_away_is_indexed_when_it_is_back() {
    for backend in backends() {
        let world = world(backend, |config| changes(config).sort = Some(sort())).await;
        world.pull("profiles", "full").await;
        for method in ["GET", "POST", "PUT", "PATCH"] {
            world.hrflow_side.fail_times(usize::MAX, method, "/", Fault::Status(503, None));
        }
        for number in 0..5 {
            world.advance(60);
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        let delta = world.pull("profiles", "delta").await;
        assert_eq!((&delta["state"], &delta["cursor"]), (&json!("done"), &json!("2026-11-22T12:05:00Z")));
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 0);
        world.hrflow_side.heal();
        for _ in 0..3 {
            world.advance(3600);
            world.settle().await;
        }
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 5);
        for number in 0..5 {
            assert_eq!(world.headline(&format!("P{number}")).await.as_deref(), Some("Nurse"));
        }
    }
}

#[actix_web::test]
async fn a_place_in_an_order_that_is_configured_no_longer_is_given_up() {
    for backend in backends() {
        let world = world(backend, |config| changes(config).sort = Some(sort())).await;
        for number in 0..5 {
            world.advance(600);
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        world.partner_side.fail("GET", "page=1", Fault::Slow(Duration::ZERO));
        world.partner_side.fail("GET", "page=1", Fault::Status(503, None));
        assert_eq!(world.pull("profiles", "delta").await["state"], "failed");
        let mut config = world.config.clone();
        changes(&mut config).sort = None;
        let restarted = oem_connector::server::context(&config, world.clock.clone()).await.unwrap();
        for state in ["failed", "done"] {
            world.advance(1);
            let acme = &restarted.partners[0];
            let (started, _) =
                pull::start(&restarted, acme, Entity::Profile, Mode::Delta, By::Operator).await.unwrap();
            let claimed = pull::claim(&restarted, acme).await.unwrap().unwrap();
            pull::run(&restarted, acme, claimed).await.unwrap();
            assert_eq!(world.pull_state(&started.id).await["state"], state);
        }
    }
}
