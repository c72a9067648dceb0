//! What outlives the process: objects, sources, boards and feedback in one SQLite file.

use std::path::Path;

use chrono::DateTime;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::containers::Container;
use crate::error::{Error, Kind, Result};
use crate::model::Entity;

diesel::table! {
    objects (entity, id) {
        entity -> Text,
        id -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    containers (entity, key) {
        entity -> Text,
        key -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    feedback (id) {
        id -> BigInt,
        body -> Text,
    }
}

/// A write is on disk when it returns: a process, or a machine, that dies loses nothing that was answered. The file belongs
/// to one sandbox at a time, since each keeps all of it in memory.
const SETTINGS: &str = "
    PRAGMA busy_timeout = 2000;
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS objects (
        entity TEXT NOT NULL, id BIGINT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (entity, id)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS containers (
        entity TEXT NOT NULL, key TEXT NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (entity, key)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS feedback (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
";

/// The file, open.
pub(super) struct Objects(SqliteConnection);

impl Objects {
    /// Opens `sandbox.db` in a folder, and makes both where they are missing.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let fail = |cause: Box<dyn std::error::Error + Send + Sync>| {
            let problem = format!("the sandbox's data folder `{}` cannot be used", folder.display());
            Error::new(Kind::Unavailable, problem).because(cause)
        };
        std::fs::create_dir_all(folder).map_err(|cause| fail(cause.into()))?;
        let file = folder.join("sandbox.db");
        let mut connection =
            SqliteConnection::establish(&file.to_string_lossy()).map_err(|cause| fail(cause.into()))?;
        connection.batch_execute(SETTINGS).map_err(|cause| fail(cause.into()))?;
        Ok(Self(connection))
    }

    /// Keeps an object, in the place of what had its number.
    pub(super) fn save(&mut self, entity: Entity, id: usize, body: &str) -> Result<()> {
        let id = i64::try_from(id)
            .map_err(|cause| Error::new(Kind::Internal, "too many objects").because(cause))?;
        let row = (objects::entity.eq(entity.singular()), objects::id.eq(id), objects::body.eq(body));
        diesel::replace_into(objects::table).values(row).execute(&mut self.0).map(drop).map_err(failed)
    }

    /// Keeps a source or board.
    pub(super) fn save_container(&mut self, container: &Container) -> Result<()> {
        let row = (
            containers::entity.eq(container.entity.singular()),
            containers::key.eq(&container.key),
            containers::created_at.eq(container.created_at.timestamp_micros()),
        );
        diesel::replace_into(containers::table).values(row).execute(&mut self.0).map(drop).map_err(failed)
    }

    /// All objects of a kind, by rising number, one at a time.
    pub(super) fn each(&mut self, entity: Entity, mut take: impl FnMut(String) -> Result<()>) -> Result<()> {
        let query = objects::table
            .filter(objects::entity.eq(entity.singular()))
            .order(objects::id)
            .select(objects::body);
        for body in query.load_iter::<String, _>(&mut self.0).map_err(failed)? {
            take(body.map_err(failed)?)?;
        }
        Ok(())
    }

    /// Keeps feedback, behind all there is.
    pub(super) fn save_feedback(&mut self, body: &str) -> Result<()> {
        let row = feedback::body.eq(body);
        diesel::insert_into(feedback::table).values(row).execute(&mut self.0).map(drop).map_err(failed)
    }

    /// All feedback, in the order in which it came.
    pub(super) fn feedback(&mut self) -> Result<Vec<String>> {
        feedback::table.order(feedback::id).select(feedback::body).load(&mut self.0).map_err(failed)
    }

    /// All sources, or all boards.
    pub(super) fn containers(&mut self, entity: Entity) -> Result<Vec<Container>> {
        let rows: Vec<(String, i64)> = containers::table
            .filter(containers::entity.eq(entity.singular()))
            .select((containers::key, containers::created_at))
            .load(&mut self.0)
            .map_err(failed)?;
        let container = |(key, created_at)| Container {
            entity,
            key,
            created_at: DateTime::from_timestamp_micros(created_at).unwrap_or_default(),
        };
        Ok(rows.into_iter().map(container).collect())
    }
}

fn failed(cause: diesel::result::Error) -> Error {
    Error::new(Kind::Unavailable, "the sandbox's database failed").because(cause)
}
