//! Webhooks: what is kept, and what is refused in which order.

use super::*;

#[actix_web::test]
async fn a_webhook_is_accepted_once_and_a_repetition_has_the_first_id() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let (status, _, first) = send(&app, post(WEBHOOK, "acme-key", event("CRM-1"))).await;
    assert_eq!((status, &first["status"]), (202, &json!("accepted")));
    let (status, _, again) = send(&app, post(WEBHOOK, "acme-second-key", event("CRM-1"))).await;
    assert_eq!((status, &again["status"], &again["id"]), (200, &json!("duplicate"), &first["id"]));
    let archive = WEBHOOK.replace("update", "archive");
    let older = json!({"reference": "CRM-1", "event_date": "2026-03-01T10:00:00Z"}).to_string();
    let (status, _, stale) = send(&app, post(&archive, OPERATOR, older)).await;
    assert_eq!((status, &stale["status"]), (200, &json!("stale")));
}

#[actix_web::test]
async fn the_sample_payload_is_a_ping_and_leaves_nothing() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let (status, _, pong) = send(&app, get(&format!("{WEBHOOK}/ping"), "acme-key")).await;
    assert_eq!((status, &pong["understood"]), (200, &Value::Null));
    assert_eq!(pong["server_time"], "2026-03-01T12:00:00Z");
    let sample = pong["sample"].to_string();
    let (status, _, pong) = send(&app, post(&format!("{WEBHOOK}/ping"), "acme-key", sample.clone())).await;
    assert_eq!((status, &pong["understood"]["reference"]), (200, &json!("ITEM-CRM-UNIQUE-REFERENCE")));
    let (status, _, answer) = send(&app, post(WEBHOOK, "acme-key", sample)).await;
    assert_eq!((status, answer), (200, json!({"status": "ping"})));
    let record = "/v1/records/profiles/ITEM-CRM-UNIQUE-REFERENCE";
    assert_eq!(send(&app, get(record, "acme-key")).await.0, 404);
}

#[actix_web::test]
async fn a_webhook_is_checked_from_the_key_inwards() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let text = |request: TestRequest| request.insert_header(("content-type", "text/plain"));
    let unknown = "/v1/webhooks/acme/profile_delete";
    for (request, expected) in [
        (text(post(unknown, "wrong", "{")), 401),
        (text(post(unknown, "globex-key", "{")), 404),
        (text(post(unknown, "acme-key", "{")), 404),
        (text(post(WEBHOOK, "acme-key", "{")), 415),
        (post(WEBHOOK, "acme-key", "{").insert_header(("content-encoding", "gzip")), 415),
        (post(WEBHOOK, "acme-key", "{"), 400),
        (post(WEBHOOK, "acme-key", "[]"), 422),
        (post("/v1/webhooks/nobody/profile_update", OPERATOR, event("a")), 404),
        (post("/v1/webhooks/globex/profile_update", OPERATOR, event("a")), 202),
    ] {
        assert_eq!(send(&app, request).await.0, expected);
    }
    let wrong = json!({"event_type": "job_update", "reference": "", "event_date": "soon"}).to_string();
    let (status, _, problem) = send(&app, post(WEBHOOK, "acme-key", wrong)).await;
    assert_eq!((status, fields(&problem)), (422, vec!["reference", "event_type", "event_date"]));
}

#[actix_web::test]
async fn a_body_may_be_64_kib_and_not_a_byte_more_however_it_arrives() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let padded = |bytes: usize| format!("{}{}", event("CRM-2"), " ".repeat(bytes - event("CRM-2").len()));
    assert_eq!(send(&app, post(WEBHOOK, "acme-key", padded(64 * 1024))).await.0, 202);
    let (status, _, problem) = send(&app, post(WEBHOOK, "acme-key", padded(64 * 1024 + 1))).await;
    assert_eq!((status, &problem["code"]), (413, &json!("too_large")));

    // In chunks, and with no length announced.
    for (bytes, expected) in [(64 * 1024, 200), (64 * 1024 + 1, 413), (10 * 64 * 1024, 413)] {
        let mut request = post(WEBHOOK, "acme-key", "").to_request();
        request.headers_mut().remove("content-length");
        let chunks: Vec<_> = padded(bytes)
            .into_bytes()
            .chunks(1000)
            .map(|chunk| Ok::<_, actix_web::error::PayloadError>(Bytes::copy_from_slice(chunk)))
            .collect();
        let stream: actix_web::dev::Payload =
            actix_web::dev::Payload::Stream { payload: Box::pin(futures_util::stream::iter(chunks)) };
        let (request, _) = request.replace_payload(stream);
        assert_eq!(call_service(&app, request).await.status(), expected, "{bytes}");
    }
}

#[actix_web::test]
async fn a_body_that_is_cut_off_is_refused() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let cut = [Ok(Bytes::from_static(b"{")), Err(actix_web::error::PayloadError::Incomplete(None))];
    let payload: actix_web::dev::Payload =
        actix_web::dev::Payload::Stream { payload: Box::pin(futures_util::stream::iter(cut)) };
    let (request, _) = post(WEBHOOK, "acme-key", "").to_request().replace_payload(payload);
    assert_eq!(call_service(&app, request).await.status(), 400);
}
