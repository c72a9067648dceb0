//! What is wrong is told all at once, each by its key, and never with a value that may be a secret.

use super::*;

/// A second partner that differs from the first in every respect.
fn second() -> String {
    let block = &SAMPLE[SAMPLE.find("[[partner]]").unwrap()..];
    block
        .replace("\"acme\"", "\"globex\"")
        .replace("env:ACME_KEY", "globex-1")
        .replace(SOURCE, &"c".repeat(40))
        .replace(BOARD, &"d".repeat(40))
}

#[test]
fn a_wrong_type_says_what_is_expected_and_what_is_there() {
    for (from, to, problems) in [
        (
            "[\"env:OPERATOR_KEY\"]",
            "[\"a\", 5]",
            &["operator_keys: must have only texts in it, not a number"][..],
        ),
        ("[\"env:OPERATOR_KEY\"]", "[\"env:\"]", &["operator_keys: names no variable after `env:`"]),
        ("concurrency = 16", "concurrency = 1.5", &["hrflow.concurrency: must be a whole number, not 1.5"]),
        ("list = \"/jobs\"", "list = \"/jobs#a\"", &["partner.acme.service.jobs.list: must not have a `#`"]),
        (
            "get = \"/jobs/{reference}\"",
            "get = \"/jobs/{reference}#a\"",
            &["partner.acme.service.jobs.get: must not have a `#`"],
        ),
        (
            "https://api.hrflow.ai/v1/\"",
            "http://127.0.0.1/v1\" # ",
            &["partner.acme.hrflow.api_url: must start with https:// unless `allow_private_network` is true"],
        ),
    ] {
        assert_eq!(broken(from, to), problems, "{to}");
    }
    let text = SAMPLE
        .replace("https://", "http://")
        .replace("allow_private_network = false", "allow_private_network = \"yes\"");
    assert_eq!(
        read(&text, &[]).map(|_| ()).unwrap_err(),
        [
            "hrflow.allow_private_network: must be true or false, not a text",
            "partner.acme.service.allow_private_network: must be true or false, not a text",
        ]
    );
    let many = [("OEM_CONNECTOR__HRFLOW__CONCURRENCY", "many")];
    assert_eq!(
        read(SAMPLE, &many).map(|_| ()).unwrap_err(),
        [
            "hrflow.concurrency: must be a whole number, not a text (set by OEM_CONNECTOR__HRFLOW__CONCURRENCY)"
        ]
    );
}

#[test]
fn all_problems_are_told_together() {
    let text = r#"
        lisen = "x"
        database_url = "mysql://x"
        [limits]
        call_timeout_seconds = 30
        page_attempts = 0
        breaker_rest_seconds = 90
        [hrflow]
        query_share = 1.0
        api_key = "env:NOWHERE"
        [[partner]]
        name = "Acme Inc"
        source_key = "ABC"
        keys = []
        [[partner]]
        name = "globex"
        keys = ["k", 5]
        source_key = 7
        board_key = "x"
        algorithm_key = "no slug"
        colour = "red"
        [partner.service]
        base_url = "ftp://x"
        auth = { kind = "digest" }
        requests_per_second = "many"
        [partner.service.jobs]
        list = "jobs"
        get = "/jobs"
        paging = { kind = "page", page = "p", sise = "s" }
        since = "x"
        map = "nowhere.jq"
    "#;
    assert_eq!(
        read(text, &[]).unwrap_err(),
        [
            "database_url: must be sqlite://file or postgres://…",
            "limits.page_attempts: must be from 1 to 100",
            "limits.lease_seconds: must be at least twice `call_timeout_seconds`: it is renewed every third of it, and no call begins that could outlive it",
            "limits.breaker_longest_rest_seconds: must be at least `breaker_rest_seconds`",
            "hrflow.api_key: the variable NOWHERE is not set",
            "hrflow.query_share: must be at least 0 and less than 1",
            "partner[0].name: must be 1 to 64 lower-case letters, digits, `-` and `_`",
            "partner[0].board_key: is missing",
            "partner[0].algorithm_key: is missing",
            "partner[0].service: is missing",
            "partner[0].keys: must have at least one key",
            "partner[0].source_key: must be 40 characters from 0-9 and a-f",
            "partner[0].hrflow.user_email: is missing here and in `[hrflow]`",
            "partner.globex.keys: must have only texts in it, not a number",
            "partner.globex.source_key: must be a text, not a number",
            "partner.globex.board_key: must be 40 characters from 0-9 and a-f",
            "partner.globex.algorithm_key: must be 40 characters from 0-9 and a-f, or a slug such as scorer-hrflow-profiles-titan",
            "partner.globex.hrflow.user_email: is missing here and in `[hrflow]`",
            "partner.globex.service.base_url: must start with https://",
            "partner.globex.service.auth.kind: must be none, header, bearer or basic",
            "partner.globex.service.requests_per_second: must be a whole number, not a text",
            "partner.globex.service.jobs.list: must be a path that starts with `/`",
            "partner.globex.service.jobs.get: must have `{reference}` in it",
            "partner.globex.service.jobs.paging.size: is missing",
            "partner.globex.service.jobs.paging.sise: is no setting; did you mean `size`?",
            "partner.globex.service.jobs.since: must be a table, not a text",
            "partner.globex.service.jobs.map: the file …/nowhere.jq cannot be read: entity not found",
            "partner.globex.colour: is no setting",
            "lisen: is no setting; did you mean `listen`?",
        ]
    );
}

