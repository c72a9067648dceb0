//! Paging by page number and page size.

use super::Position;

pub(super) fn parameters(page: &str, size: &str, size_value: u64, number: u64) -> Vec<(String, String)> {
    vec![(page.to_owned(), number.to_string()), (size.to_owned(), size_value.to_string())]
}

pub(super) fn next(number: u64) -> Position {
    Position::Page { number: number.saturating_add(1) }
}
