//! The two databases behind one door: which one, its connections, transactions, migrations and failures.

use std::error::Error as StdError;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, NopErrorHandler, Pool, PooledConnection};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use url::Url;

use crate::error::{Error, Kind, Result};
use crate::model::Clock;

const SHARED: EmbeddedMigrations = embed_migrations!("migrations/shared");
pub(super) const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
pub(super) const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// How long a caller waits for a connection before it is told that the database is away.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections for reading on SQLite; writing has one, as SQLite has one writer.
const SQLITE_READERS: u32 = 4;

/// Connections to PostgreSQL of one process, beside those of the webhooks' writers: half for reading, half for writing.
const POSTGRES_CONNECTIONS: u32 = 12;

/// Writers of webhooks on PostgreSQL: while one waits for the disk, the other prepares its batch.
const POSTGRES_WRITERS: u32 = 2;

/// The advisory lock that every connection to PostgreSQL shares, so that a move can tell whether it is alone.
pub(super) const IN_USE: i64 = 7_263_002;

/// A connection to either database, for as long as a closure of `Store::read` or `Store::write` runs.
pub enum Db<'a> {
    /// PostgreSQL.
    Postgres(&'a mut PgConnection),
    /// SQLite.
    Sqlite(&'a mut SqliteConnection),
}

/// Compiles one diesel expression once per database: `on!(db, |connection| query.load(connection))`.
macro_rules! on {
    ($db:expr, |$connection:ident| $query:expr) => {
        match $db {
            $crate::store::backend::Db::Postgres($connection) => $query,
            $crate::store::backend::Db::Sqlite($connection) => $query,
        }
    };
}
pub(super) use on;

/// The pools behind a database URL.
pub(super) enum Pools {
    /// One pool for everything.
    Postgres(Pool<ConnectionManager<PgConnection>>),
    /// One connection that writes, for all roads, and a few that read beside it.
    Sqlite {
        writer: Pool<ConnectionManager<SqliteConnection>>,
        readers: Pool<ConnectionManager<SqliteConnection>>,
    },
}

impl Pools {
    /// Opens the database, which is created when it is a file that is absent.
    pub(super) fn open(url: &str) -> Result<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let url = with_limits(url)?;
            // Once by hand, for its reason: the pool would try for a while and then only say that it failed.
            PgConnection::establish(&url).map_err(|cause| {
                Error::new(Kind::Unavailable, "the PostgreSQL database cannot be reached").because(cause)
            })?;
            let pool = pool(POSTGRES_CONNECTIONS + POSTGRES_WRITERS)
                .connection_customizer(Box::new(Limits))
                .build(ConnectionManager::new(url))
                .map_err(pool_failure)?;
            return Ok(Self::Postgres(pool));
        }
        let Some(path) = url.strip_prefix("sqlite://") else {
            let message = "the database URL must begin with `sqlite://` or `postgres://`";
            return Err(Error::new(Kind::Invalid, message));
        };
        SqliteConnection::establish(path).map_err(|cause| {
            let message = format!("the database file {path} cannot be opened; does its folder exist?");
            Error::new(Kind::Unavailable, message).because(cause)
        })?;
        let writer = pool(1)
            .connection_customizer(Box::new(Pragmas))
            // A file does not go away as a server does, and the test would cost every caller a statement.
            .test_on_check_out(false)
            .build(ConnectionManager::new(path))
            .map_err(pool_failure)?;
        let readers = pool(SQLITE_READERS)
            .connection_customizer(Box::new(Pragmas))
            // A file does not go away as a server does, and the test would cost every caller a statement.
            .test_on_check_out(false)
            .build(ConnectionManager::new(path))
            .map_err(pool_failure)?;
        Ok(Self::Sqlite { writer, readers })
    }

    /// How many threads write webhooks.
    pub(super) fn writers(&self) -> u32 {
        match self {
            Self::Postgres(_) => POSTGRES_WRITERS,
            Self::Sqlite { .. } => 1,
        }
    }

    /// How many may read and how many may write at a time, beside the webhooks' writer.
    pub(super) fn turns(&self) -> (usize, usize) {
        match self {
            Self::Postgres(_) => (POSTGRES_CONNECTIONS as usize / 2, POSTGRES_CONNECTIONS as usize / 2),
            Self::Sqlite { .. } => (SQLITE_READERS as usize, 1),
        }
    }

    /// Runs `work` on a connection for reading. On SQLite all of it sees one state, and the file is locked once: a lock
    /// for each statement costs more than the statement.
    pub(super) fn read<T>(&self, work: impl FnOnce(&mut Db<'_>) -> Result<T>) -> Result<T> {
        match self {
            Self::Postgres(pool) => work(&mut Db::Postgres(&mut *take(pool)?)),
            Self::Sqlite { readers, .. } => {
                take(readers)?.transaction(|connection| work(&mut Db::Sqlite(connection)))
            }
        }
    }

    /// Runs `work` in a transaction: all of it is durable, or none of it happened. On SQLite it begins as a writer
    /// (`BEGIN IMMEDIATE`), since one that turns writer after a read is refused as soon as another wrote.
    pub(super) fn write<T>(&self, work: impl FnOnce(&mut Db<'_>) -> Result<T>) -> Result<T> {
        match self {
            Self::Postgres(pool) => take(pool)?.transaction(|connection| work(&mut Db::Postgres(connection))),
            Self::Sqlite { writer, .. } => {
                take(writer)?.immediate_transaction(|connection| work(&mut Db::Sqlite(connection)))
            }
        }
    }

    /// Applies the migrations that are missing. On PostgreSQL several processes that start together take turns.
    pub(super) fn migrate(&self) -> Result<()> {
        match self {
            Self::Postgres(pool) => {
                let connection = &mut *take(pool)?;
                connection.batch_execute("SELECT pg_advisory_lock(7263001)")?;
                let applied = apply(connection, POSTGRES);
                connection.batch_execute("SELECT pg_advisory_unlock(7263001)")?;
                applied
            }
            Self::Sqlite { writer, .. } => apply(&mut *take(writer)?, SQLITE),
        }
    }

    /// Whether every migration has been applied.
    pub(super) fn is_migrated(&self) -> Result<bool> {
        match self {
            Self::Postgres(pool) => pending(&mut *take(pool)?, POSTGRES),
            Self::Sqlite { readers, .. } => pending(&mut *take(readers)?, SQLITE),
        }
        .map(|pending| !pending)
    }
}

/// Applies the migrations that are missing.
pub(super) fn apply<C, B>(connection: &mut C, own: EmbeddedMigrations) -> Result<()>
where
    C: MigrationHarness<B>,
    B: diesel::backend::Backend,
{
    for source in [SHARED, own] {
        connection.run_pending_migrations(source).map_err(migration_failure)?;
    }
    Ok(())
}

/// Whether migrations are missing.
pub(super) fn pending<C, B>(connection: &mut C, own: EmbeddedMigrations) -> Result<bool>
where
    C: MigrationHarness<B>,
    B: diesel::backend::Backend,
{
    for source in [SHARED, own] {
        if connection.has_pending_migration(source).map_err(migration_failure)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn pool<M: diesel::r2d2::ManageConnection>(size: u32) -> diesel::r2d2::Builder<M> {
    Pool::builder()
        .error_handler(Box::new(NopErrorHandler))
        .max_size(size)
        .min_idle(Some(1))
        .connection_timeout(CONNECTION_TIMEOUT)
}

fn take<C>(pool: &Pool<ConnectionManager<C>>) -> Result<PooledConnection<ConnectionManager<C>>>
where
    C: diesel::r2d2::R2D2Connection + 'static,
{
    pool.get().map_err(pool_failure)
}

/// The URL with libpq's own time limits where it states none: without them a connection that died half-way would hold
/// its thread until TCP gives up.
pub(super) fn with_limits(url: &str) -> Result<String> {
    // The cause is left out: it may quote the password.
    let mut url: Url = url.parse().map_err(|_| {
        Error::new(Kind::Invalid, "the database URL cannot be read; is the password percent-encoded?")
    })?;
    for (name, value) in [("connect_timeout", "5"), ("tcp_user_timeout", "15000")] {
        if !url.query_pairs().any(|(known, _)| known == name) {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    Ok(url.into())
}

/// Every PostgreSQL connection: no statement, lock or forgotten transaction holds anybody up for long, and indexes are
/// used. A statement that is prepared while a table is small would be planned to read all of it, and keep to that while
/// the table grows; a bitmap would lock rows in the order they lie in.
#[derive(Debug)]
struct Limits;

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Limits {
    fn on_acquire(&self, connection: &mut PgConnection) -> std::result::Result<(), diesel::r2d2::Error> {
        connection
            .batch_execute(&format!(
                "SET statement_timeout = '20s'; SET lock_timeout = '10s'; \
                 SET idle_in_transaction_session_timeout = '20s'; \
                 SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off; \
                 SELECT pg_advisory_lock_shared({IN_USE})",
            ))
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

/// Every SQLite connection: a log beside the file, each commit on the disk before it is answered.
#[derive(Debug)]
struct Pragmas;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Pragmas {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> std::result::Result<(), diesel::r2d2::Error> {
        // The busy timeout comes first: switching to WAL must wait for another process that does the same.
        connection
            .batch_execute(
                "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON;",
            )
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

/// The next number of the database-wide sequence.
pub fn next_stamp(db: &mut Db<'_>) -> Result<i64> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        value: i64,
    }
    let row: Row = match db {
        Db::Postgres(connection) => {
            diesel::sql_query("SELECT nextval('stamps') AS value").get_result(*connection)?
        }
        Db::Sqlite(connection) => diesel::sql_query("UPDATE stamps SET value = value + 1 RETURNING value")
            .get_result(*connection)?,
    };
    Ok(row.value)
}

/// Now. With several nodes their clocks differ, so on PostgreSQL the database's clock orders them.
pub fn now(db: &mut Db<'_>, clock: &Clock) -> Result<DateTime<Utc>> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        micros: i64,
    }
    match (db, clock) {
        (Db::Postgres(connection), Clock::System) => {
            let query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros";
            let row: Row = diesel::sql_query(query).get_result(*connection)?;
            Ok(DateTime::from_timestamp_micros(row.micros).unwrap_or_default())
        }
        _ => Ok(clock.now()),
    }
}

impl From<DieselError> for Error {
    fn from(cause: DieselError) -> Self {
        match &cause {
            DieselError::NotFound => Self::new(Kind::NotFound, "there is no such row"),
            DieselError::DatabaseError(
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation,
                _,
            )
            | DieselError::QueryBuilderError(_)
            | DieselError::SerializationError(_)
            | DieselError::DeserializationError(_) => {
                Self::new(Kind::Internal, "the database refused a statement").because(cause)
            }
            // Away, locked, full, shutting down, or two transactions in each other's way: all of it passes.
            _ => unavailable(cause),
        }
    }
}

fn pool_failure(cause: impl StdError + Send + Sync + 'static) -> Error {
    unavailable(cause)
}

fn migration_failure(cause: Box<dyn StdError + Send + Sync>) -> Error {
    Error::new(Kind::Unavailable, "the database's migrations could not be applied").because(cause)
}

fn unavailable(cause: impl StdError + Send + Sync + 'static) -> Error {
    Error::new(Kind::Unavailable, "the database is unavailable")
        .retry_after(Duration::from_secs(1))
        .because(cause)
}
