//! How long an explanation is kept: until an object changes or is gone, and for a week.

use std::time::Duration;

use oem_connector::flows::retention;
use reqwest::StatusCode;
use serde_json::Value;

use super::{
    EXPLAIN, GRADING, PLANTED, UPSKILLING, begun, ended, explains, explains_later, hospital, status_and_code,
    words,
};
use crate::support::{Fault, OPERATOR_KEY, Wishes, answer, backends};

#[actix_web::test]
async fn what_was_explained_is_kept_until_either_object_changes() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        explains(&world);
        let first = world.get(EXPLAIN).await;
        assert_eq!((first.status, &first.body["grade"]), (StatusCode::OK, &Value::Null), "{}", first.body);
        assert_eq!(world.hrflow_side.count("GET", GRADING), 0, "no algorithm grades here");
        assert_eq!(world.get(EXPLAIN).await.body, first.body);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1);
        for (entity, id) in [("profile", "P1"), ("job", "J1")] {
            world.advance(60);
            if entity == "job" {
                world.has_job(id, "Day nurse");
            } else {
                world.has_profile(id, "Day nurse");
            }
            world.announce(&format!("{entity}_update"), id).await;
            world.settle().await;
            world.hrflow_side.forget();
            explains(&world);
            let anew = world.get(EXPLAIN).await;
            assert_eq!(anew.status, StatusCode::OK, "{}", anew.body);
            assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1, "{entity}");
            assert_ne!(anew.body["fingerprints"][entity], first.body["fingerprints"][entity]);
        }
        for other in ["&lang=fr", "&ranked=jobs"] {
            let part = if other == "&lang=fr" { "output_lang=fr" } else { "/job/upskilling" };
            world.hrflow_side.fail("GET", "upskilling", Fault::Answer(200, words()));
            let told = world.get(&format!("{EXPLAIN}{other}")).await;
            assert_eq!((told.status, world.hrflow_side.count("GET", part)), (StatusCode::OK, 1), "{other}");
        }
    }
}

#[actix_web::test]
async fn one_that_failed_for_what_an_object_was_is_not_made_for_what_it_is() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        world.hrflow_side.fail("GET", UPSKILLING, Fault::Malformed);
        let location = begun(&world, EXPLAIN).await;
        assert_eq!(status_and_code(&ended(&world, &location).await), (502, "upstream_failed"));
        world.advance(15);
        world.has_profile("P1", "Day nurse");
        world.announce("profile_update", "P1").await;
        world.settle().await;
        let refused = world.get(&location).await;
        assert_eq!(status_and_code(&refused), (409, "conflict"), "{}", refused.body);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1);
    }
}

#[actix_web::test]
async fn an_object_that_changes_while_hrflow_explains_it_is_not_explained_by_what_it_was() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let gate = explains_later(&world);
        let location = begun(&world, EXPLAIN).await;
        gate.reached().await;
        world.has_profile("P1", "Day nurse");
        world.announce("profile_update", "P1").await;
        world.settle().await;
        gate.open();
        let refused = ended(&world, &location).await;
        assert_eq!(status_and_code(&refused), (409, "conflict"), "{}", refused.body);
        explains(&world);
        assert_eq!(world.get(EXPLAIN).await.status, StatusCode::OK);
    }
}

#[actix_web::test]
async fn what_was_explained_of_an_archived_person_is_not_shown() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        explains(&world);
        let told = world.get(EXPLAIN).await;
        let location = format!("/v1/explanations/{}", told.body["id"].as_str().unwrap());
        world.advance(1);
        world.announce("profile_archive", "P1").await;
        for path in [EXPLAIN, &location] {
            let gone = world.get(path).await;
            assert_eq!(status_and_code(&gone), (410, "archived"), "{}", gone.body);
            assert!(!gone.body.to_string().contains(PLANTED));
        }
    }
}

#[actix_web::test]
async fn an_erasure_removes_what_was_explained_and_what_is_being_explained() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        explains(&world);
        let told = world.get(EXPLAIN).await;
        let made = format!("/v1/explanations/{}", told.body["id"].as_str().unwrap());
        let gate = explains_later(&world);
        let running = begun(&world, &format!("{EXPLAIN}&lang=fr")).await;
        gate.reached().await;
        assert!(world.database.dump().contains(PLANTED), "the dump sees what is there");

        let path = format!("{}/v1/records/profiles/P1/erase?partner=acme", world.address);
        let asked = answer(world.client.post(path).header("X-API-KEY", OPERATOR_KEY)).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
        for location in [&made, &running] {
            assert_eq!(status_and_code(&world.get(location).await), (404, "not_found"));
        }
        gate.open();
        world.hrflow_side.at_rest().await;
        world.settle().await;
        assert_eq!(status_and_code(&world.get(EXPLAIN).await), (410, "archived"));
        assert!(!world.database.dump().contains(PLANTED));
        assert_eq!(world.database.number("SELECT count(*) FROM explanations"), 0);
    }
}

#[actix_web::test]
async fn what_was_explained_is_forgotten_after_a_week() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        explains(&world);
        assert_eq!(world.get(EXPLAIN).await.status, StatusCode::OK);
        world.clock.advance(Duration::from_hours(7 * 24));
        assert_eq!(retention::forget(&world.context).await.unwrap(), 0, "not a moment too early");
        world.advance(1);
        assert_eq!(retention::forget(&world.context).await.unwrap(), 1);
        assert_eq!(world.database.number("SELECT count(*) FROM explanations"), 0);
    }
}
