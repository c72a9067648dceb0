//! What happened, as it can be read afterwards: deliveries, timelines and the feed.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use oem_connector::demo::PROFILE_MAP;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Answer, Backend, Fault, Gate, OPERATOR_KEY, OTHER_KEY, Wishes, World, answer, backends, urlencoded,
};

/// Asks with another key than acme's.
async fn ask(world: &World, key: &str, path: &str) -> Answer {
    let request = world.client.request(Method::GET, format!("{}{path}", world.address));
    answer(request.header("X-API-KEY", key)).await
}

/// What `name` says of each item of a list.
fn each(answer: &Answer, name: &str) -> Vec<String> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let items = answer.body["items"].as_array().unwrap();
    items.iter().map(|item| item[name].as_str().unwrap_or("-").to_owned()).collect()
}

/// The steps of the newest entry of a timeline, each with its milliseconds.
fn steps(timeline: &Value) -> Vec<(String, Option<i64>)> {
    let steps = timeline["items"][0]["steps"].as_array().unwrap().iter();
    steps.map(|step| (step["name"].as_str().unwrap().to_owned(), step["took_ms"].as_i64())).collect()
}

fn step(name: &str, took_ms: impl Into<Option<i64>>) -> (String, Option<i64>) {
    (name.to_owned(), took_ms.into())
}

/// All pages of a list, each item by what `name` says of it; `between` runs after the first page.
async fn all(world: &World, path: &str, name: &str, between: impl AsyncFn()) -> Vec<String> {
    let mut page = world.get(path).await;
    between().await;
    let mut found = each(&page, name);
    while let Some(cursor) = page.body["next_cursor"].as_str() {
        page = world.get(&format!("{path}&cursor={cursor}")).await;
        found.extend(each(&page, name));
    }
    found
}

#[actix_web::test]
async fn a_timeline_tells_when_a_change_came_to_each_step() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        world.advance(2);
        let gate = Gate::new();
        world.hrflow_side.fail("POST", "/profile/indexing", Fault::HoldBefore(gate.clone()));
        let working = world.begin_work().await;
        gate.reached().await;
        world.clock.advance(Duration::from_millis(1500));
        gate.open();
        working.await.unwrap();

        let timeline = world.get("/v1/records/profiles/P1/timeline").await.body;
        let expected = [
            step("received", None),
            step("fetched", 2000),
            step("mapped", 0),
            step("indexed", 1500),
            step("searchable", 0),
        ];
        assert_eq!(steps(&timeline), expected, "{timeline}");
        let (change, delivery) = (&timeline["items"][0], &timeline["items"][1]);
        assert_eq!((&change["kind"], &change["outcome"]), (&json!("change"), &json!("indexed")));
        assert_eq!((&change["took_ms"], &change["attempts"]), (&json!(3500), &json!(1)));
        assert_eq!(change["not_searchable"], Value::Null);
        assert_eq!(
            (&delivery["kind"], &delivery["event_type"]),
            (&json!("delivery"), &json!("profile_create"))
        );
        assert_eq!(timeline["next_cursor"], Value::Null);

        world.advance(60);
        world.has_profile("P1", "Nurse");
        world.announce("profile_update", "P1").await;
        world.settle().await;
        let timeline = world.get("/v1/records/profiles/P1/timeline").await.body;
        assert_eq!(timeline["items"][0]["outcome"], "unchanged", "{timeline}");
        assert_eq!(steps(&timeline), [step("received", None), step("fetched", 0), step("mapped", 0)]);

        world.advance(60);
        world.announce("profile_archive", "P1").await;
        world.settle().await;
        let timeline = world.get("/v1/records/profiles/P1/timeline").await.body;
        assert_eq!(steps(&timeline), [step("received", None), step("archived", 0)], "{timeline}");
        assert_eq!(timeline["items"].as_array().unwrap().len(), 6);
    }
}

#[actix_web::test]
async fn a_timeline_says_why_no_search_finds_an_object() {
    for backend in backends() {
        let map = format!("{PROFILE_MAP} | if .info.summary == \"mute\" then .text = \"\" else . end");
        let world = World::with(backend, Wishes { profile_map: map, ..Wishes::default() }).await;
        world.has_profile("P1", "mute");
        world.pull("profiles", "full").await;
        let timeline = world.get("/v1/records/profiles/P1/timeline").await.body;
        assert_eq!(steps(&timeline), [step("received", None), step("indexed", 0)], "{timeline}");
        let change = &timeline["items"][0];
        assert!(change["pull"].is_string() && change["not_searchable"].is_string(), "{change}");
        // What a later pull finds as it was is no event.
        world.pull("profiles", "full").await;
        assert_eq!(world.get("/v1/records/profiles/P1/timeline").await.body, timeline);
    }
}

