//! A person is erased: out of HrFlow and out of our database, whatever happens meanwhile, and for good.

use std::sync::Arc;

use oem_connector::config::OnArchive;
use oem_connector::flows::{index, lease, pull};
use oem_connector::model::Entity;
use oem_connector::sandbox::ReferenceAfterArchive;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    API_KEY, Answer, Backend, Fault, Gate, OPERATOR_KEY, OTHER_KEY, PARTNER_KEY, Wishes, World, answer,
    backends, urlencoded,
};

const NAME: &str = "Zephyrine";
const EMAIL: &str = "zephyrine@example.org";
const TEXT: &str = "planted-words-of-a-life";

async fn ask(world: &World, path: &str, key: &str) -> Answer {
    let request = world.client.post(format!("{}{path}", world.address));
    answer(request.header("X-API-KEY", key)).await
}

/// Asks for an erasure, which must be accepted, and gives its id.
async fn erase(world: &World, reference: &str) -> String {
    let path = format!("/v1/records/profiles/{}/erase?partner=acme", urlencoded(reference));
    let asked = ask(world, &path, OPERATOR_KEY).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
    let location = asked.headers["location"].to_str().unwrap();
    assert_eq!(location, format!("/v1/erasures/{}", asked.body["id"].as_str().unwrap()));
    asked.body["id"].as_str().unwrap().to_owned()
}

async fn erasure(world: &World, id: &str) -> Value {
    let request = world.client.get(format!("{}/v1/erasures/{id}", world.address));
    answer(request.header("X-API-KEY", OPERATOR_KEY)).await.body
}

/// A candidate whose name, e-mail and text are looked for afterwards.
fn has_person(world: &World, id: &str, headline: &str) {
    let person = json!({
        "id": id, "firstName": NAME, "lastName": "Moreau", "headline": headline, "resumeText": TEXT,
        "contact": {"email": EMAIL}, "competencies": ["Rust"],
    });
    world.ats.put(Entity::Profile, person.as_object().unwrap().clone()).unwrap();
}

/// The same, indexed.
async fn shows_person(world: &World, id: &str) {
    has_person(world, id, "Nurse");
    world.announce("profile_create", id).await;
    world.settle().await;
    assert!(world.in_hrflow(Entity::Profile, id).await.unwrap().to_string().contains(NAME));
}

/// Everything HrFlow holds of acme's, archived objects included, each in full.
async fn all_in_hrflow(world: &World) -> Vec<Value> {
    let source = world.acme().settings.container_key(Entity::Profile);
    let request = world
        .client
        .get(format!("http://{}/v1/storing/profiles", world.hrflow_side.address))
        .header("X-API-KEY", API_KEY)
        .query(&[("source_keys", json!([source]).to_string())])
        .query(&[("return_profile", "true"), ("limit", "100")]);
    answer(request).await.body["data"].as_array().unwrap().clone()
}

/// Fails unless `reference` is gone from HrFlow and from every table but for its tombstone, and its erasure says so.
async fn assert_erased(world: &World, reference: &str, id: &str) {
    let evidence = erasure(world, id).await;
    assert_eq!(evidence["state"], "erased", "{evidence}");
    assert_eq!(evidence["problem"], Value::Null, "{evidence}");
    assert!(!evidence.to_string().contains(reference), "{evidence}");
    let record = world.record("profiles", reference).await;
    assert_eq!((&record["state"], &record["wanted"]), (&json!("erased"), &json!("erased")), "{record}");
    for member in ["last_event", "hrflow_key", "indexed_at", "updated_at", "due_at", "problem"] {
        assert_eq!(record[member], Value::Null, "{member} of {record}");
    }
    assert_nobody(world, reference).await;
}

