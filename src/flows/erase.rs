//! Erase: a person asked for deletion. What HrFlow holds is overwritten, archived and looked for; a tombstone stays.
//!
//! HrFlow deletes nothing, so this is as far as its API goes; whatever it keeps beside its objects is asked of HrFlow.

use serde::{Deserialize, Serialize};

use super::index::unsent;
use super::lease::Leased;
use super::road::Road;
use super::{Context, Partner};
use crate::error::{Error, Kind, Result};
use crate::hrflow::{By, Client, Prepared, minimum};
use crate::model::{Entity, Reference};
use crate::store::{self, Erasure, Settlement, Side, erasures, records};

/// What was verified before an erasure counted as done, and how. It names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The API and the source.
    pub target: String,
    /// How many profiles HrFlow held under the reference; each was overwritten and archived.
    pub profiles: usize,
    /// What was looked at afterwards, a sentence each.
    pub checks: Vec<String>,
}

/// Asks for a profile's erasure, whether or not anything was ever heard of it. `by`: who asks, without a name.
pub async fn request(
    context: &Context,
    partner: &Partner,
    reference: Reference,
    by: String,
) -> Result<Erasure> {
    let (name, clock) = (partner.settings.name.clone(), context.clock.clone());
    let erasure = context
        .store
        .change(&partner.settings.name, move |db| {
            let mut locked = records::lock(db, &name, Entity::Profile, &[&reference])?;
            let (stamp, now) = (store::next_stamp(db)?, store::now(db, &clock)?);
            let record = locked.first_mut();
            let record =
                record.ok_or_else(|| Error::new(Kind::Internal, "the record could not be locked"))?;
            let erasure = erasures::request(db, record, &by, stamp, now)?;
            records::save_all(db, &locked)?;
            Ok(erasure)
        })
        .await?;
    partner.records_due.notify_one();
    Ok(erasure)
}

/// Erases what HrFlow holds. Every step may be repeated, so that after a crash all of them are.
pub(super) async fn erase(
    context: &Context,
    partner: &Partner,
    leased: &Leased,
    road: &mut Road,
) -> Settlement {
    let hrflow = partner.hrflow.under(leased.guard(context.limits.call_timeout));
    let settings = &partner.settings;
    let source = settings.container_key(leased.entity);
    let carried_out = road.heard.note(Side::HrFlow, carry_out(&hrflow, source, leased).await);
    let proof = match carried_out.flatten() {
        Ok((profiles, checks)) => Proof { target: partner.target(leased.entity), profiles, checks },
        Err(problem) => return unsent(context, &leased.record, problem),
    };
    Settlement::Erased { proof: serde_json::json!(proof).to_string() }
}

/// Calls HrFlow. The inner result is what it then shows: where that is still the person, HrFlow is well all the same, and
/// nothing else needs to wait.
async fn carry_out(hrflow: &Client, source: &str, leased: &Leased) -> Result<Result<(usize, Vec<String>)>> {
    let reference = &leased.reference;
    let minimum = minimum(source, reference)?;
    let listed = hrflow.holdings(source, reference).await?;
    let mut dates: Vec<Option<String>> = listed.iter().map(|profile| profile.created_at.clone()).collect();
    // What the reference stands for, which may not be listed yet; then what it stood for once, and what we knew.
    let mut keys = Vec::new();
    match hrflow.edit(By::Reference, &minimum).await {
        Ok(written) => keys.push(written.key),
        Err(problem) if problem.kind() == Kind::NotFound => {}
        Err(problem) => return Err(problem),
    }
    let others = listed.into_iter().map(|profile| profile.key).chain(leased.record.hrflow_key.clone());
    for key in others {
        if !keys.contains(&key) && overwrite(hrflow, source, &key, &minimum).await? {
            keys.push(key);
        }
    }
    for key in &keys {
        hrflow.archive_by_key(source, key, true).await?;
    }
    for key in &keys {
        let Some(profile) = hrflow.holding(source, key).await? else { continue };
        if !profile.archived || profile.says > 0 {
            return Ok(Err(remains("HrFlow still shows what was overwritten and archived")));
        }
        dates.push(profile.created_at);
    }
    dates.sort_unstable();
    dates.dedup();
    if dates.is_empty() {
        dates.push(None);
    }
    for date in &dates {
        if hrflow.is_found(source, date.as_deref(), reference, &keys).await? {
            return Ok(Err(remains("a search in HrFlow still finds what was erased")));
        }
    }
    Ok(Ok((keys.len(), checks(keys.len()))))
}

fn remains(message: &str) -> Error {
    Error::new(Kind::Upstream, message)
}

/// Overwrites a profile by its key. Returns whether HrFlow has it.
async fn overwrite(hrflow: &Client, source: &str, key: &str, minimum: &Prepared) -> Result<bool> {
    match hrflow.edit(By::Key(key), minimum).await {
        Ok(_) => return Ok(true),
        Err(problem) if problem.kind() == Kind::NotFound => {}
        Err(problem) => return Err(problem),
    }
    // It may be there all the same, out of an edit's reach because it is archived.
    if !hrflow.archive_by_key(source, key, false).await? {
        return Ok(false);
    }
    hrflow.edit(By::Key(key), minimum).await.map(|_| true)
}

fn checks(profiles: usize) -> Vec<String> {
    let read = match profiles {
        0 => "HrFlow does not find the reference, neither in its list nor by an edit",
        _ => "each profile was read back by its key: it says nothing of a person, and is archived",
    };
    let searched =
        "a search of the source by the dates of creation, the latest changes first, does not find it";
    vec![read.to_owned(), searched.to_owned()]
}
