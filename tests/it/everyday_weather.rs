//! The weather in which the closest peer loses data, one test for each row of its failure table: here nothing is lost,
//! nothing live is archived, and a pull that is not whole does not call itself done.
//!
//! Measured on hrflow-connectors 4.28.0 against the same kind of fakes: one 429 archives 1,001 live jobs, an outage of HrFlow
//! loses the whole delta, a crash starts over.

use std::time::Duration;

use oem_connector::flows::{index, lease, pull};
use oem_connector::model::Entity;
use serde_json::Value;

use crate::support::{Backend, Fault, Gate, Wishes, World, backends};

const JOBS: usize = 48;

/// A board in step: twelve pages of four.
async fn board(backend: Backend) -> World {
    let world = World::with(
        backend,
        Wishes { page_size: 4, call_timeout: Duration::from_secs(2), ..Wishes::default() },
    )
    .await;
    for number in 0..JOBS {
        world.has_job(&reference(number), "as it was");
    }
    world.pull("jobs", "full").await;
    assert_eq!(live(&world).await, JOBS);
    world.hrflow_side.forget();
    world.partner_side.forget();
    world.advance(3600);
    world
}

fn reference(number: usize) -> String {
    format!("J{number:03}")
}

/// How many of the jobs HrFlow shows.
async fn live(world: &World) -> usize {
    let mut live = 0;
    for number in 0..JOBS {
        live += usize::from(world.in_hrflow(Entity::Job, &reference(number)).await.is_some());
    }
    live
}

async fn title(world: &World, number: usize) -> Option<String> {
    let job = world.in_hrflow(Entity::Job, &reference(number)).await?;
    job["name"].as_str().map(str::to_owned)
}

/// Lets time pass until nothing is due any more.
async fn work_off(world: &World) {
    for _ in 0..100 {
        world.settle().await;
        let Some(wait) = lease::next_due_in(&world.context, world.acme()).await.unwrap() else { return };
        world.advance(wait.as_secs() + 1);
    }
    panic!("it never comes to rest");
}

fn archives(world: &World) -> usize {
    world.hrflow_side.count("PATCH", "archive")
}

#[actix_web::test]
async fn one_429_on_page_eleven_delays_the_pull_and_archives_nothing() {
    for backend in backends() {
        let world = board(backend).await;
        // Asked for in order, the eleventh page is the eleventh call.
        world.partner_side.fail("GET", "page=11&", Fault::Status(429, Some(1)));
        let pull = world.pull("jobs", "full").await;
        assert_eq!((&pull["state"], &pull["seen"]), (&Value::from("done"), &Value::from(JOBS)), "{pull}");
        assert_eq!((archives(&world), live(&world).await), (0, JOBS));
    }
}

#[actix_web::test]
async fn a_429_on_page_eleven_that_does_not_end_fails_the_pull_and_the_next_one_goes_on_from_there() {
    for backend in backends() {
        let world = board(backend).await;
        world.partner_side.fail("GET", "page=11&", Fault::Status(429, Some(120)));
        let pull = world.pull("jobs", "full").await;
        assert_eq!((&pull["state"], &pull["pages"]), (&Value::from("failed"), &Value::from(10)), "{pull}");
        assert_eq!((archives(&world), live(&world).await), (0, JOBS));
        world.advance(120);
        let pull = world.pull("jobs", "full").await;
        assert_eq!(
            (&pull["state"], &pull["seen"]),
            (&Value::from("done"), &Value::from(JOBS - 40)),
            "{pull}"
        );
        assert_eq!((archives(&world), live(&world).await), (0, JOBS));
        assert_eq!(world.hrflow_side.writes(), 0, "nothing had changed");
    }
}

#[actix_web::test]
async fn one_429_on_a_detail_delays_one_job() {
    for backend in backends() {
        let world = board(backend).await;
        for number in 0..20 {
            world.has_job(&reference(number), "as it is");
            world.announce("job_update", &reference(number)).await;
        }
        world.partner_side.fail("GET", "/vacancies/J010", Fault::Status(429, Some(1)));
        work_off(&world).await;
        for number in 0..20 {
            assert_eq!(title(&world, number).await.as_deref(), Some("as it is"));
        }
        assert_eq!((archives(&world), live(&world).await, world.hrflow_side.writes()), (0, JOBS, 20));
    }
}

#[actix_web::test]
async fn a_delta_that_meets_an_hrflow_that_answers_503_throughout_is_not_lost() {
    for backend in backends() {
        let world = board(backend).await;
        for number in 0..30 {
            world.has_job(&reference(number), "as it is");
        }
        for method in ["POST", "PUT", "PATCH"] {
            world.hrflow_side.fail_times(usize::MAX, method, "/job/indexing", Fault::Status(503, None));
        }
        let pull = world.pull("jobs", "delta").await;
        assert_eq!(pull["state"], "done", "it is read and durably recorded: {pull}");
        for _ in 0..6 {
            world.advance(400);
            world.settle().await;
        }
        assert_eq!(world.record("jobs", &reference(0)).await["state"], "pending");
        world.hrflow_side.heal();
        work_off(&world).await;
        for number in 0..30 {
            assert_eq!(title(&world, number).await.as_deref(), Some("as it is"));
            assert_eq!(world.record("jobs", &reference(number)).await["state"], "indexed");
        }
        assert_eq!((archives(&world), live(&world).await), (0, JOBS));
    }
}

