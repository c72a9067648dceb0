//! Who works on an export: one process at a time, as long as it renews its lease.

use super::super::{Context, Partner};
use crate::error::Result;
use crate::store::{self, Export, exports};

/// Leases an export of this partner that is due and that nobody works on.
pub async fn claim(context: &Context, partner: &Partner) -> Result<Option<Export>> {
    let (name, clock, length) = (partner.settings.name.clone(), context.clock.clone(), context.limits.lease);
    let is_due = context.store.read({
        let (name, clock) = (name.clone(), clock.clone());
        move |db| {
            let now = store::now(db, &clock)?.timestamp_micros();
            exports::is_due(db, &name, now)
        }
    });
    // Most of the time there is none, and looking costs no transaction.
    if !is_due.await? {
        return Ok(None);
    }
    context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?;
            let token = uuid::Uuid::now_v7().to_string();
            let until = (now + length).timestamp_micros();
            exports::claim(db, &name, &token, until, now.timestamp_micros())
        })
        .await
}

/// Gives an export back before its lease ends, so that whoever comes next goes on at once.
pub async fn release(context: &Context, id: String, token: String) -> Result<()> {
    let clock = context.clock.clone();
    context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?.timestamp_micros();
            exports::renew(db, &id, &token, now)
        })
        .await
        .map(drop)
}

pub(super) async fn renew(context: &Context, export: &Export) -> Result<bool> {
    let (clock, length) = (context.clock.clone(), context.limits.lease);
    let (id, token) = (export.id.clone(), export.lease.clone().unwrap_or_default());
    context
        .store
        .write(move |db| {
            let until = (store::now(db, &clock)? + length).timestamp_micros();
            exports::renew(db, &id, &token, until)
        })
        .await
}
