//! Failures of either side, refusals, and work that never ends.

use std::sync::Arc;

use oem_connector::demo::PROFILE_MAP;
use oem_connector::flows::{index, lease};
use oem_connector::model::Entity;
use serde_json::{Value, json};

use super::{BOTH, detail, impatient, temporary, try_again};
use crate::support::{Fault, Wishes, World, backends};

#[actix_web::test]
async fn a_failing_partner_costs_a_record_no_attempt_and_never_sets_it_aside() {
    for backend in backends() {
        let world = impatient(backend).await;
        for (number, (fault, code)) in temporary().into_iter().enumerate() {
            let id = &format!("P{number}");
            world.has_profile(id, "Nurse");
            world.partner_side.fail_times(7, "GET", &format!("/candidates/{id}"), fault.clone());
            world.announce("profile_create", id).await;
            world.settle().await;
            for _ in 0..6 {
                let record = world.record("profiles", id).await;
                assert_eq!(
                    (&record["state"], &record["attempts"]),
                    (&json!("pending"), &json!(0)),
                    "{fault:?}"
                );
                assert_eq!(record["problem"]["code"], code, "{fault:?}");
                try_again(&world).await;
            }
            assert_eq!(world.partner_side.count("GET", &format!("/candidates/{id}")), 7, "{fault:?}");
            try_again(&world).await;
            assert_eq!(world.headline(id).await.as_deref(), Some("Nurse"), "{fault:?}");
            assert_eq!(world.record("profiles", id).await["problem"], Value::Null);
        }
    }
}

#[actix_web::test]
async fn a_failing_hrflow_costs_a_record_no_attempt_and_never_sets_it_aside() {
    for backend in backends() {
        let world = impatient(backend).await;
        for (number, (fault, code)) in temporary().into_iter().enumerate() {
            let id = &format!("P{number}");
            world.has_profile(id, "Nurse");
            for method in ["POST", "PUT"] {
                world.hrflow_side.fail_times(7, method, "/profile/indexing", fault.clone());
            }
            world.announce("profile_create", id).await;
            world.settle().await;
            let mut tries = 1;
            while world.record("profiles", id).await["state"] == "pending" && tries < 20 {
                let record = world.record("profiles", id).await;
                assert_eq!(record["attempts"], 0, "{fault:?}");
                // HrFlow's refusals are only believed in its own envelope.
                assert!(
                    record["problem"]["code"] == code || code == "upstream_denied",
                    "{fault:?}: {record}"
                );
                try_again(&world).await;
                tries += 1;
            }
            assert!(tries > 7, "{fault:?}: {tries}");
            assert_eq!(world.headline(id).await.as_deref(), Some("Nurse"), "{fault:?}");
            world.hrflow_side.heal();
            assert_eq!(world.count_in_hrflow(Entity::Profile).await, number as u64 + 1, "{fault:?}");
        }
    }
}

#[actix_web::test]
async fn nobody_calls_before_the_wait_that_was_asked_for_is_over() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.hrflow_side.fail("POST", "/profile/indexing", Fault::Status(429, Some(120)));
        world.announce("profile_create", "P1").await;
        world.settle().await;
        world.advance(119);
        world.settle().await;
        assert_eq!(world.hrflow_side.writes(), 1);
        world.advance(2);
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("Nurse"));
    }
}

#[actix_web::test]
async fn an_object_that_hrflow_refuses_is_set_aside_after_five_attempts_and_reopened_by_an_event() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        let refusal = json!({"code": 400, "message": "Invalid fields. text is too odd"}).to_string();
        world.hrflow_side.fail_times(5, "POST", "/profile/indexing", Fault::Answer(400, refusal));
        world.announce("profile_create", "P1").await;
        world.settle().await;
        for attempt in 1..5 {
            let record = world.record("profiles", "P1").await;
            assert_eq!((&record["state"], &record["attempts"]), (&json!("pending"), &json!(attempt)));
            try_again(&world).await;
        }
        let record = world.record("profiles", "P1").await;
        assert_eq!((&record["state"], &record["due_at"]), (&json!("set_aside"), &Value::Null));
        assert_eq!(record["problem"]["code"], "upstream_refused");
        assert_eq!(detail(&record), "HrFlow refused the profile (400); look at the mapped object");
        for _ in 0..3 {
            try_again(&world).await;
        }
        assert_eq!(world.hrflow_side.writes(), 5, "it rests");
        world.announce("profile_update", "P1").await;
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("Nurse"));
    }
}

