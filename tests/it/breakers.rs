//! Breakers: a side that is out of order is left alone but for a probe, what needs it waits at no cost, the rest goes on.

use std::sync::Arc;
use std::time::Duration;

use oem_connector::config::{Absent, Config};
use oem_connector::flows::{index, lease, pull};
use oem_connector::model::Entity;
use oem_connector::server;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Fault, OPERATOR_KEY, OTHER_KEY, Wishes, World, answer, backends, drain};

const FOR_EVER: usize = usize::MAX;

/// How the breaker of acme's side stands, as its own key sees it.
async fn breaker(world: &World, side: &str, entity: &str) -> Value {
    let partners = world.get("/v1/partners").await;
    assert_eq!(partners.status, StatusCode::OK, "{}", partners.body);
    let partners = partners.body["items"].as_array().unwrap().clone();
    assert_eq!((partners.len(), &partners[0]["name"]), (1, &json!("acme")));
    let breakers = partners[0]["breakers"].as_array().unwrap().clone();
    assert_eq!(breakers.len(), 4);
    breakers.into_iter().find(|known| known["side"] == side && known["entity"] == entity).unwrap()
}

async fn state(world: &World, side: &str) -> Value {
    breaker(world, side, "profiles").await["state"].clone()
}

/// The partner has these profiles and says so.
async fn announce_all(world: &World, ids: &[String]) {
    for id in ids {
        world.has_profile(id, "Nurse");
        world.announce("profile_create", id).await;
    }
}

fn ids(letter: char, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{letter}{number:02}")).collect()
}

fn break_hrflow(world: &World, fault: &Fault) {
    for method in ["POST", "PUT", "PATCH"] {
        world.hrflow_side.fail_times(FOR_EVER, method, "/profile/indexing", fault.clone());
    }
}

async fn assert_indexed(world: &World, ids: &[String]) {
    for id in ids {
        let record = world.record("profiles", id).await;
        assert_eq!((&record["state"], &record["attempts"]), (&json!("indexed"), &json!(0)), "{record}");
        assert_eq!(world.headline(id).await.as_deref(), Some("Nurse"), "{id}");
    }
}

#[actix_web::test]
async fn an_hrflow_that_is_away_for_an_hour_costs_few_calls_no_attempt_and_no_dead_letter() {
    for backend in backends() {
        let world = World::new(backend).await;
        let ids = ids('P', 40);
        break_hrflow(&world, &Fault::Status(503, None));
        announce_all(&world, &ids).await;
        world.settle().await;
        for _ in 0..80 {
            world.advance(45);
            world.settle().await;
        }
        // The first handful, and from then on one probe in 30 to 60 s.
        let (writes, fetches) = (world.hrflow_side.writes(), world.partner_side.requests().len());
        assert!((40..=8 + 80).contains(&writes), "{writes} writes in an hour");
        assert!(fetches <= writes, "{fetches} fetches for {writes} writes");
        for id in &ids {
            let record = world.record("profiles", id).await;
            assert_eq!((&record["state"], &record["attempts"]), (&json!("pending"), &json!(0)), "{record}");
        }
        let known = breaker(&world, "hrflow", "profiles").await;
        assert_eq!((&known["state"], &known["code"]), (&json!("open"), &json!("upstream_failed")), "{known}");
        assert_eq!(known["since"], "2026-11-22T12:00:00Z");

        world.hrflow_side.heal();
        world.advance(61);
        world.settle().await;
        assert_indexed(&world, &ids).await;
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 40);
        let acme = &world.get("/v1/partners").await.body["items"][0];
        assert_eq!((&acme["pending"], &acme["set_aside"]), (&json!(0), &json!(0)), "{acme}");
        assert_eq!(acme["waiting_since"], Value::Null);
        assert_eq!(state(&world, "hrflow").await, "closed");
    }
}

