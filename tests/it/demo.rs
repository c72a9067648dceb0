//! The sample ATS and the samples: what a connector, a test or a person with curl may rely on.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read};
use oem_connector::demo::{self, Ats, JOB_MAP, PROFILE_MAP};
use oem_connector::model::{Clock, Entity, Object, Reference};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

const KEY: &str = "ats-key-of-the-tests";

/// A running ATS and a client that knows its key.
struct World {
    ats: Ats,
    client: Client,
    clock: Clock,
}

impl World {
    fn with(start: impl FnOnce(Clock) -> oem_connector::error::Result<Ats>) -> Self {
        // The first test installs it; the others find it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Clock::manual(date(2026, 11, 22));
        let client = Client::builder().timeout(Duration::from_secs(20)).no_proxy().build().unwrap();
        Self { ats: start(clock.clone()).unwrap(), client, clock }
    }

    fn new() -> Self {
        Self::with(|clock| Ats::start("127.0.0.1:0".parse().unwrap(), KEY, clock))
    }

    fn empty() -> Self {
        Self::with(|clock| Ats::start_empty("127.0.0.1:0".parse().unwrap(), KEY, clock))
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("http://{}/api{path}", self.ats.address()))
            .header("X-ATS-TOKEN", KEY)
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path)).await
    }
}

/// Status and JSON of an answer that must be JSON, and say so.
async fn answer(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    (answer.status(), answer.json().await.unwrap())
}

fn date(year: i32, month: u32, day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(year, month, day, 0, 0, 0).unwrap()
}

fn encoded(reference: &str) -> String {
    utf8_percent_encode(reference, NON_ALPHANUMERIC).to_string()
}

fn object(value: Value) -> Object {
    let Value::Object(object) = value else { panic!("an object was expected, not {value}") };
    object
}

/// Every sample through a jq map, with the reference that the list gives it.
async fn mapped(world: &World, path: &str, map: &str) -> Vec<Value> {
    let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let modules = Loader::new(defs).load(&arena, File { code: map, path: () }).expect("the map is jq");
    let filter = Compiler::default().with_funs(funs).compile(modules).expect("the map knows its functions");
    let mut found = Vec::new();
    for page in 1.. {
        let (_, listing) = world.get(&format!("{path}?size=500&page={page}")).await;
        let content = listing["content"].as_array().unwrap();
        for object in content {
            let input = read::parse_single(object.to_string().as_bytes()).unwrap();
            let run = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
            let outputs: Vec<_> = filter.id.run((run, input)).map(unwrap_valr).collect();
            let [Ok(output)] = outputs.as_slice() else { panic!("{object} gave {outputs:?}") };
            found.push(serde_json::from_str(&output.to_string()).unwrap());
        }
        if content.len() < 500 {
            break;
        }
    }
    found
}

#[tokio::test]
async fn a_list_is_read_page_by_page_in_the_order_of_modification() {
    let world = World::new();
    let (status, first) = world.get("/candidates?page=1&size=100").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (&first["page"], &first["size"], &first["totalElements"]),
        (&json!(1), &json!(100), &json!(2040))
    );
    let mut seen = Vec::new();
    for page in 1..=21 {
        let (_, listing) = world.get(&format!("/candidates?page={page}&size=100")).await;
        seen.extend(listing["content"].as_array().unwrap().iter().map(|candidate| {
            (candidate["modifiedAt"].as_str().unwrap().to_owned(), candidate["id"].to_string())
        }));
    }
    assert_eq!(seen.len(), 2040);
    assert!(seen.is_sorted_by_key(|(modified, _)| modified.clone()));
    assert_eq!(seen.iter().map(|(_, id)| id).collect::<HashSet<_>>().len(), 2040);
}

#[tokio::test]
async fn a_page_after_the_last_is_empty() {
    let world = World::new();
    let (status, listing) = world.get("/vacancies?page=7&size=50").await;
    assert_eq!(
        (status, &listing["content"], &listing["totalElements"]),
        (StatusCode::OK, &json!([]), &json!(300))
    );
}

#[tokio::test]
async fn a_list_since_a_date_has_what_was_modified_then_or_later() {
    let world = World::new();
    let (_, all) = world.get("/vacancies?size=300").await;
    let all = all["content"].as_array().unwrap();
    let since = all[290]["modifiedAt"].as_str().unwrap();
    let (_, late) = world.get(&format!("/vacancies?size=300&modified_since={since}")).await;
    assert_eq!(late["content"].as_array().unwrap(), &all[290..]);
    assert_eq!(late["totalElements"], 10);
}

