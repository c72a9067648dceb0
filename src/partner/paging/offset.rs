//! Paging by how many objects to skip and how many to give.

use super::Position;

pub(super) fn parameters(offset: &str, limit: &str, limit_value: u64, skipped: u64) -> Vec<(String, String)> {
    vec![(offset.to_owned(), skipped.to_string()), (limit.to_owned(), limit_value.to_string())]
}

/// A page shorter than what was asked for is the last. What came counts, should it be more than was asked for.
pub(super) fn next(limit_value: u64, skipped: u64, items: u64) -> Option<Position> {
    (items >= limit_value && items > 0).then(|| Position::Offset { offset: skipped.saturating_add(items) })
}
