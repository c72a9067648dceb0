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
use super::index::occupations::Class;
use super::index::postings::{Change, Postings};
use super::index::text::{Pair, Piece, Word};
use crate::model::{Entity, Object, parse_date};

/// One stored object.
#[derive(Clone)]
pub(super) struct Entry {
    pub key: String,
    pub reference: Option<String>,
    /// The key of its source or board: one text in memory for all that are in it.
    pub container: Arc<str>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub is_archived: bool,
    pub eligibility: Eligibility,
    pub facts: Facts,
    /// The full object as it is answered.
    pub body: Arc<RawValue>,
}

/// What is read of an object before its turn to be stored comes: none of it depends on what else is stored.
pub(super) struct Reading {
    document: Document,
    facts: Facts,
    eligibility: Eligibility,
}

impl Reading {
    /// Reads a full object.
    pub(super) fn of(entity: Entity, object: &Object) -> Self {
        let document = Document::of(entity, object);
        let facts = Facts { skill_count: document.skills.len(), ..Facts::of(entity, object) };
        Self { document, facts, eligibility: Eligibility::of(entity, object) }
    }

    /// Of a full object that has all that the server adds; `None` when it lacks some of it.
    pub(super) fn entry(
        self,
        entity: Entity,
        object: &Object,
        body: Box<RawValue>,
    ) -> Option<(Entry, Document)> {
        let text = |name: &str| object.get(name)?.as_str();
        let entry = Entry {
            key: text("key")?.to_owned(),
            reference: text("reference").map(str::to_owned),
            container: text(&format!("{}_key", entity.container()))?.into(),
            created_at: parse_date(text("created_at")?)?,
            updated_at: parse_date(text("updated_at")?)?,
            is_archived: text("archived_at").is_some(),
            eligibility: self.eligibility,
            facts: self.facts,
            body: body.into(),
        };
        Some((entry, self.document))
    }
}

/// What every query asks of every object, side by side in memory.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The number of its source or board, see [`Stock::shelves_of`].
    pub shelf: u32,
    /// Whether it can be found: it is not archived either.
    pub is_searchable: bool,
    /// Whether it can be scored: it is not archived either.
    pub is_scorable: bool,
}

/// The objects of a source or board.
struct Shelf {
    number: u32,
    slots_by_reference: HashMap<String, u32>,
}

impl Shelf {
    fn new(number: u32) -> Self {
        Self { number, slots_by_reference: HashMap::new() }
    }
}

/// All profiles, or all jobs.
#[derive(Default)]
pub(super) struct Stock {
    entries: Vec<Entry>,
    slots_by_key: HashMap<String, u32>,
    places: Vec<Place>,
    /// What is known of each source or board by its key.
    shelves: HashMap<Arc<str>, Shelf>,
    /// Sources or boards by key.
    pub containers: HashMap<Arc<str>, Container>,
    pub words: Postings<Word>,
    pub pairs: Postings<Pair>,
    pub titles: Postings<Piece>,
    pub skills: Postings<Word>,
    pub occupations: Postings<Class>,
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

    /// Of each object in the order of their slots.
    pub(super) fn places(&self) -> &[Place] {
        &self.places
    }

    /// The numbers of sources or boards, those aside that never held an object.
    pub(super) fn shelves_of(&self, containers: &[String]) -> Vec<u32> {
        let shelves = containers.iter().filter_map(|key| self.shelves.get(key.as_str()));
        shelves.map(|shelf| shelf.number).collect()
    }

    /// The slot of an object by its key, whichever source or board it is in.
    pub(super) fn slot_by_key(&self, key: &str) -> Option<usize> {
        self.slots_by_key.get(key).map(|&slot| slot as usize)
    }

    /// The slot that a reference stands for in a source or board.
    pub(super) fn slot_by_reference(&self, container: &str, reference: &str) -> Option<usize> {
        self.shelves.get(container)?.slots_by_reference.get(reference).map(|&slot| slot as usize)
    }

    /// Puts an object into a slot: a new one at the end, or an old one's in its place. `holds_reference`: whether its
    /// reference stands for it from now on. Archived objects and objects that cannot be found leave the index. Returns what
    /// became of the words.
    fn put(
        &mut self,
        slot: usize,
        mut entry: Entry,
        document: &Document,
        holds_reference: bool,
    ) -> Change<Word> {
        let number = u32::try_from(slot).unwrap_or(u32::MAX);
        if let Some(before) = self.entries.get(slot)
            && let Some(reference) = &before.reference
            && let Some(shelf) = self.shelves.get_mut(&before.container)
            && shelf.slots_by_reference.get(reference) == Some(&number)
        {
            shelf.slots_by_reference.remove(reference);
        }
        if let Some((key, _)) = self.shelves.get_key_value(&entry.container) {
            entry.container = Arc::clone(key);
        }
        let next = u32::try_from(self.shelves.len()).unwrap_or(u32::MAX);
        let stands_on = self.shelves.entry(Arc::clone(&entry.container)).or_insert_with(|| Shelf::new(next));
        if holds_reference && let Some(reference) = entry.reference.clone() {
            stands_on.slots_by_reference.insert(reference, number);
        }
        self.slots_by_key.insert(entry.key.clone(), number);
        let place = Place {
            shelf: stands_on.number,
            is_searchable: entry.eligibility.searchable && !entry.is_archived,
            is_scorable: entry.eligibility.scorable && !entry.is_archived,
        };
        let change = if place.is_searchable {
            self.pairs.put(number, &document.pairs);
            self.titles.put(number, &document.titles);
            self.skills.put(number, &document.skills);
            self.occupations.put(number, &document.occupations);
            self.words.put(number, &document.words)
        } else {
            self.pairs.remove(number);
            self.titles.remove(number);
            self.skills.remove(number);
            self.occupations.remove(number);
            self.words.remove(number)
        };
        if slot < self.entries.len() {
            self.entries[slot] = entry;
            self.places[slot] = place;
        } else {
            self.entries.push(entry);
            self.places.push(place);
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
