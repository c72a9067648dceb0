//! Which profiles HrFlow can find and score: the rule of its own SDK. There is no such rule for jobs.

use serde_json::Value;

use crate::model::{Entity, Object};

/// The eight facts of which four make a profile searchable.
const FACTS: [&str; 8] =
    ["first_name", "last_name", "phone", "date_birth", "gender", "summary", "urls", "location"];

/// What a profile lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// A text, without which it cannot be found.
    Text,
    /// Whose it is, without which it cannot be found.
    Identity {
        /// How many of the eight facts it has.
        facts: usize,
    },
    /// What the person does, without which it can be found and not scored.
    Description,
}

impl Lack {
    /// Whether it keeps the profile from being found at all, and not from being scored alone.
    pub fn hides(self) -> bool {
        match self {
            Self::Text | Self::Identity { .. } => true,
            Self::Description => false,
        }
    }

    /// The stable name of the rule.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Identity { .. } => "identity",
            Self::Description => "description",
        }
    }

    /// The fields of the profile that the rule looks at.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Text => &["text"],
            Self::Identity { .. } => &[
                "info.email",
                "info.first_name",
                "info.last_name",
                "info.phone",
                "info.date_birth",
                "info.gender",
                "info.summary",
                "info.urls",
                "info.location",
            ],
            Self::Description => &[
                "experiences[].title",
                "educations[].title",
                "educations[].school",
                "info.summary",
                "skills",
                "tasks",
            ],
        }
    }

    /// What is missing, in words.
    pub fn detail(self) -> String {
        match self {
            Self::Text => "`text` is empty".to_owned(),
            Self::Identity { facts } => format!(
                "`info` needs `email`, or `first_name` and `last_name`, or 4 of {} (it has {facts})",
                FACTS.map(|name| format!("`{name}`")).join(", ")
            ),
            Self::Description => {
                "it needs an experience with a `title`, an education with a `title` or `school`, `info.summary`, \
                 `skills` or `tasks`"
                    .to_owned()
            }
        }
    }
}

/// What keeps an object from being found or scored although it is indexed.
pub(super) fn lacks(entity: Entity, object: &Object) -> Vec<Lack> {
    match entity {
        Entity::Profile => lacks_of_profile(object),
        Entity::Job => Vec::new(),
    }
}

/// The same in sentences: `not searchable: …`, `not scorable: …`.
pub fn notes(entity: Entity, object: &Object) -> Vec<String> {
    let (hiding, rest): (Vec<Lack>, Vec<Lack>) =
        lacks(entity, object).into_iter().partition(|lack| lack.hides());
    if hiding.is_empty() {
        return rest.into_iter().map(|lack| format!("not scorable: {}", lack.detail())).collect();
    }
    let missing: Vec<String> = hiding.into_iter().map(Lack::detail).collect();
    vec![format!("not searchable: {}", missing.join("; ")), "not scorable: it is not searchable".to_owned()]
}

fn lacks_of_profile(profile: &Object) -> Vec<Lack> {
    let info = profile.get("info").and_then(Value::as_object);
    let known = |name: &str| info.and_then(|info| info.get(name)).is_some_and(is_set);
    let facts = FACTS.iter().filter(|name| known(name)).count();
    let identified = known("email") || (known("first_name") && known("last_name")) || facts >= 4;
    let any = |list: &str, members: &[&str]| {
        let items = profile.get(list).and_then(Value::as_array);
        items.is_some_and(|items| {
            items.iter().any(|item| members.iter().any(|name| item.get(name).is_some_and(is_set)))
        })
    };
    let has = |name: &str| profile.get(name).is_some_and(is_set);
    let described = any("experiences", &["title"])
        || any("educations", &["title", "school"])
        || known("summary")
        || has("skills")
        || has("tasks");
    [(has("text"), Lack::Text), (identified, Lack::Identity { facts }), (described, Lack::Description)]
        .into_iter()
        .filter_map(|(met, lack)| (!met).then_some(lack))
        .collect()
}

/// Set as the SDK's Python sees it: not null, false, zero or empty.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}
