//! The six events of HrFlow's OEM page.

use std::fmt;

use super::Entity;

/// The reference of the static sample payload: a call with it is a ping and reaches nobody.
pub const SAMPLE_REFERENCE: &str = "ITEM-CRM-UNIQUE-REFERENCE";

/// The date of the static sample payload.
pub const SAMPLE_DATE: &str = "2022-03-01T14:21:58Z";

/// What happened to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// It is new.
    Create,
    /// Its content changed.
    Update,
    /// It was deleted, or its deletion was asked for.
    Archive,
}

/// One of the six events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventKind {
    /// What it happened to.
    pub entity: Entity,
    /// What happened.
    pub action: Action,
}

impl EventKind {
    /// All six, as documents list them.
    pub const ALL: [Self; 6] = [
        Self { entity: Entity::Profile, action: Action::Create },
        Self { entity: Entity::Profile, action: Action::Update },
        Self { entity: Entity::Profile, action: Action::Archive },
        Self { entity: Entity::Job, action: Action::Create },
        Self { entity: Entity::Job, action: Action::Update },
        Self { entity: Entity::Job, action: Action::Archive },
    ];

    /// Reads `profile_create` and its five siblings.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// `profile_create` and its five siblings.
    pub fn as_str(self) -> &'static str {
        match (self.entity, self.action) {
            (Entity::Profile, Action::Create) => "profile_create",
            (Entity::Profile, Action::Update) => "profile_update",
            (Entity::Profile, Action::Archive) => "profile_archive",
            (Entity::Job, Action::Create) => "job_create",
            (Entity::Job, Action::Update) => "job_update",
            (Entity::Job, Action::Archive) => "job_archive",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
