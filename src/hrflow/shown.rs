//! An object of an answer whose fields are asked for too, as HrFlow spells them. What HrFlow spells oddly is left out.

use serde::Deserialize;
use serde_json::Value;

use super::Ranked;
use super::lax::Lax;
use crate::model::{Card, FloatRange, Place, Tag, parse_date, rfc3339};

/// A profile or a job with all that a card may show.
#[derive(Deserialize)]
pub(super) struct Shown {
    key: String,
    #[serde(default)]
    reference: Lax<String>,
    #[serde(alias = "board_key")]
    source_key: Option<String>,
    #[serde(default)]
    info: Lax<Info>,
    #[serde(default)]
    name: Lax<String>,
    #[serde(default)]
    summary: Lax<String>,
    #[serde(default)]
    url: Lax<String>,
    #[serde(default)]
    location: Lax<Location>,
    #[serde(default)]
    experiences_duration: Lax<f64>,
    #[serde(default)]
    educations_duration: Lax<f64>,
    #[serde(default)]
    experiences: Lax<Vec<Lax<Experience>>>,
    #[serde(default)]
    skills: Lax<Vec<Lax<Named>>>,
    #[serde(default)]
    languages: Lax<Vec<Lax<Named>>>,
    #[serde(default)]
    tags: Lax<Vec<Lax<Named>>>,
    #[serde(default)]
    ranges_float: Lax<Vec<Lax<Range>>>,
    #[serde(default)]
    created_at: Lax<String>,
    #[serde(default)]
    updated_at: Lax<String>,
}

/// What HrFlow keeps of a person; a job has no such thing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Info {
    full_name: Lax<String>,
    first_name: Lax<String>,
    last_name: Lax<String>,
    email: Lax<String>,
    summary: Lax<String>,
    location: Lax<Location>,
}

/// A place on the globe; degrees that are no numbers are none.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Location {
    text: Lax<String>,
    pub(super) lat: Lax<f64>,
    pub(super) lng: Lax<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Experience {
    title: Lax<String>,
    company: Lax<String>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    value: Value,
}

#[derive(Deserialize)]
struct Range {
    name: String,
    #[serde(default)]
    value_min: Lax<f64>,
    #[serde(default)]
    value_max: Lax<f64>,
    #[serde(default)]
    unit: Lax<String>,
}

impl From<Shown> for Ranked {
    fn from(shown: Shown) -> Self {
        let Shown { key, reference, source_key, .. } = shown;
        let info = shown.info.0.unwrap_or_default();
        let experience = shown.experiences.0.and_then(|all| all.into_iter().find_map(|one| one.0));
        let Experience { title, company } = experience.unwrap_or_default();
        let card = Card {
            name: said(shown.name).or_else(|| full_name(info.full_name, info.first_name, info.last_name)),
            summary: said(info.summary).or_else(|| said(shown.summary)),
            email: said(info.email),
            url: said(shown.url),
            location: info.location.0.or(shown.location.0).map(|place| Place {
                text: said(place.text),
                lat: place.lat.0,
                lng: place.lng.0,
            }),
            experience_years: shown.experiences_duration.0,
            education_years: shown.educations_duration.0,
            title: said(title),
            company: said(company),
            skills: shown.skills.0.map(names),
            languages: shown.languages.0.map(names),
            tags: shown.tags.0.map(tags),
            ranges_float: shown.ranges_float.0.map(ranges),
            created_at: date(&shown.created_at),
            updated_at: date(&shown.updated_at),
        };
        let card = Some(Box::new(card));
        Self { reference: reference.0, key, container_key: source_key, score: None, rank: 0, card }
    }
}

/// A text that says something.
fn said(text: Lax<String>) -> Option<String> {
    text.0.filter(|text| !text.trim().is_empty())
}

fn full_name(full: Lax<String>, first: Lax<String>, last: Lax<String>) -> Option<String> {
    said(full).or_else(|| {
        let parts: Vec<String> = [first, last].into_iter().filter_map(said).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    })
}

fn names(list: Vec<Lax<Named>>) -> Vec<String> {
    list.into_iter().filter_map(|named| Some(named.0?.name)).collect()
}

fn tags(list: Vec<Lax<Named>>) -> Vec<Tag> {
    let text = |value| match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        Value::String(text) => Some(text),
        scalar => Some(scalar.to_string()),
    };
    list.into_iter()
        .filter_map(|tag| tag.0)
        .map(|Named { name, value }| Tag { name, value: text(value) })
        .collect()
}

fn ranges(list: Vec<Lax<Range>>) -> Vec<FloatRange> {
    let range = |Range { name, value_min, value_max, unit }| FloatRange {
        name,
        value_min: value_min.0,
        value_max: value_max.0,
        unit: unit.0,
    };
    list.into_iter().filter_map(|one| one.0).map(range).collect()
}

fn date(text: &Lax<String>) -> Option<String> {
    text.0.as_deref().and_then(parse_date).map(rfc3339)
}
