//! Which tables there are, as the database itself tells: their columns and their keys.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::error::Result;

/// Tables that belong to a database and not to the ledger in it: its migrations, and where a move has come.
const OWN: [&str; 2] = ["__diesel_schema_migrations", "moves"];

const OF_SQLITE: &str = "SELECT t.name AS \"table\", c.name AS name, c.type AS kind, \
        CAST(c.pk AS BIGINT) AS place \
    FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c \
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

const OF_POSTGRES: &str = "SELECT t.relname::text AS \"table\", a.attname::text AS name, \
        format_type(a.atttypid, a.atttypmod) AS kind, \
        coalesce(array_position(k.indkey::int2[], a.attnum) + 1, 0)::bigint AS place \
    FROM pg_class AS t JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
    LEFT JOIN pg_index AS k ON k.indrelid = t.oid AND k.indisprimary \
    WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace";

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    columns: Vec<Column>,
}

#[derive(Debug, QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    /// Its place in the primary key, from 1; 0 outside.
    #[diesel(sql_type = BigInt)]
    place: i64,
}

impl Table {
    /// Its columns, name and type, in no order that means anything.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.columns.iter().map(|column| (column.name.as_str(), column.kind.as_str()))
    }

    /// How many rows it has.
    pub(super) fn count(&self) -> SqlLiteral<BigInt> {
        sql(&format!("(SELECT count(*) FROM \"{}\")", self.name))
    }

    /// The columns of its primary key, in their order.
    pub(super) fn key(&self) -> Vec<(&str, &str)> {
        let mut key: Vec<&Column> = self.columns.iter().filter(|column| column.place > 0).collect();
        key.sort_by_key(|column| column.place);
        key.into_iter().map(|column| (column.name.as_str(), column.kind.as_str())).collect()
    }

    /// What must be the same in both databases; their types have other names.
    pub(super) fn shape(&self) -> (&str, Vec<(&str, i64)>) {
        let mut columns: Vec<_> =
            self.columns.iter().map(|column| (column.name.as_str(), column.place)).collect();
        columns.sort_unstable();
        (&self.name, columns)
    }
}

/// The tables of an SQLite database. Those without a key are counters, which are sequences elsewhere.
pub(super) fn of_sqlite(connection: &mut SqliteConnection) -> Result<(Vec<Table>, Vec<String>)> {
    let tables = grouped(diesel::sql_query(OF_SQLITE).load(connection)?);
    let (tables, counters): (Vec<_>, Vec<_>) = tables.into_iter().partition(|table| !table.key().is_empty());
    Ok((tables, counters.into_iter().map(|table| table.name).collect()))
}

/// The tables of a PostgreSQL database.
pub(super) fn of_postgres(connection: &mut PgConnection) -> Result<Vec<Table>> {
    Ok(grouped(diesel::sql_query(OF_POSTGRES).load(connection)?))
}

fn grouped(mut columns: Vec<Column>) -> Vec<Table> {
    columns.retain(|column| !OWN.contains(&column.table.as_str()));
    columns.sort_by(|a, b| (&a.table, &a.name).cmp(&(&b.table, &b.name)));
    let mut tables: Vec<Table> = Vec::new();
    for column in columns {
        match tables.last_mut() {
            Some(table) if table.name == column.table => table.columns.push(column),
            _ => tables.push(Table { name: column.table.clone(), columns: vec![column] }),
        }
    }
    tables
}
