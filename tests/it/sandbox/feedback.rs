//! Ratings and trackings: told, listed, kept, and never changed.

use oem_connector::sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};

use super::{BOARD, SOURCE, World, with};

fn on_pair(more: Value) -> Value {
    with(
        json!({"board_key": BOARD, "source_key": SOURCE, "job_reference": "J", "profile_reference": "P",
            "role": "recruiter"}),
        more,
    )
}

async fn world(options: Options) -> World {
    let world = World::with(options).await;
    world.job("J", Value::Null).await;
    world.profile("P", Value::Null).await;
    world
}

#[actix_web::test]
async fn the_same_may_be_told_again_and_nothing_can_be_changed() {
    let world = world(Options::default()).await;
    for _ in 0..2 {
        let told = world.post("rating", on_pair(json!({"score": 0.4, "comment": "é"}))).await;
        assert_eq!((told.code, &told.data()["comment"]), (201, &json!("é")), "{told:?}");
    }
    let pair = [("role", "recruiter"), ("board_key", BOARD), ("job_reference", "J")];
    let listed = world.get("ratings", &pair).await;
    assert_eq!((listed.code, listed.data().as_array().unwrap().len()), (200, 2), "{listed:?}");
    assert_eq!(listed.body["meta"], json!({"page": 1, "maxPage": 1, "count": 2, "total": 2}));
    for (method, path) in [
        (Method::PUT, "rating"),
        (Method::PATCH, "rating"),
        (Method::PUT, "tracking"),
        (Method::PATCH, "tracking"),
        (Method::POST, "ratings"),
    ] {
        let body = on_pair(json!({"score": 0.4}));
        assert_eq!(world.send(method.clone(), path, Some(&body)).await.code, 405, "{method} {path}");
    }
}

#[actix_web::test]
async fn what_cannot_be_told_or_listed_is_refused() {
    let world = world(Options::default()).await;
    for (path, more) in [
        ("rating", json!({"role": null, "score": 0.4})),
        ("rating", json!({"role": "king", "score": 0.4})),
        ("rating", json!({})),
        ("rating", json!({"score": 1.2})),
        ("rating", json!({"score": 0.4, "job_reference": "nobody"})),
        ("rating", json!({"score": 0.4, "profile_reference": null})),
        ("rating", json!({"score": 0.4, "board_key": "no-key"})),
        ("rating", json!({"score": 0.4, "created_at": "soon"})),
        ("tracking", json!({})),
    ] {
        let refused = world.post(path, on_pair(more.clone())).await;
        assert_eq!(refused.code, 400, "{path} {more}: {refused:?}");
    }
    for query in [vec![], vec![("role", "king")], vec![("role", "recruiter"), ("location_lat", "45.7")]] {
        assert_eq!(world.get("trackings", &query).await.code, 400, "{query:?}");
    }
    let unknown = [("role", "recruiter"), ("source_key", SOURCE), ("profile_reference", "nobody")];
    let refused = world.get("ratings", &unknown).await;
    assert!(refused.message().contains("Unable to find object: profile"), "{refused:?}");
}

#[actix_web::test]
async fn feedback_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let options = || Options { data_dir: Some(folder.path().join("sandbox")), ..Options::default() };
    let world = world(options()).await;
    world.post("tracking", on_pair(json!({"action": "view"}))).await;
    world.post("rating", on_pair(json!({"score": 1.0}))).await;
    let listed = [("role", "recruiter")];
    let before = (world.get("trackings", &listed).await.body, world.get("ratings", &listed).await.body);
    assert_eq!(before.0["meta"]["total"], 1);
    world.running.stop().await.unwrap();
    let world = World::with(options()).await;
    assert_eq!(
        (world.get("trackings", &listed).await.body, world.get("ratings", &listed).await.body),
        before
    );
}
