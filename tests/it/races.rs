//! Two things at once, held at a barrier: whatever comes first, HrFlow ends with what the partner has.

use std::time::Duration;

use oem_connector::model::Entity;
use oem_connector::sandbox::ReferenceAfterArchive;
use reqwest::StatusCode;

use crate::support::{Fault, Gate, Wishes, World, backends};

#[actix_web::test]
async fn a_webhook_between_reading_a_page_and_committing_it_is_not_overwritten_by_the_page() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "as the page shows it");
        let gate = Gate::new();
        world.partner_side.fail("GET", "/candidates?", Fault::HoldAfter(gate.clone()));
        world.start_pull("profiles", "full").await;
        let pulling = world.begin_pull().await;
        gate.reached().await;
        world.has_profile("P1", "as it is now");
        world.announce("profile_update", "P1").await;
        gate.open();
        pulling.await.unwrap();
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("as it is now"));
        assert_eq!(world.record("profiles", "P1").await["state"], "indexed");
    }
}

#[actix_web::test]
async fn a_webhook_while_a_body_waits_empties_it() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "as the page shows it");
        world.start_pull("profiles", "full").await;
        world.begin_pull().await.await.unwrap();
        world.has_profile("P1", "as it is now");
        world.announce("profile_update", "P1").await;
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("as it is now"));
        assert_eq!(world.hrflow_side.writes(), 1);
    }
}

#[actix_web::test]
async fn a_webhook_during_a_lease_leads_to_another_read() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "as it was read");
        world.announce("profile_create", "P1").await;
        let gate = Gate::new();
        world.hrflow_side.fail("POST", "/profile/indexing", Fault::HoldBefore(gate.clone()));
        let working = world.begin_work().await;
        gate.reached().await;
        world.advance(1);
        world.has_profile("P1", "as it is now");
        world.announce("profile_update", "P1").await;
        gate.open();
        working.await.unwrap();
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("as it is now"));
        assert_eq!(world.record("profiles", "P1").await["state"], "indexed");
    }
}

#[actix_web::test]
async fn the_late_settlement_of_an_expired_lease_changes_nothing() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "first");
        world.announce("profile_create", "P1").await;
        let gate = Gate::new();
        world.hrflow_side.fail("POST", "/profile/indexing", Fault::HoldAfter(gate.clone()));
        let late = world.begin_work().await;
        gate.reached().await;
        // Its lease ends; somebody else does the work and the object moves on.
        world.advance(26);
        world.has_profile("P1", "second");
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("second"));
        let before = world.record("profiles", "P1").await;
        gate.open();
        late.await.unwrap();
        assert_eq!(world.record("profiles", "P1").await, before);
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("second"));
    }
}

#[actix_web::test]
async fn a_crash_between_hrflows_answer_and_the_settlement_survives_a_partner_that_reverts() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "original");
        world.announce("profile_create", "P1").await;
        world.settle().await;
        world.advance(60);
        world.has_profile("P1", "changed");
        world.announce("profile_update", "P1").await;
        let gate = Gate::new();
        world.hrflow_side.fail("PUT", "/profile/indexing", Fault::HoldAfter(gate.clone()));
        let crashed = world.begin_work().await;
        gate.reached().await;
        // HrFlow has the change and our ledger has the old fingerprint.
        crashed.abort();
        assert_eq!(world.headline("P1").await.as_deref(), Some("changed"));
        world.has_profile("P1", "original");
        world.advance(26);
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("original"));
        gate.open();
    }
}

#[actix_web::test]
async fn a_create_whose_answer_was_lost_makes_no_second_object() {
    for backend in backends() {
        for reference_after_archive in [ReferenceAfterArchive::Kept, ReferenceAfterArchive::Free] {
            let world = World::with(backend, Wishes { reference_after_archive, ..Wishes::default() }).await;
            world.has_profile("P1", "Nurse");
            world.hrflow_side.fail("POST", "/profile/indexing", Fault::LoseAnswer);
            world.announce("profile_create", "P1").await;
            world.settle().await;
            world.advance(300);
            world.settle().await;
            assert_eq!(world.headline("P1").await.as_deref(), Some("Nurse"));
            assert_eq!(world.count_in_hrflow(Entity::Profile).await, 1);
            assert_eq!(world.hrflow_side.count("POST", "/profile/indexing"), 1, "it edits before it creates");
        }
    }
}

#[actix_web::test]
async fn an_archive_during_a_page_is_not_undone_by_the_page() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        let gate = Gate::new();
        world.partner_side.fail("GET", "/candidates?", Fault::HoldAfter(gate.clone()));
        world.start_pull("profiles", "full").await;
        let pulling = world.begin_pull().await;
        gate.reached().await;
        world.advance(1);
        world.ats.remove(Entity::Profile, "P1");
        world.announce("profile_archive", "P1").await;
        gate.open();
        pulling.await.unwrap();
        world.settle().await;
        assert_eq!(world.record("profiles", "P1").await["state"], "archived");
        assert_eq!(world.headline("P1").await, None);
    }
}

