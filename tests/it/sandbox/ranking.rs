//! Which objects can be scored, and which one ranks higher.

use serde_json::{Value, json};

use super::{ALGORITHM, BOARD, SOURCE, World};

#[actix_web::test]
async fn scoring_needs_an_algorithm_and_an_object_that_exist() {
    let world = World::new().await;
    world.job("J", Value::Null).await;
    world.profile("P", Value::Null).await;
    let keys = json!([SOURCE]).to_string();
    for (name, value, message) in [
        ("algorithm_key", "no slug", "Invalid parameters. Unable to find object: algorithm"),
        ("job_reference", "unknown", "Invalid parameters. Unable to find object: job"),
        ("board_key", "nonsense", "Invalid parameters. Unable to find object: board"),
        ("source_keys", "[\"nonsense\"]", "Invalid parameters. Unable to find object: source"),
    ] {
        let mut query = vec![
            ("source_keys", keys.as_str()),
            ("board_key", BOARD),
            ("job_reference", "J"),
            ("algorithm_key", ALGORITHM),
            ("use_agent", "1"),
        ];
        assert_eq!(world.get("profiles/scoring", &query).await.code, 200);
        query.retain(|(sent, _)| *sent != name);
        query.push((name, value));
        let reply = world.get("profiles/scoring", &query).await;
        assert_eq!((reply.code, reply.message()), (400, message));
    }
    let plain = world.score_profiles("J", &[("use_algorithm", "0")]).await;
    assert_eq!(plain.data()["predictions"], json!([[1.0, 0.0]]));
}

#[actix_web::test]
async fn the_better_match_ranks_higher_both_ways() {
    let world = World::new().await;
    let people = [
        ("baker", "Baker", "Bread, dough, ovens and pastry in a bakery.", "Baking"),
        ("driver", "Truck driver", "Drives lorries across Europe, delivers freight.", "Driving"),
        ("developer", "Rust developer", "Builds backend services in Rust and PostgreSQL.", "Rust"),
    ];
    for (reference, title, text, skill) in people {
        let more = json!({"text": text, "experiences": [{"title": title, "description": text}], "skills": [{"name": skill}]});
        world.profile(reference, more.clone()).await;
        world.job(reference, json!({"name": title, "summary": text, "skills": [{"name": skill}]})).await;
    }
    for (reference, ..) in people {
        for scored in [
            world.score_profiles(reference, &[("sort_by", "scoring")]).await,
            world.score_jobs(reference, &[]).await,
        ] {
            assert_eq!(scored.references()[0], reference);
            let scores = scored.scores();
            assert!(scores.is_sorted_by(|one, other| one >= other), "{scores:?}");
            assert!(scores.iter().all(|score| 0.0 < *score && *score < 1.0), "{scores:?}");
            assert!(scores[0] > 0.5 && scores[1] < 0.5, "{scores:?}");
            let pairs = scored.data()["predictions"].as_array().unwrap();
            assert!(
                pairs
                    .iter()
                    .all(|pair| (pair[0].as_f64().unwrap() + pair[1].as_f64().unwrap() - 1.0).abs() < 1e-9)
            );
            assert_eq!(scored.body["meta"]["count"], 3);
        }
    }
    let best = world.score_profiles("baker", &[("score_threshold", "0.5")]).await;
    assert_eq!((best.references(), &best.body["meta"]["total"]), (vec!["baker"], &json!(1)));
    // Another order keeps scores with their objects; a filter changes no score.
    let by_date = world.score_profiles("baker", &[("sort_by", "created_at"), ("order_by", "asc")]).await;
    let at = by_date.references().iter().position(|reference| *reference == "baker").unwrap();
    assert_eq!(by_date.scores()[at].to_bits(), best.scores()[0].to_bits());
    let filtered = world.score_profiles("baker", &[("text_keywords", "[\"freight\"]")]).await;
    assert_eq!(filtered.references(), ["driver"]);
    let all = world.score_profiles("baker", &[]).await;
    assert!(all.scores().contains(&filtered.scores()[0]));
}

