//! What is gone afterwards, everywhere, and what stays of everybody else.

use oem_connector::model::Entity;
use oem_connector::sandbox::ReferenceAfterArchive;
use reqwest::StatusCode;
use serde_json::json;

use super::{NAME, all_in_hrflow, ask, assert_erased, erase, erasure, shows_person};
use crate::support::{Fault, OPERATOR_KEY, Wishes, World, backends};

#[actix_web::test]
async fn a_person_who_is_erased_is_nowhere_and_the_evidence_names_nobody() {
    for backend in backends() {
        for reference_after_archive in [ReferenceAfterArchive::Kept, ReferenceAfterArchive::Free] {
            let world = World::with(backend, Wishes { reference_after_archive, ..Wishes::default() }).await;
            shows_person(&world, "CRM-ZEPH").await;
            assert!(world.database.dump().contains("CRM-ZEPH"), "the dump sees what is there");
            let id = erase(&world, "CRM-ZEPH").await;
            assert_eq!(erasure(&world, &id).await["state"], "pending");
            world.settle().await;
            assert_erased(&world, "CRM-ZEPH", &id).await;
            let evidence = erasure(&world, &id).await;
            assert_eq!(evidence["proof"]["profiles"], 1);
            assert_eq!(evidence["proof"]["checks"].as_array().unwrap().len(), 2);
            assert!(evidence["requested_by"].as_str().unwrap().starts_with("key "));
            assert!(!evidence.to_string().contains(OPERATOR_KEY));
            let again = ask(&world, "/v1/records/profiles/CRM-ZEPH/erase?partner=acme", OPERATOR_KEY).await;
            assert_eq!((again.status, &again.body), (StatusCode::OK, &evidence));
            let scored = world.get("/v1/jobs/scoring?profile_reference=CRM-ZEPH").await;
            assert_eq!(scored.status, StatusCode::GONE);
        }
    }
}

#[actix_web::test]
async fn every_profile_that_ever_had_the_reference_is_overwritten_and_nobody_elses() {
    for backend in backends() {
        let wishes = Wishes { reference_after_archive: ReferenceAfterArchive::Free, ..Wishes::default() };
        let world = World::with(backend, wishes).await;
        shows_person(&world, "P1").await;
        world.advance(60);
        world.announce("profile_archive", "P1").await;
        world.settle().await;
        world.advance(60);
        shows_person(&world, "P1").await;
        world.has_profile("P2", "Sailor");
        world.announce("profile_create", "P2").await;
        world.settle().await;
        assert_eq!(all_in_hrflow(&world).await.len(), 3, "an archive frees the reference here");
        let id = erase(&world, "P1").await;
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
        assert_eq!(erasure(&world, &id).await["proof"]["profiles"], 2);
        assert_eq!(world.headline("P2").await.as_deref(), Some("Sailor"));
    }
}

#[actix_web::test]
async fn a_list_that_does_not_heed_its_filter_costs_nobody_else_anything() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        world.has_profile("P2", "Sailor");
        world.announce("profile_create", "P2").await;
        world.settle().await;
        let everyone = json!({"code": 200, "message": "x", "data": all_in_hrflow(&world).await});
        world.hrflow_side.fail("GET", "/storing/profiles", Fault::Answer(200, everyone.to_string()));
        let id = erase(&world, "P1").await;
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
        assert_eq!(world.headline("P2").await.as_deref(), Some("Sailor"));
    }
}

#[actix_web::test]
async fn a_pull_that_could_not_use_the_person_forgets_whom_it_meant() {
    for backend in backends() {
        let wishes = Wishes { profile_map: "{info: {}, text: .headline}".to_owned(), ..Wishes::default() };
        let world = World::with(backend, wishes).await;
        let odd = json!({"id": "P1", "headline": [NAME]});
        world.ats.put(Entity::Profile, odd.as_object().unwrap().clone()).unwrap();
        let pulled = world.pull("profiles", "full").await;
        assert!(pulled["problem"].as_str().unwrap().contains("`P1`"), "{pulled}");
        let id = erase(&world, "P1").await;
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
    }
}

#[actix_web::test]
async fn a_person_whom_a_listing_had_or_lacked_is_named_by_no_listing_afterwards() {
    for backend in backends() {
        for (lacked, noted) in [(false, "listed: "), (true, "absences: "), (true, "archivals: ")] {
            let wishes = Wishes { page_size: 2, page_attempts: 1, ..Wishes::default() };
            let world = World::with(backend, wishes).await;
            shows_person(&world, "CRM-ZEPH").await;
            world.has_profile("P1", "Nurse");
            world.has_profile("P2", "Nurse");
            world.pull("profiles", "full").await;
            world.advance(60);
            if lacked {
                world.ats.remove(Entity::Profile, "CRM-ZEPH");
            } else {
                world.partner_side.fail("GET", "page=2&", Fault::Status(503, None));
            }
            world.pull("profiles", "full").await;
            let tables = world.database.dump();
            let notes = |line: &str| line.starts_with(noted) && line.contains("CRM-ZEPH");
            assert!(tables.lines().any(notes), "{noted}{tables}");
            let id = erase(&world, "CRM-ZEPH").await;
            world.settle().await;
            assert_erased(&world, "CRM-ZEPH", &id).await;
        }
    }
}

#[actix_web::test]
async fn the_feed_tells_of_an_erasure_and_every_cursor_stays_good() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "CRM-ZEPH").await;
        let before = world.events("", 1).await;
        // Whoever has read to the end stands on a row that goes.
        let cursor = before.body["cursor"].as_str().unwrap().to_owned();
        let from_there = format!("?cursor={cursor}");
        let id = erase(&world, "CRM-ZEPH").await;
        let meanwhile = world.get(&format!("/v1/events{from_there}")).await;
        assert_eq!((meanwhile.status, &meanwhile.body["items"]), (StatusCode::OK, &json!([])));
        world.settle().await;
        assert_erased(&world, "CRM-ZEPH", &id).await;
        for query in [&*from_there, ""] {
            let page = world.events(query, 1).await;
            let items = page.body["items"].as_array().unwrap();
            let told: Vec<_> = items.iter().map(|item| (&item["outcome"], &item["reference"])).collect();
            assert_eq!(told, [(&json!("erased"), &json!("CRM-ZEPH"))], "{query}");
        }
    }
}
