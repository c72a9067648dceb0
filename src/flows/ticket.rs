//! Match now: an object that the partner has and we have not is fetched, indexed and scored in one call. Who cannot wait so
//! long gets a ticket, which any node takes.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};

use super::query::{self, Asked, Told, Write};
use super::question::Question;
use super::receipts::Parameters;
use super::{Context, Partner};
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference};
use crate::store::{self, Outcome, Record, Ticket, mailbox, records, tickets};

/// How often a record is looked at that another process may settle.
const POLL: Duration = Duration::from_millis(500);

/// For how long after it was indexed an object that HrFlow refuses to score may be too new for that.
const TOO_NEW: Duration = Duration::from_mins(1);

/// How often HrFlow is asked again meanwhile.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// Objects of a partner that are fetched only because somebody asked, at a time.
const MOST_ASKED_FOR: i64 = 100;

/// Tickets that a partner may hold.
const MOST_TICKETS: i64 = 1000;

/// How long a ticket is good for.
const VALIDITY: Duration = Duration::from_hours(1);

/// When an object that is worked on is worth another look.
const SOON: Duration = Duration::from_secs(1);

/// A call that may wait.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is asked.
    pub asked: Asked,
    /// What a receipt of its answer would say of its parameters.
    pub parameters: Parameters,
    /// Whether its answer is to be put down.
    pub receipt: bool,
}

/// What came of the wait.
#[derive(Debug)]
pub enum Waited {
    /// The object is there, and this is the answer to the call.
    Ready(Call, Told),
    /// The object is still on its way.
    Later(Ticket, Duration),
}

/// What a ticket keeps of a call.
#[derive(Serialize, Deserialize)]
struct Kept {
    page: u64,
    limit: u64,
    question: Question,
    parameters: Parameters,
    receipt: bool,
}

/// Waits until what the partner has now of the object that is scored for has reached HrFlow, at most for `patience`, and
/// asks for the answer, as `write` writes it down. `anew`: only what is asked then will do.
///
/// # Errors
/// Those of [`query::answer`]; `NotFound` when the partner does not know the object; `RateLimited` when too many wait.
pub async fn wait(
    context: &Arc<Context>,
    partner: &Arc<Partner>,
    call: Call,
    patience: Duration,
    anew: bool,
    write: Write,
) -> Result<Waited> {
    let deadline = Instant::now() + patience;
    let (entity, reference) = object(&call.asked)?;
    // Before the first look: nothing that is settled after it goes unheard.
    let place = partner.waiting.enter(entity, &reference)?;
    let version = ask_for(context, partner, entity, &reference).await?;
    loop {
        let mut rung = pin!(place.bell.notified());
        rung.as_mut().enable();
        let (wait, look_again) = match look(context, partner, &call.asked, version, anew, write).await? {
            Look::Ready(told) => return Ok(Waited::Ready(call, told)),
            Look::OnItsWay(wait) => (wait, POLL),
            Look::TooNew => (ASK_AGAIN, ASK_AGAIN),
        };
        let now = Instant::now();
        if now >= deadline {
            let ticket = issue(context, partner, entity, &reference, &call, version).await?;
            return Ok(Waited::Later(ticket, wait));
        }
        let next = deadline.min(now + look_again);
        tokio::select! {
            () = rung => {}
            () = sleep_until(next) => {}
        }
    }
}

/// What has come of a ticket.
///
/// # Errors
/// `NotFound` for a ticket that this partner does not hold, or no longer; else those of [`wait`].
pub async fn redeem(
    context: &Arc<Context>,
    partner: &Arc<Partner>,
    id: &str,
    anew: bool,
    write: Write,
) -> Result<Waited> {
    let (name, wanted, clock) = (partner.settings.name.clone(), id.to_owned(), context.clock.clone());
    let ticket = context.store.read(move |db| {
        let now = store::now(db, &clock)?.timestamp_micros();
        tickets::find(db, &name, &wanted, now)
    });
    let ticket = ticket.await?.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("no ticket has the id `{id}`, or it has expired"))
    })?;
    let call = restore(&ticket)?;
    Ok(match look(context, partner, &call.asked, ticket.version, anew, write).await? {
        Look::Ready(told) => Waited::Ready(call, told),
        Look::OnItsWay(wait) => Waited::Later(ticket, wait),
        Look::TooNew => Waited::Later(ticket, ASK_AGAIN),
    })
}

fn object(asked: &Asked) -> Result<(Entity, Reference)> {
    let reference = asked.scored_for.clone();
    let reference = reference.ok_or_else(|| Error::new(Kind::Internal, "nothing to wait for"))?;
    Ok((asked.entity.other(), reference))
}

