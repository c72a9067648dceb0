//! Lists: read page by page, whatever stands in them, and asked in the partner's own words.

use std::io::Read;

use super::*;

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
