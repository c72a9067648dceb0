//! Feedback: what people say of a match is told to HrFlow, once, and read back from there. We keep none of it.
//!
//! HrFlow's call is not idempotent. Under an `Idempotency-Key` every attempt is written down before it is made; one whose
//! end nobody saw is looked for in HrFlow before it is made again. That is as good as HrFlow's list is: what it does not
//! show yet would be told twice.

mod list;

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};

use super::query::{ensure_indexed, known_to_us};
use super::{Context, Partner};
use crate::error::{Error, Kind, Result};
use crate::hrflow::{Containers, Said, Wanted};
use crate::model::{Entity, Feedback, Reference, digest};
use crate::store::feedback::{Attempt, Begun, Keyed};
use crate::store::{self, Record, feedback, records};

pub use list::{Asked, Item, Told, list};

/// The longest list that is looked through for what may have been recorded: it is of one pair, one role and one moment
/// unless HrFlow heeds none of that.
const PAGES: u64 = 3;

/// Feedback that HrFlow has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its id: the same however often it is sent under one key.
    pub id: String,
    /// When it was said, as HrFlow was told.
    pub said_at: DateTime<Utc>,
    /// Whether it was recorded before.
    pub again: bool,
}

/// Tells HrFlow what is said of a pair, under a key at most once.
///
/// # Errors
/// For the objects as in scoring; `Conflict` while the same is under way, `Invalid` when something else was told under the
/// key; what calling HrFlow may end in, and then whether it may have been recorded.
pub async fn tell(
    context: &Context,
    partner: &Partner,
    said: &Feedback,
    key: Option<&str>,
) -> Result<Recorded> {
    // HrFlow keeps milliseconds at most, and the answer says what HrFlow was told.
    let said_at = said.created_at.unwrap_or_else(|| context.clock.now()).trunc_subsecs(3);
    let Some(key) = key else {
        send(context, partner, said, said_at).await.map_err(|problem| doubtful(problem, None))?;
        return Ok(Recorded { id: uuid::Uuid::now_v7().to_string(), said_at, again: false });
    };
    let keyed = keyed(partner, said, key)?;
    let (attempt, may_be_there) = match begin(context, &keyed, said_at).await? {
        Begun::First(attempt) => (attempt, false),
        Begun::Again(attempt) => (attempt, true),
        Begun::Recorded(attempt) => return Ok(recorded(attempt, true)),
        Begun::UnderWay(wait) => {
            let message = "the same is under way, or was until just now and may have been recorded";
            return Err(Error::new(Kind::Conflict, message).retry_after(wait));
        }
        Begun::Other => {
            return Err(Error::new(Kind::Invalid, "the feedback cannot be accepted")
                .field("Idempotency-Key", "was used for something else within a day: take a new one"));
        }
    };
    let told = carry_out(context, partner, said, &attempt, may_be_there).await;
    settle(context, keyed, attempt, may_be_there, told).await
}

/// How long an attempt may take: twice a look or a call, each of which may wait for a free connection first.
fn lease(context: &Context) -> Duration {
    context.limits.call_timeout * 5
}

fn keyed(partner: &Partner, said: &Feedback, key: &str) -> Result<Keyed> {
    let body = serde_json::to_vec(said)
        .map_err(|cause| Error::new(Kind::Internal, "feedback could not be written").because(cause))?;
    Ok(Keyed {
        partner: partner.settings.name.clone(),
        kind: said.saying.kind(),
        key_digest: digest(&[key.as_bytes()]),
        // With the key in it, so that nobody who has the row alone can guess an address or a comment.
        body_digest: digest(&[key.as_bytes(), &body]),
    })
}

async fn begin(context: &Context, keyed: &Keyed, said_at: DateTime<Utc>) -> Result<Begun> {
    let (keyed, clock, lease) = (keyed.clone(), context.clock.clone(), lease(context));
    context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?;
            feedback::begin(db, &keyed, said_at, now, lease)
        })
        .await
}

/// Looks for it if it may be there, and sends it if it is not.
async fn carry_out(
    context: &Context,
    partner: &Partner,
    said: &Feedback,
    attempt: &Attempt,
    may_be_there: bool,
) -> Result<()> {
    if may_be_there {
        let looking = is_there(partner, said, attempt.said_at);
        let late = |_| Error::new(Kind::TimedOut, "HrFlow did not answer in time");
        if tokio::time::timeout(context.limits.call_timeout * 2, looking).await.map_err(late)?? {
            return Ok(());
        }
    }
    send(context, partner, said, attempt.said_at).await
}

