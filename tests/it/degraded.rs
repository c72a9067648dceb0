//! HrFlow is slow or down: what is told then, the last answer where that is wanted, and a second call.

use std::time::Duration;

use oem_connector::config::Config;
use oem_connector::flows::export;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Backend, Fault, Gate, Wishes, World, answer, backends};

const SCORE: &str = "/v1/profiles/scoring?job_reference=J1";
const SEARCH: &str = "/v1/profiles/searching";
const JOBS: &str = "/v1/jobs/scoring?profile_reference=P1";

async fn ward(backend: Backend, adjust: fn(&mut Config)) -> World {
    let wishes = Wishes { call_timeout: Duration::from_millis(500), adjust, ..Wishes::default() };
    let profiles = [("P1", "Night nurse"), ("P2", "Nurse"), ("P3", "Sailor")];
    World::in_step(backend, wishes, &[("J1", "Night nurse")], &profiles).await
}

fn references(answer: &Answer) -> Vec<&str> {
    let items = answer.body["items"].as_array().unwrap_or_else(|| panic!("{}", answer.body));
    items.iter().map(|item| item["reference"].as_str().unwrap()).collect()
}

fn sorted(answer: &Answer) -> Vec<&str> {
    let mut found = references(answer);
    found.sort_unstable();
    found
}

#[actix_web::test]
async fn who_cannot_be_answered_is_told_when_to_come_back() {
    for backend in backends() {
        let world = ward(backend, |_| {}).await;
        world.get(SCORE).await;
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Slow(Duration::from_secs(1)));
        let late = world.get(SCORE).await;
        assert_eq!((late.status.as_u16(), late.headers["retry-after"].to_str().unwrap()), (504, "5"));
        assert_eq!(late.body["code"], "upstream_timed_out", "no earlier answer unless that is wanted");
    }
}

