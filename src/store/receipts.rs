//! Receipts: a chain for each partner that only grows at its end and is only cut at its beginning.
//!
//! Whoever adds holds the chain's row until the commit, so that nodes take turns: numbers have no gaps, and each hash is
//! made over the one before.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use super::backend::{Db, on};
use super::page::{Page, look_at, sift};
use super::schema::{receipt_chains, receipt_subjects, receipts};
use crate::error::{Error, Kind, Result};
use crate::model::{GENESIS, ReceiptEntry, canonical, chained, rfc3339};

/// A receipt. Times are Unix microseconds; the columns are explained in the migration.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = receipts)]
pub struct Kept {
    pub partner: String,
    pub seq: i64,
    pub id: String,
    pub kept_at: i64,
    pub previous: String,
    pub hash: String,
    pub entry: String,
}

/// A receipt without its entry.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = receipts)]
pub struct Listed {
    pub seq: i64,
    pub id: String,
    pub kept_at: i64,
    pub previous: String,
    pub hash: String,
}

/// Where a partner's chain ends, and after which receipt what is left of it begins.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = receipt_chains)]
pub struct Chain {
    pub partner: String,
    pub seq: i64,
    pub hash: String,
    pub anchor_seq: i64,
    pub anchor_hash: String,
}

/// How far back the receipts count that were added lately.
const PERIOD: Duration = Duration::from_mins(1);

impl Chain {
    fn empty(partner: &str) -> Self {
        Self {
            partner: partner.to_owned(),
            seq: 0,
            hash: GENESIS.to_owned(),
            anchor_seq: 0,
            anchor_hash: GENESIS.to_owned(),
        }
    }
}

