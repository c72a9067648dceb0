//! A condition with its values written out, as a statement that stays prepared.
//!
//! SQLite plans a statement anew for every value that is bound where a partial index has a condition on the same column,
//! since the value decides whether the index would do. Diesel's own `sql` is prepared anew each time.

use diesel::backend::Backend;
use diesel::expression::ValidGrouping;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

/// A condition of ours; nothing that anybody sent is in it.
#[derive(Clone, Debug, ValidGrouping)]
pub(super) struct WrittenOut(pub(super) &'static str);

impl Expression for WrittenOut {
    type SqlType = Bool;
}

impl<T> AppearsOnTable<T> for WrittenOut {}

/// Statements are told apart by their text.
impl QueryId for WrittenOut {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<B: Backend> QueryFragment<B> for WrittenOut {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, B>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}
