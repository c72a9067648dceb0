//! The roads of an object: create, edit, archive, and how it is found by its names.

use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::access::is_object_key;
use super::answer::{Refusal, wire_date};
use super::catalog::{Entry, Reading, Stock};
use super::containers::Container;
use super::shape;
use super::state::{State, parsed};
use crate::model::{Entity, Object};

impl State {
    /// Stores a new object and returns it, also as it is answered from now on.
    pub(super) fn create(
        &self,
        entity: Entity,
        container: &str,
        sent: Object,
    ) -> Result<(Object, Arc<RawValue>), Refusal> {
        let (mut object, reference, key) = read(entity, sent)?;
        let reading = Reading::of(entity, &object);
        let container = self.open_container(entity, container)?;
        let mut writer = self.writer();
        let slot = {
            let catalog = self.catalog();
            let stock = catalog.stock(entity);
            if let Some(reference) = &reference
                && stock.slot_by_reference(&container.key, reference).is_some()
            {
                return Err(Refusal::already_used("create", entity, "reference", reference));
            }
            if let Some(key) = &key
                && stock.slot_by_key(key).is_some()
            {
                return Err(Refusal::already_used("create", entity, "key", key));
            }
            stock.len()
        };
        let now = wire_date(self.clock.now());
        let key = key.unwrap_or_else(|| made_key(&[entity.singular(), &container.key, &slot.to_string()]));
        object.insert("key".to_owned(), json!(key));
        object.insert("reference".to_owned(), json!(reference));
        object.insert("archived_at".to_owned(), Value::Null);
        object.insert("updated_at".to_owned(), json!(now));
        if object.get("created_at").is_none_or(Value::is_null) {
            object.insert("created_at".to_owned(), json!(now));
        }
        complete(entity, &mut object, &container, slot);
        let body = self.keep(&mut writer, entity, slot, &object, reading)?;
        Ok((object, body))
    }

    /// Puts an object in the place of a stored one, found by key or else by reference, and returns it as it is answered.
    /// Only the key, the reference, the creation date and the archive of the old one stay, where the new one says nothing of
    /// them.
    pub(super) fn edit(
        &self,
        entity: Entity,
        container: &str,
        sent: Object,
    ) -> Result<Arc<RawValue>, Refusal> {
        let (mut object, reference, key) = read(entity, sent)?;
        let reading = Reading::of(entity, &object);
        let container = self.open_container(entity, container)?;
        let mut writer = self.writer();
        let (slot, before) = {
            let catalog = self.catalog();
            let stock = catalog.stock(entity);
            let slot = match (&key, &reference) {
                (Some(key), _) => in_container(stock, &container.key, stock.slot_by_key(key)),
                (None, Some(reference)) => stock.slot_by_reference(&container.key, reference),
                (None, None) => return Err(Refusal::invalid("key or reference is needed")),
            };
            let slot = slot.ok_or_else(|| Refusal::no_object(entity.singular()))?;
            let taken = reference.as_ref().and_then(|name| stock.slot_by_reference(&container.key, name));
            if let Some(reference) = &reference
                && taken.is_some_and(|taken| taken != slot)
                && stock.entries()[slot].reference.as_ref() != Some(reference)
            {
                return Err(Refusal::already_used("edit", entity, "reference", reference));
            }
            (slot, stock.entries()[slot].clone())
        };
        let before_object: Object = parsed(&before.body)?;
        let kept = |name: &str| before_object.get(name).cloned().unwrap_or(Value::Null);
        object.insert("key".to_owned(), json!(before.key));
        object.insert("reference".to_owned(), json!(reference.or(before.reference)));
        object.insert("archived_at".to_owned(), kept("archived_at"));
        object.insert("updated_at".to_owned(), json!(wire_date(self.clock.now())));
        if object.get("created_at").is_none_or(Value::is_null) {
            object.insert("created_at".to_owned(), kept("created_at"));
        }
        complete(entity, &mut object, &container, slot);
        Ok(self.keep(&mut writer, entity, slot, &object, reading)?)
    }

