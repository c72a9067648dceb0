//! What the ATS holds: candidates and vacancies by reference and in the order of their modification.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::samples::{self, Item};
use crate::error::{Error, Kind, Result};
use crate::model::{Clock, Entity, Object, Reference, rfc3339, second_of};

/// A part of a list.
pub(super) struct Page {
    pub(super) content: Vec<Arc<RawValue>>,
    pub(super) total: usize,
}

/// Which objects a list has, and in what order of modification.
#[derive(Clone, Copy, Default)]
pub(super) struct Filter {
    /// Modified at this time or later.
    pub(super) since: Option<DateTime<Utc>>,
    /// Modified before this time.
    pub(super) until: Option<DateTime<Utc>>,
    pub(super) newest_first: bool,
}

/// Everything the ATS holds.
pub(super) struct Catalogue {
    candidates: Mutex<Shelf>,
    vacancies: Mutex<Shelf>,
    clock: Clock,
}

/// The objects of one kind. Dates alone would not tell objects of one second apart, so the reference is part of the order.
#[derive(Default)]
struct Shelf {
    items: HashMap<String, Item>,
    order: BTreeSet<(DateTime<Utc>, String)>,
}

impl Catalogue {
    /// The samples, or nothing.
    pub(super) fn new(clock: Clock, with_samples: bool) -> Result<Self> {
        let stock = |entity| -> Result<Mutex<Shelf>> {
            let mut filled = Shelf::default();
            if with_samples {
                samples::of(entity)?.into_iter().for_each(|item| drop(filled.put(item)));
            }
            Ok(Mutex::new(filled))
        };
        Ok(Self { candidates: stock(Entity::Profile)?, vacancies: stock(Entity::Job)?, clock })
    }

    /// Page `page`, counted from 1, of what the filter lets through.
    pub(super) fn page(&self, entity: Entity, page: usize, size: usize, filter: Filter) -> Page {
        let kept = self.shelf(entity);
        let first = (filter.since.unwrap_or(DateTime::<Utc>::MIN_UTC), String::new());
        let found = || {
            let from = kept.order.range(first.clone()..);
            from.take_while(|(modified, _)| filter.until.is_none_or(|until| *modified < until))
        };
        let total = found().count();
        let skipped = (page - 1).saturating_mul(size);
        let place = |(_, reference): &(DateTime<Utc>, String)| Some(kept.items.get(reference)?.body.clone());
        let content = if filter.newest_first {
            let passed = total.saturating_sub(skipped);
            let mut last: Vec<_> =
                found().take(passed).skip(passed.saturating_sub(size)).filter_map(place).collect();
            last.reverse();
            last
        } else {
            found().skip(skipped).take(size).filter_map(place).collect()
        };
        Page { content, total }
    }

    /// The object, if it is there.
    pub(super) fn get(&self, entity: Entity, reference: &str) -> Option<Arc<RawValue>> {
        self.shelf(entity).items.get(reference).map(|item| item.body.clone())
    }

    /// Keeps the object in place of the one with its `id`. A missing `modifiedAt` becomes the present second.
    pub(super) fn put(&self, entity: Entity, mut object: Object) -> Result<Reference> {
        if object.get("modifiedAt").is_none_or(Value::is_null) {
            object.insert("modifiedAt".to_owned(), json!(rfc3339(second_of(self.clock.now()))));
        }
        let item = Item::parse(Value::Object(object).to_string())?;
        let reference = Reference::parse(item.reference.as_str())?;
        self.shelf(entity).put(item);
        Ok(reference)
    }

    /// Replaces or, with `merge`, amends the object called `reference`, modified now. Returns it and whether it is new.
    pub(super) fn save(
        &self,
        entity: Entity,
        reference: &str,
        mut members: Object,
        merge: bool,
    ) -> Result<(Arc<RawValue>, bool)> {
        Reference::parse(reference)?;
        let now = json!(rfc3339(second_of(self.clock.now())));
        let mut kept = self.shelf(entity);
        let present: Option<Object> =
            kept.items.get(reference).and_then(|item| serde_json::from_str(item.body.get()).ok());
        let is_new = present.is_none();
        let id =
            present.as_ref().and_then(|object| object.get("id").cloned()).unwrap_or_else(|| json!(reference));
        if members.get("id").is_some_and(|other| *other != id && *other != json!(reference)) {
            return Err(Error::new(Kind::Malformed, "the body's `id` is not the one in the address"));
        }
        let created = present.as_ref().and_then(|object| object.get("createdAt").cloned());
        if merge {
            let mut whole = present.ok_or_else(|| {
                Error::new(Kind::NotFound, format!("there is no such {}", word_for(entity)))
            })?;
            whole.append(&mut members);
            members = whole;
        }
        members.insert("id".to_owned(), id);
        members.insert("createdAt".to_owned(), created.unwrap_or_else(|| now.clone()));
        members.insert("modifiedAt".to_owned(), now);
        let item = Item::parse(Value::Object(members).to_string())?;
        let body = item.body.clone();
        kept.put(item);
        Ok((body, is_new))
    }

    /// Forgets the object. Returns whether it was there.
    pub(super) fn remove(&self, entity: Entity, reference: &str) -> bool {
        self.shelf(entity).take(reference).is_some()
    }

    /// Who or what it is, in a few words.
    pub(super) fn label(&self, entity: Entity, reference: &str) -> Option<String> {
        let object: Value = serde_json::from_str(self.get(entity, reference)?.get()).ok()?;
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
        let parts = match entity {
            Entity::Profile => {
                let name: Vec<&str> = [text("/firstName"), text("/lastName")].into_iter().flatten().collect();
                [
                    Some(name.join(" ")),
                    text("/headline").map(str::to_owned),
                    text("/address/city").map(str::to_owned),
                ]
            }
            Entity::Job => ["/title", "/employer", "/office/city"].map(|path| text(path).map(str::to_owned)),
        };
        Some(parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "))
    }

    fn shelf(&self, entity: Entity) -> MutexGuard<'_, Shelf> {
        let objects = match entity {
            Entity::Profile => &self.candidates,
            Entity::Job => &self.vacancies,
        };
        objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn put(&mut self, item: Item) -> Option<Item> {
        let before = self.take(&item.reference);
        self.order.insert((item.modified, item.reference.clone()));
        self.items.insert(item.reference.clone(), item);
        before
    }

    fn take(&mut self, reference: &str) -> Option<Item> {
        let item = self.items.remove(reference)?;
        self.order.remove(&(item.modified, item.reference.clone()));
        Some(item)
    }
}

/// What this ATS calls one of them.
pub(super) fn word_for(entity: Entity) -> &'static str {
    match entity {
        Entity::Profile => "candidate",
        Entity::Job => "vacancy",
    }
}
