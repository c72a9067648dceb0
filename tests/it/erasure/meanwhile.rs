//! What happens during an erasure: work, pages and events about the person, crashes, and an HrFlow that fails.

use oem_connector::model::Entity;
use serde_json::json;

use super::{assert_erased, erase, erasure, has_person, shows_person};
use crate::support::{Fault, Gate, OPERATOR_KEY, World, answer, backends};

#[actix_web::test]
async fn a_worker_that_writes_the_person_meanwhile_is_erased_after() {
    for backend in backends() {
        for held in ["before", "after"] {
            let world = World::new(backend).await;
            has_person(&world, "P1", "Nurse");
            world.announce("profile_create", "P1").await;
            let gate = Gate::new();
            let fault = match held {
                "before" => Fault::HoldBefore(gate.clone()),
                _ => Fault::HoldAfter(gate.clone()),
            };
            world.hrflow_side.fail("POST", "/profile/indexing", fault);
            let working = world.begin_work().await;
            gate.reached().await;
            let id = erase(&world, "P1").await;
            // Nobody else may work on it while the lease runs.
            world.settle().await;
            assert_eq!(erasure(&world, &id).await["state"], "pending");
            gate.open();
            working.await.unwrap();
            world.settle().await;
            assert_erased(&world, "P1", &id).await;
            assert_eq!(erasure(&world, &id).await["proof"]["profiles"], 1);
        }
    }
}

#[actix_web::test]
async fn a_page_on_its_way_that_lists_the_person_changes_nothing() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        world.advance(60);
        has_person(&world, "P1", "Nurse again");
        let gate = Gate::new();
        world.partner_side.fail("GET", "/candidates?", Fault::HoldAfter(gate.clone()));
        world.start_pull("profiles", "full").await;
        let pulling = world.begin_pull().await;
        gate.reached().await;
        let id = erase(&world, "P1").await;
        gate.open();
        pulling.await.unwrap();
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
    }
}

#[actix_web::test]
async fn an_event_and_a_second_request_during_the_erasure_change_nothing() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        let id = erase(&world, "P1").await;
        let gate = Gate::new();
        world.hrflow_side.fail("PATCH", "/profile/indexing/archive", Fault::HoldBefore(gate.clone()));
        let working = world.begin_work().await;
        gate.reached().await;
        let heard = world.webhook("profile_update", "P1", &world.now()).await;
        assert_eq!(heard.body, json!({"status": "erased"}));
        assert_eq!(erase(&world, "P1").await, id);
        gate.open();
        working.await.unwrap();
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
    }
}

#[actix_web::test]
async fn a_crash_between_any_two_steps_ends_erased() {
    for backend in backends() {
        for (method, part) in [
            ("GET", "/storing/profiles"),
            ("PUT", "/profile/indexing"),
            ("PATCH", "/profile/indexing/archive"),
            ("GET", "/profile/indexing"),
            ("GET", "/profiles/searching"),
        ] {
            let world = World::new(backend).await;
            shows_person(&world, "P1").await;
            let id = erase(&world, "P1").await;
            let gate = Gate::new();
            world.hrflow_side.fail(method, part, Fault::HoldAfter(gate.clone()));
            let crashed = world.begin_work().await;
            gate.reached().await;
            crashed.abort();
            world.settle().await;
            assert_eq!(erasure(&world, &id).await["state"], "pending", "the lease runs on");
            world.advance(26);
            world.settle().await;
            assert_erased(&world, "P1", &id).await;
            gate.open();
        }
    }
}

#[actix_web::test]
async fn an_hrflow_that_is_away_for_hours_or_loses_its_answers_delays_an_erasure_and_never_ends_it() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        let id = erase(&world, "P1").await;
        for method in ["GET", "PUT", "PATCH"] {
            world.hrflow_side.fail_times(usize::MAX, method, "profile", Fault::Status(503, None));
        }
        for _ in 0..30 {
            world.settle().await;
            world.advance(600);
        }
        let waiting = erasure(&world, &id).await;
        assert_eq!(
            (&waiting["state"], &waiting["problem"]["code"]),
            (&json!("pending"), &json!("upstream_failed"))
        );
        world.hrflow_side.heal();
        for method in ["PUT", "PATCH"] {
            world.hrflow_side.fail(method, "/profile/indexing", Fault::LoseAnswer);
        }
        for _ in 0..4 {
            world.settle().await;
            world.advance(600);
        }
        assert_erased(&world, "P1", &id).await;
    }
}

