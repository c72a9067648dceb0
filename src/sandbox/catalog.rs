//! All that is stored, in memory: objects by key and by reference, sources and boards, and the index over them.
//!
//! HrFlow has no deletion: an object keeps its slot for good, and only its index entries come and go.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::containers::Container;
use super::eligibility::Eligibility;
use super::facts::Facts;
use super::index::document::Document;
use super::index::postings::{Change, Postings};
use crate::model::{Entity, Object, parse_date};

/// One stored object.
#[derive(Clone)]
pub(super) struct Entry {
    pub key: String,
    pub reference: Option<String>,
    /// The key of its source or board.
    pub container: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub is_archived: bool,
    pub eligibility: Eligibility,
    pub facts: Facts,
    /// The full object as it is answered.
    pub body: Arc<RawValue>,
}

impl Entry {
    /// Reads a full object that has all that the server adds; `None` when it lacks some of it.
    pub(super) fn of(
        entity: Entity,
        object: &Object,
        document: &Document,
        body: Box<RawValue>,
    ) -> Option<Self> {
        let text = |name: &str| object.get(name)?.as_str().map(str::to_owned);
        let mut facts = Facts::of(entity, object);
        facts.skill_count = document.skills.len();
        Some(Self {
            key: text("key")?,
            reference: text("reference"),
            container: text(&format!("{}_key", entity.container()))?,
            created_at: parse_date(&text("created_at")?)?,
            updated_at: parse_date(&text("updated_at")?)?,
            is_archived: text("archived_at").is_some(),
            eligibility: Eligibility::of(entity, object),
            facts,
            body: body.into(),
        })
    }
}

/// All profiles, or all jobs.
#[derive(Default)]
pub(super) struct Stock {
    entries: Vec<Entry>,
    slots_by_key: HashMap<String, u32>,
    slots_by_reference: HashMap<(String, String), u32>,
    /// Sources or boards by key.
    pub containers: HashMap<String, Container>,
    pub words: Postings,
    pub pairs: Postings,
    pub titles: Postings,
    pub skills: Postings,
    pub occupations: Postings,
}

impl Stock {
    /// How many objects there are, archived ones included; their slots are `0..len`.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All objects in the order of their slots.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The slot of an object by its key, whichever source or board it is in.
    pub(super) fn slot_by_key(&self, key: &str) -> Option<usize> {
        self.slots_by_key.get(key).map(|&slot| slot as usize)
    }

    /// The slot that a reference stands for in a source or board.
    pub(super) fn slot_by_reference(&self, container: &str, reference: &str) -> Option<usize> {
        let name = (container.to_owned(), reference.to_owned());
        self.slots_by_reference.get(&name).map(|&slot| slot as usize)
    }

    /// Puts an object into a slot: a new one at the end, or an old one's in its place. `holds_reference`: whether its
    /// reference stands for it from now on. Archived objects and objects that cannot be found leave the index. Returns what
    /// became of the words.
    fn put(&mut self, slot: usize, entry: Entry, document: &Document, holds_reference: bool) -> Change {
        let number = u32::try_from(slot).unwrap_or(u32::MAX);
        if let Some(before) = self.entries.get(slot)
            && let Some(reference) = before.reference.clone()
        {
            let name = (before.container.clone(), reference);
            if self.slots_by_reference.get(&name) == Some(&number) {
                self.slots_by_reference.remove(&name);
            }
        }
        if holds_reference && let Some(reference) = entry.reference.clone() {
            self.slots_by_reference.insert((entry.container.clone(), reference), number);
        }
        self.slots_by_key.insert(entry.key.clone(), number);
        let change = if entry.eligibility.searchable && !entry.is_archived {
            self.pairs.put(number, &document.pairs);
            self.titles.put(number, &document.titles);
            self.skills.put(number, &document.skills);
            self.occupations.put(number, &document.occupations);
            self.words.put(number, &document.words)
        } else {
            for postings in [&mut self.pairs, &mut self.titles, &mut self.skills, &mut self.occupations] {
                postings.remove(number);
            }
            self.words.remove(number)
        };
        match self.entries.get_mut(slot) {
            Some(place) => *place = entry,
            None => self.entries.push(entry),
        }
        change
    }
}

/// The two stocks.
#[derive(Default)]
pub(super) struct Catalog {
    profiles: Stock,
    jobs: Stock,
}

impl Catalog {
    /// Puts an object into a slot of its stock, see [`Stock::put`]; the other stock takes note of its words.
    pub(super) fn put(
        &mut self,
        entity: Entity,
        slot: usize,
        entry: Entry,
        document: &Document,
        holds_reference: bool,
    ) {
        let change = self.stock_mut(entity).put(slot, entry, document, holds_reference);
        self.stock_mut(entity.other()).words.follow(&change);
    }

    pub(super) fn stock(&self, entity: Entity) -> &Stock {
        match entity {
            Entity::Profile => &self.profiles,
            Entity::Job => &self.jobs,
        }
    }

    pub(super) fn stock_mut(&mut self, entity: Entity) -> &mut Stock {
        match entity {
            Entity::Profile => &mut self.profiles,
            Entity::Job => &mut self.jobs,
        }
    }
}