#[actix_web::test]
async fn the_same_content_created_again_after_an_archive_is_shown_again() {
    for backend in backends() {
        for reference_after_archive in [ReferenceAfterArchive::Kept, ReferenceAfterArchive::Free] {
            let world = World::with(backend, Wishes { reference_after_archive, ..Wishes::default() }).await;
            world.has_profile("P1", "Nurse");
            world.announce("profile_create", "P1").await;
            world.settle().await;
            world.advance(60);
            world.announce("profile_archive", "P1").await;
            world.settle().await;
            assert_eq!(world.headline("P1").await, None);
            world.advance(60);
            world.has_profile("P1", "Nurse");
            world.announce("profile_create", "P1").await;
            world.settle().await;
            assert_eq!(world.headline("P1").await.as_deref(), Some("Nurse"), "{reference_after_archive:?}");
            assert_eq!(world.record("profiles", "P1").await["state"], "indexed");
        }
    }
}

#[actix_web::test]
async fn two_changes_in_one_second_are_both_seen() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "first");
        let date = world.now();
        world.webhook("profile_update", "P1", &date).await;
        let gate = Gate::new();
        world.partner_side.fail("GET", "/candidates/P1", Fault::HoldAfter(gate.clone()));
        let working = world.begin_work().await;
        gate.reached().await;
        // The second change carries the same date: its event is a duplicate to the letter.
        world.has_profile("P1", "second");
        let duplicate = world.webhook("profile_update", "P1", &date).await;
        assert_eq!(duplicate.status, StatusCode::OK);
        gate.open();
        working.await.unwrap();
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("second"));
    }
}

#[actix_web::test]
async fn a_404_right_after_a_create_is_asked_again_until_the_object_is_there() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.announce("profile_create", "P1").await;
        world.settle().await;
        assert_eq!(world.record("profiles", "P1").await["state"], "pending");
        world.has_profile("P1", "Nurse");
        world.advance(60);
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("Nurse"));
    }
}

#[actix_web::test]
async fn an_object_that_stays_away_is_archived_while_others_answer() {
    for backend in backends() {
        let world = World::new(backend).await;
        for id in ["P1", "P2"] {
            world.has_profile(id, "Nurse");
            world.announce("profile_create", id).await;
        }
        world.settle().await;
        world.advance(60);
        world.ats.remove(Entity::Profile, "P1");
        world.announce("profile_update", "P1").await;
        world.settle().await;
        for wait in [60, 300, 900] {
            assert!(world.headline("P1").await.is_some());
            world.advance(wait);
            world.announce("profile_update", "P2").await;
            world.settle().await;
        }
        assert_eq!(world.headline("P1").await, None);
        assert_eq!(world.record("profiles", "P1").await["state"], "archived");
        // It comes back when it is listed.
        world.has_profile("P1", "Nurse again");
        world.pull("profiles", "full").await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("Nurse again"));
    }
}

#[actix_web::test]
async fn a_service_that_answers_404_to_everything_archives_nothing() {
    for backend in backends() {
        let world = World::new(backend).await;
        for id in ["P1", "P2", "P3"] {
            world.has_profile(id, "Nurse");
            world.announce("profile_create", id).await;
        }
        world.settle().await;
        world.partner_side.fail_times(usize::MAX, "GET", "/candidates/", Fault::Status(404, None));
        world.advance(60);
        for id in ["P1", "P2", "P3"] {
            world.announce("profile_update", id).await;
        }
        for _ in 0..40 {
            world.settle().await;
            world.advance(900);
        }
        for id in ["P1", "P2", "P3"] {
            assert!(world.headline(id).await.is_some(), "{id}");
        }
    }
}

#[actix_web::test]
async fn a_410_archives_at_once() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        world.settle().await;
        world.partner_side.fail("GET", "/candidates/P1", Fault::Status(410, None));
        world.advance(60);
        world.announce("profile_update", "P1").await;
        world.settle().await;
        assert_eq!(world.headline("P1").await, None);
    }
}

#[actix_web::test]
async fn no_call_to_hrflow_begins_that_could_outlive_its_lease() {
    for backend in backends() {
        let wishes = Wishes { lease: Duration::from_secs(5), ..Wishes::default() };
        let world = World::with(backend, wishes).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        world.settle().await;
        assert_eq!(world.hrflow_side.writes(), 0, "a call may take 10 seconds, and the lease has 5");
        let record = world.record("profiles", "P1").await;
        assert_eq!((&record["state"], &record["attempts"]), (&"pending".into(), &0.into()));
    }
}

#[actix_web::test]
async fn an_answer_from_before_a_service_failed_does_not_prove_that_it_answers() {
    for backend in backends() {
        let world = World::new(backend).await;
        for id in ["P1", "P2"] {
            world.has_profile(id, "Nurse");
            world.announce("profile_create", id).await;
        }
        world.settle().await;
        world.advance(60);
        // P2 is read, and then waits for HrFlow while the service loses everything.
        world.has_profile("P2", "Midwife");
        world.announce("profile_update", "P2").await;
        let gate = Gate::new();
        world.hrflow_side.fail("PUT", "/profile/indexing", Fault::HoldBefore(gate.clone()));
        let working = world.begin_work().await;
        gate.reached().await;
        world.partner_side.fail_times(usize::MAX, "GET", "/candidates/", Fault::Status(404, None));
        world.announce("profile_update", "P1").await;
        world.settle().await;
        gate.open();
        working.await.unwrap();
        for _ in 0..6 {
            world.advance(900);
            world.settle().await;
        }
        assert!(world.headline("P1").await.is_some());
    }
}
