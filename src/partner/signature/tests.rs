#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::config::{HmacAlgorithm, HmacEncoding};
use crate::model::Secret;

/// The secret, the delivery and the signature that the libraries of Standard Webhooks are tested with.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SECOND: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn secrets(texts: &[&str]) -> Vec<Secret> {
    texts.iter().map(|text| Secret::new(*text)).collect()
}

fn standard(texts: &[&str]) -> Door {
    let tolerance = Duration::from_mins(5);
    Door::new(&[WebhookAuth::Standard { secrets: secrets(texts), tolerance }]).unwrap()
}

fn hmac(algorithm: HmacAlgorithm, encoding: HmacEncoding, prefix: &str, texts: &[&str]) -> Door {
    let (header, prefix) = ("X-Signature".to_owned(), prefix.to_owned());
    Door::new(&[WebhookAuth::Hmac { header, algorithm, encoding, prefix, secrets: secrets(texts) }]).unwrap()
}

/// The identity of what is let in, or why it is not.
fn knock(
    door: &Door,
    headers: &[(&str, &[u8])],
    body: &[u8],
    second: i64,
) -> std::result::Result<Option<String>, String> {
    let now = DateTime::from_timestamp(second, 999_999_999).unwrap();
    let claims = door.claims(&Headers::new(headers.iter().copied()), now);
    let claim = claims.map_err(|refused| refused.message().to_owned())?.remove(0);
    if claim.is_proven_by(body) {
        Ok(claim.into_webhook_id())
    } else {
        Err(claim.unproven().message().to_owned())
    }
}

fn signed<'a>(timestamp: &'a str, signature: &'a str) -> [(&'a str, &'a [u8]); 3] {
    [
        ("Webhook-Id", ID.as_bytes()),
        ("webhook-timestamp", timestamp.as_bytes()),
        ("webhook-signature", signature.as_bytes()),
    ]
}

