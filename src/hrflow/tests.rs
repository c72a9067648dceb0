#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::time::Instant;

use serde_json::{Value, json};

use super::*;
use crate::error::{Error, Kind};
use crate::http::fake::{Fake, Reply, Seen};
use crate::model::{Entity, Object, Reference};

const SOURCE: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const BOARD: &str = "dddddddddddddddddddddddddddddddddddddddd";
const KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const API_KEY: &str = "ask_0123456789abcdef0123456789abcdef";

fn client(fake: &Fake) -> Client {
    let settings = config::HrFlow {
        api_url: fake.url.join("/v1").unwrap(),
        api_key: Secret::new(API_KEY),
        user_email: "ops@example.org".to_owned(),
        requests_per_minute: 60_000,
        concurrency: 4,
        query_share: 0.3,
        allow_private_network: true,
    };
    let limits = Limits {
        webhook_queue: 1,
        due_records: 1,
        page_attempts: 1,
        call_timeout: Duration::from_secs(2),
        lease: Duration::from_secs(5),
        record_attempts: 1,
        ..Limits::default()
    };
    let scrubber = Arc::new(Scrubber::new(&[Secret::new(API_KEY)]));
    let workspace = Arc::new(Workspace::new(&settings, &Pacing::default()));
    Client::new(&settings, &limits, workspace, scrubber, http::unobserved()).unwrap()
}

fn reference() -> Reference {
    Reference::parse("CRM 4711/é").unwrap()
}

fn object(value: Value) -> Object {
    let Value::Object(object) = value else { panic!("an object was meant") };
    object
}

fn profile() -> Prepared {
    let mapped =
        json!({"text": "Rust", "info": {}, "key": "theirs", "reference": "theirs", "source_key": "theirs"});
    prepare(Entity::Profile, SOURCE, &reference(), object(mapped)).unwrap()
}

async fn create_with(reply: impl Fn(&Seen) -> Reply + Send + 'static) -> Result<Written> {
    client(&Fake::new(reply)).create(&profile()).await
}

async fn refusal_of(status: u16, body: &'static str) -> Error {
    create_with(move |_| Reply::json(status, body)).await.unwrap_err()
}

#[tokio::test]
async fn a_create_sends_the_object_under_our_names_and_reads_the_key() {
    let fake = Fake::new(|_| {
        let data = json!({"id": 1, "key": KEY, "text": "…", "archived_at": null, "skills": [{"name": "x"}]});
        Reply::json(201, json!({"code": 201, "message": "Profile created", "data": data}).to_string())
    });
    let written = client(&fake).create(&profile()).await.unwrap();
    assert_eq!(written, Written { key: KEY.to_owned(), archived: false });
    let seen = &fake.seen()[0];
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/v1/profile/indexing"));
    assert!(seen.head.contains(&format!("x-api-key: {API_KEY}")), "{}", seen.head);
    assert!(seen.head.contains("x-user-email: ops@example.org") && seen.head.contains("application/json"));
    let expected = json!({"info": {}, "reference": "CRM 4711/é", "source_key": SOURCE, "text": "Rust"});
    assert_eq!(seen.body, expected.to_string());
}

#[tokio::test]
async fn an_edit_by_key_adds_the_key_and_an_edit_by_reference_does_not() {
    let fake = Fake::new(|_| {
        let data = json!({"key": KEY, "archived_at": "2026-03-01T08:00:00+0000"});
        Reply::json(200, json!({"code": 200, "message": "Profile edited", "data": data}).to_string())
    });
    let client = client(&fake);
    assert!(client.edit(By::Key(KEY), &profile()).await.unwrap().archived);
    client.edit(By::Reference, &profile()).await.unwrap();
    let bodies: Vec<Value> =
        fake.seen().iter().map(|seen| serde_json::from_str(&seen.body).unwrap()).collect();
    assert_eq!(fake.seen()[0].method, "PUT");
    assert_eq!((&bodies[0]["key"], &bodies[0]["source_key"]), (&json!(KEY), &json!(SOURCE)));
    assert_eq!((bodies[1].get("key"), &bodies[1]["reference"]), (None, &json!("CRM 4711/é")));
}

