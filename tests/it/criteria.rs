//! The criteria through the front door: each of them really filters, in the query string and in a body alike, and what
//! cannot be asked is refused by name.

use oem_connector::config::Config;
use oem_connector::model::Entity;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    Answer, Backend, Fault, OPERATOR_KEY, OTHER_KEY, Wishes, World, answer, backends, urlencoded,
};

const LYON: [f64; 2] = [45.764, 4.8357];
const PARIS: [f64; 2] = [48.8566, 2.3522];

/// What the sample's mapping leaves out.
const MORE_OF_A_PROFILE: &str = r#"
    | . as $all | .experiences |= map(.location = $all.info.location) | .educations |= map(.location = $all.info.location)
    | .interests = (if .info.first_name == "Bo" then [{name: "chess", value: null}] else [] end)
    | .tags += [{name: "category", value: (if .info.first_name == "Bo" then "food" else "care" end)}]"#;
const MORE_OF_A_JOB: &str = r#"
    | .tags += [{name: "category", value: (if .name == "Baker" then "food" else "care" end)}]"#;

fn more_of_a_job(config: &mut Config) {
    for partner in &mut config.partners {
        if let Some(jobs) = &mut partner.service.jobs {
            jobs.map.push_str(MORE_OF_A_JOB);
        }
    }
}

/// Two profiles and two jobs that differ in everything; those of the bakery came an hour later.
async fn town(backend: Backend) -> World {
    let wishes = Wishes {
        profile_map: format!("{}{MORE_OF_A_PROFILE}", oem_connector::demo::PROFILE_MAP),
        adjust: more_of_a_job,
        ..Wishes::default()
    };
    let world = World::with(backend, wishes).await;
    put(
        &world,
        Entity::Profile,
        json!({
            "id": "ada", "firstName": "Ada", "lastName": "Moreau", "contact": {"email": "ada@example.org"},
            "headline": "Night nurse", "resumeText": "Ada Moreau, night nurse in intensive care.",
            "address": {"city": "Lyon", "country": "France", "geo": {"latitude": LYON[0], "longitude": LYON[1]}},
            "positions": [{"title": "Ward nurse", "employer": "Example Hospital", "from": "2016-01", "to": "2024-01"}],
            "degrees": [{"title": "Nursing", "school": "Lyon School", "from": "2011-01", "to": "2016-01"}],
            "competencies": ["Triage"], "languages": [{"code": "fr", "level": "C2"}], "desiredContract": "permanent",
            "state": "active", "createdAt": "2026-01-10T12:00:00Z",
        }),
    );
    put(
        &world,
        Entity::Job,
        json!({
            "id": "ward", "title": "Night nurse", "link": "https://jobs.example.org/ward",
            "office": {"city": "Lyon", "country": "France", "geo": {"latitude": LYON[0], "longitude": LYON[1]}},
            "description": {"intro": "Nights on our ward."}, "competencies": {"required": ["Triage"]},
            "languages": [{"code": "fr", "level": "C1"}], "contract": "permanent", "startDate": "2026-12-01",
            "pay": {"min": 40_000, "max": 50_000, "currency": "EUR"}, "createdAt": "2026-01-10T12:00:00Z",
        }),
    );
    world.pull("jobs", "full").await;
    world.pull("profiles", "full").await;
    world.advance(3600);
    put(
        &world,
        Entity::Profile,
        json!({
            "id": "bo", "firstName": "Bo", "lastName": "Lind", "contact": {"email": "bo@example.org"},
            "headline": "Baker", "resumeText": "Bo Lind bakes bread.",
            "address": {"city": "Paris", "country": "France", "geo": {"latitude": PARIS[0], "longitude": PARIS[1]}},
            "positions": [{"title": "Baker", "employer": "Example Bakery", "from": "2022-01", "to": "2024-01"}],
            "degrees": [{"title": "Baking", "school": "Paris School", "from": "2020-01", "to": "2022-01"}],
            "competencies": ["Bread"], "languages": [{"code": "de", "level": "B1"}], "desiredContract": "temporary",
            "state": "new", "createdAt": "2026-05-10T12:00:00Z",
        }),
    );
    put(
        &world,
        Entity::Job,
        json!({
            "id": "oven", "title": "Baker",
            "office": {"city": "Paris", "country": "France", "geo": {"latitude": PARIS[0], "longitude": PARIS[1]}},
            "description": {"intro": "Mornings at our oven."}, "competencies": {"required": ["Bread"]},
            "languages": [{"code": "de", "level": "B1"}], "contract": "temporary", "startDate": "2027-06-01",
            "pay": {"min": 30_000, "max": 35_000, "currency": "EUR"}, "createdAt": "2026-05-10T12:00:00Z",
        }),
    );
    for (event, reference) in [("profile_create", "bo"), ("job_create", "oven")] {
        world.announce(event, reference).await;
    }
    world.settle().await;
    world.hrflow_side.forget();
    world
}