#[tokio::test]
async fn an_object_is_read_by_any_reference_percent_encoded() {
    let world = World::new();
    let (_, all) = world.get("/vacancies?size=300").await;
    let ids: Vec<&str> =
        all["content"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap()).collect();
    assert!(
        ["/", " ", "É"].iter().all(|odd| ids.iter().any(|id| id.contains(odd))),
        "the samples have odd references"
    );
    for id in ids {
        let (status, answer) = world.get(&format!("/vacancies/{}", encoded(id))).await;
        assert_eq!((status, answer["vacancy"]["id"].as_str()), (StatusCode::OK, Some(id)));
    }
    for id in ["a%2Fb", "100%", "a+b", "a?b#c", "日本 1"] {
        world.ats.put(Entity::Job, object(json!({"id": id}))).unwrap();
        let (_, answer) = world.get(&format!("/vacancies/{}", encoded(id))).await;
        assert_eq!(answer["vacancy"]["id"], id);
    }
}

#[tokio::test]
async fn without_the_key_nothing_is_told_and_nothing_changes() {
    let world = World::new();
    let before = world.ats.count(Entity::Profile);
    for (method, path) in [
        (Method::GET, "/candidates"),
        (Method::GET, "/candidates?page=0"),
        (Method::GET, "/nowhere"),
        (Method::DELETE, "/candidates/10001"),
    ] {
        for key in [None, Some("another")] {
            let mut request =
                world.client.request(method.clone(), format!("http://{}/api{path}", world.ats.address()));
            if let Some(key) = key {
                request = request.header("X-ATS-TOKEN", key);
            }
            let (status, body) = answer(request).await;
            assert_eq!(
                (status, &body["error"]["code"]),
                (StatusCode::UNAUTHORIZED, &json!("unauthorized")),
                "{path}"
            );
        }
    }
    assert_eq!(world.ats.count(Entity::Profile), before);
}

