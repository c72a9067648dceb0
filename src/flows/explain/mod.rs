//! Explain: why a pair matches as it does, in HrFlow's words. HrFlow takes seconds, so the work goes on without its asker,
//! and what came of it is kept for as long as neither object changes.
//!
//! ```text
//! ask → kept? → answered
//!     → taken by its lease → work (beside the asker: score, upskilling, grading) → settled → answered, or watched by its id
//! ```

mod desk;
mod work;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, sleep_until};

use super::pair::{self, Pair};
use super::{Context, Partner};
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, digest};
use crate::store::explanations::{self, Stage};
use crate::store::{self, Db, Explanation, records};

pub use desk::Desk;

/// How soon one that another node makes is looked at again.
const LOOK: Duration = Duration::from_millis(500);

/// What HrFlow said of a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// As the list has it.
    pub score: f64,
    /// By the grading algorithm, on a scale of its own; none without one, and when HrFlow could not grade the pair.
    pub grade: Option<f64>,
    /// Whether HrFlow was asked for a grade and could not give one.
    pub ungradable: bool,
    /// Why there is no grade, though it was asked for.
    pub ungraded: Option<String>,
    /// What speaks for the pair.
    pub strengths: Vec<Point>,
    /// What speaks against it.
    pub gaps: Vec<Point>,
}

/// A strength or a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// In a few words.
    pub name: String,
    /// The evidence.
    pub description: Option<String>,
}

/// Why there is no explanation.
#[derive(Debug, Serialize, Deserialize)]
pub struct Problem {
    code: String,
    detail: String,
}

impl Problem {
    /// The error that it was, to be told again.
    pub fn into_error(self) -> Error {
        Error::new(Kind::parse(&self.code).unwrap_or(Kind::Internal), self.detail)
    }
}

/// Asks for the explanation of a pair in a language, and waits for it at most this long. It is as far as it has come.
///
/// # Errors
/// `NotFound`, `Gone` or `Pending` for either object, `Unavailable` when too many are waited for.
pub async fn ask(
    context: &Arc<Context>,
    partner: &Arc<Partner>,
    pair: Pair,
    lang: &'static str,
    wait: Duration,
) -> Result<Explanation> {
    let asked = Asked { pair, lang };
    let kept = look(context, partner, &asked).await?;
    let id = match kept {
        Some(kept) => kept.id,
        None => begin(context, partner, asked).await?,
    };
    watch(context, partner, &id, wait).await
}

/// An explanation that was asked for, as far as it has come; one whose maker has gone, or that failed a while ago, is begun
/// again.
///
/// # Errors
/// `NotFound` for an id that is not this partner's; `NotFound`, `Gone` or `Pending` for either object; `Conflict` for one
/// that cannot be made any more, since an object is no longer what it was; `Unavailable` when too many are waited for.
pub async fn get(context: &Arc<Context>, partner: &Arc<Partner>, id: &str) -> Result<Explanation> {
    let found = find(context, partner, id).await?;
    let now = context.clock.now().timestamp_micros();
    let (name, pair) = (partner.settings.name.clone(), work::pair_of(&found)?);
    // Words about a person who was archived since are nobody's to read.
    let known = context.store.read(move |db| pair::known(db, &name, &pair, now)).await?;
    if !found.is_due(now) {
        return Ok(found);
    }
    if known.fingerprints() != (found.job_fingerprint.as_ref(), found.profile_fingerprint.as_ref()) {
        let message = "the job or the profile changed before the pair was explained: ask for the pair again";
        return Err(Error::new(Kind::Conflict, message));
    }
    let place = partner.explaining.place()?;
    take(context, partner, &found, place).await?;
    find(context, partner, id).await
}

#[derive(Clone)]
struct Asked {
    pair: Pair,
    lang: &'static str,
}

/// The one that there is, unless it is to be made anew.
async fn look(context: &Context, partner: &Arc<Partner>, asked: &Asked) -> Result<Option<Explanation>> {
    let now = context.clock.now().timestamp_micros();
    let (owner, asked) = (partner.clone(), asked.clone());
    let kept = context.store.read(move |db| {
        let known = pair::known(db, &owner.settings.name, &asked.pair, now)?;
        explanations::of_subject(db, &subject(&owner, &asked, &known))
    });
    Ok(kept.await?.filter(|kept| !kept.is_due(now)))
}

