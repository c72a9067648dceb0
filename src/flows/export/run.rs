//! The work on an export: a handful of lines at a time under one lease, each written with its place in one transaction. A
//! crash repeats the calls that were under way, and no line.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, future, stream};
use serde_json::json;

use super::super::backoff::backoff;
use super::super::breaker::{self, Heard, Object, Report};
use super::super::held::while_held;
use super::super::query::{self, Asked};
use super::super::question::Question;
use super::super::{Context, Partner};
use super::State;
use super::lease::renew;
use super::take::{Handful, take};
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference};
use crate::store::exports::lines::{self, Content, Match, Planned};
use crate::store::{self, Db, Export, Side, exports};

/// Objects of an export that are asked for at once.
const AT_ONCE: usize = 4;

/// Works on a leased export until it ends, or rests because nothing of it can be done now.
pub async fn run(context: &Context, partner: &Partner, export: Export) -> Result<()> {
    let Some(ranked) = Entity::parse(&export.ranked) else { return Ok(()) };
    let question: Question = serde_json::from_str(&export.question)
        .map_err(|cause| Error::new(Kind::Internal, "an export cannot be read").because(cause))?;
    let job = Job { context, partner, export: &export, ranked, question };
    let renewing = || renew(context, &export);
    // Where the lease was lost, another worker goes on.
    while while_held(context.limits.lease, renewing, job.step()).await.transpose()?.unwrap_or_default() {}
    Ok(())
}

/// An export as one worker has it.
struct Job<'a> {
    context: &'a Context,
    partner: &'a Partner,
    export: &'a Export,
    ranked: Entity,
    question: Question,
}

impl Job<'_> {
    /// Works on a handful of lines. Returns whether there is more to do now.
    async fn step(&self) -> Result<bool> {
        let Some(Handful { lines, probes }) = self.take().await? else { return Ok(false) };
        let (halted, probes) = (AtomicBool::new(false), &probes);
        let open = stream::iter(lines).take_while(|_| future::ready(!halted.load(Ordering::Relaxed)));
        let mut working = pin!(open.map(|line| self.work(line, probes)).buffer_unordered(AT_ONCE));
        while let Some(goes_on) = working.next().await {
            if !goes_on? {
                halted.store(true, Ordering::Relaxed);
            }
        }
        Ok(true)
    }

    /// Takes lines up; none when the export has ended, rests from now on, or is no longer ours.
    async fn take(&self) -> Result<Option<Handful>> {
        let (id, token) = (self.export.id.clone(), self.token());
        let (clock, ranked) = (self.context.clock.clone(), self.ranked);
        let (longest, lease) = (self.context.limits.export_days, self.context.limits.lease);
        let rest = self.partner.hrflow.rest().unwrap_or_default();
        self.context
            .store
            .write(move |db| {
                let Some(mut export) = exports::held(db, &id, &token)? else { return Ok(None) };
                let now = store::now(db, &clock)?;
                let handful = if is_overdue(&export, longest, now) {
                    export.problem =
                        Some("it did not end in time: HrFlow was not ready for all of it".to_owned());
                    export.end(State::Failed, now.timestamp_micros());
                    None
                } else {
                    let probing = (token.as_str(), (now + lease).timestamp_micros());
                    take(db, &mut export, ranked, rest, probing, now)?
                };
                exports::save(db, &export)?;
                Ok(handful)
            })
            .await
    }

    /// Asks for one object's matches and writes its line, or puts it off. Returns whether the next may be asked for.
    async fn work(&self, line: Planned, probes: &[Side]) -> Result<bool> {
        let Self { context, partner, export, ranked, question } = self;
        let reference = Reference::parse(line.reference.clone())?;
        let asked = Asked { in_turn: true, ..question.ask(*ranked, reference.clone(), 1, 1) };
        let found = query::top(context, partner, &asked, export.top.unsigned_abs()).await.map(matches);
        let mut heard = Heard::default();
        let found = match found {
            // Our ledger knows: HrFlow was not asked.
            Err(problem) if matches!(problem.kind(), Kind::NotFound | Kind::Gone) => Err(problem),
            found => heard.note(Side::HrFlow, found),
        };
        let object = Object { entity: *ranked, name: reference.as_str(), again: line.attempts > 0 };
        let reports = partner.breakers.count(object, heard, probes, &context.limits);
        let told = self.settle(line, found, reports).await?;
        breaker::announce(partner, &told.moved);
        Ok(told.held_until.is_none() && partner.hrflow.rest().is_none())
    }

    async fn settle(
        &self,
        line: Planned,
        found: Result<Vec<Match>>,
        reports: Vec<Report>,
    ) -> Result<breaker::Told> {
        let (id, token, owner) = (self.export.id.clone(), self.token(), self.export.partner.clone());
        let (clock, limits, ranked) = (self.context.clock.clone(), self.context.limits.clone(), self.ranked);
        let (told, written) = self
            .context
            .store
            .write(move |db| {
                let now = store::now(db, &clock)?;
                let tell =
                    |db: &mut Db<'_>| breaker::tell(db, &owner, ranked, &reports, &token, &limits, now);
                // Whoever lost the lease leaves the line to its successor.
                let Some(mut export) = exports::held(db, &id, &token)? else { return Ok((tell(db)?, None)) };
                let content = match found {
                    Ok(matches) => Content::Matches(matches),
                    Err(problem) if problem.kind().is_temporary() => {
                        let told = tell(db)?;
                        put_off(db, &id, &line, &problem, told.held_until, now)?;
                        export.problem = Some(waits_for(&line, &problem));
                        exports::save(db, &export)?;
                        return Ok((told, None));
                    }
                    Err(problem) => Content::Problem(problem_of(&problem)),
                };
                export.problem = None;
                // Records before breakers, as everybody locks them.
                lines::write(db, &mut export, line.number, &content, now.timestamp_micros())?;
                let written = if matches!(content, Content::Matches(_)) { "matches" } else { "problem" };
                Ok((tell(db)?, Some(written)))
            })
            .await?;
        if let Some(written) = written {
            self.context.metrics.export_line(&self.export.partner, written);
        }
        Ok(told)
    }

    fn token(&self) -> String {
        self.export.lease.clone().unwrap_or_default()
    }
}

