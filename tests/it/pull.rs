//! Pulls through the front door: what is read, what is counted, and what no failure of the partner can break.

use std::time::Duration;

use oem_connector::config::Paging;
use oem_connector::demo::PROFILE_MAP;
use oem_connector::flows::{index, lease, pull};
use oem_connector::model::Entity;
use oem_connector::server;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Answer, Fault, Gate, OPERATOR_KEY, PARTNER_KEY, Wishes, World, answer, backends};

/// Asks for a pull as an operator does.
async fn ask(world: &World, query: &str, body: &Value) -> Answer {
    let request = world.client.post(format!("{}/v1/pulls{query}", world.address)).json(body);
    answer(request.header("X-API-KEY", OPERATOR_KEY)).await
}

/// A page of candidates as the ATS would list them.
fn page_of(candidates: &[Value]) -> Fault {
    Fault::Answer(200, json!({ "content": candidates }).to_string())
}

fn candidate(id: impl Into<Value>, headline: &str) -> Value {
    json!({"id": id.into(), "firstName": "Ada", "lastName": "Moreau", "headline": headline,
        "contact": {"email": "ada@example.org"}, "resumeText": "Ada Moreau", "competencies": ["Rust"],
        "modifiedAt": "2026-11-22T11:00:00Z"})
}

fn counts(pull: &Value) -> [i64; 5] {
    ["pages", "seen", "changed", "unchanged", "failed"].map(|name| pull[name].as_i64().unwrap())
}

/// The parameter `modified_since` of the last call for a list.
fn last_since(world: &World) -> Option<String> {
    let calls = world.partner_side.requests();
    let call = calls.iter().rfind(|call| call.target.contains("/candidates?"))?;
    let url: url::Url = format!("http://ats{}", call.target).parse().unwrap();
    url.query_pairs().find(|(name, _)| name == "modified_since").map(|(_, value)| value.into_owned())
}

#[actix_web::test]
async fn a_pull_reads_every_page_writes_each_object_once_and_tells_how_it_went() {
    for backend in backends() {
        let world = World::new(backend).await;
        for number in 0..25 {
            world.has_profile(&format!("P{number:02}"), "Nurse");
        }
        let started = ask(&world, "?partner=acme", &json!({"entity": "profiles", "mode": "full"})).await;
        assert_eq!(started.status, StatusCode::ACCEPTED);
        assert_eq!(started.body["state"], "queued");
        assert_eq!(started.body["started_at"], Value::Null);
        let id = started.body["id"].as_str().unwrap();
        assert_eq!(started.headers["location"], format!("/v1/pulls/{id}"));
        world.settle().await;
        let mut pull = world.pull_state(id).await;
        assert!(pull["rate"].as_f64().unwrap() >= 0.0);
        pull["rate"].take();
        assert_eq!(
            pull,
            json!({
                "id": id, "partner": "acme", "entity": "profiles", "mode": "full", "state": "done",
                "pages": 3, "seen": 25, "total": 25, "coverage": {"seen": 25, "total": 25}, "changed": 25, "unchanged": 0, "failed": 0, "rate": null,
                "cursor": "2026-11-22T12:00:00Z", "created_at": "2026-11-22T12:00:00Z",
                "started_at": "2026-11-22T12:00:00Z", "finished_at": "2026-11-22T12:00:00Z", "complete": true,
                "problem": null, "absences": null, "decision": null,
            })
        );
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 25);
        assert_eq!(world.hrflow_side.count("POST", "/profile/indexing"), 25);
        assert_eq!(world.hrflow_side.writes(), 25, "one write for each");
        assert_eq!(world.partner_side.requests().len(), 3, "no object is fetched twice");
    }
}

#[actix_web::test]
async fn a_pull_of_what_has_not_changed_writes_nothing_to_hrflow() {
    for backend in backends() {
        let world = World::new(backend).await;
        for number in 0..12 {
            world.has_profile(&format!("P{number:02}"), "Nurse");
        }
        world.pull("profiles", "full").await;
        world.hrflow_side.forget();
        world.advance(600);
        let again = world.pull("profiles", "full").await;
        assert_eq!(counts(&again), [2, 12, 0, 12, 0]);
        assert_eq!(world.hrflow_side.requests().len(), 0);
    }
}

