//! Records, pulls and metrics as they are shown.

use super::*;

#[actix_web::test]
async fn a_record_is_found_by_any_spelling_of_its_reference() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let reference = "a/b+c %2F é?";
    let (status, ..) = send(&app, post(WEBHOOK, "acme-key", event(reference))).await;
    assert_eq!(status, 202);
    let encoded = "a%2Fb%2Bc%20%252F%20%C3%A9%3F";
    for uri in
        [format!("/v1/records/profiles/{encoded}"), format!("/v1/records/profiles?reference={encoded}")]
    {
        let (status, _, record) = send(&app, get(&uri, "acme-key")).await;
        assert_eq!((status, &record["reference"]), (200, &json!(reference)), "{uri}");
        assert_eq!((&record["state"], &record["wanted"]), (&json!("pending"), &json!("present")));
        assert_eq!(record["last_event"]["type"], "profile_update");
        assert_eq!(record["last_event"]["date"], "2026-03-01T11:00:00Z");
    }
    for (uri, expected) in [
        ("/v1/records/jobs/a", 404),
        ("/v1/records/profiles", 400),
        ("/v1/records/profiles/%ff", 400),
        ("/v1/records/profiles?reference=%ff", 400),
        ("/v1/records/profiles/%2e%2e", 422),
        ("/v1/records/profiles?reference=..", 422),
    ] {
        let (status, _, problem) = send(&app, get(uri, "acme-key")).await;
        assert_eq!(status, expected, "{uri}");
        if status != 404 {
            assert_eq!(fields(&problem), ["reference"], "{uri}");
        }
    }
}

#[actix_web::test]
async fn a_pull_is_started_once_and_can_be_watched() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let start = |body: Value| post("/v1/pulls?partner=acme", OPERATOR, body.to_string());
    let (status, headers, pull) = send(&app, start(json!({"entity": "profiles", "mode": "delta"}))).await;
    assert_eq!((status, &pull["state"], &pull["mode"]), (202, &json!("queued"), &json!("delta")));
    assert_eq!(pull["rate"], Value::Null);
    let location = headers.get("location").unwrap().to_str().unwrap();
    let (status, _, again) = send(&app, start(json!({"entity": "profiles"}))).await;
    assert_eq!((status, &again["id"]), (200, &pull["id"]));
    assert_eq!(send(&app, get(location, OPERATOR)).await.2, pull);
    assert_eq!(send(&app, get(&format!("{location}?partner=globex"), OPERATOR)).await.0, 404);
    assert_eq!(send(&app, get("/v1/pulls?partner=acme", OPERATOR)).await.2["items"], json!([pull]));
    assert_eq!(send(&app, get("/v1/pulls?partner=globex", OPERATOR)).await.2["items"], json!([]));
    for (body, named) in [
        (json!({"entity": "people", "mode": "all", "modes": 1}), vec!["modes", "entity", "mode"]),
        (json!({}), vec!["entity"]),
        (json!([]), vec!["body"]),
        (json!({"entity": "jobs"}), vec!["entity"]),
    ] {
        let (status, _, problem) = send(&app, start(body)).await;
        assert_eq!((status, fields(&problem)), (422, named));
    }
}

#[actix_web::test]
async fn the_metrics_show_the_backlog() {
    let (api, _folder) = api().await;
    send(&app!(api), post(WEBHOOK, "acme-key", event("CRM-6"))).await;
    api.context.clock.advance(Duration::from_secs(90));
    let open = init_service(App::new().app_data(api.clone()).configure(crate::api::configure_metrics)).await;
    let answer = call_service(&open, TestRequest::get().uri("/metrics").to_request()).await;
    let text = String::from_utf8(read_body(answer).await.to_vec()).unwrap();
    assert!(text.contains(r#"oem_due_records{partner="acme"} 1"#), "{text}");
    assert!(text.contains(r#"oem_oldest_due_seconds{partner="acme"} 90"#), "{text}");
    let elsewhere = call_service(&open, TestRequest::get().uri("/v1/pulls").to_request()).await;
    assert_eq!(elsewhere.status(), 404);
}
