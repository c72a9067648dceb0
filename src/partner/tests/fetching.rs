//! One object by its reference: found, gone, too large, or another than was asked for.

use super::*;

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
async fn a_kind_that_the_partner_does_not_have_is_named() {
    let service = service(&Fake::new(|_| Reply::Silence));
    assert_eq!(service.start(Entity::Profile), None);
    let error = service.fetch(Entity::Profile, &Reference::parse("1").unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Invalid, "this partner has no service for profiles"));
}