fn put(world: &World, entity: Entity, object: Value) {
    let Value::Object(object) = object else { panic!("an object was meant") };
    world.ats.put(entity, object).unwrap();
}

fn references(answer: &Answer) -> Vec<&str> {
    let items = answer.body["items"].as_array().unwrap_or_else(|| panic!("{}", answer.body));
    items.iter().map(|item| item["reference"].as_str().unwrap()).collect()
}

fn sorted(answer: &Answer) -> Vec<&str> {
    let mut references = references(answer);
    references.sort_unstable();
    references
}

fn fields(answer: &Answer) -> Vec<&str> {
    let errors = answer.body["errors"].as_array().unwrap_or_else(|| panic!("{}", answer.body));
    errors.iter().map(|error| error["field"].as_str().unwrap()).collect()
}

/// A value as a query string has it.
fn in_query(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(names) if names.iter().all(Value::is_string) && names.contains(&json!("name")) => {
            names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}

/// Asks the same by GET and by POST, whose answers must be one.
async fn ask(world: &World, path: &str, asked: &Value) -> Answer {
    let asked_members = asked.as_object().unwrap();
    let pairs = asked_members.iter().map(|(name, value)| format!("{name}={}", urlencoded(&in_query(value))));
    let by_query = world.get(&format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))).await;
    let by_body = world.post(path, asked).await;
    assert_eq!((by_query.status, &by_query.body), (by_body.status, &by_body.body), "{path} {asked}");
    by_body
}

async fn finds(world: &World, path: &str, name: &str, value: &Value, expected: &[&str]) {
    let mut asked = match path {
        "/v1/profiles/scoring" => json!({"job_reference": "ward"}),
        "/v1/jobs/scoring" => json!({"profile_reference": "ada"}),
        _ => json!({}),
    };
    asked[name] = value.clone();
    if let Some(of) = name.strip_suffix("_geopoint") {
        asked[format!("{of}_distance")] = json!(50);
    }
    let found = ask(world, path, &asked).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.body);
    assert_eq!(sorted(&found), expected, "{path} {asked}");
}

#[actix_web::test]
async fn every_criterion_for_profiles_filters_in_scoring_and_searching_by_query_and_by_body() {
    for backend in backends() {
        let world = town(backend).await;
        let near = |[lat, lng]: [f64; 2]| json!({"lat": lat, "lng": lng});
        for (name, value, expected) in [
            ("stage", json!("new"), vec!["ada", "bo"]),
            ("stage", json!("yes"), vec![]),
            ("name", json!("lind"), vec!["bo"]),
            ("email", json!("ada@example.org"), vec!["ada"]),
            ("created_at_min", json!("2026-03-01"), vec!["bo"]),
            ("created_at_max", json!("2026-03-01T00:00:00Z"), vec!["ada"]),
            ("updated_at_min", json!("2026-11-22T13:00:00Z"), vec!["bo"]),
            ("updated_at_max", json!("2026-11-22T12:59:59Z"), vec!["ada"]),
            ("location_geopoint", near(PARIS), vec!["bo"]),
            ("experience_location_geopoint", near(LYON), vec!["ada"]),
            ("education_location_geopoint", near(PARIS), vec!["bo"]),
            ("summary_keywords", json!(["nurse"]), vec!["ada"]),
            ("text_keywords", json!(["bread", "bakes"]), vec!["bo"]),
            ("experience_keywords", json!(["ward"]), vec!["ada"]),
            ("education_keywords", json!(["baking"]), vec!["bo"]),
            ("experiences_duration_min", json!(5), vec!["ada"]),
            ("experiences_duration_max", json!(2.5), vec!["bo"]),
            ("educations_duration_min", json!(3), vec!["ada"]),
            ("educations_duration_max", json!(3), vec!["bo"]),
            ("skills", json!([{"name": "triage"}]), vec!["ada"]),
            ("languages", json!([{"name": "German", "value": "B1"}]), vec!["bo"]),
            ("interests", json!([{"name": "chess"}]), vec!["bo"]),
            (
                "tags_included",
                json!([[{"name": "state", "value": "new"}, {"name": "state", "value": "old"}], [{"name": "category", "value": "food"}]]),
                vec!["bo"],
            ),
            ("tags_excluded", json!([[{"name": "state", "value": "new"}]]), vec!["ada"]),
            ("category", json!(["care", "none"]), vec!["ada"]),
            ("contract", json!(["permanent"]), vec![]),
        ] {
            for path in ["/v1/profiles/searching", "/v1/profiles/scoring"] {
                finds(&world, path, name, &value, &expected).await;
            }
        }
    }
}

