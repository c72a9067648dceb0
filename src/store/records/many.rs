//! What is known of many objects at once: which of them are live, and what HrFlow has of them.

use std::collections::HashSet;
use std::hash::BuildHasher;

use diesel::prelude::*;

use super::Wanted;
use super::write::select_for_update;
use crate::error::Result;
use crate::model::{Entity, Reference};
use crate::store::among::Among;
use crate::store::backend::Db;
use crate::store::schema::records;
use crate::store::written_out::WrittenOut;

/// Which of `references` are a partner's own and live.
pub fn live(db: &mut Db<'_>, partner: &str, entity: Entity, references: &[&str]) -> Result<HashSet<String>> {
    let live = records::table
        .filter(records::partner.eq(partner))
        .filter(records::entity.eq(entity.singular()))
        .filter(WrittenOut("records.wanted = 'present'"))
        .select(records::reference);
    let live: Vec<String> = match db {
        Db::Postgres(c) => live.filter(records::reference.eq_any(references)).load(*c)?,
        Db::Sqlite(c) => live.filter(Among::of(references)?).load(*c)?,
    };
    Ok(live.into_iter().collect())
}

/// Which of `references` are a partner's own and live, held so until the transaction ends.
pub fn hold_live(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    references: &[&Reference],
) -> Result<HashSet<String>> {
    let held = select_for_update(db, partner, entity, references)?;
    let live = held.into_iter().filter(|record| record.wanted == Wanted::Present);
    Ok(live.map(|record| record.reference).collect())
}

/// How many of `references`, of which these are live, were never heard of: the others are archived or erased.
pub fn unknown(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    references: &[&str],
    live: &HashSet<String, impl BuildHasher>,
) -> Result<usize> {
    let others = references.iter().filter(|one| !live.contains(**one)).map(|one| (*one).to_owned());
    let others: Vec<String> = others.collect();
    if others.is_empty() {
        return Ok(0);
    }
    Ok(others.len() - glance(db, partner, entity, &others)?.len())
}

/// A record at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = records)]
pub struct Glance {
    pub reference: String,
    pub wanted: Wanted,
    pub fingerprint: Option<String>,
    pub indexed_at: Option<i64>,
    pub lease: Option<String>,
}

impl Glance {
    /// The fingerprint of what HrFlow has, if it is sure that HrFlow had the same at `then`: it was sent nothing since, and
    /// nobody is about to send it anything.
    pub fn fingerprint_since(self, then: i64) -> Option<String> {
        let is_sure = self.lease.is_none() && self.indexed_at.is_some_and(|indexed_at| indexed_at <= then);
        self.fingerprint.filter(|_| is_sure)
    }
}

/// Those of `references` of which anything was ever heard.
pub fn glance(db: &mut Db<'_>, partner: &str, entity: Entity, references: &[String]) -> Result<Vec<Glance>> {
    let heard_of =
        records::table.filter(records::partner.eq(partner)).filter(records::entity.eq(entity.singular()));
    Ok(match db {
        Db::Postgres(c) => {
            heard_of.filter(records::reference.eq_any(references)).select(Glance::as_select()).load(*c)?
        }
        Db::Sqlite(c) => heard_of.filter(Among::of(references)?).select(Glance::as_select()).load(*c)?,
    })
}
