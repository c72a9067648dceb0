//! What is asked again: one call for those who ask at the same time, a remembered answer for those who come soon, and a
//! fresh one as soon as anything changed.

use std::time::Duration;

use actix_web::rt::spawn;
use futures_util::future::join_all;
use oem_connector::flows::query::{self, Answered, Asked, Page};
use oem_connector::model::{Entity, Reference};
use oem_connector::server::{self, Serving};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Backend, Fault, Gate, OTHER_KEY, PARTNER_KEY, Wishes, World, answer, backends, drain,
};

const SCORE: &str = "/v1/profiles/scoring?job_reference=J1";

fn remembering() -> Wishes {
    Wishes { query_cache: Duration::from_secs(10), ..Wishes::default() }
}

/// A world that remembers for ten seconds, with a job and two profiles for it.
async fn ward(backend: Backend) -> World {
    let profiles = [("P1", "Night nurse"), ("P2", "Sailor")];
    World::in_step(backend, remembering(), &[("J1", "Night nurse")], &profiles).await
}

fn references(answer: &Answer) -> Vec<&str> {
    let items = answer.body["items"].as_array().unwrap_or_else(|| panic!("{}", answer.body));
    items.iter().map(|item| item["reference"].as_str().unwrap()).collect()
}

fn counted(world: &World, from: &str) -> String {
    world.metric(&format!(r#"oem_queries_total{{answer="{from}",partner="acme"}}"#))
}

fn calls(world: &World) -> usize {
    world.hrflow_side.count("GET", "/profiles/scoring")
}

async fn with_header(world: &World, path: &str, name: &str, value: &str) -> Answer {
    answer(world.request(Method::GET, path).header(name, value)).await
}

#[actix_web::test]
async fn who_asks_the_same_at_the_same_time_shares_one_call() {
    for backend in backends() {
        let world = ward(backend).await;
        let gate = Gate::new();
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldBefore(gate.clone()));
        // The same question in other words.
        let spellings = [SCORE, "/v1/profiles/scoring?limit=30&job_reference=J1"];
        let asking = join_all((0..8).map(|number| world.get(spellings[number % 2])));
        let letting = async {
            gate.reached().await;
            world.until_waiting(8).await;
            gate.open();
        };
        let (answers, ()) = tokio::join!(asking, letting);
        assert_eq!(calls(&world), 1);
        assert!(answers.iter().all(|answer| answer.body == answers[0].body), "{}", answers[0].body);
        assert_eq!(references(&answers[0]), ["P1", "P2"]);
        assert_eq!((counted(&world, "miss"), counted(&world, "coalesced")), ("1".to_owned(), "7".to_owned()));
    }
}

#[actix_web::test]
async fn a_caller_who_goes_away_takes_nobodys_answer_along() {
    for backend in backends() {
        let world = ward(backend).await;
        let gate = Gate::new();
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldBefore(gate.clone()));
        let gone = spawn(world.request(Method::GET, SCORE).send());
        gate.reached().await;
        let staying = async {
            let waiting = async {
                world.until_waiting(2).await;
                gone.abort();
                gate.open();
            };
            tokio::join!(world.get(SCORE), waiting).0
        };
        assert_eq!(references(&staying.await), ["P1", "P2"]);
        assert_eq!(calls(&world), 1);
    }
}

#[actix_web::test]
async fn a_question_that_nobody_waits_for_any_more_is_still_answered() {
    for backend in backends() {
        let world = ward(backend).await;
        let gate = Gate::new();
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldBefore(gate.clone()));
        let write = |_: &Asked, _: &Answered| Ok(Page { body: "{}".into(), tag: "tag".to_owned() });
        let ask = || {
            let reference = Reference::parse("J1").unwrap();
            let asked = Asked::page(Entity::Profile, Some(reference), 1, 30);
            query::answer(&world.context, world.acme(), asked, false, write)
        };
        let mut gone = Box::pin(ask());
        tokio::select! {
            answered = &mut gone => panic!("the gate is closed: {answered:?}"),
            () = gate.reached() => {}
        }
        drop(gone);
        gate.open();
        let told = ask().await.unwrap();
        assert_eq!((&told.kept.page.body[..], calls(&world)), (&b"{}"[..], 1));
    }
}