#[actix_web::test]
async fn every_criterion_for_jobs_filters_in_scoring_and_searching_by_query_and_by_body() {
    for backend in backends() {
        let world = town(backend).await;
        for (name, value, expected) in [
            ("names", json!(["nurse", "sailor"]), vec!["ward"]),
            ("name", json!("baker"), vec!["oven"]),
            ("created_at_min", json!("2026-03-01"), vec!["oven"]),
            ("created_at_max", json!("2026-03-01"), vec!["ward"]),
            ("updated_at_min", json!("2026-11-22T14:00:00+0100"), vec!["oven"]),
            ("updated_at_max", json!("2026-11-22 12:59:59"), vec!["ward"]),
            ("location_geopoint", json!({"lat": LYON[0], "lon": LYON[1]}), vec!["ward"]),
            ("summary_keywords", json!(["oven"]), vec!["oven"]),
            ("text_keywords", json!(["ward"]), vec!["ward"]),
            ("skills", json!([{"name": "Bread", "value": null}]), vec!["oven"]),
            ("languages", json!([{"name": "French"}]), vec!["ward"]),
            ("ranges_float", json!([{"name": "salary", "value_min": 45_000}]), vec!["ward"]),
            ("salary_min", json!(45_000), vec!["ward"]),
            ("salary_max", json!(36_000), vec!["oven"]),
            (
                "ranges_date",
                json!([{"name": "start", "value_min": "2027-01-01", "value_max": "2027-12-31"}]),
                vec!["oven"],
            ),
            ("tags_included", json!([[{"name": "contract", "value": "permanent"}]]), vec!["ward"]),
            ("tags_excluded", json!([[{"name": "contract", "value": "permanent"}]]), vec!["oven"]),
            ("contract", json!(["temporary"]), vec!["oven"]),
            ("contract", json!(["temporary", "permanent"]), vec!["oven", "ward"]),
            ("category", json!(["care"]), vec!["ward"]),
        ] {
            for path in ["/v1/jobs/searching", "/v1/jobs/scoring"] {
                finds(&world, path, name, &value, &expected).await;
            }
        }
        let both =
            json!({"contract": ["temporary"], "tags_included": [[{"name": "category", "value": "care"}]]});
        assert_eq!(references(&ask(&world, "/v1/jobs/searching", &both).await), Vec::<&str>::new());
        let both = json!({"salary_max": 60_000, "ranges_float": [{"name": "salary", "value_min": 45_000}]});
        assert_eq!(references(&ask(&world, "/v1/jobs/searching", &both).await), ["ward"]);
    }
}

