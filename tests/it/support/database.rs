//! A database for each test: a file, or a database of its own on the PostgreSQL of the machine.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

pub(crate) struct Database {
    pub(crate) url: String,
    _folder: Option<tempfile::TempDir>,
    name: Option<String>,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Both, or SQLite alone where there is no PostgreSQL, which is said aloud and fails in CI.
pub(crate) fn backends() -> Vec<Backend> {
    if PgConnection::establish(&server()).is_ok() {
        return vec![Backend::Sqlite, Backend::Postgres];
    }
    let message = "no PostgreSQL at TEST_POSTGRES_URL or at 127.0.0.1:5432: its half of this test is SKIPPED";
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{message}");
    eprintln!("\n*** {message} ***\n");
    vec![Backend::Sqlite]
}

fn server() -> String {
    std::env::var("TEST_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

impl Database {
    pub(crate) fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite://{}", folder.path().join("connector.db").display());
                Self { url, _folder: Some(folder), name: None }
            }
            Backend::Postgres => {
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                let name = format!("oem_test_{}_{number}", std::process::id());
                run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                run(&format!("CREATE DATABASE {name}"));
                let mut url: url::Url = server().parse().unwrap();
                url.set_path(&name);
                Self { url: url.into(), _folder: None, name: Some(name) }
            }
        }
    }
}

/// Keeps everybody else from writing until it is dropped.
pub(crate) enum Blockade {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Drop for Blockade {
    fn drop(&mut self) {
        match self {
            Self::Sqlite(connection) => connection.batch_execute("ROLLBACK"),
            Self::Postgres(connection) => connection.batch_execute("ROLLBACK"),
        }
        .unwrap();
    }
}

impl Database {
    /// Holds up every writer.
    pub(crate) fn block(&self) -> Blockade {
        if self.name.is_some() {
            let mut connection = PgConnection::establish(&self.url).unwrap();
            connection.batch_execute("BEGIN; LOCK TABLE records, deliveries IN EXCLUSIVE MODE").unwrap();
            return Blockade::Postgres(connection);
        }
        let mut connection = self.sqlite();
        connection.batch_execute("BEGIN IMMEDIATE").unwrap();
        Blockade::Sqlite(connection)
    }

    /// From now on there is nothing where the database was.
    pub(crate) fn take_away(&self) {
        match &self.name {
            None => {
                let tables = ["records", "deliveries", "pulls", "__diesel_schema_migrations"];
                let drop: String = tables.map(|table| format!("DROP TABLE {table};")).concat();
                self.sqlite().batch_execute(&drop).unwrap();
            }
            Some(name) => run(&format!("DROP DATABASE {name} WITH (FORCE)")),
        }
    }

    /// Every row of every table, a line each: `table: {columns}`.
    pub(crate) fn dump(&self) -> String {
        let mut lines = Vec::new();
        if self.name.is_some() {
            let mut connection = PgConnection::establish(&self.url).unwrap();
            let tables = "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public'";
            for table in lines_of(&mut connection, tables) {
                let rows =
                    format!("SELECT '{table}: ' || to_json(found.*)::text AS line FROM {table} AS found");
                lines.extend(lines_of(&mut connection, &rows));
            }
            return lines.join("\n");
        }
        let mut connection = self.sqlite();
        let tables =
            "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
        for table in lines_of(&mut connection, tables) {
            let columns =
                format!("SELECT quote(name) || ', ' || name AS line FROM pragma_table_info('{table}')");
            let members = lines_of(&mut connection, &columns).join(", ");
            let rows = format!("SELECT '{table}: ' || json_object({members}) AS line FROM {table}");
            lines.extend(lines_of(&mut connection, &rows));
        }
        lines.join("\n")
    }

    /// A connection of the test's own to a PostgreSQL database.
    pub(crate) fn postgres(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }

    /// Does what no code of ours would.
    pub(crate) fn execute(&self, statement: &str) {
        if self.name.is_some() {
            self.postgres().batch_execute(statement).unwrap();
        } else {
            self.sqlite().batch_execute(statement).unwrap();
        }
    }

    /// What a query of one number gives.
    pub(crate) fn number(&self, query: &str) -> i64 {
        let number = diesel::select(sql::<BigInt>(&format!("({query})")));
        if self.name.is_some() {
            number.get_result(&mut PgConnection::establish(&self.url).unwrap()).unwrap()
        } else {
            number.get_result(&mut self.sqlite()).unwrap()
        }
    }

    /// A connection of the test's own to the file; it waits for whoever just opens or closes it.
    pub(crate) fn sqlite(&self) -> SqliteConnection {
        let mut connection =
            SqliteConnection::establish(self.url.strip_prefix("sqlite://").unwrap()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
        connection
    }
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

fn lines_of<'q, C>(connection: &mut C, query: &str) -> Vec<String>
where
    C: Connection,
    diesel::query_builder::SqlQuery: diesel::query_dsl::LoadQuery<'q, C, Line>,
{
    let lines: Vec<Line> = diesel::sql_query(query).load(connection).unwrap();
    lines.into_iter().map(|row| row.line).collect()
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn run(statement: &str) {
    PgConnection::establish(&server()).unwrap().batch_execute(statement).unwrap();
}
