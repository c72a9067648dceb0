//! Pages of lists of which only some rows are meant: a look goes over a bounded number of rows, whatever it finds.

/// The most rows that one look goes over: what few rows are is found in several.
const SCANNED: usize = 1000;

/// A part of a list.
#[derive(Debug)]
pub struct Page<T, P> {
    /// What was meant.
    pub items: Vec<T>,
    /// Where to go on; none at the end. There may be more even where `items` is empty.
    pub next: Option<P>,
}

/// How many rows to look at for `limit` that are meant; `choosy`: others may lie between them.
pub(super) fn look_at(limit: usize, choosy: bool) -> i64 {
    let rows = if choosy { SCANNED.max(limit + 1) } else { limit + 1 };
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// The first `limit` that are meant of the rows of a look.
pub(super) fn sift<T, P>(
    rows: Vec<T>,
    looked_at: i64,
    limit: usize,
    place: impl Fn(&T) -> P,
    is_meant: impl Fn(&T) -> bool,
) -> Page<T, P> {
    let read_to_the_end = i64::try_from(rows.len()).is_ok_and(|rows| rows < looked_at);
    let (mut items, mut last) = (Vec::with_capacity(limit.min(rows.len())), None);
    for row in rows {
        if items.len() == limit {
            return Page { items, next: last };
        }
        last = Some(place(&row));
        if is_meant(&row) {
            items.push(row);
        }
    }
    Page { items, next: last.filter(|_| !read_to_the_end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(rows: std::ops::Range<u32>, looked_at: i64, limit: usize) -> (Vec<u32>, Option<u32>) {
        let page = sift(rows.collect(), looked_at, limit, |row| *row, |row| row % 2 == 0);
        (page.items, page.next)
    }

    #[test]
    fn a_page_goes_on_where_it_stopped_and_ends_where_the_rows_end() {
        assert_eq!(even(0..9, 10, 3), (vec![0, 2, 4], Some(4)));
        assert_eq!(even(5..9, 10, 3), (vec![6, 8], None));
        assert_eq!(even(0..10, 10, 9), (vec![0, 2, 4, 6, 8], Some(9)));
        assert_eq!(even(1..2, 1, 1), (vec![], Some(1)));
        assert_eq!(even(0..0, 1, 1), (vec![], None));
    }
}
