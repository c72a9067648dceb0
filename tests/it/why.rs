//! Why not: every reason is told by its cause, through the front door.

use oem_connector::config::OnArchive;
use oem_connector::model::Entity;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    API_KEY, Answer, Fault, OPERATOR_KEY, OTHER_KEY, Wishes, World, answer, backends, hospital, urlencoded,
};

fn why(job: &str, profile: &str) -> String {
    format!("/v1/match/why?job_reference={}&profile_reference={}", urlencoded(job), urlencoded(profile))
}

/// Asks, and gives the answer, which must have this reason.
async fn told(world: &World, path: &str, reason: &str) -> Value {
    let answer = world.get(path).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["reason"]),
        (200, &json!(reason)),
        "{path}: {}",
        answer.body
    );
    let body = answer.body;
    assert_eq!(body["in_list"], json!(reason == "in_list"), "{body}");
    for words in ["detail", "advice"] {
        assert!(!body[words].as_str().unwrap().is_empty(), "{words} of {body}");
    }
    assert!(!body["checks"].as_array().unwrap().is_empty(), "{body}");
    body
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["parameter"].as_str().unwrap()).collect()
}

/// Whether each check passed, by its name.
fn checks(body: &Value) -> Vec<(&str, bool)> {
    let checks = body["checks"].as_array().unwrap().iter();
    checks.map(|check| (check["check"].as_str().unwrap(), check["passed"].as_bool().unwrap())).collect()
}

fn has(world: &World, candidate: &Value) {
    world.ats.put(Entity::Profile, candidate.as_object().unwrap().clone()).unwrap();
}

/// Changes what HrFlow holds of a profile, behind our back.
async fn behind_our_back(world: &World, reference: &str, archived: bool) {
    let source = world.acme().settings.source_key.clone();
    let body = json!({"source_key": source, "reference": reference, "is_archive": i32::from(archived)});
    let url = format!("http://{}/v1/profile/indexing/archive", world.hrflow_side.address);
    let request = world.client.request(Method::PATCH, url).header("X-API-KEY", API_KEY).json(&body);
    assert_eq!(answer(request).await.status, 200);
    world.hrflow_side.forget();
}

#[actix_web::test]
async fn what_is_in_the_list_is_told_with_its_rank_and_its_page() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        for limit in [1, 2, 3, 30] {
            for page in 1..=4 {
                let list = world
                    .get(&format!("/v1/profiles/scoring?job_reference=J1&limit={limit}&page={page}"))
                    .await;
                for item in list.body["items"].as_array().unwrap() {
                    let reference = item["reference"].as_str().unwrap();
                    let body =
                        told(&world, &format!("{}&limit={limit}", why("J1", reference)), "in_list").await;
                    for member in ["rank", "score", "score_100"] {
                        assert_eq!(body[member], item[member], "{member} of {reference}: {body}");
                    }
                    assert_eq!(body["page"], page, "{reference} with {limit}");
                    assert_eq!(body["excluded_by"], json!([]));
                }
            }
        }
        let body = told(&world, &format!("{}&ranked=jobs&limit=1", why("J1", "P4")), "in_list").await;
        assert_eq!((&body["rank"], &body["page"], &body["ranked"]), (&json!(2), &json!(2), &json!("jobs")));
    }
}

#[actix_web::test]
async fn equals_are_told_apart_by_the_page_that_they_are_on() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_job("J1", "Night nurse");
        for number in 0..9 {
            world.has_profile(&format!("SAME-{number}"), "Night nurse");
        }
        world.pull("jobs", "full").await;
        world.pull("profiles", "full").await;
        let list = world.get("/v1/profiles/scoring?job_reference=J1&limit=100").await;
        let items = list.body["items"].as_array().unwrap();
        let tie = &items[4]["score"];
        let equals = items.iter().filter(|item| item["score"] == *tie).count();
        assert!(equals > 1, "no two are alike: {}", list.body);
        for item in items {
            let reference = item["reference"].as_str().unwrap();
            let body = told(&world, &format!("{}&limit=4", why("J1", reference)), "in_list").await;
            assert_eq!(body["rank"], item["rank"], "{reference}");
            assert_eq!(body["page"], json!((item["rank"].as_u64().unwrap() - 1) / 4 + 1), "{reference}");
        }
        world.hrflow_side.forget();
        told(&world, &format!("{}&limit=1", why("J1", "SAME-8")), "in_list").await;
        assert!(world.hrflow_side.requests().len() <= 5, "{:?}", world.hrflow_side.requests());
    }
}

