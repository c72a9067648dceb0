//! What the ledger said since something of a partner was settled last: whoever asks about the same objects before the next
//! time need not wait for it again.
//!
//! It counts for as long as a remembered answer would, and for no longer than until this process hears of a change. Where
//! other nodes work on the same database nothing is remembered, since their changes are not heard of.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::standing::ScoredForNow;
use crate::model::{Entity, Reference};
use crate::store::Store;

/// The most objects of a partner of which something is remembered; beyond it all of them are forgotten.
const MOST: usize = 50_000;

/// What is remembered of every partner, by its name.
pub(super) struct Facts {
    lifetime: Duration,
    partners: Mutex<HashMap<String, Said>>,
}

/// What was said at one count of what was settled.
#[derive(Default)]
struct Said {
    generation: u64,
    /// When the first of it was said, in Unix microseconds.
    since: i64,
    jobs: OfKind,
    profiles: OfKind,
}

/// What was said of objects of one kind, by their references.
#[derive(Default)]
struct OfKind {
    scorable: HashMap<String, ScoredForNow>,
    live: HashMap<String, bool>,
}

/// A look at the facts of one partner, for one question.
pub(super) struct Look<'a> {
    facts: &'a Facts,
    partner: &'a str,
    /// The count of what was settled of the partner's objects; none where nothing may be remembered.
    generation: Option<u64>,
    now: i64,
}

impl Facts {
    /// None yet; each is good for `lifetime`.
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { lifetime, partners: Mutex::default() }
    }

    /// To be taken before the ledger is read: what is read then is remembered under the count of now.
    pub(super) fn look<'a>(&'a self, store: &Store, partner: &'a str, now: i64) -> Look<'a> {
        let remembers = !self.lifetime.is_zero() && !store.spans_nodes();
        Look { facts: self, partner, generation: remembers.then(|| store.settlements(partner)), now }
    }

    /// Somebody wants all of it read anew.
    pub(super) fn forget(&self, partner: &str) {
        self.all().remove(partner);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Said>> {
        self.partners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Said {
    fn of(&self, entity: Entity) -> &OfKind {
        match entity {
            Entity::Job => &self.jobs,
            Entity::Profile => &self.profiles,
        }
    }

    fn of_mut(&mut self, entity: Entity) -> &mut OfKind {
        match entity {
            Entity::Job => &mut self.jobs,
            Entity::Profile => &mut self.profiles,
        }
    }

    fn len(&self) -> usize {
        [&self.jobs, &self.profiles].map(|of| of.scorable.len() + of.live.len()).iter().sum()
    }
}

impl Look<'_> {
    /// What is known of an object that others are scored for.
    pub(super) fn scorable(&self, entity: Entity, reference: &Reference) -> Option<ScoredForNow> {
        let found = self.read(|said| said.of(entity).scorable.get(reference.as_str()).cloned())??;
        Some(found.at(self.now))
    }

    /// Which of these are live, if that is known of all of them.
    pub(super) fn live<'b>(
        &self,
        entity: Entity,
        references: impl Iterator<Item = &'b str>,
    ) -> Option<Vec<bool>> {
        self.read(|said| references.map(|one| said.of(entity).live.get(one).copied()).collect())?
    }

    /// Remembers what was read of an object that others are scored for.
    pub(super) fn add_scorable(&self, entity: Entity, reference: &Reference, found: &ScoredForNow) {
        let reference = reference.as_str().to_owned();
        self.add(|said| said.of_mut(entity).scorable.extend([(reference, found.clone())]));
    }

    /// Remembers which of these are live.
    pub(super) fn add_live(&self, entity: Entity, references: Vec<String>, live: &[bool]) {
        let live = references.into_iter().zip(live.iter().copied());
        self.add(|said| said.of_mut(entity).live.extend(live));
    }

    fn read<T>(&self, read: impl FnOnce(&Said) -> T) -> Option<T> {
        let generation = self.generation?;
        let all = self.facts.all();
        all.get(self.partner).filter(|said| self.counts(said, generation)).map(read)
    }

    fn add(&self, add: impl FnOnce(&mut Said)) {
        let Some(generation) = self.generation else { return };
        let mut all = self.facts.all();
        let said = all.entry(self.partner.to_owned()).or_default();
        if said.generation > generation {
            // What was read is from before a change.
            return;
        }
        if !self.counts(said, generation) || said.len() > MOST {
            *said = Said { generation, since: self.now, ..Said::default() };
        }
        add(said);
    }

    fn counts(&self, said: &Said, generation: u64) -> bool {
        let age = u64::try_from(self.now.saturating_sub(said.since)).unwrap_or_default();
        said.generation == generation && Duration::from_micros(age) < self.facts.lifetime
    }
}
