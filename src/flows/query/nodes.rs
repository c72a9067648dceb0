//! What other nodes changed: they work on the same database, and this process hears of it only by asking there.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Asked, Match};
use crate::error::Result;
use crate::flows::{Context, Partner};
use crate::model::Reference;
use crate::store::{Store, generations, records};

/// What the last changes of each partner were, as all nodes settled them.
#[derive(Default)]
pub(super) struct Nodes(Mutex<HashMap<String, i64>>);

impl Nodes {
    /// Counts a change of the partner's where another node has settled one since the last look, or where something that
    /// `told` tells of, or the object it was scored for, is live no longer.
    pub(super) async fn listen(
        &self,
        context: &Context,
        partner: &Partner,
        asked: &Asked,
        told: &[Match],
    ) -> Result<()> {
        let owner = &partner.settings.name;
        let (name, entity, scored_for) = (owner.clone(), asked.entity, asked.scored_for.clone());
        let references: Vec<String> = told.iter().map(|item| item.reference.clone()).collect();
        let (pulse, live) = context
            .store
            .read(move |db| {
                let pulse = generations::pulse(db, &name)?;
                let listed: Vec<&str> = references.iter().map(String::as_str).collect();
                let scored_for: Vec<&str> = scored_for.iter().map(Reference::as_str).collect();
                let live = records::live(db, &name, entity, &listed)?.len() == listed.len()
                    && records::live(db, &name, entity.other(), &scored_for)?.len() == scored_for.len();
                Ok((pulse, live))
            })
            .await?;
        self.hear(&context.store, owner, pulse);
        if !live {
            context.store.raise_generation(owner);
        }
        Ok(())
    }

    /// Hears what the last changes of a partner are, and counts one where they are others than before. All under one
    /// lock: whoever finds the pulse known finds its change counted too.
    fn hear(&self, store: &Store, partner: &str, pulse: i64) {
        let mut pulses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pulses.insert(partner.to_owned(), pulse) != Some(pulse) {
            store.raise_generation(partner);
        }
    }
}
