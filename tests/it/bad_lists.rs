//! Lists that lie: whatever is wrong with one, the pull says so clearly and nothing is archived.

use std::time::Duration;

use oem_connector::config::Limits;
use oem_connector::model::Entity;
use oem_connector::server;
use serde_json::{Value, json};

use crate::support::{Backend, Fault, Gate, Wishes, World, backends, drain};

/// A world in which HrFlow shows P00 to P11, and the partner has P00 no longer: its lists are P01 to P11, five a page.
async fn lacking_one(backend: Backend, tells_total: bool) -> World {
    let world = World::with(backend, Wishes { page_size: 5, tells_total, ..Wishes::default() }).await;
    for number in 0..12 {
        world.has_profile(&format!("P{number:02}"), "Nurse");
    }
    world.pull("profiles", "full").await;
    world.ats.remove(Entity::Profile, "P00");
    world.advance(60);
    world
}

/// A page with these objects.
fn page(world: &World, numbers: impl IntoIterator<Item = u32>, total: u32) -> Value {
    let objects: Vec<Value> = numbers
        .into_iter()
        .map(|number| world.ats.get(Entity::Profile, &format!("P{number:02}")).unwrap().into())
        .collect();
    json!({ "content": objects, "totalElements": total })
}

/// Nothing was archived, nor asked for.
async fn all_is_kept(world: &World, what: &str) {
    assert_eq!(world.partner_side.count("GET", "/candidates/"), 0, "{what}");
    assert_eq!(world.headline("P00").await.as_deref(), Some("Nurse"), "{what}");
}

#[actix_web::test]
async fn a_list_that_cannot_be_right_is_told_and_archives_nothing() {
    for backend in backends() {
        let world = lacking_one(backend, true).await;
        let mut nameless = page(&world, 6..=10, 11);
        nameless["content"][2]["id"] = Value::Null;
        let mut twice = page(&world, 6..=10, 11);
        twice["content"][2]["id"] = json!("P06");
        let mut again = page(&world, 6..=10, 11);
        again["content"][2]["id"] = json!("P03");
        for (what, faults, state, problem) in [
            ("a page again", vec![(2, page(&world, 1..=5, 11))], "failed", "lists the same page again"),
            (
                "a circle",
                vec![(3, page(&world, [11, 6, 7, 8, 9], 99)), (4, page(&world, 6..=10, 99))],
                "failed",
                "lists the same page again",
            ),
            ("no reference", vec![(2, nameless)], "done", "without a usable reference"),
            ("one reference twice on a page", vec![(2, twice)], "done", "listed more than once"),
            ("one reference twice on two pages", vec![(2, again)], "done", "listed more than once"),
            ("another total", vec![(2, page(&world, 6..=10, 12))], "done", "changed from 11 to 12"),
            ("one skipped", vec![(2, page(&world, 6..=9, 11))], "done", "tells of 11 objects and lists 10"),
            ("cut short", vec![(3, page(&world, [], 11))], "done", "tells of 11 objects and lists 10"),
        ] {
            world.partner_side.heal();
            world.advance(60);
            for (number, body) in faults {
                let part = format!("page={number}&");
                world.partner_side.fail("GET", &part, Fault::Answer(200, body.to_string()));
            }
            let pull = world.pull("profiles", "full").await;
            let found = (&pull["state"], &pull["complete"], &pull["absences"]);
            assert_eq!(found, (&json!(state), &json!(false), &Value::Null), "{what}: {pull}");
            assert!(pull["problem"].as_str().unwrap_or_default().contains(problem), "{what}: {pull}");
            all_is_kept(&world, what).await;
        }
        assert_eq!(world.pull("profiles", "full").await["absences"]["archived"], 1, "a list that is right");
    }
}

#[actix_web::test]
async fn a_list_that_shrinks_while_it_is_read_archives_nothing() {
    for backend in backends() {
        let world = lacking_one(backend, true).await;
        let gate = Gate::new();
        world.partner_side.fail("GET", "page=2&", Fault::HoldBefore(gate.clone()));
        let id = world.start_pull("profiles", "full").await;
        let reading = world.begin_pull().await;
        gate.reached().await;
        // What follows moves up by one, so that P06 is on no page.
        world.ats.remove(Entity::Profile, "P02");
        gate.open();
        reading.await.unwrap();
        let pull = world.pull_state(&id).await;
        assert_eq!((&pull["state"], &pull["complete"]), (&json!("done"), &json!(false)));
        assert!(pull["problem"].as_str().unwrap().contains("changed from 11 to 10"), "{pull}");
        all_is_kept(&world, "it shrank").await;
    }
}

#[actix_web::test]
async fn a_list_without_an_end_is_given_up_at_the_limits() {
    for backend in backends() {
        let world = lacking_one(backend, true).await;
        for (limits, setting, waits) in [
            (Limits { pull_pages: 2, ..world.config.limits.clone() }, "pull_pages", 0),
            (Limits { pull_bytes: 1_000, ..world.config.limits.clone() }, "pull_megabytes", 0),
            (
                Limits { pull_time: Duration::from_hours(1), ..world.config.limits.clone() },
                "pull_hours",
                3601,
            ),
        ] {
            let mut config = world.config.clone();
            config.limits = limits;
            let context = server::context(&config, world.clock.clone()).await.unwrap();
            let gate = Gate::new();
            world.partner_side.fail("GET", "page=2&", Fault::HoldBefore(gate.clone()));
            let id = world.start_pull("profiles", "full").await;
            let reading = tokio::spawn(async move { drain(&context).await });
            if setting == "pull_hours" || setting == "pull_pages" {
                gate.reached().await;
                world.advance(waits);
            }
            gate.open();
            reading.await.unwrap();
            let pull = world.pull_state(&id).await;
            assert_eq!((&pull["state"], &pull["complete"]), (&json!("failed"), &json!(false)), "{setting}");
            assert!(pull["problem"].as_str().unwrap().contains(setting), "{pull}");
            all_is_kept(&world, setting).await;
            world.partner_side.heal();
            world.advance(60);
        }
    }
}

#[actix_web::test]
async fn a_service_that_gives_shorter_pages_than_it_is_asked_for_is_read_to_its_end() {
    for backend in backends() {
        for tells_total in [true, false] {
            let world = lacking_one(backend, tells_total).await;
            world.partner_side.forget();
            for (number, objects) in [(1, 1..=4), (2, 5..=8), (3, 9..=11)] {
                let body = page(&world, objects, 11).to_string();
                world.partner_side.fail("GET", &format!("page={number}&"), Fault::Answer(200, body));
            }
            let pull = world.pull("profiles", "full").await;
            assert_eq!((&pull["seen"], &pull["complete"]), (&json!(11), &json!(true)), "{pull}");
            let pages = if tells_total { 3 } else { 4 };
            assert_eq!(pull["pages"], pages, "without a total the end is an empty page");
            assert_eq!(world.headline("P00").await, None);
        }
    }
}