#[actix_web::test]
async fn a_delta_asks_from_five_minutes_before_the_cursor_and_indexes_only_what_changed() {
    for backend in backends() {
        let world = World::new(backend).await;
        for number in 0..12 {
            world.has_profile(&format!("P{number:02}"), "Nurse");
        }
        world.advance(3600);
        world.pull("profiles", "full").await;
        assert_eq!(last_since(&world), None);
        world.hrflow_side.forget();
        world.advance(3600);
        world.has_profile("P03", "Head nurse");
        world.has_profile("P99", "Baker");
        let delta = world.pull("profiles", "delta").await;
        // The newest date of the partner is that of the first change.
        assert_eq!(last_since(&world).as_deref(), Some("2026-11-22T11:55:00Z"));
        assert_eq!(delta["changed"], 2);
        assert_eq!(world.hrflow_side.writes(), 2);
        assert_eq!(world.headline("P03").await.as_deref(), Some("Head nurse"));
        world.pull("profiles", "delta").await;
        assert_eq!(last_since(&world).as_deref(), Some("2026-11-22T13:55:00Z"));
        assert_eq!(world.hrflow_side.writes(), 2);
    }
}

#[actix_web::test]
async fn the_cursor_never_passes_the_start_of_the_pull() {
    for backend in backends() {
        let world = World::new(backend).await;
        let mut ahead = candidate("P1", "Nurse");
        ahead["modifiedAt"] = json!("2031-01-01T00:00:00Z");
        world.partner_side.fail("GET", "/candidates?", page_of(&[ahead]));
        let pull = world.pull("profiles", "full").await;
        assert_eq!(pull["cursor"], "2026-11-22T12:00:00Z");
        world.advance(60);
        world.pull("profiles", "delta").await;
        assert_eq!(last_since(&world).as_deref(), Some("2026-11-22T11:55:00Z"));
    }
}

#[actix_web::test]
async fn where_the_partner_gives_no_dates_the_cursor_is_the_start_of_the_pull() {
    for backend in backends() {
        let world = World::with(backend, Wishes { with_dates: false, ..Wishes::default() }).await;
        world.has_profile("P1", "Nurse");
        world.advance(600);
        let pull = world.pull("profiles", "full").await;
        assert_eq!(pull["cursor"], "2026-11-22T12:10:00Z");
        world.advance(600);
        world.has_profile("P1", "Head nurse");
        world.pull("profiles", "delta").await;
        assert_eq!(last_since(&world).as_deref(), Some("2026-11-22T12:05:00Z"));
        assert_eq!(world.headline("P1").await.as_deref(), Some("Head nurse"));
    }
}

#[actix_web::test]
async fn a_page_that_fails_for_a_while_is_read_in_the_end() {
    for backend in backends() {
        let world = World::new(backend).await;
        for (number, fault) in [
            Fault::Status(429, Some(1)),
            Fault::Status(500, None),
            Fault::Cut,
            Fault::Malformed,
            Fault::WrongType,
            Fault::Answer(200, r#"{"content": "nothing"}"#.to_owned()),
        ]
        .into_iter()
        .enumerate()
        {
            let headline = format!("Nurse {number}");
            world.has_profile("P1", &headline);
            world.partner_side.fail("GET", "/candidates?", fault.clone());
            let pull = world.pull("profiles", "full").await;
            assert_eq!((&pull["state"], counts(&pull)), (&json!("done"), [1, 1, 1, 0, 0]), "{fault:?}");
            assert_eq!(world.headline("P1").await.as_deref(), Some(&*headline), "{fault:?}");
        }
    }
}

#[actix_web::test]
async fn a_page_that_keeps_failing_ends_the_pull_and_the_next_goes_on_from_there() {
    for backend in backends() {
        let world =
            World::with(backend, Wishes { page_size: 2, page_attempts: 2, ..Wishes::default() }).await;
        for number in 0..5 {
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        world.partner_side.fail_times(usize::MAX, "GET", "page=2", Fault::Status(503, None));
        let failed = world.pull("profiles", "full").await;
        assert_eq!((&failed["state"], counts(&failed)), (&json!("failed"), [1, 2, 2, 0, 0]));
        assert_eq!(failed["problem"], "the partner's service failed (503)");
        assert_eq!(world.partner_side.count("GET", "page=2"), 2);
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 2, "what was read is indexed");

        world.partner_side.heal();
        world.partner_side.forget();
        world.advance(60);
        let next = world.pull("profiles", "full").await;
        assert_eq!((&next["state"], counts(&next)), (&json!("done"), [2, 3, 3, 0, 0]));
        assert_eq!(world.partner_side.count("GET", "page=1"), 0, "the first page is not read again");
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 5);
        // A change between the two pulls is not missed by the next delta.
        world.pull("profiles", "delta").await;
        assert_eq!(last_since(&world).as_deref(), Some("2026-11-22T11:55:00Z"));

        world.partner_side.forget();
        world.pull("profiles", "full").await;
        assert_eq!(world.partner_side.count("GET", "page=1"), 1, "a pull after a whole one begins anew");
    }
}

