#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use super::*;

const SOURCE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const BOARD: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// The sample of the documents.
const SAMPLE: &str = r#"
listen = "127.0.0.1:8081"
database_url = "sqlite://connector.db"
operator_keys = ["env:OPERATOR_KEY"]

[hrflow]
api_url = "https://api.hrflow.ai/v1/"
api_key = "env:HRFLOW_API_KEY"
user_email = "ops@example.org"
requests_per_minute = 600
concurrency = 16
query_share = 0.3
allow_private_network = false

[[partner]]
name = "acme"
keys = ["env:ACME_KEY"]
source_key = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
board_key = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
algorithm_key = "scorer-hrflow-profiles-titan"
[partner.service]
base_url = "https://ats.acme.example/api"
auth = { kind = "header", name = "X-API-KEY", value = "env:ACME_TOKEN" }
requests_per_second = 50
concurrency = 8
allow_private_network = false
[partner.service.profiles]
list = "/profiles"
get = "/profiles/{reference}"
items = ".items"
item = "."
reference = ".id"
updated_at = ".updated_at"
paging = { kind = "page", page = "page", size = "limit", size_value = 100, first = 1 }
since = { parameter = "updated_since" }
map = "mappings/profile.jq"
[partner.service.jobs]
list = "/jobs"
get = "/jobs/{reference}"
items = ".items"
reference = ".id"
"#;

const SECRETS: [(&str, &str); 4] = [
    ("OPERATOR_KEY", "operator-1"),
    ("HRFLOW_API_KEY", "ask_1"),
    ("ACME_KEY", "acme-1"),
    ("ACME_TOKEN", "token-1"),
];

/// Reads a text as a file beside `mappings/profile.jq`, with variables over the sample's secrets.
fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mappings")).unwrap();
    std::fs::write(folder.path().join("mappings/profile.jq"), "{text: .cv}").unwrap();
    let path = folder.path().join("connector.toml");
    std::fs::write(&path, text).unwrap();
    let variables =
        SECRETS.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read(&path, variables).map_err(|problems| {
        let place = folder.path().display().to_string();
        problems.to_string().lines().map(|line| line.replace(&place, "…")).collect()
    })
}

/// The problems of the sample after replacing one text by another.
fn broken(from: &str, to: &str) -> Vec<String> {
    assert!(SAMPLE.contains(from), "{from}");
    read(&SAMPLE.replacen(from, to, 1), &[]).map(|_| ()).unwrap_err()
}

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
fn the_sample_reads() {
    let config = read(SAMPLE, &[]).unwrap();
    assert_eq!((config.listen.port(), config.metrics_listen), (8081, None));
    assert!(config.database_url.starts_with("sqlite:///") && config.database_url.ends_with("/connector.db"));
    assert!(config.operator_keys[0].matches("operator-1"));
    assert_eq!(config.limits, Limits::default());
    let partner = &config.partners[0];
    assert_eq!((partner.name.as_str(), partner.source_key.as_str()), ("acme", SOURCE));
    assert_eq!(partner.hrflow.api_url.as_str(), "https://api.hrflow.ai/v1");
    assert_eq!((partner.hrflow.requests_per_minute, partner.hrflow.concurrency), (600, 16));
    assert_eq!((partner.service.requests_per_second, partner.service.concurrency), (50, 8));
    let Auth::Header { name, value } = &partner.service.auth else { panic!("{:?}", partner.service.auth) };
    assert!(name == "X-API-KEY" && value.matches("token-1"));
    let profiles = partner.service.profiles.as_ref().unwrap();
    assert_eq!((profiles.map.as_str(), profiles.updated_at.as_deref()), ("{text: .cv}", Some(".updated_at")));
    assert_eq!(profiles.changes.since.as_ref().unwrap().parameter, "updated_since");
    assert!(matches!(&profiles.paging, Paging::Page { size_value: 100, first: 1, .. }));
    let jobs = partner.service.jobs.as_ref().unwrap();
    assert_eq!((jobs.item.as_str(), jobs.map.as_str(), jobs.updated_at.as_deref()), (".", ".", None));
    assert!(matches!(jobs.paging, Paging::None) && jobs.changes.since.is_none());
    let secrets = config.secrets();
    let secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
    assert_eq!(secrets, ["operator-1", "acme-1", "ask_1", "token-1"]);
}

