//! Deltas and newest-first pulls through the front door: what is asked of each kind of partner, what moves the cursor, and
//! that nothing is lost in between.

use std::time::Duration;

use oem_connector::config::{Changes, Config, DateFormat, DateParameter, Order, Sort};
use oem_connector::flows::pull::{self, By};
use oem_connector::model::{Entity, Reference};
use oem_connector::store::{Mode, Record, pulls, records};
use serde_json::{Value, json};

use crate::support::{Fault, Gate, Wishes, World, backends};

fn parameter(name: &str) -> DateParameter {
    DateParameter { parameter: name.to_owned(), format: DateFormat::Rfc3339 }
}

fn changes(config: &mut Config) -> &mut Changes {
    &mut config.partners[0].service.profiles.as_mut().unwrap().changes
}

fn sort() -> Sort {
    Sort {
        parameter: "sort".to_owned(),
        oldest_first: Some("modifiedAt".to_owned()),
        newest_first: Some("-modifiedAt".to_owned()),
    }
}

/// A world whose partner can be asked for this, two objects to a page.
async fn world(backend: crate::support::Backend, adjust: fn(&mut Config)) -> World {
    World::with(backend, Wishes { page_size: 2, page_attempts: 1, adjust, ..Wishes::default() }).await
}

/// The partner has this profile since a time.
fn dated(world: &World, id: &str, headline: &str, date: &str) {
    world.ats.put(Entity::Profile, candidate(id, headline, date).as_object().unwrap().clone()).unwrap();
}

fn candidate(id: &str, headline: &str, date: impl Into<Value>) -> Value {
    json!({"id": id, "firstName": "Ada", "lastName": "Moreau", "headline": headline,
        "contact": {"email": "ada@example.org"}, "resumeText": "Ada Moreau", "competencies": ["Rust"],
        "modifiedAt": date.into()})
}

fn page_of(candidates: &[Value]) -> Fault {
    Fault::Answer(200, json!({ "content": candidates }).to_string())
}

/// What the lists were asked, each as the parameters of this name.
fn asked(world: &World, name: &str) -> Vec<Option<String>> {
    let calls = world.partner_side.requests();
    let lists = calls.iter().filter(|call| call.target.contains("/candidates?"));
    lists
        .map(|call| {
            let url: url::Url = format!("http://ats{}", call.target).parse().unwrap();
            url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
        })
        .collect()
}

/// All that is kept of an object.
async fn row(world: &World, reference: &str) -> Option<Record> {
    let reference = Reference::parse(reference).unwrap();
    world.context.store.read(move |db| records::find(db, "acme", Entity::Profile, &reference)).await.unwrap()
}

/// Since when the next delta would ask.
async fn next_since(world: &World) -> Option<String> {
    world.partner_side.forget();
    world.pull("profiles", "delta").await;
    asked(world, "modified_since").remove(0)
}

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
