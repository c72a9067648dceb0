//! Which profiles can be found and which can be scored: the rule of HrFlow's SDK.

use serde_json::Value;

use crate::model::{Entity, Object};

/// What an object is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Eligibility {
    /// It has a text and says whose it is.
    pub searchable: bool,
    /// It is searchable and says what the person does.
    pub scorable: bool,
}

impl Eligibility {
    /// Every stored job can be found and scored: it has a name and a location.
    pub(super) fn of(entity: Entity, object: &Object) -> Self {
        let searchable = entity == Entity::Job || is_searchable(object);
        Self { searchable, scorable: searchable && (entity == Entity::Job || is_scorable(object)) }
    }
}

/// A text, and: an e-mail, or both names, or half of the eight things that tell who somebody is.
fn is_searchable(profile: &Object) -> bool {
    let info = |name: &str| profile.get("info").and_then(|info| info.get(name)).is_some_and(is_set);
    let told = ["first_name", "last_name", "phone", "date_birth", "gender", "summary", "urls", "location"];
    let is_somebody = info("email")
        || (info("first_name") && info("last_name"))
        || told.iter().filter(|name| info(name)).count() * 2 >= told.len();
    is_somebody && profile.get("text").is_some_and(is_set)
}

/// An experience with a title, an education with a title or a school, a summary, a skill or a task.
fn is_scorable(profile: &Object) -> bool {
    let any = |list: &str, names: &[&str]| {
        let mut items = profile.get(list).and_then(Value::as_array).into_iter().flatten();
        items.any(|item| names.iter().any(|name| item.get(name).is_some_and(is_set)))
    };
    any("experiences", &["title"])
        || any("educations", &["title", "school"])
        || profile.get("info").and_then(|info| info.get("summary")).is_some_and(is_set)
        || ["skills", "tasks"].iter().any(|name| profile.get(*name).is_some_and(is_set))
}

/// What Python takes for true.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        // A location is a model object in the SDK, which is true even when nothing in it is known.
        Value::Object(_) => true,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use serde_json::json;

    #[test]
    fn the_rule_is_that_of_the_sdk() {
        let skills = json!([{"name": "Rust"}]);
        for (profile, searchable, scorable) in [
            (json!({"text": "t", "info": {"email": "e"}}), true, false),
            (json!({"text": "t", "info": {"email": "e"}, "experiences": [{"title": "t"}]}), true, true),
            (json!({"text": "t", "info": {"email": "e"}, "experiences": [{"company": "c"}]}), true, false),
            (json!({"text": "t", "info": {"email": "e"}, "educations": [{"school": "s"}]}), true, true),
            (json!({"text": "t", "info": {"email": "e"}, "skills": skills}), true, true),
            (json!({"text": "", "info": {"email": "e"}, "skills": skills}), false, false),
            (json!({"text": "t", "info": {"first_name": "a", "last_name": "b"}}), true, false),
            (json!({"text": "t", "info": {"phone": "1", "gender": "male", "location": {}}}), false, false),
            (
                json!({"text": "t", "info": {"phone": "1", "gender": "male", "location": {}, "urls": [1]}}),
                true,
                false,
            ),
        ] {
            let eligibility = Eligibility::of(Entity::Profile, profile.as_object().unwrap());
            assert_eq!(eligibility, Eligibility { searchable, scorable }, "{profile}");
        }
    }
}