#[actix_web::test]
async fn distances_are_measured_from_where_the_asked_object_is() {
    for backend in backends() {
        let world = town(backend).await;
        let near = |from: &str, distance: u32| match from {
            "job" => json!({"job_reference": "oven", "location_from": "job", "location_distance": distance}),
            _ => {
                json!({"profile_reference": "bo", "location_from": "profile", "location_distance": distance})
            }
        };
        for (path, from, expected) in
            [("/v1/profiles/scoring", "job", "bo"), ("/v1/jobs/scoring", "profile", "oven")]
        {
            assert_eq!(references(&ask(&world, path, &near(from, 50)).await), [expected]);
            assert_eq!(references(&ask(&world, path, &near(from, 1000)).await).len(), 2);
        }
        let sorted = json!({"job_reference": "oven", "location_from": "job", "sort_by": "location"});
        assert_eq!(references(&ask(&world, "/v1/profiles/scoring", &sorted).await), ["bo", "ada"]);

        // Remote, so nowhere.
        put(
            &world,
            Entity::Job,
            json!({
                "id": "remote", "title": "Night nurse", "description": {"intro": "From home."},
                "competencies": {"required": ["Triage"]},
            }),
        );
        world.announce("job_create", "remote").await;
        world.settle().await;
        let nowhere = json!({"job_reference": "remote", "location_from": "job", "location_distance": 5});
        let refused = ask(&world, "/v1/profiles/scoring", &nowhere).await;
        assert_eq!((refused.status.as_u16(), fields(&refused)), (422, vec!["location_from"]));

        for (body, status) in [
            ("{\"code\": 400, \"message\": \"Invalid parameters. Unable to find object: job\"}", 502),
            ("{\"code\": 500}", 503),
        ] {
            world.hrflow_side.fail("GET", "/job/indexing", Fault::Answer(400, body.to_owned()));
            let failed = world.post("/v1/profiles/scoring", &near("job", 50)).await;
            assert_eq!(failed.status, status, "{}", failed.body);
        }
    }
}

#[actix_web::test]
async fn any_order_that_hrflow_knows_keeps_scores_beside_their_objects() {
    for backend in backends() {
        let world = town(backend).await;
        let scoring = |sort: Value| {
            let mut asked = json!({"job_reference": "oven"});
            asked.as_object_mut().unwrap().extend(sort.as_object().unwrap().clone());
            asked
        };
        let best = ask(&world, "/v1/profiles/scoring", &scoring(json!({}))).await;
        let score_of = |answer: &Answer, reference: &str| {
            let items = answer.body["items"].as_array().unwrap();
            items.iter().find(|item| item["reference"] == reference).unwrap()["score"].clone()
        };
        assert_eq!(references(&best), ["bo", "ada"]);
        for (sort, expected) in [
            (json!({"sort_by": "scoring"}), ["bo", "ada"]),
            (json!({"sort_by": "scoring", "order_by": "asc"}), ["ada", "bo"]),
            (json!({"order_by": "asc"}), ["ada", "bo"]),
            (json!({"sort_by": "created_at", "order_by": "asc"}), ["ada", "bo"]),
            (json!({"sort_by": "updated_at", "order_by": "desc"}), ["bo", "ada"]),
            (
                json!({"sort_by": "location", "location_geopoint": {"lat": LYON[0], "lng": LYON[1]}}),
                ["ada", "bo"],
            ),
        ] {
            let answer = ask(&world, "/v1/profiles/scoring", &scoring(sort.clone())).await;
            assert_eq!(references(&answer), expected, "{sort}");
            let ranks: Vec<_> =
                answer.body["items"].as_array().unwrap().iter().map(|item| &item["rank"]).collect();
            assert_eq!(ranks, [1, 2]);
            for reference in ["ada", "bo"] {
                assert_eq!(score_of(&answer, reference), score_of(&best, reference), "{sort}");
            }
        }
    }
}

#[actix_web::test]
async fn a_rank_counts_over_all_pages_and_what_is_not_shown_leaves_a_gap() {
    for backend in backends() {
        let world = town(backend).await;
        for (page, expected) in [(1, ("bo", 1)), (2, ("ada", 2))] {
            let asked = json!({"job_reference": "oven", "limit": 1, "page": page});
            let item = ask(&world, "/v1/profiles/scoring", &asked).await.body["items"][0].clone();
            assert_eq!((item["reference"].as_str().unwrap(), item["rank"].as_u64().unwrap()), expected);
            let hundredths = (item["score"].as_f64().unwrap() * 100.0).round();
            assert_eq!(item["score_100"].as_f64(), Some(hundredths));
        }
        // Archived here, and HrFlow has not heard of it yet.
        world.announce("profile_archive", "bo").await;
        let left = ask(&world, "/v1/profiles/scoring", &json!({"job_reference": "oven"})).await;
        assert_eq!((references(&left), &left.body["items"][0]["rank"]), (vec!["ada"], &json!(2)));
        let left = ask(&world, "/v1/profiles/searching", &json!({"sort_by": "updated_at"})).await;
        assert_eq!((references(&left), &left.body["items"][0]["rank"]), (vec!["ada"], &json!(2)));
    }
}

