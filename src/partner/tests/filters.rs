//! The partner's filters: compiled once, told when they cannot be used, and given up when they do not end.

use super::*;

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
