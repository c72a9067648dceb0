//! What is stored, how it changes, and what of it outlives a restart.

use std::time::Duration;

use oem_connector::model::Clock;
use oem_connector::sandbox::{self, Options, ReferenceAfterArchive};
use reqwest::Method;
use serde_json::{Value, json};

use super::{BOARD, SOURCE, World, with};

#[actix_web::test]
async fn a_stored_object_is_echoed_as_it_was_sent() {
    let world = World::new().await;
    let sent = json!({
        "created_at": "2023-06-20T15:50:32+0000", "experiences_duration": 0.249_315_068_493_150_7,
        "experiences": [{"title": "Baker", "company": "B", "date_start": "2002-04-01T00:00:00",
            "skills": [{"name": "Dough", "type": "hard", "value": 0.9}]}],
        "tags": [{"name": "remote", "value": true}, {"name": "n", "value": 3}],
        "metadatas": [{"name": "x", "value": "été ✓"}], "unknown": 1, "id": 99, "source": {"key": "x"},
    });
    let created = world.profile("P", sent.clone()).await;
    assert_eq!((created.code, created.message()), (201, "Profile created"));
    let profile = created.data();
    for name in ["created_at", "experiences_duration", "tags", "metadatas"] {
        assert_eq!(profile[name], sent[name], "{name}");
    }
    assert_eq!(profile["experiences"][0]["date_start"], "2002-04-01T00:00:00");
    assert_eq!(profile["experiences"][0]["skills"], sent["experiences"][0]["skills"]);
    assert_eq!((&profile["source_key"], &profile["source"]["key"]), (&json!(SOURCE), &json!(SOURCE)));
    assert_eq!((&profile["id"], &profile["updated_at"]), (&json!(1), &json!("2026-03-01T08:00:00+0000")));
    assert_eq!((&profile["languages"], profile.get("unknown")), (&Value::Null, None));

    let got = world.get("profile/indexing", &[("source_key", SOURCE), ("reference", "P")]).await;
    assert_eq!((got.code, got.message()), (200, "Profile details"));
    assert_eq!(got.data()["languages"], json!([]));
    let by_key = [("source_key", SOURCE), ("key", profile["key"].as_str().unwrap())];
    assert_eq!(world.get("profile/indexing", &by_key).await.data(), got.data());
    let attachments = world.get("profile/indexing/attachments", &by_key).await;
    assert_eq!((attachments.code, attachments.data()), (200, &json!([])));
}

#[actix_web::test]
async fn a_body_may_be_flat_or_nested() {
    let world = World::new().await;
    let job = json!({"reference": "N", "name": "Baker", "location": {"text": "Lyon"}});
    let created = world.post("job/indexing", json!({"board_key": BOARD, "job": job})).await;
    assert_eq!((created.code, &created.data()["reference"]), (201, &json!("N")));
    let edited = world
        .put("job/indexing", json!({"board_key": BOARD, "job": with(job, json!({"name": "Cook"}))}))
        .await;
    assert_eq!((edited.code, &edited.data()["name"]), (200, &json!("Cook")));
}

#[actix_web::test]
async fn a_reference_is_used_once_in_a_board() {
    let world = World::new().await;
    world.job("J", Value::Null).await;
    let again = world.job("J", Value::Null).await;
    assert_eq!(
        (again.code, again.message()),
        (400, "Cannot create job with this reference: J. Already used!")
    );
    assert_eq!(world.job("J", json!({"board_key": "d".repeat(40)})).await.code, 201);
}

#[actix_web::test]
async fn of_many_creations_with_one_reference_one_succeeds() {
    let world = World::new().await;
    let replies = futures_util::future::join_all((0..8).map(|_| world.job("J", Value::Null))).await;
    let mut codes: Vec<u16> = replies.iter().map(|reply| reply.code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [201, 400, 400, 400, 400, 400, 400, 400]);
}

