#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Read;
use std::path::Path;

use serde_json::json;

use super::*;
use crate::config::{Auth, Changes, DateFormat, DateParameter, Paging, Sort};
use crate::http::fake::{Fake, Reply, Seen};
use crate::model::{Secret, parse_date};

fn settings(base: &Url) -> config::Service {
    config::Service {
        base_url: base.join("/api").unwrap(),
        auth: Auth::Header { name: "X-Token".to_owned(), value: Secret::new("t-1") },
        requests_per_second: 1000,
        concurrency: 4,
        allow_private_network: true,
        profiles: None,
        jobs: Some(config::Resource {
            list: "/jobs?state=open".to_owned(),
            get: "/jobs/{reference}".to_owned(),
            items: ".items".to_owned(),
            item: ".".to_owned(),
            reference: ".id".to_owned(),
            updated_at: Some(".updated_at".to_owned()),
            total: None,
            absent: config::Absent::Confirm,
            paging: Paging::Page {
                page: "page".to_owned(),
                size: "limit".to_owned(),
                size_value: 2,
                first: 1,
            },
            changes: Changes {
                since: Some(DateParameter {
                    parameter: "updated_since".to_owned(),
                    format: DateFormat::Rfc3339,
                }),
                ..Changes::default()
            },
            map: "{name: .title, location: {text: .place}}".to_owned(),
        }),
    }
}

fn limits() -> Limits {
    Limits {
        webhook_queue: 1,
        due_records: 1,
        page_attempts: 1,
        call_timeout: Duration::from_secs(2),
        lease: Duration::from_secs(5),
        record_attempts: 1,
        ..Limits::default()
    }
}

fn made(settings: &config::Service) -> Result<Service> {
    let pacing = Pacing::default();
    Service::new("acme", settings, &limits(), Arc::default(), http::unobserved(), &pacing)
}

fn service(fake: &Fake) -> Service {
    made(&settings(&fake.url)).unwrap()
}

async fn page_of(body: &'static str) -> Result<Page> {
    let service = service(&Fake::new(move |_| Reply::json(200, body)));
    service.page(Entity::Job, &service.start(Entity::Job).unwrap(), &Ask::default()).await
}

async fn fetch_of(reference: &str, reply: impl Fn(&Seen) -> Reply + Send + 'static) -> Result<Item> {
    service(&Fake::new(reply)).fetch(Entity::Job, &Reference::parse(reference).unwrap()).await
}

#[tokio::test]
async fn a_list_is_read_page_by_page_and_mapped() {
    let fake = Fake::new(|seen| {
        let items = if seen.target.contains("page=1") {
            json!([{"id": 7, "title": "a", "updated_at": "2026-03-01T10:00:00+02:00"}, {"id": "x/y", "title": "b"}])
        } else {
            json!([{"id": 8, "title": "c"}])
        };
        Reply::json(200, json!({ "items": items }).to_string())
    });
    let service = service(&fake);
    let ask = Ask { since: parse_date("2026-01-02T03:04:05.678Z"), ..Ask::default() };
    let first = service.page(Entity::Job, &service.start(Entity::Job).unwrap(), &ask).await.unwrap();
    let second = service.page(Entity::Job, first.next.as_ref().unwrap(), &ask).await.unwrap();
    assert!(first.full && !second.full && second.next.is_some(), "a short page may not be the last");
    let items: Vec<Item> = first.items.into_iter().chain(second.items).map(|item| item.unwrap()).collect();
    let references: Vec<&str> = items.iter().map(|item| item.reference.as_str()).collect();
    assert_eq!(references, ["7", "x/y", "8"]);
    assert_eq!((items[0].updated_at, items[1].updated_at), (parse_date("2026-03-01T08:00:00Z"), None));
    assert_eq!(
        serde_json::Value::from(items[0].mapped.clone()),
        json!({"name": "a", "location": {"text": null}})
    );
    let seen = fake.seen();
    assert_eq!(seen[0].target, "/api/jobs?state=open&page=1&limit=2&updated_since=2026-01-02T03%3A04%3A05Z");
    assert!(seen[1].target.contains("page=2") && seen[0].head.contains("x-token: t-1"), "{seen:?}");
}

