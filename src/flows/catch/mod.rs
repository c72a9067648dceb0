//! Catch: a webhook is understood and kept durably before it is answered; nobody is called on this road.

mod notice;

use super::{Context, Partner};
use crate::config::OnArchive;
use crate::error::{Error, Kind, Result};
use crate::model::{Action, Entity, EventKind};
use crate::store::{Delivery, Event, Receipt};

pub use notice::{MAX_BATCH, Notice, understand};
use notice::{split, understand_item};

/// What became of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was kept, or was known already.
    Kept(Receipt),
    /// It was the static sample.
    Ping,
}

/// Why a partner's events of a kind cannot be taken, if so: what cannot be fetched is better refused than set aside later.
pub fn ensure_served(partner: &Partner, entity: Entity) -> Result<(), String> {
    let (name, objects) = (&partner.settings.name, entity.plural());
    let served = partner.settings.service.resource(entity).is_some();
    if served { Ok(()) } else { Err(format!("the partner `{name}` has no service for {objects}")) }
}

/// Keeps a webhook of `partner`, unless it is the sample. What it announced is durable when this returns.
/// `webhook_id`: the delivery's identity, if the partner gave it one.
///
/// # Errors
/// Those of [`understand`], and `Unavailable` when it could not be kept.
pub async fn keep(
    context: &Context,
    partner: &Partner,
    kind: EventKind,
    webhook_id: Option<&str>,
    body: &[u8],
) -> Result<Answer> {
    let notice = understand(kind, body)?;
    let mut answers = keep_all(context, partner, webhook_id, vec![Ok(notice)]).await?;
    answers.pop().unwrap_or_else(|| Err(unanswered()))
}

/// Keeps the events of a batch in one go: one answer each, in order. A bad one does not fail its neighbours.
///
/// # Errors
/// `Malformed` or `Invalid` when the body is no batch, `Unavailable` when not everything could be kept: what was, is a
/// duplicate when it is sent again.
pub async fn keep_batch(
    context: &Context,
    partner: &Partner,
    webhook_id: Option<&str>,
    body: &[u8],
) -> Result<Vec<Result<Answer>>> {
    let serves = |kind: EventKind| ensure_served(partner, kind.entity).map(|()| kind);
    let notices = split(body)?.into_iter().map(|item| understand_item(item, serves)).collect();
    keep_all(context, partner, webhook_id, notices).await
}

async fn keep_all(
    context: &Context,
    partner: &Partner,
    webhook_id: Option<&str>,
    notices: Vec<Result<Notice>>,
) -> Result<Vec<Result<Answer>>> {
    let name = &partner.settings.name;
    let deliveries: Vec<Delivery> = notices
        .iter()
        .flatten()
        .filter(|notice| !notice.is_sample())
        .map(|notice| delivery(partner, webhook_id, notice))
        .collect();
    let mut receipts = context.store.keep(deliveries).await?.into_iter();
    partner.records_due.notify_one();
    let answers = notices.into_iter().map(|notice| match notice? {
        notice if notice.is_sample() => {
            tracing::info!(partner = %name, event = %notice.kind, "a sample webhook arrived");
            Ok(Answer::Ping)
        }
        _ => receipts.next().unwrap_or_else(|| Err(unanswered())).map(Answer::Kept),
    });
    let answers: Vec<_> = answers.collect();
    for answer in answers.iter().flatten() {
        context.metrics.acknowledged(name, status(answer));
    }
    Ok(answers)
}

fn delivery(partner: &Partner, webhook_id: Option<&str>, notice: &Notice) -> Delivery {
    let settings = &partner.settings;
    let erases = notice.kind.entity == Entity::Profile
        && notice.kind.action == Action::Archive
        && settings.on_archive == OnArchive::Erase;
    Delivery {
        partner: settings.name.clone(),
        erases,
        webhook_id: webhook_id.map(str::to_owned),
        event: Event {
            id: uuid::Uuid::now_v7().to_string(),
            kind: notice.kind,
            reference: notice.reference.clone(),
            raw_date: notice.raw_date.clone(),
            date: notice.date,
        },
    }
}

fn status(answer: &Answer) -> &'static str {
    match answer {
        Answer::Kept(Receipt::Accepted(_)) => "accepted",
        Answer::Kept(Receipt::Duplicate(_)) => "duplicate",
        Answer::Kept(Receipt::Stale(_)) => "stale",
        Answer::Kept(Receipt::Erased) => "erased",
        Answer::Ping => "ping",
    }
}

fn unanswered() -> Error {
    Error::new(Kind::Internal, "a webhook was kept without a receipt")
}