#[actix_web::test]
async fn a_place_under_another_kind_of_paging_is_given_up_and_the_next_pull_begins_anew() {
    for backend in backends() {
        let world =
            World::with(backend, Wishes { page_size: 2, page_attempts: 1, ..Wishes::default() }).await;
        for number in 0..5 {
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        world.partner_side.fail("GET", "page=2", Fault::Status(503, None));
        assert_eq!(world.pull("profiles", "full").await["state"], "failed");
        let mut config = world.config.clone();
        config.partners[0].service.profiles.as_mut().unwrap().paging = Paging::None;
        let restarted = server::context(&config, world.clock.clone()).await.unwrap();
        for (state, known) in [("failed", 2), ("done", 5)] {
            world.advance(1);
            let id = world.start_pull("profiles", "full").await;
            crate::support::drain(&restarted).await;
            assert_eq!(world.pull_state(&id).await["state"], state);
            assert_eq!(world.count_in_hrflow(Entity::Profile).await, known);
        }
    }
}

#[actix_web::test]
async fn one_bad_object_never_stops_the_others() {
    for backend in backends() {
        let map = format!("{PROFILE_MAP} | if .reference == \"textless\" then del(.text) else . end");
        let world = World::with(backend, Wishes { profile_map: map, ..Wishes::default() }).await;
        let mut undated = candidate("undated", "Nurse");
        undated["modifiedAt"] = json!("last Tuesday");
        let mut unmappable = candidate("unmappable", "Nurse");
        unmappable["positions"] = json!("none");
        let page = [
            candidate("first", "Nurse"),
            json!({"firstName": "Nobody"}),
            candidate(json!(["a", "list"]), "Nurse"),
            candidate("", "Nurse"),
            candidate("..", "Nurse"),
            json!("no object at all"),
            unmappable,
            undated,
            candidate("textless", "Nurse"),
            candidate("last", "Nurse"),
        ];
        world.partner_side.fail("GET", "page=1&", page_of(&page));
        let pull = world.pull("profiles", "full").await;
        assert_eq!((&pull["state"], counts(&pull)), (&json!("done"), [2, 10, 2, 0, 8]));
        assert!(pull["problem"].is_string(), "the first of them is told: {pull}");
        assert_eq!(world.headline("first").await.as_deref(), Some("Nurse"));
        assert_eq!(world.headline("last").await.as_deref(), Some("Nurse"));
        for (reference, named) in
            [("unmappable", "map"), ("undated", "updated_at"), ("textless", "text: is missing")]
        {
            let record = world.record("profiles", reference).await;
            assert_eq!(record["state"], "set_aside", "{reference}");
            let detail = record["problem"]["detail"].as_str().unwrap();
            assert!(detail.contains(named), "{reference}: {detail}");
        }
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 2);
        // What is listed well later is indexed.
        world.advance(60);
        world.has_profile("unmappable", "Baker");
        world.pull("profiles", "full").await;
        assert_eq!(world.headline("unmappable").await.as_deref(), Some("Baker"));
    }
}

#[actix_web::test]
async fn a_list_that_comes_in_one_piece_may_be_long() {
    for backend in backends() {
        let world = World::new(backend).await;
        let mut config = world.config.clone();
        config.partners[0].service.profiles.as_mut().unwrap().paging = Paging::None;
        let context = server::context(&config, world.clock.clone()).await.unwrap();
        let all: Vec<Value> = (0..1_500).map(|number| candidate(format!("P{number}"), "Nurse")).collect();
        world.partner_side.fail("GET", "/candidates", page_of(&all));
        let id = world.start_pull("profiles", "full").await;
        let claimed = pull::claim(&context, &context.partners[0]).await.unwrap().unwrap();
        pull::run(&context, &context.partners[0], claimed).await.unwrap();
        let pull = world.pull_state(&id).await;
        assert_eq!((&pull["state"], counts(&pull)), (&json!("done"), [1, 1_500, 1_500, 0, 0]), "{pull}");
    }
}

