//! `[limits]`: bounds and waits.

use std::time::Duration;

use super::queries::{self, Queries};
use super::section::Section;

/// Bounds and waits that rarely need a change. `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Webhooks that may wait for the writer before the answer is 503. `webhook_queue`, default 4096.
    pub webhook_queue: usize,
    /// Due records per partner above which a pull stops reading. `due_records`, default 2000.
    pub due_records: i64,
    /// How often a page is tried before the pull fails. `page_attempts`, default 6.
    pub page_attempts: u32,
    /// How long one call to a partner or to HrFlow may take. `call_timeout_seconds`, default 10, at most 60.
    pub call_timeout: Duration,
    /// How long a lease lasts unless renewed; longer than a call. `lease_seconds`, default 25.
    pub lease: Duration,
    /// How often a record that fails by its own fault is tried before it is set aside. `record_attempts`, default 5.
    pub record_attempts: i32,
    /// How long a process that was asked to stop may take. `shutdown_seconds`, default 25, at most 300.
    pub shutdown: Duration,
    /// How many objects in a row must fail, with no success between, before their side is left alone but for a probe; a
    /// refused credential counts at once. `breaker_failures`, default 5.
    pub breaker_failures: usize,
    /// How long a side is left alone before the first probe; doubles with every probe that fails.
    /// `breaker_rest_seconds`, default 1.
    pub breaker_rest: Duration,
    /// The longest a side is left alone, unless it asks for more. `breaker_longest_rest_seconds`, default 60.
    pub breaker_longest_rest: Duration,
    /// Requests a minute of one address (of one /64 in IPv6) that may carry no key, or one that is not known, before
    /// the answer is 429. `failed_logins_per_minute`, default 30.
    pub failed_logins_per_minute: u32,
    /// The most pages of one listing: a list that has more is believed to have no end. `pull_pages`, default 100000.
    pub pull_pages: i64,
    /// The most bytes of one listing. `pull_megabytes`, default 100000.
    pub pull_bytes: i64,
    /// How long one listing may take, from its first page. `pull_hours`, default 336, which is two weeks.
    pub pull_time: Duration,
    /// How scoring and searching are answered.
    pub queries: Queries,
    /// How long HrFlow may take to explain one pair. `explanation_timeout_seconds`, default 60, at most 300.
    pub explanation_timeout: Duration,
    /// Explanations of one partner that are made at once, by one process; never more than half of its calls to HrFlow.
    /// `explanations`, default 4.
    pub explanations: usize,
    /// How many more may wait for that. `explanation_queue`, default 32.
    pub explanation_queue: usize,
    /// How long an export may take, and how long it is kept when it has ended. `export_days`, default 7.
    pub export_days: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            webhook_queue: 4096,
            due_records: 2000,
            page_attempts: 6,
            call_timeout: Duration::from_secs(10),
            lease: Duration::from_secs(25),
            record_attempts: 5,
            shutdown: Duration::from_secs(25),
            breaker_failures: 5,
            breaker_rest: Duration::from_secs(1),
            breaker_longest_rest: Duration::from_mins(1),
            failed_logins_per_minute: 30,
            pull_pages: 100_000,
            pull_bytes: 100_000_000_000,
            pull_time: Duration::from_hours(336),
            queries: Queries::default(),
            explanation_timeout: Duration::from_mins(1),
            explanations: 4,
            explanation_queue: 32,
            export_days: Duration::from_hours(7 * 24),
        }
    }
}

pub(super) fn limits(root: &Section<'_>) -> Option<Limits> {
    let Some(section) = root.section("limits") else { return Some(Limits::default()) };
    let webhook_queue = section.whole("webhook_queue", 4096, 1, 1_000_000);
    let due_records = section.whole("due_records", 2000, 1, 10_000_000);
    let page_attempts = section.whole("page_attempts", 6, 1, 100);
    let call_timeout = section.whole("call_timeout_seconds", 10, 1, 60);
    let lease = section.whole("lease_seconds", 25, 2, 3600);
    let record_attempts = section.whole("record_attempts", 5, 1, 100);
    let shutdown = section.whole("shutdown_seconds", 25, 1, 300);
    let breaker_failures = section.whole("breaker_failures", 5, 1, 1000);
    let breaker_rest = section.whole("breaker_rest_seconds", 1, 1, 3600);
    let breaker_longest_rest = section.whole("breaker_longest_rest_seconds", 60, 1, 3600);
    let failed_logins_per_minute = section.whole("failed_logins_per_minute", 30, 1, 60_000);
    let pull_pages = section.whole("pull_pages", 100_000, 1, 1_000_000_000);
    let pull_megabytes = section.whole::<i64>("pull_megabytes", 100_000, 1, 1_000_000_000);
    let pull_hours = section.whole("pull_hours", 336, 1, 8760);
    let queries = queries::queries(&section, call_timeout);
    let explanation_timeout = section.whole("explanation_timeout_seconds", 60, 1, 300);
    let explanations = section.whole("explanations", 4, 1, 1024);
    let explanation_queue = section.whole("explanation_queue", 32, 0, 100_000);
    let export_days = section.whole("export_days", 7, 1, 365);
    if let (Some(call_timeout), Some(lease)) = (call_timeout, lease)
        && lease < 2 * call_timeout
    {
        section.tell(
            "lease_seconds",
            "must be at least twice `call_timeout_seconds`: it is renewed every third of it, and no call begins that could \
             outlive it",
        );
    }
    if let (Some(first), Some(longest)) = (breaker_rest, breaker_longest_rest)
        && longest < first
    {
        section.tell("breaker_longest_rest_seconds", "must be at least `breaker_rest_seconds`");
    }
    section.finish();
    Some(Limits {
        webhook_queue: webhook_queue?,
        due_records: due_records?,
        page_attempts: page_attempts?,
        call_timeout: Duration::from_secs(call_timeout?),
        lease: Duration::from_secs(lease?),
        record_attempts: record_attempts?,
        shutdown: Duration::from_secs(shutdown?),
        breaker_failures: breaker_failures?,
        breaker_rest: Duration::from_secs(breaker_rest?),
        breaker_longest_rest: Duration::from_secs(breaker_longest_rest?),
        failed_logins_per_minute: failed_logins_per_minute?,
        pull_pages: pull_pages?,
        pull_bytes: pull_megabytes? * 1_000_000,
        pull_time: Duration::from_hours(pull_hours?),
        queries: queries?,
        explanation_timeout: Duration::from_secs(explanation_timeout?),
        explanations: explanations?,
        explanation_queue: explanation_queue?,
        export_days: Duration::from_hours(export_days.map(|days: u64| 24 * days)?),
    })
}
