//! Explanations: HrFlow's words about a pair, made once for what both objects are, whoever asks and whatever happens.

use std::time::Duration;

use futures_util::future::join;
use oem_connector::config::Config;
use oem_connector::flows::retention;
use oem_connector::server::{self, Serving};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Answer, Backend, Fault, Gate, OPERATOR_KEY, OTHER_KEY, PARTNER_KEY, Wishes, World, answer, backends,
};

const EXPLAIN: &str = "/v1/match/explanation?job_reference=J1&profile_reference=P1";
const UPSKILLING: &str = "/profile/upskilling";
const GRADING: &str = "/profile/grading";
const PLANTED: &str = "planted-words-about-a-person";

fn with_grading(config: &mut Config) {
    config.partners[0].grading_algorithm_key = Some("grader-hrflow-profiles".to_owned());
}

async fn hospital(backend: Backend, wishes: Wishes) -> World {
    let world = World::with(backend, wishes).await;
    world.has_job("J1", "Night nurse");
    world.has_profile("P1", "Night nurse");
    world.has_profile("P2", "Baker");
    world.pull("jobs", "full").await;
    world.pull("profiles", "full").await;
    world.hrflow_side.forget();
    world
}

fn words() -> String {
    json!({"code": 200, "message": "SWOT prediction finished in 9.18 seconds.", "data": {
        "strengths": [{"name": "Night shifts", "description": PLANTED}],
        "weaknesses": [{"name": "No lead role", "description": "The job asks for team lead experience."}],
    }})
    .to_string()
}

fn grades(scores: &Value, errors: &Value) -> String {
    json!({"code": 200, "message": "", "data": {"scores": scores, "errors": errors, "profiles": [null]}})
        .to_string()
}

/// HrFlow explains the next pair.
fn explains(world: &World) {
    world.hrflow_side.fail("GET", UPSKILLING, Fault::Answer(200, words()));
}

/// HrFlow explains the next pair when the gate is opened.
fn explains_later(world: &World) -> Gate {
    let gate = Gate::new();
    world.hrflow_side.fail("GET", UPSKILLING, Fault::HoldAnswer(gate.clone(), 200, words()));
    gate
}

fn status_and_code(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default())
}

/// Asks until it is no longer being made.
async fn ended(world: &World, location: &str) -> Answer {
    let polled = async {
        loop {
            let answer = world.get(location).await;
            if answer.status != StatusCode::ACCEPTED {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), polled).await.expect("the explanation never ended")
}

/// Asks without waiting, which must begin one, and gives its address.
async fn begun(world: &World, path: &str) -> String {
    let answer = world.get(&format!("{path}&wait=0")).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(location, format!("/v1/explanations/{}", answer.body["id"].as_str().unwrap()));
    assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    location
}

#[actix_web::test]
async fn a_pair_is_explained_with_its_score_its_grade_and_the_evidence() {
    for backend in backends() {
        let world = hospital(backend, Wishes { adjust: with_grading, ..Wishes::default() }).await;
        explains(&world);
        let graded = grades(&json!([[0.2131, 0.7869]]), &json!([null]));
        world.hrflow_side.fail("GET", GRADING, Fault::Answer(200, graded));
        let told = world.get(EXPLAIN).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.body);
        let pair = world.get("/v1/match?job_reference=J1&profile_reference=P1").await.body;
        let body = &told.body;
        for member in ["score", "score_100", "ranked", "job_reference", "profile_reference"] {
            assert_eq!(body[member], pair[member], "{member}");
        }
        assert_eq!(
            (&body["grade"], &body["grade_100"], &body["ungradable"]),
            (&json!(0.7869), &json!(79), &json!(false))
        );
        assert_eq!(body["strengths"], json!([{"name": "Night shifts", "description": PLANTED}]));
        assert_eq!(body["gaps"][0]["name"], "No lead role");
        assert_eq!((&body["lang"], &body["explained_at"]), (&json!("en"), &json!(world.now())));
        for side in ["job", "profile"] {
            assert_eq!(body["fingerprints"][side].as_str().unwrap().len(), 64, "{body}");
        }
        let calls = world.hrflow_side.requests();
        let call = calls.iter().find(|call| call.target.contains(UPSKILLING)).unwrap();
        assert!(call.target.contains(&format!("score={}", pair["score"])), "{}", call.target);
        assert!(call.target.contains("output_lang=en"), "{}", call.target);
        assert_eq!(
            told.body,
            world.get(&format!("/v1/explanations/{}", body["id"].as_str().unwrap())).await.body
        );
    }
}