    /// Archives an object or brings it back, and returns its key.
    pub(super) fn archive(
        &self,
        entity: Entity,
        wanted: &Wanted,
        is_archive: bool,
    ) -> Result<String, Refusal> {
        self.open_container(entity, &wanted.container)?;
        let mut writer = self.writer();
        let (slot, entry) = {
            let catalog = self.catalog();
            let stock = catalog.stock(entity);
            let slot = wanted.slot(entity, stock)?;
            let entry = stock.entries()[slot].clone();
            // A reference that was freed and taken again cannot stand for two.
            if !is_archive
                && let Some(reference) = &entry.reference
                && stock.slot_by_reference(&entry.container, reference).is_some_and(|taken| taken != slot)
            {
                return Err(Refusal::already_used("restore", entity, "reference", reference));
            }
            (slot, entry)
        };
        if entry.is_archived != is_archive {
            let now = json!(wire_date(self.clock.now()));
            let mut object: Object = parsed(&entry.body)?;
            object.insert("archived_at".to_owned(), if is_archive { now.clone() } else { Value::Null });
            object.insert("updated_at".to_owned(), now);
            let reading = Reading::of(entity, &object);
            self.keep(&mut writer, entity, slot, &object, reading)?;
        }
        Ok(entry.key)
    }
}

/// Which object a call means.
pub(super) struct Wanted {
    /// The key of its source or board.
    pub container: String,
    pub key: Option<String>,
    pub reference: Option<String>,
    /// A profile's third name.
    pub email: Option<String>,
}

impl Wanted {
    /// Its slot; the reference wins over the key, and both over the e-mail.
    pub(super) fn slot(&self, entity: Entity, stock: &Stock) -> Result<usize, Refusal> {
        let slot = match (&self.reference, &self.key, &self.email) {
            (Some(reference), _, _) => stock.slot_by_reference(&self.container, reference),
            (None, Some(key), _) => in_container(stock, &self.container, stock.slot_by_key(key)),
            (None, None, Some(email)) => {
                let email = email.trim().to_lowercase();
                let is_meant = |entry: &Entry| {
                    *entry.container == self.container && entry.facts.email.as_deref() == Some(email.as_str())
                };
                stock.entries().iter().position(is_meant)
            }
            (None, None, None) => return Err(Refusal::invalid("key or reference is needed")),
        };
        slot.ok_or_else(|| Refusal::no_object(entity.singular()))
    }
}

fn in_container(stock: &Stock, container: &str, slot: Option<usize>) -> Option<usize> {
    slot.filter(|&slot| *stock.entries()[slot].container == *container)
}

/// The object in its full form, its reference and its key.
fn read(entity: Entity, mut sent: Object) -> Result<(Object, Option<String>, Option<String>), Refusal> {
    let reference = match sent.remove("reference") {
        None | Some(Value::Null) => None,
        Some(Value::String(reference)) if !reference.is_empty() => Some(reference),
        Some(_) => return Err(Refusal::field("reference", "must be a string that is not empty, or null")),
    };
    let key = match sent.remove("key") {
        None | Some(Value::Null) => None,
        Some(Value::String(key)) if is_object_key(&key) => Some(key),
        Some(_) => return Err(Refusal::field("key", "must be 40 lower-case hexadecimal digits, or null")),
    };
    Ok((shape::full(entity, sent)?, reference, key))
}

/// Adds what only the server knows.
fn complete(entity: Entity, object: &mut Object, container: &Container, slot: usize) {
    object.insert("id".to_owned(), json!(slot + 1));
    object.insert("archive".to_owned(), Value::Null);
    object.insert(format!("{}_key", entity.container()), json!(container.key));
    object.insert(entity.container().to_owned(), container.embedded());
    let owner = object.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
    for list in ["experiences", "educations"] {
        let stays = object.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for (place, stay) in stays.enumerate() {
            if stay.get("key").is_none_or(Value::is_null) {
                stay["key"] = json!(made_key(&[&owner, list, &place.to_string()]));
            }
        }
    }
}

/// A key that depends on its parts alone: the same objects in the same order have the same keys in every run.
fn made_key(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("/").as_bytes());
    digest[..20].iter().fold(String::with_capacity(40), |mut key, byte| {
        for digit in [byte >> 4, byte & 15] {
            key.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
        key
    })
}
