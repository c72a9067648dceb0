//! Ratings and trackings as they were told: any number of the same, none of which ever changes.

use std::cmp::Ordering;
use std::sync::PoisonError;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::answer::Refusal;
use super::objects::Objects;
use super::state::State;
use crate::error::{Error, Kind, Result};
use crate::model::{Role, Saying};

/// All of it, in the order in which it came.
#[derive(Default)]
pub(super) struct Feedback(Vec<Told>);

/// A rating or a tracking.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Told {
    pub role: Role,
    pub saying: Saying,
    pub job: Named,
    pub profile: Named,
    pub author_email: Option<String>,
    pub comment: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// An object as it was named then.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Named {
    /// The key of its source or board.
    pub container: String,
    pub key: String,
    pub reference: Option<String>,
}

/// Which of it is listed.
pub(super) struct Wanted {
    /// `rating` or `tracking`.
    pub kind: &'static str,
    pub role: Role,
    pub actions: Vec<String>,
    pub jobs: Of,
    pub profiles: Of,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    /// By when it was said; else by how good the match was found.
    pub by_date: bool,
    pub ascending: bool,
}

/// On which objects.
pub(super) enum Of {
    Any,
    /// Those in these sources or boards.
    Containers(Vec<String>),
    /// The one with this key.
    One(String),
}

impl Of {
    fn takes(&self, named: &Named) -> bool {
        match self {
            Self::Any => true,
            Self::Containers(keys) => keys.contains(&named.container),
            Self::One(key) => *key == named.key,
        }
    }
}

impl Wanted {
    fn takes(&self, told: &Told) -> bool {
        let acts = match &told.saying {
            Saying::Action(action) => self.actions.is_empty() || self.actions.contains(action),
            Saying::Score(_) => true,
        };
        acts && told.saying.kind() == self.kind
            && told.role == self.role
            && self.jobs.takes(&told.job)
            && self.profiles.takes(&told.profile)
            && self.from.is_none_or(|from| told.created_at >= from)
            && self.to.is_none_or(|to| told.created_at <= to)
    }

    fn order(&self, one: &Told, other: &Told) -> Ordering {
        let by_score = match (&one.saying, &other.saying) {
            (Saying::Score(one), Saying::Score(other)) if !self.by_date => one.total_cmp(other),
            _ => Ordering::Equal,
        };
        let order = by_score.then(one.created_at.cmp(&other.created_at));
        if self.ascending { order } else { order.reverse() }
    }
}

impl Feedback {
    /// Reads back what was kept.
    pub(super) fn restore(objects: &mut Objects) -> Result<Self> {
        let read = |body: String| serde_json::from_str(&body).map_err(unreadable);
        Ok(Self(objects.feedback()?.into_iter().map(read).collect::<Result<_>>()?))
    }

    /// What is wanted of it, in the order that is wanted.
    pub(super) fn list(&self, wanted: &Wanted) -> Vec<&Told> {
        let mut listed: Vec<&Told> = self.0.iter().filter(|told| wanted.takes(told)).collect();
        listed.sort_by(|one, other| wanted.order(one, other));
        listed
    }
}

impl State {
    /// Makes feedback durable, then visible.
    pub(super) fn tell(&self, told: Told) -> Result<(), Refusal> {
        let body = serde_json::to_string(&told).map_err(unreadable)?;
        let mut writer = self.writer();
        if let Some(objects) = writer.as_mut() {
            objects.save_feedback(&body)?;
        }
        self.feedback.write().unwrap_or_else(PoisonError::into_inner).0.push(told);
        Ok(())
    }
}

fn unreadable(cause: serde_json::Error) -> Error {
    Error::new(Kind::Internal, "stored feedback cannot be read").because(cause)
}