#[actix_web::test]
async fn what_was_explained_is_kept_until_either_object_changes() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        explains(&world);
        let first = world.get(EXPLAIN).await;
        assert_eq!((first.status, &first.body["grade"]), (StatusCode::OK, &Value::Null), "{}", first.body);
        assert_eq!(world.hrflow_side.count("GET", GRADING), 0, "no algorithm grades here");
        assert_eq!(world.get(EXPLAIN).await.body, first.body);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1);
        for (entity, id) in [("profile", "P1"), ("job", "J1")] {
            world.advance(60);
            if entity == "job" {
                world.has_job(id, "Day nurse");
            } else {
                world.has_profile(id, "Day nurse");
            }
            world.announce(&format!("{entity}_update"), id).await;
            world.settle().await;
            world.hrflow_side.forget();
            explains(&world);
            let anew = world.get(EXPLAIN).await;
            assert_eq!(anew.status, StatusCode::OK, "{}", anew.body);
            assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1, "{entity}");
            assert_ne!(anew.body["fingerprints"][entity], first.body["fingerprints"][entity]);
        }
        for other in ["&lang=fr", "&ranked=jobs"] {
            let part = if other == "&lang=fr" { "output_lang=fr" } else { "/job/upskilling" };
            world.hrflow_side.fail("GET", "upskilling", Fault::Answer(200, words()));
            let told = world.get(&format!("{EXPLAIN}{other}")).await;
            assert_eq!((told.status, world.hrflow_side.count("GET", part)), (StatusCode::OK, 1), "{other}");
        }
    }
}

#[actix_web::test]
async fn a_slow_one_is_answered_at_once_and_fetched_later() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let gate = explains_later(&world);
        let location = begun(&world, EXPLAIN).await;
        gate.reached().await;
        assert_eq!(world.get(&location).await.status, StatusCode::ACCEPTED);
        assert_eq!(begun(&world, EXPLAIN).await, location, "it is the same one");
        gate.open();
        let told = ended(&world, &location).await;
        assert_eq!((told.status, &told.body["gaps"][0]["name"]), (StatusCode::OK, &json!("No lead role")));
        assert_eq!(world.get(EXPLAIN).await.body, told.body);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1);
    }
}

#[actix_web::test]
async fn two_who_ask_at_once_make_one_call_also_on_two_nodes() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let gate = explains_later(&world);
        let context = server::context(&world.config, world.clock.clone()).await.unwrap();
        let second = Serving::start(&world.config, context).unwrap();
        let url = format!("http://{}{EXPLAIN}&wait=20", second.address);
        let elsewhere = world.client.get(url).header("X-API-KEY", PARTNER_KEY);
        let here = format!("{EXPLAIN}&wait=20");
        let opened = async {
            gate.reached().await;
            gate.open();
        };
        let (both, ()) = join(join(world.get(&here), answer(elsewhere)), opened).await;
        assert_eq!((both.0.status, both.1.status), (StatusCode::OK, StatusCode::OK), "{}", both.1.body);
        assert_eq!(both.0.body, both.1.body);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1);
        second.stop().await;
    }
}

#[actix_web::test]
async fn the_work_outlives_its_asker_and_one_whose_maker_is_gone_is_taken_up_by_the_next_who_asks() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let gate = explains_later(&world);
        let url = format!("{}{EXPLAIN}&wait=30", world.address);
        let request = world.client.request(Method::GET, url).header("X-API-KEY", PARTNER_KEY);
        let asker = tokio::spawn(request.send());
        gate.reached().await;
        asker.abort();
        let location = begun(&world, EXPLAIN).await;
        // Whoever makes it is not heard of any more: its lease ends.
        world.advance(26);
        explains(&world);
        assert_eq!(world.get(&location).await.status, StatusCode::ACCEPTED);
        let told = ended(&world, &location).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.body);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 2);
        // And when it comes back after all, it changes nothing.
        gate.open();
        world.hrflow_side.at_rest().await;
        assert_eq!(world.get(&location).await.body, told.body);
    }
}