#[test]
fn each_single_mistake_is_told_by_its_key() {
    for (from, to, problem) in [
        (
            "https://api.hrflow.ai",
            "http://api.hrflow.ai",
            "partner.acme.hrflow.api_url: must start with https:// unless `allow_private_network` is true",
        ),
        (
            "https://ats.acme",
            "http://ats.acme",
            "partner.acme.service.base_url: must start with https:// unless `allow_private_network` is true",
        ),
        (
            "https://ats.acme",
            "https://u:p@ats.acme",
            "partner.acme.service.base_url: must not hold a user or a password; use `auth`",
        ),
        ("example/api\"", "example/api?x=1\"", "partner.acme.service.base_url: must not have a `?` or a `#`"),
        ("name = \"X-API-KEY\"", "name = \"X API\"", "partner.acme.service.auth.name: is no header name"),
        (
            "name = \"X-API-KEY\"",
            "name = \"Host\"",
            "partner.acme.service.auth.name: is a header that is set for us",
        ),
        (
            "env:ACME_TOKEN",
            "two\\nlines",
            "partner.acme.service.auth.value: must be visible ASCII without space around it",
        ),
        (
            "env:ACME_KEY",
            "é",
            "partner.acme.keys: has a key that cannot be sent in a header: it must be visible ASCII without space around it",
        ),
        ("env:ACME_KEY", "operator-1", "partner.acme.keys: has a key that `operator_keys` has too"),
        ("ops@example.org", "ops", "hrflow.user_email: must be an e-mail address"),
        (
            "requests_per_minute = 600",
            "requests_per_minute = 0",
            "hrflow.requests_per_minute: must be from 1 to 1000000",
        ),
        (
            "size_value = 100",
            "size_value = 0",
            "partner.acme.service.profiles.paging.size_value: must be from 1 to 10000",
        ),
        (
            "listen = \"127.0.0.1:8081\"",
            "listen = \"127.0.0.1:8081\"\nrole = \"worker\"",
            "role: must be all on SQLite: one process owns the file; use postgres://… to share the work",
        ),
        ("listen = \"127.0.0.1:8081\"", "role = \"boss\"", "role: must be all, api or worker"),
        (
            "[hrflow]",
            "[limits]\nshutdown_seconds = 301\n[hrflow]",
            "limits.shutdown_seconds: must be from 1 to 300",
        ),
        (
            "kind = \"page\"",
            "kind = \"cursor\"",
            "partner.acme.service.profiles.paging.kind: must be none, page or offset",
        ),
        (
            "concurrency = 16",
            "concurency = 16",
            "hrflow.concurency: is no setting; did you mean `concurrency`?",
        ),
        ("[hrflow]", "[hrflo]", "hrflo: is no setting; did you mean `hrflow`?"),
        ("list = \"/jobs\"", "", "partner.acme.service.jobs.list: is missing"),
        (
            "listen = \"127.0.0.1:8081\"",
            "listen = \"127.0.0.1:8081\"\nmetrics_listen = \"127.0.0.1:8081\"",
            "metrics_listen: must not be the address of `listen`",
        ),
        ("[[partner]]", "[partner]", "partner: must be a list of tables ([[…]]), not a table"),
    ] {
        let problems = broken(from, to);
        assert!(problems.iter().any(|told| told == problem), "{from} → {to}: {problems:#?}");
    }
}

#[test]
fn plain_http_goes_to_no_public_address() {
    let of = |base: &str| {
        let text = SAMPLE.replace("https://ats.acme.example", base).replace(
            "concurrency = 8\nallow_private_network = false",
            "concurrency = 8\nallow_private_network = true",
        );
        read(&text, &[]).map(|_| ())
    };
    for base in ["http://8.8.8.8", "http://[2606:4700::1111]", "http://134744072"] {
        assert_eq!(
            of(base).unwrap_err(),
            [
                "partner.acme.service.base_url: must start with https://: to a public address keys and personal data would go in clear"
            ]
        );
    }
    for base in ["http://127.0.0.1:9000", "http://[::1]", "http://ats.internal", "https://8.8.8.8"] {
        assert_eq!(of(base), Ok(()), "{base}");
    }
}

#[test]
fn partners_share_nothing_that_tells_them_apart() {
    assert_eq!(read(&format!("{SAMPLE}{}", second()), &[]).unwrap().partners.len(), 2);
    for (from, to, problem) in [
        ("\"globex\"", "\"acme\"", "partner.acme.name: is taken by the partner `acme`"),
        (
            &*"c".repeat(40),
            SOURCE,
            "partner.globex.source_key: is the source of the partner `acme`: it would see the other's data",
        ),
        (
            &*"d".repeat(40),
            BOARD,
            "partner.globex.board_key: is the board of the partner `acme`: it would see the other's data",
        ),
        ("globex-1", "env:ACME_KEY", "partner.globex.keys: has a key that `partner.acme.keys` has too"),
        ("[\"globex-1\"]", "[\"a\", \"a\"]", "partner.globex.keys: has a key twice"),
    ] {
        let problems = read(&format!("{SAMPLE}{}", second().replace(from, to)), &[]).unwrap_err();
        assert_eq!(problems, [problem], "{from}");
    }
    let elsewhere = second().replace(&"c".repeat(40), SOURCE).replace(
        "[partner.service]",
        "[partner.hrflow]\napi_url = \"https://other.example/v1\"\n[partner.service]",
    );
    assert!(read(&format!("{SAMPLE}{elsewhere}"), &[]).is_ok());
}

#[test]
fn no_secret_is_printed() {
    let text = SAMPLE.replace("sqlite://connector.db", "postgres://u:hidden-1@h/d");
    let printed = format!("{:?}", read(&text, &[]).unwrap());
    for secret in ["hidden-1", "operator-1", "acme-1", "ask_1", "token-1"] {
        assert!(!printed.contains(secret), "{secret}");
    }
}