/// Begins to make one, unless another asker was faster. Returns its id.
async fn begin(context: &Arc<Context>, partner: &Arc<Partner>, asked: Asked) -> Result<String> {
    let place = partner.explaining.place()?;
    let (clock, owner, lease) = (context.clock.clone(), partner.clone(), context.limits.lease);
    let token = uuid::Uuid::now_v7().to_string();
    let mine = token.clone();
    let (explanation, ours) = context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?;
            let explanation = draft(db, &owner, &asked, now.timestamp_micros())?;
            let until = (now + lease).timestamp_micros();
            let leased =
                Explanation { lease: Some(mine.clone()), lease_until: Some(until), ..explanation.clone() };
            if explanations::insert(db, &leased)? {
                return Ok((leased, true));
            }
            let kept = explanations::of_subject(db, &leased.subject)?
                .ok_or_else(|| Error::new(Kind::Unavailable, "the explanation was just deleted"))?;
            let ours = explanations::take(db, &kept.id, &mine, until, now.timestamp_micros())?;
            Ok((kept, ours))
        })
        .await?;
    let id = explanation.id.clone();
    if ours {
        work::start(context, partner, explanation, token, place);
    }
    Ok(id)
}

/// Takes over one whose maker has gone, unless another asker was faster.
async fn take(
    context: &Arc<Context>,
    partner: &Arc<Partner>,
    found: &Explanation,
    place: OwnedSemaphorePermit,
) -> Result<()> {
    let (clock, lease) = (context.clock.clone(), context.limits.lease);
    let token = uuid::Uuid::now_v7().to_string();
    let (mine, id) = (token.clone(), found.id.clone());
    let ours = context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?;
            let until = (now + lease).timestamp_micros();
            explanations::take(db, &id, &mine, until, now.timestamp_micros())
        })
        .await?;
    if ours {
        work::start(context, partner, found.clone(), token, place);
    }
    Ok(())
}

/// A new one, under the lock of the profile: whoever erases it waits until this is written, and deletes it.
fn draft(db: &mut Db<'_>, partner: &Partner, asked: &Asked, now: i64) -> Result<Explanation> {
    let name = &partner.settings.name;
    records::lock_one(db, name, Entity::Profile, &asked.pair.profile)?;
    let known = pair::known(db, name, &asked.pair, now)?;
    Ok(Explanation {
        id: uuid::Uuid::now_v7().to_string(),
        subject: subject(partner, asked, &known),
        partner: name.clone(),
        job_reference: asked.pair.job.as_str().to_owned(),
        profile_reference: asked.pair.profile.as_str().to_owned(),
        ranked: asked.pair.ranked.singular().to_owned(),
        lang: asked.lang.to_owned(),
        job_fingerprint: known.job.fingerprint,
        profile_fingerprint: known.profile.fingerprint,
        state: Stage::Running,
        lease: None,
        lease_until: None,
        asked_at: now,
        ended_at: None,
        retry_at: None,
        told: None,
        problem: None,
    })
}

/// What decides what an explanation says: whose it is, which two objects and in which state, and who judges them how.
fn subject(partner: &Partner, asked: &Asked, known: &pair::Known) -> String {
    let Asked { pair, lang } = asked;
    let settings = &partner.settings;
    // Where no fingerprint is known, the version tells one state from another.
    let state = |record: &store::Record| {
        record.fingerprint.clone().unwrap_or_else(|| format!("version {}", record.settled_version))
    };
    let parts = [
        &settings.name,
        pair.job.as_str(),
        pair.profile.as_str(),
        &state(&known.job),
        &state(&known.profile),
        pair.ranked.singular(),
        lang,
        &settings.algorithm_key,
        settings.grading_algorithm_key.as_deref().unwrap_or_default(),
    ];
    digest(&parts.map(str::as_bytes))
}

/// Waits until an explanation has ended, at most this long.
async fn watch(context: &Context, partner: &Partner, id: &str, wait: Duration) -> Result<Explanation> {
    let end = Instant::now() + wait;
    loop {
        let mut ended = pin!(partner.explaining.ended.notified());
        ended.as_mut().enable();
        let found = find(context, partner, id).await?;
        if found.state != Stage::Running || Instant::now() >= end {
            return Ok(found);
        }
        tokio::select! {
            () = ended => {}
            () = sleep(LOOK) => {}
            () = sleep_until(end) => {}
        }
    }
}

async fn find(context: &Context, partner: &Partner, id: &str) -> Result<Explanation> {
    let (name, wanted) = (partner.settings.name.clone(), id.to_owned());
    let found = context.store.read(move |db| explanations::find(db, &name, &wanted)).await?;
    found.ok_or_else(|| Error::new(Kind::NotFound, format!("no explanation has the id `{id}`")))
}
