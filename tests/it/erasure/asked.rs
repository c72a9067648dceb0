//! Who may ask for an erasure, for whom, and what is answered.

use oem_connector::config::OnArchive;
use oem_connector::model::Entity;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{NAME, all_in_hrflow, ask, assert_erased, erase, erasure, has_person, shows_person};
use crate::support::{
    Backend, Fault, OPERATOR_KEY, OTHER_KEY, PARTNER_KEY, Wishes, World, answer, backends, urlencoded,
};

#[actix_web::test]
async fn only_an_operator_erases_and_any_reference_can_be_named() {
    for backend in backends() {
        let world = World::new(backend).await;
        for key in [PARTNER_KEY, OTHER_KEY] {
            let refused = ask(&world, "/v1/records/profiles/P1/erase?partner=acme", key).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        }
        for (path, expected) in [
            ("/v1/records/profiles/P1/erase", StatusCode::BAD_REQUEST),
            ("/v1/records/profiles/erase?partner=acme", StatusCode::BAD_REQUEST),
            ("/v1/records/profiles/erase?partner=acme&reference=..", StatusCode::UNPROCESSABLE_ENTITY),
            ("/v1/records/profiles/P1/erase?partner=nobody", StatusCode::NOT_FOUND),
            ("/v1/records/jobs/J1/erase?partner=acme", StatusCode::NOT_FOUND),
        ] {
            assert_eq!(ask(&world, path, OPERATOR_KEY).await.status, expected, "{path}");
        }
        for reference in ["a/b é?", "erase"] {
            let id = erase(&world, reference).await;
            let encoded = urlencoded(reference);
            let path = format!("/v1/records/profiles/erase?partner=acme&reference={encoded}");
            assert_eq!(ask(&world, &path, OPERATOR_KEY).await.body["id"], id.as_str());
            assert_eq!(world.record("profiles", reference).await["wanted"], "erased");
            let foreign = format!("{}/v1/erasures/{id}?partner=other", world.address);
            let foreign = answer(world.client.get(foreign).header("X-API-KEY", OPERATOR_KEY)).await;
            assert_eq!(foreign.status, StatusCode::NOT_FOUND);
        }
    }
}

#[actix_web::test]
async fn a_reference_that_nobody_knows_leaves_a_tombstone_that_refuses_events_and_listings() {
    for backend in backends() {
        let world = World::new(backend).await;
        let id = erase(&world, "P1").await;
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
        assert_eq!(erasure(&world, &id).await["proof"]["profiles"], 0);
        world.advance(60);
        has_person(&world, "P1", "Nurse");
        world.partner_side.forget();
        for event in ["profile_create", "profile_update", "profile_archive"] {
            for _ in 0..2 {
                let heard = world.webhook(event, "P1", &world.now()).await;
                assert_eq!((heard.status, &heard.body), (StatusCode::OK, &json!({"status": "erased"})));
            }
        }
        let pulled = world.pull("profiles", "full").await;
        assert_eq!((&pulled["state"], &pulled["unchanged"]), (&json!("done"), &json!(1)), "{pulled}");
        assert_eq!(world.partner_side.count("GET", "/candidates/P1"), 0, "nothing is fetched");
        assert_erased(&world, "P1", &id).await;
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 0);
    }
}

/// Like [`assert_nobody`] where others have the same name.
async fn assert_nobody_but(world: &World, reference: &str) {
    let profiles = all_in_hrflow(world).await;
    let profile = profiles.iter().find(|profile| profile["reference"] == reference).unwrap();
    assert!(!profile["archived_at"].is_null() && !profile.to_string().contains(NAME), "{profile}");
    let tables = world.database.dump();
    assert_eq!(tables.lines().filter(|line| line.contains(reference)).count(), 2, "{tables}");
}

#[actix_web::test]
async fn with_on_archive_erase_the_event_erases_and_a_profile_that_is_gone_is_only_archived() {
    for backend in backends() {
        let wishes = || Wishes { on_archive: OnArchive::Erase, ..Wishes::default() };
        let world = World::with(backend, wishes()).await;
        shows_person(&world, "P1").await;
        shows_person(&world, "P2").await;
        world.has_job("J1", "Nurse");
        world.announce("job_create", "J1").await;
        world.settle().await;
        world.advance(60);
        world.announce("profile_archive", "P1").await;
        world.announce("job_archive", "J1").await;
        world.partner_side.fail("GET", "/candidates/P2", Fault::Status(410, None));
        world.announce("profile_update", "P2").await;
        world.settle().await;
        assert_eq!(world.record("profiles", "P1").await["state"], "erased");
        assert_eq!(world.record("profiles", "P2").await["state"], "archived");
        assert_eq!(world.record("jobs", "J1").await["state"], "archived");
        assert_nobody_but(&world, "P1").await;
        // The same event again, and one that was sent before.
        let again = world.webhook("profile_archive", "P1", &world.now()).await;
        assert_eq!(again.body, json!({"status": "erased"}));
        let asked = ask(&world, "/v1/records/profiles/P1/erase?partner=acme", OPERATOR_KEY).await;
        assert_eq!(asked.status, StatusCode::OK);
        assert!(asked.body["requested_by"].as_str().unwrap().starts_with("event "), "{}", asked.body);
        // One that is older than what is known of the object changes nothing.
        world.advance(60);
        world.announce("profile_update", "P3").await;
        let stale = world.webhook("profile_archive", "P3", "2026-11-22T11:00:00Z").await;
        assert_eq!(stale.body["status"], "stale");
        assert_eq!(world.record("profiles", "P3").await["wanted"], "present");
    }
}

#[actix_web::test]
async fn an_address_of_an_erasure_that_is_none_is_a_problem() {
    let world = World::new(Backend::Sqlite).await;
    let request = world.request(Method::GET, "/v1/erasures/7");
    assert_eq!(answer(request).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(erasure(&world, "7").await["code"], "not_found");
}