#[tokio::test]
async fn what_cannot_be_read_or_found_is_refused_by_name() {
    let world = World::empty();
    for (query, named) in [
        ("page=0", "`page`"),
        ("page=x", "`page`"),
        ("page=99999999999999999999", "`page`"),
        ("size=0", "`size`"),
        ("size=501", "`size`"),
        ("size=-1", "`size`"),
        ("modified_since=yesterday", "`modified_since`"),
        ("modified_since=", "`modified_since`"),
    ] {
        let (status, body) = world.get(&format!("/candidates?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(body["error"]["message"].as_str().unwrap().contains(named), "{query}: {body}");
    }
    for path in ["/candidates/1", "/vacancies/V%2F1", "/nowhere", "/candidates/a/b"] {
        assert_eq!(world.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(answer(world.request(Method::POST, "/candidates")).await.0, StatusCode::METHOD_NOT_ALLOWED);
    for (body, status) in [("{", 400), ("[]", 400), (r#"{"id": "another"}"#, 400)] {
        let put =
            world.request(Method::PUT, "/candidates/7").header("Content-Type", "application/json").body(body);
        assert_eq!(answer(put).await.0, status, "{body}");
    }
    let put = world.request(Method::PUT, "/candidates/a%0Ab").json(&json!({}));
    assert_eq!(answer(put).await.0, StatusCode::BAD_REQUEST);
    let put = world.request(Method::PUT, "/candidates/7").body("{}");
    assert_eq!(answer(put).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let put = world.request(Method::PUT, "/candidates/7").json(&json!({"resumeText": "x".repeat(2 << 20)}));
    assert_eq!(answer(put).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(world.ats.count(Entity::Profile), 0);
}

#[tokio::test]
async fn a_changed_candidate_moves_to_the_end_with_the_present_second() {
    let world = World::new();
    let (_, before) = world.get("/candidates/10001").await;
    let change =
        world.request(Method::PATCH, "/candidates/10001").json(&json!({"headline": "Lighthouse keeper"}));
    let (status, changed) = answer(change).await;
    assert_eq!(status, StatusCode::OK);
    let candidate = &changed["candidate"];
    assert_eq!(
        (&candidate["headline"], &candidate["modifiedAt"]),
        (&json!("Lighthouse keeper"), &json!("2026-11-22T00:00:00Z"))
    );
    assert_eq!(
        (&candidate["id"], &candidate["createdAt"]),
        (&json!(10001), &before["candidate"]["createdAt"])
    );
    assert_eq!(candidate["resumeText"], before["candidate"]["resumeText"]);
    let (_, late) = world.get("/candidates?modified_since=2026-11-22T00:00:00Z").await;
    assert_eq!(late["content"], json!([candidate]));

    world.clock.advance(Duration::from_secs(90));
    let (_, replaced) = answer(world.request(Method::PUT, "/candidates/10001").json(&before)).await;
    assert_eq!(replaced["candidate"]["headline"], before["candidate"]["headline"]);
    assert_eq!(replaced["candidate"]["modifiedAt"], "2026-11-22T00:01:30Z");
    assert_eq!(world.ats.count(Entity::Profile), 2040);
}

#[tokio::test]
async fn a_new_vacancy_is_created_and_a_deleted_one_is_gone() {
    let world = World::empty();
    let put = world.request(Method::PUT, "/vacancies/N%2F1").json(&json!({"title": "Baker"}));
    let (status, body) = answer(put).await;
    assert_eq!((status, &body["vacancy"]["id"]), (StatusCode::CREATED, &json!("N/1")));
    let deleted = world.request(Method::DELETE, "/vacancies/N%2F1").send().await.unwrap();
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    assert_eq!(world.get("/vacancies/N%2F1").await.0, StatusCode::NOT_FOUND);
    assert_eq!(answer(world.request(Method::DELETE, "/vacancies/N%2F1")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        answer(world.request(Method::PATCH, "/vacancies/N%2F1").json(&json!({}))).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(world.get("/vacancies").await.1["content"], json!([]));
}

#[tokio::test]
async fn a_test_changes_the_data_while_the_ats_runs() {
    let world = World::empty();
    let put = |value| world.ats.put(Entity::Profile, object(value));
    assert_eq!(put(json!({"id": 7, "modifiedAt": "2026-01-02T00:00:00Z"})).unwrap().as_str(), "7");
    put(json!({"id": "8", "modifiedAt": "2026-01-01T00:00:00Z"})).unwrap();
    put(json!({"id": "9"})).unwrap();
    put(json!({"id": 7, "modifiedAt": "2026-12-01T00:00:00Z", "firstName": "Ada", "lastName": "Moreau"}))
        .unwrap();
    let (_, listing) = world.get("/candidates").await;
    let ids: Vec<&Value> = listing["content"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [&json!("8"), &json!("9"), &json!(7)]);
    assert_eq!(world.ats.label(Entity::Profile, "7").as_deref(), Some("Ada Moreau"));
    for wrong in [json!({}), json!({"id": null}), json!({"id": ""}), json!({"id": "1", "modifiedAt": "soon"})]
    {
        assert!(put(wrong.clone()).is_err(), "{wrong}");
    }
    assert!(world.ats.remove(Entity::Profile, "8"));
    assert!(!world.ats.remove(Entity::Profile, "8"));
    assert_eq!(world.ats.count(Entity::Profile), 2);
    world.ats.stop().await;
}

#[tokio::test]
async fn a_stopped_ats_frees_its_address_and_a_taken_one_is_an_error() {
    let world = World::empty();
    let address = world.ats.address();
    let error = Ats::start_empty(address, KEY, Clock::System).err().expect("the address is taken");
    assert!(error.message().contains(&address.to_string()));
    world.ats.stop().await;
    Ats::start_empty(address, KEY, Clock::System).unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_candidate_maps_to_a_profile_that_can_be_matched() {
    let world = World::new();
    let profiles = mapped(&world, "/candidates", PROFILE_MAP).await;
    let filled = |value: &Value| !value.is_null() && *value != json!("") && *value != json!([]);
    let (mut references, mut neither, mut searchable_only) = (HashSet::new(), 0, 0);
    for profile in &profiles {
        let info = &profile["info"];
        Reference::parse(profile["reference"].as_str().unwrap()).unwrap();
        assert!(references.insert(profile["reference"].clone()), "{} twice", profile["reference"]);
        assert!(filled(&profile["text"]) && info.is_object() && info["location"].is_object(), "{profile}");
        for experience in profile["experiences"].as_array().unwrap() {
            assert!(filled(&experience["title"]) && filled(&experience["company"]));
            let (start, end) = (&experience["date_start"], &experience["date_end"]);
            assert!(start.as_str().unwrap().len() == 19, "without an offset: {start}");
            assert!(end.is_null() || end.as_str() >= start.as_str(), "{experience}");
        }
        let years = profile["experiences_duration"].as_f64().unwrap();
        assert!((0.0..40.0).contains(&years), "{years}");
        let named = filled(&info["first_name"]) && filled(&info["last_name"]);
        let searchable = filled(&info["email"]) || named;
        let scorable = filled(&info["summary"])
            || filled(&profile["skills"])
            || filled(&profile["experiences"])
            || filled(&profile["educations"]);
        neither += usize::from(!searchable);
        searchable_only += usize::from(searchable && !scorable);
    }
    // Six applications came without a CV, two of them without a first name and an address.
    assert_eq!((profiles.len(), neither, searchable_only), (2040, 2, 4));
    let missing =
        |path: &str| profiles.iter().filter(|profile| !filled(profile.pointer(path).unwrap())).count();
    assert!(
        missing("/info/email") > 50 && missing("/info/location/lat") > 100 && missing("/info/phone") > 100
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_vacancy_maps_to_a_job_with_a_name_and_a_location() {
    let world = World::new();
    let jobs = mapped(&world, "/vacancies", JOB_MAP).await;
    let references: HashSet<&str> = jobs.iter().map(|job| job["reference"].as_str().unwrap()).collect();
    assert_eq!((jobs.len(), references.len()), (300, 300));
    for job in &jobs {
        for path in
            ["/name", "/location/text", "/summary", "/responsibilities", "/requirements", "/skills/0/name"]
        {
            assert!(
                job.pointer(path).and_then(Value::as_str).is_some_and(|text| !text.is_empty()),
                "{path}: {job}"
            );
        }
        for salary in job["ranges_float"].as_array().unwrap() {
            assert!(salary["value_min"].as_f64() <= salary["value_max"].as_f64(), "{salary}");
        }
    }
}

#[tokio::test]
async fn every_sample_person_is_fictional_and_reachable_nowhere() {
    let world = World::new();
    for page in 1..=5 {
        let (_, listing) = world.get(&format!("/candidates?size=500&page={page}")).await;
        for candidate in listing["content"].as_array().unwrap() {
            let text = candidate.to_string();
            assert!(!text.contains("linkedin.com") && !text.contains("github.com"), "{text}");
            // An `@` between letters is an address; O*NET has programs named `Bond @nalyst`.
            for (at, _) in
                text.match_indices('@').filter(|(at, _)| text[..*at].ends_with(char::is_alphanumeric))
            {
                let domain = &text[at + 1..];
                assert!(
                    ["example.org", "example.com", "example.net"].iter().any(|safe| domain.starts_with(safe))
                );
            }
        }
    }
}

#[test]
fn the_samples_stay_small() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let size = |name| std::fs::metadata(folder.join(name)).unwrap().len();
    assert!(size("candidates.jsonl.gz") + size("vacancies.jsonl.gz") < 5_000_000);
}

#[tokio::test]
async fn labels_tell_who_and_what() {
    let world = World::new();
    let (_, listing) = world.get("/vacancies?size=1").await;
    let job = &listing["content"][0];
    let label = world.ats.label(Entity::Job, job["id"].as_str().unwrap()).unwrap();
    assert!(
        label.starts_with(job["title"].as_str().unwrap())
            && label.contains(job["employer"].as_str().unwrap())
    );
    assert_eq!(world.ats.label(Entity::Job, "nobody"), None);
}

#[test]
fn the_settings_are_toml_whatever_the_key_holds() {
    let text =
        demo::service_settings("127.0.0.1:8082".parse().unwrap(), "a \"quoted\\ key", Path::new("maps"));
    let settings: toml::Table = toml::from_str(&text).unwrap();
    let service = &settings["partner"]["service"];
    assert_eq!(service["base_url"].as_str(), Some("http://127.0.0.1:8082/api"));
    assert_eq!(service["auth"]["value"].as_str(), Some("a \"quoted\\ key"));
    assert_eq!(service["profiles"]["get"].as_str(), Some("/candidates/{reference}"));
    assert_eq!(service["jobs"]["map"].as_str(), Some("maps/job.jq"));
}
