//! Whose webhook it is: signatures over the raw bytes, credentials, delivery identities, and too many failed logins.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use oem_connector::config::{HmacAlgorithm, HmacEncoding, WebhookAuth, Webhooks};
use oem_connector::model::Secret;
use reqwest::header::HeaderValue;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use sha2::{Sha256, Sha512};

use crate::support::{Answer, OPERATOR_KEY, OTHER_KEY, PARTNER_KEY, Wishes, World, answer, backends};

const WEBHOOK: &str = "/v1/webhooks/acme/profile_update";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

fn standard() -> WebhookAuth {
    let secrets = vec![Secret::new(NEXT_SECRET), Secret::new(SECRET)];
    WebhookAuth::Standard { secrets, tolerance: Duration::from_mins(5) }
}

async fn world(backend: crate::support::Backend, keys: bool, auth: Vec<WebhookAuth>) -> World {
    World::with(backend, Wishes { webhooks: Webhooks { keys, auth }, ..Wishes::default() }).await
}

/// A request without any credential.
fn bare(world: &World, method: Method, path: &str, body: &str) -> RequestBuilder {
    let request = world.client.request(method, format!("{}{path}", world.address));
    request.header("Content-Type", "application/json").body(body.to_owned())
}

/// `v1,…` of a delivery under one of the live secrets.
fn signature(secret: &str, id: &str, timestamp: i64, body: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// A delivery as Standard Webhooks sends it now.
fn signed(world: &World, method: Method, path: &str, id: &str, body: &str) -> RequestBuilder {
    let timestamp = world.clock.now().timestamp();
    bare(world, method, path, body)
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature(SECRET, id, timestamp, body))
}

fn event(reference: &str) -> String {
    json!({"reference": reference, "event_date": "2026-11-22T11:59:00Z"}).to_string()
}

/// Status and code, and the sentence.
async fn refusal(request: RequestBuilder) -> (String, String) {
    let Answer { status, headers, body } = answer(request).await;
    assert_eq!(headers["content-type"], "application/problem+json", "{body}");
    let detail = body["detail"].as_str().unwrap().to_owned();
    for secret in [SECRET, NEXT_SECRET, PARTNER_KEY, OPERATOR_KEY, "g0hM9SsE"] {
        assert!(!detail.contains(secret.trim_start_matches("whsec_")), "{detail}");
    }
    (format!("{} {}", status.as_u16(), body["code"].as_str().unwrap()), detail)
}

#[actix_web::test]
async fn a_signature_is_of_the_bytes_as_they_came() {
    for backend in backends() {
        let world = world(backend, true, vec![standard()]).await;
        let odd = "\r\n { \"event_date\" :\"2026-11-22T11:59:00Z\",\t\"reference\": \"\\u0050-é\"}  \n";
        let kept = answer(signed(&world, Method::POST, WEBHOOK, "msg_1", odd)).await;
        assert_eq!((kept.status.as_u16(), &kept.body["status"]), (202, &json!("accepted")), "{}", kept.body);
        assert_eq!(world.record("profiles", "P-é").await["state"], "pending");

        let tidy = serde_json::from_str::<serde_json::Value>(odd).unwrap().to_string();
        let reserialised = signed(&world, Method::POST, WEBHOOK, "msg_2", odd).body(tidy);
        let (code, detail) = refusal(reserialised).await;
        assert_eq!(code, "401 unauthorized");
        assert!(detail.starts_with("no signature in webhook-signature is that of"), "{detail}");
        // The signature comes before anything is parsed, and before the content type.
        let broken = signed(&world, Method::POST, WEBHOOK, "msg_3", "{").body("{{");
        assert_eq!(refusal(broken.header("Content-Encoding", "gzip")).await.0, "401 unauthorized");
        assert_eq!(refusal(signed(&world, Method::POST, WEBHOOK, "msg_4", "{")).await.0, "400 malformed");
        assert_eq!(refusal(signed(&world, Method::POST, WEBHOOK, "msg_5", "")).await.0, "400 malformed");
        let unknown = "/v1/webhooks/acme/profile_delete";
        assert_eq!(
            refusal(signed(&world, Method::POST, unknown, "msg_6", &event("P"))).await.0,
            "404 not_found"
        );
        let elsewhere = "/v1/webhooks/other/profile_update";
        assert_eq!(
            refusal(signed(&world, Method::POST, elsewhere, "msg_7", &event("P"))).await.0,
            "401 unauthorized"
        );
        assert_eq!(
            answer(world.request(Method::POST, WEBHOOK).json(&json!({}))).await.status,
            422,
            "a key opens too"
        );
    }
}