async fn assert_nobody(world: &World, reference: &str) {
    for profile in all_in_hrflow(world).await {
        if profile["reference"] == reference {
            assert!(!profile["archived_at"].is_null(), "{profile}");
            for planted in [NAME, EMAIL, TEXT, "Moreau", "Rust"] {
                assert!(!profile.to_string().contains(planted), "{planted} in {profile}");
            }
        }
    }
    let tables = world.database.dump();
    for planted in [NAME, EMAIL, TEXT] {
        assert!(!tables.contains(planted), "{planted} in {tables}");
    }
    // The reference is the tombstone's key, and stands in the one change that tells of the erasure.
    let mut lines: Vec<&str> = tables.lines().filter(|line| line.contains(reference)).collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].starts_with("changes: ") && lines[0].contains("erased"), "{lines:?}");
    assert!(lines[1].starts_with("records: "), "{lines:?}");
}

/// Leases the one record that is due and works on it beside the test.
async fn work(world: &World) -> tokio::task::JoinHandle<()> {
    let (context, partner) = (world.context.clone(), Arc::clone(world.acme()));
    let leased = lease::claim(&context, &partner, 1).await.unwrap().pop().unwrap();
    tokio::spawn(async move { index::work(&context, &partner, leased).await.unwrap() })
}

#[actix_web::test]
async fn a_person_who_is_erased_is_nowhere_and_the_evidence_names_nobody() {
    for backend in backends() {
        for reference_after_archive in [ReferenceAfterArchive::Kept, ReferenceAfterArchive::Free] {
            let world = World::with(backend, Wishes { reference_after_archive, ..Wishes::default() }).await;
            shows_person(&world, "CRM-ZEPH").await;
            assert!(world.database.dump().contains("CRM-ZEPH"), "the dump sees what is there");
            let id = erase(&world, "CRM-ZEPH").await;
            assert_eq!(erasure(&world, &id).await["state"], "pending");
            world.settle().await;
            assert_erased(&world, "CRM-ZEPH", &id).await;
            let evidence = erasure(&world, &id).await;
            assert_eq!(evidence["proof"]["profiles"], 1);
            assert_eq!(evidence["proof"]["checks"].as_array().unwrap().len(), 2);
            assert!(evidence["requested_by"].as_str().unwrap().starts_with("key "));
            assert!(!evidence.to_string().contains(OPERATOR_KEY));
            let again = ask(&world, "/v1/records/profiles/CRM-ZEPH/erase?partner=acme", OPERATOR_KEY).await;
            assert_eq!((again.status, &again.body), (StatusCode::OK, &evidence));
            let scored = world.get("/v1/jobs/scoring?profile_reference=CRM-ZEPH").await;
            assert_eq!(scored.status, StatusCode::GONE);
        }
    }
}

#[actix_web::test]
async fn every_profile_that_ever_had_the_reference_is_overwritten_and_nobody_elses() {
    for backend in backends() {
        let wishes = Wishes { reference_after_archive: ReferenceAfterArchive::Free, ..Wishes::default() };
        let world = World::with(backend, wishes).await;
        shows_person(&world, "P1").await;
        world.advance(60);
        world.announce("profile_archive", "P1").await;
        world.settle().await;
        world.advance(60);
        shows_person(&world, "P1").await;
        world.has_profile("P2", "Sailor");
        world.announce("profile_create", "P2").await;
        world.settle().await;
        assert_eq!(all_in_hrflow(&world).await.len(), 3, "an archive frees the reference here");
        let id = erase(&world, "P1").await;
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
        assert_eq!(erasure(&world, &id).await["proof"]["profiles"], 2);
        assert_eq!(world.headline("P2").await.as_deref(), Some("Sailor"));
    }
}

#[actix_web::test]
async fn a_list_that_does_not_heed_its_filter_costs_nobody_else_anything() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        world.has_profile("P2", "Sailor");
        world.announce("profile_create", "P2").await;
        world.settle().await;
        let everyone = json!({"code": 200, "message": "x", "data": all_in_hrflow(&world).await});
        world.hrflow_side.fail("GET", "/storing/profiles", Fault::Answer(200, everyone.to_string()));
        let id = erase(&world, "P1").await;
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
        assert_eq!(world.headline("P2").await.as_deref(), Some("Sailor"));
    }
}

