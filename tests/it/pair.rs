//! One pair: its score is the one in the list, both ways, and no other object's.

use std::time::Duration;

use oem_connector::demo::Ats;
use oem_connector::model::{Clock, Entity};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    ATS_KEY, Answer, Backend, Fault, Gate, OTHER_KEY, Wishes, World, answer, backends, start_of_time,
    urlencoded,
};

fn pair(job: &str, profile: &str) -> String {
    format!("/v1/match?job_reference={}&profile_reference={}", urlencoded(job), urlencoded(profile))
}

fn status_and_code(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default())
}

/// A world with two jobs and three profiles, all of them indexed.
async fn hospital(backend: Backend) -> World {
    hospital_with(backend, Wishes::default()).await
}

async fn hospital_with(backend: Backend, wishes: Wishes) -> World {
    let jobs = [("J1", "Night nurse"), ("J2", "Baker")];
    let profiles = [("P1", "Night nurse"), ("P2", "Nurse of the day"), ("P3", "Baker")];
    World::in_step(backend, wishes, &jobs, &profiles).await
}

/// The first sample objects of a kind, each with its reference.
async fn samples(path: &str, many: usize) -> Vec<Value> {
    let ats = Ats::start("127.0.0.1:0".parse().unwrap(), ATS_KEY, Clock::manual(start_of_time())).unwrap();
    let client = crate::support::client();
    let request = client.get(format!("http://{}/api/{path}?page=1&size={many}", ats.address()));
    let listing = answer(request.header("X-ATS-TOKEN", ATS_KEY)).await.body;
    listing["content"].as_array().unwrap().clone()
}

async fn with_samples(backend: Backend) -> World {
    let world = World::new(backend).await;
    for (entity, path, many) in [(Entity::Profile, "candidates", 40), (Entity::Job, "vacancies", 8)] {
        for object in samples(path, many).await {
            world.ats.put(entity, object.as_object().unwrap().clone()).unwrap();
        }
        world.pull(entity.plural(), "full").await;
    }
    world
}

