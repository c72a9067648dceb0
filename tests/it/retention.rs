//! What is too old is deleted, a batch at a time, and nobody is held up or misled by it.

use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use oem_connector::flows::retention;
use oem_connector::model::Entity;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Backend, OPERATOR_KEY, RETENTION, World, answer, backends};

async fn ids_of_pulls(world: &World) -> Vec<String> {
    let request = world.client.get(format!("{}/v1/pulls", world.address));
    let listed = answer(request.header("X-API-KEY", OPERATOR_KEY)).await.body;
    let items = listed["items"].as_array().unwrap().iter();
    items.map(|pull| pull["id"].as_str().unwrap().to_owned()).collect()
}

/// Deletes all that is too old; returns the sizes of the batches.
async fn forget(world: &World) -> Vec<usize> {
    let mut batches = Vec::new();
    loop {
        match retention::forget(&world.context).await.unwrap() {
            0 => return batches,
            deleted => batches.push(deleted),
        }
    }
}

#[actix_web::test]
async fn history_goes_when_it_is_too_old_and_the_record_stays() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        world.settle().await;
        world.clock.advance(RETENTION);
        assert_eq!(forget(&world).await, Vec::<usize>::new(), "not a moment too early");
        world.has_profile("P2", "Nurse");
        world.announce("profile_create", "P2").await;
        world.settle().await;
        world.advance(1);
        assert_eq!(forget(&world).await, [1, 1], "a delivery and a change");
        for left in [world.get("/v1/deliveries").await.body, world.events("", 1).await.body] {
            assert_eq!((&left["items"][0]["reference"], &left["items"][1]), (&json!("P2"), &json!(null)));
        }
        assert_eq!(world.get("/v1/records/profiles/P1/timeline").await.body["items"], json!([]));
        assert_eq!(world.record("profiles", "P1").await["state"], "indexed");
    }
}

#[actix_web::test]
async fn a_kind_that_cannot_be_deleted_keeps_none_of_the_others() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        world.settle().await;
        world.clock.advance(RETENTION);
        world.advance(1);
        world.database.execute("ALTER TABLE snapshots RENAME TO away");
        assert_eq!(retention::forget(&world.context).await.unwrap(), 1, "the delivery");
        assert_eq!(retention::forget(&world.context).await.unwrap(), 1, "and the change");
        assert!(retention::forget(&world.context).await.is_err(), "it is not taken for done");
        world.database.execute("ALTER TABLE away RENAME TO snapshots");
        assert_eq!(forget(&world).await, Vec::<usize>::new());
    }
}

#[actix_web::test]
async fn a_webhook_gets_in_between_two_batches() {
    for backend in backends() {
        let world = World::new(backend).await;
        for hundred in 0..6 {
            let world = &world;
            let names = (0..100).map(|number| format!("P{hundred}-{number}"));
            join_all(names.map(|name| async move { world.announce("profile_create", &name).await })).await;
        }
        world.clock.advance(RETENTION);
        world.advance(1);
        assert_eq!(retention::forget(&world.context).await.unwrap(), 500);
        world.announce("profile_create", "NEW").await;
        assert_eq!(forget(&world).await, [100]);
        let left = world.get("/v1/deliveries").await.body;
        assert_eq!((&left["items"][0]["reference"], &left["items"][1]), (&json!("NEW"), &json!(null)));
    }
}

#[actix_web::test]
async fn rows_that_another_node_is_deleting_hold_up_neither_webhooks_nor_the_others() {
    for backend in backends() {
        // SQLite has one process.
        if backend == Backend::Sqlite {
            continue;
        }
        let world = World::new(backend).await;
        world.announce("profile_create", "P1").await;
        let old = world.now();
        world.announce("profile_create", "P2").await;
        world.clock.advance(RETENTION);
        world.advance(1);
        let mut node = world.database.postgres();
        node.batch_execute("BEGIN; DELETE FROM deliveries WHERE reference = 'P1'").unwrap();
        assert_eq!(forget(&world).await, [1], "what the other node left");
        assert_eq!(
            world.webhook("profile_create", "P1", &old).await.status,
            StatusCode::OK,
            "a duplicate still"
        );
        world.announce("profile_update", "P1").await;
        node.batch_execute("COMMIT").unwrap();
        assert_eq!(
            world.webhook("profile_create", "P1", &old).await.status,
            StatusCode::ACCEPTED,
            "forgotten"
        );
        assert_eq!(forget(&world).await, Vec::<usize>::new());
    }
}