#[tokio::test]
async fn a_bad_object_does_not_stop_the_others() {
    let page = page_of(
        r#"{"items":[{"id":1,"title":"a"},{"title":"b"},{"id":{}},{"id":2,"updated_at":"soon"},{"id":3,"updated_at":5},"text",
            {"id":""},{"id":1,"title":"again"}]}"#,
    );
    let page = page.await.unwrap();
    let told: Vec<String> = page
        .items
        .iter()
        .map(|item| match item {
            Ok(item) => item.reference.to_string(),
            Err(BadItem { reference, problem }) => {
                assert_eq!(problem.kind(), Kind::Invalid);
                format!("{} {problem}", reference.as_ref().map_or("?", Reference::as_str))
            }
        })
        .collect();
    let unusable = "the partner's job cannot be used";
    assert_eq!(
        told,
        [
            "1".to_owned(),
            format!("? {unusable}; reference: must be a text or a number, not null"),
            format!("? {unusable}; reference: must be a text or a number, not an object"),
            format!("2 {unusable}; updated_at: must be a date such as 2022-03-01T14:21:58Z"),
            format!(
                "3 {unusable}; updated_at: must be a date as text, not a number (jq's `todate` makes one of seconds)"
            ),
            format!("? {unusable}: `reference` failed: cannot index \"…\" with \"…\""),
            "? the reference cannot be used; reference: must not be empty".to_owned(),
            "1".to_owned(),
        ]
    );
    assert!(page.next.is_some(), "the bad ones count too");
}