#[actix_web::test]
async fn a_card_shows_the_fields_that_were_asked_for_and_no_other() {
    for backend in backends() {
        let world = town(backend).await;
        let all = json!([
            "name",
            "summary",
            "email",
            "location",
            "experience_years",
            "education_years",
            "title",
            "company",
            "skills",
            "languages",
            "tags",
            "created_at",
            "updated_at"
        ]);
        let asked = json!({"job_reference": "ward", "limit": 1, "include": all});
        let card = ask(&world, "/v1/profiles/scoring", &asked).await.body["items"][0]["card"].clone();
        let expected = json!({
            "name": "Ada Moreau", "summary": "Night nurse", "email": "ada@example.org",
            "location": {"text": "Lyon, France", "lat": LYON[0], "lng": LYON[1]}, "experience_years": 8.0,
            "education_years": 5.0, "title": "Ward nurse", "company": "Example Hospital", "skills": ["Triage"],
            "languages": ["French"], "created_at": "2026-01-10T12:00:00Z", "updated_at": "2026-11-22T12:00:00Z",
            "tags": [{"name": "state", "value": "active"}, {"name": "desired_contract", "value": "permanent"},
                {"name": "category", "value": "care"}],
        });
        assert_eq!(card, expected);
        for spelling in ["name,skills", "%5B%22name%22,%22skills%22%5D"] {
            let found = world.get(&format!("/v1/profiles/searching?include={spelling}")).await;
            assert_eq!(found.status, StatusCode::OK, "{}", found.body);
            let card = found.body["items"][0]["card"].as_object().unwrap();
            assert_eq!(card.keys().collect::<Vec<_>>(), ["name", "skills"], "{spelling}");
        }
        let asked = json!({"name": "nurse", "include": ["name", "summary", "url", "location", "ranges_float", "tags"]});
        let card = ask(&world, "/v1/jobs/searching", &asked).await.body["items"][0]["card"].clone();
        assert_eq!(card["url"], "https://jobs.example.org/ward");
        let salary = json!([{"name": "salary", "value_min": 40_000.0, "value_max": 50_000.0, "unit": "eur"}]);
        assert_eq!((&card["name"], &card["ranges_float"]), (&json!("Night nurse"), &salary));
        assert!(card.get("skills").is_none() && card.get("created_at").is_none(), "{card}");
        for (path, asked) in
            [("/v1/profiles/scoring", json!({"job_reference": "ward"})), ("/v1/jobs/searching", json!({}))]
        {
            let items = ask(&world, path, &asked).await.body["items"].clone();
            assert!(items[0].get("card").is_none(), "{items}");
        }
    }
}

