//! Lists that tell less than that: sorted alone, filtered alone, or neither; and how much is covered meanwhile.

use std::time::Duration;

use oem_connector::config::{Changes, Config, Order};
use oem_connector::model::Entity;
use oem_connector::store::pulls;
use serde_json::{Value, json};

use super::{asked, candidate, changes, dated, page_of, parameter, sort, world};
use crate::support::{Fault, backends};

#[actix_web::test]
async fn a_partner_that_can_only_sort_is_read_from_the_newest_back_to_the_cursor() {
    for backend in backends() {
        let only_sorts =
            |config: &mut Config| *changes(config) = Changes { sort: Some(sort()), ..Changes::default() };
        let world = world(backend, only_sorts).await;
        for number in 0..10 {
            world.advance(600);
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        world.pull("profiles", "full").await;
        world.advance(600);
        world.has_profile("P2", "Head nurse");
        world.partner_side.forget();
        world.hrflow_side.forget();
        let delta = world.pull("profiles", "delta").await;
        assert_eq!(asked(&world, "sort"), vec![Some("-modifiedAt".to_owned()); 2]);
        assert_eq!(
            (&delta["state"], &delta["pages"], &delta["problem"]),
            (&json!("done"), &json!(2), &Value::Null)
        );
        assert_eq!(delta["cursor"], "2026-11-22T13:50:00Z");
        assert_eq!(world.headline("P2").await.as_deref(), Some("Head nurse"));
        assert_eq!(world.hrflow_side.writes(), 1);

        // A page that is not in that order proves nothing of what comes after it.
        world.advance(600);
        world.has_profile("P5", "Baker");
        let shuffled = [
            candidate("P0", "Nurse", "2026-11-22T12:10:00Z"),
            candidate("P1", "Nurse", "2026-11-22T12:20:00Z"),
        ];
        world.partner_side.fail("GET", "page=1&", page_of(&shuffled));
        world.partner_side.fail(
            "GET",
            "page=2&",
            page_of(&[
                candidate("P5", "Baker", "2026-11-22T14:00:00Z"),
                candidate("P4", "Nurse", "2026-11-22T12:50:00Z"),
            ]),
        );
        let delta = world.pull("profiles", "delta").await;
        assert_eq!((&delta["state"], &delta["pages"]), (&json!("done"), &json!(6)));
        assert!(delta["problem"].as_str().unwrap().contains("does not come in the order"), "{delta}");
        assert_eq!(world.headline("P5").await.as_deref(), Some("Baker"));
    }
}

#[actix_web::test]
async fn a_service_that_does_not_know_how_to_sort_is_read_to_its_end() {
    for backend in backends() {
        let only_sorts = |config: &mut Config| {
            *changes(config) = Changes { sort: Some(sort()), ..Changes::default() };
            // The parameter is of another name than the service's, which ignores it and lists the oldest first.
            changes(config).sort.as_mut().unwrap().parameter = "order_by".to_owned();
        };
        let world = world(backend, only_sorts).await;
        for number in 0..6 {
            // Three pages of one date each.
            if number % 2 == 0 {
                world.advance(600);
            }
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        world.pull("profiles", "full").await;
        world.advance(600);
        world.has_profile("P9", "Baker");
        let delta = world.pull("profiles", "delta").await;
        assert_eq!((&delta["state"], &delta["pages"]), (&json!("done"), &json!(4)));
        assert_eq!(world.headline("P9").await.as_deref(), Some("Baker"));
    }
}

#[actix_web::test]
async fn a_partner_that_can_neither_filter_nor_sort_is_read_whole_and_sends_nothing_that_did_not_change() {
    for backend in backends() {
        let world = world(backend, |config| *changes(config) = Changes::default()).await;
        for number in 0..5 {
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        world.pull("profiles", "full").await;
        world.advance(3600);
        world.hrflow_side.forget();
        let delta = world.pull("profiles", "delta").await;
        assert_eq!(
            (&delta["seen"], &delta["unchanged"], &delta["coverage"]),
            (&json!(5), &json!(5), &Value::Null)
        );
        assert_eq!(world.hrflow_side.requests().len(), 0);
        world.ats.remove(Entity::Profile, "P1");
        world.has_profile("P3", "Baker");
        let delta = world.pull("profiles", "delta").await;
        assert_eq!((&delta["seen"], &delta["changed"]), (&json!(4), &json!(1)));
        assert_eq!(world.hrflow_side.writes(), 1);
        assert_eq!(world.headline("P1").await.as_deref(), Some("Nurse"), "a delta archives nothing");
    }
}

#[actix_web::test]
async fn newest_first_is_indexed_first_and_tells_how_much_it_covers() {
    for backend in backends() {
        let world = world(backend, |config| {
            changes(config).sort = Some(sort());
            changes(config).order = Order::NewestFirst;
        })
        .await;
        for number in 0..5 {
            world.advance(600);
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        world.partner_side.fail("GET", "page=2", Fault::Status(503, None));
        let failed = world.pull("profiles", "full").await;
        assert_eq!(failed["coverage"], json!({"seen": 2, "total": 5}));
        assert!(world.headline("P4").await.is_some() && world.headline("P3").await.is_some());
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 2, "the newest are of use already");
        let done = world.pull("profiles", "full").await;
        assert_eq!((&done["seen"], &done["coverage"]), (&json!(3), &json!({"seen": 5, "total": 5})));
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 5);
        assert_eq!(asked(&world, "sort"), vec![Some("-modifiedAt".to_owned()); 4]);
    }
}

#[actix_web::test]
async fn a_partner_that_can_only_filter_is_read_window_by_window_into_the_past() {
    for backend in backends() {
        let world = world(backend, |config| {
            let (since, until) = (Some(parameter("modified_since")), Some(parameter("modified_until")));
            *changes(config) = Changes { since, until, order: Order::NewestFirst, ..Changes::default() };
        })
        .await;
        for (id, date) in [
            ("today", "2026-11-22T11:00:00Z"),
            ("edge", "2026-11-15T12:00:00Z"),
            ("month-1", "2026-11-10T12:00:00Z"),
            ("month-2", "2026-11-09T12:00:00Z"),
            ("month-3", "2026-11-08T12:00:00Z"),
            ("old", "2019-01-01T00:00:00Z"),
        ] {
            dated(&world, id, "Nurse", date);
        }
        // The second page of the second window.
        world.partner_side.fail("GET", "page=2", Fault::Slow(Duration::ZERO));
        world.partner_side.fail("GET", "page=2", Fault::Status(503, None));
        let failed = world.pull("profiles", "full").await;
        assert_eq!((&failed["state"], &failed["coverage"]["total"]), (&json!("failed"), &Value::Null));
        assert!(world.headline("today").await.is_some() && world.headline("edge").await.is_some());
        assert_eq!(world.headline("old").await, None);
        let before = asked(&world, "modified_since").len();
        let done = world.pull("profiles", "full").await;
        assert_eq!(done["state"], "done", "{done}");
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 6);
        assert_eq!(world.hrflow_side.writes(), 6);
        let since: Vec<String> =
            asked(&world, "modified_since").into_iter().skip(before).map(Option::unwrap_or_default).collect();
        assert_eq!(since[0], "2026-10-23T12:00:00Z", "the window in which it failed");
        let until: Vec<_> = asked(&world, "modified_until");
        assert_eq!(
            (until.first(), until.last()),
            (Some(&None), Some(&Some("2025-11-22T12:00:00Z".to_owned())))
        );
        assert_eq!(since.last().unwrap(), "", "at last all that is older");

        // What an import has read once is read as it comes, so that it can prove what is gone.
        world.partner_side.forget();
        let again = world.pull("profiles", "full").await;
        assert_eq!((&again["pages"], &again["coverage"]), (&json!(4), &json!({"seen": 6, "total": 6})));
        assert!(
            asked(&world, "modified_since")
                .iter()
                .chain(&asked(&world, "modified_until"))
                .all(Option::is_none)
        );
    }
}

#[actix_web::test]
async fn coverage_is_of_the_running_or_the_last_full_pull() {
    for backend in backends() {
        let untold = |config: &mut Config| config.partners[0].service.profiles.as_mut().unwrap().total = None;
        let world = world(backend, untold).await;
        let coverage = async || {
            let found = world.context.store.read(|db| pulls::coverage(db, "acme", Entity::Profile));
            found.await.unwrap().map(|coverage| (coverage.seen, coverage.total))
        };
        assert_eq!(coverage().await, None);
        for number in 0..5 {
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        world.partner_side.fail("GET", "page=2", Fault::Status(503, None));
        let failed = world.pull("profiles", "full").await;
        assert_eq!(failed["coverage"], json!({"seen": 2, "total": null}));
        assert_eq!(coverage().await, Some((2, None)));
        world.pull("profiles", "full").await;
        assert_eq!(coverage().await, Some((5, Some(5))), "a list that was read to its end has what was read");
        world.has_profile("P5", "Nurse");
        let id = world.start_pull("profiles", "full").await;
        assert_eq!(
            world.pull_state(&id).await["coverage"],
            json!({"seen": 0, "total": 5}),
            "as of the last one"
        );
        assert_eq!(coverage().await, Some((5, Some(5))), "what was listed before stays known");
    }
}