#[actix_web::test]
async fn it_is_not_done_while_a_search_finds_the_person_or_hrflow_shows_what_was_overwritten() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        let profile = world.in_hrflow(Entity::Profile, "P1").await.unwrap();
        let id = erase(&world, "P1").await;
        let meta = json!({"page": 1, "maxPage": 1, "count": 1, "total": 1});
        let found = json!({"code": 200, "message": "x", "meta": meta, "data": {"profiles": [profile]}});
        let shown = json!({"code": 200, "message": "x", "data": profile});
        world.hrflow_side.fail("GET", "/profiles/searching", Fault::Answer(200, found.to_string()));
        world.settle().await;
        world.hrflow_side.fail("GET", "/profile/indexing", Fault::Answer(200, shown.to_string()));
        for expected in ["a search in HrFlow still finds", "HrFlow still shows"] {
            let pending = erasure(&world, &id).await;
            assert_eq!(pending["state"], "pending", "{pending}");
            let detail = pending["problem"]["detail"].as_str().unwrap();
            assert!(detail.contains(expected), "{detail}");
            world.advance(600);
            world.settle().await;
        }
        assert_erased(&world, "P1", &id).await;
    }
}

#[actix_web::test]
async fn an_erasure_that_hrflow_refuses_is_told_and_taken_up_when_it_is_asked_for_again_or_replayed() {
    for (backend, replayed) in backends().into_iter().flat_map(|backend| [(backend, false), (backend, true)])
    {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        let id = erase(&world, "P1").await;
        let refusal = r#"{"code": 422, "message": "no"}"#.to_owned();
        world.hrflow_side.fail_times(usize::MAX, "PUT", "/profile/indexing", Fault::Answer(422, refusal));
        for _ in 0..8 {
            world.settle().await;
            world.advance(600);
        }
        assert_eq!(world.record("profiles", "P1").await["state"], "set_aside");
        assert_eq!(erasure(&world, &id).await["problem"]["code"], "upstream_refused");
        world.hrflow_side.heal();
        if replayed {
            let path = format!("{}/v1/dead-letters/replay?partner=acme", world.address);
            let replay = world.client.post(path).json(&json!({"references": ["P1"]}));
            assert_eq!(answer(replay.header("X-API-KEY", OPERATOR_KEY)).await.body["replayed"], 1);
        } else {
            assert_eq!(erase(&world, "P1").await, id);
        }
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
    }
}

#[actix_web::test]
async fn a_search_that_lags_behind_many_erasures_holds_up_nothing_else() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        let found = world.in_hrflow(Entity::Profile, "P1").await.unwrap();
        let references = ["P1", "P2", "P3", "P4", "P5", "P6"];
        let mut ids = Vec::new();
        for reference in references {
            let found = json!({"reference": reference, "key": found["key"]});
            let meta = json!({"page": 1, "maxPage": 1, "count": 1, "total": 1});
            let found = json!({"code": 200, "message": "x", "meta": meta, "data": {"profiles": [found]}});
            world.hrflow_side.fail("GET", "/profiles/searching", Fault::Answer(200, found.to_string()));
            ids.push(erase(&world, reference).await);
            world.settle().await;
        }
        has_person(&world, "Q1", "Nurse");
        world.announce("profile_create", "Q1").await;
        world.settle().await;
        assert_eq!(world.headline("Q1").await.as_deref(), Some("Nurse"), "no breaker is open");
        assert_eq!(erasure(&world, &ids[0]).await["state"], "pending");
        world.advance(600);
        world.settle().await;
        for (reference, id) in references.iter().zip(&ids) {
            let evidence = erasure(&world, id).await;
            assert_eq!(evidence["state"], "erased", "{reference}: {evidence}");
        }
    }
}