#[actix_web::test]
async fn a_timeline_read_in_pages_while_it_grows_skips_and_repeats_nothing() {
    for backend in backends() {
        let world = World::new(backend).await;
        for round in 0..5 {
            world.has_profile("P1", &format!("Nurse {round}"));
            world.announce("profile_update", "P1").await;
            world.advance(1);
            world.announce("profile_update", "P1").await;
            world.settle().await;
            world.advance(1);
        }
        let whole = all(&world, "/v1/records/profiles/P1/timeline?limit=100", "kind", async || {}).await;
        assert_eq!(whole, ["change", "delivery", "delivery"].repeat(5));
        for limit in [1, 4] {
            let path = format!("/v1/records/profiles/P1/timeline?limit={limit}");
            let found = all(&world, &path, "kind", async || {
                world.has_profile("P1", &format!("Nurse again {limit}"));
                world.announce("profile_update", "P1").await;
                world.settle().await;
                world.advance(1);
            });
            let found = found.await;
            assert!(found.len() >= 15 && found[found.len() - 15 + limit..] == whole[limit..], "{found:?}");
        }
    }
}

#[actix_web::test]
async fn a_timeline_is_found_by_a_parameter_and_hides_no_record_called_timeline() {
    for backend in backends() {
        let world = World::new(backend).await;
        for reference in ["LEG/1", "timeline"] {
            world.has_profile(reference, "Nurse");
            world.announce("profile_create", reference).await;
            world.settle().await;
            let encoded = urlencoded(reference);
            for path in [format!("timeline?reference={encoded}"), format!("{encoded}/timeline")] {
                let timeline = world.get(&format!("/v1/records/profiles/{path}")).await;
                assert_eq!(each(&timeline, "kind"), ["change", "delivery"], "{path}");
                assert_eq!(timeline.body["items"][1]["reference"], reference);
            }
        }
        assert_eq!(world.get("/v1/records/profiles/timeline").await.body["reference"], "timeline");
        assert_eq!(world.get("/v1/records/profiles/none/timeline").await.status, StatusCode::NOT_FOUND);
        assert_eq!(world.get("/v1/records/people/none/timeline").await.status, StatusCode::NOT_FOUND);
    }
}

#[actix_web::test]
async fn deliveries_are_listed_newest_first_by_what_is_asked_of_them() {
    for backend in backends() {
        let world = World::new(backend).await;
        for (event, reference) in [("job_create", "J1"), ("profile_create", "P1"), ("profile_archive", "P1")]
        {
            world.announce(event, reference).await;
            world.advance(60);
        }
        let stale = world.webhook("profile_update", "P1", "2026-11-22T11:00:00Z").await;
        assert_eq!(stale.body["status"], "stale");
        for (query, expected) in [
            ("", vec!["profile_update", "profile_archive", "profile_create", "job_create"]),
            ("?entity=jobs", vec!["job_create"]),
            ("?entity=profiles&reference=P1&limit=2", vec!["profile_update", "profile_archive"]),
            ("?entity=jobs&reference=P1", vec![]),
            ("?event_type=profile_archive", vec!["profile_archive"]),
            ("?status=stale", vec!["profile_update"]),
            ("?from=2026-11-22T12:01:00Z&to=2026-11-22T12:02:00Z", vec!["profile_create"]),
        ] {
            let found = world.get(&format!("/v1/deliveries{query}")).await;
            assert_eq!(each(&found, "event_type"), expected, "{query}");
        }
        let newest = world.get("/v1/deliveries?limit=1").await.body;
        assert_eq!(newest["items"][0]["id"], stale.body["id"]);
        assert_eq!(newest["items"][0]["received_at"], "2026-11-22T12:03:00Z");
    }
}

#[actix_web::test]
async fn deliveries_read_in_pages_while_webhooks_arrive_are_neither_skipped_nor_repeated() {
    for backend in backends() {
        let world = World::new(backend).await;
        for number in 0..9 {
            world.announce("profile_create", &format!("P{number}")).await;
            // Some of them within one moment.
            world.advance(number % 2);
        }
        let before = all(&world, "/v1/deliveries?limit=100", "id", async || {}).await;
        for query in ["?limit=2", "?limit=1&entity=profiles", "?limit=4&status=accepted"] {
            let path = format!("/v1/deliveries{query}");
            let found = all(&world, &path, "id", async || {
                world.announce("job_create", &format!("J{query}")).await;
            });
            let found: Vec<String> = found.await.into_iter().filter(|id| before.contains(id)).collect();
            assert_eq!(found, before, "{query}");
        }
    }
}