#[actix_web::test]
async fn what_both_sides_say_moves_the_score() {
    let world = World::new().await;
    let place = |lat: f64, lng: f64| json!({"lat": lat, "lng": lng});
    world
        .job(
            "J",
            json!({
                "skills": [{"name": "Baking"}, {"name": "Pastry"}], "languages": [{"name": "French"}],
                "ranges_float": [{"name": "years of experience", "value_min": 3, "value_max": 6}],
            }),
        )
        .await;
    let skills = json!([{"name": "Baking"}, {"name": "Pastry"}]);
    world.profile("plain", Value::Null).await;
    world.profile("skilled", json!({"skills": skills})).await;
    world.profile("near", json!({"info": {"email": "e", "location": place(45.76, 4.83)}})).await;
    world.profile("far", json!({"info": {"email": "e", "location": place(60.0, 25.0)}})).await;
    world.profile("seasoned", json!({"experiences_duration": 4})).await;
    world.profile("new", json!({"experiences_duration": 0})).await;
    world.profile("french", json!({"languages": [{"name": "french", "value": "native"}]})).await;
    let scored = world.score_profiles("J", &[]).await;
    let place_of =
        |reference: &str| scored.references().iter().position(|found| *found == reference).unwrap();
    for (better, worse) in [
        ("skilled", "plain"),
        ("near", "plain"),
        ("plain", "far"),
        ("seasoned", "plain"),
        ("plain", "new"),
        ("french", "plain"),
    ] {
        assert!(place_of(better) < place_of(worse), "{better} before {worse}: {:?}", scored.references());
    }
}

#[actix_web::test]
async fn only_eligible_profiles_are_found_and_scored() {
    let world = World::new().await;
    world.job("J", Value::Null).await;
    world.profile("both", Value::Null).await;
    world.profile("found", json!({"skills": []})).await;
    world.profile("neither", json!({"info": {"phone": "1"}})).await;
    let mut found =
        world.search_profiles(&[]).await.references().iter().map(ToString::to_string).collect::<Vec<_>>();
    found.sort_unstable();
    assert_eq!(found, ["both", "found"]);
    assert_eq!(world.score_profiles("J", &[]).await.references(), ["both"]);
    assert_eq!(world.score_jobs("both", &[]).await.references(), ["J"]);
    assert_eq!(world.score_jobs("found", &[]).await.code, 400);
}

/// Most objects are not scored at all where few are asked for: it must not show.
#[actix_web::test]
async fn a_page_has_what_the_whole_ranking_has_there() {
    let world = World::new().await;
    let (titles, skills) = (["Baker", "Driver", "Rust developer"], ["Rust", "SQL", "Baking", "Sales"]);
    for number in 0..90 {
        let more = json!({
            "text": format!("{} who knows {} and builds services", titles[number % 3], skills[number % 4]),
            "experiences": [{"title": titles[number / 3 % 3]}],
            "experiences_duration": number % 11,
            "skills": skills.iter().take(number % 5).map(|name| json!({"name": name})).collect::<Vec<_>>(),
        });
        world.profile(&format!("P{number}"), more).await;
    }
    let job = json!({
        "name": "Rust developer", "summary": "Builds backend services in Rust and SQL", "skills": [{"name": "Rust"}],
        "ranges_float": [{"name": "experience", "value_min": 4, "value_max": 6}],
    });
    world.job("J", job).await;
    let whole = world.score_profiles("J", &[("limit", "1000")]).await;
    let (references, scores) = (whole.references(), whole.scores());
    assert_eq!(references.len(), 90);
    for page in 1..=13 {
        let paged = [("limit", "7"), ("page", &*page.to_string())];
        let found = world.score_profiles("J", &paged).await;
        let first = (page - 1) * 7;
        assert_eq!(found.references(), references[first..(first + 7).min(90)], "page {page}");
        assert_eq!(found.body["meta"]["total"], 90, "page {page}");
    }
    for place in [0, 10, 45, 89] {
        let least = scores[place].to_string();
        let found = world.score_profiles("J", &[("limit", "3"), ("score_threshold", &least)]).await;
        let total = scores.iter().filter(|score| **score >= scores[place]).count();
        assert_eq!(found.body["meta"]["total"], total, "from {least}");
        assert_eq!(found.references(), references[..total.min(3)], "from {least}");
    }
}
