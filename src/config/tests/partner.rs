//! What is set for each partner by itself: webhooks, lists, schedules, archives.

use super::*;

#[test]
fn a_partner_may_override_any_of_the_shared_settings() {
    let own = "[partner.hrflow]\napi_key = \"ask_2\"\nquery_share = 0\nconcurrency = 3\n[partner.service]";
    let config = read(&SAMPLE.replacen("[partner.service]", own, 1), &[]).unwrap();
    let hrflow = &config.partners[0].hrflow;
    assert!(hrflow.api_key.matches("ask_2") && hrflow.query_share == 0.0 && hrflow.concurrency == 3);
    assert_eq!((hrflow.user_email.as_str(), hrflow.requests_per_minute), ("ops@example.org", 600));
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
