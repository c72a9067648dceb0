//! Keys, addresses, methods and ids: what every route has in common.

use super::*;

#[actix_web::test]
async fn a_key_opens_its_own_partner_and_an_operator_key_any_that_it_names() {
    let (api, _folder) = api().await;
    let app = app!(api);
    send(&app, post(WEBHOOK, "acme-key", event("CRM-3"))).await;
    let record = "/v1/records/profiles/CRM-3";
    for (uri, key, expected) in [
        (record.to_owned(), "acme-key", 200),
        (record.to_owned(), "acme-second-key", 200),
        (format!("{record}?partner=acme"), "acme-key", 200),
        (format!("{record}?partner=acme"), OPERATOR, 200),
        (record.to_owned(), "globex-key", 404),
        (format!("{record}?partner=globex"), "acme-key", 404),
        (format!("{record}?partner=acme"), "globex-key", 404),
        (format!("{record}?partner=nobody"), OPERATOR, 404),
        (record.to_owned(), OPERATOR, 400),
        (record.to_owned(), "acme-ke", 401),
        (record.to_owned(), "", 401),
        ("/v1/pulls".to_owned(), "acme-key", 401),
        ("/v1/pulls?partner=acme".to_owned(), "acme-key", 401),
        ("/v1/pulls".to_owned(), OPERATOR, 200),
        ("/metrics".to_owned(), "acme-key", 401),
        ("/metrics".to_owned(), OPERATOR, 200),
    ] {
        assert_eq!(send(&app, get(&uri, key)).await.0, expected, "{uri} with {key}");
    }
    let (status, headers, problem) = send(&app, TestRequest::get().uri(record)).await;
    assert_eq!((status, &problem["code"]), (401, &json!("unauthorized")));
    assert!(headers.contains_key("www-authenticate"));
    let (_, _, problem) = send(&app, get(record, OPERATOR)).await;
    assert_eq!(fields(&problem), ["partner"]);
    let twice = get(record, "acme-key").append_header(("X-API-KEY", "acme-key"));
    assert_eq!(send(&app, twice).await.0, 401);
}

#[actix_web::test]
async fn what_needs_no_key_needs_none() {
    let (api, _folder) = api().await;
    let app = app!(api);
    for uri in ["/health/live", "/health/ready", "/openapi.json", "/docs/", "/docs/swagger-ui.css"] {
        assert_eq!(send(&app, TestRequest::get().uri(uri)).await.0, 200, "{uri}");
    }
    let (status, headers, _) = send(&app, TestRequest::get().uri("/docs")).await;
    assert_eq!((status, headers.get("location").unwrap().to_str().unwrap()), (308, "/docs/"));
}

#[actix_web::test]
async fn a_database_without_its_tables_is_not_ready() {
    let (api, _folder) = api().await;
    let empty = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", empty.path().join("connector.db").display());
    let context = Context {
        store: Store::open(&url, &Clock::System, 1).unwrap(),
        clock: Clock::System,
        limits: limits(),
        retention: RETENTION,
        receipts_kept: RETENTION,
        answers: Answers::new(&limits().queries),
        partners: api.context.partners.clone(),
        metrics: Metrics::new().unwrap(),
    };
    let app = app!(web::Data::new(Api::new(Arc::new(context), &[], &[])));
    let (status, headers, problem) = send(&app, TestRequest::get().uri("/health/ready")).await;
    assert_eq!((status, &problem["code"]), (503, &json!("unavailable")));
    assert!(headers.contains_key("retry-after"));
    assert_eq!(send(&app, TestRequest::get().uri("/health/live")).await.0, 200);
}