#[actix_web::test]
async fn a_refused_key_opens_the_breaker_at_once_says_why_and_one_probe_closes_it() {
    for backend in backends() {
        let world = World::new(backend).await;
        for method in ["POST", "PUT"] {
            world.hrflow_side.fail_times(2, method, "/profile/indexing", Fault::Status(401, None));
        }
        let ids = ids('P', 4);
        announce_all(&world, &ids[..1]).await;
        world.settle().await;
        world.partner_side.forget();
        world.hrflow_side.forget();
        announce_all(&world, &ids[1..]).await;
        world.has_job("J1", "Ward nurse");
        world.announce("job_create", "J1").await;
        world.settle().await;
        assert_eq!(world.hrflow_side.count("POST", "/profile/"), 0, "nobody is called meanwhile");
        assert_eq!(world.partner_side.count("GET", "/candidates"), 0, "and nothing is fetched for it");
        assert_eq!(world.record("jobs", "J1").await["state"], "indexed", "the board is not the source");

        let known = breaker(&world, "hrflow", "profiles").await;
        assert_eq!((&known["state"], &known["code"]), (&json!("open"), &json!("upstream_denied")));
        assert!(known["reason"].as_str().unwrap().contains("401"), "{known}");
        assert!(known["next_probe_at"].as_str().unwrap() > "2026-11-22T12:00:00", "{known}");
        let metrics =
            world.client.get(format!("{}/metrics", world.address)).header("X-API-KEY", OPERATOR_KEY);
        let metrics = answer(metrics).await.body.as_str().unwrap().to_owned();
        let gauge =
            |side: &str| format!("oem_breaker_open{{entity=\"profile\",partner=\"acme\",side=\"{side}\"}}");
        assert!(metrics.contains(&format!("{} 1", gauge("hrflow"))), "{metrics}");
        assert!(metrics.contains(&format!("{} 0", gauge("service"))), "{metrics}");

        world.advance(2);
        world.settle().await;
        assert_eq!(world.hrflow_side.count("POST", "/profile/"), 1, "one probe, though four wait");
        assert_eq!(breaker(&world, "hrflow", "profiles").await["failures"], 2);
        world.advance(3);
        world.settle().await;
        assert_eq!(state(&world, "hrflow").await, "closed");
        assert_indexed(&world, &ids).await;
    }
}

#[actix_web::test]
async fn an_operator_sees_every_partner_and_a_partner_only_itself() {
    let world = World::new(backends()[0]).await;
    let list = async |key: &str, query: &str| {
        let request = world.client.get(format!("{}/v1/partners{query}", world.address));
        answer(request.header("X-API-KEY", key)).await
    };
    let names = |body: &Value| -> Vec<String> {
        let items = body["items"].as_array().unwrap().iter();
        items.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&list(OPERATOR_KEY, "").await.body), ["acme", "other"]);
    assert_eq!(names(&list(OPERATOR_KEY, "?partner=other").await.body), ["other"]);
    assert_eq!(names(&list(OTHER_KEY, "").await.body), ["other"]);
    assert_eq!(list(OTHER_KEY, "?partner=acme").await.status, StatusCode::NOT_FOUND);
    assert_eq!(list("nobody's", "").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(list(OPERATOR_KEY, "?limit=3").await.status, StatusCode::BAD_REQUEST);
}

#[actix_web::test]
async fn a_service_that_refuses_holds_up_what_must_be_fetched_and_nothing_else() {
    // The list is read before the first in the queue is there, and must not ask for it.
    let adjust = |config: &mut Config| {
        config.partners[0].service.profiles.as_mut().unwrap().absent = Absent::Keep;
    };
    for backend in backends() {
        let world = World::with(backend, Wishes { adjust, ..Wishes::default() }).await;
        let (context, acme) = (world.context.clone(), Arc::clone(world.acme()));
        announce_all(&world, &ids('A', 1)).await;
        world.settle().await;
        world.advance(60);
        // The first in the queue will be refused; behind it come bodies from a page, an archive and another fetch.
        world.announce("profile_create", "F00").await;
        world.advance(1);
        let listed = ids('L', 3);
        for id in &listed {
            world.has_profile(id, "Nurse");
        }
        world.start_pull("profiles", "full").await;
        let claimed = pull::claim(&context, &acme).await.unwrap().unwrap();
        pull::run(&context, &acme, claimed).await.unwrap();
        world.has_profile("F00", "Nurse");
        world.partner_side.fail_times(FOR_EVER, "GET", "/candidates", Fault::Status(403, None));
        world.partner_side.forget();
        let first = lease::claim(&context, &acme, 1).await.unwrap().pop().unwrap();
        assert_eq!(first.reference.as_str(), "F00");
        index::work(&context, &acme, first).await.unwrap();
        assert_eq!(breaker(&world, "service", "profiles").await["code"], "upstream_denied");

        world.announce("profile_archive", "A00").await;
        announce_all(&world, &ids('G', 1)).await;
        world.settle().await;
        assert_indexed(&world, &listed).await;
        assert_eq!(world.record("profiles", "A00").await["state"], "archived");
        assert_eq!(world.partner_side.requests().len(), 1, "only what opened it");
        world.advance(2);
        world.settle().await;
        assert_eq!(world.partner_side.requests().len(), 2, "one probe");

        world.partner_side.heal();
        world.advance(3);
        world.settle().await;
        assert_eq!(state(&world, "service").await, "closed");
        assert_indexed(&world, &["F00".to_owned(), "G00".to_owned()]).await;
    }
}