#[actix_web::test]
async fn the_last_answer_stands_in_where_that_is_wanted_and_says_so() {
    for backend in backends() {
        let world = ward(backend, |config| config.limits.queries.serve_stale = true).await;
        let mut scored = world.get(SCORE).await;
        let found = world.get(SEARCH).await;
        assert_eq!(scored.body["stale"], false);
        world.advance(90);
        for fault in [
            Fault::Slow(Duration::from_secs(1)),
            Fault::Status(500, None),
            Fault::Status(503, Some(0)),
            Fault::Cut,
            Fault::Status(429, Some(0)),
        ] {
            world.hrflow_side.fail("GET", "/profiles/", fault.clone());
            let last = world.get(SCORE).await;
            assert_eq!((last.status.as_u16(), &last.body["stale"]), (200, &json!(true)), "{fault:?}");
            assert_eq!(
                (&last.body["items"], &last.body["freshness"]),
                (&scored.body["items"], &scored.body["freshness"])
            );
            assert_eq!(last.headers["age"], "90");
            assert!(last.headers["etag"] != scored.headers["etag"] && !last.headers.contains_key("warning"));
            world.advance(2);
            scored = world.get(SCORE).await;
            assert_eq!(scored.body["stale"], false, "HrFlow is well again");
            world.advance(90);
        }
        world.hrflow_side.fail("GET", "/profiles/", Fault::Status(500, None));
        let last = world.get(SEARCH).await;
        assert_eq!((&last.body["items"], &last.body["stale"]), (&found.body["items"], &json!(true)));
        assert_eq!(world.metric(r#"oem_queries_total{answer="stale",partner="acme"}"#), "6");

        world.hrflow_side.fail("GET", "/profiles/", Fault::Status(500, None));
        let unknown = world.get(&format!("{SCORE}&limit=2")).await;
        assert_eq!(unknown.status, 503, "what was never answered has no last answer");
    }
}

#[actix_web::test]
async fn while_hrflow_is_left_alone_the_last_answer_is_told_at_once() {
    for backend in backends() {
        for serve_stale in [true, false] {
            let adjust: fn(&mut Config) =
                if serve_stale { |config| config.limits.queries.serve_stale = true } else { |_| {} };
            let world = ward(backend, adjust).await;
            let scored = world.get(SCORE).await;
            world.get(JOBS).await;
            let (mut page, mut kept) =
                (format!("{SCORE}&limit=1"), world.get(&format!("{SCORE}&limit=1")).await);
            while let Some(cursor) = kept.body["next_cursor"].as_str() {
                page = format!("{SCORE}&limit=1&cursor={cursor}");
                kept = world.get(&page).await;
            }
            world.hrflow_side.fail_times(usize::MAX, "POST", "/profile/indexing", Fault::Status(503, None));
            for id in ["N1", "N2", "N3", "N4", "N5"] {
                world.has_profile(id, "Nurse");
                world.announce("profile_create", id).await;
            }
            world.settle().await;
            world.hrflow_side.forget();
            let asked = |part: &str| world.hrflow_side.count("GET", part);
            // Whoever asks HrFlow waits for good.
            let gate = Gate::new();
            world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldBefore(gate));
            let told = world.get(SCORE).await;
            if !serve_stale {
                assert_eq!((told.status.as_u16(), asked("/profiles/scoring")), (504, 1), "it was not wanted");
                continue;
            }
            assert_eq!((told.status.as_u16(), asked("/profiles/scoring")), (200, 0), "{}", told.body);
            assert_eq!((&told.body["stale"], &told.body["items"]), (&json!(true), &scored.body["items"]));
            let read = world.get(&page).await;
            assert_eq!(
                (&read.body["stale"], &read.body["items"]),
                (&json!(false), &kept.body["items"]),
                "a snapshot's"
            );
            assert_eq!(references(&read).len(), 1);
            world.hrflow_side.heal();
            assert_eq!(
                world.get(&format!("{SCORE}&limit=2")).await.body["stale"],
                false,
                "there is no last one"
            );
            assert_eq!(world.get(JOBS).await.body["stale"], false, "another breaker's");
            let anew = answer(world.request(Method::GET, SCORE).header("cache-control", "no-cache")).await;
            assert_eq!(
                (&anew.body["stale"], asked("/profiles/scoring")),
                (&json!(false), 2),
                "it was asked for"
            );
            // Nobody probes, and the rest is over: whoever asks finds out.
            world.advance(61);
            assert_eq!(world.get(SCORE).await.body["stale"], false);
        }
    }
}

#[actix_web::test]
async fn what_was_archived_or_erased_since_is_in_no_last_answer() {
    for backend in backends() {
        let world = ward(backend, |config| config.limits.queries.serve_stale = true).await;
        assert_eq!(sorted(&world.get(SEARCH).await), ["P1", "P2", "P3"]);
        assert_eq!(references(&world.get(SCORE).await), ["P1", "P2", "P3"]);
        world.announce("profile_archive", "P3").await;
        world.erase("P2").await;
        for path in [SCORE, SEARCH] {
            world.hrflow_side.fail("GET", "/profiles/", Fault::Cut);
            let last = world.get(path).await;
            assert_eq!((references(&last), &last.body["stale"]), (vec!["P1"], &json!(true)), "{path}");
        }
        world.announce("job_archive", "J1").await;
        assert_eq!(world.get(SCORE).await.status, 410, "also without HrFlow");
    }
}

#[actix_web::test]
async fn a_last_answer_is_no_older_than_an_hour() {
    for backend in backends() {
        let world = ward(backend, |config| config.limits.queries.serve_stale = true).await;
        world.get(SCORE).await;
        world.advance(3599);
        world.hrflow_side.fail_times(2, "GET", "/profiles/scoring", Fault::Cut);
        assert_eq!(world.get(SCORE).await.headers["age"], "3599");
        world.advance(1);
        assert_eq!(world.get(SCORE).await.status, 502);
    }
}

#[actix_web::test]
async fn a_question_without_an_answer_is_asked_a_second_time_and_the_first_answer_counts() {
    for backend in backends() {
        let hedged = |config: &mut Config| {
            config.limits.call_timeout = Duration::from_secs(10);
            config.limits.queries.hedge_after = Some(Duration::from_millis(20));
        };
        let world = ward(backend, hedged).await;
        let gate = Gate::new();
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldBefore(gate.clone()));
        // The first call is held for good: only a second one can answer.
        assert_eq!(references(&world.get(SCORE).await), ["P1", "P2", "P3"]);
        assert_eq!(world.hrflow_side.count("GET", "/profiles/scoring"), 2);
        gate.open();

        // The second call fails, which is no answer; the first one has it.
        let first = Gate::new();
        world.hrflow_side.forget();
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldBefore(first.clone()));
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Status(500, None));
        let letting = async {
            while world.hrflow_side.count("GET", "/profiles/scoring") < 2 {
                tokio::task::yield_now().await;
            }
            first.open();
        };
        let (answer, ()) = tokio::join!(world.get(SCORE), letting);
        assert_eq!(references(&answer), ["P1", "P2", "P3"]);
    }
}

#[actix_web::test]
async fn what_nobody_waits_for_is_asked_once_however_long_it_takes() {
    for backend in backends() {
        let hedged = |config: &mut Config| {
            config.limits.call_timeout = Duration::from_secs(10);
            config.limits.queries.hedge_after = Some(Duration::from_millis(1));
        };
        let world = ward(backend, hedged).await;
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Slow(Duration::from_millis(200)));
        let started = world.post("/v1/exports", &json!({"ranked": "profiles", "top": 2})).await;
        assert_eq!(started.status, 202, "{}", started.body);
        while let Some(claimed) = export::claim(&world.context, world.acme()).await.unwrap() {
            export::run(&world.context, world.acme(), claimed).await.unwrap();
        }
        assert_eq!(world.hrflow_side.count("GET", "/profiles/scoring"), 1);
    }
}

#[actix_web::test]
async fn what_writes_is_sent_once_however_long_it_takes() {
    for backend in backends() {
        let hedged = |config: &mut Config| {
            config.limits.call_timeout = Duration::from_secs(10);
            config.limits.queries.hedge_after = Some(Duration::from_millis(1));
        };
        let world = ward(backend, hedged).await;
        world.has_profile("P4", "Cook");
        world.announce("profile_create", "P4").await;
        world.hrflow_side.fail("POST", "/profile/indexing", Fault::Slow(Duration::from_millis(200)));
        world.settle().await;
        assert_eq!(world.hrflow_side.writes(), 1);
    }
}