#[actix_web::test]
async fn a_hundred_429s_of_hrflow_cost_time_and_no_job() {
    for backend in backends() {
        let world = board(backend).await;
        for number in 0..JOBS {
            world.has_job(&reference(number), "as it is");
        }
        world.hrflow_side.fail_times(100, "PUT", "/job/indexing", Fault::Status(429, None));
        world.pull("jobs", "delta").await;
        work_off(&world).await;
        for number in 0..JOBS {
            assert_eq!(title(&world, number).await.as_deref(), Some("as it is"), "{}", reference(number));
        }
        assert_eq!((archives(&world), live(&world).await), (0, JOBS));
    }
}

#[actix_web::test]
async fn an_hrflow_that_accepts_a_write_and_never_answers_is_left_and_asked_again() {
    for backend in backends() {
        let world = board(backend).await;
        world.has_job("J999", "new");
        world.hrflow_side.fail("POST", "/job/indexing", Fault::HoldAfter(Gate::new()));
        world.announce("job_create", "J999").await;
        world.settle().await;
        assert_eq!(world.record("jobs", "J999").await["problem"]["code"], "upstream_timed_out");
        let before = world.count_in_hrflow(Entity::Job).await;
        work_off(&world).await;
        assert_eq!(world.record("jobs", "J999").await["state"], "indexed");
        assert_eq!(world.count_in_hrflow(Entity::Job).await, before, "the job is there once");
        assert_eq!(world.hrflow_side.count("POST", "/job/indexing"), 1, "then it is edited");
    }
}

#[actix_web::test]
async fn an_item_that_hrflow_rejects_is_set_aside_alone() {
    for backend in backends() {
        let world = board(backend).await;
        for number in 0..20 {
            world.has_job(&reference(number), "as it is");
        }
        let refusal = r#"{"code": 400, "message": "Invalid parameters. name: too long"}"#;
        let rejected = Fault::Answer(400, refusal.to_owned());
        world.hrflow_side.fail_times(5, "PUT", "/job/indexing", rejected);
        world.pull("jobs", "delta").await;
        work_off(&world).await;
        let mut set_aside = 0;
        for number in 0..20 {
            let record = world.record("jobs", &reference(number)).await;
            match record["state"].as_str() {
                Some("set_aside") => set_aside += 1,
                _ => assert_eq!(title(&world, number).await.as_deref(), Some("as it is"), "{record}"),
            }
        }
        assert!(set_aside <= 5, "{set_aside} were set aside by five refusals");
        assert_eq!((archives(&world), live(&world).await), (0, JOBS));
    }
}

#[actix_web::test]
async fn a_crash_while_reading_repeats_at_most_a_page() {
    for backend in backends() {
        let world = board(backend).await;
        let gate = Gate::new();
        world.partner_side.fail("GET", "page=8&", Fault::HoldAfter(gate.clone()));
        let id = world.start_pull("jobs", "full").await;
        let reading = world.begin_pull().await;
        gate.reached().await;
        reading.abort();
        gate.open();
        world.advance(26);
        world.settle().await;
        let pull = world.pull_state(&id).await;
        assert_eq!((&pull["state"], &pull["seen"]), (&Value::from("done"), &Value::from(JOBS)), "{pull}");
        assert_eq!(world.partner_side.count("GET", "page=7&"), 1, "what was recorded is not read again");
        assert_eq!(world.partner_side.count("GET", "page=8&"), 2);
        assert_eq!((archives(&world), live(&world).await, world.hrflow_side.writes()), (0, JOBS, 0));
    }
}

#[actix_web::test]
async fn a_crash_while_writing_writes_again_what_was_under_way_and_nothing_else() {
    for backend in backends() {
        let world = board(backend).await;
        for number in 0..30 {
            world.has_job(&reference(number), "as it is");
        }
        world.start_pull("jobs", "delta").await;
        let claimed = pull::claim(&world.context, world.acme()).await.unwrap().unwrap();
        pull::run(&world.context, world.acme(), claimed).await.unwrap();
        for leased in lease::claim(&world.context, world.acme(), 15).await.unwrap() {
            index::work(&world.context, world.acme(), leased).await.unwrap();
        }
        let gate = Gate::new();
        world.hrflow_side.fail("PUT", "/job/indexing", Fault::HoldAfter(gate.clone()));
        let writing = world.begin_work().await;
        gate.reached().await;
        writing.abort();
        gate.open();
        world.advance(26);
        work_off(&world).await;
        for number in 0..30 {
            assert_eq!(title(&world, number).await.as_deref(), Some("as it is"));
        }
        assert_eq!(world.hrflow_side.writes(), 31, "one of the thirty twice");
        assert_eq!((archives(&world), live(&world).await), (0, JOBS));
    }
}