#[actix_web::test]
async fn editing_replaces_the_whole_object() {
    let world = World::new().await;
    let created = world.job("J", json!({"summary": "old", "tags": [{"name": "a", "value": 1}]})).await;
    world.clock.advance(Duration::from_mins(1));
    let edited = world
        .put(
            "job/indexing",
            json!({"board_key": BOARD, "reference": "J", "name": "Cook", "location": {"text": "Nice"}}),
        )
        .await;
    assert_eq!((edited.code, edited.message()), (200, "Job edited"));
    let job = edited.data();
    assert_eq!((&job["summary"], &job["tags"]), (&Value::Null, &json!([])));
    for name in ["id", "key", "created_at"] {
        assert_eq!(job[name], created.data()[name], "{name}");
    }
    assert_eq!(job["updated_at"], "2026-03-01T08:01:00+0000");
    // What was got can be put back, and a key finds an object whose reference changes.
    let mut whole = job.clone();
    whole["reference"] = json!("K");
    assert_eq!(world.put("job/indexing", whole).await.code, 200);
    assert_eq!(world.get("job/indexing", &[("board_key", BOARD), ("reference", "K")]).await.code, 200);
    let gone = world.get("job/indexing", &[("board_key", BOARD), ("reference", "J")]).await;
    assert_eq!((gone.code, gone.message()), (400, "Invalid parameters. Unable to find object: job"));
    let unknown = json!({"board_key": BOARD, "reference": "J", "name": "Cook", "location": {}});
    assert_eq!(
        world.put("job/indexing", unknown).await.message(),
        "Invalid parameters. Unable to find object: job"
    );
}

#[actix_web::test]
async fn what_cannot_be_stored_is_refused_by_field() {
    let world = World::new().await;
    for (reply, field) in [
        (world.job("J", json!({"name": null})).await, "name"),
        (world.job("J", json!({"location": "Lyon"})).await, "location"),
        (world.job("J", json!({"skills": ["x"]})).await, "skills[0]"),
        (world.job("J", json!({"reference": 7})).await, "reference"),
        (world.job("J", json!({"key": ""})).await, "key"),
        (world.profile("P", json!({"text": null})).await, "text"),
        (world.profile("P", json!({"info": []})).await, "info"),
        (
            world.profile("P", json!({"experiences": [{"skills": [{"name": 1}]}]})).await,
            "experiences[0].skills[0].name",
        ),
    ] {
        assert_eq!(reply.code, 400);
        assert!(reply.message().starts_with(&format!("Invalid parameters. {field} ")), "{}", reply.message());
        assert_eq!(reply.body.get("data"), None);
    }
    assert_eq!(world.search_jobs(&[]).await.body["meta"]["total"], 0);
}

#[actix_web::test]
async fn an_archived_job_leaves_the_search_and_comes_back() {
    let world = World::new().await;
    let created = world.job("J", Value::Null).await;
    world.profile("P", Value::Null).await;
    let archived = world.archive_job("J", 1).await;
    assert_eq!((archived.code, archived.message()), (200, "Job archived"));
    assert_eq!(archived.data(), &json!({"key": created.data()["key"]}));
    assert_eq!(world.archive_job("J", 1).await.code, 200);
    assert!(world.search_jobs(&[]).await.references().is_empty());
    assert!(world.score_jobs("P", &[]).await.references().is_empty());
    assert_eq!(world.score_profiles("J", &[]).await.code, 400);
    let got = world.get("job/indexing", &[("board_key", BOARD), ("reference", "J")]).await;
    assert_eq!(got.data()["archived_at"], "2026-03-01T08:00:00+0000");
    let listed = world.get("storing/jobs", &[("board_keys", &json!([BOARD]).to_string())]).await;
    assert_eq!(listed.data()[0]["archived_at"], "2026-03-01T08:00:00+0000");

    assert_eq!(world.archive_job("J", 0).await.code, 200);
    assert_eq!(world.search_jobs(&[]).await.references(), ["J"]);
    assert_eq!(world.score_jobs("P", &[]).await.references(), ["J"]);
    assert_eq!(
        world.archive_job("unknown", 1).await.message(),
        "Invalid parameters. Unable to find object: job"
    );
}

#[actix_web::test]
async fn a_kept_reference_stays_with_the_archived_object() {
    let world = World::new().await;
    world.job("J", Value::Null).await;
    world.archive_job("J", 1).await;
    assert_eq!(
        world.job("J", Value::Null).await.message(),
        "Cannot create job with this reference: J. Already used!"
    );
    let edited = world
        .put("job/indexing", json!({"board_key": BOARD, "reference": "J", "name": "C", "location": {}}))
        .await;
    assert_eq!(edited.code, 200);
    assert!(edited.data()["archived_at"].is_string(), "editing does not bring back");
    assert!(world.search_jobs(&[]).await.references().is_empty());
}

