//! A job and a profile by HrFlow's own keys.

use crate::model::Entity;

/// Both keys are of our ledger, and both objects in containers of one partner.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// Which of the two is judged for the other.
    pub ranked: Entity,
    /// The source and the key of the profile in it.
    pub profile: (&'a str, &'a str),
    /// The board and the key of the job in it.
    pub job: (&'a str, &'a str),
}

impl<'a> Pair<'a> {
    pub(super) fn container_key(&self, entity: Entity) -> &'a str {
        self.of(entity).0
    }

    pub(super) fn key(&self, entity: Entity) -> &'a str {
        self.of(entity).1
    }

    fn of(&self, entity: Entity) -> (&'a str, &'a str) {
        match entity {
            Entity::Profile => self.profile,
            Entity::Job => self.job,
        }
    }
}