#[actix_web::test]
async fn the_page_is_that_of_the_list_also_where_hrflow_gives_no_page_so_large() {
    for backend in backends() {
        let world = World::new(backend).await;
        world.has_job("J1", "Night nurse");
        for number in 0..70 {
            world.has_profile(&format!("P{number:02}"), if number < 40 { "Night nurse" } else { "Sailor" });
        }
        world.pull("jobs", "full").await;
        world.pull("profiles", "full").await;
        let list = world.get("/v1/profiles/scoring?job_reference=J1&limit=100").await;
        let items = list.body["items"].as_array().unwrap().clone();
        // HrFlow has pages of thirty, whatever it is asked for, and says nothing.
        for page in 1..=3_u32 {
            let number = usize::try_from(page).unwrap() - 1;
            let part = items.chunks(30).nth(number).unwrap();
            let profiles: Vec<Value> =
                part.iter().map(|item| json!({"key": "key", "reference": item["reference"]})).collect();
            let predictions: Vec<Value> = part
                .iter()
                .map(|item| json!([1.0 - item["score"].as_f64().unwrap(), item["score"]]))
                .collect();
            let body = json!({
                "code": 200, "message": "ok",
                "meta": {"page": page, "maxPage": 3, "count": part.len(), "total": 70},
                "data": {"profiles": profiles, "predictions": predictions},
            });
            let capped = Fault::Answer(200, body.to_string());
            world.hrflow_side.fail_times(usize::MAX, "GET", &format!("page={page}&limit=50"), capped);
        }
        for place in [0, 35, 49, 50, 69] {
            let item = &items[place];
            let path = format!("{}&limit=50", why("J1", item["reference"].as_str().unwrap()));
            let body = told(&world, &path, "in_list").await;
            let page = if place < 50 { 1 } else { 2 };
            assert_eq!((&body["rank"], &body["page"]), (&item["rank"], &json!(page)), "{body}");
        }
    }
}

#[actix_web::test]
async fn what_was_never_heard_of_is_a_reason_and_another_partners_is_the_same() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let theirs =
            json!({"reference": "THEIRS", "event_type": "profile_create", "event_date": world.now()});
        let request = world.client.post(format!("{}/v1/webhooks/other/profile_create", world.address));
        assert_eq!(answer(request.header("X-API-KEY", OTHER_KEY).json(&theirs)).await.status, 202);
        let nobody = told(&world, &why("J1", "NOBODY"), "never_received").await;
        assert_eq!(nobody["object"], "profile");
        let theirs = told(&world, &why("J1", "THEIRS"), "never_received").await;
        assert_eq!(nobody.to_string().replace("NOBODY", "?"), theirs.to_string().replace("THEIRS", "?"));
        let job = told(&world, &why("NOTHING", "P1"), "never_received").await;
        assert_eq!(job["object"], "job");
        assert_eq!(checks(&job), [("ledger", false), ("ledger", true)]);
        let both = told(&world, &why("NOTHING", "NOBODY"), "never_received").await;
        assert_eq!(
            (&both["object"], checks(&both)),
            (&json!("job"), vec![("ledger", false), ("ledger", false)])
        );
        assert_eq!(world.hrflow_side.requests().len(), 0, "the ledger is enough");
    }
}

#[actix_web::test]
async fn what_waits_and_what_was_set_aside_are_told_with_their_problem() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        world.has_profile("LATE", "Night nurse");
        let since = world.now();
        world.announce("profile_create", "LATE").await;
        let waits = told(&world, &why("J1", "LATE"), "waiting").await;
        assert_eq!((&waits["since"], &waits["problem"]), (&json!(since), &Value::Null));
        assert_eq!(waits["due_at"], json!(since));
        world.partner_side.fail("GET", "/candidates/LATE", Fault::Status(500, None));
        world.settle().await;
        let again = told(&world, &why("J1", "LATE"), "waiting").await;
        assert_eq!(again["problem"]["code"], "upstream_failed", "{again}");
        assert_ne!(again["due_at"], json!(since), "it is tried again later");

        has(
            &world,
            &json!({"id": "ODD", "firstName": "Ada", "contact": {"email": 7}, "resumeText": "words"}),
        );
        world.announce("profile_create", "ODD").await;
        world.settle().await;
        let odd = told(&world, &why("J1", "ODD"), "set_aside").await;
        assert_eq!(
            (&odd["problem"]["code"], &odd["object"]),
            (&json!("invalid"), &json!("profile")),
            "{odd}"
        );
        assert!(odd["problem"]["detail"].as_str().unwrap().contains("email"), "{odd}");
    }
}