#[actix_web::test]
async fn a_freed_reference_can_be_taken_again() {
    let options = Options { reference_after_archive: ReferenceAfterArchive::Free, ..Options::default() };
    let world = World::with(options).await;
    let first = world.job("J", Value::Null).await.data()["key"].clone();
    world.archive_job("J", 1).await;
    let put = json!({"board_key": BOARD, "reference": "J", "name": "C", "location": {}});
    assert_eq!(world.put("job/indexing", put.clone()).await.code, 400);
    assert_eq!(world.get("job/indexing", &[("board_key", BOARD), ("reference", "J")]).await.code, 400);
    assert_eq!(
        world.get("job/indexing", &[("board_key", BOARD), ("key", first.as_str().unwrap())]).await.code,
        200
    );

    let second = world.job("J", Value::Null).await;
    assert_eq!(second.code, 201);
    assert_ne!(second.data()["key"], first);
    assert_eq!(world.put("job/indexing", put).await.data()["key"], second.data()["key"]);
    let restore = json!({"board_key": BOARD, "key": first, "is_archive": 0});
    assert_eq!(world.send(Method::PATCH, "job/indexing/archive", Some(&restore)).await.code, 400);
}

#[actix_web::test]
async fn a_page_after_the_last_is_empty() {
    let world = World::new().await;
    for place in 0..5 {
        world.job(&format!("J{place}"), Value::Null).await;
        world.clock.advance(Duration::from_secs(1));
    }
    let keys = json!([BOARD]).to_string();
    for path in ["storing/jobs", "jobs/searching"] {
        let page = |number: &'static str| {
            let keys = keys.clone();
            let world = &world;
            async move { world.get(path, &[("board_keys", &keys), ("limit", "2"), ("page", number)]).await }
        };
        assert_eq!(page("1").await.references(), ["J4", "J3"], "{path}");
        let last = page("3").await;
        assert_eq!(last.references(), ["J0"]);
        assert_eq!(last.body["meta"], json!({"page": 3, "maxPage": 3, "count": 1, "total": 5}));
        let after = page("4").await;
        assert_eq!((after.code, after.references().len()), (200, 0));
        assert_eq!(after.body["meta"], json!({"page": 4, "maxPage": 3, "count": 0, "total": 5}));
    }
}

#[actix_web::test]
async fn a_list_shows_whole_objects_when_asked() {
    let world = World::new().await;
    world.job("J", Value::Null).await;
    world.job("K", Value::Null).await;
    let keys = json!([BOARD]).to_string();
    let list = |more: &'static [(&str, &str)]| {
        let query = [&[("board_keys", keys.as_str())], more].concat();
        let world = &world;
        async move { world.get("storing/jobs", &query).await }
    };
    assert_eq!(list(&[("reference", "J")]).await.data()[0].get("name"), None);
    assert_eq!(list(&[("reference", "J"), ("return_job", "True")]).await.data()[0]["name"], "Baker");
    assert_eq!(list(&[("reference", "none")]).await.body["meta"]["total"], 0);
    assert_eq!(
        list(&[("location_lat", "45.7"), ("location_lon", "4.8"), ("location_dist", "10")])
            .await
            .references()
            .len(),
        2
    );
    assert_eq!(
        list(&[("location_lat", "48.8"), ("location_lon", "2.3"), ("location_dist", "10")])
            .await
            .references()
            .len(),
        0
    );
}

#[actix_web::test]
async fn state_and_scores_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let options = || Options { data_dir: Some(folder.path().join("sandbox")), ..Options::default() };
    let world = World::with(options()).await;
    world.job("J", json!({"summary": "Bread and dough in an old oven."})).await;
    world.job("gone", Value::Null).await;
    world.archive_job("gone", 1).await;
    for reference in ["P", "Q", "R"] {
        world.profile(reference, json!({"text": format!("Bread, an oven, {reference}.")})).await;
    }
    let edited = json!({"source_key": SOURCE, "reference": "Q", "text": "A sailor.", "info": {"email": "q"},
        "skills": [{"name": "Knots"}]});
    world.put("profile/indexing", edited).await;
    let before = (world.score_profiles("J", &[]).await.body, world.get("sources", &[]).await.body);
    world.running.stop().await.unwrap();

    let world = World::with(options()).await;
    assert_eq!((world.score_profiles("J", &[]).await.body, world.get("sources", &[]).await.body), before);
    assert_eq!(world.search_jobs(&[]).await.references(), ["J"]);
    assert_eq!(world.job("gone", Value::Null).await.code, 400);
    let next = world.job("next", Value::Null).await;
    assert_eq!(next.data()["id"], 3);
}

#[actix_web::test]
async fn a_data_folder_belongs_to_one_sandbox_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let options = || Options { data_dir: Some(folder.path().to_owned()), ..Options::default() };
    let world = World::with(options()).await;
    world.job("J", Value::Null).await;
    let second = sandbox::start(options(), Clock::System).await;
    assert!(second.unwrap_err().message().contains(&folder.path().display().to_string()));
    world.running.stop().await.unwrap();
    assert_eq!(World::with(options()).await.search_jobs(&[]).await.references(), ["J"]);
}
