//! Who waits in this process for an object to be settled: a bell for each object, for as long as somebody waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference};

/// How many may wait for objects of one partner at a time.
const MOST: usize = 64;

/// The bells of one partner.
#[derive(Default)]
pub struct Waiting(Mutex<Bells>);

#[derive(Default)]
struct Bells {
    waiting: usize,
    /// Of profiles and of jobs: a bell, and how many listen to it.
    by_object: [HashMap<Reference, (Arc<Notify>, usize)>; 2],
}

impl Waiting {
    /// Somebody begins to wait.
    ///
    /// # Errors
    /// `RateLimited` when too many wait already.
    pub(super) fn enter(&self, entity: Entity, reference: &Reference) -> Result<Place<'_>> {
        let mut bells = self.bells();
        if bells.waiting >= MOST {
            let message =
                format!("{MOST} calls with `wait` are open already; ask again when some have ended");
            return Err(Error::new(Kind::RateLimited, message).retry_after(Duration::from_secs(1)));
        }
        bells.waiting += 1;
        let (bell, listeners) = bells.by_object[index(entity)].entry(reference.clone()).or_default();
        *listeners += 1;
        Ok(Place { of: self, entity, reference: reference.clone(), bell: bell.clone() })
    }

    /// An object was settled.
    pub(super) fn ring(&self, entity: Entity, reference: &Reference) {
        if let Some((bell, _)) = self.bells().by_object[index(entity)].get(reference) {
            bell.notify_waiters();
        }
    }

    fn bells(&self) -> MutexGuard<'_, Bells> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn index(entity: Entity) -> usize {
    usize::from(entity == Entity::Job)
}

/// Somebody's place in the waiting room, given up when it is dropped.
pub(super) struct Place<'a> {
    of: &'a Waiting,
    entity: Entity,
    reference: Reference,
    /// Rung when the object was settled.
    pub(super) bell: Arc<Notify>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut bells = self.of.bells();
        bells.waiting -= 1;
        let objects = &mut bells.by_object[index(self.entity)];
        if let Some((_, listeners)) = objects.get_mut(&self.reference) {
            *listeners -= 1;
            if *listeners == 0 {
                objects.remove(&self.reference);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_bell_is_heard_by_those_who_wait_for_that_very_object() {
        let (waiting, reference) = (Waiting::default(), Reference::parse("REQ-88").unwrap());
        let job = waiting.enter(Entity::Job, &reference).unwrap();
        let profile = waiting.enter(Entity::Profile, &reference).unwrap();
        let (mut for_job, mut for_profile) = (pin!(job.bell.notified()), pin!(profile.bell.notified()));
        for_job.as_mut().enable();
        for_profile.as_mut().enable();
        waiting.ring(Entity::Job, &reference);
        assert!(for_job.now_or_never().is_some());
        assert!(for_profile.now_or_never().is_none());
    }

    #[test]
    fn only_so_many_wait_and_who_leaves_makes_room() {
        let (waiting, reference) = (Waiting::default(), Reference::parse("REQ-88").unwrap());
        let mut places: Vec<_> = (0..MOST).map(|_| waiting.enter(Entity::Job, &reference).unwrap()).collect();
        assert_eq!(waiting.enter(Entity::Job, &reference).err().unwrap().kind(), Kind::RateLimited);
        places.pop();
        places.push(waiting.enter(Entity::Profile, &reference).unwrap());
        places.clear();
        assert!(waiting.bells().by_object.iter().all(HashMap::is_empty), "nothing is left of them");
    }
}
