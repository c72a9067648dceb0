//! The deletion fuse: what a complete list lacks is asked for before it is archived, and too much of it waits for a person.

use oem_connector::model::Entity;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Answer, Backend, Fault, Gate, OPERATOR_KEY, PARTNER_KEY, Wishes, World, answer, backends,
};
use oem_connector::config::Absent;

/// A page of candidates as the ATS would list them, without a total.
fn page_of(candidates: &[Value]) -> Fault {
    Fault::Answer(200, json!({ "content": candidates }).to_string())
}

fn names(letter: char, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{letter}{number:02}")).collect()
}

/// A world in which HrFlow shows `lasting` profiles called L and `passing` ones called V.
async fn world_with(backend: Backend, wishes: Wishes, lasting: usize, passing: usize) -> World {
    let world = World::with(backend, wishes).await;
    for id in names('L', lasting).iter().chain(&names('V', passing)) {
        world.has_profile(id, "Nurse");
    }
    assert_eq!(world.pull("profiles", "full").await["state"], "done");
    world.partner_side.forget();
    world.advance(3600);
    world
}

fn vanish(world: &World, ids: &[String]) {
    for id in ids {
        world.ats.remove(Entity::Profile, id);
    }
}

/// How many of these HrFlow shows.
async fn shown(world: &World, ids: &[String]) -> usize {
    let mut shown = 0;
    for id in ids {
        shown += usize::from(world.headline(id).await.is_some());
    }
    shown
}

async fn operate(world: &World, method: Method, path: &str) -> Answer {
    let request = world.client.request(method, format!("{}{path}", world.address));
    answer(request.header("X-API-KEY", OPERATOR_KEY)).await
}

/// Decides about a pull, which must be possible, works off what follows, and returns the pull.
async fn decide(world: &World, pull: &Value, verdict: &str) -> Value {
    let id = pull["id"].as_str().unwrap();
    let decided = operate(world, Method::POST, &format!("/v1/pulls/{id}/{verdict}")).await;
    assert!(decided.status.is_success(), "{}", decided.body);
    world.settle().await;
    world.pull_state(id).await
}

/// The pull that collects what 404s would archive.
async fn missing(world: &World) -> Option<Value> {
    let listed = operate(world, Method::GET, "/v1/pulls?partner=acme").await.body;
    let pulls = listed["items"].as_array().unwrap();
    let found =
        pulls.iter().find(|pull| pull["mode"] == "missing" && pull["state"] == "waiting_for_approval")?;
    Some(world.pull_state(found["id"].as_str().unwrap()).await)
}