#[actix_web::test]
async fn a_lease_is_renewed_for_as_long_as_hrflow_takes() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let mut config = world.config.clone();
        config.limits.lease = Duration::from_millis(300);
        let context = server::context(&config, world.clock.clone()).await.unwrap();
        let serving = Serving::start(&config, context).unwrap();
        let gate = explains_later(&world);
        let url = format!("http://{}{EXPLAIN}&wait=0", serving.address);
        let begun = answer(world.client.get(url).header("X-API-KEY", PARTNER_KEY)).await;
        let location = begun.headers["location"].to_str().unwrap();
        gate.reached().await;
        let until = || world.database.number("SELECT lease_until FROM explanations");
        let first = until();
        world.clock.advance(Duration::from_millis(200));
        let renewed = async {
            while until() == first {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), renewed).await.expect("the lease was never renewed");
        world.clock.advance(Duration::from_millis(200));
        assert_eq!(world.get(location).await.status, StatusCode::ACCEPTED);
        gate.open();
        assert_eq!(ended(&world, location).await.status, StatusCode::OK);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1, "nobody took it over");
        serving.stop().await;
    }
}

#[actix_web::test]
async fn a_failure_is_told_and_tried_again_when_it_is_asked_for_later() {
    for backend in backends() {
        let wishes = Wishes {
            adjust: |config| {
                with_grading(config);
                config.limits.explanation_timeout = Duration::from_millis(1500);
            },
            ..Wishes::default()
        };
        let world = hospital(backend, wishes).await;
        let code = |code: u16| json!({"code": code, "message": PLANTED}).to_string();
        let graded = || Fault::Answer(200, grades(&json!([[0.5, 0.5]]), &json!([null])));
        for (fault, status, expected) in [
            (Fault::Slow(Duration::from_secs(5)), 504, "upstream_timed_out"),
            (Fault::Malformed, 502, "upstream_failed"),
            (Fault::Answer(200, json!({"code": 200, "data": {}}).to_string()), 502, "upstream_failed"),
            (Fault::Answer(400, code(400)), 502, "upstream_refused"),
            (Fault::Answer(401, code(401)), 502, "upstream_denied"),
            (Fault::Status(429, Some(40)), 429, "rate_limited"),
        ] {
            world.hrflow_side.heal();
            world.hrflow_side.fail("GET", UPSKILLING, fault.clone());
            world.hrflow_side.fail("GET", GRADING, graded());
            let refused = world.get(&format!("{EXPLAIN}&wait=20")).await;
            assert_eq!(status_and_code(&refused), (status, expected), "{fault:?}: {}", refused.body);
            let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((15..=40).contains(&wait), "{wait}");
            assert!(!world.database.dump().contains(PLANTED), "no word of HrFlow's refusal is kept");
            let calls = world.hrflow_side.requests().len();
            assert_eq!(
                status_and_code(&world.get(EXPLAIN).await),
                (status, expected),
                "it is kept for a while"
            );
            assert_eq!(world.hrflow_side.requests().len(), calls, "{fault:?}");
            world.advance(wait);
        }
        world.hrflow_side.heal();
        explains(&world);
        world.hrflow_side.fail("GET", GRADING, graded());
        let told = world.get(&format!("{EXPLAIN}&wait=20")).await;
        assert_eq!((told.status, &told.body["grade_100"]), (StatusCode::OK, &json!(50)), "{}", told.body);
    }
}

#[actix_web::test]
async fn a_pair_that_cannot_be_graded_is_explained_all_the_same() {
    for backend in backends() {
        let world = hospital(backend, Wishes { adjust: with_grading, ..Wishes::default() }).await;
        explains(&world);
        let refused = grades(&json!([null]), &json!([PLANTED]));
        world.hrflow_side.fail("GET", GRADING, Fault::Answer(200, refused));
        let told = world.get(EXPLAIN).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.body);
        let body = &told.body;
        assert_eq!(
            (&body["grade"], &body["grade_100"], &body["ungradable"]),
            (&Value::Null, &Value::Null, &json!(true))
        );
    }
}

#[actix_web::test]
async fn a_grading_that_fails_leaves_the_explanation_and_says_why_there_is_no_grade() {
    for backend in backends() {
        let world = hospital(backend, Wishes { adjust: with_grading, ..Wishes::default() }).await;
        for (lang, fault) in [("en", Fault::Status(503, None)), ("fr", Fault::Status(400, None))] {
            explains(&world);
            world.hrflow_side.fail_times(usize::MAX, "GET", GRADING, fault);
            let told = world.get(&format!("{EXPLAIN}&lang={lang}&wait=20")).await;
            assert_eq!(told.status, StatusCode::OK, "{}", told.body);
            assert_eq!(told.body["strengths"][0]["name"], "Night shifts");
            assert_eq!((&told.body["grade"], &told.body["ungradable"]), (&Value::Null, &json!(false)));
            assert!(told.body["ungraded"].as_str().unwrap().contains("grading failed"), "{}", told.body);
            world.hrflow_side.heal();
        }
    }
}

