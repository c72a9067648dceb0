//! Parameters that are JSON: each part is checked at its place and put into one spelling.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::{MAX_ITEMS, Wrongs, other, plain, unacceptable, within};
use crate::model::{Reference, parse_date};

/// The most items of a long list whose faults are told.
const MAX_TOLD: usize = 20;

pub(super) fn list(
    value: Value,
    place: &str,
    wrong: &mut Wrongs,
    mut read: impl FnMut(Value, &str, &mut Wrongs) -> Value,
) -> Value {
    match value {
        Value::Array(items) if (1..=MAX_ITEMS).contains(&items.len()) => {
            let places = (0..).map(|index: usize| format!("{place}[{index}]"));
            items.into_iter().zip(places).map(|(item, place)| read(item, &place, wrong)).collect()
        }
        Value::Array(_) => {
            unacceptable(wrong, place, format!("must have 1 to {MAX_ITEMS} items"));
            Value::Null
        }
        _ => other(wrong, place, "must be a list"),
    }
}

/// A list of different references.
pub(super) fn references(value: Value, most: usize, wrong: &mut Wrongs) -> Value {
    let Value::Array(items) = value else { return other(wrong, "", "must be a list") };
    if !(1..=most).contains(&items.len()) {
        unacceptable(wrong, "", format!("must have 1 to {most} items"));
        return Value::Null;
    }
    let mut seen = HashSet::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let detail = match item.as_str().map(|text| (text, Reference::parse(text))) {
            None => "must be a text".to_owned(),
            Some((_, Err(refused))) => {
                refused.fields().first().map_or("cannot be used".to_owned(), |field| field.detail.clone())
            }
            Some((text, Ok(_))) if seen.insert(text) => continue,
            Some(_) => "stands there twice".to_owned(),
        };
        unacceptable(wrong, &format!("[{index}]"), detail);
        if wrong.len() >= MAX_TOLD {
            break;
        }
    }
    Value::Array(items)
}

/// The members of an object, none of which is unknown.
fn members(value: Value, known: &[&str], place: &str, wrong: &mut Wrongs) -> Option<Map<String, Value>> {
    let Value::Object(members) = value else {
        other(wrong, place, &format!("must be an object with {}", known.join(", ")));
        return None;
    };
    for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
        let name: String = name.chars().take(64).collect();
        unacceptable(wrong, &format!("{place}.{name}"), format!("is not one of: {}", known.join(", ")));
    }
    Some(members)
}

fn name_of(members: &mut Map<String, Value>, place: &str, wrong: &mut Wrongs) -> Value {
    let place = format!("{place}.name");
    match members.remove("name") {
        Some(Value::String(name)) => plain(&name, &place, wrong).into(),
        Some(_) => other(wrong, &place, "must be a text"),
        None => other(wrong, &place, "is required"),
    }
}

pub(super) fn named(value: Value, with_value: bool, place: &str, wrong: &mut Wrongs) -> Value {
    let Some(mut members) = members(value, &["name", "value"], place, wrong) else { return Value::Null };
    let name = name_of(&mut members, place, wrong);
    let value = members.remove("value").unwrap_or_default();
    if value.is_array() || value.is_object() {
        unacceptable(wrong, &format!("{place}.value"), "must be a text, a number or a truth value");
    } else if with_value && value.is_null() {
        unacceptable(wrong, &format!("{place}.value"), "is required");
    }
    json!({ "name": name, "value": value })
}

pub(super) fn range(
    value: Value,
    place: &str,
    wrong: &mut Wrongs,
    read: impl Fn(&Value) -> Option<Value>,
) -> Value {
    const BOUNDS: [&str; 2] = ["value_min", "value_max"];
    let known = ["name", "value_min", "value_max"];
    let Some(mut members) = members(value, &known, place, wrong) else { return Value::Null };
    let mut range = Map::new();
    range.insert("name".to_owned(), name_of(&mut members, place, wrong));
    for bound in BOUNDS {
        match members.get(bound).filter(|given| !given.is_null()).map(&read) {
            None => {}
            Some(Some(read)) => {
                range.insert(bound.to_owned(), read);
            }
            Some(None) => {
                unacceptable(wrong, &format!("{place}.{bound}"), "is not of the kind that is compared");
            }
        }
    }
    match BOUNDS.map(|bound| range.get(bound)) {
        [Some(least), Some(most)] if is_after(least, most) => {
            unacceptable(wrong, place, "`value_min` must not be greater than `value_max`");
        }
        [None, None] if BOUNDS.iter().all(|bound| members.get(*bound).is_none_or(Value::is_null)) => {
            unacceptable(wrong, place, "needs `value_min` or `value_max`");
        }
        _ => {}
    }
    Value::Object(range)
}

fn is_after(least: &Value, most: &Value) -> bool {
    match (least, most) {
        (Value::String(least), Value::String(most)) => parse_date(least) > parse_date(most),
        _ => least.as_f64() > most.as_f64(),
    }
}

pub(super) fn point(value: Value, wrong: &mut Wrongs) -> Value {
    let Some(mut members) = members(value, &["lat", "lng", "lon"], "", wrong) else { return Value::Null };
    if members.contains_key("lng") && members.contains_key("lon") {
        unacceptable(wrong, ".lon", "must not stand beside `lng`, which is the same");
    }
    let mut coordinate = |names: &[&str], most: f64| {
        let given = names.iter().find_map(|name| members.remove(*name));
        let place = format!(".{}", names.first().unwrap_or(&""));
        match given.as_ref().and_then(Value::as_f64) {
            Some(degrees) => within(degrees, -most, most, &place, wrong),
            None => unacceptable(wrong, &place, "must be a number of degrees"),
        }
        given
    };
    json!({ "lat": coordinate(&["lat"], 90.0), "lng": coordinate(&["lng", "lon"], 180.0) })
}