#[actix_web::test]
async fn a_retry_of_what_was_forgotten_does_no_harm() {
    for backend in backends() {
        let world = World::new(backend).await;
        let created = world.now();
        for reference in ["LIVE", "ARCHIVED", "BACK"] {
            world.has_profile(reference, "Nurse");
            world.announce("profile_create", reference).await;
        }
        world.settle().await;
        world.advance(60);
        let archived = world.now();
        world.announce("profile_archive", "ARCHIVED").await;
        world.announce("profile_archive", "BACK").await;
        world.settle().await;
        world.advance(60);
        world.announce("profile_create", "BACK").await;
        world.settle().await;
        world.clock.advance(RETENTION);
        world.advance(1);
        assert!(!forget(&world).await.is_empty());
        world.hrflow_side.forget();
        for (event, reference, date, status) in [
            ("profile_create", "LIVE", &created, "accepted"),
            ("profile_create", "ARCHIVED", &created, "stale"),
            ("profile_archive", "ARCHIVED", &archived, "accepted"),
            ("profile_archive", "BACK", &archived, "stale"),
        ] {
            let heard = world.webhook(event, reference, date).await;
            assert_eq!(heard.body["status"], status, "{event} {reference}");
        }
        world.settle().await;
        assert_eq!(world.hrflow_side.writes(), 0);
        for (reference, there) in [("LIVE", true), ("ARCHIVED", false), ("BACK", true)] {
            assert_eq!(world.in_hrflow(Entity::Profile, reference).await.is_some(), there, "{reference}");
        }
    }
}

#[actix_web::test]
async fn old_pulls_go_but_for_the_last_of_a_kind_and_those_that_have_not_ended() {
    for backend in backends() {
        let world = World::new(backend).await;
        let mut ids = Vec::new();
        for (entity, mode) in
            [("profiles", "full"), ("profiles", "full"), ("profiles", "delta"), ("jobs", "full")]
        {
            ids.push(world.pull(entity, mode).await["id"].as_str().unwrap().to_owned());
            world.advance(60);
        }
        ids.push(world.start_pull("profiles", "full").await);
        world.clock.advance(RETENTION);
        world.advance(1);
        forget(&world).await;
        ids.drain(..2);
        ids.reverse();
        // The second full pull is no longer the last of its kind: one was asked for after it.
        assert_eq!(ids_of_pulls(&world).await, ids);
        world.settle().await;
        world.clock.advance(RETENTION);
        world.advance(1);
        forget(&world).await;
        assert_eq!(ids_of_pulls(&world).await, ids, "the last of each kind stays, however old");
    }
}

#[actix_web::test]
async fn a_cursor_older_than_what_is_kept_is_told_so_and_a_current_one_never_ages() {
    for backend in backends() {
        let world = World::new(backend).await;
        let nothing = world.get("/v1/events").await.body["cursor"].as_str().unwrap().to_owned();
        let mut cursors = Vec::new();
        for (headline, changes) in [("Nurse", 1), ("Doctor", 2)] {
            world.has_profile("P1", headline);
            world.announce("profile_update", "P1").await;
            world.settle().await;
            world.advance(60);
            let page = world.events("", changes).await.body;
            cursors.push(page["cursor"].as_str().unwrap().to_owned());
        }
        // Nothing comes of it that the feed would show.
        world.has_profile("P1", "Doctor");
        world.announce("profile_update", "P1").await;
        world.settle().await;
        world.clock.advance(RETENTION);
        world.advance(1);
        assert_eq!(forget(&world).await, [3, 3]);
        let old = world.get(&format!("/v1/events?cursor={}", cursors[0])).await;
        assert_eq!(
            (old.status, &old.body["code"]),
            (StatusCode::GONE, &json!("cursor_expired")),
            "{}",
            old.body
        );
        let current = world.get(&format!("/v1/events?cursor={}", cursors[1])).await;
        assert_eq!((&current.body["items"], &current.body["cursor"]), (&json!([]), &json!(cursors[1])));
        let begun = world.get("/v1/events").await.body;
        assert_eq!((&begun["items"], &begun["cursor"]), (&json!([]), &json!(cursors[1])));
        let from_nothing = world.get(&format!("/v1/events?cursor={nothing}")).await;
        assert_eq!(
            from_nothing.body["code"], "cursor_expired",
            "it was there before there was anything to read"
        );
        world.has_profile("P1", "Surgeon");
        world.announce("profile_update", "P1").await;
        world.settle().await;
        let current = world.events(&format!("?cursor={}", cursors[1]), 1).await;
        assert_eq!(current.body["items"][0]["outcome"], "indexed", "no number is given twice");
    }
}
