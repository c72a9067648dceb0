//! Which objects a search finds.

use serde_json::{Value, json};

use super::{BOARD, World};

#[actix_web::test]
async fn filters_of_jobs_keep_what_meets_them() {
    let world = World::new().await;
    let tags = |pairs: &[(&str, Value)]| {
        pairs.iter().map(|(name, value)| json!({"name": name, "value": value})).collect::<Vec<_>>()
    };
    world.job("paris", json!({
        "name": "Pastry chef", "location": {"text": "Paris", "lat": 48.8566, "lng": 2.3522}, "summary": "Running an oven",
        "skills": [{"name": "Chocolate"}], "languages": [{"name": "French", "value": "Fluent"}],
        "tags": tags(&[("contract", json!("permanent")), ("remote", json!(true))]),
        "ranges_float": [{"name": "salary", "value_min": 30_000, "value_max": 40_000, "unit": "eur"}],
        "ranges_date": [{"name": "start", "value_min": "2026-04-01T00:00:00.000Z", "value_max": "2026-06-01"}],
        "created_at": "2026-01-10T12:00:00+0000",
    })).await;
    world
        .job(
            "lyon",
            json!({
                "tags": tags(&[("contract", json!("temporary"))]), "created_at": "2026-02-10T12:00:00+0000",
            }),
        )
        .await;
    for (name, value, expected) in [
        ("names", "[\"pastry\",\"nobody\"]", vec!["paris"]),
        ("name", "baker", vec!["lyon"]),
        ("summary_keywords", "[\"run\"]", vec!["paris"]),
        ("text_keywords", "[\"ovens\",\"chef\"]", vec!["paris"]),
        ("text_keywords", "[\"ovens\",\"baker\"]", vec![]),
        ("skills", "[{\"name\":\"chocolate\",\"value\":null}]", vec!["paris"]),
        ("languages", "[{\"name\":\"French\",\"value\":\"fluent\"}]", vec!["paris"]),
        ("languages", "[{\"name\":\"French\",\"value\":\"basic\"}]", vec![]),
        (
            "tags_included",
            "[[{\"name\":\"contract\",\"value\":\"permanent\"},{\"name\":\"contract\",\"value\":\"x\"}],[{\"name\":\"remote\",\"value\":true}]]",
            vec!["paris"],
        ),
        ("tags_included", "[{\"name\":\"contract\",\"value\":\"temporary\"}]", vec!["lyon"]),
        ("tags_excluded", "[[{\"name\":\"contract\",\"value\":\"temporary\"}]]", vec!["paris"]),
        (
            "tags_excluded",
            "[{\"name\":\"contract\",\"value\":\"temporary\"},{\"name\":\"remote\",\"value\":true}]",
            vec![],
        ),
        ("ranges_float", "[{\"name\":\"salary\",\"value_min\":38000,\"value_max\":null}]", vec!["paris"]),
        ("ranges_float", "[{\"name\":\"salary\",\"value_min\":41000,\"value_max\":null}]", vec![]),
        (
            "ranges_date",
            "[{\"name\":\"start\",\"value_min\":\"2026-06-01\",\"value_max\":\"2026-07-01\"}]",
            vec!["paris"],
        ),
        ("created_at_min", "2026-02-10", vec!["lyon"]),
        ("date_range_max", "2026-01-10", vec!["paris"]),
        ("query", "", vec!["lyon", "paris"]),
    ] {
        assert_eq!(world.search_jobs(&[(name, value)]).await.references(), expected, "{name}={value}");
    }
    let near = |point: &'static str, kilometres: &'static str| {
        [("location_geopoint", point), ("location_distance", kilometres)]
    };
    assert_eq!(
        world.search_jobs(&near("{\"lat\": 48.9, \"lng\": 2.35}", "20")).await.references(),
        ["paris"]
    );
    assert_eq!(world.search_jobs(&near("{\"lat\": 48.9, \"lon\": 2.35}", "500")).await.references().len(), 2);
    let nearest = [("location_geopoint", "{\"lat\": 48.9, \"lng\": 2.35}"), ("sort_by", "location")];
    assert_eq!(world.search_jobs(&nearest).await.references(), ["paris", "lyon"]);
    assert_eq!(
        world.search_jobs(&[("sort_by", "created_at"), ("order_by", "asc")]).await.references(),
        ["paris", "lyon"]
    );
    let bracketed = [("tags_included[0][0][name]", "remote"), ("tags_included[0][0][value]", "true")];
    assert_eq!(world.search_jobs(&bracketed).await.references(), ["paris"]);
    // The same in a body, with JSON's own lists.
    let body = json!({"board_keys": [BOARD], "names": ["pastry"], "limit": 5});
    assert_eq!(world.post("jobs/searching", body).await.references(), ["paris"]);
}