/// Adds an entry at the end of its partner's chain, which numbers and dates it, unless `most` were added within a minute.
/// `now`: asked while the chain is held, so that dates follow the numbers.
///
/// # Errors
/// `RateLimited`, with the time until the next may be added.
pub fn add(
    db: &mut Db<'_>,
    mut entry: ReceiptEntry,
    most: u32,
    now: impl FnOnce(&mut Db<'_>) -> Result<DateTime<Utc>>,
) -> Result<Kept> {
    let (seq, previous) = next(db, &entry.partner)?;
    let now = now(db)?;
    ensure_room(db, &entry.partner, seq, most, now)?;
    (entry.seq, entry.at) = (seq, rfc3339(now));
    let text = canonical(&entry)?;
    let kept = Kept {
        partner: entry.partner.clone(),
        seq,
        id: entry.id.clone(),
        kept_at: now.timestamp_micros(),
        hash: chained(&previous, &text),
        previous,
        entry: text,
    };
    on!(db, |c| diesel::insert_into(receipts::table).values(&kept).execute(*c))?;
    let asked_for = entry.question.asked_for.iter();
    let subjects: BTreeSet<&str> = asked_for
        .chain(entry.answer.items.iter().map(|item| &item.object))
        .map(|object| object.subject.as_str())
        .collect();
    let rows: Vec<_> = subjects
        .into_iter()
        .map(|subject| {
            (
                receipt_subjects::partner.eq(&kept.partner),
                receipt_subjects::seq.eq(seq),
                receipt_subjects::subject.eq(subject),
            )
        })
        .collect();
    on!(db, |c| diesel::insert_into(receipt_subjects::table).values(&rows).execute(*c))?;
    let chain = receipt_chains::table.find(&kept.partner);
    on!(db, |c| diesel::update(chain).set(receipt_chains::hash.eq(&kept.hash)).execute(*c))?;
    Ok(kept)
}

/// Takes the chain until the transaction ends, and its next number; and the hash of its last receipt.
fn next(db: &mut Db<'_>, partner: &str) -> Result<(i64, String)> {
    for _ in 0..2 {
        let counted = diesel::update(receipt_chains::table.find(partner))
            .set(receipt_chains::seq.eq(receipt_chains::seq + 1))
            .returning((receipt_chains::seq, receipt_chains::hash));
        if let Some(place) = on!(db, |c| counted.get_result(*c).optional())? {
            return Ok(place);
        }
        // Another node may do the same: one of them makes it, and both count from it.
        let empty = Chain::empty(partner);
        let made = diesel::insert_into(receipt_chains::table).values(&empty).on_conflict_do_nothing();
        on!(db, |c| made.execute(*c))?;
    }
    Err(Error::new(Kind::Internal, "a chain of receipts could not be begun"))
}

/// The chain itself tells how many were added lately, to every node: the one `most` before number `seq` must be older.
fn ensure_room(db: &mut Db<'_>, partner: &str, seq: i64, most: u32, now: DateTime<Utc>) -> Result<()> {
    let first = receipts::table.find((partner, seq - i64::from(most))).select(receipts::kept_at);
    let first: Option<i64> = on!(db, |c| first.get_result(*c).optional())?;
    let age = first.and_then(|kept_at| u64::try_from(now.timestamp_micros() - kept_at).ok());
    let wait = age.and_then(|age| PERIOD.checked_sub(Duration::from_micros(age)));
    let Some(wait) = wait.filter(|wait| !wait.is_zero()) else { return Ok(()) };
    let message = format!(
        "{most} receipts were written within a minute, and a partner may have no more: ask again later, or without `receipt`"
    );
    Err(Error::new(Kind::RateLimited, message).retry_after(wait))
}

/// Where a partner's chain stands, and the number of the last receipt that is there, which is the chain's own unless
/// somebody else had a hand in it.
pub fn chain(db: &mut Db<'_>, partner: &str) -> Result<(Chain, i64)> {
    let last = receipts::table.filter(receipts::partner.eq(partner)).select(max(receipts::seq));
    // Both in one look: between two, another receipt may be added.
    let query =
        receipt_chains::table.find(partner).select((receipt_chains::all_columns, last.single_value()));
    let known: Option<(Chain, Option<i64>)> = on!(db, |c| query.get_result(*c).optional())?;
    if let Some((chain, last)) = known {
        return Ok((chain, last.unwrap_or_default()));
    }
    let last: Option<i64> = on!(db, |c| last.get_result(*c))?;
    Ok((Chain::empty(partner), last.unwrap_or_default()))
}

/// One receipt of a partner's.
pub fn find(db: &mut Db<'_>, partner: &str, id: &str) -> Result<Option<Kept>> {
    let query = receipts::table.filter(receipts::id.eq(id)).filter(receipts::partner.eq(partner));
    Ok(on!(db, |c| query.get_result(*c).optional())?)
}

/// The hash of the receipt with this number, or of the last that was deleted.
pub fn hash_of(db: &mut Db<'_>, chain: &Chain, seq: i64) -> Result<Option<String>> {
    if seq == chain.anchor_seq {
        return Ok(Some(chain.anchor_hash.clone()));
    }
    let query = receipts::table.find((&chain.partner, seq)).select(receipts::hash);
    Ok(on!(db, |c| query.get_result(*c).optional())?)
}

/// Up to `limit` receipts of a partner's from `after` to `until`, in their order.
pub fn batch(db: &mut Db<'_>, partner: &str, after: i64, until: i64, limit: i64) -> Result<Vec<Kept>> {
    let query = receipts::table
        .filter(receipts::partner.eq(partner))
        .filter(receipts::seq.gt(after))
        .filter(receipts::seq.le(until))
        .order(receipts::seq)
        .limit(limit);
    Ok(on!(db, |c| query.load(*c))?)
}

/// Which of a partner's receipts are meant. Times are Unix microseconds, `from` inclusive and `to` exclusive.
#[derive(Clone, Debug, Default)]
pub struct Which {
    pub partner: String,
    /// Only those in which one of these stands.
    pub subjects: Vec<String>,
    pub from: Option<i64>,
    pub to: Option<i64>,
}

/// Where a list of receipts stands: when the last was kept, and its number.
pub type Place = (i64, i64);

impl Listed {
    fn place(&self) -> Place {
        (self.kept_at, self.seq)
    }
}

/// Up to `limit` receipts from before `before`, the newest first.
pub fn list(
    db: &mut Db<'_>,
    which: &Which,
    before: Option<&Place>,
    limit: usize,
) -> Result<Page<Listed, Place>> {
    if which.subjects.is_empty() {
        by_time(db, which, before, limit)
    } else {
        by_subject(db, which, before, limit)
    }
}

fn by_time(
    db: &mut Db<'_>,
    which: &Which,
    before: Option<&Place>,
    limit: usize,
) -> Result<Page<Listed, Place>> {
    let looked_at = look_at(limit, false);
    let rows: Vec<Listed> = on!(db, |c| {
        let mut query = receipts::table
            .filter(receipts::partner.eq(&which.partner))
            .select(Listed::as_select())
            .order((receipts::kept_at.desc(), receipts::seq.desc()))
            .limit(looked_at)
            .into_boxed();
        if let Some(from) = which.from {
            query = query.filter(receipts::kept_at.ge(from));
        }
        if let Some(to) = which.to {
            query = query.filter(receipts::kept_at.lt(to));
        }
        if let Some((kept_at, seq)) = before {
            let earlier = sql::<Bool>("(kept_at, seq) < (")
                .bind::<BigInt, _>(kept_at)
                .sql(", ")
                .bind::<BigInt, _>(seq)
                .sql(")");
            query = query.filter(earlier);
        }
        query.load(*c)
    })?;
    Ok(sift(rows, looked_at, limit, Listed::place, |_| true))
}

fn by_subject(
    db: &mut Db<'_>,
    which: &Which,
    before: Option<&Place>,
    limit: usize,
) -> Result<Page<Listed, Place>> {
    let before = before.map_or(i64::MAX, |(_, seq)| *seq);
    let looked_at = look_at(limit, which.from.is_some() || which.to.is_some());
    let named = receipt_subjects::table
        .filter(receipt_subjects::partner.eq(&which.partner))
        .filter(receipt_subjects::subject.eq_any(&which.subjects))
        .filter(receipt_subjects::seq.lt(before))
        .order(receipt_subjects::seq.desc())
        .limit(looked_at)
        .select(receipt_subjects::seq)
        .distinct();
    let named: Vec<i64> = on!(db, |c| named.load(*c))?;
    let rows: Vec<Listed> = on!(db, |c| receipts::table
        .filter(receipts::partner.eq(&which.partner))
        .filter(receipts::seq.eq_any(&named))
        .order(receipts::seq.desc())
        .select(Listed::as_select())
        .load(*c))?;
    let is_meant = |kept: &Listed| {
        which.from.is_none_or(|from| kept.kept_at >= from) && which.to.is_none_or(|to| kept.kept_at < to)
    };
    Ok(sift(rows, looked_at, limit, Listed::place, is_meant))
}

/// Deletes up to `limit` receipts from before `before`, from the beginning of one chain; what is left of it begins after
/// the last of them. Returns how many.
pub fn forget(db: &mut Db<'_>, before: i64, limit: i64) -> Result<usize> {
    let query = receipt_chains::table.select(receipt_chains::partner).order(receipt_chains::partner);
    let partners: Vec<String> = on!(db, |c| query.load(*c))?;
    for partner in partners {
        let first = receipts::table
            .filter(receipts::partner.eq(&partner))
            .order(receipts::seq)
            .limit(limit)
            .select((receipts::seq, receipts::hash, receipts::kept_at));
        let first: Vec<(i64, String, i64)> = on!(db, |c| first.load(*c))?;
        let old = first.into_iter().take_while(|(_, _, kept_at)| *kept_at < before);
        let Some((seq, hash, _)) = old.last() else { continue };
        let rows = receipts::table.filter(receipts::partner.eq(&partner)).filter(receipts::seq.le(seq));
        let deleted = on!(db, |c| diesel::delete(rows).execute(*c))?;
        let named = receipt_subjects::table
            .filter(receipt_subjects::partner.eq(&partner))
            .filter(receipt_subjects::seq.le(seq));
        on!(db, |c| diesel::delete(named).execute(*c))?;
        // Another node may have come further.
        let chain = receipt_chains::table.find(&partner).filter(receipt_chains::anchor_seq.lt(seq));
        let anchor = (receipt_chains::anchor_seq.eq(seq), receipt_chains::anchor_hash.eq(hash));
        on!(db, |c| diesel::update(chain).set(anchor).execute(*c))?;
        return Ok(deleted);
    }
    Ok(0)
}