async fn absences(world: &World, pull: &Value) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let id = pull["id"].as_str().unwrap();
        let page =
            operate(world, Method::GET, &format!("/v1/pulls/{id}/absences?limit=10{cursor}")).await.body;
        let items = page["items"].as_array().unwrap();
        all.extend(items.iter().map(|item| item["reference"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[actix_web::test]
async fn a_profile_that_vanished_is_asked_for_once_archived_and_comes_back_when_listed() {
    for backend in backends() {
        let world = world_with(backend, Wishes::default(), 11, 1).await;
        vanish(&world, &names('V', 1));
        let pull = world.pull("profiles", "full").await;
        assert_eq!((&pull["state"], &pull["complete"]), (&json!("done"), &json!(true)), "{pull}");
        assert_eq!(pull["absences"]["archived"], 1);
        assert_eq!(world.partner_side.count("GET", "/candidates/"), 1);
        assert_eq!(world.headline("V00").await, None);
        assert_eq!(shown(&world, &names('L', 11)).await, 11);
        assert_eq!(world.record("profiles", "V00").await["state"], "archived");
        world.advance(60);
        world.has_profile("V00", "Nurse");
        world.pull("profiles", "full").await;
        assert_eq!(world.headline("V00").await.as_deref(), Some("Nurse"));
    }
}

#[actix_web::test]
async fn too_many_that_vanish_wait_and_an_approval_archives_exactly_what_is_still_gone() {
    for backend in backends() {
        let world = world_with(backend, Wishes { page_size: 50, ..Wishes::default() }, 5, 23).await;
        let passing = names('V', 23);
        vanish(&world, &passing);
        let pull = world.pull("profiles", "full").await;
        assert_eq!((&pull["state"], &pull["complete"]), (&json!("waiting_for_approval"), &json!(true)));
        assert_eq!((&pull["absences"]["gone"], &pull["absences"]["archived"]), (&json!(23), &json!(0)));
        assert_eq!(pull["absences"]["first_gone"].as_array().unwrap().len(), 10);
        assert_eq!(absences(&world, &pull).await, passing);
        assert_eq!(shown(&world, &passing).await, 23, "nothing is archived before somebody decides");

        // One is there again, and of another something is heard.
        world.has_profile("V03", "Nurse again");
        world.announce("profile_update", "V04").await;
        let done = decide(&world, &pull, "approve").await;
        assert_eq!(done["state"], "done", "{done}");
        let counts = &done["absences"];
        assert_eq!([&counts["archived"], &counts["here"], &counts["touched"]], [21, 1, 1]);
        assert_eq!(done["decision"]["verdict"], "approved");
        assert_eq!(done["decision"]["decided_by"].as_str().unwrap().len(), 8);
        assert_eq!(shown(&world, &passing).await, 2);
        assert_eq!(world.headline("V03").await.as_deref(), Some("Nurse again"));
        assert_eq!(world.headline("V04").await.as_deref(), Some("Nurse"));
    }
}

#[actix_web::test]
async fn a_rejection_keeps_all_and_is_the_last_word() {
    for backend in backends() {
        let world = world_with(backend, Wishes { page_size: 50, ..Wishes::default() }, 2, 21).await;
        vanish(&world, &names('V', 21));
        let pull = world.pull("profiles", "full").await;
        let id = pull["id"].as_str().unwrap();
        let approve = format!("/v1/pulls/{id}/approve");
        let request = world.client.post(format!("{}{approve}", world.address));
        let partner = answer(request.header("X-API-KEY", PARTNER_KEY)).await;
        assert_eq!(partner.status, StatusCode::UNAUTHORIZED, "only an operator decides");
        let rejected = decide(&world, &pull, "reject").await;
        assert_eq!(
            (&rejected["state"], &rejected["decision"]["verdict"]),
            (&json!("rejected"), &json!("rejected"))
        );
        assert_eq!(shown(&world, &names('V', 21)).await, 21);
        for verdict in ["approve", "reject"] {
            let again = operate(&world, Method::POST, &format!("/v1/pulls/{id}/{verdict}")).await;
            assert_eq!((again.status, &again.body["code"]), (StatusCode::CONFLICT, &json!("conflict")));
            let unknown = operate(&world, Method::POST, &format!("/v1/pulls/nothing/{verdict}")).await;
            assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        }
    }
}

#[actix_web::test]
async fn a_later_complete_pull_supersedes_one_that_waits() {
    for backend in backends() {
        let world = world_with(backend, Wishes { page_size: 50, ..Wishes::default() }, 2, 21).await;
        vanish(&world, &names('V', 21));
        let waiting = world.pull("profiles", "full").await;
        assert_eq!(waiting["state"], "waiting_for_approval");
        for id in names('V', 21) {
            world.has_profile(&id, "Nurse");
        }
        world.advance(60);
        assert_eq!(world.pull("profiles", "full").await["state"], "done", "nobody is blocked meanwhile");
        let id = waiting["id"].as_str().unwrap();
        assert_eq!(world.pull_state(id).await["state"], "superseded");
        let late = operate(&world, Method::POST, &format!("/v1/pulls/{id}/approve")).await;
        assert_eq!(late.status, StatusCode::CONFLICT);
    }
}

#[actix_web::test]
async fn a_list_that_is_cut_short_archives_nothing_that_lives() {
    for backend in backends() {
        for (absent, state) in
            [(Absent::Confirm, "done"), (Absent::Archive, "waiting_for_approval"), (Absent::Keep, "done")]
        {
            let wishes = Wishes { page_size: 50, tells_total: false, absent, ..Wishes::default() };
            let world = world_with(backend, wishes, 2, 21).await;
            let first: Vec<Value> =
                names('L', 2).iter().map(|id| world.ats.get(Entity::Profile, id).unwrap().into()).collect();
            world.partner_side.fail("GET", "page=1&", page_of(&first));
            let pull = world.pull("profiles", "full").await;
            assert_eq!((&pull["state"], &pull["complete"]), (&json!(state), &json!(true)), "{pull}");
            let asked = if absent == Absent::Confirm { 21 } else { 0 };
            assert_eq!(world.partner_side.count("GET", "/candidates/"), asked);
            assert_eq!(shown(&world, &names('V', 21)).await, 21, "{absent:?}");
        }
    }
}

#[actix_web::test]
async fn an_empty_list_archives_nothing_that_lives() {
    for backend in backends() {
        for absent in [Absent::Confirm, Absent::Archive] {
            let world = world_with(backend, Wishes { absent, ..Wishes::default() }, 3, 0).await;
            world.partner_side.fail("GET", "/candidates?", page_of(&[]));
            let pull = world.pull("profiles", "full").await;
            assert_eq!(pull["state"], "done");
            assert_eq!(pull["complete"], absent == Absent::Confirm, "{pull}");
            assert_eq!(shown(&world, &names('L', 3)).await, 3, "{absent:?}");
        }
    }
}

#[actix_web::test]
async fn one_429_on_a_page_archives_nothing_and_the_next_pull_goes_on() {
    for backend in backends() {
        let wishes = Wishes { page_size: 5, page_attempts: 1, ..Wishes::default() };
        let world = world_with(backend, wishes, 11, 1).await;
        vanish(&world, &names('V', 1));
        world.partner_side.fail("GET", "page=2&", Fault::Status(429, None));
        let failed = world.pull("profiles", "full").await;
        assert_eq!((&failed["state"], &failed["complete"]), (&json!("failed"), &json!(false)));
        assert_eq!(shown(&world, &names('V', 1)).await, 1);
        world.advance(60);
        let next = world.pull("profiles", "full").await;
        assert_eq!((&next["pages"], &next["absences"]["archived"]), (&json!(2), &json!(1)), "{next}");
        assert_eq!(shown(&world, &names('L', 11)).await, 11);
    }
}

#[actix_web::test]
async fn an_object_that_the_service_says_nothing_of_is_kept_until_it_does() {
    for backend in backends() {
        let world = world_with(backend, Wishes { page_attempts: 1, ..Wishes::default() }, 2, 2).await;
        vanish(&world, &names('V', 2));
        world.partner_side.fail("GET", "/candidates/V00", Fault::Status(429, None));
        let pull = world.pull("profiles", "full").await;
        assert_eq!((&pull["absences"]["unclear"], &pull["absences"]["archived"]), (&json!(1), &json!(1)));
        assert!(pull["problem"].as_str().unwrap().contains("did not say"), "{pull}");
        assert_eq!(shown(&world, &names('V', 1)).await, 1);
        world.advance(60);
        assert_eq!(world.pull("profiles", "full").await["absences"]["archived"], 1);
        assert_eq!(shown(&world, &names('V', 2)).await, 0);
    }
}

#[actix_web::test]
async fn a_webhook_during_the_pull_protects_its_object() {
    for backend in backends() {
        // Once before its list is read to the end, and once between the question for it and its archive.
        for (held, verdicts) in [("page=2&", json!(null)), ("/candidates/V00", json!(1))] {
            let world = world_with(backend, Wishes { page_size: 5, ..Wishes::default() }, 6, 1).await;
            vanish(&world, &names('V', 1));
            let gate = Gate::new();
            world.partner_side.fail("GET", held, Fault::HoldAfter(gate.clone()));
            let id = world.start_pull("profiles", "full").await;
            let running = world.begin_pull().await;
            gate.reached().await;
            world.announce("profile_update", "V00").await;
            gate.open();
            running.await.unwrap();
            let pull = world.pull_state(&id).await;
            assert_eq!((&pull["state"], &pull["complete"]), (&json!("done"), &json!(true)), "{pull}");
            assert_eq!(pull["absences"]["touched"], verdicts, "{pull}");
            assert_eq!(world.record("profiles", "V00").await["wanted"], "present");
        }
    }
}

#[actix_web::test]
async fn a_crash_while_asking_goes_on_where_it_was() {
    for backend in backends() {
        let world = world_with(backend, Wishes { page_size: 50, ..Wishes::default() }, 2, 12).await;
        vanish(&world, &names('V', 12));
        let gate = Gate::new();
        // Eight are asked for at a time, so this is one of the second handful.
        world.partner_side.fail("GET", "/candidates/V09", Fault::HoldAfter(gate.clone()));
        let id = world.start_pull("profiles", "full").await;
        let running = world.begin_pull().await;
        gate.reached().await;
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        gate.open();
        assert_eq!(world.pull_state(&id).await["state"], "checking");
        world.advance(26);
        world.settle().await;
        let pull = world.pull_state(&id).await;
        assert_eq!((&pull["state"], &pull["absences"]["archived"]), (&json!("done"), &json!(12)), "{pull}");
        for id in names('V', 8) {
            assert_eq!(world.partner_side.count("GET", &format!("/candidates/{id}")), 1, "{id}");
        }
        assert_eq!(world.partner_side.count("GET", "/candidates?"), 1, "the list is not read again");
    }
}

#[actix_web::test]
async fn many_410s_blow_the_fuse_and_what_they_would_archive_waits_for_approval() {
    for backend in backends() {
        let world = world_with(backend, Wishes { page_size: 50, ..Wishes::default() }, 2, 23).await;
        let passing = names('V', 23);
        world.partner_side.fail_times(usize::MAX, "GET", "/candidates/V", Fault::Status(410, None));
        for id in &passing {
            world.announce("profile_update", id).await;
        }
        world.settle().await;
        let pull = missing(&world).await.expect("it waits");
        let held = absences(&world, &pull).await;
        assert_eq!((&pull["absences"]["gone"], held.len()), (&json!(3), 3), "twenty always may");
        assert_eq!(shown(&world, &passing).await, 3);
        let record = world.record("profiles", &held[0]).await;
        assert!(record["problem"]["detail"].as_str().unwrap().contains("waits for approval"), "{record}");
        assert_eq!(world.partner_side.count("GET", "/candidates/V"), 23);
        world.advance(7200);
        world.settle().await;
        assert_eq!(world.partner_side.count("GET", "/candidates/V"), 23, "they are not asked for meanwhile");

        world.partner_side.heal();
        vanish(&world, &held[1..]);
        let done = decide(&world, &pull, "approve").await;
        assert_eq!(
            (&done["state"], &done["absences"]["archived"], &done["absences"]["here"]),
            (&json!("done"), &json!(2), &json!(1))
        );
        assert_eq!(world.headline(&held[0]).await.as_deref(), Some("Nurse"));
        assert_eq!(shown(&world, &held).await, 1);
    }
}

#[actix_web::test]
async fn many_404s_blow_the_fuse_and_what_is_rejected_is_asked_for_a_day_later() {
    for backend in backends() {
        let world = world_with(backend, Wishes { page_size: 50, ..Wishes::default() }, 2, 21).await;
        vanish(&world, &names('V', 21));
        for id in names('V', 21) {
            world.announce("profile_update", &id).await;
        }
        world.settle().await;
        for wait in [61, 301, 901] {
            assert!(missing(&world).await.is_none());
            world.advance(wait);
            // The service answers for another one, so that its 404s count.
            world.announce("profile_update", "L00").await;
            world.settle().await;
        }
        assert_eq!(shown(&world, &names('V', 21)).await, 1);
        let pull = missing(&world).await.expect("it waits");
        let held = absences(&world, &pull).await;
        let rejected = decide(&world, &pull, "reject").await;
        assert_eq!((&rejected["state"], held.len()), (&json!("rejected"), 1));
        world.partner_side.forget();
        world.advance(3600);
        world.settle().await;
        assert_eq!(world.partner_side.count("GET", "/candidates/V"), 0);
        world.has_profile(&held[0], "Nurse again");
        world.advance(86_400);
        world.settle().await;
        assert_eq!(world.headline(&held[0]).await.as_deref(), Some("Nurse again"));
    }
}