#[tokio::test]
async fn an_object_that_cannot_be_read_does_not_stop_the_others() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = [
        br#"{"items":[{"id":1,"title":"a\ud800b"},{"id":"x\udc00"},{"id":2,"title":"c"#.as_slice(),
        b"\xff\xe9",
        br#"d","place":"\ud83d\ude00"},{"id":3,"title":"#,
        deep.as_bytes(),
        br#"},{"id":4,"unused":"#,
        deep.as_bytes(),
        br#"},{"id":5}]}"#,
    ]
    .concat();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let service = service(&Fake::new(move |_| Reply::Raw([head.as_bytes(), &body].concat())));
    let page =
        service.page(Entity::Job, &service.start(Entity::Job).unwrap(), &Ask::default()).await.unwrap();
    let told = page.items.iter().map(|item| match item {
        Ok(Item { reference, mapped, .. }) => {
            format!("{reference} {}", serde_json::Value::from(mapped.clone()))
        }
        Err(BadItem { reference, problem }) => {
            assert_eq!(problem.kind(), Kind::Invalid);
            format!("{} {problem}", reference.as_ref().map_or("?", Reference::as_str))
        }
    });
    let expected = [
        "1 {\"location\":{\"text\":null},\"name\":\"a\u{fffd}b\"}",
        "? the partner's job cannot be used; reference: has a character that cannot be read",
        "2 {\"location\":{\"text\":\"😀\"},\"name\":\"c\u{fffd}\u{fffd}d\"}",
        "3 the partner's job cannot be used; map: gives an object that is nested too deeply",
        "4 {\"location\":{\"text\":null},\"name\":null}",
        "5 {\"location\":{\"text\":null},\"name\":null}",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn what_is_no_list_is_no_empty_page() {
    for body in
        [r#"{"error":"x"}"#, r#"{"items":null}"#, r#"{"items":{}}"#, r#"{"items":[{"id":1}"#, "[]", "7"]
    {
        let error = page_of(body).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Upstream, "{body}: {error}");
    }
    let empty = page_of(r#"{"items":[]}"#).await.unwrap();
    assert!(empty.items.is_empty() && empty.next.is_none());
}

#[tokio::test]
async fn only_404_and_410_of_an_object_say_that_it_is_gone() {
    for (status, expected) in [
        (404, Kind::NotFound),
        (410, Kind::Gone),
        (401, Kind::Denied),
        (403, Kind::Denied),
        (400, Kind::Refused),
        (429, Kind::RateLimited),
        (302, Kind::Denied),
        (500, Kind::Upstream),
        (204, Kind::Upstream),
    ] {
        let error = fetch_of("1", move |_| Reply::json(status, "")).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{status}");
    }
    for body in ["null", "[", "<html>"] {
        let error = fetch_of("1", move |_| Reply::json(200, body)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Upstream, "{body}");
    }
    let service = service(&Fake::new(|_| Reply::json(404, "{}")));
    let error =
        service.page(Entity::Job, &service.start(Entity::Job).unwrap(), &Ask::default()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
}

#[tokio::test]
async fn an_object_is_fetched_by_any_reference() {
    for (reference, target) in [
        ("a/b", "/api/jobs/a%2Fb".to_owned()),
        ("été 7", "/api/jobs/%C3%A9t%C3%A9%207".to_owned()),
        ("%2e%2e", "/api/jobs/%252e%252e".to_owned()),
        ("..;", "/api/jobs/..%3B".to_owned()),
        (&"x".repeat(255), format!("/api/jobs/{}", "x".repeat(255))),
    ] {
        let body = json!({"id": reference, "title": "a"}).to_string();
        let fake = Fake::new(move |_| Reply::json(200, body.clone()));
        let item = service(&fake).fetch(Entity::Job, &Reference::parse(reference).unwrap()).await.unwrap();
        assert_eq!((item.reference.as_str(), fake.seen()[0].target.as_str()), (reference, target.as_str()));
    }
}

#[tokio::test]
async fn another_object_than_the_one_asked_for_is_refused() {
    let error = fetch_of("1", |_| Reply::json(200, r#"{"id":2,"title":"a"}"#)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Refused, "the partner's service answered with another object")
    );
    assert!(fetch_of("1000", |_| Reply::json(200, r#"{"id":1e3}"#)).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_asked_for_again() {
    let reply = |_: &Seen| {
        let length = http::MAX_ANSWER + 1;
        Reply::Raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes())
    };
    let of_object = fetch_of("1", reply).await.unwrap_err();
    let service = service(&Fake::new(reply));
    let of_list =
        service.page(Entity::Job, &service.start(Entity::Job).unwrap(), &Ask::default()).await.unwrap_err();
    for error in [of_object, of_list] {
        assert!(error.kind() == Kind::Refused && error.message().contains("more than 16 MiB"), "{error}");
    }
}

#[tokio::test]
async fn an_object_that_cannot_be_mapped_says_why() {
    for (map, expected) in [
        ("empty", "`map` gives nothing"),
        ("[.]", "map: must give an object, not a list"),
        (".title.x", "`map` failed: cannot index"),
        ("{(.title): 1e999}", "map: gives a number that JSON cannot carry"),
    ] {
        let fake = Fake::new(|_| Reply::json(200, r#"{"id":1,"title":"secret name"}"#));
        let mut settings = settings(&fake.url);
        settings.jobs.as_mut().unwrap().map = map.to_owned();
        let service = made(&settings).unwrap();
        let error = service.fetch(Entity::Job, &Reference::parse("1").unwrap()).await.unwrap_err();
        let told = error.to_string();
        assert!(
            error.kind() == Kind::Invalid && told.contains(expected) && !told.contains("secret"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn the_deepest_object_that_is_read_can_be_mapped() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let body = format!(r#"{{"id":1,"deep":{}0{}}}"#, open.repeat(126), close.repeat(126));
        for map in [
            "{a: [..] | length}",
            "{a: (walk(.) | tojson)}",
            "{a: [paths] | length}",
            "{a: [.deep | getpath(paths)] | length}",
            ".",
        ] {
            let body = body.clone();
            let fake = Fake::new(move |_| Reply::json(200, body.clone()));
            let mut settings = settings(&fake.url);
            settings.jobs.as_mut().unwrap().map = map.to_owned();
            let item =
                made(&settings).unwrap().fetch(Entity::Job, &Reference::parse("1").unwrap()).await.unwrap();
            let kept = serde_json::Value::from(item.mapped).to_string();
            assert!(serde_json::from_str::<serde_json::Value>(&kept).is_ok(), "{map}");
        }
    }
}

#[tokio::test]
async fn a_filter_that_does_not_end_is_given_up_once_and_for_all() {
    let fake = Fake::new(|_| Reply::json(200, r#"{"id":1}"#));
    let mut settings = settings(&fake.url);
    settings.jobs.as_mut().unwrap().map = "reduce range(300000) as $n (0; . + $n) | {}".to_owned();
    let mut service = made(&settings).unwrap();
    Arc::get_mut(&mut service.0).unwrap().mapping_limit = Duration::from_millis(1);
    for _ in 0..2 {
        let error = service.fetch(Entity::Job, &Reference::parse("1").unwrap()).await.unwrap_err();
        assert!(error.kind() == Kind::Upstream && error.message().contains("did not end"), "{error}");
    }
}

#[test]
fn every_filter_and_path_that_cannot_be_used_is_told_at_once() {
    let mut settings = settings(&Url::parse("https://ats.example").unwrap());
    let jobs = settings.jobs.as_mut().unwrap();
    jobs.list = "/../x".to_owned();
    jobs.get = "/jobs".to_owned();
    jobs.items = ".items |".to_owned();
    jobs.updated_at = Some("now".to_owned());
    jobs.map = "{\n  name: foo\n}".to_owned();
    let error = made(&settings).err().unwrap();
    let fields: Vec<String> =
        error.fields().iter().map(|field| format!("{}: {}", field.field, field.detail)).collect();
    assert_eq!(
        fields,
        [
            "service.jobs.list: must be a path under `base_url`",
            "service.jobs.get: must be a path under `base_url` with `{reference}` in it",
            "service.jobs.items: line 1, column 9: expected term",
            "service.jobs.updated_at: line 1, column 1: there is no filter `now`",
            "service.jobs.map: line 2, column 9: there is no filter `foo`",
        ]
    );
}

#[tokio::test]
async fn a_kind_that_the_partner_does_not_have_is_named() {
    let service = service(&Fake::new(|_| Reply::Silence));
    assert_eq!(service.start(Entity::Profile), None);
    let error = service.fetch(Entity::Profile, &Reference::parse("1").unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Invalid, "this partner has no service for profiles"));
}

/// Real answers of a public job-board API, where the folder that holds them lies beside the package.
#[tokio::test]
async fn real_job_boards_are_read_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/jobs/ashby-raw");
    let Ok(files) = std::fs::read_dir(&folder) else {
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            b"SKIPPED real_job_boards_are_read_whole: there is no ../shared/data/jobs/ashby-raw\n",
        );
        return;
    };
    let mut read = 0;
    for file in files {
        let mut body = String::new();
        let file = std::fs::File::open(file.unwrap().path()).unwrap();
        flate2::read::GzDecoder::new(file).read_to_string(&mut body).unwrap();
        let listed = body.matches("\"jobUrl\"").count();
        let fake = Fake::new(move |_| Reply::json(200, body.clone()));
        let mut settings = settings(&fake.url);
        let jobs = settings.jobs.as_mut().unwrap();
        jobs.items = ".jobs".to_owned();
        jobs.updated_at = Some(".publishedAt".to_owned());
        jobs.paging = Paging::None;
        jobs.map = "{name: .title, location: {text: .location}, summary: .descriptionPlain, url: .jobUrl, \
            tags: [{name: \"team\", value: .team}, {name: \"remote\", value: .isRemote}]}"
            .to_owned();
        let service = made(&settings).unwrap();
        let page = service.page(Entity::Job, &Position::None, &Ask::default()).await.unwrap();
        assert_eq!(page.items.len(), listed);
        for item in page.items {
            let item = item.unwrap();
            assert!(item.updated_at.is_some() && item.mapped["name"].is_string(), "{}", item.reference);
            read += 1;
        }
    }
    assert!(read > 0);
}

#[tokio::test]
async fn a_list_is_asked_in_the_partners_own_spelling_and_never_cut_to_the_wrong_side() {
    let fake = Fake::new(|_| Reply::json(200, r#"{"items":[]}"#));
    let asked = async |since: DateFormat, until: DateFormat, direction| {
        let mut settings = settings(&fake.url);
        let changes = &mut settings.jobs.as_mut().unwrap().changes;
        changes.since = Some(DateParameter { parameter: "from".to_owned(), format: since });
        changes.until = Some(DateParameter { parameter: "to".to_owned(), format: until });
        changes.sort = Some(Sort {
            parameter: "sort".to_owned(),
            oldest_first: None,
            newest_first: Some("-date".to_owned()),
        });
        let service = made(&settings).unwrap();
        // 02:00:00.0015 in Paris is the last second of the day before in UTC, and some.
        let date = parse_date("2026-03-01T00:59:59.0015+01:00");
        let ask = Ask { since: date, until: date, direction };
        service.page(Entity::Job, &service.start(Entity::Job).unwrap(), &ask).await.map(|_| {
            let target = fake.seen().pop().unwrap().target;
            let url = Url::parse(&format!("http://ats{target}")).unwrap();
            let skipped = ["state", "page", "limit"];
            let pairs = url.query_pairs().filter(|(name, _)| !skipped.contains(&&**name));
            pairs.map(|(_, value)| value.into_owned()).collect::<Vec<_>>()
        })
    };
    let template = |code: &str| DateFormat::Template(code.to_owned());
    for (format, since, until) in [
        (DateFormat::Rfc3339, "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"),
        (DateFormat::Date, "2026-02-28", "2026-03-01"),
        (DateFormat::EpochS, "1772323199", "1772323200"),
        (DateFormat::EpochMs, "1772323199001", "1772323199002"),
        (template("\"modified:\" + .[:10]"), "modified:2026-02-28", "modified:2026-03-01"),
        (template("fromdate"), "1772323199", "1772323200"),
    ] {
        assert_eq!(asked(format.clone(), format.clone(), None).await.unwrap(), [since, until], "{format:?}");
    }
    let newest_first = asked(DateFormat::Date, DateFormat::Date, Some(Direction::NewestFirst)).await.unwrap();
    assert_eq!(newest_first, ["2026-02-28", "2026-03-01", "-date"]);
    // What the partner has no word for is not asked.
    let oldest_first = asked(DateFormat::Date, DateFormat::Date, Some(Direction::OldestFirst)).await.unwrap();
    assert_eq!(oldest_first, ["2026-02-28", "2026-03-01"]);
    let problem = asked(template("{}"), DateFormat::Date, None).await.unwrap_err();
    let expected = "a date cannot be written: `since.template` must give a text or a number, not an object";
    assert_eq!((problem.kind(), problem.message()), (Kind::Invalid, expected));
}

#[test]
fn a_template_that_does_not_compile_is_told_with_the_other_filters() {
    let mut settings = settings(&"http://127.0.0.1:9".parse().unwrap());
    let changes = &mut settings.jobs.as_mut().unwrap().changes;
    changes.since =
        Some(DateParameter { parameter: "q".to_owned(), format: DateFormat::Template("now".to_owned()) });
    let problem = made(&settings).map(|_| ()).unwrap_err();
    assert_eq!(problem.fields()[0].field, "service.jobs.since.template");
    assert_eq!(problem.fields()[0].detail, "line 1, column 1: there is no filter `now`");
}