#[actix_web::test]
async fn who_signs_wrongly_is_told_what_is_expected() {
    for backend in backends() {
        let world = world(backend, true, vec![standard()]).await;
        let (id, body, now) = ("msg_1", event("P1"), world.clock.now().timestamp());
        let at = |timestamp: i64| {
            bare(&world, Method::POST, WEBHOOK, &body)
                .header("webhook-id", id)
                .header("webhook-timestamp", timestamp)
                .header("webhook-signature", signature(SECRET, id, timestamp, &body))
        };
        let without = |name: &str| {
            let mut request = at(now).build().unwrap();
            request.headers_mut().remove(name).unwrap();
            RequestBuilder::from_parts(world.client.clone(), request)
        };
        let replaced = |name: &'static str, value: &[u8]| {
            let mut request = at(now).build().unwrap();
            request.headers_mut().insert(name, HeaderValue::from_bytes(value).unwrap());
            RequestBuilder::from_parts(world.client.clone(), request)
        };
        for (request, told) in [
            (
                bare(&world, Method::POST, WEBHOOK, &body),
                "headers webhook-id, webhook-timestamp and webhook-signature are missing",
            ),
            (without("webhook-id"), "the header webhook-id is missing"),
            (without("webhook-timestamp"), "the header webhook-timestamp is missing"),
            (without("webhook-signature"), "the header webhook-signature is missing"),
            (at(now).header("webhook-id", "msg_1"), "the header webhook-id must be sent once"),
            (at(now).header("webhook-timestamp", "1"), "the header webhook-timestamp must be sent once"),
            (
                at(now).header("webhook-signature", "v1,AAAA"),
                "the header webhook-signature must be sent once",
            ),
            (replaced("webhook-id", b"msg_\xe9"), "the header webhook-id must be visible ASCII"),
            (
                replaced("webhook-signature", "v1,é".as_bytes()),
                "the header webhook-signature must be visible ASCII",
            ),
            (replaced("webhook-timestamp", b"now"), "must be a whole number of seconds since 1970"),
            (
                replaced("webhook-signature", b"v1a,AAAA v2,BBBB"),
                "must have a signature such as `v1,…` in base64",
            ),
            (at(now - 301), "webhook-timestamp is 301 seconds behind our clock, and 300 are tolerated"),
            (at(now + 3600), "webhook-timestamp is 3600 seconds ahead of our clock, and 300 are tolerated"),
            (at(now).header("X-API-KEY", "guess").body("{}"), "no signature in webhook-signature"),
            (
                bare(&world, Method::POST, WEBHOOK, &body).header("X-API-KEY", "guess"),
                "the key in X-API-KEY is not known; the headers",
            ),
        ] {
            let (code, detail) = refusal(request).await;
            assert_eq!(code, "401 unauthorized", "{told}");
            assert!(detail.contains(told), "{detail}");
        }
        assert_eq!(world.get("/v1/records/profiles/P1").await.status, 404, "nothing was kept");
        // At the edges, under either live secret, and beside signatures that are not ours to check.
        assert_eq!(answer(at(now - 300)).await.status, 202);
        assert_eq!(answer(at(now + 300)).await.status, 200);
        let several = format!("v1a,AAAA v1,AAAA {}", signature(NEXT_SECRET, id, now, &body));
        assert_eq!(answer(replaced("webhook-signature", several.as_bytes())).await.status, 200);
        assert_eq!(answer(at(now).header("X-API-KEY", "guess")).await.status, 200, "any one opens");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[actix_web::test]
async fn an_hmac_is_read_as_it_was_agreed_on() {
    let sign = |body: &str| {
        let mut long = Hmac::<Sha512>::new_from_slice(b"second").unwrap();
        let mut short = Hmac::<Sha256>::new_from_slice(b"second").unwrap();
        long.update(body.as_bytes());
        short.update(body.as_bytes());
        (short.finalize().into_bytes().to_vec(), long.finalize().into_bytes().to_vec())
    };
    let agreed = |header: &str, algorithm, encoding, prefix: &str| WebhookAuth::Hmac {
        header: header.to_owned(),
        algorithm,
        encoding,
        prefix: prefix.to_owned(),
        secrets: vec![Secret::new("first"), Secret::new("second")],
    };
    for backend in backends() {
        let world = world(
            backend,
            false,
            vec![
                agreed("X-Hub-Signature-256", HmacAlgorithm::Sha256, HmacEncoding::Hex, "sha256="),
                agreed("X-Long", HmacAlgorithm::Sha512, HmacEncoding::Base64, "sha512 "),
            ],
        )
        .await;
        let body = event("P1");
        let (short, long) = sign(&body);
        let hub = format!("sha256={}", hex(&short));
        let wide = format!("sha512 {}", STANDARD.encode(&long));
        let send = || bare(&world, Method::POST, WEBHOOK, &body);
        assert_eq!(answer(send().header("X-Hub-Signature-256", &hub)).await.status, 202);
        assert_eq!(answer(send().header("x-long", &wide)).await.status, 200);
        // One that is right opens, whatever the other says.
        let both = send().header("X-Long", "sha512 AAAA").header("X-Hub-Signature-256", &hub);
        assert_eq!(answer(both).await.status, 200);
        let (empty, _) = sign("");
        let ping = bare(&world, Method::GET, &format!("{WEBHOOK}/ping"), "");
        let signed_ping = ping.header("X-Hub-Signature-256", format!("sha256={}", hex(&empty)));
        assert_eq!(answer(signed_ping).await.status, 200, "no body is a body of no bytes");
        for (request, told) in [
            (send(), "the header X-Hub-Signature-256 is missing, or the header X-Long is missing"),
            (send().header("X-Long", STANDARD.encode(&long)), "the header X-Long must begin with `sha512 `"),
            (send().header("X-Long", format!("sha512 {}", hex(&long))), "is not that of the body"),
            (send().header("X-Hub-Signature-256", "sha256=x"), "must be hex after `sha256=`"),
            (
                send().header("X-Hub-Signature-256", &hub).header("X-Hub-Signature-256", &hub),
                "must be sent once",
            ),
            (send().header("X-Hub-Signature-256", &hub).body(format!("{body} ")), "is not that of the body"),
            (send().header("X-API-KEY", PARTNER_KEY), "X-API-KEY is not taken for webhooks here"),
            (send().header("X-API-KEY", OPERATOR_KEY), "X-API-KEY is not taken for webhooks here"),
        ] {
            let (code, detail) = refusal(request).await;
            assert_eq!(code, "401 unauthorized", "{told}");
            assert!(detail.contains(told), "{detail}");
        }
        assert_eq!(world.get("/v1/records/profiles/P1").await.status, 200, "a key opens everything else");
    }
}

#[actix_web::test]
async fn a_password_or_a_token_opens_every_address_of_webhooks() {
    for backend in backends() {
        let passwords = vec![Secret::new("old"), Secret::new("new")];
        let basic = WebhookAuth::Basic { username: "ats".to_owned(), passwords };
        let bearer = WebhookAuth::Bearer { tokens: vec![Secret::new("token-1")] };
        let world = world(backend, false, vec![basic, bearer]).await;
        let ping = format!("{WEBHOOK}/ping");
        let batch = json!([{"reference": "P1", "event_type": "profile_update", "event_date": "2026-11-22"}])
            .to_string();
        for (method, path, body, expected) in [
            (Method::GET, ping.as_str(), String::new(), 200),
            (Method::POST, ping.as_str(), event("P1"), 200),
            (Method::POST, WEBHOOK, event("P1"), 202),
            (Method::POST, "/v1/webhooks/acme", batch, 207),
        ] {
            let send = || bare(&world, method.clone(), path, &body);
            assert_eq!(answer(send().basic_auth("ats", Some("new"))).await.status, expected, "{path}");
            assert!(answer(send().basic_auth("ats", Some("old"))).await.status.is_success(), "{path}");
            assert!(answer(send().bearer_auth("token-1")).await.status.is_success(), "{path}");
            assert_eq!(refusal(send().basic_auth("ats", Some("other"))).await.0, "401 unauthorized");
            assert_eq!(refusal(send().bearer_auth("token-2")).await.0, "401 unauthorized");
            let (_, told) = refusal(send()).await;
            assert!(told.contains("Authorization with `Basic …`") && told.contains("`Bearer …`"), "{told}");
        }
        let elsewhere = bare(&world, Method::GET, "/v1/records/profiles/P1", "").bearer_auth("token-1");
        assert_eq!(refusal(elsewhere).await.0, "401 unauthorized", "it opens nothing else");
    }
}

#[actix_web::test]
async fn pings_are_signed_like_the_real_call() {
    for backend in backends() {
        let world = world(backend, false, vec![standard()]).await;
        let ping = format!("{WEBHOOK}/ping");
        assert_eq!(answer(signed(&world, Method::GET, &ping, "msg_1", "")).await.status, 200);
        let tried = answer(signed(&world, Method::POST, &ping, "msg_1", &event("P1"))).await;
        assert_eq!((tried.status.as_u16(), &tried.body["understood"]["reference"]), (200, &json!("P1")));
        assert_eq!(refusal(bare(&world, Method::GET, &ping, "")).await.0, "401 unauthorized");
        assert_eq!(world.get("/v1/records/profiles/P1").await.status, 404, "a ping is not kept");
    }
}

#[actix_web::test]
async fn an_equal_webhook_id_is_a_proven_retry_and_another_one_is_another_delivery() {
    for backend in backends() {
        let world = world(backend, true, vec![standard()]).await;
        world.has_profile("P1", "Nurse");
        let send = async |id: &str| {
            let Answer { status, body, .. } =
                answer(signed(&world, Method::POST, WEBHOOK, id, &event("P1"))).await;
            world.settle().await;
            (status.as_u16(), body["id"].clone(), world.partner_side.count("GET", "/candidates/P1"))
        };
        let (status, first, fetches) = send("msg_1").await;
        assert_eq!((status, fetches), (202, 1));
        world.advance(200);
        assert_eq!(send("msg_1").await, (200, first.clone(), 1), "a retry after the read costs nothing");
        let (status, second, fetches) = send("msg_2").await;
        assert_eq!((status, fetches), (202, 2), "the same words about another change");
        assert_ne!(first, second);
        assert_eq!(send("msg_1").await, (200, first, 2));
        assert_eq!(send("msg_2").await, (200, second, 2));

        // With a key and no identity the same words after the read may be another change within that second.
        for fetches in [3, 4] {
            world.post(WEBHOOK, &serde_json::from_str(&event("P1")).unwrap()).await;
            world.settle().await;
            assert_eq!(world.partner_side.count("GET", "/candidates/P1"), fetches);
        }
        // With a key and an identity they may not.
        for expected in [202, 200] {
            let request = bare(&world, Method::POST, WEBHOOK, &event("P1")).header("X-API-KEY", PARTNER_KEY);
            assert_eq!(answer(request.header("webhook-id", "by-key")).await.status, expected);
            world.settle().await;
            assert_eq!(world.partner_side.count("GET", "/candidates/P1"), 5);
        }
        // An identity that is used twice for two things loses neither.
        let other = answer(signed(&world, Method::POST, WEBHOOK, "msg_1", &event("P2"))).await;
        assert_eq!(other.status, 202);
        let long = bare(&world, Method::POST, WEBHOOK, &event("P3")).header("X-API-KEY", PARTNER_KEY);
        assert_eq!(refusal(long.header("webhook-id", "x".repeat(256))).await.0, "400 malformed");
    }
}

#[actix_web::test]
async fn an_hmac_of_the_body_does_not_prove_the_identity_beside_it() {
    for backend in backends() {
        let hmac = WebhookAuth::Hmac {
            header: "X-Signature".to_owned(),
            algorithm: HmacAlgorithm::Sha256,
            encoding: HmacEncoding::Hex,
            prefix: String::new(),
            secrets: vec![Secret::new("secret")],
        };
        let world = world(backend, false, vec![hmac]).await;
        let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
        mac.update(event("P1").as_bytes());
        let signature = hex(&mac.finalize().into_bytes());
        for (id, expected) in [("msg_1", 202), ("msg_2", 200)] {
            let request = bare(&world, Method::POST, WEBHOOK, &event("P1")).header("webhook-id", id);
            assert_eq!(answer(request.header("X-Signature", &signature)).await.status, expected, "{id}");
        }
    }
}

/// A request that a trusted proxy passes on for `origin`.
fn from(world: &World, origin: &str, method: Method, path: &str, key: &str) -> RequestBuilder {
    bare(world, method, path, "").header("X-Forwarded-For", origin).header("X-API-KEY", key)
}

#[actix_web::test]
async fn who_fails_too_often_waits_and_nobody_else_does() {
    for backend in backends() {
        let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        let webhooks = Webhooks { keys: true, auth: vec![standard()] };
        let world = World::with(backend, Wishes { webhooks, trusted_proxies, ..Wishes::default() }).await;
        let get = |origin: &str, key: &str| from(&world, origin, Method::GET, "/v1/records/profiles/P1", key);
        // All endpoints count together, whatever is wrong.
        let attacker = "2001:db8:0:1::1";
        for number in 0..30 {
            let request = match number % 5 {
                0 => get(attacker, "guess"),
                1 => from(&world, attacker, Method::GET, "/v1/pulls", "guess"),
                2 => from(&world, attacker, Method::POST, WEBHOOK, "guess"),
                3 => from(&world, attacker, Method::GET, "/metrics", ""),
                _ => signed(&world, Method::POST, WEBHOOK, "msg_1", "{}")
                    .body("{ }")
                    .header("X-Forwarded-For", attacker),
            };
            assert_eq!(refusal(request).await.0, "401 unauthorized", "{number}");
        }
        for (key, path) in [
            ("guess", "/v1/records/profiles/P1"),
            (PARTNER_KEY, "/v1/records/profiles/P1"),
            (OPERATOR_KEY, "/v1/pulls"),
            (PARTNER_KEY, "/v1/partners"),
            (PARTNER_KEY, "/v1/webhooks/acme/profile_update/ping"),
        ] {
            let request = from(&world, "203.0.113.9, 2001:db8:0:1:ffff::2", Method::GET, path, key);
            let Answer { status, headers, body } = answer(request).await;
            assert_eq!((status.as_u16(), &body["code"]), (429, &json!("rate_limited")), "{path}");
            assert_eq!(headers["retry-after"], "2");
        }
        let signed = signed(&world, Method::POST, WEBHOOK, "msg_2", &event("P1"));
        assert_eq!(answer(signed.header("X-Forwarded-For", attacker)).await.status, 429);
        assert_eq!(
            answer(bare(&world, Method::GET, "/health/live", "").header("X-Forwarded-For", attacker))
                .await
                .status,
            200
        );
        // The neighbours are served.
        for origin in ["2001:db8:0:2::1", "198.51.100.7"] {
            assert_eq!(answer(get(origin, PARTNER_KEY)).await.status, 404, "{origin}");
        }
        // One try is forgiven after each share of a minute.
        world.advance(2);
        assert_eq!(
            answer(get(attacker, PARTNER_KEY)).await.status,
            404,
            "a login that succeeds costs nothing"
        );
        assert_eq!(refusal(get(attacker, "guess")).await.0, "401 unauthorized");
        assert_eq!(refusal(get(attacker, PARTNER_KEY)).await.0, "429 rate_limited");
        world.advance(60);
        for _ in 0..100 {
            assert_eq!(answer(get(attacker, PARTNER_KEY)).await.status, 404);
        }
    }
}

#[actix_web::test]
async fn without_trusted_proxies_headers_do_not_choose_the_address() {
    for backend in backends() {
        let world = World::new(backend).await;
        for number in 0..30 {
            let request = from(&world, &format!("198.51.100.{number}"), Method::GET, "/v1/pulls", "guess");
            let request = request.header("Forwarded", format!("for=198.51.100.{number}"));
            assert_eq!(refusal(request).await.0, "401 unauthorized", "{number}");
        }
        let request = from(&world, "198.51.100.99", Method::GET, "/v1/pulls", OPERATOR_KEY);
        assert_eq!(refusal(request).await.0, "429 rate_limited");
    }
}

#[actix_web::test]
async fn a_valid_key_in_the_wrong_place_is_no_failed_login() {
    for backend in backends() {
        let world = World::new(backend).await;
        for _ in 0..40 {
            let other =
                bare(&world, Method::GET, &format!("{WEBHOOK}/ping"), "").header("X-API-KEY", OTHER_KEY);
            assert_eq!(refusal(other).await.0, "404 not_found");
            assert_eq!(refusal(world.request(Method::GET, "/v1/pulls")).await.0, "401 unauthorized");
        }
        assert_eq!(world.get(&format!("{WEBHOOK}/ping")).await.status, 200);
    }
}