/// Sees to it that an object of which nothing was ever heard is fetched. Returns the change that is to be waited for.
async fn ask_for(context: &Context, partner: &Partner, entity: Entity, reference: &Reference) -> Result<i64> {
    let (name, wanted) = (partner.settings.name.clone(), reference.clone());
    let known = context.store.read(move |db| records::find(db, &name, entity, &wanted)).await?;
    if let Some(record) = known {
        return Ok(record.version);
    }
    if partner.settings.service.resource(entity).is_none() {
        return Err(Error::new(Kind::NotFound, format!("no {entity} has the reference `{reference}`")));
    }
    let (name, wanted, clock) = (partner.settings.name.clone(), reference.clone(), context.clock.clone());
    let version = context
        .store
        .write(move |db| {
            if tickets::count_asked_for(db, &name, MOST_ASKED_FOR)? >= MOST_ASKED_FOR {
                let message = format!(
                    "{MOST_ASKED_FOR} objects that nobody has announced are being fetched already; announce objects by \
                     webhooks, or ask again later"
                );
                return Err(Error::new(Kind::RateLimited, message).retry_after(Duration::from_secs(10)));
            }
            let mut locked = records::lock(db, &name, entity, &[&wanted])?;
            let (stamp, now) = (store::next_stamp(db)?, store::now(db, &clock)?);
            let record = locked.first_mut();
            let record =
                record.ok_or_else(|| Error::new(Kind::Internal, "the record could not be locked"))?;
            mailbox::ask_for(record, stamp, now);
            let version = record.version;
            records::save_all(db, &locked)?;
            Ok(version)
        })
        .await?;
    partner.records_due.notify_one();
    Ok(version)
}

/// What a look at the object comes to.
enum Look {
    /// HrFlow has it and scores it.
    Ready(Told),
    /// The object is on its way, and is worked on in so long.
    OnItsWay(Duration),
    /// HrFlow has it, and does not score it yet.
    TooNew,
}

async fn look(
    context: &Arc<Context>,
    partner: &Arc<Partner>,
    asked: &Asked,
    version: i64,
    anew: bool,
    write: Write,
) -> Result<Look> {
    let (entity, reference) = object(asked)?;
    let (name, clock) = (partner.settings.name.clone(), context.clock.clone());
    let wanted = reference.clone();
    let (record, now) = context
        .store
        .read(move |db| {
            let now = store::now(db, &clock)?.timestamp_micros();
            Ok((records::find(db, &name, entity, &wanted)?, now))
        })
        .await?;
    let record = record.ok_or_else(|| unknown(entity, &reference))?;
    let in_hrflow = record.is_indexed();
    if record.missing > 0 && !in_hrflow {
        return Err(unknown(entity, &reference));
    }
    if is_on_its_way(&record, version) {
        return Ok(Look::OnItsWay(due_in(&record, now)));
    }
    match query::answer(context, partner, asked.clone(), anew, write).await {
        Ok(told) => Ok(Look::Ready(told)),
        Err(problem) if problem.kind() == Kind::Refused && is_new(&record, now) => Ok(Look::TooNew),
        Err(problem) => Err(problem),
    }
}

/// Whether the change has not reached HrFlow yet and still may.
fn is_on_its_way(record: &Record, version: i64) -> bool {
    record.wanted == store::Wanted::Present
        && record.settled_version < version
        && record.missing == 0
        && record.outcome != Some(Outcome::SetAside)
}

/// When there is news of a change that is on its way: of one that is worked on, `due_at` tells when its lease ends.
fn due_in(record: &Record, now: i64) -> Duration {
    if record.lease.is_some() {
        return SOON;
    }
    let due_in = record.due_at.map_or(0, |due_at| due_at - now);
    Duration::from_micros(u64::try_from(due_in).unwrap_or_default())
}

fn is_new(record: &Record, now: i64) -> bool {
    let age = record.indexed_at.and_then(|indexed_at| u64::try_from(now - indexed_at).ok());
    age.is_some_and(|age| Duration::from_micros(age) < TOO_NEW)
}

fn unknown(entity: Entity, reference: &Reference) -> Error {
    Error::new(
        Kind::NotFound,
        format!("the partner's service does not know the {entity} `{reference}` (yet)"),
    )
}

async fn issue(
    context: &Context,
    partner: &Partner,
    entity: Entity,
    reference: &Reference,
    call: &Call,
    version: i64,
) -> Result<Ticket> {
    let Call { asked, parameters, receipt } = call;
    let kept = Kept {
        page: asked.page,
        limit: asked.limit,
        question: Question::of(asked),
        parameters: parameters.clone(),
        receipt: *receipt,
    };
    let question = serde_json::to_string(&kept)
        .map_err(|cause| Error::new(Kind::Internal, "a question could not be written down").because(cause))?;
    let ticket = Ticket {
        id: uuid::Uuid::now_v7().to_string(),
        partner: partner.settings.name.clone(),
        entity: entity.singular().to_owned(),
        reference: reference.as_str().to_owned(),
        version,
        question,
        created_at: 0,
        expires_at: 0,
    };
    let clock = context.clock.clone();
    context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?;
            if tickets::count(db, &ticket.partner, now.timestamp_micros())? >= MOST_TICKETS {
                let message = format!("{MOST_TICKETS} tickets are open already; each is good for an hour");
                return Err(Error::new(Kind::RateLimited, message).retry_after(Duration::from_mins(1)));
            }
            let expires_at = (now + VALIDITY).timestamp_micros();
            let ticket = Ticket { created_at: now.timestamp_micros(), expires_at, ..ticket };
            tickets::insert(db, &ticket)?;
            Ok(ticket)
        })
        .await
}

fn restore(ticket: &Ticket) -> Result<Call> {
    let unreadable = || Error::new(Kind::Internal, "a ticket cannot be read");
    let kept: Kept = serde_json::from_str(&ticket.question).map_err(|cause| unreadable().because(cause))?;
    let ranked = Entity::parse(&ticket.entity).ok_or_else(unreadable)?.other();
    let reference = Reference::parse(ticket.reference.clone())?;
    Ok(Call {
        asked: kept.question.ask(ranked, reference, kept.page, kept.limit),
        parameters: kept.parameters,
        receipt: kept.receipt,
    })
}