#[actix_web::test]
async fn what_is_wrong_is_told_alike_by_query_and_by_body() {
    for backend in backends() {
        let world = town(backend).await;
        let scoring = "/v1/profiles/scoring";
        for (path, asked, status, named) in [
            (scoring, json!({}), 400, vec!["job_reference"]),
            (
                scoring,
                json!({"job_reference": "ward", "profile_reference": "ada"}),
                400,
                vec!["profile_reference"],
            ),
            (
                "/v1/jobs/scoring",
                json!({"job_reference": "ward"}),
                400,
                vec!["job_reference", "profile_reference"],
            ),
            (scoring, json!({"job_reference": ".."}), 422, vec!["job_reference"]),
            (scoring, json!({"job_reference": "ward", "limit": 101}), 422, vec!["limit"]),
            (scoring, json!({"job_reference": "ward", "page": 0}), 422, vec!["page"]),
            (scoring, json!({"job_reference": "ward", "page": -1}), 422, vec!["page"]),
            (scoring, json!({"job_reference": "ward", "limit": 1.5}), 400, vec!["limit"]),
            (scoring, json!({"job_reference": "ward", "score_min": "high"}), 400, vec!["score_min"]),
            (scoring, json!({"job_reference": "ward", "score_min": 1.01}), 422, vec!["score_min"]),
            (scoring, json!({"job_reference": "ward", "sort_by": "fame"}), 422, vec!["sort_by"]),
            (
                scoring,
                json!({"job_reference": "ward", "created_at_min": "soon"}),
                400,
                vec!["created_at_min"],
            ),
            (scoring, json!({"job_reference": "ward", "name": "\u{0}"}), 422, vec!["name"]),
            (scoring, json!({"job_reference": "ward", "skills": {"name": "x"}}), 400, vec!["skills"]),
            (scoring, json!({"job_reference": "ward", "text_keywords": []}), 422, vec!["text_keywords"]),
            (
                scoring,
                json!({"job_reference": "ward", "location_geopoint": [1, 2]}),
                400,
                vec!["location_geopoint"],
            ),
            (
                scoring,
                json!({"job_reference": "ward", "location_geopoint": {"lat": 91, "lng": 0}}),
                422,
                vec!["location_geopoint.lat"],
            ),
            (
                scoring,
                json!({"job_reference": "ward", "tags_included": [[{"name": "a", "value": 1}, {"name": 7, "value": 1}]]}),
                422,
                vec!["tags_included[0][1].name"],
            ),
            (
                scoring,
                json!({"job_reference": "ward", "location_distance": 5}),
                422,
                vec!["location_distance"],
            ),
            (scoring, json!({"job_reference": "ward", "location_from": "job"}), 422, vec!["location_from"]),
            (scoring, json!({"job_reference": "ward", "include": ["name", "fame"]}), 422, vec!["include[1]"]),
            (scoring, json!({"job_reference": "ward", "salary_min": 1}), 400, vec!["salary_min"]),
            ("/v1/profiles/searching", json!({"score_min": 0.5}), 400, vec!["score_min"]),
            ("/v1/profiles/searching", json!({"raw_filter": {"query": {}}}), 400, vec!["raw_filter"]),
            ("/v1/jobs/searching", json!({"board_keys": ["x"]}), 400, vec!["board_keys"]),
            ("/v1/jobs/searching", json!({"interests": [{"name": "x"}]}), 400, vec!["interests"]),
            ("/v1/jobs/searching", json!({"sort_by": "location"}), 422, vec!["sort_by"]),
            ("/v1/jobs/searching", json!({"salary_min": 2, "salary_max": 1}), 422, vec!["salary_min"]),
        ] {
            let refused = ask(&world, path, &asked).await;
            assert_eq!((refused.status.as_u16(), fields(&refused)), (status, named), "{path} {asked}");
            assert_eq!(refused.headers["content-type"], "application/problem+json");
        }
        for (path, asked, named) in [
            (scoring, json!({"location_geopoint": {"lat": 45, "lng": 4}}), vec!["location_geopoint"]),
            (
                scoring,
                json!({"education_location_geopoint": {"lat": 45, "lng": 4}, "sort_by": "location"}),
                vec!["education_location_geopoint", "sort_by"],
            ),
            (
                scoring,
                json!({"location_geopoint": {"lat": 45, "lng": 4, "lon": 170}, "location_distance": 5}),
                vec!["location_geopoint.lon"],
            ),
            (scoring, json!({"limit": -1, "page": -7}), vec!["limit", "page"]),
            (scoring, json!({"limit": 18_446_744_073_709_551_615_u64}), vec!["limit"]),
        ] {
            let mut asked = asked;
            asked["job_reference"] = json!("ward");
            let refused = ask(&world, path, &asked).await;
            assert_eq!((refused.status.as_u16(), fields(&refused)), (422, named), "{path} {asked}");
        }
        let near = ask(&world, scoring, &json!({"job_reference": "ward", "skils": [{"name": "x"}]})).await;
        assert_eq!(near.body["errors"][0]["detail"], "is not known here; did you mean `skills`?");
        assert_eq!(world.hrflow_side.requests().len(), 0, "HrFlow is not even asked");
    }
}