#[test]
fn a_role_comes_from_the_file_the_environment_or_the_command_line() {
    let variables = [("OEM_CONNECTOR__DATABASE_URL", "postgres://h/d"), ("OEM_CONNECTOR__ROLE", "worker")];
    assert_eq!(read(SAMPLE, &[]).unwrap().role, Role::All);
    let config = read(SAMPLE, &variables).unwrap();
    assert_eq!(config.role, Role::Worker);
    assert_eq!(config.acting_as(Role::Api).unwrap().role, Role::Api);
    let problems = read(SAMPLE, &[]).unwrap().acting_as(Role::Api).unwrap_err();
    assert!(problems.to_string().starts_with("role: must be all on SQLite"), "{problems}");
}

/// The partner of the sample with the shared settings, and nothing else.
fn little() -> String {
    SAMPLE[SAMPLE.find("[hrflow]").unwrap()..].to_owned()
}

#[test]
fn a_file_may_say_little() {
    let config = read(&little(), &[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert!(config.database_url.ends_with("/connector.db") && config.operator_keys.is_empty());
    let with = |url: &str| {
        read(&format!("database_url = \"{url}\"\n{}", little()), &[("DATABASE", "postgres://u:p@h/d")])
    };
    assert_eq!(with("sqlite:///var/x.db").unwrap().database_url, "sqlite:///var/x.db");
    assert_eq!(with("env:DATABASE").unwrap().database_url, "postgres://u:p@h/d");
}

#[test]
fn a_file_without_a_partner_is_refused() {
    for text in ["", "listen = \"127.0.0.1:8081\"", "partner = []"] {
        assert_eq!(read(text, &[]).unwrap_err(), ["partner: no [[partner]] is configured"]);
    }
}

#[test]
fn a_database_that_cannot_be_used_is_refused_without_its_address() {
    for (url, problem) in [
        ("sqlite://:memory:", "must name a file: nothing else stays when the program ends"),
        ("sqlite://file::memory:?cache=shared", "must name a file: nothing else stays when the program ends"),
        ("sqlite://", "must be sqlite://file or postgres://…"),
        ("mysql://h/d", "must be sqlite://file or postgres://…"),
        ("postgres://u:hidden%zz@h/d", "has a `%` that is no escape: write %25 for the sign itself"),
        ("postgres://u:hidden@h/d%", "has a `%` that is no escape: write %25 for the sign itself"),
        ("postgres://u:hidden%é@h/d", "has a `%` that is no escape: write %25 for the sign itself"),
        (
            "postgres://u:hidden@h:port/d",
            "must be an address such as postgres://user:password@host:5432/database, with signs in a password escaped (%40 for @)",
        ),
    ] {
        let told = broken("sqlite://connector.db", url);
        assert_eq!(told, [format!("database_url: {problem}")], "{url}");
    }
}

#[test]
fn the_password_of_the_database_is_a_secret() {
    let with = |url: &str| {
        let secrets = read(&SAMPLE.replace("sqlite://connector.db", url), &[]).unwrap().secrets();
        secrets.iter().skip(4).map(|secret| secret.expose().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(with("postgres://u:hid%40den@h/d"), ["hid@den", "hid%40den"]);
    assert_eq!(with("postgres:///d?host=/run&password=hidden"), ["hidden"]);
    assert!(with("postgres://u@h/d").is_empty());
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
fn no_secret_is_printed() {
    let text = SAMPLE.replace("sqlite://connector.db", "postgres://u:hidden-1@h/d");
    let printed = format!("{:?}", read(&text, &[]).unwrap());
    for secret in ["hidden-1", "operator-1", "acme-1", "ask_1", "token-1"] {
        assert!(!printed.contains(secret), "{secret}");
    }
}

#[test]
fn the_environment_overrides_every_kind_of_value() {
    let variables = [
        ("OEM_CONNECTOR__LISTEN", "0.0.0.0:1"),
        ("OEM_CONNECTOR__OPERATOR_KEYS", "one, env:ACME_TOKEN"),
        ("OEM_CONNECTOR__LIMITS__LEASE_SECONDS", "30"),
        ("OEM_CONNECTOR__HRFLOW__API_URL", "http://127.0.0.1:9/v1"),
        ("OEM_CONNECTOR__HRFLOW__ALLOW_PRIVATE_NETWORK", "true"),
        ("OEM_CONNECTOR__HRFLOW__QUERY_SHARE", "0.5"),
        ("OEM_CONNECTOR__PARTNER__ACME__SOURCE_KEY", &"e".repeat(40)),
        ("OEM_CONNECTOR__PARTNER__ACME__KEYS", r#"["a,b", "c"]"#),
        ("OEM_CONNECTOR__PARTNER__ACME__HRFLOW__CONCURRENCY", "2"),
        ("OEM_CONNECTOR__PARTNER__ACME__SERVICE__AUTH", r#"{ kind = "basic", username = "u" }"#),
        ("OEM_CONNECTOR__PARTNER__ACME__SERVICE__AUTH__PASSWORD", "env:ACME_KEY"),
        ("OEM_CONNECTOR__PARTNER__ACME__SERVICE__BASE_URL", "https://other.example"),
        (
            "OEM_CONNECTOR__PARTNER__ACME__SERVICE__JOBS__PAGING",
            r#"{ kind = "offset", offset = "o", limit = "l" }"#,
        ),
        ("OEM_CONNECTOR__PARTNER__ACME__SERVICE__JOBS__SINCE__PARAMETER", "s"),
    ];
    let config = read(SAMPLE, &variables).unwrap();
    assert_eq!((config.listen.to_string().as_str(), config.limits.lease.as_secs()), ("0.0.0.0:1", 30));
    assert!(config.operator_keys[0].matches("one") && config.operator_keys[1].matches("token-1"));
    let partner = &config.partners[0];
    assert_eq!(partner.source_key, "e".repeat(40));
    assert!(partner.keys[0].matches("a,b") && partner.keys.len() == 2);
    assert_eq!(partner.hrflow.api_url.as_str(), "http://127.0.0.1:9/v1");
    assert_eq!(partner.hrflow.concurrency, 2);
    assert!((partner.hrflow.query_share - 0.5).abs() < f64::EPSILON);
    let Auth::Basic { username, password } = &partner.service.auth else {
        panic!("{:?}", partner.service.auth)
    };
    assert!(username == "u" && password.matches("acme-1"));
    assert_eq!(partner.service.base_url.as_str(), "https://other.example/");
    let jobs = partner.service.jobs.as_ref().unwrap();
    assert!(matches!(jobs.paging, Paging::Offset { limit_value: 100, .. }) && jobs.changes.since.is_some());
}

#[test]
fn a_variable_that_overrides_nothing_is_told() {
    let problems = read(
        SAMPLE,
        &[
            ("OEM_CONNECTOR__PARTNER__ACME__SOURCE_KEYS", "x"),
            ("OEM_CONNECTOR__PARTNER__INITECH__SOURCE_KEY", "x"),
            ("OEM_CONNECTOR__LISTEN", "nowhere"),
            ("OEM_CONNECTOR__HRFLOW__CONCURRENCY", "many"),
        ],
    );
    assert_eq!(
        problems.unwrap_err(),
        [
            "listen: must be an address such as 127.0.0.1:8080 (set by OEM_CONNECTOR__LISTEN)",
            "hrflow.concurrency: must be a whole number, not a text (set by OEM_CONNECTOR__HRFLOW__CONCURRENCY)",
            "OEM_CONNECTOR__PARTNER__ACME__SOURCE_KEYS: overrides no setting; did you mean `OEM_CONNECTOR__PARTNER__ACME__SOURCE_KEY`?",
            "OEM_CONNECTOR__PARTNER__INITECH__SOURCE_KEY: overrides no setting; did you mean `OEM_CONNECTOR__PARTNER__ACME__SOURCE_KEY`?",
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
fn a_partner_may_override_any_of_the_shared_settings() {
    let own = "[partner.hrflow]\napi_key = \"ask_2\"\nquery_share = 0\nconcurrency = 3\n[partner.service]";
    let config = read(&SAMPLE.replacen("[partner.service]", own, 1), &[]).unwrap();
    let hrflow = &config.partners[0].hrflow;
    assert!(hrflow.api_key.matches("ask_2") && hrflow.query_share == 0.0 && hrflow.concurrency == 3);
    assert_eq!((hrflow.user_email.as_str(), hrflow.requests_per_minute), ("ops@example.org", 600));
}

#[test]
fn a_file_that_cannot_be_read_is_told_without_its_text() {
    for (text, problem) in [
        ("listen = \"x\"\napi_key = \"hidden-1", "line 2, column 20: invalid basic string, expected `\"`"),
        ("api_key = \"hidden-1\"\napi_key = \"hidden-2\"", "line 2, column 1: duplicate key `api_key`"),
        ("[hrflow]\n[hrflow]", "line 2, column 2: duplicate key `hrflow`"),
        ("api_key = hidden-1", "line 1, column 11: string values must be quoted, expected literal string"),
        ("hidden-1", "line 1, column 9: key with no value, expected `=`"),
        ("api_key = [hidden-1", "line 1, column 20: unclosed array, expected `]`"),
    ] {
        let told = read(text, &[]).map(|_| ()).unwrap_err();
        assert_eq!(told, [format!("…/connector.toml: is no TOML: {problem}")], "{text}");
    }
    let problems = Config::read(Path::new("/nowhere/connector.toml"), std::iter::empty()).unwrap_err();
    assert_eq!(problems.to_string(), "/nowhere/connector.toml: cannot be read: entity not found");
}

#[test]
fn what_an_archive_asks_for_is_said_in_one_of_two_words() {
    let on_archive =
        |line: &str| read(&SAMPLE.replace("board_key = \"b", &format!("{line}\nboard_key = \"b")), &[]);
    assert_eq!(on_archive("").unwrap().partners[0].on_archive, OnArchive::Archive);
    assert_eq!(on_archive("on_archive = \"erase\"").unwrap().partners[0].on_archive, OnArchive::Erase);
    let refused = on_archive("on_archive = \"delete\"").unwrap_err();
    assert_eq!(refused, ["partner.acme.on_archive: must be archive or erase"]);
}

/// The sample with more said of its partner, before its service.
fn with_webhooks(text: &str) -> Result<Config, Vec<String>> {
    read(
        &SAMPLE.replacen("[partner.service]", &format!("{text}\n[partner.service]"), 1),
        &[("NEXT", "next-secret")],
    )
}

#[test]
fn webhooks_may_be_proven_in_any_way_that_is_listed() {
    let config = with_webhooks(
        r#"
        webhook_keys = false
        [[partner.webhook_auth]]
        kind = "standard"
        secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
        [[partner.webhook_auth]]
        kind = "hmac"
        header = "X-Hub-Signature-256"
        algorithm = "sha256"
        encoding = "hex"
        prefix = "sha256="
        secrets = ["env:NEXT", "old-secret"]
        [[partner.webhook_auth]]
        kind = "basic"
        username = "ats"
        passwords = ["env:NEXT"]
        [[partner.webhook_auth]]
        kind = "bearer"
        tokens = ["token-2"]
        "#,
    )
    .unwrap();
    let Webhooks { keys, auth } = &config.partners[0].webhooks;
    assert!(!keys);
    let WebhookAuth::Standard { tolerance, .. } = &auth[0] else { panic!("{auth:?}") };
    assert_eq!(*tolerance, Duration::from_mins(5));
    let WebhookAuth::Hmac { header, algorithm, encoding, prefix, .. } = &auth[1] else { panic!("{auth:?}") };
    assert_eq!((header.as_str(), prefix.as_str()), ("X-Hub-Signature-256", "sha256="));
    assert_eq!((*algorithm, *encoding), (HmacAlgorithm::Sha256, HmacEncoding::Hex));
    assert!(matches!(&auth[2], WebhookAuth::Basic { username, .. } if username == "ats"));
    let secrets = config.secrets();
    for secret in [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "next-secret",
        "old-secret",
        "YXRzOm5leHQtc2VjcmV0",
        "token-2",
    ] {
        assert!(secrets.iter().any(|known| known.expose() == secret), "{secret} is scrubbed");
        assert!(!format!("{config:?}").contains(secret), "{secret} is hidden");
    }
}

#[test]
fn ways_to_prove_webhooks_that_cannot_be_used_are_told() {
    let told = |text: &str| with_webhooks(text).map(|_| ()).unwrap_err();
    let entry = |text: &str| told(&format!("[[partner.webhook_auth]]\n{text}"));
    let key = "partner.acme.webhook_auth[0]";
    assert_eq!(
        told("webhook_keys = false"),
        [
            "partner.acme.webhook_keys: must not be false without a [[partner.webhook_auth]]: nothing would open"
        ]
    );
    assert_eq!(entry(""), [format!("{key}.kind: is missing")]);
    assert_eq!(entry("kind = \"magic\""), [format!("{key}.kind: must be standard, hmac, basic or bearer")]);
    assert_eq!(
        entry(
            "kind = \"standard\"\nsecrets = [\"plain\", \"whsec_?\", \"whsec_c2hvcnQ=\"]\ntolerance_seconds = 0"
        ),
        [
            format!("{key}.secrets: has one that cannot be used: it must start with `whsec_`"),
            format!("{key}.secrets: has one that cannot be used: it must be `whsec_` and base64"),
            format!("{key}.secrets: has one that cannot be used: it must hold 24 to 64 bytes"),
            format!("{key}.tolerance_seconds: must be from 1 to 86400"),
        ]
    );
    assert_eq!(
        entry("kind = \"hmac\"\nheader = \"X Y\"\nalgorithm = \"md5\"\nencodin = \"hex\"\nsecrets = []"),
        [
            format!("{key}.encoding: is missing"),
            format!("{key}.header: is no header name"),
            format!("{key}.algorithm: must be sha256 or sha512"),
            format!("{key}.secrets: must have at least one"),
            format!("{key}.encodin: is no setting; did you mean `encoding`?"),
        ]
    );
    assert_eq!(
        entry("kind = \"basic\"\nusername = \"a:b\"\npasswords = [\"\"]"),
        [
            format!("{key}.username: must not have a `:` or a control character"),
            format!("{key}.passwords: has one that cannot be used: it must not be empty"),
        ]
    );
    assert_eq!(
        entry("kind = \"bearer\"\ntokens = [\"é\", \"env:ABSENT\"]"),
        [
            format!("{key}.tokens: the variable ABSENT is not set"),
            format!(
                "{key}.tokens: has one that cannot be used: it must be visible ASCII without space around it"
            ),
        ]
    );
}

#[test]
fn a_proxy_is_a_block_of_addresses_or_one() {
    let with = |list: &str| read(&format!("trusted_proxies = {list}\n{}", little()), &[]);
    let trusted = with(r#"["10.0.0.0/8", "192.0.2.1", "fd00::/8"]"#).unwrap().trusted_proxies;
    let trusted: Vec<String> = trusted.iter().map(ToString::to_string).collect();
    assert_eq!(trusted, ["10.0.0.0/8", "192.0.2.1/32", "fd00::/8"]);
    assert_eq!(
        with(r#"["proxy.example"]"#).unwrap_err(),
        ["trusted_proxies: must have blocks of addresses in it, such as 10.0.0.0/8"]
    );
    let limited = read(&format!("{}\n[limits]\nfailed_logins_per_minute = 5", little()), &[]).unwrap();
    assert_eq!(limited.limits.failed_logins_per_minute, 5);
}

#[test]
fn history_is_kept_for_thirty_days_unless_told_otherwise() {
    let days = |config: Config| config.retention.as_secs() / 86_400;
    assert_eq!(read(SAMPLE, &[]).map(days), Ok(30));
    assert_eq!(read(&format!("retention_days = 7\n{SAMPLE}"), &[]).map(days), Ok(7));
    for wrong in ["0", "3651"] {
        let problems = read(SAMPLE, &[("OEM_CONNECTOR__RETENTION_DAYS", wrong)]).map(days).unwrap_err();
        assert!(problems[0].starts_with("retention_days: must be from 1 to 3650"), "{problems:?}");
    }
}

#[test]
fn receipts_are_kept_for_a_year_and_never_for_less_than_six_months() {
    let days = |config: Config| config.receipts_kept.as_secs() / 86_400;
    assert_eq!(read(SAMPLE, &[]).map(days), Ok(365));
    assert_eq!(read(&format!("receipts_days = 184\n{SAMPLE}"), &[]).map(days), Ok(184));
    for wrong in ["183", "3651"] {
        let problems = read(SAMPLE, &[("OEM_CONNECTOR__RECEIPTS_DAYS", wrong)]).map(days).unwrap_err();
        assert!(problems[0].starts_with("receipts_days: must be from 184 to 3650"), "{problems:?}");
    }
}

#[test]
fn what_is_absent_and_how_much_of_it_is_a_matter_of_settings() {
    let config = read(SAMPLE, &[]).unwrap();
    let partner = &config.partners[0];
    assert!((partner.max_archive_share - 0.05).abs() < f64::EPSILON);
    assert_eq!(partner.service.jobs.as_ref().unwrap().absent, Absent::Confirm);
    for (word, meant) in [("confirm", Absent::Confirm), ("archive", Absent::Archive), ("keep", Absent::Keep)]
    {
        let text = SAMPLE.replacen("list = \"/jobs\"", &format!("list = \"/jobs\"\nabsent = \"{word}\""), 1);
        let config = read(&text, &[]).unwrap();
        assert_eq!(config.partners[0].service.jobs.as_ref().unwrap().absent, meant);
    }
    assert_eq!(
        broken("list = \"/jobs\"", "list = \"/jobs\"\nabsent = \"delete\""),
        ["partner.acme.service.jobs.absent: must be confirm, archive or keep"]
    );
    assert_eq!(
        broken("name = \"acme\"", "name = \"acme\"\nmax_archive_share = 1.0"),
        ["partner.acme.max_archive_share: must be at least 0 and less than 1"]
    );
    let limits = "[limits]\npull_pages = 7\npull_megabytes = 2\npull_hours = 3\n";
    let limits = read(&format!("{limits}{}", little()), &[]).unwrap().limits;
    assert_eq!((limits.pull_pages, limits.pull_bytes), (7, 2_000_000));
    assert_eq!(limits.pull_time, Duration::from_hours(3));
}

#[test]
fn a_list_may_be_asked_for_changes_in_many_ways() {
    let with = |line: &str| {
        read(&SAMPLE.replace("since = { parameter = \"updated_since\" }", line), &[])
            .map(|config| config.partners[0].service.profiles.clone().unwrap().changes)
    };
    for (since, format) in [
        ("format = \"rfc3339\"", DateFormat::Rfc3339),
        ("format = \"date\"", DateFormat::Date),
        ("format = \"epoch_s\"", DateFormat::EpochS),
        ("format = \"epoch_ms\"", DateFormat::EpochMs),
        ("template = \"fromdate\"", DateFormat::Template("fromdate".to_owned())),
    ] {
        let changes = with(&format!("since = {{ parameter = \"from\", {since} }}")).unwrap();
        assert_eq!(changes.since.unwrap().format, format);
    }
    let changes =
        with("sort = { parameter = \"sort\", newest_first = \"-at\" }\norder = \"newest_first\"").unwrap();
    let sort = changes.sort.unwrap();
    assert_eq!((sort.oldest_first, sort.newest_first.as_deref()), (None, Some("-at")));
    assert_eq!((changes.order, changes.overlap), (Order::NewestFirst, chrono::TimeDelta::minutes(5)));
    let windows = "since = { parameter = \"from\" }\nuntil = { parameter = \"to\" }\norder = \"newest_first\"\noverlap_minutes = 0";
    assert!(with(windows).unwrap().overlap.is_zero());
    for (line, problem) in [
        ("order = \"newest_first\"", "order: needs `sort` with `newest_first`, or both `since` and `until`"),
        ("order = \"random\"", "order: must be as_listed or newest_first"),
        ("until = { parameter = \"to\" }", "until: is of no use without `since`"),
        (
            "since = { parameter = \"from\", format = \"iso\" }",
            "since.format: must be rfc3339, date, epoch_s or epoch_ms",
        ),
        (
            "since = { parameter = \"from\", format = \"date\", template = \".\" }",
            "since.template: stands in place of `format`; keep one of them",
        ),
        (
            "sort = { parameter = \"sort\" }",
            "sort.parameter: needs a value for `oldest_first` or `newest_first`",
        ),
        ("overlap_minutes = 9999", "overlap_minutes: must be from 0 to 1440"),
    ] {
        let told = with(line).map(|_| ()).unwrap_err();
        assert_eq!(told, [format!("partner.acme.service.profiles.{problem}")], "{line}");
    }
}

#[test]
fn a_schedule_holds_for_both_kinds_unless_one_says_otherwise() {
    let with = |text: &str| {
        read(&format!("{SAMPLE}\n[partner.schedule]\n{text}"), &[])
            .map(|config| config.partners[0].schedule.clone())
    };
    let minutes = |minutes: u64| Some(Duration::from_secs(minutes * 60));
    let both =
        "delta_minutes = 15\nfull_days = 7\nquiet_hours = \"22:00-06:00\"\ntime_zone = \"Europe/Paris\"";
    let schedules = with(both).unwrap();
    assert_eq!(schedules.profiles.delta, minutes(15));
    assert_eq!(schedules.jobs.full, minutes(7 * 24 * 60));
    assert_eq!(schedules.jobs.quiet, QuietHours::parse("22:00-06:00", "Europe/Paris").ok());
    let own =
        "[partner.schedule.jobs]\ndelta_minutes = 0\nquiet_hours = \"12:00-13:00\"\ntime_zone = \"+02:00\"";
    let schedules = with(&format!("{both}\n{own}")).unwrap();
    assert_eq!((schedules.profiles.delta, schedules.jobs.delta), (minutes(15), None));
    assert_eq!(schedules.jobs.full, minutes(7 * 24 * 60));
    assert_eq!(schedules.jobs.quiet, QuietHours::parse("12:00-13:00", "+02:00").ok());
    assert!(read(SAMPLE, &[]).unwrap().partners[0].schedule.profiles.full.is_none());
    for (text, problem) in [
        ("quiet_hours = \"22-06\"", "quiet_hours: must be two different times such as 22:00-06:00"),
        ("quiet_hours = \"06:00-06:00\"", "quiet_hours: must be two different times such as 22:00-06:00"),
        ("time_zone = \"Paris\"", "time_zone: must be a time zone such as Europe/Paris or +02:00"),
        ("delta_minutes = 1.5", "delta_minutes: must be a whole number, not 1.5"),
        ("full_days = 400", "full_days: must be from 0 to 366"),
        ("hours = 1", "hours: is no setting; did you mean `quiet_hours`?"),
    ] {
        let told = with(text).map(|_| ()).unwrap_err();
        assert!(told.contains(&format!("partner.acme.schedule.{problem}")), "{text}: {told:?}");
    }
}

#[test]
fn how_queries_are_answered_is_a_limit_too() {
    let said = "[limits]\nquery_cache_seconds = 0\nquery_cache_megabytes = 1\nsnapshot_minutes = 3\nserve_stale = true\n\
        hedge_after_ms = 250\nreceipts_per_minute = 9\n";
    let queries = read(&format!("{said}{}", little()), &[]).unwrap().limits.queries;
    let expected = Queries {
        cache: Duration::ZERO,
        cache_bytes: 1_000_000,
        snapshot: Duration::from_mins(3),
        serve_stale: true,
        hedge_after: Some(Duration::from_millis(250)),
        receipts_per_minute: 9,
    };
    assert_eq!(queries, expected);
    assert_eq!(read(&little(), &[]).unwrap().limits.queries, Queries::default());
    let wrong = "[limits]\ncall_timeout_seconds = 2\nquery_cache_seconds = 3601\nquery_cache_megabytes = 0\n\
        snapshot_minutes = 61\nserve_stale = 1\nhedge_after_ms = 2000\nreceipts_per_minute = 0\n";
    assert_eq!(
        read(&format!("{wrong}{}", little()), &[]).map(|_| ()).unwrap_err(),
        [
            "limits.query_cache_seconds: must be from 0 to 3600",
            "limits.query_cache_megabytes: must be from 1 to 65536",
            "limits.snapshot_minutes: must be from 1 to 60",
            "limits.serve_stale: must be true or false, not a number",
            "limits.hedge_after_ms: must be shorter than `call_timeout_seconds`",
            "limits.receipts_per_minute: must be from 1 to 60000",
        ]
    );
}

#[test]
fn a_pair_is_graded_where_an_algorithm_is_named_for_it() {
    assert_eq!(read(SAMPLE, &[]).unwrap().partners[0].grading_algorithm_key, None);
    let variable = "OEM_CONNECTOR__PARTNER__ACME__GRADING_ALGORITHM_KEY";
    let config = read(SAMPLE, &[(variable, "grader-hrflow-profiles")]).unwrap();
    assert_eq!(config.partners[0].grading_algorithm_key.as_deref(), Some("grader-hrflow-profiles"));
    let problems = read(SAMPLE, &[(variable, "a key")]).map(|_| ()).unwrap_err();
    assert!(
        problems[0].starts_with("partner.acme.grading_algorithm_key: must be 40 characters"),
        "{problems:?}"
    );
    let limits = [
        ("OEM_CONNECTOR__LIMITS__EXPLANATION_TIMEOUT_SECONDS", "90"),
        ("OEM_CONNECTOR__LIMITS__EXPLANATIONS", "2"),
        ("OEM_CONNECTOR__LIMITS__EXPLANATION_QUEUE", "0"),
    ];
    let limits = read(SAMPLE, &limits).unwrap().limits;
    let read = (limits.explanation_timeout.as_secs(), limits.explanations, limits.explanation_queue);
    assert_eq!(read, (90, 2, 0));
}