#[actix_web::test]
async fn filters_of_profiles_keep_what_meets_them() {
    let world = World::new().await;
    world.profile("ada", json!({
        "info": {"full_name": "Ada Moreau", "email": "Ada@example.org", "summary": "Pastry for weddings"},
        "experiences_duration": 8.0, "educations_duration": 3,
        "experiences": [{"title": "Head baker", "description": "Led ten people", "location": {"lat": 48.85, "lng": 2.35}}],
        "educations": [{"school": "Ferrandi", "location": {"lat": 45.76, "lng": 4.83}}], "interests": [{"name": "Chess"}],
        "labels": [{"board_key": BOARD, "job_key": "e".repeat(40), "stage": "yes"}],
    })).await;
    world.profile("bo", json!({"experiences_duration": 1.5})).await;
    for (name, value, expected) in [
        ("name", "moreau", vec!["ada"]),
        ("email", "ada@example.ORG", vec!["ada"]),
        ("summary_keywords", "[\"wedding\"]", vec!["ada"]),
        ("experience_keywords", "[\"leading people\"]", vec![]),
        ("experience_keywords", "[\"head bakers\"]", vec!["ada"]),
        ("education_keywords", "[\"ferrandi\"]", vec!["ada"]),
        ("experiences_duration_min", "5", vec!["ada"]),
        ("experience_duration_max", "2", vec!["bo"]),
        ("experiences_duration_min", "-1", vec!["ada", "bo"]),
        ("educations_duration_max", "3", vec!["ada"]),
        ("interests", "[{\"name\":\"chess\"}]", vec!["ada"]),
        ("stage", "yes", vec!["ada"]),
        ("stage", "new", vec!["bo"]),
    ] {
        let found = world.search_profiles(&[(name, value), ("sort_by", "updated_at")]).await;
        let mut references = found.references();
        references.sort_unstable();
        assert_eq!(references, expected, "{name}={value}");
    }
    let at_work = [
        ("experience_location_geopoint", "{\"lat\":48.8,\"lon\":2.3}"),
        ("experience_location_distance", "20"),
    ];
    assert_eq!(world.search_profiles(&at_work).await.references(), ["ada"]);
    let at_school = [
        ("education_location_geopoint", "{\"lat\":48.8,\"lon\":2.3}"),
        ("education_location_distance", "20"),
    ];
    assert!(world.search_profiles(&at_school).await.references().is_empty());
    let relevant = [("text_keywords", "[\"baker\"]"), ("sort_by", "searching")];
    assert_eq!(world.search_profiles(&relevant).await.references(), ["ada", "bo"]);
}

#[actix_web::test]
async fn a_parameter_that_cannot_be_used_is_named() {
    let world = World::new().await;
    world.job("J", Value::Null).await;
    world.profile("P", Value::Null).await;
    for (name, value) in [
        ("page", "0"),
        ("limit", "many"),
        ("sort_by", "fame"),
        ("order_by", "up"),
        ("stage", "maybe"),
        ("created_at_min", "soon"),
        ("location_geopoint", "lat"),
        ("location_distance", "far"),
        ("skills", "[{\"value\":1}]"),
        ("languages", "[1]"),
        ("tags_included", "[[\"\"]]"),
        ("experiences_duration_min", "x"),
        ("raw_filter", "{\"query\":{}}"),
        ("raw_filters", "{\"query\":{\"fuzzy\":{\"name\":\"x\"}}}"),
        ("score_threshold", "2"),
        ("use_algorithm", "perhaps"),
    ] {
        let reply = world.score_profiles("J", &[(name, value)]).await;
        assert_eq!(reply.code, 400, "{name}={value}");
        assert!(reply.message().starts_with(&format!("Invalid parameters. {name} ")), "{}", reply.message());
    }
    let sorted = world.search_jobs(&[("sort_by", "location")]).await;
    assert!(sorted.message().starts_with("Invalid parameters. location_geopoint "), "{}", sorted.message());
    // The SDK sends a dictionary as the names of its members, which is no point on the globe.
    let lost = world
        .get(
            "jobs/searching",
            &[("board_keys", BOARD), ("location_geopoint", "lat"), ("location_geopoint", "lng")],
        )
        .await;
    assert_eq!(lost.code, 400);
}