#[actix_web::test]
async fn a_later_change_that_failed_does_not_take_the_object_out_of_the_list() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        has(&world, &json!({"id": "P1", "firstName": "Ada", "contact": {"email": 7}, "resumeText": "words"}));
        world.advance(60);
        world.announce("profile_update", "P1").await;
        world.settle().await;
        assert_eq!(world.record("profiles", "P1").await["state"], "set_aside");
        let body = told(&world, &why("J1", "P1"), "in_list").await;
        let ledger = body["checks"][1]["detail"].as_str().unwrap();
        assert!(ledger.contains("set aside"), "{ledger}");
    }
}

#[actix_web::test]
async fn what_was_archived_is_told_with_when_and_how() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        world.advance(60);
        let date = world.now();
        world.announce("profile_archive", "P1").await;
        let by_event = told(&world, &why("J1", "P1"), "archived").await;
        assert_eq!(by_event["since"], json!(date), "before HrFlow has heard of it");
        assert!(by_event["detail"].as_str().unwrap().contains("by an archive webhook"), "{by_event}");
        world.settle().await;

        world.ats.remove(Entity::Profile, "P2");
        world.advance(60);
        world.pull("profiles", "full").await;
        let by_absence = told(&world, &why("J1", "P2"), "archived").await;
        assert!(by_absence["detail"].as_str().unwrap().contains("listing"), "{by_absence}");
        assert!(by_absence["since"].is_string(), "{by_absence}");

        world.ats.remove(Entity::Profile, "P3");
        world.partner_side.fail_times(9, "GET", "/candidates/P3", Fault::Status(410, None));
        world.announce("profile_update", "P3").await;
        world.settle().await;
        let gone = told(&world, &why("J1", "P3"), "archived").await;
        assert!(gone["detail"].as_str().unwrap().contains("no longer finds it"), "{gone}");
        let job = world.webhook("job_archive", "J1", &world.now()).await;
        assert_eq!(job.status, 202);
        assert_eq!(told(&world, &why("J1", "P4"), "archived").await["object"], "job");
    }
}

#[actix_web::test]
async fn what_was_erased_is_told_as_that_and_as_nothing_more() {
    for backend in backends() {
        let world = hospital(backend, Wishes { on_archive: OnArchive::Erase, ..Wishes::default() }).await;
        let path = "/v1/records/profiles/P1/erase?partner=acme";
        let request = world.client.post(format!("{}{path}", world.address));
        assert_eq!(answer(request.header("X-API-KEY", OPERATOR_KEY)).await.status, 202);
        for _ in 0..2 {
            let erased = told(&world, &why("J1", "P1"), "erased").await;
            assert_eq!((&erased["since"], &erased["problem"]), (&Value::Null, &Value::Null));
            world.settle().await;
        }
    }
}

#[actix_web::test]
async fn what_cannot_be_found_or_scored_is_told_with_the_rule_and_its_fields() {
    for backend in backends() {
        let wishes = Wishes { profile_map: ". + {reference: .id}".to_owned(), ..Wishes::default() };
        let world = World::with(backend, wishes).await;
        world.has_job("J1", "Night nurse");
        for (id, text, info) in [
            ("MUTE", "", json!({"email": "a@example.org"})),
            ("NAMELESS", "words", json!({"phone": "1"})),
            ("IDLE", "words", json!({"email": "b@example.org"})),
        ] {
            has(&world, &json!({"id": id, "text": text, "info": info, "experiences": [], "educations": []}));
        }
        world.pull("jobs", "full").await;
        world.pull("profiles", "full").await;
        for (id, reason, rules, field) in [
            ("MUTE", "not_searchable", vec!["text", "description"], "text"),
            ("NAMELESS", "not_searchable", vec!["identity", "description"], "info.email"),
            ("IDLE", "not_scorable", vec!["description"], "skills"),
        ] {
            let body = told(&world, &why("J1", id), reason).await;
            let missing = body["missing"].as_array().unwrap();
            let told: Vec<&str> = missing.iter().map(|one| one["rule"].as_str().unwrap()).collect();
            assert_eq!((told, &body["object"]), (rules, &json!("profile")), "{body}");
            assert!(missing[0]["fields"].to_string().contains(field), "{body}");
            assert_eq!(body["score"], Value::Null);
            // The other way round it is the one that is asked for.
            let body = self::told(&world, &format!("{}&ranked=jobs", why("J1", id)), reason).await;
            assert_eq!(body["object"], "profile", "{body}");
        }
    }
}