#[actix_web::test]
async fn an_unknown_reference_and_another_partners_are_told_in_the_same_words() {
    for backend in backends() {
        let world = town(backend).await;
        put(
            &world,
            Entity::Job,
            json!({"id": "theirs", "title": "Night nurse", "description": {"intro": "x"}}),
        );
        let event = json!({"reference": "theirs", "event_date": world.now()});
        let request = world.client.post(format!("{}/v1/webhooks/other/job_create", world.address));
        assert_eq!(answer(request.header("X-API-KEY", OTHER_KEY).json(&event)).await.status, 202);
        world.settle().await;
        let path = "/v1/profiles/scoring";
        let theirs = ask(&world, path, &json!({"job_reference": "theirs"})).await;
        let nobodys = ask(&world, path, &json!({"job_reference": "nobody"})).await;
        assert_eq!((theirs.status.as_u16(), nobodys.status.as_u16()), (404, 404));
        let told = |answer: &Answer, name: &str| answer.body.to_string().replace(name, "…");
        assert_eq!(told(&theirs, "theirs"), told(&nobodys, "nobody"));
    }
}

#[actix_web::test]
async fn a_body_is_json_has_every_member_once_and_leaves_only_the_partner_to_the_query() {
    for backend in backends() {
        let world = town(backend).await;
        let send = async |query: &str, key: &str, body: &str| {
            let request = world.client.post(format!("{}/v1/profiles/searching{query}", world.address));
            let request = request.header("X-API-KEY", key).header("content-type", "application/json");
            answer(request.body(body.to_owned())).await
        };
        let mine = crate::support::PARTNER_KEY;
        for (query, body, status, named) in [
            ("", r#"{"limit": 1, "limit": 2}"#, 400, vec!["limit"]),
            (
                "",
                r#"{"tags_included": [[{"name": "a", "name": "b", "value": 1}]]}"#,
                400,
                vec!["tags_included[0][0].name"],
            ),
            ("", r#"{"limit": null}"#, 400, vec!["limit"]),
            ("", r#"{"limit": "5"}"#, 400, vec!["limit"]),
            ("", r#"{"skills": "[]"}"#, 400, vec!["skills"]),
            ("", r#"{"name": 7}"#, 400, vec!["name"]),
            ("", r#"{"include": "name"}"#, 400, vec!["include"]),
            ("", r#"{"created_at_min": 7}"#, 400, vec!["created_at_min"]),
            ("", r#"{"partner": "acme"}"#, 400, vec!["partner"]),
            ("?limit=5", "{}", 400, vec!["limit"]),
            ("?colour=red", "{}", 400, vec!["colour"]),
            ("", "[]", 400, vec!["body"]),
            ("", "{", 400, vec![]),
            ("", "{} {}", 400, vec![]),
            ("", "", 400, vec![]),
        ] {
            let refused = send(query, mine, body).await;
            assert_eq!((refused.status.as_u16(), fields(&refused)), (status, named), "{query} {body}");
        }
        let deep = "[".repeat(60_000);
        assert_eq!(send("", mine, &format!(r#"{{"skills": {deep}"#)).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(send("", mine, &format!(r#"{{"name": "{}"}}"#, "x".repeat(70_000))).await.status, 413);
        let many: Vec<String> = (0..5000).map(|n| format!("\"x{n}\": 1")).collect();
        let refused = send("", mine, &format!("{{{}}}", many.join(","))).await;
        assert!(refused.status == 400 && fields(&refused).len() <= 101);
        let unlabelled = world.client.post(format!("{}/v1/profiles/searching", world.address));
        assert_eq!(answer(unlabelled.header("X-API-KEY", mine).body("{}")).await.status, 415);

        assert_eq!(references(&send("?partner=acme", OPERATOR_KEY, "{}").await).len(), 2);
        assert_eq!(fields(&send("", OPERATOR_KEY, "{}").await), ["partner"]);
        assert_eq!(send("?partner=other", mine, "{}").await.status, StatusCode::NOT_FOUND);
        assert_eq!(send("", "nobody's", "{").await.status, StatusCode::UNAUTHORIZED);
    }
}

#[actix_web::test]
async fn long_criteria_reach_hrflow_as_a_body() {
    for backend in backends() {
        let world = town(backend).await;
        let mut tags: Vec<Value> =
            (0..90).map(|n| json!({"name": "state", "value": format!("{n}").repeat(20)})).collect();
        tags.push(json!({"name": "state", "value": "new"}));
        let found = ask(&world, "/v1/profiles/searching", &json!({"tags_included": [tags]})).await;
        assert_eq!(references(&found), ["bo"]);
        let calls = world.hrflow_side.requests();
        assert!(
            !calls.is_empty() && calls.iter().all(|call| call.method == "POST" && !call.target.contains('?'))
        );
    }
}