#[actix_web::test]
async fn one_partners_breaker_leaves_the_other_partner_alone() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.partner_side.fail_times(FOR_EVER, "GET", "/candidates/A", Fault::Status(401, None));
        announce_all(&world, &ids('A', 2)).await;
        world.settle().await;
        assert_eq!(state(&world, "service").await, "open");
        world.has_profile("B1", "Nurse");
        let event = json!({"reference": "B1", "event_type": "profile_create", "event_date": world.now()});
        let request = world.client.post(format!("{}/v1/webhooks/other/profile_create", world.address));
        let accepted = answer(request.header("X-API-KEY", OTHER_KEY).json(&event)).await;
        assert_eq!(accepted.status, StatusCode::ACCEPTED, "{}", accepted.body);
        world.settle().await;
        let record = world.client.get(format!("{}/v1/records/profiles/B1", world.address));
        assert_eq!(answer(record.header("X-API-KEY", OTHER_KEY)).await.body["state"], "indexed");
        assert_eq!(state(&world, "service").await, "open");
    }
}

#[actix_web::test]
async fn of_two_nodes_one_probes_and_a_probe_that_is_lost_is_taken_again() {
    for backend in backends() {
        let world = World::new(backend).await;
        let (here, acme) = (world.context.clone(), Arc::clone(world.acme()));
        // Another node, which also is what comes after a restart: it remembers nothing but the database.
        let there = server::context(&world.config, world.clock.clone()).await.unwrap();
        let acme_there = Arc::clone(there.partner("acme").unwrap());
        world.hrflow_side.fail("POST", "/profile/indexing", Fault::Status(401, None));
        let ids = ids('P', 6);
        announce_all(&world, &ids[..1]).await;
        world.settle().await;
        announce_all(&world, &ids[1..]).await;
        assert!(lease::claim(&there, &acme_there, 8).await.unwrap().is_empty());

        world.advance(2);
        let (mut one, two) =
            tokio::join!(lease::claim(&here, &acme, 8), lease::claim(&there, &acme_there, 8));
        let (one, two) = (one.as_mut().unwrap(), two.unwrap());
        assert_eq!(one.len() + two.len(), 1, "one probe at a time");
        assert_eq!(state(&world, "hrflow").await, "half_open");
        // Whoever took it dies.
        world.advance(10);
        assert!(lease::claim(&here, &acme, 8).await.unwrap().is_empty());
        world.advance(16);
        let again = lease::claim(&there, &acme_there, 8).await.unwrap();
        assert_eq!(again.len(), 1);
        assert!(lease::claim(&here, &acme, 8).await.unwrap().is_empty());
        for leased in again {
            index::work(&there, &acme_there, leased).await.unwrap();
        }
        assert_eq!(state(&world, "hrflow").await, "closed");
        drain(&here).await;
        world.advance(30);
        drain(&there).await;
        assert_indexed(&world, &ids).await;
    }
}

