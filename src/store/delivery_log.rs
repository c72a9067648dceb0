//! The log of deliveries, the newest first.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::backend::{Db, on};
use super::page::{Page, look_at, sift};
use super::schema::deliveries;
use crate::error::Result;
use crate::model::{Entity, EventKind, Reference};

/// A webhook that was kept. Times are Unix microseconds; the columns are explained in the migration.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub struct Kept {
    pub id: String,
    pub entity: String,
    pub reference: String,
    pub event_type: String,
    pub event_date: String,
    pub received_at: i64,
    pub status: String,
}

/// Where a list of deliveries stands: when the last was received, and its id.
pub type Place = (i64, String);

impl Kept {
    /// Its place in every list.
    pub fn place(&self) -> Place {
        (self.received_at, self.id.clone())
    }
}

/// Which of a partner's deliveries are meant. Times are Unix microseconds, `from` inclusive and `to` exclusive.
#[derive(Clone, Debug, Default)]
pub struct Which {
    pub partner: String,
    pub object: Option<(Entity, Reference)>,
    pub entity: Option<Entity>,
    pub event_type: Option<EventKind>,
    pub status: Option<String>,
    pub from: Option<i64>,
    pub to: Option<i64>,
}

impl Which {
    fn takes(&self, kept: &Kept) -> bool {
        self.entity.is_none_or(|entity| entity.singular() == kept.entity)
            && self.event_type.is_none_or(|event_type| event_type.as_str() == kept.event_type)
            && self.status.as_ref().is_none_or(|status| *status == kept.status)
    }

    fn is_choosy(&self) -> bool {
        self.entity.is_some() || self.event_type.is_some() || self.status.is_some()
    }
}

/// Up to `limit` deliveries from before `before`.
pub fn list(
    db: &mut Db<'_>,
    which: &Which,
    before: Option<&Place>,
    limit: usize,
) -> Result<Page<Kept, Place>> {
    let looked_at = look_at(limit, which.is_choosy());
    let rows: Vec<Kept> = on!(db, |c| {
        let mut query = deliveries::table
            .filter(deliveries::partner.eq(&which.partner))
            .select(Kept::as_select())
            .order((deliveries::received_at.desc(), deliveries::id.desc()))
            .limit(looked_at)
            .into_boxed();
        if let Some((entity, reference)) = &which.object {
            query = query
                .filter(deliveries::entity.eq(entity.singular()))
                .filter(deliveries::reference.eq(reference.as_str()));
        }
        if let Some(from) = which.from {
            query = query.filter(deliveries::received_at.ge(from));
        }
        if let Some(to) = which.to {
            query = query.filter(deliveries::received_at.lt(to));
        }
        if let Some((received_at, id)) = before {
            let earlier = diesel::dsl::sql::<Bool>("(received_at, id) < (")
                .bind::<BigInt, _>(received_at)
                .sql(", ")
                .bind::<Text, _>(id)
                .sql(")");
            query = query.filter(earlier);
        }
        query.load(*c)
    })?;
    Ok(sift(rows, looked_at, limit, Kept::place, |kept| which.takes(kept)))
}
