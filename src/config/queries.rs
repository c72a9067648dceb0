//! `[limits]`, as far as it is about scoring and searching.

use std::time::Duration;

use super::section::Section;

/// How scoring and searching are answered. `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queries {
    /// How long an answer is given again to whoever asks the same, unless something of the partner changed; 0 asks HrFlow
    /// every time, but once for all who wait. `query_cache_seconds`, default 10, at most 3600.
    pub cache: Duration,
    /// The most bytes of answers that are remembered. `query_cache_megabytes`, default 64, from 1 to 65536.
    pub cache_bytes: u64,
    /// How long a ranking that somebody pages through stays as it is. `snapshot_minutes`, default 10, from 1 to 60.
    pub snapshot: Duration,
}

impl Default for Queries {
    fn default() -> Self {
        Self { cache: Duration::from_secs(10), cache_bytes: 64_000_000, snapshot: Duration::from_mins(10) }
    }
}

pub(super) fn queries(section: &Section<'_>) -> Option<Queries> {
    let cache = section.whole("query_cache_seconds", 10, 0, 3600);
    let megabytes = section.whole::<u64>("query_cache_megabytes", 64, 1, 65_536);
    let snapshot = section.whole("snapshot_minutes", 10, 1, 60);
    Some(Queries {
        cache: Duration::from_secs(cache?),
        cache_bytes: megabytes? * 1_000_000,
        snapshot: Duration::from_mins(snapshot?),
    })
}