#[actix_web::test]
async fn an_answer_is_remembered_for_seconds_and_tells_its_age() {
    for backend in backends() {
        let world = ward(backend).await;
        let first = world.get(SCORE).await;
        assert!(!first.headers.contains_key("age"));
        world.advance(4);
        let second = world.get(SCORE).await;
        assert_eq!((second.headers["age"].to_str().unwrap(), calls(&world)), ("4", 1));
        assert_eq!(second.body, first.body, "also when HrFlow was asked");
        assert_eq!(counted(&world, "hit"), "1");
        world.advance(6);
        let third = world.get(SCORE).await;
        assert_eq!((third.headers.contains_key("age"), calls(&world)), (false, 2));
        assert!(third.body["freshness"]["as_of"] != first.body["freshness"]["as_of"]);
        world.get("/v1/profiles/scoring?job_reference=J1&limit=1").await;
        assert_eq!(calls(&world), 3, "another question is asked");
    }
}

#[actix_web::test]
async fn where_nothing_is_remembered_every_question_is_asked() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_profile("P1", "Night nurse");
        world.pull("profiles", "full").await;
        world.hrflow_side.forget();
        for _ in 0..2 {
            assert_eq!(references(&world.get("/v1/profiles/searching").await), ["P1"]);
        }
        assert_eq!(world.hrflow_side.count("GET", "/profiles/searching"), 2);
    }
}

#[actix_web::test]
async fn a_failure_is_remembered_for_nobody() {
    for backend in backends() {
        let world = ward(backend).await;
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Status(500, None));
        assert_eq!(world.get(SCORE).await.status, 503);
        assert_eq!(references(&world.get(SCORE).await), ["P1", "P2"]);
        world.get("/v1/profiles/scoring?job_reference=J9").await;
        world.has_job("J9", "Baker");
        world.announce("job_create", "J9").await;
        world.settle().await;
        assert_eq!(world.get("/v1/profiles/scoring?job_reference=J9").await.status, 200);
    }
}

#[actix_web::test]
async fn two_partners_who_ask_the_same_share_nothing() {
    for backend in backends() {
        let world = ward(backend).await;
        let path = "/v1/profiles/searching";
        assert_eq!(references(&world.get(path).await).len(), 2);
        let other = world.client.get(format!("{}{path}", world.address)).header("X-API-KEY", OTHER_KEY);
        assert_eq!(references(&answer(other).await), Vec::<&str>::new());
        assert_eq!(world.hrflow_side.count("GET", path.trim_start_matches("/v1")), 2);
    }
}

#[actix_web::test]
async fn what_the_ledger_said_of_an_object_counts_until_the_next_change_also_for_other_questions() {
    for backend in backends() {
        let world = ward(backend).await;
        let number = std::cell::Cell::new(10);
        let another = || {
            number.set(number.get() + 1);
            format!("{SCORE}&limit={}", number.get())
        };
        let first = world.get(&another()).await;
        world.advance(3);
        let second = world.get(&another()).await;
        assert_eq!((references(&first), references(&second)), (vec!["P1", "P2"], vec!["P1", "P2"]));
        assert!(
            second.body["freshness"]["as_of"].as_str() > first.body["freshness"]["as_of"].as_str(),
            "where nothing waits, HrFlow is up to date as of each question: {} {}",
            first.body,
            second.body
        );
        world.announce("profile_archive", "P2").await;
        let third = world.get(&another()).await;
        assert_eq!(references(&third), ["P1"], "an archive that HrFlow has not heard of");
        assert_eq!(third.body["freshness"]["pending"], 1);
        world.advance(3);
        let fourth = world.get(&another()).await;
        assert_eq!(fourth.body["freshness"]["as_of"], third.body["freshness"]["as_of"], "it still waits");
        world.settle().await;
        assert_eq!(world.get(&another()).await.body["freshness"]["pending"], 0);
        world.announce("job_archive", "J1").await;
        assert_eq!(world.get(&another()).await.status, 410, "an archive of what is scored for");
    }
}

