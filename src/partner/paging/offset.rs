//! Paging by how many objects to skip and how many to give.

use super::Position;

pub(super) fn parameters(offset: &str, limit: &str, limit_value: u64, skipped: u64) -> Vec<(String, String)> {
    vec![(offset.to_owned(), skipped.to_string()), (limit.to_owned(), limit_value.to_string())]
}

/// What came counts, should it be more or less than was asked for.
pub(super) fn next(skipped: u64, items: u64) -> Position {
    Position::Offset { offset: skipped.saturating_add(items) }
}
