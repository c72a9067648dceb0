//! `[limits]`, as far as it is about scoring and searching.

use std::time::Duration;

use super::section::Section;

/// How scoring and searching are answered. `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queries {
    /// How long an answer is given again to whoever asks the same, unless something of the partner changed; 0 asks HrFlow
    /// every time, but once for all who wait. `query_cache_seconds`, default 10, at most 3600.
    pub cache: Duration,
    /// The most bytes of answers that are remembered, and as many of last answers with `serve_stale`.
    /// `query_cache_megabytes`, default 64, from 1 to 65536.
    pub cache_bytes: u64,
    /// How long a ranking that somebody pages through stays as it is. `snapshot_minutes`, default 10, from 1 to 60.
    pub snapshot: Duration,
    /// Whether the last answer to a question, up to an hour old, is given where HrFlow gives none, and at once while its
    /// breaker for such objects is open; it is marked `stale`.
    /// `serve_stale`, default false.
    pub serve_stale: bool,
    /// How long a question waits for its answer before it is asked a second time, at the cost of a second call; the first
    /// answer counts. Shorter than `call_timeout_seconds`. `hedge_after_ms`, default none: it is asked once.
    pub hedge_after: Option<Duration>,
    /// How many receipts of one partner are written within a minute at most, on all nodes together; beyond it a question
    /// with `receipt=true` is 429. `receipts_per_minute`, default 600, from 1 to 60000.
    pub receipts_per_minute: u32,
}

impl Default for Queries {
    fn default() -> Self {
        Self {
            cache: Duration::from_secs(10),
            cache_bytes: 64_000_000,
            snapshot: Duration::from_mins(10),
            serve_stale: false,
            hedge_after: None,
            receipts_per_minute: 600,
        }
    }
}

pub(super) fn queries(section: &Section<'_>, call_timeout: Option<u64>) -> Option<Queries> {
    let cache = section.whole("query_cache_seconds", 10, 0, 3600);
    let megabytes = section.whole::<u64>("query_cache_megabytes", 64, 1, 65_536);
    let snapshot = section.whole("snapshot_minutes", 10, 1, 60);
    let serve_stale = if section.has("serve_stale") { section.flag("serve_stale") } else { Some(false) };
    let hedge_after = if section.has("hedge_after_ms") {
        let after = section.whole("hedge_after_ms", 1, 1, 60_000).map(Duration::from_millis);
        if after.zip(call_timeout).is_some_and(|(after, call)| after >= Duration::from_secs(call)) {
            section.tell("hedge_after_ms", "must be shorter than `call_timeout_seconds`");
        }
        Some(after?)
    } else {
        None
    };
    let receipts_per_minute = section.whole("receipts_per_minute", 600, 1, 60_000);
    Some(Queries {
        cache: Duration::from_secs(cache?),
        cache_bytes: megabytes? * 1_000_000,
        snapshot: Duration::from_mins(snapshot?),
        serve_stale: serve_stale?,
        hedge_after,
        receipts_per_minute: receipts_per_minute?,
    })
}
