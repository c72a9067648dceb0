//! What one process of several does.

use super::{Config, Problem, Problems};

/// What a process that serves does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    #[default]
    All,
    /// Answers requests; works off nothing.
    Api,
    /// Works off what is due; answers health and metrics alone.
    Worker,
}

impl Role {
    /// The role of this name.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            "api" => Ok(Self::Api),
            "worker" => Ok(Self::Worker),
            _ => Err("must be all, api or worker".to_owned()),
        }
    }

    /// Several processes meet in the database, and only PostgreSQL is made for that.
    pub(super) fn check(self, database_url: &str) -> Result<(), &'static str> {
        if self == Self::All || !database_url.starts_with("sqlite://") {
            return Ok(());
        }
        Err("must be all on SQLite: one process owns the file; use postgres://… to share the work")
    }
}

impl Config {
    /// The same with the role of the command line.
    pub fn acting_as(self, role: Role) -> Result<Self, Problems> {
        role.check(&self.database_url).map_err(|reason| {
            Problems(vec![Problem { key: "role".to_owned(), reason: reason.to_owned() }])
        })?;
        Ok(Self { role, ..self })
    }
}