async fn references(world: &World, entity: Entity) -> Vec<String> {
    let found = world.get(&format!("/v1/{}/searching?limit=100", entity.plural())).await;
    let items = found.body["items"].as_array().unwrap().iter();
    items.map(|item| item["reference"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn the_score_of_a_pair_is_the_one_in_the_list_both_ways() {
    for backend in backends() {
        let world = with_samples(backend).await;
        let mut compared = 0;
        for ranked in Entity::ALL {
            let other = ranked.other();
            for asked_for in references(&world, other).await.iter().take(8) {
                let list = format!(
                    "/v1/{}/scoring?limit=100&{other}_reference={}",
                    ranked.plural(),
                    urlencoded(asked_for)
                );
                let list = world.get(&list).await;
                for item in list.body["items"].as_array().unwrap() {
                    let reference = item["reference"].as_str().unwrap();
                    let (job, profile) = if ranked == Entity::Job {
                        (reference, &**asked_for)
                    } else {
                        (&**asked_for, reference)
                    };
                    let one = world.get(&format!("{}&ranked={}", pair(job, profile), ranked.plural())).await;
                    for member in ["score", "score_100"] {
                        assert_eq!(
                            one.body[member], item[member],
                            "{member} of {job} and {profile}: {}",
                            one.body
                        );
                    }
                    assert_eq!((&one.body["why"], &one.body["stale"]), (&Value::Null, &json!(false)));
                    compared += 1;
                }
            }
        }
        assert!(compared > 200, "{compared} pairs");
    }
}

#[actix_web::test]
async fn a_pair_costs_one_call_and_says_whose_list_it_is_of() {
    for backend in backends() {
        let world = hospital(backend).await;
        let one = world.get(&pair("J1", "P1")).await;
        assert_eq!(world.hrflow_side.requests().len(), 1);
        for (member, value) in [("job_reference", "J1"), ("profile_reference", "P1"), ("ranked", "profiles")]
        {
            assert_eq!(one.body[member], value, "{member}");
        }
        assert_eq!(one.body["freshness"]["pending"], 0);
        let other_way = world.get(&format!("{}&ranked=jobs", pair("J1", "P1"))).await;
        assert_eq!(other_way.body["ranked"], "jobs");
        assert_eq!(world.hrflow_side.count("GET", "/jobs/scoring"), 1);
        world.announce("profile_update", "P1").await;
        assert_eq!(world.get(&pair("J1", "P1")).await.body["stale"], true, "a change is on its way");
    }
}

#[actix_web::test]
async fn a_pair_that_is_not_there_is_refused_as_in_scoring() {
    for backend in backends() {
        let world = hospital(backend).await;
        world.announce("profile_create", "WAITS").await;
        world.webhook("job_archive", "J2", &world.now()).await;
        let theirs =
            json!({"reference": "THEIRS", "event_type": "profile_create", "event_date": world.now()});
        let request = world.client.post(format!("{}/v1/webhooks/other/profile_create", world.address));
        assert_eq!(answer(request.header("X-API-KEY", OTHER_KEY).json(&theirs)).await.status, 202);
        for (job, profile, expected) in [
            ("J1", "NOBODY", (404, "not_found")),
            ("NOTHING", "P1", (404, "not_found")),
            ("J1", "THEIRS", (404, "not_found")),
            ("J2", "P1", (410, "archived")),
            ("J1", "WAITS", (409, "not_ready")),
        ] {
            for ranked in ["profiles", "jobs"] {
                let refused = world.get(&format!("{}&ranked={ranked}", pair(job, profile))).await;
                assert_eq!(status_and_code(&refused), expected, "{job} {profile}: {}", refused.body);
                let words = refused.body["detail"].as_str().unwrap();
                assert!(words.contains(if profile == "P1" { job } else { profile }), "{words}");
            }
        }
        let unknown = world.get(&pair("J1", "NOBODY")).await.body["detail"].to_string();
        let another = world.get(&pair("J1", "THEIRS")).await.body["detail"].to_string();
        assert_eq!(unknown.replace("NOBODY", "?"), another.replace("THEIRS", "?"), "as if it did not exist");
        assert_eq!(world.hrflow_side.count("GET", "scoring"), 0);
    }
}

#[actix_web::test]
async fn a_pair_that_the_list_does_not_have_has_no_score_and_says_where_to_ask_why() {
    for backend in backends() {
        let world = hospital(backend).await;
        let mute = json!({"id": "A/B", "firstName": "Ada", "lastName": "Moreau", "resumeText": "words"});
        world.ats.put(Entity::Profile, mute.as_object().unwrap().clone()).unwrap();
        world.pull("profiles", "delta").await;
        let one = world.get(&pair("J1", "A/B")).await;
        assert_eq!((one.status, &one.body["score"]), (StatusCode::OK, &Value::Null), "{}", one.body);
        assert_eq!(one.body["score_100"], Value::Null);
        let why = world.get(one.body["why"].as_str().unwrap()).await;
        assert_eq!(why.body["reason"], "not_scorable", "{}", why.body);
    }
}

#[actix_web::test]
async fn an_answer_about_other_objects_is_never_taken_for_this_one() {
    for backend in backends() {
        let world = hospital(backend).await;
        let source = world.acme().settings.source_key.clone();
        let key = world.record("profiles", "P1").await["hrflow_key"].as_str().unwrap().to_owned();
        let listed = |key: &str, reference: &str, source: &str| {
            let profile = json!({"key": key, "reference": reference, "source_key": source});
            let meta = json!({"page": 1, "maxPage": 1, "count": 1, "total": 1});
            json!({"code": 200, "message": "", "meta": meta,
                "data": {"profiles": [profile], "predictions": [[0.1, 0.9]]}})
            .to_string()
        };
        for (what, body) in [
            ("a filter that is not heeded", listed(&"f".repeat(40), "P2", &source)),
            ("another's reference", listed(&key, "P2", &source)),
            ("another's key", listed(&"f".repeat(40), "P1", &source)),
            ("another's source", listed(&key, "P1", &"d".repeat(40))),
        ] {
            world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Answer(200, body));
            let answer = world.get(&pair("J1", "P1")).await;
            assert_eq!(status_and_code(&answer), (502, "upstream_failed"), "{what}: {}", answer.body);
        }
        let own = listed(&key, "P1", &source);
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Answer(200, own));
        assert_eq!(world.get(&pair("J1", "P1")).await.body["score"], 0.9);
    }
}

#[actix_web::test]
async fn parameters_that_a_pair_does_not_have_are_refused_by_name() {
    for backend in backends() {
        let world = hospital(backend).await;
        for (query, status, field) in [
            ("/v1/match?job_reference=J1", 400, "profile_reference"),
            ("/v1/match?profile_reference=P1", 400, "job_reference"),
            ("/v1/match?job_reference=J1&profile_reference=P1&ranked=people", 422, "ranked"),
            ("/v1/match?job_reference=J1&profile_reference=P1&limit=3", 400, "limit"),
            ("/v1/match?job_reference=J1&job_reference=J2&profile_reference=P1", 400, "job_reference"),
            ("/v1/match?job_reference=..&profile_reference=P1", 422, "job_reference"),
        ] {
            let refused = world.get(query).await;
            let told = &refused.body["errors"][0]["field"];
            assert_eq!((refused.status.as_u16(), told), (status, &json!(field)), "{query}: {}", refused.body);
        }
        let put = world.post("/v1/match?job_reference=J1&profile_reference=P1", &json!({})).await;
        assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[actix_web::test]
async fn a_pair_can_be_put_down_as_a_list_can() {
    for backend in backends() {
        let world = hospital(backend).await;
        assert_eq!(world.get(&pair("J1", "P1")).await.body.get("receipt"), None);
        for ranked in ["profiles", "jobs"] {
            let one = world.get(&format!("{}&receipt=true&ranked={ranked}", pair("J1", "P1"))).await;
            let id = one.body["receipt"]["id"].as_str().unwrap_or_else(|| panic!("{}", one.body));
            let kept = world.get(&format!("/v1/receipts/{id}")).await.body;
            let entry = kept["entry"].to_string();
            assert!(
                entry.contains(r#""match""#) && entry.contains(&one.body["score"].to_string()),
                "{entry}"
            );
            assert!(!entry.contains("P1"), "no person is named: {entry}");
        }
    }
}

#[actix_web::test]
async fn a_pair_is_remembered_and_asked_for_once_as_a_list_is() {
    for backend in backends() {
        let remembering = Wishes { query_cache: Duration::from_secs(10), ..Wishes::default() };
        let world = hospital_with(backend, remembering).await;
        let path = pair("J1", "P2");
        let calls = || world.hrflow_side.count("GET", "/profiles/scoring");
        let with = async |name: &str, value: &str| {
            answer(world.request(Method::GET, &path).header(name, value)).await
        };
        let gate = Gate::new();
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::HoldBefore(gate.clone()));
        let letting = async {
            gate.reached().await;
            world.until_waiting(2).await;
            gate.open();
        };
        let (one, two, ()) = tokio::join!(world.get(&path), world.get(&path), letting);
        assert_eq!((&one.body, calls()), (&two.body, 1));
        let tag = one.headers["etag"].to_str().unwrap().to_owned();
        assert!(!one.headers.contains_key("age") && one.headers["cache-control"] == "private, no-cache");

        world.advance(3);
        let again = world.get(&path).await;
        assert_eq!((&again.body, again.headers["age"].to_str().unwrap(), calls()), (&one.body, "3", 1));
        let same = with("if-none-match", &tag).await;
        assert_eq!((same.status.as_u16(), &same.body, calls()), (304, &Value::String(String::new()), 1));
        let put_down =
            answer(world.request(Method::GET, &format!("{path}&receipt=true")).header("if-none-match", &tag));
        let put_down = put_down.await;
        assert_eq!((put_down.status.as_u16(), calls()), (200, 1), "a receipt is of one answer");
        assert!(put_down.body["receipt"]["id"].is_string() && !put_down.headers.contains_key("etag"));
        let anew = with("cache-control", "no-cache").await;
        assert_eq!((anew.headers.contains_key("age"), calls()), (false, 2));
        // Others are other questions.
        for (other, so_far) in
            [(pair("J1", "P1"), 3), (format!("{path}&ranked=jobs"), 3), (pair("J2", "P2"), 4)]
        {
            world.get(&other).await;
            assert_eq!(calls(), so_far, "{other}");
        }
        let list = world.get("/v1/profiles/scoring?job_reference=J1&limit=1").await;
        assert_eq!((&list.body["items"][0]["reference"], calls()), (&json!("P1"), 5));

        // The same content: its score stays, and that the change is on its way is told while it is.
        world.has_profile("P2", "Nurse of the day");
        world.announce("profile_update", "P2").await;
        assert_eq!((&world.get(&path).await.body["stale"], calls()), (&json!(true), 6));
        world.settle().await;
        let settled = world.get(&path).await;
        assert_eq!(
            (&settled.body["stale"], &settled.body["freshness"]["pending"]),
            (&json!(false), &json!(0))
        );
        assert_eq!((with("if-none-match", &tag).await.status.as_u16(), calls()), (304, 6));
        world.advance(1);
        world.has_profile("P2", "Night nurse");
        world.announce("profile_update", "P2").await;
        world.settle().await;
        let changed = with("if-none-match", &tag).await;
        assert_eq!((changed.status.as_u16(), calls()), (200, 7));
        assert!(changed.body["score"].as_f64() > one.body["score"].as_f64(), "{}", changed.body);
        world.announce("profile_archive", "P2").await;
        assert_eq!(status_and_code(&world.get(&path).await), (410, "archived"));
        assert_eq!(calls(), 7);
    }
}
