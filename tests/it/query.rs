//! Scoring and searching through the front door: the caller's own live references, ranked, or a clear refusal.

use std::time::Duration;

use oem_connector::model::Entity;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    API_KEY, Answer, Fault, OPERATOR_KEY, OTHER_KEY, Wishes, World, answer, backends, hospital,
};

const SCORE_PROFILES: &str = "/v1/profiles/scoring?job_reference=J1";

fn references(answer: &Answer) -> Vec<&str> {
    let items = answer.body["items"].as_array().unwrap_or_else(|| panic!("{}", answer.body));
    items.iter().map(|item| item["reference"].as_str().unwrap()).collect()
}

fn scores(answer: &Answer) -> Vec<f64> {
    answer.body["items"].as_array().unwrap().iter().map(|item| item["score"].as_f64().unwrap()).collect()
}

/// The names of the members of an answer's items.
fn members(answer: &Answer) -> Vec<&str> {
    let items = answer.body["items"].as_array().unwrap();
    let mut names: Vec<&str> =
        items.iter().flat_map(|item| item.as_object().unwrap().keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn status_and_code(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default())
}

#[actix_web::test]
async fn profiles_are_scored_for_a_job_and_jobs_for_a_profile() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let profiles = world.get(SCORE_PROFILES).await;
        assert_eq!(profiles.status, StatusCode::OK, "{}", profiles.body);
        assert_eq!(references(&profiles)[0], "P1");
        assert_eq!(references(&profiles).len(), 4);
        assert!(scores(&profiles).is_sorted_by(|a, b| a >= b), "{:?}", scores(&profiles));
        assert!(scores(&profiles).iter().all(|score| (0.0..=1.0).contains(score)));
        assert_eq!(members(&profiles), ["rank", "reference", "score", "score_100"], "no more than that");
        for (name, value) in [("page", 1), ("limit", 30), ("total", 4), ("max_page", 1)] {
            assert_eq!(profiles.body[name], value, "{name}");
        }
        let jobs = world.get("/v1/jobs/scoring?profile_reference=P4").await;
        assert_eq!(references(&jobs), ["J2", "J1"]);
        assert!(scores(&jobs)[0] > scores(&jobs)[1]);
        assert_eq!(world.hrflow_side.requests().len(), 2, "one call each");
    }
}

#[actix_web::test]
async fn what_hrflow_gives_in_another_order_is_sorted_by_decreasing_score() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let source = &world.acme().settings.source_key;
        let profile =
            |reference: &str| json!({"key": "e".repeat(40), "reference": reference, "source_key": source});
        let body = json!({
            "code": 200, "message": "ok", "meta": {"page": 1, "maxPage": 1, "count": 3, "total": 3},
            "data": {
                "predictions": [[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]],
                "profiles": [profile("P1"), profile("P2"), profile("P3")],
            },
        });
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Answer(200, body.to_string()));
        let answer = world.get(SCORE_PROFILES).await;
        assert_eq!((references(&answer), scores(&answer)), (vec!["P3", "P2", "P1"], vec![0.7, 0.5, 0.1]));
    }
}

#[actix_web::test]
async fn a_least_score_is_sent_and_checked_again() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let all = world.get(SCORE_PROFILES).await;
        let least = f64::midpoint(scores(&all)[0], scores(&all)[1]);
        let best = world.get(&format!("{SCORE_PROFILES}&score_min={least}")).await;
        assert_eq!(references(&best), [references(&all)[0]]);
        assert_eq!(world.hrflow_side.count("GET", "score_threshold="), 1);
        // An HrFlow that does not know the threshold gives them all.
        let threshold_blind = json!({
            "code": 200, "message": "ok", "meta": {"page": 1, "maxPage": 1, "count": 2, "total": 2},
            "data": {
                "predictions": [[0.1, 0.9], [0.8, 0.2]],
                "profiles": [{"key": "e1", "reference": "P1"}, {"key": "e2", "reference": "P2"}],
            },
        });
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Answer(200, threshold_blind.to_string()));
        let answer = world.get(&format!("{SCORE_PROFILES}&score_min=0.5")).await;
        assert_eq!(references(&answer), ["P1"]);
    }
}

#[actix_web::test]
async fn profiles_and_jobs_are_searched_by_criteria_without_scores() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let nurses = world.get("/v1/profiles/searching?text_keywords=%5B%22nurse%22%5D").await;
        let mut found = references(&nurses);
        found.sort_unstable();
        assert_eq!(found, ["P1", "P2"]);
        assert_eq!(members(&nurses), ["rank", "reference"]);
        let bakers = world.get("/v1/jobs/searching?name=Baker").await;
        assert_eq!(references(&bakers), ["J2"]);
        let none = world.get("/v1/jobs/searching?name=Astronaut").await;
        assert_eq!(
            (none.status, references(&none).len(), &none.body["total"]),
            (StatusCode::OK, 0, &json!(0))
        );
    }
}

