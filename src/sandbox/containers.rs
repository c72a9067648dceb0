//! Sources and boards: what holds profiles and jobs.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::answer::wire_date;
use crate::model::Entity;

/// A source or a board.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Container {
    /// `Profile` for a source, `Job` for a board.
    pub entity: Entity,
    pub key: String,
    pub created_at: DateTime<Utc>,
}

impl Container {
    /// `sandbox-source-0123abcd`
    pub(super) fn name(&self) -> String {
        format!("sandbox-{}-{}", self.entity.container(), self.key.get(..8).unwrap_or(&self.key))
    }

    /// The short form that objects carry.
    pub(super) fn embedded(&self) -> Value {
        json!({
            "key": self.key, "name": self.name(), "type": "api", "subtype": "sandbox", "environment": "test",
        })
    }

    /// The full form, with the number of objects it holds.
    pub(super) fn full(&self, size: usize) -> Value {
        let date = wire_date(self.created_at);
        let mut full = json!({
            "id": self.id(), "key": self.key, "name": self.name(), "description": null,
            "type": "api", "subtype": "sandbox", "environment": "test",
            "private": false, "disable": false, "status": true, "archive": null, "archived_at": null,
            "members": [], "user": {
                "id": 1, "email": "sandbox@example.org", "pseudo": "sandbox", "firstName": null, "lastName": null,
                "avatarUrl": null, "locale": "english", "position": null, "phone": null,
            },
            "updated_at": date, "created_at": date, "stats": {"size": size.to_string()},
        });
        let own = match self.entity {
            Entity::Profile => {
                json!({"sync_parsing": true, "notification": false, "consent": false, "consent_url": null})
            }
            Entity::Job => json!({"mapping_scoring": [], "mapping_reasoning": []}),
        };
        if let (Value::Object(full), Value::Object(own)) = (&mut full, own) {
            full.extend(own);
        }
        full
    }

    /// A number that is the same after every restart.
    fn id(&self) -> u32 {
        self.key.get(..7).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or_default()
    }
}
