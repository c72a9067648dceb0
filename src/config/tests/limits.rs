//! Proxies, retention, and how queries are answered.

use super::*;

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
