//! The conditions that criteria are made of: how each is read from the parameters, and when it is met.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::answer::Refusal;
use super::facts::{Facts, Named, Point, Range};
use super::index::language::stems_in_every_language;
use super::index::text::Word;
use super::parameters::Parameters;
use crate::model::Object;

/// A stage, and the job it is meant for; any job when there is none.
pub(super) struct Stage {
    pub name: &'static str,
    pub job: Option<(String, Option<String>)>,
}

#[derive(Default)]
pub(super) struct Period {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// A point, and how far from it in kilometres.
#[derive(Default)]
pub(super) struct Area {
    pub point: Option<Point>,
    pub distance: Option<f64>,
}

#[derive(Default)]
pub(super) struct Bounds {
    least: Option<f64>,
    most: Option<f64>,
}

/// For each word of a keyword the stems it may have, and the fields to look in.
pub(super) struct Keyword {
    pub words: Vec<Vec<Word>>,
    pub fields: u16,
}

impl Stage {
    /// A profile without a label for the job is new for it.
    pub(super) fn is_of(&self, facts: &Facts) -> bool {
        let mut labels = facts.labels.iter().filter(|label| match &self.job {
            None => true,
            Some((key, reference)) => {
                label.job_key.as_ref() == Some(key)
                    || (label.job_key.is_none() && reference.is_some() && label.job_reference == *reference)
            }
        });
        let mut stages = labels.by_ref().map(|label| label.stage.as_str()).peekable();
        if stages.peek().is_none() { self.name == "new" } else { stages.any(|stage| stage == self.name) }
    }
}

impl Period {
    pub(super) fn holds(&self, date: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date <= to)
    }
}

impl Area {
    pub(super) fn read(
        parameters: &Parameters,
        geopoint: &str,
        distance_name: &str,
    ) -> Result<Self, Refusal> {
        let point = match parameters.object(geopoint)? {
            None => None,
            Some(object) => Some(Point::of(&object).ok_or_else(|| {
                Refusal::field(geopoint, "must be an object with lat from -90 to 90 and lng from -180 to 180")
            })?),
        };
        let distance = distance(parameters, &[distance_name])?;
        if distance.is_some() && point.is_none() {
            return Err(Refusal::field(geopoint, format_args!("is needed beside {distance_name}")));
        }
        Ok(Self { point, distance })
    }

    pub(super) fn holds_any(&self, points: &[Point]) -> bool {
        match (self.point, self.distance) {
            (Some(_), Some(distance)) => {
                self.nearest(points).is_some_and(|kilometres| kilometres <= distance)
            }
            _ => true,
        }
    }

    /// Kilometres to the nearest of the points.
    pub(super) fn nearest(&self, points: &[Point]) -> Option<f64> {
        let from = self.point?;
        points.iter().map(|point| from.kilometres_to(*point)).reduce(f64::min)
    }
}

impl Bounds {
    /// Reads `experiences_duration_min` and its kin; a negative bound is none.
    pub(super) fn read(parameters: &Parameters, what: &str) -> Result<Self, Refusal> {
        let bound = |end: &str| {
            let names = [format!("{what}s_duration_{end}"), format!("{what}_duration_{end}")];
            let number = parameters.number(&[&names[0], &names[1]]);
            number.map(|years| years.filter(|years| *years >= 0.0))
        };
        Ok(Self { least: bound("min")?, most: bound("max")? })
    }

    /// An unknown duration is in no bounds.
    pub(super) fn hold(&self, years: Option<f64>) -> bool {
        let is_unbounded = self.least.is_none() && self.most.is_none();
        is_unbounded
            || years.is_some_and(|years| {
                self.least.is_none_or(|least| least <= years) && self.most.is_none_or(|most| years <= most)
            })
    }
}

pub(super) fn distance(parameters: &Parameters, names: &[&str]) -> Result<Option<f64>, Refusal> {
    match parameters.number(names)? {
        Some(distance) if distance < 0.0 => Err(Refusal::field(names[0], "must not be negative")),
        distance => Ok(distance),
    }
}

pub(super) fn keywords_of(parameters: &Parameters, name: &str, fields: u16) -> Result<Vec<Keyword>, Refusal> {
    let keyword = |text: String| {
        let words = stems_in_every_language(&text);
        // What has no word in it is found nowhere.
        let words = if words.is_empty() { vec![vec![text.into()]] } else { words };
        Keyword { words, fields }
    };
    Ok(parameters.texts(&[name])?.into_iter().map(keyword).collect())
}

/// `[{"name", "value"}]`; a bare text counts as a name.
pub(super) fn named(parameters: &Parameters, name: &str) -> Result<Vec<Named>, Refusal> {
    let items = parameters.list(&[name])?.map(|(_, items)| items).unwrap_or_default();
    items.iter().map(|item| named_item(name, item)).collect()
}

fn named_item(name: &str, item: &Value) -> Result<Named, Refusal> {
    let object = match item {
        Value::Object(object) => object.clone(),
        Value::String(text) => Object::from_iter([("name".to_owned(), Value::String(text.clone()))]),
        _ => Object::new(),
    };
    Named::of(&object).ok_or_else(|| Refusal::field(name, "must be a list of objects with a name"))
}

/// The outer list is an AND, the inner ones are ORs. A flat list, the old form, is brought into that by `flat`: all of it
/// must be there to be included, any of it is enough to be excluded.
pub(super) fn tags(
    parameters: &Parameters,
    name: &str,
    flat: impl Fn(&mut dyn Iterator<Item = Named>) -> Vec<Vec<Named>>,
) -> Result<Vec<Vec<Named>>, Refusal> {
    let items = parameters.list(&[name])?.map(|(_, items)| items).unwrap_or_default();
    if items.is_empty() {
        return Ok(Vec::new());
    }
    if items.iter().all(Value::is_array) {
        let any = items.iter().filter_map(Value::as_array).filter(|any| !any.is_empty());
        return any.map(|any| any.iter().map(|tag| named_item(name, tag)).collect()).collect();
    }
    let singles: Vec<Named> = items.iter().map(|tag| named_item(name, tag)).collect::<Result<_, _>>()?;
    Ok(flat(&mut singles.into_iter()))
}

pub(super) fn ranges(
    parameters: &Parameters,
    name: &str,
    read: impl Fn(&Value) -> Option<f64>,
) -> Result<Vec<Range>, Refusal> {
    let items = parameters.list(&[name])?.map(|(_, items)| items).unwrap_or_default();
    let range = |item: &Value| {
        item.as_object().and_then(|object| Range::of(object, &read)).ok_or_else(|| {
            Refusal::field(name, "must be a list of objects with name, value_min and value_max")
        })
    };
    items.iter().map(range).collect()
}

pub(super) fn any_in(asked: &[Named], had: &[Named]) -> bool {
    asked.iter().any(|asked| had.iter().any(|had| had.answers(asked)))
}

pub(super) fn all_in(asked: &[Named], had: &[Named]) -> bool {
    asked.iter().all(|asked| had.iter().any(|had| had.answers(asked)))
}

pub(super) fn all_overlap(asked: &[Range], had: &[Range]) -> bool {
    asked.iter().all(|asked| had.iter().any(|had| had.overlaps(asked)))
}
