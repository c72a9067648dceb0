//! Dead letters: listed with their reasons, and brought back.

use oem_connector::demo::PROFILE_MAP;
use oem_connector::flows::{index, lease};
use oem_connector::model::Entity;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Answer, Backend, Fault, OPERATOR_KEY, OTHER_KEY, PARTNER_KEY, Wishes, World, answer, backends,
};

/// A world in which a profile of the headline `odd` cannot be sent.
async fn world(backend: Backend) -> World {
    let map = format!("{PROFILE_MAP} | if .info.summary == \"odd\" then .info.email = [1] else . end");
    World::with(backend, Wishes { profile_map: map, ..Wishes::default() }).await
}

/// Announces profiles that end as dead letters.
async fn fail(world: &World, references: &[&str]) {
    for reference in references {
        world.has_profile(reference, "odd");
        world.announce("profile_update", reference).await;
    }
    world.settle().await;
}

/// HrFlow refuses a job until it is set aside.
async fn refuse_job(world: &World, reference: &str) {
    let refusal = json!({"code": 422, "message": "the title of Ada Moreau is too odd"}).to_string();
    world.hrflow_side.fail_times(5, "POST", "/job/indexing", Fault::Answer(400, refusal));
    world.has_job(reference, "Nurse");
    world.announce("job_create", reference).await;
    for _ in 0..5 {
        world.settle().await;
        world.advance(600);
    }
    world.hrflow_side.heal();
}

async fn list(world: &World, query: &str) -> Answer {
    let request = world.client.request(Method::GET, format!("{}/v1/dead-letters{query}", world.address));
    answer(request.header("X-API-KEY", OPERATOR_KEY)).await
}

fn references(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["reference"].as_str().unwrap()).collect()
}

async fn replay(world: &World, body: Value) -> Answer {
    let request = world.client.post(format!("{}/v1/dead-letters/replay?partner=acme", world.address));
    answer(request.header("X-API-KEY", OPERATOR_KEY).json(&body)).await
}

#[actix_web::test]
async fn a_dead_letter_keeps_its_reason_its_attempts_and_the_last_answer_in_numbers() {
    for backend in backends() {
        let world = world(backend).await;
        fail(&world, &["P1"]).await;
        refuse_job(&world, "J1").await;
        let listed = list(&world, "").await.body;
        assert_eq!(references(&listed), ["J1", "P1"]);
        let (job, profile) = (&listed["items"][0], &listed["items"][1]);
        assert_eq!(
            (&job["partner"], &job["entity"], &job["wanted"]),
            (&json!("acme"), &json!("jobs"), &json!("present"))
        );
        assert_eq!((&job["reason"], &job["attempts"]), (&json!("upstream_refused"), &json!(5)));
        assert_eq!(job["answer"], json!({"side": "hrflow", "status": 400, "code": 422}));
        assert_eq!((&profile["reason"], &profile["at"]), (&json!("invalid"), &json!("2026-11-22T12:00:00Z")));
        assert_eq!((&profile["answer"], &profile["attempts"]), (&Value::Null, &json!(1)));
        assert!(profile["detail"].as_str().unwrap().contains("info.email"), "{profile}");
        assert!(!listed.to_string().contains("Ada"), "{listed}");
        assert_eq!(world.record("jobs", "J1").await["problem"]["answer"], job["answer"]);
    }
}

#[actix_web::test]
async fn dead_letters_are_listed_by_what_is_asked_of_them() {
    for backend in backends() {
        let world = world(backend).await;
        fail(&world, &["P1", "P2"]).await;
        world.advance(3600);
        fail(&world, &["P3"]).await;
        refuse_job(&world, "J1").await;
        for (query, expected) in [
            ("?partner=acme", vec!["J1", "P1", "P2", "P3"]),
            ("?partner=other", vec![]),
            ("?entity=profiles", vec!["P1", "P2", "P3"]),
            ("?reference=P2", vec!["P2"]),
            ("?reason=upstream_refused", vec!["J1"]),
            ("?to=2026-11-22T12:30:00Z", vec!["P1", "P2"]),
            ("?from=2026-11-22T12:30:00Z&reason=invalid&entity=profiles&partner=acme", vec!["P3"]),
        ] {
            assert_eq!(references(&list(&world, query).await.body), expected, "{query}");
        }
        for key in [PARTNER_KEY, OTHER_KEY] {
            let request = world.client.get(format!("{}/v1/dead-letters", world.address));
            assert_eq!(answer(request.header("X-API-KEY", key)).await.status, StatusCode::UNAUTHORIZED);
            let request = world.client.post(format!("{}/v1/dead-letters/replay?partner=acme", world.address));
            let refused = answer(request.header("X-API-KEY", key).json(&json!({}))).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        }
    }
}

#[actix_web::test]
async fn dead_letters_read_in_pages_while_others_come_and_go_are_neither_skipped_nor_repeated() {
    for backend in backends() {
        let world = world(backend).await;
        fail(&world, &["A", "C", "E", "G"]).await;
        for query in ["?limit=1", "?limit=1&reason=invalid"] {
            let mut page = list(&world, query).await.body;
            let mut found: Vec<String> = references(&page).into_iter().map(str::to_owned).collect();
            world.advance(60);
            // One that was read goes, one comes on either side of the cursor.
            replay(&world, json!({"references": ["A"]})).await;
            fail(&world, &["A", "B"]).await;
            while let Some(cursor) = page["next_cursor"].as_str() {
                page = list(&world, &format!("{query}&cursor={cursor}")).await.body;
                found.extend(references(&page).into_iter().map(str::to_owned));
            }
            assert_eq!(found, ["A", "B", "C", "E", "G"], "{query}");
        }
    }
}