#[actix_web::test]
async fn the_feed_gives_each_change_once_in_the_order_they_came() {
    for backend in backends() {
        let map = format!("{PROFILE_MAP} | if .info.summary == \"odd\" then .info.email = [1] else . end");
        let world = World::with(backend, Wishes { profile_map: map, ..Wishes::default() }).await;
        let mut expected = Vec::new();
        let mut cursor = String::new();
        let empty = world.get("/v1/events").await.body;
        assert_eq!((&empty["items"], &empty["has_more"]), (&json!([]), &json!(false)));
        for (event, headline, outcome) in [
            ("profile_create", "Nurse", Some("indexed")),
            ("profile_update", "Nurse", None),
            ("profile_update", "odd", Some("set_aside")),
            ("profile_archive", "odd", Some("archived")),
        ] {
            world.has_profile("P1", headline);
            world.announce(event, "P1").await;
            world.settle().await;
            world.advance(60);
            expected.extend(outcome);
        }
        world.events("", expected.len()).await;
        let mut found = Vec::new();
        loop {
            let page = world.get(&format!("/v1/events?limit=2{cursor}")).await;
            found.extend(each(&page, "outcome"));
            cursor = format!("&cursor={}", page.body["cursor"].as_str().unwrap());
            if page.body["has_more"] == false {
                break;
            }
        }
        assert_eq!(found, expected);
        // Nothing new: the same cursor, as often as it is asked.
        let page = world.get(&format!("/v1/events?limit=2{cursor}")).await;
        assert_eq!(
            (each(&page, "outcome"), format!("&cursor={}", page.body["cursor"].as_str().unwrap())),
            (vec![], cursor.clone())
        );
        world.has_profile("P1", "Back");
        world.announce("profile_create", "P1").await;
        world.settle().await;
        let page = world.events(&format!("?limit=2{cursor}"), 1).await;
        assert_eq!(each(&page, "outcome"), ["indexed"]);
        let set_aside = &world.get("/v1/events").await.body["items"][1];
        assert_eq!((&set_aside["problem"], &set_aside["reference"]), (&json!("invalid"), &json!("P1")));
    }
}

#[actix_web::test]
async fn the_feed_waits_for_a_transaction_that_took_an_earlier_number_and_commits_later() {
    for backend in backends() {
        // SQLite has one writer: nobody commits later than whoever took a later number.
        if backend == Backend::Sqlite {
            continue;
        }
        let world = World::new(backend).await;
        let mut slow = world.database.postgres();
        slow.batch_execute(
            "BEGIN; INSERT INTO changes (partner, entity, reference, version, outcome, settled_at, attempts) \
             VALUES ('acme', 'profile', 'SLOW', 1, 'indexed', 0, 1)",
        )
        .unwrap();
        world.has_profile("FAST", "Nurse");
        world.announce("profile_create", "FAST").await;
        world.settle().await;
        assert!(world.headline("FAST").await.is_some());
        let page = world.get("/v1/events").await;
        assert_eq!(each(&page, "reference"), Vec::<String>::new(), "FAST would hide what comes before it");
        slow.batch_execute("COMMIT").unwrap();
        let next = world.events(&format!("?cursor={}", page.body["cursor"].as_str().unwrap()), 2).await;
        assert_eq!(each(&next, "reference"), ["SLOW", "FAST"]);
    }
}

#[actix_web::test]
async fn a_cursor_that_the_list_never_gave_is_refused() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        world.announce("profile_update", "P2").await;
        world.settle().await;
        let deliveries = world.get("/v1/deliveries?limit=1").await.body["next_cursor"].clone();
        let ahead = "WyJldmVudHMiLFs5MDAwMDAwMDAwMDAwMCw3XV0"; // ["events",[90000000000000,7]]
        for (path, cursor) in [
            ("/v1/events", deliveries.as_str().unwrap()),
            ("/v1/events", ahead),
            ("/v1/events", "bm9uZQ"),
            ("/v1/deliveries", "no cursor"),
            ("/v1/deliveries", "a%00"),
            ("/v1/records/profiles/P1/timeline", ahead),
        ] {
            let refused = world.get(&format!("{path}?cursor={}", cursor.replace(' ', "+"))).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {cursor}: {}", refused.body);
            assert_eq!(refused.body["errors"][0]["field"], "cursor", "{path} {cursor}");
        }
        for query in ["reference=P1", "from=2026-11-22&to=2026-11-21", "limit=101"] {
            let refused = world.get(&format!("/v1/deliveries?{query}")).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        }
    }
}

#[actix_web::test]
async fn a_partner_never_sees_the_history_of_another() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        world.settle().await;
        let given = world.events("", 1).await.body["cursor"].as_str().unwrap().to_owned();
        for (path, at_home) in
            [("/v1/deliveries", 1), ("/v1/events", 1), ("/v1/records/profiles/P1/timeline", 2)]
        {
            assert_eq!(each(&world.get(path).await, "reference").len(), at_home, "{path}");
            let operator = ask(&world, OPERATOR_KEY, &format!("{path}?partner=acme")).await;
            assert_eq!(each(&operator, "reference").len(), at_home, "{path}");
            assert_eq!(ask(&world, OPERATOR_KEY, path).await.status, StatusCode::BAD_REQUEST, "{path}");
            let named = ask(&world, OTHER_KEY, &format!("{path}?partner=acme")).await;
            assert_eq!(named.status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in ["/v1/deliveries", "/v1/events"] {
            assert_eq!(
                each(&ask(&world, OTHER_KEY, path).await, "reference"),
                Vec::<String>::new(),
                "{path}"
            );
        }
        let timeline = ask(&world, OTHER_KEY, "/v1/records/profiles/P1/timeline").await;
        assert_eq!(timeline.status, StatusCode::NOT_FOUND);
        let stolen = ask(&world, OTHER_KEY, &format!("/v1/events?cursor={given}")).await;
        assert_eq!(stolen.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", stolen.body);
    }
}
