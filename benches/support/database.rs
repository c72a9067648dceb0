//! A database for one run, which goes with it: a file below `target`, or a database of its own on the machine's PostgreSQL.

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

/// A database that is dropped with its handle.
pub(crate) struct Database {
    /// As the connector's configuration has it.
    pub(crate) url: String,
    folder: Option<tempfile::TempDir>,
    name: Option<String>,
}

impl Database {
    /// A file on the disk that `target` is on: a folder for temporary files may be in memory, where a flush costs nothing.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("target can be written to");
        let url = format!("sqlite://{}", folder.path().join("connector.db").display());
        Self { url, folder: Some(folder), name: None }
    }

    /// A database of the server at `TEST_POSTGRES_URL` or 127.0.0.1:5432; nothing, said aloud, where there is none.
    pub(crate) fn postgres() -> Option<Self> {
        if let Err(cause) = PgConnection::establish(&server()) {
            super::say(&format!(
                "\n*** no PostgreSQL at TEST_POSTGRES_URL or 127.0.0.1:5432, its rows are SKIPPED: {cause} ***\n"
            ));
            return None;
        }
        let name = format!("oem_bench_{}", std::process::id());
        run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        run(&format!("CREATE DATABASE {name}"));
        let mut url: url::Url = server().parse().expect("TEST_POSTGRES_URL is a URL");
        url.set_path(&name);
        Some(Self { url: url.into(), folder: None, name: Some(name) })
    }

    /// Fills the ledger of acme with settled records, `due` of which have news again, spread over all of them.
    pub(crate) fn fill(&self, records: u32, due: u32) {
        let every = records / due;
        let columns = format!(
            "'acme', 'profile', 'CRM-' || n, 'present', 0, 1, CASE WHEN n % {every} = 0 THEN 0 ELSE 1 END, 1, n, \
             CASE WHEN n % {every} = 0 THEN n END, 0, 0, 0, 0, 'present', \
             '0000000000000000000000000000000000000000', '0000000000000000000000000000000000000000000000000000000000000000'"
        );
        let insert = "INSERT INTO records (partner, entity, reference, wanted, archived_stamp, version, settled_version, \
            read_version, stamp, due_at, attempts, failures, missing, rereads, presence, hrflow_key, fingerprint)";
        match self.url.strip_prefix("sqlite://") {
            Some(path) => SqliteConnection::establish(path).expect("the file opens").batch_execute(&format!(
                "PRAGMA busy_timeout = 30000; PRAGMA synchronous = OFF; {insert} WITH RECURSIVE numbers (n) AS \
                 (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {records}) SELECT {columns} FROM numbers; \
                 PRAGMA wal_checkpoint(TRUNCATE);"
            )),
            None => PgConnection::establish(&self.url).expect("the database answers").batch_execute(&format!(
                "{insert} SELECT {columns} FROM generate_series(1, {records}) AS n; ANALYZE records; CHECKPOINT"
            )),
        }
        .expect("the ledger can be filled");
    }

    /// How many webhooks are in it.
    pub(crate) fn deliveries(&self) -> u64 {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            rows: i64,
        }
        let query = sql_query("SELECT count(*) AS rows FROM deliveries");
        let row: Row = match self.url.strip_prefix("sqlite://") {
            Some(path) => query.get_result(&mut SqliteConnection::establish(path).expect("the file opens")),
            None => query.get_result(&mut PgConnection::establish(&self.url).expect("the database answers")),
        }
        .expect("the deliveries can be counted");
        u64::try_from(row.rows).unwrap_or_default()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
        drop(self.folder.take());
    }
}

fn server() -> String {
    std::env::var("TEST_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

fn run(statement: &str) {
    let mut connection = PgConnection::establish(&server()).expect("PostgreSQL answers");
    connection.batch_execute(statement).expect("PostgreSQL makes and drops databases");
}