#[actix_web::test]
async fn a_replay_reads_the_object_again_and_a_dry_run_changes_nothing() {
    for backend in backends() {
        let world = world(backend).await;
        fail(&world, &["P1", "P2"]).await;
        let before = world.record("profiles", "P1").await;
        let asked = json!({"entity": "profiles", "reason": "invalid", "dry_run": true});
        let dry = replay(&world, asked).await;
        assert_eq!(dry.status, StatusCode::OK, "{}", dry.body);
        assert_eq!((&dry.body["matched"], &dry.body["replayed"]), (&json!(2), &json!(0)));
        assert_eq!(references(&dry.body), ["P1", "P2"]);
        world.settle().await;
        assert_eq!(world.record("profiles", "P1").await, before);

        world.advance(60);
        world.has_profile("P1", "Nurse");
        world.has_profile("P2", "Nurse");
        let done = replay(&world, json!({"references": ["P1", "UNKNOWN"]})).await.body;
        assert_eq!((&done["matched"], &done["replayed"]), (&json!(1), &json!(1)), "{done}");
        assert_eq!(world.record("profiles", "P1").await["state"], "pending");
        world.settle().await;
        assert_eq!(world.headline("P1").await.as_deref(), Some("Nurse"));
        assert_eq!(references(&list(&world, "").await.body), ["P2"]);
        let again = replay(&world, json!({"references": ["P1"]})).await.body;
        assert_eq!((&again["matched"], &again["replayed"]), (&json!(0), &json!(0)));
    }
}

#[actix_web::test]
async fn more_dead_letters_than_a_batch_are_all_brought_back() {
    for backend in backends() {
        let world = world(backend).await;
        for number in 0..230 {
            world.has_profile(&format!("P{number:03}"), "odd");
        }
        world.pull("profiles", "full").await;
        let dry = replay(&world, json!({"dry_run": true})).await.body;
        assert_eq!((&dry["matched"], dry["items"].as_array().unwrap().len()), (&json!(230), 100));
        let done = replay(&world, json!({"from": "2026-11-22T12:00:00Z"})).await.body;
        assert_eq!((&done["matched"], &done["replayed"]), (&json!(230), &json!(230)));
        assert_eq!(references(&list(&world, "").await.body), Vec::<&str>::new());
    }
}

#[actix_web::test]
async fn an_archive_that_was_set_aside_is_archived_by_its_replay() {
    for backend in backends() {
        let world = world(backend).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        world.settle().await;
        world.advance(60);
        let refusal = json!({"code": 422, "message": "not now"}).to_string();
        world.hrflow_side.fail_times(5, "PATCH", "/profile/indexing/archive", Fault::Answer(422, refusal));
        world.announce("profile_archive", "P1").await;
        for _ in 0..5 {
            world.settle().await;
            world.advance(600);
        }
        let listed = list(&world, "").await.body;
        assert_eq!(listed["items"][0]["wanted"], "archived", "{listed}");
        assert!(world.in_hrflow(Entity::Profile, "P1").await.is_some());
        assert_eq!(replay(&world, json!({})).await.body["replayed"], 1);
        world.settle().await;
        assert!(world.in_hrflow(Entity::Profile, "P1").await.is_none());
    }
}

#[actix_web::test]
async fn a_replay_beside_an_event_loses_neither() {
    for backend in backends() {
        let world = world(backend).await;
        fail(&world, &["P1"]).await;
        world.advance(60);
        // The event brings it back, and somebody is at work on it when it is replayed.
        world.has_profile("P1", "Nurse");
        world.announce("profile_update", "P1").await;
        let leased = lease::claim(&world.context, world.acme(), 1).await.unwrap().pop().unwrap();
        assert_eq!(replay(&world, json!({})).await.body["matched"], 0);
        index::work(&world.context, world.acme(), leased).await.unwrap();
        assert_eq!(world.headline("P1").await.as_deref(), Some("Nurse"));

        // A replay, and an event before anybody worked on it: one read serves both.
        fail(&world, &["P2"]).await;
        world.advance(60);
        assert_eq!(replay(&world, json!({})).await.body["replayed"], 1);
        world.has_profile("P2", "Doctor");
        world.announce("profile_update", "P2").await;
        world.partner_side.forget();
        world.settle().await;
        assert_eq!(world.partner_side.count("GET", "/candidates/P2"), 1);
        assert_eq!(world.headline("P2").await.as_deref(), Some("Doctor"));
    }
}

#[actix_web::test]
async fn a_replay_that_cannot_be_understood_is_told_all_that_is_wrong() {
    for backend in backends() {
        let world = world(backend).await;
        for (body, expected) in [
            (
                json!({"references": [], "entity": "people", "reason": "", "from": "soon", "to": 7, "dry_run": "yes", "form": 1}),
                vec!["form", "references", "entity", "reason", "from", "to", "dry_run"],
            ),
            (json!({"from": "2026-11-22", "to": "2026-11-22"}), vec!["from"]),
            (json!({"references": ["a\nb"]}), vec!["references"]),
            (json!([]), vec!["body"]),
        ] {
            let refused = replay(&world, body).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            let errors = refused.body["errors"].as_array().unwrap().iter();
            let named: Vec<&str> = errors.map(|error| error["field"].as_str().unwrap()).collect();
            assert_eq!(named, expected);
        }
        let request = world.client.post(format!("{}/v1/dead-letters/replay", world.address));
        let unnamed = answer(request.header("X-API-KEY", OPERATOR_KEY).json(&json!({}))).await;
        assert_eq!(unnamed.status, StatusCode::BAD_REQUEST);
    }
}
