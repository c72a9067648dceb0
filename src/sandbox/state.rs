//! What the sandbox holds, in memory and on disk; `roads` has what happens to an object.
//!
//! One writer at a time: an object is checked, made durable, and only then seen by readers. Everything here blocks and
//! belongs on the blocking pool.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use serde_json::value::RawValue;

use super::access::{Access, is_object_key};
use super::answer::Refusal;
use super::catalog::{Catalog, Entry, Reading};
use super::containers::Container;
use super::feedback::Feedback;
use super::objects::Objects;
use super::{Options, ReferenceAfterArchive};
use crate::error::{Error, Kind, Result};
use crate::model::{Clock, Entity, Object};

/// What the sandbox holds.
pub(super) struct State {
    pub access: Access,
    pub clock: Clock,
    reference_after_archive: ReferenceAfterArchive,
    /// Whether sources (boards) are made when their key is first used.
    opens_sources: bool,
    opens_boards: bool,
    catalog: RwLock<Catalog>,
    /// Ratings and trackings.
    pub feedback: RwLock<Feedback>,
    /// Held through a whole write; the file is missing when nothing is to outlive the process.
    writer: Mutex<Option<Objects>>,
}

impl State {
    /// Reads back what the data folder holds and adds the sources and boards of the options.
    pub(super) fn load(options: Options, clock: Clock) -> Result<Self> {
        let access = Access::new(options.api_keys)?;
        let mut objects = options.data_dir.as_deref().map(Objects::open).transpose()?;
        let mut catalog = Catalog::default();
        for (entity, listed) in [(Entity::Profile, &options.sources), (Entity::Job, &options.boards)] {
            if let Some(objects) = &mut objects {
                for container in objects.containers(entity)? {
                    if listed.is_empty() || listed.contains(&container.key) {
                        catalog.stock_mut(entity).containers.insert(container.key.as_str().into(), container);
                    }
                }
                objects.each(entity, |body| {
                    restore(entity, &mut catalog, body, options.reference_after_archive)
                })?;
            }
            let stock = catalog.stock_mut(entity);
            for key in listed {
                if !is_object_key(key) {
                    let problem = format!(
                        "the {} key `{key}` must be 40 lower-case hexadecimal digits",
                        entity.container()
                    );
                    return Err(Error::new(Kind::Invalid, problem));
                }
                if !stock.containers.contains_key(key.as_str()) {
                    let container = Container { entity, key: key.clone(), created_at: clock.now() };
                    if let Some(objects) = &mut objects {
                        objects.save_container(&container)?;
                    }
                    stock.containers.insert(key.as_str().into(), container);
                }
            }
        }
        let feedback = objects.as_mut().map(Feedback::restore).transpose()?.unwrap_or_default();
        Ok(Self {
            access,
            clock,
            reference_after_archive: options.reference_after_archive,
            opens_sources: options.sources.is_empty(),
            opens_boards: options.boards.is_empty(),
            catalog: RwLock::new(catalog),
            feedback: RwLock::new(feedback),
            writer: Mutex::new(objects),
        })
    }

    /// What is stored, to look at.
    pub(super) fn catalog(&self) -> RwLockReadGuard<'_, Catalog> {
        self.catalog.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure of a source or board: finds it, or makes it when any is welcome.
    pub(super) fn open_container(&self, entity: Entity, key: &str) -> Result<Container, Refusal> {
        if let Some(container) = self.catalog().stock(entity).containers.get(key) {
            return Ok(container.clone());
        }
        let is_welcome = match entity {
            Entity::Profile => self.opens_sources,
            Entity::Job => self.opens_boards,
        };
        if !is_welcome || !is_object_key(key) {
            return Err(Refusal::no_object(entity.container()));
        }
        let mut writer = self.writer();
        if let Some(container) = self.catalog().stock(entity).containers.get(key) {
            return Ok(container.clone());
        }
        let container = Container { entity, key: key.to_owned(), created_at: self.clock.now() };
        if let Some(objects) = writer.as_mut() {
            objects.save_container(&container)?;
        }
        let mut catalog = self.catalog.write().unwrap_or_else(PoisonError::into_inner);
        catalog.stock_mut(entity).containers.insert(key.into(), container.clone());
        Ok(container)
    }

    /// Makes an object durable, then visible, and returns it as it is answered.
    pub(super) fn keep(
        &self,
        writer: &mut Option<Objects>,
        entity: Entity,
        slot: usize,
        object: &Object,
        reading: Reading,
    ) -> Result<Arc<RawValue>> {
        let body = serde_json::value::to_raw_value(object).map_err(unreadable)?;
        if let Some(objects) = writer {
            objects.save(entity, slot + 1, body.get())?;
        }
        let (entry, document) = reading.entry(entity, object, body).ok_or_else(incomplete)?;
        let holds_reference = holds_reference(&entry, self.reference_after_archive);
        let body = Arc::clone(&entry.body);
        let mut catalog = self.catalog.write().unwrap_or_else(PoisonError::into_inner);
        catalog.put(entity, slot, entry, &document, holds_reference);
        Ok(body)
    }

    pub(super) fn writer(&self) -> MutexGuard<'_, Option<Objects>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts an object that was read back onto its stock.
fn restore(entity: Entity, catalog: &mut Catalog, body: String, policy: ReferenceAfterArchive) -> Result<()> {
    let object: Object = serde_json::from_str(&body).map_err(unreadable)?;
    let body = RawValue::from_string(body).map_err(unreadable)?;
    let reading = Reading::of(entity, &object);
    let (entry, document) = reading.entry(entity, &object, body).ok_or_else(incomplete)?;
    let holds_reference = holds_reference(&entry, policy);
    let slot = catalog.stock(entity).len();
    catalog.put(entity, slot, entry, &document, holds_reference);
    Ok(())
}

fn holds_reference(entry: &Entry, policy: ReferenceAfterArchive) -> bool {
    !entry.is_archived || policy == ReferenceAfterArchive::Kept
}

pub(super) fn parsed(body: &Arc<RawValue>) -> Result<Object> {
    serde_json::from_str(body.get()).map_err(unreadable)
}

fn unreadable(cause: serde_json::Error) -> Error {
    Error::new(Kind::Internal, "a stored object cannot be read").because(cause)
}

fn incomplete() -> Error {
    Error::new(Kind::Internal, "a stored object lacks its key, its dates or its source or board")
}