/// Writes down how the attempt ended, before anybody is told.
async fn settle(
    context: &Context,
    keyed: Keyed,
    attempt: Attempt,
    may_be_there: bool,
    told: Result<()>,
) -> Result<Recorded> {
    let (clock, rest, ours) = (context.clock.clone(), context.limits.call_timeout, attempt.clone());
    let Err(problem) = told else {
        context.store.write(move |db| feedback::recorded(db, &keyed, &ours)).await?;
        return Ok(recorded(attempt, false));
    };
    if is_doubtful(problem.kind()) || may_be_there {
        // What was sent may arrive after we have given up: nobody looks for it before it has had time to.
        context
            .store
            .write(move |db| {
                let rests_until = store::now(db, &clock)? + rest;
                feedback::unclear(db, &keyed, &ours, rests_until)
            })
            .await?;
        return Err(doubtful(problem, Some(rest)));
    }
    context.store.write(move |db| feedback::release(db, &keyed, &ours)).await?;
    Err(problem)
}

fn recorded(attempt: Attempt, again: bool) -> Recorded {
    Recorded { id: attempt.id, said_at: attempt.said_at, again }
}

/// Whether HrFlow may have recorded what failed so.
fn is_doubtful(kind: Kind) -> bool {
    matches!(kind, Kind::TimedOut | Kind::Upstream)
}

/// Says what is not known and what to do. `rest`: when it may be sent again under its key.
fn doubtful(problem: Error, rest: Option<Duration>) -> Error {
    let advice = match rest {
        Some(_) => {
            "it may have been recorded; sent again with the same Idempotency-Key it is first looked for in HrFlow"
        }
        None if !is_doubtful(problem.kind()) => return problem,
        None => {
            "it may have been recorded: look for it before it is sent again; with an Idempotency-Key we would"
        }
    };
    let told = Error::new(problem.kind(), format!("{}; {advice}", problem.message())).because(problem);
    match rest {
        Some(rest) => told.retry_after(rest),
        None => told,
    }
}

async fn send(context: &Context, partner: &Partner, said: &Feedback, said_at: DateTime<Utc>) -> Result<()> {
    ensure_both(context, partner, said).await?;
    partner.hrflow.tell(containers(partner), said, said_at).await.map_err(known_to_us)
}

fn containers(partner: &Partner) -> Containers<'_> {
    Containers { board_key: &partner.settings.board_key, source_key: &partner.settings.source_key }
}

async fn ensure_both(context: &Context, partner: &Partner, said: &Feedback) -> Result<()> {
    let pair = [(Entity::Job, said.job.clone()), (Entity::Profile, said.profile.clone())];
    let now = context.clock.now().timestamp_micros();
    for (entity, reference) in pair {
        let record = record(context, partner, entity, &reference).await?;
        ensure_indexed(entity, &reference, record, now)?;
    }
    Ok(())
}

async fn record(
    context: &Context,
    partner: &Partner,
    entity: Entity,
    reference: &Reference,
) -> Result<Option<Record>> {
    let (name, wanted) = (partner.settings.name.clone(), reference.clone());
    context.store.read(move |db| records::find(db, &name, entity, &wanted)).await
}

/// Whether HrFlow has it: the same said of the same pair in the same role and second, with no other comment.
async fn is_there(partner: &Partner, said: &Feedback, said_at: DateTime<Utc>) -> Result<bool> {
    for page in 1..=PAGES {
        let wanted = Wanted {
            kind: said.saying.kind(),
            role: said.role,
            job: Some(said.job.as_str()),
            profile: Some(said.profile.as_str()),
            actions: &[],
            said_at: Some(said_at),
            page,
            limit: 100,
        };
        let heard = partner.hrflow.hear(containers(partner), &wanted).await?;
        let is_it = |item: &Said| {
            item.role == said.role
                && item.saying.is_like(&said.saying)
                && item.job.as_deref().is_none_or(|job| job == said.job.as_str())
                && item.profile.as_deref().is_none_or(|profile| profile == said.profile.as_str())
                && item.created_at.is_some_and(|date| date.timestamp() == said_at.timestamp())
                && (item.comment.is_none() || item.comment == said.comment)
        };
        if heard.items.iter().any(is_it) {
            return Ok(true);
        }
        if heard.max_page <= page {
            break;
        }
    }
    Ok(false)
}
