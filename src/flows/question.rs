//! What is kept of a question that is answered later: which objects count, without the object it is asked for.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::query::Asked;
use crate::model::{Entity, Reference};

/// Parameters that name a person where profiles are ranked.
pub const PERSONAL: [&str; 2] = ["name", "email"];

/// Which objects count, and what is shown of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Question {
    /// The least score, from 0 to 1.
    pub score_min: Option<f64>,
    criteria: Vec<(String, Value)>,
    filters: Vec<Value>,
    around: bool,
    include: Vec<String>,
}

impl Question {
    /// What is kept of this one.
    pub fn of(asked: &Asked) -> Self {
        let Asked { score_min, criteria, filters, around, include, .. } = asked.clone();
        Self { score_min, criteria, filters, around, include }
    }

    /// The question for an object, a page of it.
    pub(super) fn ask(&self, entity: Entity, reference: Reference, page: u64, limit: u64) -> Asked {
        let Self { score_min, criteria, filters, around, include } = self.clone();
        Asked {
            score_min,
            criteria,
            filters,
            around,
            include,
            ..Asked::page(entity, Some(reference), page, limit)
        }
    }
}
