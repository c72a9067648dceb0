//! Every match answer says how far HrFlow is behind what the partner told us.

use oem_connector::flows::pull;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Backend, Fault, Gate, Wishes, World, backends};

const SCORE_PROFILES: &str = "/v1/profiles/scoring?job_reference=J1";
const SEARCH_PROFILES: &str = "/v1/profiles/searching";

async fn hospital(backend: Backend, wishes: Wishes) -> World {
    let world = World::with(backend, wishes).await;
    world.has_job("J1", "Night nurse");
    world.has_profile("P1", "Night nurse");
    world.has_profile("P2", "Sailor");
    world.pull("jobs", "full").await;
    world.pull("profiles", "full").await;
    world.advance(60);
    world
}

/// The answer's freshness, and whether what was asked about is stale.
async fn freshness(world: &World, path: &str) -> (Value, Value) {
    let mut answer = world.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    (answer.body["freshness"].take(), answer.body["stale"].take())
}

/// Reads the one pull that is due, without indexing what it lists.
async fn read_pull(world: &World) {
    let claimed = pull::claim(&world.context, world.acme()).await.unwrap().unwrap();
    pull::run(&world.context, world.acme(), claimed).await.unwrap();
}

#[actix_web::test]
async fn an_answer_is_as_of_now_when_nothing_is_on_its_way() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let expected = json!({
            "as_of": world.now(), "pending": 0, "more_pending": false,
            "coverage": {"profiles": {"seen": 2, "total": 2}},
        });
        assert_eq!(freshness(&world, SCORE_PROFILES).await, (expected.clone(), json!(false)));
        assert_eq!(freshness(&world, SEARCH_PROFILES).await, (expected, json!(false)));
        let (jobs, _) = freshness(&world, "/v1/jobs/searching").await;
        assert_eq!(jobs["coverage"], json!({"jobs": {"seen": 1, "total": 1}}));
    }
}

#[actix_web::test]
async fn it_is_as_of_the_oldest_change_that_waits_whatever_it_waits_for() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let first = world.now();
        world.has_profile("P2", "Sailor, at sea");
        world.announce("profile_update", "P2").await;
        world.advance(30);
        world.has_profile("P1", "Night nurse, in the ward");
        world.announce("profile_update", "P1").await;
        world.partner_side.fail_times(usize::MAX, "GET", "/candidates/P2", Fault::Status(503, None));
        for pending in [2, 1] {
            for path in [SCORE_PROFILES, SEARCH_PROFILES] {
                let (freshness, _) = freshness(&world, path).await;
                assert_eq!(
                    (&freshness["as_of"], &freshness["pending"]),
                    (&json!(first), &json!(pending)),
                    "{path}"
                );
            }
            // P1 gets through, P2 does not.
            world.settle().await;
        }
        world.partner_side.heal();
        world.advance(600);
        world.settle().await;
        let (freshness, stale) = freshness(&world, SCORE_PROFILES).await;
        assert_eq!((&freshness["as_of"], &freshness["pending"]), (&json!(world.now()), &json!(0)));
        assert_eq!(stale, json!(false), "the job was not touched");
    }
}

#[actix_web::test]
async fn what_is_asked_about_is_stale_while_a_change_of_it_is_on_its_way() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        world.has_job("J1", "Night nurse, in the ward");
        world.announce("job_update", "J1").await;
        assert_eq!(freshness(&world, SCORE_PROFILES).await.1, json!(true));
        assert_eq!(freshness(&world, "/v1/jobs/scoring?profile_reference=P1").await.1, json!(false));
        world.settle().await;
        assert_eq!(freshness(&world, SCORE_PROFILES).await.1, json!(false));
    }
}

#[actix_web::test]
async fn what_is_settled_while_hrflow_answers_is_not_in_its_answer() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let changed = world.now();
        world.announce("job_update", "J1").await;
        let gate = Gate::new();
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldAfter(gate.clone()));
        let asking = freshness(&world, SCORE_PROFILES);
        let meanwhile = async {
            gate.reached().await;
            world.advance(5);
            world.settle().await;
            gate.open();
        };
        let ((freshness, stale), ()) = tokio::join!(asking, meanwhile);
        assert_eq!((&freshness["as_of"], &stale), (&json!(changed), &json!(true)));
    }
}

#[actix_web::test]
async fn what_was_set_aside_waits_for_another_change_and_does_not_count() {
    for backend in backends() {
        let wishes = Wishes {
            profile_map: format!(
                "if .headline == \"odd\" then null else . end | {}",
                oem_connector::demo::PROFILE_MAP
            ),
            ..Wishes::default()
        };
        let world = hospital(backend, wishes).await;
        world.has_profile("P2", "odd");
        world.announce("profile_update", "P2").await;
        for _ in 0..8 {
            world.settle().await;
            world.advance(600);
        }
        assert_eq!(world.record("profiles", "P2").await["state"], "set_aside");
        assert_eq!(freshness(&world, SEARCH_PROFILES).await.0["pending"], 0);
    }
}

#[actix_web::test]
async fn a_great_many_changes_are_counted_to_a_thousand_and_an_import_tells_how_far_it_is() {
    for backend in backends() {
        let wishes = Wishes { page_size: 500, due_records: 10_000, page_attempts: 1, ..Wishes::default() };
        let world = World::with(backend, wishes).await;
        for number in 0..1_100 {
            world.has_profile(&format!("P{number}"), "Nurse");
        }
        let (before, _) = freshness(&world, SEARCH_PROFILES).await;
        assert_eq!(before["coverage"], Value::Null, "no import was ever asked for");
        world.partner_side.fail("GET", "page=2", Fault::Status(503, None));
        world.start_pull("profiles", "full").await;
        read_pull(&world).await;
        let (half, _) = freshness(&world, SEARCH_PROFILES).await;
        assert_eq!((&half["pending"], &half["more_pending"]), (&json!(500), &json!(false)));
        assert_eq!(half["coverage"], json!({"profiles": {"seen": 500, "total": 1100}}));
        world.start_pull("profiles", "full").await;
        read_pull(&world).await;
        let (all, _) = freshness(&world, SEARCH_PROFILES).await;
        assert_eq!((&all["pending"], &all["more_pending"]), (&json!(1000), &json!(true)));
        // The second pull went on where the first one failed.
        assert_eq!(all["coverage"], json!({"profiles": {"seen": 1100, "total": 1100}}));
        world.start_pull("profiles", "full").await;
        let (again, _) = freshness(&world, SEARCH_PROFILES).await;
        assert_eq!(again["coverage"], all["coverage"], "a list that is read again takes nothing away");
        // Another partner's changes are not this one's.
        let others = world.client.get(format!("{}{SEARCH_PROFILES}", world.address));
        let others = crate::support::answer(others.header("X-API-KEY", crate::support::OTHER_KEY)).await;
        assert_eq!(others.body["freshness"]["pending"], 0, "{}", others.body);
    }
}
