//! How a list is read page by page; one file per kind.

mod offset;
mod page;

use serde::{Deserialize, Serialize};

use crate::config::Paging;
use crate::error::{Error, Kind, Result};

/// Where a listing stands, to be kept between pages and across restarts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Position {
    /// Before the one answer that has it all.
    None,
    /// Before the page of this number.
    Page {
        /// Its number, as the partner counts.
        number: u64,
    },
    /// After so many objects.
    Offset {
        /// How many were read.
        offset: u64,
    },
}

impl Position {
    /// The position before the first page.
    pub fn start(paging: &Paging) -> Self {
        match paging {
            Paging::None => Self::None,
            Paging::Page { first, .. } => Self::Page { number: *first },
            Paging::Offset { .. } => Self::Offset { offset: 0 },
        }
    }

    /// What to ask for. Fails with [`Kind::Invalid`] when the position was kept under another kind of paging.
    pub(super) fn parameters(&self, paging: &Paging) -> Result<Vec<(String, String)>> {
        match (paging, self) {
            (Paging::None, Self::None) => Ok(Vec::new()),
            (Paging::Page { page, size, size_value, .. }, Self::Page { number }) => {
                Ok(page::parameters(page, size, *size_value, *number))
            }
            (Paging::Offset { offset, limit, limit_value }, Self::Offset { offset: skipped }) => {
                Ok(offset::parameters(offset, limit, *limit_value, *skipped))
            }
            _ => Err(Error::new(
                Kind::Invalid,
                "the listing was begun under another kind of paging; begin it anew",
            )),
        }
    }

    /// Where to go on after a page with so many objects; none after an empty page.
    pub(super) fn next(&self, paging: &Paging, items: usize) -> Option<Self> {
        match (paging, self) {
            _ if items == 0 => None,
            (Paging::Page { .. }, Self::Page { number }) => Some(page::next(*number)),
            (Paging::Offset { .. }, Self::Offset { offset }) => Some(offset::next(*offset, items as u64)),
            _ => None,
        }
    }
}

/// Whether a page with so many objects has as many as were asked for.
pub(super) fn is_full(paging: &Paging, items: usize) -> bool {
    match paging {
        Paging::None => true,
        Paging::Page { size_value: asked, .. } | Paging::Offset { limit_value: asked, .. } => {
            items as u64 >= *asked
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn pages() -> Paging {
        Paging::Page { page: "page".to_owned(), size: "size".to_owned(), size_value: 2, first: 0 }
    }

    fn offsets() -> Paging {
        Paging::Offset { offset: "skip".to_owned(), limit: "take".to_owned(), limit_value: 2 }
    }

    /// What is asked for while pages of these sizes come.
    fn asked(paging: &Paging, sizes: &[usize]) -> Vec<String> {
        let mut position = Some(Position::start(paging));
        let mut asked = Vec::new();
        for size in sizes {
            let Some(current) = position else { break };
            let parameters = current.parameters(paging).unwrap();
            asked.push(
                parameters
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect::<Vec<_>>()
                    .join("&"),
            );
            position = current.next(paging, *size);
        }
        asked.push(format!("{position:?}"));
        asked
    }

    #[test]
    fn an_empty_page_is_the_last() {
        assert_eq!(asked(&pages(), &[2, 1, 0]), ["page=0&size=2", "page=1&size=2", "page=2&size=2", "None"]);
        assert_eq!(
            asked(&offsets(), &[2, 1, 0]),
            ["skip=0&take=2", "skip=2&take=2", "skip=3&take=2", "None"]
        );
        assert_eq!(asked(&Paging::None, &[1000]), ["", "None"]);
    }

    #[test]
    fn a_position_survives_being_kept_and_knows_its_kind() {
        for paging in [Paging::None, pages(), offsets()] {
            let position = Position::start(&paging);
            let text = serde_json::to_string(&position).unwrap();
            assert_eq!(serde_json::from_str::<Position>(&text).unwrap(), position, "{text}");
        }
        let error = Position::start(&pages()).parameters(&offsets()).unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
    }
}
