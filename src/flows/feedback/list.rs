//! Feedback read back from HrFlow: what it was told of the partner's own objects, by references.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::{containers, record};
use crate::error::{Error, Kind, Result};
use crate::flows::{Context, Partner};
use crate::hrflow::{Heard, Said, Wanted};
use crate::model::{Entity, Reference, Role, Saying};
use crate::store::{Record, records};

/// Which feedback is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `rating` or `tracking`.
    pub kind: &'static str,
    /// Who said it.
    pub role: Role,
    /// On this job alone.
    pub job: Option<Reference>,
    /// On this profile alone.
    pub profile: Option<Reference>,
    /// Only these actions; all of them when there is none.
    pub actions: Vec<String>,
    /// From 1.
    pub page: u64,
    /// How many at most.
    pub limit: u64,
}

/// A page of feedback on the partner's own objects.
pub struct Told {
    /// The latest first.
    pub items: Vec<Item>,
    /// This page's number.
    pub page: u64,
    /// How many a page has at most.
    pub limit: u64,
    /// The last page's number.
    pub max_page: u64,
    /// How many HrFlow has on all pages.
    pub total: u64,
}

/// A piece of feedback.
pub struct Item {
    /// The job's reference.
    pub job: String,
    /// The profile's reference.
    pub profile: String,
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub saying: Saying,
    /// Why.
    pub comment: Option<String>,
    /// When.
    pub created_at: Option<DateTime<Utc>>,
}

/// What HrFlow was told of the partner's own objects; archived ones too, but of nobody who was erased.
///
/// # Errors
/// `NotFound` for a reference nobody heard of, `Gone` for one that was erased; what calling HrFlow may end in.
pub async fn list(context: &Context, partner: &Partner, asked: Asked) -> Result<Told> {
    let job = known(context, partner, Entity::Job, asked.job.as_ref()).await?;
    let profile = known(context, partner, Entity::Profile, asked.profile.as_ref()).await?;
    let wanted = Wanted {
        kind: asked.kind,
        role: asked.role,
        job: asked.job.as_ref().map(Reference::as_str),
        profile: asked.profile.as_ref().map(Reference::as_str),
        actions: &asked.actions,
        said_at: None,
        page: asked.page,
        limit: asked.limit,
    };
    let Heard { items, page, max_page, total } = partner.hrflow.hear(containers(partner), &wanted).await?;
    let items = items.into_iter().filter_map(|item| named(item, &asked, job.as_ref(), profile.as_ref()));
    let items = keep_own(context, partner, items.collect()).await?;
    Ok(Told { items, page, limit: asked.limit, max_page, total })
}

/// The record of an object that is asked for.
async fn known(
    context: &Context,
    partner: &Partner,
    entity: Entity,
    reference: Option<&Reference>,
) -> Result<Option<Record>> {
    let Some(reference) = reference else { return Ok(None) };
    match record(context, partner, entity, reference).await? {
        None => Err(Error::new(Kind::NotFound, format!("no {entity} has the reference `{reference}`"))),
        Some(record) if record.wanted == records::Wanted::Erased => {
            Err(Error::new(Kind::Gone, format!("the {entity} `{reference}` was erased")))
        }
        Some(record) => Ok(Some(record)),
    }
}

/// An item by references: HrFlow may tell keys alone, of which we know those that were asked for. What is of another
/// object, or another role, than was asked for is not an answer.
fn named(item: Said, asked: &Asked, job: Option<&Record>, profile: Option<&Record>) -> Option<Item> {
    let name = |told: Option<String>, key: Option<String>, record: Option<&Record>| {
        let is_asked_for = |record: &&Record| key.is_some() && record.hrflow_key == key;
        told.or_else(|| record.filter(is_asked_for).map(|record| record.reference.clone()))
    };
    let job_reference = name(item.job, item.job_key, job)?;
    let profile_reference = name(item.profile, item.profile_key, profile)?;
    let fits = |wanted: Option<&Reference>, got: &str| wanted.is_none_or(|wanted| wanted.as_str() == got);
    let is_meant = item.role == asked.role
        && fits(asked.job.as_ref(), &job_reference)
        && fits(asked.profile.as_ref(), &profile_reference)
        && match &item.saying {
            Saying::Action(action) => asked.actions.is_empty() || asked.actions.contains(action),
            Saying::Score(_) => true,
        };
    is_meant.then_some(Item {
        job: job_reference,
        profile: profile_reference,
        role: item.role,
        saying: item.saying,
        comment: item.comment,
        created_at: item.created_at,
    })
}

/// Only what the caller's own ledger knows of both sides.
async fn keep_own(context: &Context, partner: &Partner, mut items: Vec<Item>) -> Result<Vec<Item>> {
    let name = partner.settings.name.clone();
    let jobs: Vec<String> = items.iter().map(|item| item.job.clone()).collect();
    let profiles: Vec<String> = items.iter().map(|item| item.profile.clone()).collect();
    let (jobs, profiles) = context
        .store
        .read(move |db| {
            let mut own = |entity, references: &[String]| -> Result<HashSet<String>> {
                let seen = records::glance(db, &name, entity, references)?.into_iter();
                let kept = seen.filter(|record| record.wanted != records::Wanted::Erased);
                Ok(kept.map(|record| record.reference).collect())
            };
            Ok((own(Entity::Job, &jobs)?, own(Entity::Profile, &profiles)?))
        })
        .await?;
    items.retain(|item| jobs.contains(&item.job) && profiles.contains(&item.profile));
    Ok(items)
}
