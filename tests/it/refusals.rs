//! Every refusal of the API is a problem document that names what was wrong and where.

use std::fmt::Write as _;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{Answer, Fault, OPERATOR_KEY, PARTNER_KEY, Wishes, World, answer, backends};

const WEBHOOK: &str = "/v1/webhooks/acme/profile_update";

/// Sends a request that must be refused, and gives what a caller may rely on: status, code, and the fields in question.
async fn refusal(request: RequestBuilder) -> String {
    shown(&answer(request).await)
}

/// What a caller may rely on; the form of a problem document is checked on the way.
fn shown(answer: &Answer) -> String {
    let Answer { status, headers, body } = answer;
    assert!(status.is_client_error() || status.is_server_error(), "{status}: {body}");
    assert_eq!(headers["content-type"], "application/problem+json", "{body}");
    assert!(headers.contains_key("x-request-id"));
    assert_eq!((&body["type"], &body["status"]), (&json!("about:blank"), &json!(status.as_u16())));
    assert_eq!(body["title"].as_str(), status.canonical_reason());
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{body}");
    let mut text = format!("{} {}", status.as_u16(), body["code"].as_str().unwrap());
    for error in body["errors"].as_array().into_iter().flatten() {
        write!(text, "\n  {}: {}", error["field"].as_str().unwrap(), error["detail"].as_str().unwrap())
            .unwrap();
    }
    text
}

fn post(world: &World, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    world.request(Method::POST, path).header("Content-Type", "application/json").body(body)
}

/// A body as the snapshot shows it.
fn shorten(body: &str) -> &str {
    body.find("ééééé").map_or(body, |start| &body[..start + "éééé".len()])
}

fn event(reference: &str) -> String {
    json!({"reference": reference, "event_date": "2026-11-22T11:00:00Z"}).to_string()
}

#[actix_web::test]
async fn a_key_opens_its_own_partner_and_nothing_else() {
    for backend in backends() {
        let world = World::new(backend).await;
        let with = |path: &str, key: Option<&str>| {
            let request = world.client.get(format!("{}{path}", world.address));
            match key {
                Some(key) => request.header("X-API-KEY", key),
                None => request,
            }
        };
        let ping = format!("{WEBHOOK}/ping");
        for (path, key) in [
            (ping.as_str(), None),
            (ping.as_str(), Some("")),
            (ping.as_str(), Some("wrong")),
            ("/v1/records/profiles/P1", Some("wrong")),
            ("/v1/profiles/scoring?limit=none", Some("wrong")),
            ("/v1/pulls", Some(PARTNER_KEY)),
            ("/metrics", Some(PARTNER_KEY)),
            ("/metrics", None),
        ] {
            let refused = answer(with(path, key)).await;
            assert_eq!(shown(&refused), "401 unauthorized", "{path} with {key:?}");
            assert!(refused.headers.contains_key("www-authenticate"));
        }
        let twice = with(&ping, Some(PARTNER_KEY)).header("X-API-KEY", PARTNER_KEY);
        assert_eq!(refusal(twice).await, "401 unauthorized");
        for path in ["/v1/webhooks/other/profile_update/ping", "/v1/records/profiles/P1?partner=other"] {
            assert_eq!(refusal(with(path, Some(PARTNER_KEY))).await, "404 not_found", "{path}");
        }
        let nobody = with("/v1/webhooks/nobody/profile_update/ping", Some(PARTNER_KEY));
        let other = with("/v1/webhooks/other/profile_update/ping", Some(PARTNER_KEY));
        let words =
            async |request| answer(request).await.body["detail"].as_str().unwrap().replace("other", "nobody");
        assert_eq!(words(nobody).await, words(other).await, "whether a partner exists is not told");
    }
}

