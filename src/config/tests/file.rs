//! Where settings come from: the file, the environment over it, and what is taken where both are silent.

use super::*;

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
fn a_role_comes_from_the_file_the_environment_or_the_command_line() {
    let variables = [("OEM_CONNECTOR__DATABASE_URL", "postgres://h/d"), ("OEM_CONNECTOR__ROLE", "worker")];
    assert_eq!(read(SAMPLE, &[]).unwrap().role, Role::All);
    let config = read(SAMPLE, &variables).unwrap();
    assert_eq!(config.role, Role::Worker);
    assert_eq!(config.acting_as(Role::Api).unwrap().role, Role::Api);
    let problems = read(SAMPLE, &[]).unwrap().acting_as(Role::Api).unwrap_err();
    assert!(problems.to_string().starts_with("role: must be all on SQLite"), "{problems}");
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