#[test]
fn the_published_signature_of_standard_webhooks_is_right() {
    let headers = signed("1614265330", SIGNATURE);
    assert_eq!(knock(&standard(&[SECRET]), &headers, BODY, SECOND).unwrap().as_deref(), Some(ID));
    for live in [[OTHER_SECRET, SECRET], [SECRET, OTHER_SECRET]] {
        assert!(knock(&standard(&live), &headers, BODY, SECOND).is_ok(), "every live secret is tried");
    }
    let several = format!("v1a,bm9ldHU= v1,AAAA {SIGNATURE} v2,x");
    assert!(knock(&standard(&[SECRET]), &signed("1614265330", &several), BODY, SECOND).is_ok());
    for (headers, body) in [
        (signed("1614265330", SIGNATURE), br#"{"test":2432232314}"#.as_slice()),
        (signed("1614265331", SIGNATURE), BODY),
        (signed("01614265330", SIGNATURE), BODY),
        (signed("1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1O=="), BODY),
        (signed("1614265330", "v1,g0hM"), BODY),
    ] {
        assert!(knock(&standard(&[SECRET]), &headers, body, SECOND).is_err(), "{headers:?}");
    }
    assert!(knock(&standard(&[OTHER_SECRET]), &headers, BODY, SECOND).is_err());
}

#[test]
fn a_timestamp_may_be_off_by_the_tolerance_on_either_side() {
    let headers = signed("1614265330", SIGNATURE);
    for second in [SECOND - 300, SECOND + 300] {
        assert!(knock(&standard(&[SECRET]), &headers, BODY, second).is_ok(), "{second}");
    }
    for (second, told) in [
        (SECOND + 301, "is 301 seconds behind our clock, and 300 are tolerated"),
        (SECOND - 301, "is 301 seconds ahead of our clock, and 300 are tolerated"),
    ] {
        let refused = knock(&standard(&[SECRET]), &headers, BODY, second).unwrap_err();
        assert!(refused.contains(told), "{refused}");
    }
    for odd in ["", "-1", "+1614265330", "1614265330.0", "99999999999999999999", "soon"] {
        assert!(knock(&standard(&[SECRET]), &signed(odd, SIGNATURE), BODY, SECOND).is_err(), "{odd}");
    }
}

/// RFC 4231, test case 2, and the example of GitHub's documentation.
#[test]
fn the_published_hmacs_are_right() {
    use HmacAlgorithm::{Sha256, Sha512};
    use HmacEncoding::{Base64, Hex};
    let jefe: &[u8] = b"what do ya want for nothing?";
    let sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let sha512 = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                  9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";
    let github = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    for (door, sent, body) in [
        (hmac(Sha256, Hex, "", &["Jefe"]), sha256.to_owned(), jefe),
        (hmac(Sha256, Hex, "", &["other", "Jefe"]), sha256.to_uppercase(), jefe),
        (hmac(Sha512, Hex, "sha512 ", &["Jefe", "other"]), format!("sha512 {sha512}"), jefe),
        (
            hmac(Sha256, Base64, "", &["Jefe"]),
            "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=".to_owned(),
            jefe,
        ),
        (hmac(Sha256, Base64, "", &["Jefe"]), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM".to_owned(), jefe),
        (hmac(Sha256, Hex, "sha256=", &["It's a Secret to Everybody"]), github.to_owned(), b"Hello, World!"),
    ] {
        assert_eq!(knock(&door, &[("x-signature", sent.as_bytes())], body, SECOND), Ok(None), "{sent}");
        assert!(knock(&door, &[("x-signature", sent.as_bytes())], b"", SECOND).is_err(), "{sent}");
    }
    let door = hmac(Sha256, Hex, "sha256=", &["Jefe"]);
    for sent in [
        sha256,
        "sha256=",
        "SHA256=5bdc",
        "sha256=5bd",
        "sha256=+b",
        "sha256=zz",
        &format!("sha256={}", &sha256[2..]),
    ] {
        assert!(knock(&door, &[("x-signature", sent.as_bytes())], jefe, SECOND).is_err(), "{sent}");
    }
}

#[test]
fn a_credential_opens_by_itself_and_in_its_own_scheme_only() {
    let basic = WebhookAuth::Basic { username: "ats".to_owned(), passwords: secrets(&["old:é", "new"]) };
    let bearer = WebhookAuth::Bearer { tokens: secrets(&["token-1", "token-2"]) };
    let (basic, bearer) = (Door::new(&[basic]).unwrap(), Door::new(&[bearer]).unwrap());
    for (door, sent, opens) in [
        (&basic, "Basic YXRzOm9sZDrDqQ==", true),
        (&basic, "basic YXRzOm5ldw==", true),
        (&basic, "Basic YXRzOm90aGVy", false),
        (&basic, "Bearer YXRzOm5ldw==", false),
        (&bearer, "Bearer token-1", true),
        (&bearer, "bearer  token-2", true),
        (&bearer, "Bearer token-3", false),
        (&bearer, "Bearer", false),
        (&bearer, "Basic token-1", false),
    ] {
        let knocked = knock(door, &[("authorization", sent.as_bytes())], b"any", SECOND);
        assert_eq!(knocked.is_ok(), opens, "{sent}: {knocked:?}");
    }
    let with_id = [("Authorization", b"Bearer token-1".as_slice()), ("webhook-id", b"msg_1")];
    assert_eq!(knock(&bearer, &with_id, b"", SECOND), Ok(Some("msg_1".to_owned())));
}

#[test]
fn no_refusal_repeats_what_was_sent() {
    let door = standard(&[SECRET]);
    for headers in [
        signed("planted", SIGNATURE),
        signed("1614265330", "planted"),
        signed("1614265330", "v1,planted"),
        [("webhook-id", "planté".as_bytes()), ("webhook-timestamp", b"1"), ("webhook-signature", b"v1,")],
    ] {
        let refused = knock(&door, &headers, b"planted", SECOND).unwrap_err();
        assert!(
            !refused.contains("plant") && !refused.contains("g0hM") && !refused.contains("MfKQ"),
            "{refused}"
        );
    }
}

proptest! {
    #[test]
    fn a_signature_is_of_one_body_and_one_secret(
        body in prop::collection::vec(any::<u8>(), 0..200),
        other in prop::collection::vec(any::<u8>(), 0..200),
        secret in "[ -~]{1,80}",
        flipped in any::<prop::sample::Index>(),
    ) {
        use ::hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha2::Sha512>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(&body);
        let made = mac.finalize().into_bytes();
        let hex = made.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let door = hmac(HmacAlgorithm::Sha512, HmacEncoding::Hex, "", &["not this", &secret]);
        let knocks = |hex: &str, body: &[u8]| knock(&door, &[("x-signature", hex.as_bytes())], body, SECOND).is_ok();
        prop_assert!(knocks(&hex, &body));
        prop_assert_eq!(knocks(&hex, &other), body == other);
        let mut wrong = hex.clone().into_bytes();
        let at = flipped.index(wrong.len());
        wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
        prop_assert!(!knocks(std::str::from_utf8(&wrong).unwrap(), &body));
        let stranger = hmac(HmacAlgorithm::Sha512, HmacEncoding::Hex, "", &["not this"]);
        prop_assert!(knock(&stranger, &[("x-signature", hex.as_bytes())], &body, SECOND).is_err());
    }

    #[test]
    fn no_headers_whatever_open_a_door(
        names in prop::collection::vec(prop::sample::select(vec![
            "webhook-id", "webhook-timestamp", "webhook-signature", "authorization", "x-signature",
        ]), 0..6),
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 6),
        body in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let headers: Vec<(&str, &[u8])> =
            names.iter().zip(&values).map(|(name, value)| (*name, value.as_slice())).collect();
        let bearer = WebhookAuth::Bearer { tokens: secrets(&["a token that nobody guesses"]) };
        for door in [
            standard(&[SECRET]),
            hmac(HmacAlgorithm::Sha256, HmacEncoding::Base64, "", &["secret"]),
            Door::new(&[bearer]).unwrap(),
        ] {
            prop_assert!(knock(&door, &headers, &body, SECOND).is_err());
        }
    }
}
