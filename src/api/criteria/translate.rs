//! Criteria in HrFlow's words: most are HrFlow's own, and the short ways of saying are rewritten.

use serde_json::{Map, Value, json};

use super::tables::{JOB_SCORING, JOB_SORTING, JOBS, PROFILE_SCORING, PROFILE_SORTING, PROFILES};
use crate::api::cursor;
use crate::api::parameters::Given;
use crate::error::Result;
use crate::flows::query::Asked;
use crate::model::{Entity, Reference};

/// What a request asks, but for what scoring alone can be asked.
///
/// # Errors
/// `Invalid` for a cursor that no ranking gave.
pub(in crate::api) fn asked(given: &Given, entity: Entity, scored_for: Option<Reference>) -> Result<Asked> {
    Ok(Asked {
        cursor: cursor::read(cursor::RANKING, given)?,
        criteria: hrflow(given, entity),
        filters: filters(given),
        include: given.texts("include").into_iter().map(str::to_owned).collect(),
        ..Asked::page(entity, scored_for, given.whole("page").max(1), given.whole("limit"))
    })
}

/// The criteria of a request, as parameters of HrFlow's.
fn hrflow(given: &Given, entity: Entity) -> Vec<(String, Value)> {
    let tables = match entity {
        Entity::Profile => [PROFILES, PROFILE_SCORING, PROFILE_SORTING],
        Entity::Job => [JOBS, JOB_SCORING, JOB_SORTING],
    };
    let mut criteria = given.of(&tables.concat());
    // The outer list is an AND and the inner ones are ORs, so any one of these tags will do.
    for tag in ["contract", "category"] {
        let any: Vec<Value> =
            given.texts(tag).iter().map(|value| json!({"name": tag, "value": value})).collect();
        if !any.is_empty() {
            append(&mut criteria, "tags_included", any.into());
        }
    }
    let ends = [("value_min", "salary_min"), ("value_max", "salary_max")];
    let mut salary: Map<String, Value> = ends
        .into_iter()
        .filter_map(|(end, name)| Some((end.to_owned(), given.value(name)?.clone())))
        .collect();
    if !salary.is_empty() {
        salary.insert("name".to_owned(), "salary".into());
        append(&mut criteria, "ranges_float", salary.into());
    }
    criteria
}

/// What HrFlow has no parameter for, as clauses of its raw filter.
fn filters(given: &Given) -> Vec<Value> {
    let ends = [("gte", "updated_at_min"), ("lte", "updated_at_max")];
    let bounds: Map<String, Value> = ends
        .into_iter()
        .filter_map(|(end, name)| Some((end.to_owned(), given.value(name)?.clone())))
        .collect();
    if bounds.is_empty() { Vec::new() } else { vec![json!({"range": {"updated_at": bounds}})] }
}

/// Adds to a criterion that is a list, which may not be there yet.
fn append(criteria: &mut Vec<(String, Value)>, name: &str, item: Value) {
    match criteria.iter_mut().find(|(given, _)| given == name) {
        Some((_, Value::Array(items))) => items.push(item),
        _ => criteria.push((name.to_owned(), Value::Array(vec![item]))),
    }
}