#[actix_web::test]
async fn a_raw_filter_is_held_against_the_stored_object() {
    let world = World::new().await;
    world
        .job("paris", json!({"name": "Pastry chef", "location": {"text": "Paris 3e", "lat": 48.8, "lng": 2.3},
            "skills": [{"name": "Chocolate"}, {"name": "Dark bread"}], "created_at": "2026-01-10T12:00:00+0000",
            "ranges_float": [{"name": "salary", "value_min": 30_000, "value_max": 40_000}]}))
        .await;
    world.clock.advance(std::time::Duration::from_hours(1));
    let lyon = world.job("lyon", json!({"created_at": "2026-02-10T12:00:00+0000"})).await;
    let key = lyon.data()["key"].clone();
    let both = vec!["lyon", "paris"];
    for (query, expected) in [
        (json!({"match_all": {}}), both.clone()),
        (json!({"match_phrase": {"key": key}}), vec!["lyon"]),
        (json!({"term": {"reference": "paris"}}), vec!["paris"]),
        (json!({"term": {"reference": {"value": "Paris"}}}), vec![]),
        (json!({"terms": {"reference": ["lyon", "rome"]}}), vec!["lyon"]),
        (json!({"match": {"name": "chef cook"}}), vec!["paris"]),
        (json!({"match": {"name": {"query": "COOK"}}}), vec![]),
        (json!({"match_phrase": {"location.text": "paris 3e"}}), vec!["paris"]),
        (json!({"match_phrase": {"skills.name": "bread dark"}}), vec![]),
        (json!({"match_phrase": {"skills.name": "dark bread"}}), vec!["paris"]),
        (json!({"range": {"updated_at": {"gte": "2026-03-01T09:00:00Z"}}}), vec!["lyon"]),
        (
            json!({"range": {"updated_at": {"gt": "2026-03-01T08:00:00Z", "lt": "2026-03-01T09:00:00Z"}}}),
            vec![],
        ),
        (json!({"range": {"created_at": {"lte": "2026-01-10T12:00:00Z"}}}), vec!["paris"]),
        (json!({"range": {"ranges_float.value_min": {"gte": 30_000}}}), vec!["paris"]),
        (json!({"range": {"name": {"gte": 1}}}), vec![]),
        (json!({"exists": {"field": "skills"}}), vec!["paris"]),
        (json!({"bool": {"must_not": {"exists": {"field": "skills"}}}}), vec!["lyon"]),
        (
            json!({"bool": {"should": [{"term": {"reference": "lyon"}}, {"term": {"reference": "rome"}}]}}),
            vec!["lyon"],
        ),
        (
            json!({"bool": {"must": [{"match_all": {}}], "should": [{"term": {"reference": "rome"}}]}}),
            both.clone(),
        ),
        (json!({"bool": {"filter": [{"match_all": {}}], "must": {"term": {"reference": "rome"}}}}), vec![]),
    ] {
        let filter = json!({ "query": query }).to_string();
        let found = world.search_jobs(&[("raw_filter", &filter)]).await;
        let mut references = found.references();
        references.sort_unstable();
        assert_eq!(references, expected, "{filter}");
    }
    for (filter, named) in [
        (json!({"query": {"regexp": {"name": ".*"}}}), "`regexp`"),
        (json!({"query": {"bool": {"boost": 2}}}), "`boost`"),
        (json!({"query": {"match": {"name": {"fuzziness": 2}}}}), "`fuzziness`"),
        (json!({"query": {"range": {"name": {"format": "x"}}}}), "`format`"),
        (json!({"size": 3}), "`size`"),
        (json!({"query": {"term": {"a": 1, "b": 2}}}), "one member in term"),
        (json!({"query": {"range": {"updated_at": {"gte": "soon"}}}}), "ISO 8601"),
        (json!({"query": 7}), "an object as a clause"),
    ] {
        let refused = world.search_jobs(&[("raw_filter", &filter.to_string())]).await;
        let message = refused.message();
        assert!(refused.code == 400 && message.starts_with("Invalid parameters. raw_filter "), "{message}");
        assert!(message.contains(named), "{message}");
    }
    let deep = format!("{}{{\"match_all\":{{}}}}{}", "{\"bool\":{\"must\":".repeat(30), "}}".repeat(30));
    let refused = world.search_jobs(&[("raw_filter", &format!("{{\"query\":{deep}}}"))]).await;
    assert!(refused.message().contains("deeper than 20"), "{}", refused.message());
}