#[actix_web::test]
async fn any_change_of_the_partners_objects_makes_the_next_answer_fresh() {
    for backend in backends() {
        let world = ward(backend).await;
        let ask = async || references(&world.get(SCORE).await).join(" ");
        assert_eq!(ask().await, "P1 P2");

        world.has_profile("P3", "Nurse");
        world.announce("profile_create", "P3").await;
        world.settle().await;
        assert_eq!(ask().await, "P1 P3 P2", "an event that was settled");
        world.announce("profile_archive", "P2").await;
        assert_eq!(ask().await, "P1 P3", "an archive that HrFlow has not heard of");
        world.has_profile("P4", "Cook");
        world.pull("profiles", "full").await;
        assert_eq!(ask().await, "P1 P3 P4", "a page of a listing");
        world.erase("P3").await;
        assert_eq!(ask().await, "P1 P4", "an erasure that was asked for");
        world.announce("job_archive", "J1").await;
        assert_eq!(world.get(SCORE).await.status, 410, "an archive of what is scored for");
    }
}

#[actix_web::test]
async fn what_was_settled_and_changed_nothing_leaves_the_answers_and_is_told_in_their_freshness() {
    for backend in backends() {
        let world = ward(backend).await;
        let behind =
            |answer: &Answer| (answer.body["freshness"]["pending"].clone(), answer.body["stale"].clone());
        // The same content as before: nothing is sent.
        world.announce("profile_update", "P1").await;
        world.announce("job_update", "J1").await;
        let before = world.get(SCORE).await;
        let found = world.get("/v1/profiles/searching").await;
        assert_eq!((behind(&before), calls(&world)), ((json!(2), json!(true)), 1));
        assert_eq!(found.body["freshness"]["pending"], 2);
        world.advance(3);
        world.hrflow_side.forget();
        world.settle().await;
        let after = world.get(SCORE).await;
        assert_eq!((behind(&after), &after.body["items"]), ((json!(0), json!(false)), &before.body["items"]));
        assert_eq!(after.headers["age"], "3");
        let asked_at = |answer: &Answer| answer.body["freshness"]["as_of"].as_str().unwrap().to_owned();
        assert_eq!(
            asked_at(&after),
            "2026-11-22T12:00:00Z",
            "the scores are no later than they were asked for"
        );
        let found = world.get("/v1/profiles/searching").await;
        assert_eq!((&found.body["freshness"]["pending"], asked_at(&found)), (&json!(0), asked_at(&after)));
        assert_eq!(world.hrflow_side.requests().len(), 0, "nobody asked HrFlow for any of it");

        // Another question is told of now.
        let another = world.get(&format!("{SCORE}&limit=9")).await;
        assert_eq!((behind(&another), asked_at(&another)), ((json!(0), json!(false)), world.now()));

        // What did change makes the next answer fresh, also one that was asked for in between.
        world.has_profile("P2", "Night nurse");
        world.has_profile("P1", "Sailor");
        for reference in ["P1", "P2"] {
            world.announce("profile_update", reference).await;
        }
        assert_eq!(references(&world.get(SCORE).await), ["P1", "P2"]);
        world.settle().await;
        assert_eq!(references(&world.get(SCORE).await), ["P2", "P1"]);
    }
}