#[actix_web::test]
async fn only_an_operator_erases_and_any_reference_can_be_named() {
    for backend in backends() {
        let world = World::new(backend).await;
        for key in [PARTNER_KEY, OTHER_KEY] {
            let refused = ask(&world, "/v1/records/profiles/P1/erase?partner=acme", key).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        }
        for (path, expected) in [
            ("/v1/records/profiles/P1/erase", StatusCode::BAD_REQUEST),
            ("/v1/records/profiles/erase?partner=acme", StatusCode::BAD_REQUEST),
            ("/v1/records/profiles/erase?partner=acme&reference=..", StatusCode::UNPROCESSABLE_ENTITY),
            ("/v1/records/profiles/P1/erase?partner=nobody", StatusCode::NOT_FOUND),
            ("/v1/records/jobs/J1/erase?partner=acme", StatusCode::NOT_FOUND),
        ] {
            assert_eq!(ask(&world, path, OPERATOR_KEY).await.status, expected, "{path}");
        }
        for reference in ["a/b é?", "erase"] {
            let id = erase(&world, reference).await;
            let encoded = urlencoded(reference);
            let path = format!("/v1/records/profiles/erase?partner=acme&reference={encoded}");
            assert_eq!(ask(&world, &path, OPERATOR_KEY).await.body["id"], id.as_str());
            assert_eq!(world.record("profiles", reference).await["wanted"], "erased");
            let foreign = format!("{}/v1/erasures/{id}?partner=other", world.address);
            let foreign = answer(world.client.get(foreign).header("X-API-KEY", OPERATOR_KEY)).await;
            assert_eq!(foreign.status, StatusCode::NOT_FOUND);
        }
    }
}

#[actix_web::test]
async fn a_reference_that_nobody_knows_leaves_a_tombstone_that_refuses_events_and_listings() {
    for backend in backends() {
        let world = World::new(backend).await;
        let id = erase(&world, "P1").await;
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
        assert_eq!(erasure(&world, &id).await["proof"]["profiles"], 0);
        world.advance(60);
        has_person(&world, "P1", "Nurse");
        world.partner_side.forget();
        for event in ["profile_create", "profile_update", "profile_archive"] {
            for _ in 0..2 {
                let heard = world.webhook(event, "P1", &world.now()).await;
                assert_eq!((heard.status, &heard.body), (StatusCode::OK, &json!({"status": "erased"})));
            }
        }
        let pulled = world.pull("profiles", "full").await;
        assert_eq!((&pulled["state"], &pulled["unchanged"]), (&json!("done"), &json!(1)), "{pulled}");
        assert_eq!(world.partner_side.count("GET", "/candidates/P1"), 0, "nothing is fetched");
        assert_erased(&world, "P1", &id).await;
        assert_eq!(world.count_in_hrflow(Entity::Profile).await, 0);
    }
}

#[actix_web::test]
async fn with_on_archive_erase_the_event_erases_and_a_profile_that_is_gone_is_only_archived() {
    for backend in backends() {
        let wishes = || Wishes { on_archive: OnArchive::Erase, ..Wishes::default() };
        let world = World::with(backend, wishes()).await;
        shows_person(&world, "P1").await;
        shows_person(&world, "P2").await;
        world.has_job("J1", "Nurse");
        world.announce("job_create", "J1").await;
        world.settle().await;
        world.advance(60);
        world.announce("profile_archive", "P1").await;
        world.announce("job_archive", "J1").await;
        world.partner_side.fail("GET", "/candidates/P2", Fault::Status(410, None));
        world.announce("profile_update", "P2").await;
        world.settle().await;
        assert_eq!(world.record("profiles", "P1").await["state"], "erased");
        assert_eq!(world.record("profiles", "P2").await["state"], "archived");
        assert_eq!(world.record("jobs", "J1").await["state"], "archived");
        assert_nobody_but(&world, "P1").await;
        // The same event again, and one that was sent before.
        let again = world.webhook("profile_archive", "P1", &world.now()).await;
        assert_eq!(again.body, json!({"status": "erased"}));
        let asked = ask(&world, "/v1/records/profiles/P1/erase?partner=acme", OPERATOR_KEY).await;
        assert_eq!(asked.status, StatusCode::OK);
        assert!(asked.body["requested_by"].as_str().unwrap().starts_with("event "), "{}", asked.body);
        // One that is older than what is known of the object changes nothing.
        world.advance(60);
        world.announce("profile_update", "P3").await;
        let stale = world.webhook("profile_archive", "P3", "2026-11-22T11:00:00Z").await;
        assert_eq!(stale.body["status"], "stale");
        assert_eq!(world.record("profiles", "P3").await["wanted"], "present");
    }
}

