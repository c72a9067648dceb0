//! What whoever stands at the front door can try: guess keys, forge cursors, write events otherwise than they were agreed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Answer, OPERATOR_KEY, PARTNER_KEY, Wishes, World, answer, backends};

fn request(world: &World, method: &str, path: &str, key: &str) -> RequestBuilder {
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    world.client.request(method, format!("{}{path}", world.address)).header("X-API-KEY", key)
}

/// Every operation of the document that may refuse a key, with an address of it.
async fn guarded_operations(world: &World) -> Vec<(String, String)> {
    let document = answer(request(world, "get", "/openapi.json", "")).await.body;
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let path = path
            .replace("{partner}", "acme")
            .replace("{event}", "profile_update")
            .replace("{entity}", "profiles")
            .replace("{reference}", "P1")
            .replace("{id}", "none");
        let guarded = item
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, operation)| operation["responses"]["401"].is_object());
        guarded.map(|(method, _)| (method.clone(), path.clone())).collect::<Vec<_>>()
    });
    operations.collect()
}

#[actix_web::test]
async fn no_operation_lets_keys_be_guessed_without_end() {
    for backend in backends() {
        let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        let world = World::with(backend, Wishes { trusted_proxies, ..Wishes::default() }).await;
        let operations = guarded_operations(&world).await;
        assert!(operations.len() > 15, "{operations:?}");
        for (number, (method, path)) in operations.iter().enumerate() {
            let origin = format!("198.51.100.{number}");
            let guess = |key| request(&world, method, path, key).header("X-Forwarded-For", &origin);
            for _ in 0..30 {
                assert_eq!(answer(guess("guess")).await.status, 401, "{method} {path}");
            }
            for key in ["guess", PARTNER_KEY, OPERATOR_KEY] {
                assert_eq!(answer(guess(key)).await.status, 429, "{method} {path} with {key}");
            }
        }
    }
}

#[actix_web::test]
async fn an_event_is_an_object_and_no_list_of_its_members() {
    for backend in backends() {
        let world = World::new(backend).await;
        let list = json!(["P1", "profile_update", "2026-11-22T11:59:00Z"]);
        let Answer { status, body, .. } = world.post("/v1/webhooks/acme/profile_update", &list).await;
        assert_eq!((status.as_u16(), &body["errors"][0]["field"]), (422, &json!("body")), "{body}");
        let Answer { body, .. } = world.post("/v1/webhooks/acme", &json!([list])).await;
        assert_eq!(body["items"][0]["problem"]["errors"][0]["field"], "item", "{body}");
        assert_eq!(world.get("/v1/records/profiles/P1").await.status, 404);
    }
}

#[actix_web::test]
async fn what_no_database_can_look_for_is_refused_before_it_is_asked() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Nurse");
        world.announce("profile_create", "P1").await;
        let place = json!([0, "\0"]);
        for (path, list, place) in [
            ("/v1/deliveries?partner=acme", "deliveries", place.clone()),
            ("/v1/dead-letters?partner=acme", "dead_letters", json!(["acme", "profile", "\0"])),
            ("/v1/records/profiles/P1/timeline?partner=acme", "timeline", json!({"delivery": place})),
        ] {
            let cursor = |place: &Value| URL_SAFE_NO_PAD.encode(json!([list, place]).to_string());
            let refused = request(&world, "get", &format!("{path}&cursor={}", cursor(&place)), OPERATOR_KEY);
            let Answer { status, body, .. } = answer(refused).await;
            assert_eq!(
                (status.as_u16(), &body["errors"][0]["field"]),
                (422, &json!("cursor")),
                "{path}: {body}"
            );
        }
        // A backslash before the same letters is a reference like any other.
        let cursor =
            URL_SAFE_NO_PAD.encode(json!(["dead_letters", ["acme", "profile", r"\u0000"]]).to_string());
        let taken = request(&world, "get", &format!("/v1/dead-letters?cursor={cursor}"), OPERATOR_KEY);
        assert_eq!(answer(taken).await.status, 200);
        for path in ["/v1/erasures/%00", "/v1/pulls/%00"] {
            assert_eq!(answer(request(&world, "get", path, OPERATOR_KEY)).await.status, 404, "{path}");
        }
    }
}
