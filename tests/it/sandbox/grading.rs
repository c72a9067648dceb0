//! Grading chosen pairs, and explaining them.

use serde_json::{Value, json};

use super::{ALGORITHM, BOARD, SOURCE, World};

/// A job for a developer, and three people of whom one is a baker.
async fn office() -> World {
    let world = World::new().await;
    let place = |lat: f64, lng: f64| json!({"lat": lat, "lng": lng});
    let skills = |names: &[&str]| names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>();
    world
        .job(
            "J",
            json!({
                "name": "Software developer", "location": place(45.764, 4.8357),
                "summary": "Builds payment services in Rust on PostgreSQL and runs them on Kubernetes.",
                "skills": skills(&["Rust", "SQL", "Kubernetes"]),
                "ranges_float": [{"name": "experience", "value_min": 3, "value_max": 6}],
                "languages": [{"name": "French"}],
            }),
        )
        .await;
    let text = "Wrote payment services in Rust.";
    world
        .profile(
            "developer",
            json!({
                "text": text, "experiences": [{"title": "Application developer", "description": text}],
                "skills": skills(&["Rust", "SQL"]), "experiences_duration": 4,
                "languages": [{"name": "French"}],
                "info": {"email": "d@example.org", "location": place(45.70, 4.80)},
            }),
        )
        .await;
    world.profile("baker", json!({"experiences": [{"title": "Baker"}], "experiences_duration": 0})).await;
    world.profile("unscorable", json!({"skills": []})).await;
    world
}

const JOB: [(&str, &str); 3] = [("board_key", BOARD), ("job_reference", "J"), ("algorithm_key", ALGORITHM)];

#[actix_web::test]
async fn a_grade_is_the_score_of_the_list() {
    let world = office().await;
    let listed = world.score_profiles("J", &[]).await;
    for (reference, score) in listed.references().into_iter().zip(listed.scores()) {
        let one = [("source_key", SOURCE), ("profile_reference", reference)];
        let graded = world.get("profile/grading", &[&JOB[..], &one[..]].concat()).await;
        assert_eq!(graded.code, 200, "{}", graded.body);
        assert!(graded.message().starts_with("Grading finished in "), "{}", graded.message());
        assert_eq!(graded.data()["score"].as_f64(), Some(score));
        assert_eq!(graded.data()["scores"][0][1].as_f64(), Some(score));
        assert_eq!(graded.data()["profiles"], json!([null]));
    }
    let listed = world.score_jobs("developer", &[]).await;
    let pair = [("source_key", SOURCE), ("profile_reference", "developer"), ("return_job", "true")];
    let graded = world.get("job/grading", &[&JOB[..], &pair[..]].concat()).await;
    assert_eq!(graded.data()["score"].as_f64(), Some(listed.scores()[0]));
    assert_eq!(graded.data()["jobs"][0]["reference"], "J");
}

#[actix_web::test]
async fn a_batch_is_graded_in_its_order_and_tells_what_it_could_not_grade() {
    let world = office().await;
    let batch = [
        ("profile_ids[0][source_key]", SOURCE),
        ("profile_ids[0][profile_reference]", "baker"),
        ("profile_ids[1][source_key]", SOURCE),
        ("profile_ids[1][profile_reference]", "nobody"),
        ("profile_ids[2][source_key]", SOURCE),
        ("profile_ids[2][profile_reference]", "unscorable"),
        ("profile_ids[3][source_key]", SOURCE),
        ("profile_ids[3][profile_reference]", "developer"),
    ];
    let graded = world.get("profile/grading", &[&JOB[..], &batch[..]].concat()).await;
    let data = graded.data();
    assert!(data["scores"][3][1].as_f64() > data["scores"][0][1].as_f64(), "{data}");
    assert_eq!((&data["scores"][1], &data["scores"][2]), (&Value::Null, &Value::Null));
    assert_eq!(data["errors"][1], "Invalid parameters. Unable to find object: profile");
    assert_eq!(data["errors"][2], "Invalid parameters. This profile is not in the scoring index");
    assert_eq!((&data["errors"][0], &data["score"]), (&Value::Null, &Value::Null));
    assert_eq!(data["profiles"].as_array().unwrap().len(), 4);
}

#[actix_web::test]
async fn a_grade_needs_both_sides_and_an_algorithm() {
    let world = office().await;
    let one = [("source_key", SOURCE), ("profile_reference", "baker")];
    let whole = [&JOB[..], &one[..]].concat();
    for missing in ["board_key", "job_reference", "algorithm_key", "source_key", "profile_reference"] {
        let query: Vec<_> = whole.iter().copied().filter(|(name, _)| *name != missing).collect();
        let refused = world.get("profile/grading", &query).await;
        assert_eq!(refused.code, 400);
        assert!(refused.message().contains(missing), "{}", refused.message());
    }
}

#[actix_web::test]
async fn an_explanation_names_what_made_the_score() {
    let world = office().await;
    let explained = |reference: &'static str, language: &'static str| {
        let more = [
            ("source_key", SOURCE),
            ("profile_reference", reference),
            ("score", "0.7"),
            ("output_lang", language),
        ];
        let query = [&JOB[..2], &more[..]].concat();
        let world = &world;
        async move {
            let answer = world.get("profile/upskilling", &query).await;
            assert_eq!(answer.code, 200, "{}", answer.body);
            let names = |list: &str| -> Vec<String> {
                let points = answer.data()[list].as_array().unwrap().iter();
                points.map(|point| format!("{} | {}", point["name"], point["description"])).collect()
            };
            (names("strengths"), names("weaknesses"))
        }
    };
    let (strengths, weaknesses) = explained("developer", "en").await;
    for told in
        ["Occupation: ", "Skills both name: rust, sql", "Location: 8 km", "Experience: 4 years", "payment"]
    {
        assert!(strengths.iter().any(|point| point.contains(told)), "{told}: {strengths:?}");
    }
    assert!(
        weaknesses.iter().any(|point| point.contains("Asked for and not found: kubernetes")),
        "{weaknesses:?}"
    );
    let (strengths, weaknesses) = explained("baker", "fr").await;
    assert!(strengths.iter().all(|point| !point.contains("Métier")), "{strengths:?}");
    for told in
        ["Autre métier : baker", "Demandé et non trouvé : kubernetes, rust, sql", "Expérience : 0 ans"]
    {
        assert!(weaknesses.iter().any(|point| point.contains(told)), "{told}: {weaknesses:?}");
    }
}

#[actix_web::test]
async fn an_explanation_needs_the_score_that_it_explains() {
    let world = office().await;
    let pair = [("source_key", SOURCE), ("profile_reference", "baker")];
    let query = [&JOB[..2], &pair[..]].concat();
    for (more, message) in [
        (&[][..], "Invalid parameters. score is needed"),
        (&[("score", "1.5")][..], "Invalid parameters. score must be from 0 to 1"),
        (
            &[("score", "0.5"), ("output_lang", "de")][..],
            "Invalid parameters. output_lang must be one of en, fr",
        ),
    ] {
        let refused = world.get("job/upskilling", &[&query[..], more].concat()).await;
        assert_eq!((refused.code, refused.message()), (400, message));
    }
}