#[actix_web::test]
async fn a_webhook_that_cannot_be_accepted_is_told_everything_that_is_wrong_with_it() {
    for backend in backends() {
        let world = World::new(backend).await;
        let mut told = String::new();
        let long = format!(r#"{{"reference": "{}", "event_date": "2026-11-22T11:00:00Z"}}"#, "é".repeat(256));
        for body in [
            "",
            "{",
            "nothing",
            "[]",
            r#"{"reference": "1", "reference": "2"}"#,
            "{}",
            r#"{"reference": 7, "event_type": 8, "event_date": 9}"#,
            r#"{"reference": "", "event_type": "job_update", "event_date": "soon"}"#,
            r#"{"reference": "..", "event_date": null}"#,
            r#"{"reference": "a\u0000b", "event_type": "profile_create", "event_date": "2026-13-01T00:00:00Z"}"#,
            &long,
        ] {
            let refused = refusal(post(&world, WEBHOOK, body.to_owned())).await;
            write!(told, "{}\n→ {refused}\n", shorten(body)).unwrap();
            let tried = refusal(post(&world, &format!("{WEBHOOK}/ping"), body.to_owned())).await;
            assert_eq!(tried, refused, "a ping says what the real call says");
        }
        insta::allow_duplicates!(insta::assert_snapshot!(told, @r##"

            → 400 malformed
            {
            → 400 malformed
            nothing
            → 400 malformed
            []
            → 422 invalid
              body: must be an object with `reference` and `event_date`
            {"reference": "1", "reference": "2"}
            → 422 invalid
              reference: stands there twice
            {}
            → 422 invalid
              reference: is required
              event_date: is required
            {"reference": 7, "event_type": 8, "event_date": 9}
            → 422 invalid
              reference: must be a string
              event_type: must be `profile_update`, as in the address, or absent
              event_date: must be a string
            {"reference": "", "event_type": "job_update", "event_date": "soon"}
            → 422 invalid
              reference: must not be empty
              event_type: must be `profile_update`, as in the address, or absent
              event_date: must be a date and time like 2022-03-01T14:21:58Z
            {"reference": "..", "event_date": null}
            → 422 invalid
              reference: must not be `.` or `..`
              event_date: is required
            {"reference": "a\u0000b", "event_type": "profile_create", "event_date": "2026-13-01T00:00:00Z"}
            → 422 invalid
              reference: must not contain control characters
              event_type: must be `profile_update`, as in the address, or absent
              event_date: must be a date and time like 2022-03-01T14:21:58Z
            {"reference": "éééé
            → 422 invalid
              reference: must have at most 255 characters
        "##));
        assert_eq!(world.get("/v1/records/profiles?reference=7").await.status, StatusCode::NOT_FOUND);
    }
}

#[actix_web::test]
async fn what_is_no_json_of_a_sane_size_is_not_read() {
    for backend in backends() {
        let world = World::new(backend).await;
        for (name, value) in [
            ("Content-Type", "text/plain"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Content-Encoding", "gzip"),
        ] {
            let mut request = world.request(Method::POST, WEBHOOK).body(event("P1")).header(name, value);
            if name != "Content-Type" {
                request = request.header("Content-Type", "application/json");
            }
            assert_eq!(refusal(request).await, "415 unsupported_media_type", "{name}: {value}");
        }
        let bare = world.request(Method::POST, WEBHOOK).body(event("P1"));
        assert_eq!(refusal(bare).await, "415 unsupported_media_type");

        let padded = |length: usize| event("P1") + &" ".repeat(length - event("P1").len());
        assert_eq!(refusal(post(&world, WEBHOOK, padded(65_537))).await, "413 too_large");
        assert_eq!(answer(post(&world, WEBHOOK, padded(65_536))).await.status, StatusCode::ACCEPTED);
        assert!(in_chunks(&world, &padded(65_536)).await.starts_with("HTTP/1.1 200 OK"), "a duplicate");
        let refused = in_chunks(&world, &padded(65_537)).await;
        assert!(refused.starts_with("HTTP/1.1 413 "), "{refused}");
        assert!(refused.to_lowercase().contains("content-type: application/problem+json"), "{refused}");
    }
}

/// Posts a webhook without saying how long it is, and gives the whole answer.
async fn in_chunks(world: &World, body: &str) -> String {
    let host = world.address.strip_prefix("http://").unwrap();
    let mut connection = tokio::net::TcpStream::connect(host).await.unwrap();
    let mut request = format!(
        "POST {WEBHOOK} HTTP/1.1\r\nHost: {host}\r\nX-API-KEY: {PARTNER_KEY}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    for chunk in body.as_bytes().chunks(1000) {
        let chunk = std::str::from_utf8(chunk).unwrap();
        write!(request, "{:x}\r\n{chunk}\r\n", chunk.len()).unwrap();
    }
    request.push_str("0\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // The server may close on what it did not care to read; its answer is what counts.
    let _ = connection.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[actix_web::test]
async fn an_unknown_address_event_or_method_is_told_as_such() {
    for backend in backends() {
        let world = World::new(backend).await;
        for path in ["/", "/v1", "/v1/webhooks", "/v1/records/companies/1", "/v1/pulls/", "/v2/pulls"] {
            assert_eq!(refusal(world.request(Method::GET, path)).await, "404 not_found", "{path}");
        }
        let event = answer(post(&world, "/v1/webhooks/acme/profile_delete", event("P1"))).await;
        assert_eq!(shown(&event), "404 not_found");
        assert!(event.body["detail"].as_str().unwrap().contains("profile_archive"), "{}", event.body);
        for (method, path, allowed) in [
            (Method::GET, WEBHOOK, "POST"),
            (Method::DELETE, "/v1/pulls", "GET, HEAD, POST"),
            (Method::PUT, "/v1/webhooks/acme/job_create/ping", "GET, HEAD, POST"),
            (Method::PUT, "/v1/profiles/scoring", "GET, HEAD, POST"),
            (Method::PATCH, "/health/live", "GET, HEAD"),
        ] {
            let refused = answer(world.request(method, path)).await;
            assert_eq!(shown(&refused), "405 method_not_allowed", "{path}");
            assert_eq!(refused.headers["allow"], allowed, "{path}");
        }
        let missing = world.client.get(format!("{}/v1/pulls/nothing", world.address));
        assert_eq!(refusal(missing.header("X-API-KEY", OPERATOR_KEY)).await, "404 not_found");
    }
}

#[actix_web::test]
async fn query_parameters_that_cannot_be_used_are_all_named() {
    for backend in backends() {
        let world = World::new(backend).await;
        let mut told = String::new();
        for path in [
            "/v1/records/profiles",
            "/v1/records/profiles?reference=",
            "/v1/records/profiles/%FF",
            "/v1/records/profiles/P1?colour=red",
            "/v1/jobs/scoring",
            "/v1/jobs/scoring?profile_reference=P1&page=0&limit=101&score_min=2",
            "/v1/profiles/searching?pages=2&limit=many&text_keywords=%5B",
            "/v1/profiles/searching?job_reference=J1",
            "/v1/profiles/searching?limit=-1&page=99999999999999999999999999999999999999999999",
            "/v1/profiles/searching?TEXT_KEYWORDS=x&per_page=5&distance=3&radius=3&salary=1&wait=3&keyword=x",
            "/v1/profiles/scoring?min_score=0.5&size=5&reference=J1",
            "/v1/profiles/searching?include=%5B%22name%22,%22skill%22%5D",
            "/v1/match/why?sort_by=scoring&include=name&receipt=true",
        ] {
            write!(told, "{path}\n→ {}\n", refusal(world.request(Method::GET, path)).await).unwrap();
        }
        let operator = |path: &str, body: &str| {
            let request = world.client.post(format!("{}{path}", world.address)).body(body.to_owned());
            request.header("X-API-KEY", OPERATOR_KEY).header("Content-Type", "application/json")
        };
        for (path, body) in [
            ("/v1/pulls", r#"{"entity": "jobs"}"#),
            ("/v1/pulls?partner=acme", "{"),
            ("/v1/pulls?partner=acme", "[]"),
            ("/v1/pulls?partner=acme", r#"{"entitty": "jobs", "mode": 7}"#),
        ] {
            write!(told, "{path} {body}\n→ {}\n", refusal(operator(path, body)).await).unwrap();
        }
        insta::allow_duplicates!(insta::assert_snapshot!(told, @r##"
            /v1/records/profiles
            → 400 malformed
              reference: is required
            /v1/records/profiles?reference=
            → 422 invalid
              reference: must not be empty
            /v1/records/profiles/%FF
            → 400 malformed
              reference: is not UTF-8
            /v1/records/profiles/P1?colour=red
            → 400 malformed
              colour: is not known here
            /v1/jobs/scoring
            → 400 malformed
              profile_reference: is required
            /v1/jobs/scoring?profile_reference=P1&page=0&limit=101&score_min=2
            → 422 invalid
              page: must be between 1 and 4294967295
              limit: must be between 1 and 100
              score_min: must be between 0 and 1
            /v1/profiles/searching?pages=2&limit=many&text_keywords=%5B
            → 400 malformed
              pages: is not known here; did you mean `page`?
              limit: must be a whole number
              text_keywords: must be JSON like ["rust","sql"]
            /v1/profiles/searching?job_reference=J1
            → 400 malformed
              job_reference: is refused: searching ranks for no object; scoring does
            /v1/profiles/searching?limit=-1&page=99999999999999999999999999999999999999999999
            → 422 invalid
              limit: must be between 1 and 100
              page: must be between 1 and 4294967295
            /v1/profiles/searching?TEXT_KEYWORDS=x&per_page=5&distance=3&radius=3&salary=1&wait=3&keyword=x
            → 400 malformed
              TEXT_KEYWORDS: is not known here; did you mean `text_keywords`?
              per_page: is not known here; did you mean `limit`?
              distance: is not known here; did you mean `location_distance`?
              radius: is not known here; did you mean `location_distance`?
              salary: is refused: HrFlow filters jobs by it, and no profiles
              wait: is refused: searching has no object to wait for; scoring has
              keyword: is not known here; did you mean `text_keywords`?
            /v1/profiles/scoring?min_score=0.5&size=5&reference=J1
            → 400 malformed
              min_score: is not known here; did you mean `score_min`?
              size: is not known here; did you mean `limit`?
              reference: is not known here; did you mean `job_reference`?
              job_reference: is required
            /v1/profiles/searching?include=%5B%22name%22,%22skill%22%5D
            → 422 invalid
              include[1]: is not known here; did you mean `skills`? It must be one of: name, summary, email, location, experience_years, education_years, title, company, skills, languages, tags, created_at, updated_at
            /v1/match/why?sort_by=scoring&include=name&receipt=true
            → 400 malformed
              sort_by: is not known here; it belongs to the lists that scoring and searching give
              include: is not known here; it belongs to the lists that scoring and searching give
              receipt: is not known here; it belongs to the lists that scoring and searching give
              job_reference: is required
              profile_reference: is required
            /v1/pulls {"entity": "jobs"}
            → 400 malformed
              partner: is required
            /v1/pulls?partner=acme {
            → 400 malformed
            /v1/pulls?partner=acme []
            → 422 invalid
              body: must be an object with `entity` and `mode`
            /v1/pulls?partner=acme {"entitty": "jobs", "mode": 7}
            → 422 invalid
              entitty: is not known here; did you mean `entity`?
              entity: is required: `profiles` or `jobs`
              mode: must be `full` or `delta`
        "##));
    }
}

#[actix_web::test]
async fn webhooks_are_refused_with_a_wait_when_too_many_are_waiting_and_kept_when_they_were_taken() {
    for backend in backends() {
        let world = World::with(backend, Wishes { webhook_queue: 1, ..Wishes::default() }).await;
        let blockade = world.database.block();
        // One is with the writer and one waits, at most; who else comes must be told at once.
        let send = async |number: i32| {
            let reference = format!("P{number}");
            (answer(post(&world, WEBHOOK, event(&reference))).await, reference)
        };
        let mut sent: FuturesUnordered<_> = (0..8).map(send).collect();
        let mut answers = Vec::new();
        while answers.len() < 6 {
            answers.push(sent.next().await.unwrap());
        }
        assert!(answers.iter().all(|(answer, _)| answer.status == 503), "nothing can have been kept");
        drop(blockade);
        answers.extend(sent.collect::<Vec<_>>().await);
        assert!(answers.iter().any(|(answer, _)| answer.status == 202), "what was taken is kept");
        for (answer, reference) in answers {
            let known = world.get(&format!("/v1/records/profiles/{reference}")).await.status;
            if answer.status == 202 {
                assert_eq!(known, 200, "{reference}");
            } else {
                assert_eq!(
                    (shown(&answer).as_str(), known.as_u16()),
                    ("503 unavailable", 404),
                    "{reference}"
                );
                assert_eq!(answer.headers["retry-after"], "1");
            }
        }
    }
}

#[actix_web::test]
async fn without_its_database_nothing_is_promised() {
    for backend in backends() {
        let world = World::new(backend).await;
        assert_eq!(world.get("/health/ready").await.status, StatusCode::OK);
        world.database.take_away();
        let webhook = answer(post(&world, WEBHOOK, event("P1")));
        let record = world.get("/v1/records/profiles/P1");
        let ready = world.get("/health/ready");
        let (webhook, record, ready) = tokio::join!(webhook, record, ready);
        for refused in [&webhook, &record, &ready] {
            assert_eq!(shown(refused), "503 unavailable", "{backend:?}");
            assert_eq!(refused.headers["retry-after"], "1");
        }
        assert_eq!(world.get("/health/live").await.status, StatusCode::OK);
        assert_eq!(world.get(&format!("{WEBHOOK}/ping")).await.status, StatusCode::OK);
    }
}

#[actix_web::test]
async fn every_answer_carries_the_callers_request_id_or_one_of_ours() {
    for backend in backends() {
        let world = World::new(backend).await;
        for path in ["/health/live", "/v1/pulls", "/nowhere", "/v1/records/profiles/P1"] {
            let request = || world.request(Method::GET, path);
            let named = answer(request().header("X-Request-Id", "call-4711")).await;
            assert_eq!(named.headers["x-request-id"], "call-4711", "{path}");
            for unfit in ["", "two words", &"x".repeat(129)] {
                let answer = answer(request().header("X-Request-Id", unfit)).await;
                let ours = answer.headers["x-request-id"].to_str().unwrap().to_owned();
                assert_eq!(uuid::Uuid::parse_str(&ours).unwrap().get_version_num(), 7, "{path}");
            }
        }
    }
}

#[actix_web::test]
async fn an_hrflow_that_is_down_is_told_with_a_wait_and_nobody_is_blamed_for_a_quota() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Night nurse");
        world.has_job("J1", "Night nurse");
        world.pull("profiles", "full").await;
        world.pull("jobs", "full").await;
        let within = |code: u16| Fault::Answer(200, json!({"code": code, "message": "no"}).to_string());
        for (fault, told, wait) in [
            (Fault::Status(500, None), "503 upstream_unavailable", 5),
            (Fault::Status(502, None), "503 upstream_unavailable", 5),
            (Fault::Status(503, None), "503 upstream_unavailable", 5),
            (Fault::Status(503, Some(9)), "503 upstream_unavailable", 9),
            (Fault::Status(504, None), "504 upstream_timed_out", 5),
            (Fault::Status(402, None), "503 upstream_unavailable", 60),
            (within(503), "503 upstream_unavailable", 5),
        ] {
            for path in ["/v1/profiles/scoring?job_reference=J1", "/v1/jobs/searching"] {
                world.hrflow_side.fail_times(
                    1,
                    "GET",
                    path.split('?').next().unwrap().trim_start_matches("/v1"),
                    fault.clone(),
                );
                let first = answer(world.request(Method::GET, path)).await;
                assert_eq!(shown(&first), told, "{fault:?}: {}", first.body);
                assert_eq!(first.headers["retry-after"], wait.to_string(), "{fault:?}");
                let next = answer(world.request(Method::GET, path)).await;
                if wait == 9 {
                    assert_eq!(shown(&next), told, "while HrFlow rests: {}", next.body);
                    assert_eq!(next.headers["retry-after"], "9");
                } else {
                    assert_eq!(next.status, 200, "{fault:?}: {}", next.body);
                }
                for refused in [first, next] {
                    assert!(!refused.headers.contains_key("ratelimit"), "{fault:?}");
                    assert!(!refused.headers.contains_key("ratelimit-policy"), "{fault:?}");
                }
                world.advance(60);
            }
        }
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Status(402, None));
        let plan = world.get("/v1/profiles/scoring?job_reference=J1").await;
        assert!(plan.body["detail"].as_str().unwrap().contains("plan's quota"), "{}", plan.body);
    }
}

#[actix_web::test]
async fn what_hrflow_does_not_take_of_a_question_is_told_with_what_knows_the_reason() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Night nurse");
        world.has_job("J1", "Night nurse");
        world.pull("profiles", "full").await;
        world.pull("jobs", "full").await;
        for (path, words) in [
            ("/v1/jobs/scoring?profile_reference=P1", vec!["the profile (400)", "/v1/match/why"]),
            (
                "/v1/profiles/scoring?job_reference=J1&name=Ada",
                vec!["the job (400)", "/v1/match/why", "the criteria"],
            ),
            ("/v1/profiles/searching", vec!["the question (400)", "its criteria"]),
        ] {
            let unread = Fault::Answer(400, json!({"code": 400, "message": "no"}).to_string());
            world.hrflow_side.fail("GET", path.split('?').next().unwrap().trim_start_matches("/v1"), unread);
            let refused = answer(world.request(Method::GET, path)).await;
            assert_eq!(shown(&refused), "422 upstream_refused", "{path}");
            let detail = refused.body["detail"].as_str().unwrap();
            assert!(words.iter().all(|word| detail.contains(word)), "{path}: {detail}");
            assert!(!detail.contains("mapped"), "{path}: {detail}");
        }
    }
}