#[actix_web::test]
async fn two_objects_with_one_reference_are_one_record_that_shows_the_later_one() {
    for backend in backends() {
        let world = World::new(backend).await;
        let page = [candidate("P1", "Nurse"), candidate("P2", "Cook"), candidate("P1", "Baker")];
        world.partner_side.fail("GET", "/candidates?", page_of(&page));
        let pull = world.pull("profiles", "full").await;
        assert_eq!((&pull["state"], &pull["seen"]), (&json!("done"), &json!(3)));
        assert_eq!(world.headline("P1").await.as_deref(), Some("Baker"));
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 2);
        assert_eq!(world.hrflow_side.writes(), 2);
    }
}

#[actix_web::test]
async fn a_number_is_a_reference_in_its_decimal_digits() {
    for backend in backends() {
        let world = World::new(backend).await;
        let page = [candidate(10_001, "Nurse"), candidate(9_007_199_254_740_993_u64, "Cook")];
        world.partner_side.fail("GET", "/candidates?", page_of(&page));
        world.pull("profiles", "full").await;
        assert_eq!(world.headline("10001").await.as_deref(), Some("Nurse"));
        assert_eq!(world.headline("9007199254740993").await.as_deref(), Some("Cook"));
    }
}

#[actix_web::test]
async fn a_pull_that_is_asked_for_twice_is_one_pull() {
    for backend in backends() {
        let world = World::new(backend).await;
        let first = ask(&world, "?partner=acme", &json!({"entity": "profiles"})).await;
        let second = ask(&world, "?partner=acme", &json!({"entity": "profiles", "mode": "delta"})).await;
        assert_eq!((second.status, &second.body), (StatusCode::OK, &first.body));
        let jobs = ask(&world, "?partner=acme", &json!({"entity": "jobs"})).await;
        let others = ask(&world, "?partner=other", &json!({"entity": "profiles"})).await;
        assert_eq!((jobs.status, others.status), (StatusCode::ACCEPTED, StatusCode::ACCEPTED));
        world.settle().await;
        let third = ask(&world, "?partner=acme", &json!({"entity": "profiles"})).await;
        assert_eq!(third.status, StatusCode::ACCEPTED, "it has ended, so this is another");
        assert_ne!(third.body["id"], first.body["id"]);
    }
}

#[actix_web::test]
async fn a_pull_of_nobody_or_nothing_is_refused() {
    for backend in backends() {
        let world = World::new(backend).await;
        for (query, body, status, field) in [
            ("?partner=nobody", json!({"entity": "profiles"}), 404, None),
            ("", json!({"entity": "profiles"}), 400, Some("partner")),
            ("?partner=acme", json!({"entity": "companies"}), 422, Some("entity")),
            ("?partner=acme", json!({"mode": "full"}), 422, Some("entity")),
            ("?partner=acme", json!({"entity": "jobs", "mode": "all"}), 422, Some("mode")),
        ] {
            let refused = ask(&world, query, &body).await;
            assert_eq!(refused.status, status, "{body}: {}", refused.body);
            assert_eq!(refused.body["errors"][0]["field"].as_str(), field, "{}", refused.body);
        }
        let request = world.client.post(format!("{}/v1/pulls?partner=acme", world.address));
        let refused = answer(request.header("X-API-KEY", PARTNER_KEY).json(&json!({"entity": "jobs"}))).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        let request = world.client.get(format!("{}/v1/pulls", world.address));
        assert_eq!(
            answer(request.header("X-API-KEY", OPERATOR_KEY)).await.body,
            json!({"items": [], "schedules": []})
        );
    }
}