#[actix_web::test]
async fn a_ranking_is_read_page_by_page() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let whole = world.get(SCORE_PROFILES).await;
        let mut read = Vec::new();
        for page in 1..=2 {
            let answer = world.get(&format!("{SCORE_PROFILES}&limit=3&page={page}")).await;
            for (name, value) in [("page", page), ("limit", 3), ("total", 4), ("max_page", 2)] {
                assert_eq!(answer.body[name], value, "{name} of page {page}");
            }
            read.extend(references(&answer).into_iter().map(str::to_owned));
        }
        assert_eq!(read, references(&whole));
        let beyond = world.get(&format!("{SCORE_PROFILES}&limit=3&page=3")).await;
        assert_eq!((beyond.status, references(&beyond).len()), (StatusCode::OK, 0), "{}", beyond.body);
    }
}

#[actix_web::test]
async fn an_object_that_cannot_be_scored_for_is_told_apart() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let unknown = world.get("/v1/profiles/scoring?job_reference=J9").await;
        assert_eq!(status_and_code(&unknown), (404, "not_found"));

        world.announce("job_archive", "J2").await;
        let archived = world.get("/v1/profiles/scoring?job_reference=J2").await;
        assert_eq!(status_and_code(&archived), (410, "archived"));

        world.announce("job_create", "J3").await;
        let waiting = world.get("/v1/profiles/scoring?job_reference=J3").await;
        assert_eq!(status_and_code(&waiting), (409, "not_ready"));
        assert_eq!(waiting.headers["retry-after"], "1");
        assert!(waiting.body["detail"].as_str().unwrap().contains("waits to be indexed"), "{}", waiting.body);
        world.settle().await;
        let missing = world.get("/v1/profiles/scoring?job_reference=J3").await;
        assert_eq!(status_and_code(&missing), (409, "not_ready"));
        assert_eq!(missing.headers["retry-after"], "60");
        assert!(missing.body["detail"].as_str().unwrap().contains("answered 404"), "{}", missing.body);
        assert_eq!(world.hrflow_side.count("GET", "scoring"), 0, "HrFlow is not even asked");
    }
}

#[actix_web::test]
async fn nobody_sees_what_is_not_live_in_the_own_ledger() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        // In our source, but put there by someone else.
        let stranger = json!({
            "source_key": world.acme().settings.source_key, "reference": "STRANGER", "text": "Night nurse",
            "info": {"full_name": "Eve", "email": "eve@example.org", "summary": "Night nurse"},
        });
        let request = world.client.post(format!("http://{}/v1/profile/indexing", world.hrflow_side.address));
        let stored = answer(request.header("X-API-KEY", API_KEY).json(&stranger)).await;
        assert_eq!(stored.body["code"], 201, "{}", stored.body);
        // Another partner has the same references, and one more.
        for reference in ["P1", "THEIRS"] {
            let body = json!({"reference": reference, "event_date": world.now()});
            world.has_profile("THEIRS", "Night nurse");
            let request = world.client.post(format!("{}/v1/webhooks/other/profile_create", world.address));
            assert_eq!(answer(request.header("X-API-KEY", OTHER_KEY).json(&body)).await.status, 202);
        }
        // Archived by us, and HrFlow has not heard of it yet.
        world.settle().await;
        world.ats.remove(Entity::Profile, "P2");
        world.announce("profile_archive", "P2").await;

        for path in [SCORE_PROFILES, "/v1/profiles/searching?"] {
            let answer = world.get(path).await;
            let mut found = references(&answer);
            found.sort_unstable();
            assert_eq!(found, ["P1", "P3", "P4"], "{path}");
        }
        let request = world.client.get(format!("{}/v1/profiles/searching", world.address));
        let theirs = answer(request.header("X-API-KEY", OTHER_KEY)).await;
        let mut found = references(&theirs);
        found.sort_unstable();
        assert_eq!(found, ["P1", "THEIRS"]);
        let request = world.client.get(format!("{}{SCORE_PROFILES}", world.address));
        let theirs = answer(request.header("X-API-KEY", OTHER_KEY)).await;
        assert_eq!(status_and_code(&theirs), (404, "not_found"), "a job of ours is unknown to them");
    }
}

#[actix_web::test]
async fn an_operator_asks_for_the_partner_it_names() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let ask = async |path: &str| {
            let request = world.client.get(format!("{}{path}", world.address));
            answer(request.header("X-API-KEY", OPERATOR_KEY)).await
        };
        let named = ask(&format!("{SCORE_PROFILES}&partner=acme")).await;
        assert_eq!(references(&named)[0], "P1");
        let unnamed = ask(SCORE_PROFILES).await;
        assert_eq!((unnamed.status.as_u16(), &unnamed.body["errors"][0]["field"]), (400, &json!("partner")));
    }
}