/// Like [`assert_nobody`] where others have the same name.
async fn assert_nobody_but(world: &World, reference: &str) {
    let profiles = all_in_hrflow(world).await;
    let profile = profiles.iter().find(|profile| profile["reference"] == reference).unwrap();
    assert!(!profile["archived_at"].is_null() && !profile.to_string().contains(NAME), "{profile}");
    let tables = world.database.dump();
    assert_eq!(tables.lines().filter(|line| line.contains(reference)).count(), 2, "{tables}");
}

#[actix_web::test]
async fn a_worker_that_writes_the_person_meanwhile_is_erased_after() {
    for backend in backends() {
        for held in ["before", "after"] {
            let world = World::new(backend).await;
            has_person(&world, "P1", "Nurse");
            world.announce("profile_create", "P1").await;
            let gate = Gate::new();
            let fault = match held {
                "before" => Fault::HoldBefore(gate.clone()),
                _ => Fault::HoldAfter(gate.clone()),
            };
            world.hrflow_side.fail("POST", "/profile/indexing", fault);
            let working = work(&world).await;
            gate.reached().await;
            let id = erase(&world, "P1").await;
            // Nobody else may work on it while the lease runs.
            world.settle().await;
            assert_eq!(erasure(&world, &id).await["state"], "pending");
            gate.open();
            working.await.unwrap();
            world.settle().await;
            assert_erased(&world, "P1", &id).await;
            assert_eq!(erasure(&world, &id).await["proof"]["profiles"], 1);
        }
    }
}

#[actix_web::test]
async fn a_page_on_its_way_that_lists_the_person_changes_nothing() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        world.advance(60);
        has_person(&world, "P1", "Nurse again");
        let gate = Gate::new();
        world.partner_side.fail("GET", "/candidates?", Fault::HoldAfter(gate.clone()));
        world.start_pull("profiles", "full").await;
        let (context, partner) = (world.context.clone(), world.acme().clone());
        let claimed = pull::claim(&context, &partner).await.unwrap().unwrap();
        let pulling = tokio::spawn(async move { pull::run(&context, &partner, claimed).await.unwrap() });
        gate.reached().await;
        let id = erase(&world, "P1").await;
        gate.open();
        pulling.await.unwrap();
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
    }
}

#[actix_web::test]
async fn an_event_and_a_second_request_during_the_erasure_change_nothing() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        let id = erase(&world, "P1").await;
        let gate = Gate::new();
        world.hrflow_side.fail("PATCH", "/profile/indexing/archive", Fault::HoldBefore(gate.clone()));
        let working = work(&world).await;
        gate.reached().await;
        let heard = world.webhook("profile_update", "P1", &world.now()).await;
        assert_eq!(heard.body, json!({"status": "erased"}));
        assert_eq!(erase(&world, "P1").await, id);
        gate.open();
        working.await.unwrap();
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
    }
}

#[actix_web::test]
async fn a_crash_between_any_two_steps_ends_erased() {
    for backend in backends() {
        for (method, part) in [
            ("GET", "/storing/profiles"),
            ("PUT", "/profile/indexing"),
            ("PATCH", "/profile/indexing/archive"),
            ("GET", "/profile/indexing"),
            ("GET", "/profiles/searching"),
        ] {
            let world = World::new(backend).await;
            shows_person(&world, "P1").await;
            let id = erase(&world, "P1").await;
            let gate = Gate::new();
            world.hrflow_side.fail(method, part, Fault::HoldAfter(gate.clone()));
            let crashed = work(&world).await;
            gate.reached().await;
            crashed.abort();
            world.settle().await;
            assert_eq!(erasure(&world, &id).await["state"], "pending", "the lease runs on");
            world.advance(26);
            world.settle().await;
            assert_erased(&world, "P1", &id).await;
            gate.open();
        }
    }
}

