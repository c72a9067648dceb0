//! Who may call, and the envelope that every answer comes in.

use oem_connector::model::Clock;
use oem_connector::sandbox::{self, Options};
use reqwest::Method;
use serde_json::{Value, json};

use super::{BOARD, KEY, READ_KEY, SOURCE, WRITE_KEY, World};

#[actix_web::test]
async fn every_answer_comes_in_the_envelope() {
    let world = World::new().await;
    for (method, path, code) in [
        (Method::GET, "auth", 200),
        (Method::DELETE, "auth", 405),
        (Method::PATCH, "profile/indexing", 405),
        (Method::POST, "storing/jobs", 405),
        (Method::GET, "profile/parsing/file", 404),
        (Method::GET, "", 404),
        (Method::GET, "source", 400),
        (Method::GET, "storing/jobs", 400),
        (Method::POST, "job/indexing", 400),
    ] {
        let reply = world.send(method.clone(), path, None).await;
        assert_eq!(reply.code, code, "{method} {path}: {reply:?}");
    }
}

#[actix_web::test]
async fn the_key_decides_who_may_do_what() {
    let world = World::new().await;
    let job = json!({"board_key": BOARD, "name": "Baker", "location": {}});
    for (key, reads, writes) in [
        (KEY, true, true),
        (READ_KEY, true, false),
        (WRITE_KEY, false, true),
        ("0123456789abcdef0123456789abcdef01234567", false, false),
        ("", false, false),
    ] {
        let caller = world.as_holder_of(key);
        let read = caller.send(Method::GET, "auth", None).await;
        let written = caller.send(Method::POST, "job/indexing", Some(&job)).await;
        assert_eq!((read.code == 200, written.code == 201), (reads, writes), "{key}");
        if !writes {
            let refusal = format!("Unauthorized. Invalid secret key: {key} for permission: write");
            assert_eq!((written.code, written.message()), (401, refusal.as_str()));
        }
    }
    let auth = world.as_holder_of(READ_KEY).send(Method::GET, "auth", None).await;
    assert_eq!(auth.data()["api_key_permission"], "read");
    // Searching reads, whatever its method.
    let search = json!({"board_keys": [BOARD]});
    let found = world.as_holder_of(READ_KEY).send(Method::POST, "jobs/searching", Some(&search)).await;
    assert_eq!(found.code, 200);
}

#[actix_web::test]
async fn only_the_configured_keys_exist() {
    let options = Options {
        api_keys: vec![KEY.to_owned()],
        sources: vec![SOURCE.to_owned()],
        boards: vec![BOARD.to_owned()],
        ..Options::default()
    };
    let world = World::with(options).await;
    assert_eq!(world.as_holder_of(READ_KEY).send(Method::GET, "auth", None).await.code, 401);
    assert_eq!(world.job("J", Value::Null).await.code, 201);
    let other = "c".repeat(40);
    let reply = world.job("J", json!({"board_key": other})).await;
    assert_eq!((reply.code, reply.message()), (400, "Invalid parameters. Unable to find object: board"));
    let reply = world.get("source", &[("key", other.as_str())]).await;
    assert_eq!((reply.code, reply.message()), (400, "Invalid parameters. Unable to find object: source"));
    assert_eq!(world.get("sources", &[]).await.data().as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn sources_and_boards_are_made_on_first_use() {
    let world = World::new().await;
    assert_eq!(
        world.get("boards", &[]).await.body["meta"],
        json!({"page": 1, "maxPage": 1, "count": 0, "total": 0})
    );
    world.job("J", Value::Null).await;
    let board = world.get("board", &[("key", BOARD)]).await;
    assert_eq!((board.data()["key"].as_str(), &board.data()["stats"]), (Some(BOARD), &json!({"size": "1"})));
    assert_eq!(world.get("boards", &[]).await.body["meta"]["total"], 1);
    let reply = world.job("J", json!({"board_key": "nonsense"})).await;
    assert_eq!(reply.message(), "Invalid parameters. Unable to find object: board");
}

#[actix_web::test]
async fn malformed_and_huge_bodies_are_refused() {
    let world = World::new().await;
    let address = format!("http://{}/v1/job/indexing", world.running.address);
    for (body, code) in [("{".to_owned(), 400), ("[]".to_owned(), 400), (" ".repeat(9 << 20), 413)] {
        let answer = world.client.post(&address).header("X-API-KEY", KEY).body(body).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"] == "application/json"),
            (code, true)
        );
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], code);
    }
}

#[actix_web::test]
async fn a_sandbox_that_cannot_start_says_why() {
    let world = World::new().await;
    let taken =
        sandbox::start(Options { listen: world.running.address, ..Options::default() }, Clock::System).await;
    assert!(taken.unwrap_err().message().contains(&world.running.address.to_string()));
    let wrong =
        sandbox::start(Options { api_keys: vec!["hidden".to_owned()], ..Options::default() }, Clock::System)
            .await
            .unwrap_err();
    assert!(wrong.message().starts_with("an API key must be") && !wrong.message().contains("hidden"));
    let wrong =
        sandbox::start(Options { boards: vec!["B".to_owned()], ..Options::default() }, Clock::System).await;
    assert_eq!(wrong.unwrap_err().message(), "the board key `B` must be 40 lower-case hexadecimal digits");
}