#[actix_web::test]
async fn a_failing_hrflow_is_told_by_status() {
    for backend in backends() {
        let wishes = Wishes { call_timeout: Duration::from_millis(500), ..Wishes::default() };
        let world = hospital(backend, wishes).await;
        let envelope = |code: u16| json!({"code": code, "message": "no"}).to_string();
        for (fault, status, code) in [
            (Fault::Slow(Duration::from_secs(2)), 504, "upstream_timed_out"),
            (Fault::Malformed, 502, "upstream_failed"),
            (Fault::WrongType, 502, "upstream_failed"),
            (Fault::Cut, 502, "upstream_failed"),
            (
                Fault::Answer(200, r#"{"code": 200, "data": {"profiles": 7}}"#.to_owned()),
                502,
                "upstream_failed",
            ),
            (Fault::Answer(500, envelope(500)), 503, "upstream_unavailable"),
            (Fault::Answer(400, envelope(400)), 422, "upstream_refused"),
            (Fault::Answer(401, envelope(401)), 502, "upstream_denied"),
            (Fault::Answer(404, envelope(404)), 502, "upstream_refused"),
        ] {
            world.hrflow_side.fail("GET", "/profiles/scoring", fault.clone());
            let answer = world.get(SCORE_PROFILES).await;
            assert_eq!(status_and_code(&answer), (status, code), "{fault:?}: {}", answer.body);
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Status(429, Some(7)));
        let slow_down = world.get(SCORE_PROFILES).await;
        assert_eq!(status_and_code(&slow_down), (429, "rate_limited"));
        assert_eq!(slow_down.headers["retry-after"], "7");
        world.advance(7);
        assert_eq!(references(&world.get(SCORE_PROFILES).await).len(), 4, "nothing of it stays");
    }
}

#[actix_web::test]
async fn an_hrflow_that_cannot_be_reached_is_told_as_503() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut config = world.config.clone();
        config.partners[0].hrflow.api_url = format!("http://{closed}/v1").parse().unwrap();
        let context = oem_connector::server::context(&config, world.clock.clone()).await.unwrap();
        let serving = oem_connector::server::Serving::start(&config, context).unwrap();
        let request = world.client.get(format!("http://{}{SCORE_PROFILES}", serving.address));
        let answer = answer(request.header("X-API-KEY", crate::support::PARTNER_KEY)).await;
        assert_eq!(status_and_code(&answer), (503, "upstream_unreachable"), "{}", answer.body);
        serving.stop().await;
    }
}

#[actix_web::test]
async fn who_uses_up_the_quota_is_told_when_to_come_back() {
    for backend in backends() {
        // Ten a minute, of which three are kept for queries; the two imports take what is the writes'.
        let world = World::with(backend, Wishes { requests_per_minute: 10, ..Wishes::default() }).await;
        let mut answers = Vec::new();
        for _ in 0..6 {
            answers.push(world.get("/v1/profiles/searching").await);
        }
        let refused = answers.iter().find(|answer| answer.status != 200).unwrap();
        assert_eq!(status_and_code(refused), (429, "rate_limited"));
        let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(refused.headers["ratelimit-policy"], r#""queries";q=3;w=60"#);
        assert_eq!(refused.headers["ratelimit"], format!(r#""queries";r=0;t={wait}"#));
        assert!(answers.iter().filter(|answer| answer.status == 200).count() >= 3);
        assert_eq!(
            world.hrflow_side.requests().len(),
            answers.iter().filter(|answer| answer.status == 200).count()
        );
    }
}

#[actix_web::test]
async fn parameters_that_could_reach_beyond_the_caller_or_say_nothing_are_refused() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        for (query, status) in [
            ("source_keys=%5B%22x%22%5D", 400),
            ("board_key=x", 400),
            ("algorithm_key=x", 400),
            ("profile_key=x", 400),
            ("agent_key=x", 400),
            ("raw_filter=x", 400),
            ("raw_filters=x", 400),
            ("use_agent=1", 400),
            ("use_algorithm=1", 400),
            ("score_threshold=0.5", 400),
            ("colour=red", 400),
            ("limit=many", 400),
            ("limit=5&limit=6", 400),
            ("limit=0", 422),
            ("limit=101", 422),
            ("page=0", 422),
            ("score_min=1.5", 422),
            ("score_min=NaN", 400),
            ("location_distance=10", 422),
        ] {
            let refused = world.get(&format!("{SCORE_PROFILES}&{query}")).await;
            let name = query.split('=').next().unwrap();
            let told: Vec<&Value> =
                refused.body["errors"].as_array().unwrap().iter().map(|e| &e["field"]).collect();
            assert_eq!(
                (refused.status.as_u16(), told),
                (status, vec![&json!(name)]),
                "{query}: {}",
                refused.body
            );
        }
        let every = world.get("/v1/profiles/scoring?limit=0&source_key=x").await;
        assert_eq!(every.body["errors"].as_array().unwrap().len(), 3, "{}", every.body);
        assert_eq!(world.hrflow_side.requests().len(), 0);
    }
}
