//! What is sent: each change once, to the right object, under its own name.

use oem_connector::demo::PROFILE_MAP;
use oem_connector::model::Entity;
use serde_json::{Value, json};

use super::{BOTH, try_again};
use crate::support::{Fault, Wishes, World, backends};

#[actix_web::test]
async fn every_change_costs_one_write() {
    for backend in backends() {
        let world = World::new(backend).await;
        for (event, headline, method) in [
            ("profile_create", Some("Nurse"), "POST"),
            ("profile_update", Some("Head nurse"), "PUT"),
            ("profile_archive", None, "PATCH"),
        ] {
            if let Some(headline) = headline {
                world.has_profile("P1", headline);
            }
            world.hrflow_side.forget();
            world.announce(event, "P1").await;
            world.settle().await;
            assert_eq!(world.headline("P1").await.as_deref(), headline);
            let calls = world.hrflow_side.requests();
            let methods: Vec<&str> = calls.iter().map(|call| call.method.as_str()).collect();
            assert_eq!(methods, [method], "{event}");
            world.advance(60);
        }
    }
}

#[actix_web::test]
async fn an_object_that_hrflow_has_already_is_edited() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        world.settle().await;
        // Another ledger over the same source: it knows of nothing.
        let fresh = World::new(backend).await;
        let mut config = fresh.config.clone();
        config.partners[0].hrflow = world.config.partners[0].hrflow.clone();
        config.partners[0].service = world.config.partners[0].service.clone();
        let context = oem_connector::server::context(&config, fresh.clock.clone()).await.unwrap();
        world.hrflow_side.forget();
        world.has_profile("P1", "Head nurse");
        fresh.announce("profile_update", "P1").await;
        crate::support::drain(&context).await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("Head nurse"));
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 1);
        assert_eq!(world.hrflow_side.count("POST", "/profile/indexing"), 1);
        assert_eq!(world.hrflow_side.count("PUT", "/profile/indexing"), 1);
        assert_eq!(fresh.record("profiles", "P1").await["state"], "indexed");
    }
}

#[actix_web::test]
async fn an_archived_object_is_brought_back_with_its_latest_content() {
    for backend in backends() {
        for reference_after_archive in BOTH {
            let world = World::with(backend, Wishes { reference_after_archive, ..Wishes::default() }).await;
            world.has_job("J1", "Ward nurse");
            world.announce("job_create", "J1").await;
            world.settle().await;
            for round in 1..3 {
                world.advance(60);
                world.announce("job_archive", "J1").await;
                world.settle().await;
                assert_eq!(world.in_hrflow(Entity::Job, "J1").await, None);
                world.advance(60);
                world.has_job("J1", &format!("Night nurse {round}"));
                world.announce("job_update", "J1").await;
                world.settle().await;
                let job = world.in_hrflow(Entity::Job, "J1").await.unwrap();
                assert_eq!(job["name"], format!("Night nurse {round}"), "{reference_after_archive:?}");
                let record = world.record("jobs", "J1").await;
                assert_eq!((&record["state"], &record["hrflow_key"]), (&json!("indexed"), &job["key"]));
            }
        }
    }
}

#[actix_web::test]
async fn the_archive_of_what_was_never_indexed_is_done_when_hrflow_does_not_find_it() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.announce("profile_archive", "P1").await;
        world.settle().await;
        assert_eq!(world.record("profiles", "P1").await["state"], "archived");
        assert_eq!((world.hrflow_side.writes(), world.partner_side.requests().len()), (1, 0));
        try_again(&world).await;
        assert_eq!(world.hrflow_side.writes(), 1);
    }
}

#[actix_web::test]
async fn an_object_older_than_its_event_is_read_again_after_10_and_60_seconds() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "before");
        world.advance(60);
        world.announce("profile_update", "P1").await;
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("before"), "what there is is shown meanwhile");
        let reads = || world.partner_side.count("GET", "/candidates/P1");
        for (wait, expected) in [(9, 1), (1, 2), (59, 2), (1, 3), (3600, 3)] {
            world.advance(wait);
            world.settle().await;
            assert_eq!(reads(), expected, "after {wait} more seconds");
        }
        assert_eq!(world.hrflow_side.writes(), 1, "nothing had changed");

        world.announce("profile_update", "P1").await;
        world.settle().await;
        world.has_profile("P1", "after");
        world.advance(10);
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("after"));
        world.advance(3600);
        world.settle().await;
        assert_eq!(reads(), 5, "what is new enough is not read again");
    }
}

