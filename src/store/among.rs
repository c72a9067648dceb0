//! `reference IN (…)` on SQLite, as one statement that stays prepared however many references are asked for.

use diesel::expression::ValidGrouping;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;

use super::schema::records;
use super::text::as_json;
use crate::error::Result;

/// Whether a record's reference is one of these. Diesel's own `IN` has a parameter for each value, so it would be prepared
/// anew for each number of them; here all of them are one parameter, as PostgreSQL's `= ANY` has it.
#[derive(Debug, QueryId, ValidGrouping)]
pub(super) struct Among(String);

impl Among {
    pub(super) fn of(references: &[impl AsRef<str>]) -> Result<Self> {
        let references: Vec<&str> = references.iter().map(AsRef::as_ref).collect();
        as_json(&references).map(Self)
    }
}

impl Expression for Among {
    type SqlType = Bool;
}

impl AppearsOnTable<records::table> for Among {}

impl QueryFragment<Sqlite> for Among {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("records.reference IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.0)?;
        out.push_sql("))");
        Ok(())
    }
}
