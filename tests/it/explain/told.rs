//! What an explanation says, and what it says where HrFlow has odd no grade or no score.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    EXPLAIN, GRADING, PLANTED, UPSKILLING, explains, grades, hospital, status_and_code, with_grading,
};
use crate::support::{Fault, OTHER_KEY, Wishes, answer, backends};

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