/// What a line keeps of the matches.
fn matches(found: Vec<query::Match>) -> Vec<Match> {
    let kept =
        |item: query::Match| Some(Match { reference: item.reference, score: item.score?, rank: item.rank });
    found.into_iter().filter_map(kept).collect()
}

/// What may be told of a failure.
fn problem_of(problem: &Error) -> String {
    json!({ "code": problem.kind().code(), "detail": detail(problem) }).to_string()
}

/// What a line waits for, while it is tried again.
fn waits_for(line: &Planned, problem: &Error) -> String {
    format!("`{}` is tried again: {}", line.reference, detail(problem))
}

fn detail(problem: &Error) -> String {
    if problem.kind() == Kind::Internal {
        return "a defect of ours".to_owned();
    }
    let fields = problem.fields().iter().map(|wrong| format!(": {}: {}", wrong.field, wrong.detail));
    problem.message().to_owned() + &fields.collect::<String>()
}

fn is_overdue(export: &Export, longest: Duration, now: DateTime<Utc>) -> bool {
    let since = DateTime::from_timestamp_micros(export.created_at).unwrap_or(now);
    (now - since).to_std().is_ok_and(|since| since > longest)
}

/// A failure that passes costs a line nothing but time; where the side is out of order, not even an attempt.
fn put_off(
    db: &mut Db<'_>,
    export: &str,
    line: &Planned,
    problem: &Error,
    held_until: Option<i64>,
    now: DateTime<Utc>,
) -> Result<()> {
    if let Some(until) = held_until {
        return lines::put_off(db, export, line.number, until, line.attempts);
    }
    let attempts = u32::try_from(line.attempts).unwrap_or_default();
    let wait = backoff(attempts, problem.wait(), rand::random());
    let due_at = (now + wait).timestamp_micros();
    lines::put_off(db, export, line.number, due_at, line.attempts.saturating_add(1))
}