#[actix_web::test]
async fn every_filter_that_keeps_an_object_out_is_named() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let keep_out = "text_keywords=%5B%22sailor%22%5D&skills=%5B%7B%22name%22%3A%22COBOL%22%7D%5D";
        let let_in = "created_at_min=2020-01-01";
        let body = told(&world, &format!("{}&{keep_out}&{let_in}", why("J1", "P1")), "excluded").await;
        assert_eq!(names(&body["excluded_by"]), ["text_keywords", "skills"], "{body}");
        let seen =
            [("list", false), ("unfiltered", true), ("filter", false), ("filter", false), ("filter", true)];
        assert_eq!(checks(&body)[2..], seen, "{body}");
        let list = world.get("/v1/profiles/scoring?job_reference=J1").await;
        let items = list.body["items"].as_array().unwrap();
        let listed = items.iter().find(|item| item["reference"] == "P1").unwrap();
        assert_eq!(body["score"], listed["score"], "what it would have without them");
        let all = format!("{}&{keep_out}&score_min=1", why("J1", "P1"));
        let body = told(&world, &all, "excluded").await;
        assert_eq!(names(&body["excluded_by"]), ["text_keywords", "skills", "score_min"], "{body}");
        let for_profile = format!("{}&ranked=jobs&name=Astronaut", why("J1", "P1"));
        assert_eq!(names(&told(&world, &for_profile, "excluded").await["excluded_by"]), ["name"]);
    }
}

#[actix_web::test]
async fn a_distance_goes_with_its_point_and_may_be_measured_from_the_job() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        has(
            &world,
            &json!({
                "id": "FAR", "firstName": "Ada", "lastName": "Moreau", "headline": "Night nurse",
                "resumeText": "Night nurse", "competencies": ["Rust"], "contact": {"email": "far@example.org"},
                "address": {"city": "Perth", "geo": {"latitude": -31.95, "longitude": 115.86}},
            }),
        );
        world.pull("profiles", "delta").await;
        for point in ["location_geopoint=%7B%22lat%22%3A45.76%2C%22lng%22%3A4.83%7D", "location_from=job"] {
            let path = format!("{}&location_distance=50&{point}", why("J1", "FAR"));
            let body = told(&world, &path, "excluded").await;
            assert_eq!(names(&body["excluded_by"]), ["location_distance"], "{body}");
        }
    }
}

#[actix_web::test]
async fn filters_that_only_together_keep_an_object_out_are_all_named() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let nothing = json!({
            "code": 200, "message": "", "meta": {"page": 1, "maxPage": 1, "count": 0, "total": 0},
            "data": {"profiles": [], "predictions": []},
        });
        // HrFlow finds nothing with both, and with none or one of them it does.
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Answer(200, nothing.to_string()));
        let path = format!("{}&created_at_min=2020-01-01&name=Ada", why("J1", "P1"));
        let body = told(&world, &path, "excluded").await;
        assert_eq!(names(&body["excluded_by"]), ["created_at_min", "name"], "{body}");
        assert!(body["excluded_by"][0]["detail"].as_str().unwrap().contains("together"));
    }
}

#[actix_web::test]
async fn a_score_that_is_too_low_is_told() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let body = told(&world, &format!("{}&score_min=0.999999", why("J1", "P3")), "below_score_min").await;
        assert_eq!(names(&body["excluded_by"]), ["score_min"]);
        assert!(body["score"].as_f64().unwrap() < 0.999_999);
        assert_eq!((&body["rank"], &body["page"]), (&Value::Null, &Value::Null));
        told(&world, &format!("{}&score_min={}", why("J1", "P3"), body["score"]), "in_list").await;
    }
}

