//! Webhooks, kept once: the delivery and what it does to its record, in one transaction for many callers.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::Serialize;

use super::backend::{Db, next_stamp};
use super::erasures;
use super::mailbox::{self, Event, Verdict};
use super::records::{self, Record};
use super::schema::deliveries;
use super::text::as_json;
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference, digest};

/// A webhook on its way into the database.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Whose it is.
    pub partner: String,
    /// Its identity (`webhook-id`), if the sender gave it one: the same sent again is proven to be the same.
    pub webhook_id: Option<String>,
    /// What it says.
    pub event: Event,
    /// Whether it asks for the object's erasure, should it be accepted.
    pub erases: bool,
}

impl Delivery {
    /// What it says, in 128 bits: enough to tell any number of webhooks apart, and half the index that 256 would make.
    fn digest(&self) -> String {
        let event = &self.event;
        let mut parts = vec![
            self.partner.as_bytes(),
            event.kind.as_str().as_bytes(),
            event.reference.as_str().as_bytes(),
            event.raw_date.as_bytes(),
        ];
        // Beside what it says, not instead of it: a sender who uses an identity twice for two things loses neither, and
        // the items of a batch are told apart.
        parts.extend(self.webhook_id.as_ref().map(String::as_bytes));
        let mut digest = digest(&parts);
        digest.truncate(32);
        digest
    }
}

/// What became of a webhook. The id is the delivery's own, or of the first that said the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It changed the record, durably.
    Accepted(String),
    /// The same was said before.
    Duplicate(String),
    /// The record already held later news.
    Stale(String),
    /// The object was erased: the webhook was not kept.
    Erased,
}

#[derive(Insertable, Serialize)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
struct Row<'a> {
    id: &'a str,
    digest: &'a str,
    partner: &'a str,
    entity: &'a str,
    reference: &'a str,
    event_type: &'a str,
    event_date: &'a str,
    received_at: i64,
    status: &'a str,
}

/// Keeps a batch: one receipt each, in order.
pub fn keep(db: &mut Db<'_>, batch: &[Delivery], now: DateTime<Utc>) -> Result<Vec<Receipt>> {
    // Locking the records first makes everything below true until the commit, also for a second node.
    let mut ledger = lock_records(db, batch)?;
    let stamp = next_stamp(db)?;
    let digests: Vec<String> = batch.iter().map(Delivery::digest).collect();
    let mut first_ids = known(db, &digests)?;

    let mut receipts = Vec::with_capacity(batch.len());
    let mut rows = Vec::with_capacity(batch.len());
    for (delivery, digest) in batch.iter().zip(&digests) {
        let event = &delivery.event;
        let record = ledger
            .get_mut(&key_of(delivery))
            .ok_or_else(|| Error::new(Kind::Internal, "the record of a webhook could not be locked"))?;
        if let Some(first) = first_ids.get(digest) {
            if delivery.webhook_id.is_none() {
                mailbox::repeat(record, event, stamp, now);
            }
            receipts.push(Receipt::Duplicate(first.clone()));
            continue;
        }
        let (receipt, status) = match mailbox::receive(record, event, stamp, now) {
            Verdict::Accepted => (Receipt::Accepted(event.id.clone()), "accepted"),
            Verdict::Stale => (Receipt::Stale(event.id.clone()), "stale"),
            Verdict::Erased => {
                receipts.push(Receipt::Erased);
                continue;
            }
        };
        if delivery.erases && status == "accepted" {
            erasures::request(db, record, &format!("event {}", event.id), stamp, now)?;
        }
        first_ids.insert(digest.clone(), event.id.clone());
        rows.push(Row {
            id: &event.id,
            digest,
            partner: &delivery.partner,
            entity: event.kind.entity.singular(),
            reference: event.reference.as_str(),
            event_type: event.kind.as_str(),
            event_date: &event.raw_date,
            received_at: now.timestamp_micros(),
            status,
        });
        receipts.push(receipt);
    }
    insert(db, &rows)?;
    let changed: Vec<Record> = ledger.into_values().filter(|record| record.stamp == stamp).collect();
    records::save_all(db, &changed)?;
    Ok(receipts)
}

type Key = (String, Entity, Reference);

fn key_of(delivery: &Delivery) -> Key {
    (delivery.partner.clone(), delivery.event.kind.entity, delivery.event.reference.clone())
}

fn lock_records(db: &mut Db<'_>, batch: &[Delivery]) -> Result<BTreeMap<Key, Record>> {
    let mut groups: BTreeMap<(&str, Entity), Vec<&Reference>> = BTreeMap::new();
    for Delivery { partner, event, .. } in batch {
        groups.entry((partner, event.kind.entity)).or_default().push(&event.reference);
    }
    let mut ledger = BTreeMap::new();
    for ((partner, entity), mut references) in groups {
        references.sort_unstable();
        references.dedup();
        let found: HashMap<String, Record> = records::lock(db, partner, entity, &references)?
            .into_iter()
            .map(|record| (record.reference.clone(), record))
            .collect();
        for reference in references {
            if let Some(record) = found.get(reference.as_str()) {
                ledger.insert((partner.to_owned(), entity, reference.clone()), record.clone());
            }
        }
    }
    Ok(ledger)
}

/// The ids of those that were heard before, by digest.
fn known(db: &mut Db<'_>, digests: &[String]) -> Result<HashMap<String, String>> {
    let columns = (deliveries::digest, deliveries::id);
    match db {
        Db::Postgres(c) => {
            let query = deliveries::table.filter(deliveries::digest.eq_any(digests)).select(columns);
            Ok(query.load::<(String, String)>(*c)?.into_iter().collect())
        }
        // One by one: the statement stays prepared, whatever their number.
        Db::Sqlite(c) => {
            let mut known = HashMap::new();
            for digest in digests {
                let query = deliveries::table.filter(deliveries::digest.eq(digest)).select(columns);
                known.extend(query.get_result::<(String, String)>(*c).optional()?);
            }
            Ok(known)
        }
    }
}

fn insert(db: &mut Db<'_>, rows: &[Row<'_>]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    match db {
        Db::Postgres(c) => {
            let insert = "INSERT INTO deliveries \
                SELECT * FROM json_populate_recordset(NULL::deliveries, $1::json)";
            diesel::sql_query(insert).bind::<Text, _>(as_json(rows)?).execute(*c)?;
        }
        Db::Sqlite(c) => {
            for row in rows {
                diesel::insert_into(deliveries::table).values(row).execute(*c)?;
            }
        }
    }
    Ok(())
}