#[actix_web::test]
async fn one_that_failed_is_made_again_for_whoever_reads_it_later() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        world.hrflow_side.fail("GET", UPSKILLING, Fault::Malformed);
        let location = begun(&world, EXPLAIN).await;
        assert_eq!(status_and_code(&ended(&world, &location).await), (502, "upstream_failed"));
        explains(&world);
        assert_eq!(world.get(&location).await.status, StatusCode::BAD_GATEWAY, "not before its time");
        world.advance(15);
        let again = world.get(&location).await;
        assert!([StatusCode::ACCEPTED, StatusCode::OK].contains(&again.status), "{}", again.body);
        assert_eq!(ended(&world, &location).await.status, StatusCode::OK);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 2);
    }
}

#[actix_web::test]
async fn one_that_failed_for_what_an_object_was_is_not_made_for_what_it_is() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        world.hrflow_side.fail("GET", UPSKILLING, Fault::Malformed);
        let location = begun(&world, EXPLAIN).await;
        assert_eq!(status_and_code(&ended(&world, &location).await), (502, "upstream_failed"));
        world.advance(15);
        world.has_profile("P1", "Day nurse");
        world.announce("profile_update", "P1").await;
        world.settle().await;
        let refused = world.get(&location).await;
        assert_eq!(status_and_code(&refused), (409, "conflict"), "{}", refused.body);
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1);
    }
}

#[actix_web::test]
async fn what_was_explained_of_an_archived_person_is_not_shown() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        explains(&world);
        let told = world.get(EXPLAIN).await;
        let location = format!("/v1/explanations/{}", told.body["id"].as_str().unwrap());
        world.advance(1);
        world.announce("profile_archive", "P1").await;
        for path in [EXPLAIN, &location] {
            let gone = world.get(path).await;
            assert_eq!(status_and_code(&gone), (410, "archived"), "{}", gone.body);
            assert!(!gone.body.to_string().contains(PLANTED));
        }
    }
}

#[actix_web::test]
async fn explanations_leave_half_of_the_calls_to_the_lists_of_all_partners() {
    for backend in backends() {
        let wishes = Wishes {
            adjust: |config| {
                with_grading(config);
                for partner in &mut config.partners {
                    partner.hrflow.concurrency = 4;
                }
            },
            ..Wishes::default()
        };
        let world = hospital(backend, wishes).await;
        let gate = Gate::new();
        let graded = grades(&json!([[0.5, 0.5]]), &json!([null]));
        for (part, body) in [(UPSKILLING, words()), (GRADING, graded)] {
            let held = Fault::HoldAnswer(gate.clone(), 200, body);
            world.hrflow_side.fail_times(usize::MAX, "GET", part, held);
        }
        let locations = [begun(&world, EXPLAIN).await, begun(&world, &EXPLAIN.replace("P1", "P2")).await];
        gate.reached().await;
        gate.reached().await;
        let list = world.get("/v1/profiles/scoring?job_reference=J1").await;
        assert_eq!(list.status, StatusCode::OK, "{}", list.body);
        let long = || world.hrflow_side.count("GET", UPSKILLING) + world.hrflow_side.count("GET", GRADING);
        assert_eq!(long(), 2, "half of four");
        for _ in 0..4 {
            gate.open();
        }
        for location in locations {
            assert_eq!(ended(&world, &location).await.status, StatusCode::OK);
        }
        assert_eq!(long(), 4);
    }
}

#[actix_web::test]
async fn odd_strengths_are_left_out_and_the_rest_is_shown() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let odd = json!({"code": 200, "data": {
            "strengths": [7, null, "Rust", {"name": "SQL", "description": ["a", "list"]}, {"title": "?"}],
        }});
        world.hrflow_side.fail("GET", UPSKILLING, Fault::Answer(200, odd.to_string()));
        let told = world.get(EXPLAIN).await;
        let expected = json!([{"name": "Rust", "description": null}, {"name": "SQL", "description": null}]);
        assert_eq!((&told.body["strengths"], &told.body["gaps"]), (&expected, &json!([])), "{}", told.body);
    }
}

#[actix_web::test]
async fn a_pair_without_a_score_is_not_explained() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let mute = json!({"id": "P9", "firstName": "Ada", "lastName": "Moreau", "resumeText": "words"});
        world.ats.put(oem_connector::model::Entity::Profile, mute.as_object().unwrap().clone()).unwrap();
        world.pull("profiles", "delta").await;
        let refused = world.get(&EXPLAIN.replace("P1", "P9")).await;
        assert_eq!(status_and_code(&refused), (409, "conflict"), "{}", refused.body);
        assert!(refused.body["detail"].as_str().unwrap().contains("/v1/match/why"));
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 0);
        for (profile, expected) in [("NOBODY", (404, "not_found")), ("..", (422, "invalid"))] {
            let refused = world.get(&EXPLAIN.replace("P1", profile)).await;
            assert_eq!(status_and_code(&refused), expected, "{}", refused.body);
        }
    }
}