#[actix_web::test]
async fn unknown_addresses_and_methods_are_problems() {
    let (api, _folder) = api().await;
    let app = app!(api);
    for uri in [
        "/",
        "/v1",
        "/v1/pulls/",
        "/v1/records/profiles/a/b",
        "/docs/nothing.js",
        "/docsy",
        "/v1/records/people/a",
    ] {
        let (status, _, problem) = send(&app, get(uri, "acme-key")).await;
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{uri}");
    }
    for (method, uri, allow) in [
        ("GET", WEBHOOK, "POST"),
        ("PUT", "/v1/webhooks/acme/job_create/ping", "GET, HEAD, POST"),
        ("DELETE", "/v1/pulls", "GET, HEAD, POST"),
        ("POST", "/v1/pulls/7", "GET, HEAD"),
        ("PUT", "/v1/jobs/scoring", "GET, HEAD, POST"),
        ("POST", "/docs/", "GET, HEAD"),
    ] {
        let request = TestRequest::default().method(method.parse().unwrap()).uri(uri);
        let (status, headers, problem) = send(&app, request).await;
        assert_eq!((status, &problem["code"]), (405, &json!("method_not_allowed")), "{method} {uri}");
        assert_eq!(headers.get("allow").unwrap(), allow);
    }
}

#[actix_web::test]
async fn a_request_keeps_its_id_if_it_is_fit_to_be_logged() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let asked = |id: &str| TestRequest::get().uri("/nowhere").insert_header(("X-Request-Id", id.to_owned()));
    let longest = "x".repeat(128);
    for id in ["req-7/a", &longest] {
        assert_eq!(send(&app, asked(id)).await.1.get("x-request-id").unwrap(), id);
    }
    let too_long = "x".repeat(129);
    for id in ["two words", "", &too_long] {
        let (_, headers, _) = send(&app, asked(id)).await;
        let made = headers.get("x-request-id").unwrap().to_str().unwrap();
        assert_eq!(uuid::Uuid::parse_str(made).unwrap().get_version_num(), 7, "{id}");
    }
}

#[test]
fn every_operation_is_described_and_refuses_with_problems() {
    let document = serde_json::to_value(crate::api::openapi()).unwrap();
    let mut names = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            names.push(operation["operationId"].as_str().unwrap().to_owned());
            let open = ["/health", "/openapi"].iter().any(|open| path.starts_with(open));
            assert_eq!(operation["security"].is_array(), !open, "{method} {path}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(!response["description"].as_str().unwrap().is_empty(), "{method} {path} {status}");
                if status.as_str() >= "400" {
                    let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                    assert_eq!(schema, "#/components/schemas/Problem", "{method} {path} {status}");
                }
            }
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "operation ids are unique");
}

#[actix_web::test]
async fn head_is_answered_wherever_get_is() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let head = |uri: &str| TestRequest::default().method(actix_web::http::Method::HEAD).uri(uri);
    assert_eq!(send(&app, head("/health/ready")).await.0, 200);
    assert_eq!(send(&app, head("/v1/pulls")).await.0, 401);
    assert_eq!(send(&app, head(WEBHOOK)).await.0, 405);
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl Log {
    /// The log of this process from now on, with the lines of the other tests. It is the process's own: a log of one
    /// thread is not seen by a place in the code that another thread passes first.
    fn of_the_process() -> Self {
        static LOG: std::sync::LazyLock<Log> = std::sync::LazyLock::new(|| {
            let log = Log::default();
            let writer = log.clone();
            tracing_subscriber::fmt().json().with_writer(move || writer.clone()).init();
            tracing::callsite::rebuild_interest_cache();
            log
        });
        LOG.clone()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[actix_web::test]
async fn a_request_is_logged_under_its_id_and_without_its_query_or_key() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let log = Log::of_the_process();
    let searching = "/v1/profiles/searching?email=planted%40example.org";
    for (uri, id, expected) in [
        (format!("{searching}&limit=0"), "req-42", r#""status":422"#),
        (searching.to_owned(), "req-43", r#""code":"upstream_unreachable""#),
    ] {
        let request = get(&uri, "acme-key").insert_header(("X-Request-Id", id));
        send(&app, request.insert_header(("traceparent", "00-4bf9-00f0-01"))).await;
        let text = log.text();
        let lines: Vec<&str> = text.lines().filter(|line| line.contains(id)).collect();
        assert!(lines.iter().any(|line| line.contains(expected)), "{expected} in {lines:?}");
        assert!(lines.iter().any(|line| line.contains("00-4bf9-00f0-01")), "the trace in {lines:?}");
        for secret in ["planted", "acme-key"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
