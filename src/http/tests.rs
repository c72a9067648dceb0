#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;

use super::fake::{Fake, Reply};
use super::*;

type Calls = Arc<Mutex<Vec<(&'static str, &'static str)>>>;

fn client(base: &Url, allow_private_network: bool) -> (Client, Calls) {
    let calls = Calls::default();
    let log = Arc::clone(&calls);
    let settings = Settings {
        who: "the partner's service",
        side: "partner",
        base,
        headers: vec![("X-API-KEY", Secret::new("token-1"))],
        allow_private_network,
        timeout: Duration::from_millis(300),
        scrubber: Arc::new(Scrubber::default()),
        observer: Arc::new(move |side, outcome, _| log.lock().unwrap().push((side, outcome))),
    };
    (Client::new(settings).unwrap(), calls)
}

async fn kind_of(reply: impl Fn(&fake::Seen) -> Reply + Send + 'static) -> (Kind, String, Calls) {
    let fake = Fake::new(reply);
    let (client, calls) = client(&fake.url, true);
    let error = client.call(Request::get(fake.url.clone())).await.unwrap_err();
    (error.kind(), error.message().to_owned(), calls)
}

#[tokio::test]
async fn a_call_carries_its_headers_and_is_counted() {
    let fake = Fake::new(|_| Reply::json(200, "{}"));
    let (client, calls) = client(&fake.url, true);
    let answer = client.call(Request::get(fake.url.join("/a?b=c").unwrap())).await.unwrap();
    assert_eq!((answer.status, answer.json("x").unwrap().as_ref()), (200, b"{}".as_slice()));
    let seen = &fake.seen()[0];
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/a?b=c"));
    assert!(
        seen.head.contains("x-api-key: token-1") && seen.head.contains("user-agent: oem-connector/"),
        "{seen:?}"
    );
    assert_eq!(*calls.lock().unwrap(), [("partner", "ok")]);
}

#[tokio::test]
async fn a_silent_side_is_left_after_the_time_limit() {
    let (kind, message, calls) = kind_of(|_| Reply::Silence).await;
    assert_eq!((kind, message.as_str()), (Kind::TimedOut, "the partner's service did not answer in time"));
    assert_eq!(*calls.lock().unwrap(), [("partner", "upstream_timed_out")]);
}

#[tokio::test]
async fn a_connection_that_is_cut_is_an_upstream_failure() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"items\"";
    assert_eq!(kind_of(move |_| Reply::Raw(head.to_vec())).await.0, Kind::Upstream);
    assert_eq!(kind_of(|_| Reply::Raw(b"not http at all\r\n\r\n".to_vec())).await.0, Kind::Upstream);
}

#[tokio::test]
async fn an_answer_beyond_the_cap_is_cut_off() {
    let announced = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", MAX_ANSWER + 1);
    let (kind, message, _) = kind_of(move |_| Reply::Raw(announced.clone().into_bytes())).await;
    assert_eq!(
        (kind, message.as_str()),
        (Kind::TooLarge, "the partner's service answered with more than 16 MiB")
    );

    let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    endless.resize(MAX_ANSWER + 1000, b' ');
    let fake = Fake::new(move |_| Reply::Raw(endless.clone()));
    let (mut client, _) = client(&fake.url, true);
    // The cap is the subject here, not the time that 16 MiB take on a busy machine.
    client.pools = Arc::new(Pools::new(|| Ok(reqwest::Client::new())).unwrap());
    assert_eq!(client.call(Request::get(fake.url.clone())).await.unwrap_err().kind(), Kind::TooLarge);
}

#[tokio::test]
async fn an_error_counts_even_when_its_body_breaks_off() {
    let cut = b"HTTP/1.1 429 X\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\nslow";
    let fake = Fake::new(move |_| Reply::Raw(cut.to_vec()));
    let (client, calls) = client(&fake.url, true);
    let answer = client.call(Request::get(fake.url.clone())).await.unwrap();
    let error = refusal(client.who(), answer.status, answer.retry_after).unwrap();
    assert_eq!((error.kind(), error.wait()), (Kind::RateLimited, Some(Duration::from_secs(7))));
    assert_eq!(*calls.lock().unwrap(), [("partner", "rate_limited")]);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let fake = Fake::new(|_| Reply::Answer(302, "Location: http://127.0.0.1:1/\r\n", String::new()));
    let (client, _) = client(&fake.url, true);
    let answer = client.call(Request::get(fake.url.clone())).await.unwrap();
    let error = refusal(client.who(), answer.status, None).unwrap();
    assert_eq!(error.kind(), Kind::Denied);
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test]
async fn a_private_address_is_called_only_when_that_is_allowed() {
    let fake = Fake::new(|_| Reply::json(200, "{}"));
    let mut named = fake.url.clone();
    named.set_host(Some("localhost")).unwrap();
    for url in [fake.url.clone(), named] {
        let (client, _) = client(&url, false);
        let error = client.call(Request::get(url)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        assert!(error.message().contains("allow_private_network"), "{error}");
    }
    assert!(fake.seen().is_empty());
}

#[tokio::test]
async fn nothing_is_sent_in_clear_to_a_public_address() {
    let url = Url::parse("http://8.8.8.8/v1").unwrap();
    let (client, _) = client(&url, true);
    let error = client.call(Request::get(url)).await.unwrap_err();
    assert!(error.kind() == Kind::Denied && error.message().contains("use https://"), "{error}");
}

#[tokio::test]
async fn a_name_on_this_machine_is_called_in_clear() {
    let fake = Fake::new(|_| Reply::json(200, "{}"));
    let mut named = fake.url.clone();
    named.set_host(Some("localhost")).unwrap();
    let (client, _) = client(&named, true);
    assert_eq!(client.call(Request::get(named)).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_closed_port_is_unreachable_and_the_address_is_in_no_message() {
    let url = Url::parse("http://127.0.0.1:1/?token=hidden").unwrap();
    let (client, _) = client(&url, true);
    let error = client.call(Request::get(url)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
}

#[tokio::test]
async fn what_is_no_json_is_named() {
    for (headers, expected) in [
        ("Content-Type: text/html; charset=utf-8\r\n", "the content type `text/html`"),
        ("", "without a content type"),
        ("Content-Type: application/json\r\nContent-Encoding: br\r\n", "a content encoding"),
    ] {
        let fake = Fake::new(move |_| Reply::Answer(200, headers, "{}".to_owned()));
        let (client, _) = client(&fake.url, true);
        let error =
            client.call(Request::get(fake.url.clone())).await.unwrap().json(client.who()).unwrap_err();
        assert!(error.kind() == Kind::Upstream && error.message().contains(expected), "{error}");
    }
}

#[test]
fn a_header_that_cannot_be_sent_is_refused_without_its_value() {
    let error = headers(&[("X-Token", Secret::new("sec\nret"))]).unwrap_err();
    assert!(error.kind() == Kind::Invalid && !error.message().contains("sec"), "{error}");
}