#[actix_web::test]
async fn who_joins_a_call_from_before_such_a_settlement_is_told_how_things_are_now() {
    for backend in backends() {
        let world = ward(backend).await;
        world.announce("profile_update", "P1").await;
        let gate = Gate::new();
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldBefore(gate.clone()));
        let joining = async {
            gate.reached().await;
            world.settle().await;
            let letting = async {
                world.until_waiting(2).await;
                gate.open();
            };
            tokio::join!(world.get(SCORE), letting).0
        };
        let (first, joined) = tokio::join!(world.get(SCORE), joining);
        let pending = |answer: &Answer| answer.body["freshness"]["pending"].clone();
        assert_eq!((pending(&first), pending(&joined), calls(&world)), (json!(1), json!(0), 1));
        assert_eq!(joined.body["items"], first.body["items"]);
    }
}

#[actix_web::test]
async fn an_answer_that_a_change_overtook_is_nobody_elses() {
    for backend in backends() {
        let world = ward(backend).await;
        let gate = Gate::new();
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldAfter(gate.clone()));
        let overtaking = async {
            gate.reached().await;
            // HrFlow has answered, and then P2 becomes the better one.
            world.has_profile("P2", "Night nurse");
            world.has_profile("P1", "Sailor");
            for reference in ["P1", "P2"] {
                world.announce("profile_update", reference).await;
            }
            world.settle().await;
            // Whoever comes now does not wait for the call from before.
            let fresh = world.get(SCORE).await;
            gate.open();
            fresh
        };
        let (overtaken, fresh) = tokio::join!(world.get(SCORE), overtaking);
        assert_eq!(references(&overtaken), ["P1", "P2"]);
        assert_eq!(references(&fresh), ["P2", "P1"]);
        assert_eq!(references(&world.get(SCORE).await), ["P2", "P1"]);
        assert_eq!(calls(&world), 2);
    }
}

#[actix_web::test]
async fn who_wants_no_remembered_answer_gets_none_and_the_others_get_the_new_one() {
    for backend in backends() {
        let world = ward(backend).await;
        let first = world.get(SCORE).await;
        world.advance(1);
        let anew = with_header(&world, SCORE, "cache-control", "no-cache").await;
        assert_eq!((anew.headers.contains_key("age"), calls(&world)), (false, 2));
        assert!(anew.body["freshness"]["as_of"] != first.body["freshness"]["as_of"]);
        let next = world.get(SCORE).await;
        assert_eq!((&next.body, calls(&world)), (&anew.body, 2));
        assert_eq!(next.headers["age"], "0");
        assert_eq!(counted(&world, "bypass"), "1");
        for said in ["NO-CACHE", "max-age=0, No-Cache"] {
            let anew = with_header(&world, SCORE, "cache-control", said).await;
            assert!(!anew.headers.contains_key("age"), "{said}");
        }
        assert_eq!((calls(&world), counted(&world, "bypass")), (4, "3".to_owned()));
        assert!(
            with_header(&world, SCORE, "cache-control", "no-transform").await.headers.contains_key("age")
        );
    }
}

#[actix_web::test]
async fn what_the_caller_has_is_not_sent_again() {
    for backend in backends() {
        let world = ward(backend).await;
        let first = world.get(SCORE).await;
        let tag = first.headers["etag"].to_str().unwrap().to_owned();
        assert!(tag.starts_with("W/\""), "{tag}");
        assert_eq!(first.headers["cache-control"], "private, no-cache");
        assert_eq!(first.headers["vary"], "X-API-KEY");
        for known in
            [tag.clone(), format!("\"else\", {tag}"), tag.trim_start_matches("W/").to_owned(), "*".to_owned()]
        {
            let same = with_header(&world, SCORE, "if-none-match", &known).await;
            assert_eq!((same.status.as_u16(), &same.body), (304, &Value::String(String::new())), "{known}");
            assert_eq!(same.headers["etag"].to_str().unwrap(), tag);
            assert_eq!(same.headers["cache-control"], "private, no-cache");
        }
        for other in ["\"else\"", "no tag at all", ""] {
            assert_eq!(with_header(&world, SCORE, "if-none-match", other).await.status, 200, "{other}");
        }
        let head = answer(world.request(Method::HEAD, SCORE)).await;
        assert_eq!(
            (head.headers["etag"].to_str().unwrap(), &head.body),
            (&*tag, &Value::String(String::new()))
        );

        // Asked later and the same but for the time: still what the caller has.
        world.advance(60);
        let later = with_header(&world, SCORE, "if-none-match", &tag).await;
        assert_eq!((later.status.as_u16(), calls(&world)), (304, 2));
        world.announce("profile_archive", "P2").await;
        let changed = with_header(&world, SCORE, "if-none-match", &tag).await;
        assert_eq!((changed.status.as_u16(), references(&changed)), (200, vec!["P1"]));
        let refused = with_header(&world, "/v1/profiles/scoring", "if-none-match", "*").await;
        assert_eq!(refused.status, 400, "only an answer can be known already");
    }
}

