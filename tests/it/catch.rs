//! Webhooks through the front door, to what HrFlow shows in the end.

use oem_connector::model::Entity;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{World, backends};

#[actix_web::test]
async fn each_of_the_six_events_reaches_hrflow() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.has_job("J1", "Ward nurse");
        world.announce("profile_create", "P1").await;
        world.announce("job_create", "J1").await;
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("Nurse"));
        assert_eq!(world.in_hrflow(Entity::Job, "J1").await.unwrap()["name"], "Ward nurse");

        world.advance(60);
        world.has_profile("P1", "Head nurse");
        world.has_job("J1", "Night nurse");
        world.announce("profile_update", "P1").await;
        world.announce("job_update", "J1").await;
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("Head nurse"));
        assert_eq!(world.in_hrflow(Entity::Job, "J1").await.unwrap()["name"], "Night nurse");

        world.advance(60);
        world.announce("profile_archive", "P1").await;
        world.announce("job_archive", "J1").await;
        world.settle().await;
        assert_eq!(world.headline("P1").await, None);
        assert_eq!(world.in_hrflow(Entity::Job, "J1").await, None);
        assert_eq!(world.record("jobs", "J1").await["state"], "archived");
    }
}

#[actix_web::test]
async fn a_duplicate_is_answered_with_the_first_id_and_costs_nothing() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        let first = world.webhook("profile_update", "P1", "2026-11-22T11:59:00Z").await;
        assert_eq!((first.status, &first.body["status"]), (StatusCode::ACCEPTED, &json!("accepted")));
        let second = world.webhook("profile_update", "P1", "2026-11-22T11:59:00Z").await;
        assert_eq!((second.status, &second.body["status"]), (StatusCode::OK, &json!("duplicate")));
        assert_eq!(first.body["id"], second.body["id"]);
        world.settle().await;
        assert_eq!(world.partner_side.count("GET", "/candidates/P1"), 1);
        // The same date in another spelling is another delivery.
        let third = world.webhook("profile_update", "P1", "2026-11-22T11:59:00+00:00").await;
        assert_eq!(third.status, StatusCode::ACCEPTED);
    }
}

#[actix_web::test]
async fn events_that_come_out_of_order_are_told_that_they_are_stale() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_update", "P1").await;
        let late = world.webhook("profile_archive", "P1", "2026-11-22T11:00:00Z").await;
        assert_eq!((late.status, &late.body["status"]), (StatusCode::OK, &json!("stale")));
        world.settle().await;
        assert!(world.headline("P1").await.is_some());

        world.advance(60);
        world.announce("profile_archive", "P1").await;
        let late = world.webhook("profile_update", "P1", "2026-11-22T12:00:30Z").await;
        assert_eq!((late.status, &late.body["status"]), (StatusCode::OK, &json!("stale")));
        world.settle().await;
        assert_eq!(world.headline("P1").await, None);
    }
}

#[actix_web::test]
async fn ten_events_while_the_record_waits_are_one_fetch_and_one_write() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        for second in 10..20 {
            let answer = world.webhook("profile_update", "P1", &format!("2026-11-22T11:59:{second}Z")).await;
            assert_eq!(answer.status, StatusCode::ACCEPTED);
        }
        world.settle().await;
        assert_eq!(world.partner_side.count("GET", "/candidates/P1"), 1);
        assert_eq!(world.hrflow_side.writes(), 1);
    }
}

#[actix_web::test]
async fn an_event_without_a_change_writes_nothing_to_hrflow() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        world.settle().await;
        world.hrflow_side.forget();
        world.advance(5);
        world.has_profile("P1", "Nurse");
        world.announce("profile_update", "P1").await;
        world.settle().await;
        assert_eq!(world.hrflow_side.writes(), 0);
        assert_eq!(world.record("profiles", "P1").await["state"], "indexed");
    }
}

#[actix_web::test]
async fn the_sample_payload_is_answered_and_never_reaches_the_partner() {
    for backend in backends() {
        let world = World::new(backend).await;
        let answer =
            world.webhook("profile_create", "ITEM-CRM-UNIQUE-REFERENCE", "2022-03-01T14:21:58Z").await;
        assert_eq!((answer.status, &answer.body["status"]), (StatusCode::OK, &json!("ping")));
        world.settle().await;
        assert!(world.partner_side.requests().is_empty());
        let record = world.get("/v1/records/profiles?reference=ITEM-CRM-UNIQUE-REFERENCE").await;
        assert_eq!(record.status, StatusCode::NOT_FOUND);
    }
}

#[actix_web::test]
async fn a_ping_checks_as_the_real_call_and_stores_nothing() {
    for backend in backends() {
        let world = World::new(backend).await;
        let ping = world.get("/v1/webhooks/acme/job_create/ping").await;
        assert_eq!(ping.status, StatusCode::OK, "{}", ping.body);
        let body = json!({"reference": "J7", "event_date": "2026-11-22T11:00:00Z"});
        let ping = world.post("/v1/webhooks/acme/job_create/ping", &body).await;
        assert_eq!(ping.status, StatusCode::OK, "{}", ping.body);
        let wrong = json!({"reference": "", "event_date": "soon"});
        let refused = world.post("/v1/webhooks/acme/job_create/ping", &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.body["errors"].as_array().unwrap().len(), 2, "{}", refused.body);
        assert_eq!(world.get("/v1/records/jobs?reference=J7").await.status, StatusCode::NOT_FOUND);
    }
}

#[actix_web::test]
async fn the_headers_in_the_body_of_the_documents_are_tolerated() {
    for backend in backends() {
        let world = World::new(backend).await;
        let body = json!({
            "reference": "P1", "event_type": "profile_create", "event_date": "2022-03-01T14:21:58Z",
            "Accept": "application/json", "Content-Type": "application/json", "Host": "api-workflows.hrflow.ai",
        });
        let answer = world.post("/v1/webhooks/acme/profile_create", &body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    }
}

#[actix_web::test]
async fn an_odd_reference_goes_all_the_way() {
    for backend in backends() {
        let world = World::new(backend).await;
        for reference in ["LEG/2012/0267", "import 432 A", "Élan-7", "a?b#c%2f", "日本"] {
            world.has_profile(reference, "Nurse");
            world.announce("profile_create", reference).await;
        }
        world.settle().await;
        for reference in ["LEG/2012/0267", "import 432 A", "Élan-7", "a?b#c%2f", "日本"] {
            assert_eq!(world.headline(reference).await.as_deref(), Some("Nurse"), "{reference}");
            let path = format!("/v1/records/profiles/{}", crate::support::urlencoded(reference));
            assert_eq!(world.get(&path).await.body["reference"], reference);
        }
    }
}