#[tokio::test]
async fn an_archive_goes_by_reference_and_an_unknown_object_is_no_failure() {
    let fake = Fake::new(|seen| {
        if seen.body.contains("\"is_archive\":1") {
            return Reply::json(200, json!({"code": 200, "message": "x", "data": {"key": KEY}}).to_string());
        }
        Reply::json(400, r#"{"code":400,"message":"Invalid parameters. Unable to find object: job"}"#)
    });
    let client = client(&fake);
    let key = client.archive(Entity::Job, BOARD, &reference()).await.unwrap();
    assert_eq!(key.as_deref(), Some(KEY));
    assert_eq!(client.restore(Entity::Job, BOARD, None, &reference()).await.unwrap(), None);
    let seen = &fake.seen()[0];
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("PATCH", "/v1/job/indexing/archive"));
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(body, json!({"board_key": BOARD, "reference": "CRM 4711/é", "is_archive": 1}));
}

#[tokio::test]
async fn a_refusal_is_understood_by_its_message() {
    for (status, body, expected) in [
        (
            400,
            r#"{"code":400,"message":"Invalid parameters. Unable to find object: profile"}"#,
            Kind::NotFound,
        ),
        (400, r#"{"code":400,"message":"Invalid parameters. Unable to find object: source"}"#, Kind::Denied),
        (400, r#"{"code":400,"message":"Invalid source fields"}"#, Kind::Denied),
        (
            400,
            r#"{"code":400,"message":"Cannot create profile with this reference: Unable to find object: job. Already used!"}"#,
            Kind::Conflict,
        ),
        (400, r#"{"code":400,"message":"info is wrong"}"#, Kind::Refused),
        (422, r#"{"code":422,"message":"info is wrong"}"#, Kind::Refused),
        (401, r#"{"code":401,"message":"Unauthorized. Invalid secret key: x"}"#, Kind::Denied),
        (402, r#"{"code":402}"#, Kind::Denied),
        (429, r#"{"code":429,"message":"slow"}"#, Kind::RateLimited),
        (500, r#"{"code":500,"message":"oops"}"#, Kind::Upstream),
        (200, r#"{"code":400,"message":"info is wrong"}"#, Kind::Refused),
        (200, r#"{"code":401,"message":"no","data":[]}"#, Kind::Denied),
        (404, r#"{"code":404,"message":"Not Found"}"#, Kind::Upstream),
        (400, "{}", Kind::Upstream),
        (404, "<html>", Kind::Upstream),
        (201, r#"{"code":201,"message":"x","data":{}}"#, Kind::Upstream),
        (201, r#"{"code":201,"message":"x","data":{"key":""}}"#, Kind::Upstream),
        (201, r#"{"code":201,"message":"x","data":[]}"#, Kind::Upstream),
        (201, r#"{"code":201,"#, Kind::Upstream),
        (413, "", Kind::Refused),
    ] {
        let error = refusal_of(status, body).await;
        assert_eq!(error.kind(), expected, "{status} {body}: {error}");
    }
}

#[tokio::test]
async fn only_an_envelope_can_say_that_an_object_is_not_there() {
    for (reply, expected) in [
        (r#"{"code":404,"message":"Not Found"}"#, Kind::NotFound),
        (r#"{"detail":"Not Found"}"#, Kind::Upstream),
    ] {
        let fake = Fake::new(move |_| Reply::json(404, reply));
        let error = client(&fake).edit(By::Reference, &profile()).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{reply}");
    }
    let fake = Fake::new(|_| Reply::Answer(404, "Content-Type: text/html\r\n", "<h1>404</h1>".to_owned()));
    let error = client(&fake).archive(Entity::Profile, SOURCE, &reference()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
}

#[tokio::test]
async fn nothing_that_hrflow_quotes_is_passed_on() {
    for (code, message, expected) in [
        (
            401,
            format!("Unauthorized. Invalid secret key: {API_KEY} for permission: write"),
            "HrFlow refuses our credential (401)",
        ),
        (
            400,
            "Ada Moreau, 0612345678: no such city".to_owned(),
            "HrFlow refused the profile (400); look at the mapped object",
        ),
        (
            400,
            "Cannot create profile with this reference: Ada Moreau. Already used!".to_owned(),
            "HrFlow has a profile with this reference already (400)",
        ),
        (
            400,
            "Invalid parameters. Unable to find object: board Ada Moreau".to_owned(),
            "HrFlow does not know our board (400)",
        ),
        (
            400,
            "Unable to find object: Moreau".to_owned(),
            "HrFlow does not know our source, board or algorithm (400)",
        ),
        (500, "Ada Moreau".to_owned(), "HrFlow failed (500)"),
    ] {
        let body = json!({"code": code, "message": message}).to_string();
        let error = create_with(move |_| Reply::json(code, body.clone())).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
        let all = format!("{error:?}");
        assert!(!all.contains("Moreau") && !all.contains(API_KEY), "{all}");
    }
}

#[tokio::test]
async fn a_wait_that_hrflow_asks_for_is_passed_on() {
    let headers = "Content-Type: application/json\r\nRetry-After: 9\r\n";
    for body in [r#"{"code":429,"message":"slow down"}"#, "not json"] {
        let error = create_with(move |_| Reply::Answer(429, headers, body.to_owned())).await.unwrap_err();
        assert_eq!((error.kind(), error.wait()), (Kind::RateLimited, Some(Duration::from_secs(9))), "{body}");
    }
}

fn question<'a>(reference: Option<&'a Reference>, criteria: &'a [(String, Value)]) -> Question<'a> {
    Question {
        scored_for: reference.map(|reference| ScoredFor {
            algorithm_key: "algo",
            container_key: BOARD,
            reference,
        }),
        criteria,
        ..Question::of(Entity::Profile, SOURCE, 1, 30)
    }
}

async fn rank(scored: bool, body: Value) -> Result<Ranking> {
    let fake = Fake::new(move |_| Reply::json(200, body.to_string()));
    let reference = reference();
    client(&fake).rank(&question(scored.then_some(&reference), &[])).await
}

fn answer(predictions: &Value) -> Value {
    let profiles = json!([
        {"id": 1, "key": KEY, "reference": "CRM-1", "source_key": SOURCE, "source": {"key": SOURCE}, "text": "é\n"},
        {"id": 2, "key": "e", "reference": null},
    ]);
    json!({"code": 200, "message": "x", "meta": {"page": 1, "maxPage": 3, "count": 2, "total": 73},
        "data": {"predictions": predictions, "profiles": profiles}})
}

#[tokio::test]
async fn scoring_asks_with_our_keys_and_reads_the_second_number() {
    let fake = Fake::new(|_| Reply::json(200, answer(&json!([[0.1, 0.9], [1, 0]])).to_string()));
    let reference = reference();
    let criteria = [("skills".to_owned(), json!([{"name": "Rust"}]))];
    let filters = [json!({"range": {"updated_at": {"gte": "2026-01-01"}}})];
    let question = Question { filters: &filters, ..question(Some(&reference), &criteria) };
    let ranking = client(&fake).rank(&question).await.unwrap();
    let read: Vec<_> = ranking.items.iter().map(|item| (item.reference.as_deref(), item.score)).collect();
    assert_eq!(read, [(Some("CRM-1"), Some(0.9)), (None, Some(0.0))]);
    assert_eq!(ranking.items[0].container_key.as_deref(), Some(SOURCE));
    assert_eq!((ranking.page, ranking.max_page, ranking.total), (1, 3, 73));
    let url = fake.url.join(&fake.seen()[0].target).unwrap();
    assert_eq!(url.path(), "/v1/profiles/scoring");
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let expected = [
        ("source_keys", format!("[\"{SOURCE}\"]")),
        ("algorithm_key", "algo".to_owned()),
        ("board_key", BOARD.to_owned()),
        ("job_reference", "CRM 4711/é".to_owned()),
        ("page", "1".to_owned()),
        ("limit", "30".to_owned()),
        ("skills", r#"[{"name":"Rust"}]"#.to_owned()),
        ("sort_by", "scoring".to_owned()),
        ("order_by", "desc".to_owned()),
        (
            "raw_filters",
            r#"{"query":{"bool":{"filter":[{"range":{"updated_at":{"gte":"2026-01-01"}}}]}}}"#.to_owned(),
        ),
    ];
    assert_eq!(query, expected.map(|(name, value)| (name.to_owned(), value)));
}

#[tokio::test]
async fn a_reference_that_is_no_text_is_none_and_a_repeated_one_counts_once() {
    let listed = [json!(7), json!("A"), json!({"x": [1]}), json!("B"), json!("A"), json!(true), json!([])];
    let jobs: Vec<Value> = listed.iter().map(|one| json!({"key": KEY, "reference": one})).collect();
    let body = json!({"code": 200, "meta": {"page": 1, "maxPage": 1, "total": 7}, "data": {
        "jobs": jobs, "predictions": [[0, 0.9], [0, 0.8], [0, 0.7], [0, 0.6], [0, 0.5], [0, 0.4], [0, 0.3]]}});
    let ranking = rank(true, body).await.unwrap();
    let read: Vec<_> = ranking.items.iter().map(|item| (item.reference.as_deref(), item.score)).collect();
    let expected = [(None, 0.9), (Some("A"), 0.8), (None, 0.7), (Some("B"), 0.6), (None, 0.4), (None, 0.3)];
    assert_eq!(read, expected.map(|(reference, score)| (reference, Some(score))));
}

#[tokio::test]
async fn a_question_too_long_for_an_address_goes_as_a_body_with_native_values() {
    let fake = Fake::new(|_| Reply::json(200, answer(&json!([[0.1, 0.9], [1, 0]])).to_string()));
    let reference = reference();
    let skills: Vec<Value> = (0..100).map(|n| json!({"name": format!("{n} {}", "x".repeat(40))})).collect();
    let criteria = [
        ("skills".to_owned(), json!(skills)),
        ("sort_by".to_owned(), json!("created_at")),
        ("location_distance".to_owned(), json!(7)),
    ];
    client(&fake).rank(&question(Some(&reference), &criteria)).await.unwrap();
    let seen = &fake.seen()[0];
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/v1/profiles/scoring"));
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    let expected = json!({
        "source_keys": [SOURCE], "algorithm_key": "algo", "board_key": BOARD, "job_reference": "CRM 4711/é",
        "page": 1, "limit": 30, "skills": skills, "sort_by": "created_at", "location_distance": 7,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn another_order_than_by_score_stays_hrflows() {
    let reference = reference();
    let criteria = [("sort_by".to_owned(), json!("updated_at"))];
    for (criteria, expected) in [(&criteria[..], [0.1, 0.9]), (&[], [0.9, 0.1])] {
        let fake = Fake::new(|_| Reply::json(200, answer(&json!([[0.9, 0.1], [0.1, 0.9]])).to_string()));
        let ranking = client(&fake).rank(&question(Some(&reference), criteria)).await.unwrap();
        let read: Vec<_> = ranking.items.iter().map(|item| (item.rank, item.score)).collect();
        assert_eq!(read, [(1, Some(expected[0])), (2, Some(expected[1]))]);
    }
}

#[tokio::test]
async fn a_card_shows_what_can_be_read_and_leaves_out_what_is_odd() {
    let profile = json!({
        "key": KEY, "reference": "A", "info": {"full_name": null, "first_name": "Ada", "last_name": "Moreau",
            "summary": 7, "location": {"text": "Lyon", "lat": 45.7, "lng": "east"}},
        "skills": [{"name": "Rust", "value": null}, {"name": 3}, "sql"], "languages": null, "tags": "none",
        "experiences": [{"title": "Engineer", "company": ""}], "experiences_duration": 8,
        "created_at": "2026-03-02T09:30:00+0000", "updated_at": "soon",
    });
    let body = json!({"code": 200, "meta": {"page": 1, "maxPage": 1, "count": 1, "total": 1},
        "data": {"profiles": [profile]}});
    let fake = Fake::new(move |_| Reply::json(200, body.to_string()));
    let asked = Question { with_cards: true, ..question(None, &[]) };
    let ranking = client(&fake).rank(&asked).await.unwrap();
    let expected = json!({
        "name": "Ada Moreau", "location": {"text": "Lyon", "lat": 45.7, "lng": null}, "experience_years": 8.0,
        "title": "Engineer", "skills": ["Rust"], "created_at": "2026-03-02T09:30:00Z",
    });
    assert_eq!(json!(ranking.items[0].card), expected);
}

#[tokio::test]
async fn searching_has_no_scores() {
    let ranking = rank(false, answer(&json!(null))).await.unwrap();
    assert!(ranking.items.iter().all(|item| item.score.is_none()));
    let jobs = json!({"code": 200, "meta": {"page": 1, "maxPage": 1, "total": 1},
        "data": {"jobs": [{"key": KEY, "reference": "J", "board_key": BOARD}]}});
    assert_eq!(rank(false, jobs).await.unwrap().items[0].container_key.as_deref(), Some(BOARD));
}

#[tokio::test]
async fn an_answer_that_cannot_be_trusted_is_refused_whole() {
    let with_meta = |name: &str, value: i32| {
        let mut body = answer(&json!([[0.1, 0.9], [0.2, 0.8]]));
        body["meta"][name] = value.into();
        body
    };
    let mut without_meta = answer(&json!([[0.1, 0.9], [0.2, 0.8]]));
    without_meta.as_object_mut().unwrap().remove("meta");
    for (body, expected) in [
        (without_meta, "`meta` is missing"),
        (answer(&json!(null)), "`data.predictions` is missing"),
        (answer(&json!([[0.1, 0.9]])), "1 predictions for 2 objects"),
        (answer(&json!([[0.1, 0.9], [0.0, 1.5]])), "a score is not between 0 and 1"),
        (answer(&json!([[0.1, 0.9], [0.0, null]])), "JSON of another shape"),
        (answer(&json!([[0.1, 0.9], [0.5]])), "JSON of another shape"),
        (answer(&json!([[0.1, 0.9], [0.1, 0.2, 0.3]])), "JSON of another shape"),
        (json!({"code": 200, "message": "x"}), "JSON of another shape"),
        (with_meta("page", 2), "it has page 2 and 1 was asked for"),
        (with_meta("count", 3), "`meta.count` is not the number of objects"),
        (with_meta("total", 1), "`meta.total` is less than the number of objects"),
        (with_meta("total", -1), "JSON of another shape"),
    ] {
        let error = rank(true, body).await.unwrap_err();
        assert!(error.kind() == Kind::Upstream && error.message().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_question_about_an_unknown_object_says_so_and_one_too_early_is_refused() {
    for (body, expected) in [
        (r#"{"code":400,"message":"Invalid parameters. Unable to find object: job"}"#, Kind::NotFound),
        (r#"{"code":400,"message":"The job is not indexed yet"}"#, Kind::Refused),
        (r#"{"code":400,"message":"Invalid parameters. Unable to find object: algorithm"}"#, Kind::Denied),
    ] {
        let fake = Fake::new(move |_| Reply::json(400, body));
        let reference = reference();
        let error = client(&fake).rank(&question(Some(&reference), &[])).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{body}");
    }
}

#[test]
fn an_object_is_spelt_in_one_way_and_can_be_prepared_again() {
    let one: Object = serde_json::from_str(r#"{"text":"t","info":{"b":1,"a":2}}"#).unwrap();
    let other: Object = serde_json::from_str(r#"{"info":{"a":2,"b":1},"key":"k","text":"t"}"#).unwrap();
    let one = prepare(Entity::Profile, SOURCE, &reference(), one).unwrap();
    assert_eq!(one, prepare(Entity::Profile, SOURCE, &reference(), other).unwrap());
    let again = serde_json::from_slice(one.body()).unwrap();
    assert_eq!(one, prepare(Entity::Profile, SOURCE, &reference(), again).unwrap());
}

#[test]
fn every_field_that_hrflow_would_refuse_is_named_at_once() {
    let fields = |entity, mapped| {
        let error = prepare(entity, SOURCE, &reference(), object(mapped)).unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
        let fields: Vec<String> = error.fields().iter().map(|field| field.field.clone()).collect();
        fields
    };
    assert_eq!(fields(Entity::Profile, json!({})), ["info", "text"]);
    assert_eq!(fields(Entity::Job, json!({"name": " ", "location": null})), ["name", "location"]);
    let profile = json!({
        "text": 1, "created_at": 5, "experiences_duration": -1, "skills": [{"name": "x", "value": []}, {}, "y"],
        "tags": {}, "info": {"email": 3, "location": {"lat": 91, "lng": "1"}, "urls": ["x"]},
        "experiences": [{"title": 1, "skills": [{}]}],
    });
    assert_eq!(
        fields(Entity::Profile, profile),
        [
            "info.email",
            "info.location.lat",
            "info.location.lng",
            "info.urls[0]",
            "text",
            "created_at",
            "experiences_duration",
            "skills[0].value",
            "skills[1].name",
            "skills[2]",
            "tags",
            "experiences[0].title",
            "experiences[0].skills[0].name",
        ]
    );
    let job = json!({"name": "n", "location": {}, "ranges_float": [{"name": "s", "value_min": "1"}], "sections": [1]});
    assert_eq!(fields(Entity::Job, job), ["sections[0]", "ranges_float[0].value_min"]);
    let many = json!({"name": "n", "location": {}, "tags": vec![1; 1000]});
    assert_eq!(fields(Entity::Job, many).len(), 20);
}

#[test]
fn what_hrflow_takes_passes() {
    let job = json!({"name": "n", "location": {"text": null, "fields": []}, "skills": null, "tags": [{"name": "t", "value": 1}]});
    prepare(Entity::Job, BOARD, &reference(), object(job)).unwrap();
    let profile =
        json!({"info": {"urls": {"linkedin": ""}}, "text": "", "skills": [{"name": "x", "type": null}]});
    prepare(Entity::Profile, SOURCE, &reference(), object(profile)).unwrap();
}

#[test]
fn notes_say_why_a_profile_will_not_be_found() {
    let notes_of = |profile| notes(Entity::Profile, &object(profile));
    let starts = |notes: &[String]| notes.iter().map(|note| note[..14].to_owned()).collect::<Vec<_>>();
    let bare = notes_of(json!({"info": {}, "text": ""}));
    assert_eq!(starts(&bare), ["not searchable", "not scorable: "]);
    assert!(bare[0].contains("`text` is empty; `info` needs `email`"), "{bare:?}");
    assert_eq!(starts(&notes_of(json!({"info": {"email": "e"}, "text": "t"}))), ["not scorable: "]);
    let facts = json!({"phone": "1", "gender": "male", "urls": [{}], "location": {"text": "Lyon"}});
    assert_eq!(
        notes_of(json!({"info": facts, "text": "t", "skills": [{"name": "x"}]})),
        Vec::<String>::new()
    );
    let titled =
        json!({"info": {"first_name": "A", "last_name": "B"}, "text": "t", "educations": [{"school": "S"}]});
    assert_eq!(notes_of(titled), Vec::<String>::new());
    assert_eq!(notes(Entity::Job, &Object::new()), Vec::<String>::new());
}

#[tokio::test]
async fn partners_of_one_workspace_share_its_smallest_quota() {
    let fake = Fake::new(|_| Reply::json(201, json!({"code": 201, "data": {"key": KEY}}).to_string()));
    let api_url = fake.url.join("/v1").unwrap();
    let partner = |name: &str, api_key: &str, requests_per_minute| config::Partner {
        name: name.to_owned(),
        keys: Vec::new(),
        webhooks: config::Webhooks::default(),
        source_key: SOURCE.to_owned(),
        board_key: BOARD.to_owned(),
        algorithm_key: "algo".to_owned(),
        grading_algorithm_key: None,
        on_archive: config::OnArchive::Archive,
        hrflow: config::HrFlow {
            api_url: api_url.clone(),
            api_key: Secret::new(api_key),
            user_email: "ops@example.org".to_owned(),
            requests_per_minute,
            concurrency: 4,
            query_share: 0.0,
            allow_private_network: true,
        },
        max_archive_share: 0.05,
        service: config::Service {
            base_url: fake.url.clone(),
            auth: config::Auth::None,
            requests_per_second: 1,
            concurrency: 1,
            allow_private_network: true,
            profiles: None,
            jobs: None,
        },
        schedule: config::Schedules::default(),
    };
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        metrics_listen: None,
        role: config::Role::All,
        database_url: String::new(),
        operator_keys: Vec::new(),
        trusted_proxies: Vec::new(),
        retention: Duration::from_hours(720),
        receipts_kept: Duration::from_hours(8760),
        limits: Limits::default(),
        partners: vec![partner("one", "a", 60), partner("two", "a", 1), partner("alone", "b", 60)],
    };
    let clients = clients(&config, &Arc::default(), &http::unobserved(), &Pacing::default()).unwrap();
    clients["one"].create(&profile()).await.unwrap();
    let error = clients["two"].create(&profile()).await.unwrap_err();
    assert!(error.kind() == Kind::Unavailable && error.wait() > Some(Duration::from_secs(50)), "{error:?}");
    clients["alone"].create(&profile()).await.unwrap();
    assert_eq!(fake.seen().len(), 2);
}

#[tokio::test]
async fn a_hedge_counts_from_when_the_call_was_sent_and_not_while_it_waits_for_a_slot() {
    const HEDGE: Duration = Duration::from_millis(400);
    let sent = Arc::new(Mutex::new(Vec::new()));
    let times = sent.clone();
    let fake = Fake::new(move |_| {
        times.lock().unwrap().push(Instant::now());
        // The first is never answered.
        if times.lock().unwrap().len() == 1 {
            return Reply::Silence;
        }
        Reply::json(200, answer(&json!([])).to_string())
    });
    let client = Client { hedge_after: Some(HEDGE), ..client(&fake) };
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(client.workspace.for_query(Duration::ZERO).await.unwrap());
    }
    let question = question(None, &[]);
    let mut asking = Box::pin(client.rank(&question));
    assert!(tokio::time::timeout(HEDGE * 2, &mut asking).await.is_err(), "no slot is free");
    assert!(sent.lock().unwrap().is_empty());
    held.clear();
    asking.await.unwrap();
    let sent = sent.lock().unwrap();
    assert_eq!(sent.len(), 2);
    // The two are sent over connections of their own, which take a moment each.
    assert!(sent[1] - sent[0] > HEDGE / 2, "{:?}", sent[1] - sent[0]);
}