#[actix_web::test]
async fn an_hrflow_that_is_away_for_hours_or_loses_its_answers_delays_an_erasure_and_never_ends_it() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        let id = erase(&world, "P1").await;
        for method in ["GET", "PUT", "PATCH"] {
            world.hrflow_side.fail_times(usize::MAX, method, "profile", Fault::Status(503, None));
        }
        for _ in 0..30 {
            world.settle().await;
            world.advance(600);
        }
        let waiting = erasure(&world, &id).await;
        assert_eq!(
            (&waiting["state"], &waiting["problem"]["code"]),
            (&json!("pending"), &json!("upstream_failed"))
        );
        world.hrflow_side.heal();
        for method in ["PUT", "PATCH"] {
            world.hrflow_side.fail(method, "/profile/indexing", Fault::LoseAnswer);
        }
        for _ in 0..4 {
            world.settle().await;
            world.advance(600);
        }
        assert_erased(&world, "P1", &id).await;
    }
}

#[actix_web::test]
async fn it_is_not_done_while_a_search_finds_the_person_or_hrflow_shows_what_was_overwritten() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        let profile = world.in_hrflow(Entity::Profile, "P1").await.unwrap();
        let id = erase(&world, "P1").await;
        let meta = json!({"page": 1, "maxPage": 1, "count": 1, "total": 1});
        let found = json!({"code": 200, "message": "x", "meta": meta, "data": {"profiles": [profile]}});
        let shown = json!({"code": 200, "message": "x", "data": profile});
        world.hrflow_side.fail("GET", "/profiles/searching", Fault::Answer(200, found.to_string()));
        world.settle().await;
        world.hrflow_side.fail("GET", "/profile/indexing", Fault::Answer(200, shown.to_string()));
        for expected in ["a search in HrFlow still finds", "HrFlow still shows"] {
            let pending = erasure(&world, &id).await;
            assert_eq!(pending["state"], "pending", "{pending}");
            let detail = pending["problem"]["detail"].as_str().unwrap();
            assert!(detail.contains(expected), "{detail}");
            world.advance(600);
            world.settle().await;
        }
        assert_erased(&world, "P1", &id).await;
    }
}

#[actix_web::test]
async fn an_erasure_that_hrflow_refuses_is_told_and_taken_up_when_it_is_asked_for_again_or_replayed() {
    for (backend, replayed) in backends().into_iter().flat_map(|backend| [(backend, false), (backend, true)])
    {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        let id = erase(&world, "P1").await;
        let refusal = r#"{"code": 422, "message": "no"}"#.to_owned();
        world.hrflow_side.fail_times(usize::MAX, "PUT", "/profile/indexing", Fault::Answer(422, refusal));
        for _ in 0..8 {
            world.settle().await;
            world.advance(600);
        }
        assert_eq!(world.record("profiles", "P1").await["state"], "set_aside");
        assert_eq!(erasure(&world, &id).await["problem"]["code"], "upstream_refused");
        world.hrflow_side.heal();
        if replayed {
            let path = format!("{}/v1/dead-letters/replay?partner=acme", world.address);
            let replay = world.client.post(path).json(&json!({"references": ["P1"]}));
            assert_eq!(answer(replay.header("X-API-KEY", OPERATOR_KEY)).await.body["replayed"], 1);
        } else {
            assert_eq!(erase(&world, "P1").await, id);
        }
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
    }
}

#[actix_web::test]
async fn a_pull_that_could_not_use_the_person_forgets_whom_it_meant() {
    for backend in backends() {
        let wishes = Wishes { profile_map: "{info: {}, text: .headline}".to_owned(), ..Wishes::default() };
        let world = World::with(backend, wishes).await;
        let odd = json!({"id": "P1", "headline": [NAME]});
        world.ats.put(Entity::Profile, odd.as_object().unwrap().clone()).unwrap();
        let pulled = world.pull("profiles", "full").await;
        assert!(pulled["problem"].as_str().unwrap().contains("`P1`"), "{pulled}");
        let id = erase(&world, "P1").await;
        world.settle().await;
        assert_erased(&world, "P1", &id).await;
    }
}

