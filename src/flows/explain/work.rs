//! Makes one explanation, beside whoever asked for it and under a lease that is renewed while it goes on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use super::super::held::while_held;
use super::super::pair::{self, Known, Narrowing, Pair};
use super::super::query::known_to_us;
use super::super::{Context, Partner};
use super::{Point, Problem, Told};
use crate::error::{Error, Kind, Result};
use crate::hrflow::Trait;
use crate::model::{Entity, Reference};
use crate::store::explanations::{self, Ended};
use crate::store::{self, Explanation, records};

/// How long after a failure it is tried again, at the earliest, if it is asked for again.
const REST: Duration = Duration::from_secs(15);

/// Begins; nobody needs to wait for it. A process that ends meanwhile leaves a lease that ends.
pub(super) fn start(
    context: &Arc<Context>,
    partner: &Arc<Partner>,
    explanation: Explanation,
    token: String,
    place: OwnedSemaphorePermit,
) {
    let (context, partner) = (context.clone(), partner.clone());
    tokio::spawn(async move {
        let Explanation { id, partner: name, .. } = &explanation;
        match run(&context, &partner, &explanation, &token).await {
            Ok(true) => tracing::debug!(partner = %name, explanation = %id, "explained"),
            Ok(false) => {
                tracing::warn!(partner = %name, explanation = %id, "another took the explanation over");
            }
            Err(problem) => tracing::error!(
                partner = %name, explanation = %id, code = problem.kind().code(),
                cause = std::error::Error::source(&problem).map(tracing::field::display),
                "an explanation could not be kept: {problem}"
            ),
        }
        drop(place);
        partner.explaining.ended.notify_waiters();
    });
}

/// Returns whether it still was ours in the end.
async fn run(context: &Context, partner: &Partner, explanation: &Explanation, token: &str) -> Result<bool> {
    let explaining = explain(context, partner, explanation);
    let renewing = || renew(context, &explanation.id, token);
    let Some(outcome) = while_held(context.limits.lease, renewing, explaining).await else {
        return Ok(false);
    };
    if let Err(problem) = &outcome {
        tracing::warn!(
            partner = %explanation.partner, explanation = %explanation.id, code = problem.kind().code(),
            "a pair could not be explained"
        );
    }
    settle(context, explanation, token, outcome).await
}

async fn explain(context: &Context, partner: &Partner, explanation: &Explanation) -> Result<(Told, Known)> {
    let _turn = partner
        .explaining
        .turns
        .acquire()
        .await
        .map_err(|_| Error::new(Kind::Unavailable, "the service is shutting down"))?;
    let pair = pair_of(explanation)?;
    let (name, wanted) = (explanation.partner.clone(), pair.clone());
    let now = context.clock.now().timestamp_micros();
    let known = context.store.read(move |db| pair::known(db, &name, &wanted, now)).await?;
    let score = pair::find(partner, &pair, known.of(pair.ranked), &Narrowing::default())
        .await
        .map_err(known_to_us)?;
    let score = score.and_then(|ranked| ranked.score).ok_or_else(|| {
        let message = "the pair has no score to be explained: /v1/match/why tells why";
        Error::new(Kind::Conflict, message)
    })?;
    let keys = known.keys(partner, pair.ranked);
    let grading = partner.settings.grading_algorithm_key.as_deref();
    let graded = async {
        match grading {
            Some(algorithm_key) => partner.hrflow.grade(&keys, algorithm_key).await,
            None => Ok(None),
        }
    };
    let told = partner.hrflow.explain(&keys, score, &explanation.lang);
    // The grade is an addition: what comes of it decides nothing.
    let graded = async { Ok(graded.await) };
    let (told, graded) = tokio::try_join!(told, graded).map_err(known_to_us)?;
    let ungradable = grading.is_some() && matches!(graded, Ok(None));
    let (grade, ungraded) = match graded {
        Ok(grade) => (grade, ungradable.then(|| "HrFlow cannot grade the pair".to_owned())),
        Err(problem) => (None, Some(ungraded(explanation, &known_to_us(problem)))),
    };
    let points = |traits: Vec<Trait>| {
        let point = |Trait { name, description }| Point { name, description };
        traits.into_iter().map(point).collect()
    };
    let told = Told {
        score,
        grade,
        ungradable,
        ungraded,
        strengths: points(told.strengths),
        gaps: points(told.gaps),
    };
    Ok((told, known))
}

/// Why a pair has no grade, as it may be told.
fn ungraded(explanation: &Explanation, problem: &Error) -> String {
    tracing::warn!(
        partner = %explanation.partner, explanation = %explanation.id, code = problem.kind().code(),
        "a pair could not be graded"
    );
    let detail = if problem.kind() == Kind::Internal { "a defect of ours" } else { problem.message() };
    format!("the grading failed: {detail}")
}

pub(super) fn pair_of(explanation: &Explanation) -> Result<Pair> {
    let ranked = Entity::parse(&explanation.ranked);
    Ok(Pair {
        job: Reference::parse(&*explanation.job_reference)?,
        profile: Reference::parse(&*explanation.profile_reference)?,
        ranked: ranked.ok_or_else(|| Error::new(Kind::Internal, "an explanation of no known entity"))?,
    })
}

async fn renew(context: &Context, id: &str, token: &str) -> Result<bool> {
    let (clock, lease) = (context.clock.clone(), context.limits.lease);
    let (id, token) = (id.to_owned(), token.to_owned());
    context
        .store
        .write(move |db| {
            let until = (store::now(db, &clock)? + lease).timestamp_micros();
            explanations::renew(db, &id, &token, until)
        })
        .await
}

async fn settle(
    context: &Context,
    explanation: &Explanation,
    token: &str,
    outcome: Result<(Told, Known)>,
) -> Result<bool> {
    let (clock, explanation, token) = (context.clock.clone(), explanation.clone(), token.to_owned());
    context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?;
            let pair = pair_of(&explanation)?;
            let name = &explanation.partner;
            // Whoever erases the profile waits until this is written, and deletes it.
            records::lock_one(db, name, Entity::Profile, &pair.profile)?;
            let outcome = outcome.and_then(|(told, before)| {
                let after = pair::known(db, name, &pair, now.timestamp_micros())?;
                let is_same = after.fingerprints() == before.fingerprints()
                    && after.fingerprints()
                        == (explanation.job_fingerprint.as_ref(), explanation.profile_fingerprint.as_ref());
                let changed = "the job or the profile changed while HrFlow explained the pair: ask again";
                if is_same { Ok(told) } else { Err(Error::new(Kind::Conflict, changed)) }
            });
            let ended = match outcome {
                Ok(told) => Ended::Done { told: serde_json::json!(told).to_string() },
                Err(problem) => failed(&problem, now),
            };
            explanations::settle(db, &explanation.id, &token, ended, now.timestamp_micros())
        })
        .await
}

fn failed(problem: &Error, now: chrono::DateTime<chrono::Utc>) -> Ended {
    let rest = problem.wait().unwrap_or_default().max(REST);
    let kept = Problem { code: problem.kind().code().to_owned(), detail: problem.message().to_owned() };
    Ended::Failed { problem: serde_json::json!(kept).to_string(), retry_at: (now + rest).timestamp_micros() }
}