#[actix_web::test]
async fn an_object_that_cannot_be_sent_is_set_aside_at_once_with_the_field_named() {
    for backend in backends() {
        let map = format!(
            "if .headline == \"crash\" then .id.first else . end | {PROFILE_MAP}
            | if .info.summary == \"odd\" then .info.email = [1] else . end
            | if .info.summary == \"list\" then [.] else . end"
        );
        let world = World::with(backend, Wishes { profile_map: map, ..Wishes::default() }).await;
        for (headline, named) in [
            ("crash", "`map` failed"),
            ("odd", "info.email: must be a string"),
            ("list", "map: must give an object"),
        ] {
            world.has_profile("P1", headline);
            world.announce("profile_update", "P1").await;
            world.settle().await;
            let record = world.record("profiles", "P1").await;
            assert_eq!(record["state"], "set_aside", "{record}");
            assert!(detail(&record).contains(named), "{record}");
            world.advance(60);
        }
        assert_eq!(world.hrflow_side.requests().len(), 0);
        world.has_profile("P1", "Nurse");
        world.announce("profile_update", "P1").await;
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("Nurse"));
    }
}

#[actix_web::test]
async fn an_object_under_another_reference_is_refused() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P2", "Nurse");
        let other = json!({"candidate": world.ats.get(Entity::Profile, "P2")});
        world.partner_side.fail_times(
            usize::MAX,
            "GET",
            "/candidates/P1",
            Fault::Answer(200, other.to_string()),
        );
        world.announce("profile_create", "P1").await;
        world.settle().await;
        for _ in 0..5 {
            try_again(&world).await;
        }
        let record = world.record("profiles", "P1").await;
        assert_eq!(
            (&record["state"], &record["problem"]["code"]),
            (&json!("set_aside"), &json!("upstream_refused"))
        );
        assert!(detail(&record).contains("another object"), "{record}");
        assert_eq!(world.hrflow_side.writes(), 0);
    }
}

#[actix_web::test]
async fn a_failure_between_hrflows_two_calls_of_a_return_is_made_good() {
    for backend in backends() {
        for reference_after_archive in BOTH {
            let world = World::with(backend, Wishes { reference_after_archive, ..Wishes::default() }).await;
            world.has_profile("P1", "Nurse");
            for event in ["profile_create", "profile_archive", "profile_update"] {
                world.advance(60);
                if event == "profile_update" {
                    world.has_profile("P1", "Head nurse");
                    for (method, part) in [("POST", "/indexing"), ("PATCH", "/archive"), ("PUT", "/indexing")]
                    {
                        world.hrflow_side.fail(method, part, Fault::LoseAnswer);
                    }
                }
                world.announce(event, "P1").await;
                world.settle().await;
            }
            for _ in 0..6 {
                try_again(&world).await;
            }
            assert_eq!(
                world.headline("P1").await.as_deref(),
                Some("Head nurse"),
                "{reference_after_archive:?}"
            );
            assert_eq!(world.record("profiles", "P1").await["state"], "indexed");
        }
    }
}

#[actix_web::test]
async fn a_lease_that_is_renewed_is_nobody_elses_and_one_that_ended_is_claimed_again() {
    for backend in backends() {
        let world = World::new(backend).await;
        let (context, partner) = (world.context.clone(), Arc::clone(world.acme()));
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        let first = lease::claim(&context, &partner, 10).await.unwrap().pop().unwrap();
        for _ in 0..4 {
            world.advance(20);
            lease::renew(&context, &partner, vec![first.handle()]).await.unwrap();
            assert!(lease::claim(&context, &partner, 10).await.unwrap().is_empty());
        }
        world.advance(26);
        let second = lease::claim(&context, &partner, 10).await.unwrap().pop().unwrap();
        // The first one hears that it lost its lease and begins no call any more.
        lease::renew(&context, &partner, vec![first.handle()]).await.unwrap();
        index::work(&context, &partner, first).await.unwrap();
        assert_eq!(world.hrflow_side.writes(), 0);
        assert_eq!(world.record("profiles", "P1").await["state"], "pending");
        index::work(&context, &partner, second).await.unwrap();
        assert_eq!(world.headline("P1").await.as_deref(), Some("Nurse"));
        assert_eq!(world.record("profiles", "P1").await["state"], "indexed");
    }
}

#[actix_web::test]
async fn a_record_whose_work_never_ends_is_set_aside() {
    for backend in backends() {
        let world = World::new(backend).await;
        let (context, partner) = (world.context.clone(), Arc::clone(world.acme()));
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        let mut claims = 0;
        while !lease::claim(&context, &partner, 1).await.unwrap().is_empty() {
            claims += 1;
            assert!(claims < 50, "it is claimed for ever");
            world.advance(26);
        }
        let record = world.record("profiles", "P1").await;
        assert_eq!((claims, &record["state"]), (10, &json!("set_aside")), "{record}");
        world.announce("profile_update", "P1").await;
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("Nurse"));
    }
}