#[actix_web::test]
async fn what_was_changed_in_hrflow_behind_our_back_is_told() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        behind_our_back(&world, "P1", true).await;
        told(&world, &why("J1", "P1"), "archived_in_hrflow").await;
        assert!(world.hrflow_side.requests().len() <= 3, "{:?}", world.hrflow_side.requests());
        let gone = json!({"code": 400, "message": "Invalid parameters. Unable to find object: profile"});
        world.hrflow_side.fail("GET", "/profile/indexing", Fault::Answer(400, gone.to_string()));
        told(&world, &why("J1", "P1"), "not_in_hrflow").await;
        let gone = json!({"code": 400, "message": "Invalid parameters. Unable to find object: job"});
        for path in ["/profiles/scoring", "/job/indexing"] {
            world.hrflow_side.fail("GET", path, Fault::Answer(400, gone.to_string()));
        }
        assert_eq!(told(&world, &why("J1", "P2"), "not_in_hrflow").await["object"], "job");
    }
}

#[actix_web::test]
async fn what_hrflow_took_a_moment_ago_and_does_not_list_is_told() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let nothing = |data: Value| {
            let meta = json!({"page": 1, "maxPage": 1, "count": 0, "total": 0});
            Fault::Answer(200, json!({"code": 200, "message": "", "meta": meta, "data": data}).to_string())
        };
        let no_scores = || nothing(json!({"profiles": [], "predictions": []}));
        world.hrflow_side.fail("GET", "/profiles/scoring", no_scores());
        let found = told(&world, &why("J1", "P1"), "not_scorable_yet").await;
        assert!(found["since"].is_string() && found["object"] == "profile", "{found}");
        world.hrflow_side.fail("GET", "/profiles/scoring", no_scores());
        world.hrflow_side.fail("GET", "/profiles/searching", nothing(json!({"profiles": []})));
        told(&world, &why("J1", "P1"), "not_searchable_yet").await;
        // The job is too new to be scored for.
        let refusal = json!({"code": 400, "message": "This job is not in the scoring index"});
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Answer(400, refusal.to_string()));
        let job = told(&world, &why("J1", "P1"), "not_scorable_yet").await;
        assert_eq!(job["object"], "job", "{job}");
    }
}

#[actix_web::test]
async fn hrflow_is_called_within_the_stated_bound() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let filters = "name=Zoe&email=z%40example.org&created_at_max=2001-01-01&stage=yes&\
            experiences_duration_min=90&educations_duration_min=90&text_keywords=%5B%22zebra%22%5D&\
            summary_keywords=%5B%22zebra%22%5D&contract=%5B%22none%22%5D&updated_at_max=2001-01-01";
        let body = told(&world, &format!("{}&{filters}", why("J1", "P1")), "excluded").await;
        assert_eq!(names(&body["excluded_by"]).len(), 10, "{body}");
        assert_eq!(world.hrflow_side.requests().len(), 12, "two, and one for each filter");
    }
}

#[actix_web::test]
async fn a_failing_hrflow_is_told_as_in_scoring_and_never_as_a_reason() {
    fn status_and_code(answer: &Answer) -> (u16, &str) {
        (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default())
    }
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let misaligned = json!({
            "code": 200, "message": "", "meta": {"page": 1, "maxPage": 1, "count": 1, "total": 1},
            "data": {"profiles": [{"key": "e"}], "predictions": []},
        });
        for (fault, expected) in [
            (Fault::Malformed, (502, "upstream_failed")),
            (Fault::Cut, (502, "upstream_failed")),
            (Fault::Answer(200, misaligned.to_string()), (502, "upstream_failed")),
            (Fault::Status(429, Some(3)), (429, "rate_limited")),
        ] {
            world.hrflow_side.fail("GET", "/profiles/scoring", fault.clone());
            let refused = world.get(&why("J1", "P1")).await;
            assert_eq!(status_and_code(&refused), expected, "{fault:?}: {}", refused.body);
            world.advance(3);
        }
        for (query, status, field) in [
            ("names=%5B%22x%22%5D", 400, "names"),
            ("ranked=jobs&stage=new", 400, "stage"),
            ("ranked=%6Aobs&stage=new", 400, "stage"),
            ("limit=0", 422, "limit"),
            ("location_distance=5", 422, "location_distance"),
        ] {
            let refused = world.get(&format!("{}&{query}", why("J1", "P1"))).await;
            let told = &refused.body["errors"][0]["field"];
            assert_eq!((refused.status.as_u16(), told), (status, &json!(field)), "{query}: {}", refused.body);
        }
    }
}