#[actix_web::test]
async fn an_address_of_an_erasure_that_is_none_is_a_problem() {
    let world = World::new(Backend::Sqlite).await;
    let request = world.request(Method::GET, "/v1/erasures/7");
    assert_eq!(answer(request).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(erasure(&world, "7").await["code"], "not_found");
}

#[actix_web::test]
async fn a_person_whom_a_listing_had_or_lacked_is_named_by_no_listing_afterwards() {
    for backend in backends() {
        for (lacked, noted) in [(false, "listed: "), (true, "absences: "), (true, "archivals: ")] {
            let wishes = Wishes { page_size: 2, page_attempts: 1, ..Wishes::default() };
            let world = World::with(backend, wishes).await;
            shows_person(&world, "CRM-ZEPH").await;
            world.has_profile("P1", "Nurse");
            world.has_profile("P2", "Nurse");
            world.pull("profiles", "full").await;
            world.advance(60);
            if lacked {
                world.ats.remove(Entity::Profile, "CRM-ZEPH");
            } else {
                world.partner_side.fail("GET", "page=2&", Fault::Status(503, None));
            }
            world.pull("profiles", "full").await;
            let tables = world.database.dump();
            let notes = |line: &str| line.starts_with(noted) && line.contains("CRM-ZEPH");
            assert!(tables.lines().any(notes), "{noted}{tables}");
            let id = erase(&world, "CRM-ZEPH").await;
            world.settle().await;
            assert_erased(&world, "CRM-ZEPH", &id).await;
        }
    }
}

#[actix_web::test]
async fn the_feed_tells_of_an_erasure_and_every_cursor_stays_good() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "CRM-ZEPH").await;
        let before = world.events("", 1).await;
        // Whoever has read to the end stands on a row that goes.
        let cursor = before.body["cursor"].as_str().unwrap().to_owned();
        let from_there = format!("?cursor={cursor}");
        let id = erase(&world, "CRM-ZEPH").await;
        let meanwhile = world.get(&format!("/v1/events{from_there}")).await;
        assert_eq!((meanwhile.status, &meanwhile.body["items"]), (StatusCode::OK, &json!([])));
        world.settle().await;
        assert_erased(&world, "CRM-ZEPH", &id).await;
        for query in [&*from_there, ""] {
            let page = world.events(query, 1).await;
            let items = page.body["items"].as_array().unwrap();
            let told: Vec<_> = items.iter().map(|item| (&item["outcome"], &item["reference"])).collect();
            assert_eq!(told, [(&json!("erased"), &json!("CRM-ZEPH"))], "{query}");
        }
    }
}

#[actix_web::test]
async fn a_search_that_lags_behind_many_erasures_holds_up_nothing_else() {
    for backend in backends() {
        let world = World::new(backend).await;
        shows_person(&world, "P1").await;
        let found = world.in_hrflow(Entity::Profile, "P1").await.unwrap();
        let references = ["P1", "P2", "P3", "P4", "P5", "P6"];
        let mut ids = Vec::new();
        for reference in references {
            let found = json!({"reference": reference, "key": found["key"]});
            let meta = json!({"page": 1, "maxPage": 1, "count": 1, "total": 1});
            let found = json!({"code": 200, "message": "x", "meta": meta, "data": {"profiles": [found]}});
            world.hrflow_side.fail("GET", "/profiles/searching", Fault::Answer(200, found.to_string()));
            ids.push(erase(&world, reference).await);
            world.settle().await;
        }
        has_person(&world, "Q1", "Nurse");
        world.announce("profile_create", "Q1").await;
        world.settle().await;
        assert_eq!(world.headline("Q1").await.as_deref(), Some("Nurse"), "no breaker is open");
        assert_eq!(erasure(&world, &ids[0]).await["state"], "pending");
        world.advance(600);
        world.settle().await;
        for (reference, id) in references.iter().zip(&ids) {
            let evidence = erasure(&world, id).await;
            assert_eq!(evidence["state"], "erased", "{reference}: {evidence}");
        }
    }
}