#[actix_web::test]
async fn an_object_that_changes_while_hrflow_explains_it_is_not_explained_by_what_it_was() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let gate = explains_later(&world);
        let location = begun(&world, EXPLAIN).await;
        gate.reached().await;
        world.has_profile("P1", "Day nurse");
        world.announce("profile_update", "P1").await;
        world.settle().await;
        gate.open();
        let refused = ended(&world, &location).await;
        assert_eq!(status_and_code(&refused), (409, "conflict"), "{}", refused.body);
        explains(&world);
        assert_eq!(world.get(EXPLAIN).await.status, StatusCode::OK);
    }
}

#[actix_web::test]
async fn an_erasure_removes_what_was_explained_and_what_is_being_explained() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        explains(&world);
        let told = world.get(EXPLAIN).await;
        let made = format!("/v1/explanations/{}", told.body["id"].as_str().unwrap());
        let gate = explains_later(&world);
        let running = begun(&world, &format!("{EXPLAIN}&lang=fr")).await;
        gate.reached().await;
        assert!(world.database.dump().contains(PLANTED), "the dump sees what is there");

        let path = format!("{}/v1/records/profiles/P1/erase?partner=acme", world.address);
        let asked = answer(world.client.post(path).header("X-API-KEY", OPERATOR_KEY)).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
        for location in [&made, &running] {
            assert_eq!(status_and_code(&world.get(location).await), (404, "not_found"));
        }
        gate.open();
        world.hrflow_side.at_rest().await;
        world.settle().await;
        assert_eq!(status_and_code(&world.get(EXPLAIN).await), (410, "archived"));
        assert!(!world.database.dump().contains(PLANTED));
        assert_eq!(world.database.number("SELECT count(*) FROM explanations"), 0);
    }
}

#[actix_web::test]
async fn what_was_explained_is_forgotten_after_a_week() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        explains(&world);
        assert_eq!(world.get(EXPLAIN).await.status, StatusCode::OK);
        world.clock.advance(Duration::from_hours(7 * 24));
        assert_eq!(retention::forget(&world.context).await.unwrap(), 0, "not a moment too early");
        world.advance(1);
        assert_eq!(retention::forget(&world.context).await.unwrap(), 1);
        assert_eq!(world.database.number("SELECT count(*) FROM explanations"), 0);
    }
}

#[actix_web::test]
async fn another_partners_explanation_is_unknown() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        explains(&world);
        let told = world.get(EXPLAIN).await;
        let location = format!("/v1/explanations/{}", told.body["id"].as_str().unwrap());
        let theirs = world.client.get(format!("{}{location}", world.address)).header("X-API-KEY", OTHER_KEY);
        assert_eq!(status_and_code(&answer(theirs).await), (404, "not_found"));
        let theirs = world.client.get(format!("{}{EXPLAIN}", world.address)).header("X-API-KEY", OTHER_KEY);
        assert_eq!(status_and_code(&answer(theirs).await), (404, "not_found"));
        assert_eq!(status_and_code(&world.get("/v1/explanations/%00").await), (404, "not_found"));
    }
}

#[actix_web::test]
async fn no_more_wait_for_an_explanation_than_were_agreed_on() {
    for backend in backends() {
        let wishes = Wishes {
            adjust: |config| {
                config.limits.explanations = 1;
                config.limits.explanation_queue = 1;
            },
            ..Wishes::default()
        };
        let world = hospital(backend, wishes).await;
        world.has_profile("P3", "Nurse");
        world.pull("profiles", "delta").await;
        let gate = explains_later(&world);
        let first = begun(&world, EXPLAIN).await;
        gate.reached().await;
        explains(&world);
        let second = begun(&world, &EXPLAIN.replace("P1", "P2")).await;
        let third = world.get(&EXPLAIN.replace("P1", "P3")).await;
        assert_eq!(status_and_code(&third), (503, "unavailable"), "{}", third.body);
        assert!(third.headers.contains_key("retry-after"));
        assert_eq!(world.hrflow_side.count("GET", UPSKILLING), 1, "one at a time");
        gate.open();
        for location in [first, second] {
            assert_eq!(ended(&world, &location).await.status, StatusCode::OK);
        }
    }
}
