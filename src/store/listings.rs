//! Listings: what was read of a partner's list so far, to prove in the end that it was all of it.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

use super::backend::{Db, on};
use super::records::Wanted;
use super::schema::{listed, listed_pages, listings, records};
use super::{Mode, Pull, State, pulls};
use crate::error::Result;
use crate::model::Entity;

/// Rows that one transaction looks at or deletes: few enough to hold nobody up.
const BATCH: i64 = 1000;

/// What was read of a listing. The columns are explained in the migration.
#[derive(Clone, Debug, PartialEq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = listings)]
pub struct Tally {
    pub id: String,
    pub partner: String,
    pub entity: String,
    pub pages: i64,
    pub objects: i64,
    pub named: i64,
    pub bytes: i64,
}

/// What was read of a pull's listing; nothing before its first page.
pub fn tally(db: &mut Db<'_>, pull: &Pull) -> Result<Tally> {
    let found: Option<Tally> = on!(db, |c| listings::table.find(pull.listing()).get_result(*c).optional())?;
    Ok(found.unwrap_or_else(|| Tally {
        id: pull.listing().to_owned(),
        partner: pull.partner.clone(),
        entity: pull.entity.clone(),
        pages: 0,
        objects: 0,
        named: 0,
        bytes: 0,
    }))
}

/// Writes it down.
pub fn save(db: &mut Db<'_>, tally: &Tally) -> Result<()> {
    on!(db, |c| diesel::insert_into(listings::table)
        .values(tally)
        .on_conflict(listings::id)
        .do_update()
        .set(tally)
        .execute(*c))?;
    Ok(())
}

/// Remembers the references of a page. Returns how many of them were not listed before.
pub fn enter(db: &mut Db<'_>, listing: &str, references: &[&str]) -> Result<usize> {
    match db {
        Db::Postgres(c) => {
            let query = "INSERT INTO listed SELECT $1, unnest($2) ON CONFLICT DO NOTHING";
            let query = diesel::sql_query(query).bind::<Text, _>(listing).bind::<Array<Text>, _>(references);
            Ok(query.execute(*c)?)
        }
        // One by one: the statement stays prepared, whatever their number.
        Db::Sqlite(c) => {
            let mut new = 0;
            for reference in references {
                let row = (listed::listing.eq(listing), listed::reference.eq(reference));
                new += diesel::insert_into(listed::table).values(row).on_conflict_do_nothing().execute(*c)?;
            }
            Ok(new)
        }
    }
}

/// Remembers a page by its digest. Returns whether it is the first one like it.
pub fn enter_page(db: &mut Db<'_>, listing: &str, digest: &str) -> Result<bool> {
    let row = (listed_pages::listing.eq(listing), listed_pages::digest.eq(digest));
    let new = on!(db, |c| diesel::insert_into(listed_pages::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(*c))?;
    Ok(new > 0)
}

/// Records with a reference after `after` that HrFlow is to show, that a complete listing lacks and that nobody touched
/// since it began; and where to go on, until the ledger's end.
pub fn unlisted(
    db: &mut Db<'_>,
    pull: &Pull,
    entity: Entity,
    after: &str,
) -> Result<(Vec<String>, Option<String>)> {
    let of_partner = records::table
        .filter(records::partner.eq(&pull.partner))
        .filter(records::entity.eq(entity.singular()))
        .filter(records::reference.gt(after))
        .order(records::reference)
        .select(records::reference);
    let last: Option<String> = on!(db, |c| of_partner.offset(BATCH - 1).limit(1).get_result(*c).optional())?;
    let here = listed::table
        .filter(listed::listing.eq(pull.listing()))
        .filter(listed::reference.eq(records::reference));
    let lacking = of_partner
        .filter(records::wanted.eq(Wanted::Present))
        .filter(records::stamp.le(pull.began_stamp.unwrap_or_default()))
        .filter(not(exists(here)));
    let found = match &last {
        Some(last) => {
            let lacking = lacking.filter(records::reference.le(last));
            on!(db, |c| lacking.load(*c))?
        }
        None => on!(db, |c| lacking.load(*c))?,
    };
    Ok((found, last))
}

/// A listing of this partner and entity that nothing depends on any more.
pub fn over(db: &mut Db<'_>, partner: &str, entity: Entity) -> Result<Option<String>> {
    let mut going_on = Vec::new();
    for mode in [Mode::Full, Mode::Delta] {
        let last = pulls::last(db, partner, entity, mode)?;
        going_on.extend(last.filter(|last| {
            last.state.is_worked_on() || last.state == State::Failed && last.position.is_some()
        }));
    }
    let known = listings::table
        .filter(listings::partner.eq(partner))
        .filter(listings::entity.eq(entity.singular()))
        .select(listings::id);
    let known: Vec<String> = on!(db, |c| known.load(*c))?;
    Ok(known.into_iter().find(|id| !going_on.iter().any(|pull| pull.listing() == id)))
}

/// Forgets a part of a listing. Returns whether nothing of it is left.
pub fn forget(db: &mut Db<'_>, listing: &str) -> Result<bool> {
    let rows = listed::table.filter(listed::listing.eq(listing));
    let nth = rows.order(listed::reference).select(listed::reference).offset(BATCH - 1).limit(1);
    let last: Option<String> = on!(db, |c| nth.get_result(*c).optional())?;
    if let Some(last) = last {
        on!(db, |c| diesel::delete(rows.filter(listed::reference.le(last))).execute(*c))?;
        return Ok(false);
    }
    on!(db, |c| diesel::delete(rows).execute(*c))?;
    let pages = listed_pages::table.filter(listed_pages::listing.eq(listing));
    let nth = pages.order(listed_pages::digest).select(listed_pages::digest).offset(BATCH - 1).limit(1);
    let last: Option<String> = on!(db, |c| nth.get_result(*c).optional())?;
    if let Some(last) = last {
        on!(db, |c| diesel::delete(pages.filter(listed_pages::digest.le(last))).execute(*c))?;
        return Ok(false);
    }
    on!(db, |c| diesel::delete(pages).execute(*c))?;
    on!(db, |c| diesel::delete(listings::table.find(listing)).execute(*c))?;
    Ok(true)
}