#[actix_web::test]
async fn a_change_that_another_node_took_in_makes_the_next_answer_fresh() {
    let Some(backend) = backends().into_iter().find(|backend| *backend == Backend::Postgres) else { return };
    let world = ward(backend).await;
    let other = server::context(&world.config, world.clock.clone()).await.unwrap();
    let serving = Serving::start(&world.config, other.clone()).unwrap();
    let announce = async |event: &str, reference: &str| {
        let body = json!({"reference": reference, "event_date": world.now()});
        let request = world.client.post(format!("http://{}/v1/webhooks/acme/{event}", serving.address));
        assert_eq!(answer(request.header("X-API-KEY", PARTNER_KEY).json(&body)).await.status, 202);
    };
    let ask = async || references(&world.get(SCORE).await).join(" ");
    for _ in 0..3 {
        assert_eq!(ask().await, "P1 P2");
    }
    assert_eq!(calls(&world), 1);

    world.has_profile("P3", "Nurse");
    announce("profile_create", "P3").await;
    drain(&other).await;
    assert_eq!((ask().await, calls(&world)), ("P1 P3 P2".to_owned(), 2));
    assert_eq!((ask().await, calls(&world)), ("P1 P3 P2".to_owned(), 2));
    // Not settled yet, and known to the database alone.
    announce("profile_archive", "P2").await;
    assert_eq!((ask().await, calls(&world)), ("P1 P3".to_owned(), 3));
    announce("job_archive", "J1").await;
    assert_eq!(world.get(SCORE).await.status, 410);
    serving.stop().await;
}

#[actix_web::test]
async fn who_asks_at_the_same_time_after_another_nodes_change_is_told_nothing_from_before() {
    let Some(backend) = backends().into_iter().find(|backend| *backend == Backend::Postgres) else { return };
    let world = ward(backend).await;
    let other = server::context(&world.config, world.clock.clone()).await.unwrap();
    let mut calls_until_now = 0;
    for (round, expected) in ["P3 P1 P2", "P4 P3 P1 P2", "P5 P4 P3 P1 P2"].into_iter().enumerate() {
        // Remembered here, and then changed there.
        world.get(SCORE).await;
        world.get(SCORE).await;
        calls_until_now += 1;
        assert_eq!(calls(&world), calls_until_now, "round {round}");
        let reference = expected.split(' ').next().unwrap();
        world.has_profile(reference, "Night nurse");
        world.announce("profile_create", reference).await;
        world.get(SCORE).await;
        calls_until_now = calls(&world);
        drain(&other).await;
        let answers = join_all((0..8).map(|_| world.get(SCORE))).await;
        let mut expected: Vec<&str> = expected.split(' ').collect();
        expected.sort_unstable();
        for answer in &answers {
            let mut told = references(answer);
            told.sort_unstable();
            assert_eq!(told, expected, "round {round}");
        }
        assert_eq!(calls(&world), calls_until_now + 1, "one call for all of them");
        calls_until_now += 1;
        world.advance(20);
    }
}