#[actix_web::test]
async fn a_second_worker_takes_a_pull_over_only_when_its_lease_has_ended() {
    for backend in backends() {
        let world = World::new(backend).await;
        for number in 0..12 {
            world.has_profile(&format!("P{number:02}"), "Nurse");
        }
        let gate = Gate::new();
        world.partner_side.fail("GET", "page=2", Fault::HoldAfter(gate.clone()));
        let id = world.start_pull("profiles", "full").await;
        let (context, partner) = (world.context.clone(), world.acme().clone());
        let first = pull::claim(&context, &partner).await.unwrap().unwrap();
        assert!(pull::claim(&context, &partner).await.unwrap().is_none(), "it has its worker");
        let slow = tokio::spawn({
            let (context, partner) = (context.clone(), partner.clone());
            async move { pull::run(&context, &partner, first).await }
        });
        gate.reached().await;
        world.advance(26);
        let second = pull::claim(&context, &partner).await.unwrap().unwrap();
        pull::run(&context, &partner, second).await.unwrap();
        let done = world.pull_state(&id).await;
        assert_eq!((&done["state"], counts(&done)), (&json!("done"), [2, 12, 12, 0, 0]));
        gate.open();
        slow.await.unwrap().unwrap();
        assert_eq!(world.pull_state(&id).await, done, "the late page changes nothing");
        assert_eq!(world.partner_side.count("GET", "page=1&"), 1);
    }
}

#[actix_web::test]
async fn reading_waits_while_too_many_records_are_due() {
    for backend in backends() {
        let wishes = Wishes { page_size: 5, due_records: 10, ..Wishes::default() };
        let world = World::with(backend, wishes).await;
        for number in 0..25 {
            world.has_profile(&format!("P{number:02}"), "Nurse");
        }
        let id = world.start_pull("profiles", "full").await;
        let (context, partner) = (world.context.clone(), world.acme().clone());
        let claimed = pull::claim(&context, &partner).await.unwrap().unwrap();
        let reading = tokio::spawn({
            let (context, partner) = (context.clone(), partner.clone());
            async move { pull::run(&context, &partner, claimed).await }
        });
        let mut indexed = 0;
        let mut most_ahead = 0;
        let work = async {
            while indexed < 25 {
                let read = world.pull_state(&id).await["seen"].as_u64().unwrap();
                most_ahead = most_ahead.max(read - indexed);
                // Worked off only when reading has come as far as it may, so that it surely has to wait.
                if read < (indexed + 10).min(25) {
                    tokio::task::yield_now().await;
                    continue;
                }
                for leased in lease::claim(&context, &partner, 5).await.unwrap() {
                    index::work(&context, &partner, leased).await.unwrap();
                    indexed += 1;
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(1), work).await.expect("reading goes on");
        reading.await.unwrap().unwrap();
        assert_eq!(world.pull_state(&id).await["state"], "done");
        assert_eq!(most_ahead, 10);
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 25);
    }
}

#[actix_web::test]
async fn a_listing_brings_back_only_what_changed_after_its_archive() {
    for backend in backends() {
        for with_dates in [true, false] {
            let world = World::with(backend, Wishes { with_dates, ..Wishes::default() }).await;
            world.has_profile("P1", "Nurse");
            world.pull("profiles", "full").await;
            world.advance(60);
            world.announce("profile_archive", "P1").await;
            world.settle().await;
            world.advance(60);
            let unchanged = world.pull("profiles", "full").await;
            assert_eq!(counts(&unchanged), [1, 1, 0, 1, 0]);
            assert_eq!(world.headline("P1").await, None, "it is listed as it was before");
            world.has_profile("P1", "Nurse again");
            world.pull("profiles", "full").await;
            let back = with_dates.then_some("Nurse again");
            assert_eq!(
                world.headline("P1").await.as_deref(),
                back,
                "without dates only an event brings it back"
            );
            assert_eq!(world.partner_side.count("GET", "/candidates/P1"), 0);
        }
    }
}

#[actix_web::test]
async fn a_partner_without_a_service_for_jobs_pulls_none() {
    for backend in backends() {
        let world = World::new(backend).await;
        let mut config = world.config.clone();
        config.partners[0].service.jobs = None;
        let context = server::context(&config, world.clock.clone()).await.unwrap();
        let serving = server::Serving::start(&config, context).unwrap();
        let request = world.client.post(format!("http://{}/v1/pulls?partner=acme", serving.address));
        let refused =
            answer(request.header("X-API-KEY", OPERATOR_KEY).json(&json!({"entity": "jobs"}))).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["field"]), (422, &json!("entity")));
        serving.stop().await;
    }
}