#[actix_web::test]
async fn a_probe_that_needs_no_call_is_given_back() {
    for backend in backends() {
        let world = World::new(backend).await;
        announce_all(&world, &ids('P', 1)).await;
        world.settle().await;
        world.advance(60);
        world.hrflow_side.fail("POST", "/profile/indexing", Fault::Status(401, None));
        announce_all(&world, &ids('Q', 1)).await;
        world.settle().await;
        // Nothing changed: it is fetched and not sent. It is the longest due, since the other one moved behind it.
        announce_all(&world, &ids('P', 1)).await;
        world.hrflow_side.forget();
        world.advance(2);
        world.settle().await;
        assert_eq!(world.partner_side.count("GET", "/candidates/P00"), 2);
        assert_eq!(world.hrflow_side.writes(), 1, "the other one, as the next probe");
        assert_eq!(state(&world, "hrflow").await, "closed");
        assert_indexed(&world, &["P00".to_owned(), "Q00".to_owned()]).await;
    }
}

#[actix_web::test]
async fn a_probe_that_is_given_back_at_a_stop_or_never_ends_keeps_nobody_else_waiting() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.hrflow_side.fail("POST", "/profile/indexing", Fault::Status(401, None));
        announce_all(&world, &ids('P', 1)).await;
        world.settle().await;
        assert_eq!(state(&world, "hrflow").await, "open");
        world.advance(2);
        let probing = lease::claim(&world.context, world.acme(), 8).await.unwrap().pop().unwrap();
        assert_eq!(state(&world, "hrflow").await, "half_open");
        let held = probing.handle();
        assert!(held.give_up());
        lease::release(&world.context, world.acme(), vec![held]).await.unwrap();
        assert_eq!(state(&world, "hrflow").await, "open");
        // Its next workers all die, until it is set aside; another one probes then, at once.
        for _ in 0..10 {
            assert_eq!(lease::claim(&world.context, world.acme(), 8).await.unwrap().len(), 1);
            world.advance(26);
        }
        announce_all(&world, &ids('Q', 1)).await;
        assert!(lease::claim(&world.context, world.acme(), 8).await.unwrap().is_empty());
        assert_eq!(world.record("profiles", "P00").await["state"], "set_aside");
        world.settle().await;
        assert_eq!(state(&world, "hrflow").await, "closed");
        assert_indexed(&world, &ids('Q', 1)).await;
    }
}

#[actix_web::test]
async fn a_side_that_asks_for_a_long_rest_gets_it() {
    for backend in backends() {
        let world = World::new(backend).await;
        break_hrflow(&world, &Fault::Status(429, Some(600)));
        announce_all(&world, &ids('P', 1)).await;
        world.settle().await;
        world.hrflow_side.forget();
        announce_all(&world, &ids('Q', 5)).await;
        for _ in 0..8 {
            world.advance(66);
            world.settle().await;
        }
        assert_eq!(world.hrflow_side.writes(), 0);
        world.hrflow_side.heal();
        world.advance(80);
        world.settle().await;
        assert_indexed(&world, &ids('Q', 5)).await;
    }
}

#[actix_web::test]
async fn a_record_that_fails_for_ever_opens_no_breaker_and_is_not_asked_about_all_the_time() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.partner_side.fail_times(FOR_EVER, "GET", "/candidates/poison", Fault::Status(500, None));
        announce_all(&world, &["poison".to_owned()]).await;
        let good = ids('P', 80);
        for id in &good {
            announce_all(&world, std::slice::from_ref(id)).await;
            world.settle().await;
            assert_eq!(world.record("profiles", id).await["state"], "indexed", "{id}");
            world.advance(45);
        }
        let calls = world.partner_side.count("GET", "/candidates/poison");
        assert!((5..60).contains(&calls), "{calls} calls in an hour");
        assert_eq!(breaker(&world, "service", "profiles").await["since"], Value::Null, "it was never open");
        let poison = world.record("profiles", "poison").await;
        assert_eq!((&poison["state"], &poison["attempts"]), (&json!("pending"), &json!(0)));
        assert_eq!(poison["problem"]["code"], "upstream_failed");
        let acme = &world.get("/v1/partners").await.body["items"][0];
        assert_eq!((&acme["pending"], &acme["waiting_since"]), (&json!(1), &json!("2026-11-22T12:00:00Z")));
    }
}

