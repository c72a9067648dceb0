//! Batches: how large they may be, and events that nobody serves.

use super::*;

const BATCH: &str = "/v1/webhooks/acme";

#[actix_web::test]
async fn a_batch_may_be_a_mebibyte_and_not_a_byte_more() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let batch = json!([{"reference": "CRM-1", "event_type": "profile_update", "event_date": "2026-03-01"}]);
    let padded = |bytes: usize| format!("{batch}{}", " ".repeat(bytes - batch.to_string().len()));
    assert_eq!(send(&app, post(BATCH, "acme-key", padded(1024 * 1024))).await.0, 207);
    let (status, _, problem) = send(&app, post(BATCH, "acme-key", padded(1024 * 1024 + 1))).await;
    assert_eq!((status, &problem["detail"]), (413, &json!("the body must have at most 1024 KiB")));
}

#[actix_web::test]
async fn an_event_of_a_batch_that_nobody_serves_is_refused_by_itself() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let item = |kind: &str| json!({"reference": "CRM-1", "event_type": kind, "event_date": "2026-03-01"});
    let batch = json!([item("job_update"), item("profile_update")]).to_string();
    let (status, _, answered) = send(&app, post(BATCH, "acme-key", batch)).await;
    assert_eq!((status, &answered["items"][1]["status"]), (207, &json!("accepted")));
    let refused = &answered["items"][0]["problem"]["errors"][0];
    assert_eq!(
        refused,
        &json!({"field": "event_type", "detail": "the partner `acme` has no service for jobs"})
    );
}
