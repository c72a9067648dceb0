//! Dead letters: the records that were set aside, as those look for them who bring them back.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use serde::Deserialize;

use super::backend::{Db, on};
use super::page::{Page, look_at, sift};
use super::records::Wanted;
use super::schema::records;
use crate::error::{Answered, Error, Kind, Result};
use crate::model::Entity;

/// Which dead letters are meant. Times are Unix microseconds, `from` inclusive and `to` exclusive.
#[derive(Clone, Debug, Default)]
pub struct Which {
    pub partner: Option<String>,
    pub entity: Option<Entity>,
    pub references: Option<Vec<String>>,
    pub reason: Option<String>,
    pub from: Option<i64>,
    pub to: Option<i64>,
}

/// What set a record aside.
#[derive(Clone, Debug, Deserialize)]
pub struct Reason {
    pub code: String,
    pub detail: String,
    pub at: String,
    #[serde(default)]
    pub attempts: i32,
    pub answer: Option<Answered>,
}

/// A record that was set aside.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    pub key: Key,
    pub wanted: Wanted,
    pub reason: Reason,
}

/// Whose, of what kind, and its reference: the order in which dead letters are listed.
pub type Key = (String, String, String);

impl Which {
    fn takes(&self, reason: &Reason) -> bool {
        let at = reason.at.parse::<DateTime<Utc>>().map_or(i64::MIN, |at| at.timestamp_micros());
        self.reason.as_ref().is_none_or(|code| *code == reason.code)
            && self.from.is_none_or(|from| at >= from)
            && self.to.is_none_or(|to| at < to)
    }

    fn is_choosy(&self) -> bool {
        self.reason.is_some() || self.from.is_some() || self.to.is_some()
    }
}

/// Up to `limit` dead letters after `after`.
pub fn list(
    db: &mut Db<'_>,
    which: &Which,
    after: Option<&Key>,
    limit: usize,
) -> Result<Page<DeadLetter, Key>> {
    let looked_at = look_at(limit, which.is_choosy());
    let rows: Vec<(Key, Wanted, Option<String>)> = on!(db, |c| {
        // Written out: a bound value would not find the partial index.
        let mut query = records::table
            .filter(diesel::dsl::sql::<Bool>("outcome = 'set_aside'"))
            .select((
                (records::partner, records::entity, records::reference),
                records::wanted,
                records::problem,
            ))
            .order((records::partner, records::entity, records::reference))
            .limit(looked_at)
            .into_boxed();
        if let Some(partner) = &which.partner {
            query = query.filter(records::partner.eq(partner));
        }
        if let Some(entity) = which.entity {
            query = query.filter(records::entity.eq(entity.singular()));
        }
        if let Some(references) = &which.references {
            query = query.filter(records::reference.eq_any(references));
        }
        if let Some((partner, entity, reference)) = after {
            let later = diesel::dsl::sql::<Bool>("(partner, entity, reference) > (")
                .bind::<Text, _>(partner)
                .sql(", ")
                .bind::<Text, _>(entity)
                .sql(", ")
                .bind::<Text, _>(reference)
                .sql(")");
            query = query.filter(later);
        }
        query.load(*c)
    })?;
    let letters = rows.into_iter().map(|(key, wanted, problem)| {
        let reason = reason(problem.as_deref())?;
        Ok(DeadLetter { key, wanted, reason })
    });
    let letters = letters.collect::<Result<_>>()?;
    let meant = |letter: &DeadLetter| which.takes(&letter.reason);
    Ok(sift(letters, looked_at, limit, |letter| letter.key.clone(), meant))
}

/// What was written when the record was set aside.
fn reason(problem: Option<&str>) -> Result<Reason> {
    serde_json::from_str(problem.unwrap_or_default()).map_err(|cause| {
        Error::new(Kind::Internal, "why a record was set aside cannot be read").because(cause)
    })
}