#[actix_web::test]
async fn a_record_notes_why_nobody_will_find_its_object() {
    for backend in backends() {
        let map = format!("{PROFILE_MAP} | .skills = [] | .tasks = [] | .info.summary = null");
        let world = World::with(backend, Wishes { profile_map: map.clone(), ..Wishes::default() }).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        world.settle().await;
        let record = world.record("profiles", "P1").await;
        assert_eq!(record["state"], "indexed");
        let notes = record["notes"].as_array().unwrap();
        assert!(notes.len() == 1 && notes[0].as_str().unwrap().starts_with("not scorable: "), "{notes:?}");

        let world = World::with(
            backend,
            Wishes { profile_map: format!("{map} | .text = \"\" | .info.email = null"), ..Wishes::default() },
        )
        .await;
        world.has_profile("P1", "Nurse");
        world.pull("profiles", "full").await;
        let notes = world.record("profiles", "P1").await["notes"].clone();
        assert!(notes[0].as_str().unwrap().starts_with("not searchable: `text` is empty"), "{notes}");
        assert!(notes[1].as_str().unwrap().starts_with("not scorable: "), "{notes}");
    }
}

#[actix_web::test]
async fn a_map_decides_neither_reference_nor_source_nor_key() {
    for backend in backends() {
        let evil = r#"{reference: "other", source_key: ("f" * 40), key: ("e" * 40), profile_key: "x"}"#;
        let wishes = Wishes { profile_map: format!("({PROFILE_MAP}) | . + {evil}"), ..Wishes::default() };
        let world = World::with(backend, wishes).await;
        for headline in ["Nurse", "Head nurse"] {
            world.has_profile("P1", headline);
            world.announce("profile_update", "P1").await;
            world.settle().await;
            world.advance(60);
            assert_eq!(world.headline("P1").await.as_deref(), Some(headline));
        }
        let key = world.record("profiles", "P1").await["hrflow_key"].clone();
        for call in world.hrflow_side.requests() {
            let body: Value = serde_json::from_str(&call.body).unwrap();
            assert_eq!(body["reference"], "P1");
            assert_eq!(body["source_key"], world.acme().settings.source_key);
            assert!(body["key"].is_null() || body["key"] == key, "{}", body["key"]);
        }
    }
}

#[actix_web::test]
async fn an_event_and_an_object_that_write_one_number_each_in_its_way_are_about_the_same() {
    for backend in backends() {
        let world = World::new(backend).await;
        let object = json!({"id": 10_001, "firstName": "Ada", "lastName": "Moreau", "headline": "Nurse"});
        world.ats.put(Entity::Profile, object.as_object().unwrap().clone()).unwrap();
        world.announce("profile_create", "10001").await;
        world.settle().await;
        assert_eq!(world.headline("10001").await.as_deref(), Some("Nurse"));
        world.advance(60);
        assert_eq!(world.pull("profiles", "full").await["unchanged"], 1);
    }
}

#[actix_web::test]
async fn an_edit_of_what_hrflow_lost_creates_it_anew() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        world.settle().await;
        world.advance(60);
        world.has_profile("P1", "Head nurse");
        let lost =
            json!({"code": 400, "message": "Invalid object. Unable to find object: profile"}).to_string();
        world.hrflow_side.fail("PUT", "/profile/indexing", Fault::Answer(400, lost));
        world.announce("profile_update", "P1").await;
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("Head nurse"));
        assert_eq!(world.record("profiles", "P1").await["problem"], Value::Null);
    }
}

#[actix_web::test]
async fn an_object_whose_archive_was_carried_out_unread_comes_back_whatever_became_of_its_reference() {
    for backend in backends() {
        for reference_after_archive in BOTH {
            let world = World::with(backend, Wishes { reference_after_archive, ..Wishes::default() }).await;
            world.has_profile("P1", "first");
            world.announce("profile_create", "P1").await;
            world.settle().await;
            world.advance(60);
            world.hrflow_side.fail("PATCH", "/profile/indexing/archive", Fault::LoseAnswer);
            world.announce("profile_archive", "P1").await;
            world.settle().await;
            assert_eq!(world.headline("P1").await, None);
            // Before the archive is tried again, the candidate is back.
            world.advance(1);
            world.has_profile("P1", "second");
            world.announce("profile_create", "P1").await;
            world.advance(60);
            world.settle().await;
            assert_eq!(world.headline("P1").await.as_deref(), Some("second"), "{reference_after_archive:?}");
            assert_eq!(world.record("profiles", "P1").await["state"], "indexed");
        }
    }
}