#[actix_web::test]
async fn an_object_that_alone_is_refused_holds_the_others_up_only_once() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.partner_side.fail_times(FOR_EVER, "GET", "/candidates/secret", Fault::Status(403, None));
        announce_all(&world, &["secret".to_owned()]).await;
        world.settle().await;
        assert_eq!(state(&world, "service").await, "open");
        announce_all(&world, &ids('O', 1)).await;
        for _ in 0..2 {
            // It may be asked about first once more; then it goes behind the other one.
            world.advance(61);
            world.settle().await;
        }
        assert_indexed(&world, &ids('O', 1)).await;
        for id in &ids('P', 10) {
            world.advance(301);
            announce_all(&world, std::slice::from_ref(id)).await;
            // The one that is refused is due again, too.
            world.settle().await;
            assert_eq!(world.record("profiles", id).await["state"], "indexed", "{id}");
            assert_eq!(state(&world, "service").await, "closed");
        }
        assert_eq!(world.record("profiles", "secret").await["problem"]["code"], "upstream_denied");
    }
}

#[actix_web::test]
async fn records_that_always_fail_keep_no_breaker_open_for_the_others() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.partner_side.fail_times(FOR_EVER, "GET", "/candidates/bad", Fault::Status(500, None));
        let bad: Vec<String> = (0..5).map(|number| format!("bad{number}")).collect();
        announce_all(&world, &bad).await;
        world.settle().await;
        assert_eq!(state(&world, "service").await, "open");
        announce_all(&world, &ids('P', 20)).await;
        // One probe in a minute at most: those that failed go behind the others.
        for _ in 0..6 {
            world.advance(61);
            world.settle().await;
        }
        assert_indexed(&world, &ids('P', 20)).await;
    }
}

/// Runs acme's next pull while time passes.
async fn run_pull(world: &World) {
    let (context, acme) = (world.context.clone(), Arc::clone(world.acme()));
    let claimed = pull::claim(&context, &acme).await.unwrap().unwrap();
    let mut run = std::pin::pin!(pull::run(&context, &acme, claimed));
    loop {
        tokio::select! {
            ended = &mut run => return ended.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(20)) => world.advance(1),
        }
    }
}

#[actix_web::test]
async fn a_pull_waits_for_a_service_that_refuses_and_reads_on() {
    for backend in backends() {
        let world = World::with(backend, Wishes { page_size: 2, ..Wishes::default() }).await;
        for id in ids('P', 5) {
            world.has_profile(&id, "Nurse");
        }
        world.partner_side.fail("GET", "page=2", Fault::Status(401, None));
        let id = world.start_pull("profiles", "full").await;
        run_pull(&world).await;
        let pull = world.pull_state(&id).await;
        assert_eq!((&pull["state"], &pull["seen"]), (&json!("done"), &json!(5)), "{pull}");
        assert_eq!(world.partner_side.count("GET", "page=2"), 2);
        assert_eq!(state(&world, "service").await, "closed");
        world.settle().await;
        assert_indexed(&world, &ids('P', 5)).await;
    }
}

#[actix_web::test]
async fn a_pull_of_a_service_that_goes_on_refusing_ends_after_its_attempts_and_keeps_its_place() {
    for backend in backends() {
        let world = World::with(backend, Wishes { page_size: 2, ..Wishes::default() }).await;
        for id in ids('P', 5) {
            world.has_profile(&id, "Nurse");
        }
        world.partner_side.fail_times(FOR_EVER, "GET", "page=2", Fault::Status(401, None));
        let id = world.start_pull("profiles", "full").await;
        run_pull(&world).await;
        let pull = world.pull_state(&id).await;
        assert_eq!(pull["state"], "failed", "{pull}");
        assert!(pull["problem"].as_str().unwrap().contains("401"), "{pull}");
        let calls = world.partner_side.count("GET", "page=2");
        assert!((1..=3).contains(&calls), "{calls}");

        world.partner_side.heal();
        world.partner_side.forget();
        world.advance(61);
        let id = world.start_pull("profiles", "full").await;
        run_pull(&world).await;
        let pull = world.pull_state(&id).await;
        assert_eq!((&pull["state"], &pull["seen"]), (&json!("done"), &json!(3)), "{pull}");
        assert_eq!(world.partner_side.count("GET", "page=1"), 0);
        let requests = world.partner_side.requests();
        assert!(requests.iter().all(|request| request.method == Method::GET.as_str()));
    }
}
