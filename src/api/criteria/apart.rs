//! Criteria one by one: what keeps a single object out of a list is looked for filter by filter.

use super::tables::{JOB_REWRITTEN, JOBS, NEAR_THE_JOB, NEAR_THE_PROFILE, PROFILES, REWRITTEN, SCORE};
use super::translate::asked;
use crate::api::parameters::{Given, PARTNER, Parameter};
use crate::api::shape::Shape;
use crate::error::Result;
use crate::flows::pair::Narrowing;
use crate::flows::query::Asked;
use crate::flows::why::{Filter, Filters};
use crate::model::Entity;

const LIMIT: &[Parameter] =
    &[Parameter::optional("limit", crate::api::LIMIT, "How many objects a page of the list has.")];

/// What narrows a list of profiles.
pub(in crate::api) const NARROW_PROFILES: [&[Parameter]; 6] =
    [&[PARTNER], LIMIT, SCORE, PROFILES, REWRITTEN, NEAR_THE_JOB];

/// What narrows a list of jobs.
pub(in crate::api) const NARROW_JOBS: [&[Parameter]; 7] =
    [&[PARTNER], LIMIT, SCORE, JOBS, REWRITTEN, JOB_REWRITTEN, NEAR_THE_PROFILE];

/// `location_from` where either list may be meant.
pub(in crate::api) const NEAR_EITHER: Parameter = Parameter::optional(
    "location_from",
    Shape::Choice(&["job", "profile"]),
    "`job` or `profile`, the one that the list is for: its own place stands for `location_geopoint`, at one more call to \
     HrFlow.",
);

/// All filters of a request, and each by itself; a place and the distance around it are one, which goes by the distance.
pub(in crate::api) fn filters(given: &Given, entity: Entity) -> Result<Filters> {
    let tables: &[&[Parameter]] = match entity {
        Entity::Profile => &[PROFILES, REWRITTEN, NEAR_THE_JOB],
        Entity::Job => &[JOBS, REWRITTEN, JOB_REWRITTEN, NEAR_THE_PROFILE],
    };
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (name, _) in tables.iter().flat_map(|table| given.of(table)) {
        let distance = match name.as_str() {
            "location_from" => Some("location_distance".to_owned()),
            name => name.strip_suffix("geopoint").map(|place| format!("{place}distance")),
        };
        let group = distance.filter(|distance| given.value(distance).is_some()).unwrap_or(name.clone());
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, names)) => names.push(name),
            None => groups.push((group, vec![name])),
        }
    }
    let each = groups.into_iter().map(|(group, names)| Ok((group, filter(&given.only(&names), entity)?)));
    Ok(Filters { all: filter(given, entity)?, each: each.collect::<Result<_>>()? })
}

fn filter(given: &Given, entity: Entity) -> Result<Filter> {
    let Asked { criteria, filters, .. } = asked(given, entity, None)?;
    Ok(Filter {
        narrowing: Narrowing { criteria, clauses: filters },
        around: given.value("location_from").is_some(),
    })
}
