//! What is forgotten: who was erased, and exports whose time is over.

use oem_connector::flows::{export, retention};
use oem_connector::store::exports;
use oem_connector::store::exports::lines::{Content, Match};
use reqwest::StatusCode;
use serde_json::json;

use super::{lines, listed, start, state, work};
use crate::support::{Fault, Gate, OPERATOR_KEY, Wishes, answer, backends, hospital};

#[actix_web::test]
async fn an_erased_person_is_in_no_line_any_more() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let of_jobs = start(&world, &json!({"ranked": "profiles"})).await;
        let of_profiles = start(&world, &json!({"ranked": "jobs"})).await;
        work(&world.context).await;
        let waiting = start(&world, &json!({"ranked": "jobs", "references": ["P1", "P2"]})).await;
        let before = lines(&world, &of_jobs, 0).await;
        assert!(before.iter().all(|line| listed(line).contains(&"P1")), "{before:?}");
        let path = "/v1/records/profiles/P1/erase?partner=acme";
        let asked = world.client.post(format!("{}{path}", world.address)).header("X-API-KEY", OPERATOR_KEY);
        assert_eq!(answer(asked).await.status, StatusCode::ACCEPTED);
        world.settle().await;

        let after = lines(&world, &of_jobs, 0).await;
        for (before, after) in before.iter().zip(&after) {
            let others: Vec<&str> = listed(before).into_iter().filter(|name| *name != "P1").collect();
            assert_eq!(listed(after), others, "the others stay as they were");
        }
        work(&world.context).await;
        for id in [of_profiles, waiting] {
            let told = lines(&world, &id, 0).await;
            assert!(told.iter().all(|line| line["profile_reference"] != "P1"), "{told:?}");
            assert_eq!(state(&world, &id).await["state"], "done");
        }
        let kept = world.database.dump();
        let kept: Vec<&str> =
            kept.lines().filter(|line| line.starts_with("export") && line.contains("P1\"")).collect();
        assert_eq!(kept, Vec::<&str>::new());
    }
}

#[actix_web::test]
async fn a_person_who_is_erased_while_hrflow_answers_comes_into_no_line() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let id = start(&world, &json!({"ranked": "profiles", "references": ["J1"]})).await;
        let gate = Gate::new();
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldAfter(gate.clone()));
        let context = world.context.clone();
        let working = actix_web::rt::spawn(async move { work(&context).await });
        gate.reached().await;
        let path = "/v1/records/profiles/P1/erase?partner=acme";
        let asked = world.client.post(format!("{}{path}", world.address)).header("X-API-KEY", OPERATOR_KEY);
        assert_eq!(answer(asked).await.status, StatusCode::ACCEPTED);
        gate.open();
        working.await.unwrap();
        let told = lines(&world, &id, 0).await;
        assert_eq!((told.len(), listed(&told[0]).contains(&"P1")), (1, false), "{told:?}");
        assert_eq!(world.database.number("SELECT count(*) FROM export_names WHERE reference = 'P1'"), 0);
    }
}

#[actix_web::test]
async fn a_name_that_was_erased_after_it_was_read_is_not_written_down() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let id = start(&world, &json!({"ranked": "profiles", "references": ["J1"]})).await;
        let claimed = export::claim(&world.context, world.acme()).await.unwrap().unwrap();
        let path = "/v1/records/profiles/P1/erase?partner=acme";
        let asked = world.client.post(format!("{}{path}", world.address)).header("X-API-KEY", OPERATOR_KEY);
        assert_eq!(answer(asked).await.status, StatusCode::ACCEPTED);
        let late = world.context.store.write(move |db| {
            let token = claimed.lease.clone().unwrap();
            let mut held = exports::held(db, &claimed.id, &token)?.unwrap();
            let found = |reference: &str, rank| Match { reference: reference.to_owned(), score: 0.5, rank };
            let content = Content::Matches(vec![found("P1", 1), found("P2", 2)]);
            exports::lines::write(db, &mut held, 1, &content, 0)
        });
        late.await.unwrap();
        let told = lines(&world, &id, 0).await;
        assert_eq!(listed(&told[0]), ["P2"]);
        assert_eq!(world.database.number("SELECT count(*) FROM export_names WHERE reference = 'P1'"), 0);
    }
}

#[actix_web::test]
async fn an_ended_export_is_deleted_when_its_time_is_over_and_an_open_one_is_not() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let id = start(&world, &json!({"ranked": "profiles"})).await;
        work(&world.context).await;
        world.advance(7 * 86_400);
        while retention::forget(&world.context).await.unwrap() > 0 {}
        assert_eq!(state(&world, &id).await["state"], "done", "not a moment too early");
        let open = start(&world, &json!({"ranked": "profiles"})).await;
        world.advance(1);
        while retention::forget(&world.context).await.unwrap() > 0 {}
        assert_eq!(world.get(&format!("/v1/exports/{id}")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(state(&world, &open).await["state"], "waiting");
        for table in ["export_lines", "export_names"] {
            assert_eq!(world.database.number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
        }
    }
}
