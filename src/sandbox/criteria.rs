//! What a list, a search or a scoring asks for: its filters, read from the parameters, and how an object meets them.
//!
//! Between filters, and between the items of one filter, stands AND; `names` alone is an OR, since an object has one
//! name. A keyword is met by a field that has all its words, in any of their forms and in any order.

use super::answer::Refusal;
use super::catalog::{Entry, Stock};
use super::conditions::{
    Area, Bounds, Keyword, Period, Stage, all_in, all_overlap, any_in, distance, keywords_of, named, ranges,
    tags,
};
use super::facts::{Named, Point, Range, float, moment};
use super::index::document::Field;
use super::index::language::stems_in_every_language;
use super::index::postings::Term;
use super::index::text::Word;
use super::parameters::Parameters;
use super::raw_filter::Filter;
use crate::model::Entity;

/// The stages a profile can have for a job.
const STAGES: [&str; 4] = ["new", "yes", "later", "no"];

/// What is asked of every object.
#[derive(Default)]
pub(super) struct Criteria {
    /// The keys of the sources or boards to look in.
    pub containers: Vec<String>,
    key: Option<String>,
    reference: Option<String>,
    stage: Option<Stage>,
    names: Vec<String>,
    email: Option<String>,
    created: Period,
    /// The point that distances are measured from, also when no distance limits them.
    pub near: Area,
    pub near_experience: Area,
    pub near_education: Area,
    experience_years: Bounds,
    education_years: Bounds,
    keywords: Vec<Keyword>,
    skills: Vec<Named>,
    languages: Vec<Named>,
    interests: Vec<Named>,
    ranges_float: Vec<Range>,
    ranges_date: Vec<Range>,
    tags_included: Vec<Vec<Named>>,
    tags_excluded: Vec<Vec<Named>>,
    raw: Option<Filter>,
}

impl Criteria {
    /// Reads the filters of a search or a scoring; `job` is the key and reference of the job that profiles are scored for.
    pub(super) fn of_search(
        entity: Entity,
        parameters: &Parameters,
        job: Option<(String, Option<String>)>,
    ) -> Result<Self, Refusal> {
        let mut criteria = Self::of_storing(entity, parameters)?;
        criteria.raw = Filter::of(parameters)?;
        let stage = parameters.word("stage", &STAGES)?;
        let keywords = [
            (entity, "summary_keywords", Field::Summary.bit()),
            (entity, "text_keywords", Field::ALL),
            (Entity::Profile, "experience_keywords", Field::Experience.bit() | Field::Title.bit()),
            (Entity::Profile, "education_keywords", Field::Education.bit()),
        ];
        for (_, name, fields) in keywords.iter().filter(|(of, ..)| *of == entity) {
            criteria.keywords.extend(keywords_of(parameters, name, *fields)?);
        }
        criteria.near = Area::read(parameters, "location_geopoint", "location_distance")?;
        criteria.skills = named(parameters, "skills")?;
        criteria.languages = named(parameters, "languages")?;
        criteria.tags_included =
            tags(parameters, "tags_included", |single| single.map(|tag| vec![tag]).collect())?;
        criteria.tags_excluded = tags(parameters, "tags_excluded", |any| vec![any.collect()])?;
        match entity {
            Entity::Profile => {
                criteria.stage = stage.map(|name| Stage { name, job });
                criteria.email = parameters.text(&["email"])?.map(|email| email.trim().to_lowercase());
                criteria.near_experience =
                    Area::read(parameters, "experience_location_geopoint", "experience_location_distance")?;
                criteria.near_education =
                    Area::read(parameters, "education_location_geopoint", "education_location_distance")?;
                criteria.experience_years = Bounds::read(parameters, "experience")?;
                criteria.education_years = Bounds::read(parameters, "education")?;
                criteria.interests = named(parameters, "interests")?;
            }
            Entity::Job => {
                criteria.ranges_float = ranges(parameters, "ranges_float", float)?;
                criteria.ranges_date = ranges(parameters, "ranges_date", moment)?;
            }
        }
        Ok(criteria)
    }

    /// Reads the filters of a storing list.
    pub(super) fn of_storing(entity: Entity, parameters: &Parameters) -> Result<Self, Refusal> {
        let name = format!("{}_keys", entity.container());
        let mut containers = parameters.texts(&[&name])?;
        containers.sort_unstable();
        containers.dedup();
        if containers.is_empty() {
            return Err(Refusal::field(name, "must be a list of keys that is not empty"));
        }
        let near = match (
            parameters.number(&["location_lat"])?,
            parameters.number(&["location_lon", "location_lng"])?,
        ) {
            (Some(latitude), Some(longitude)) => {
                let point = Point::new(latitude, longitude).ok_or_else(|| {
                    Refusal::field("location_lat", "and location_lon must be a point on the globe")
                })?;
                let distance = distance(parameters, &["location_dist", "location_distance"])?;
                Area { point: Some(point), distance }
            }
            (None, None) => Area::default(),
            (None, Some(_)) => return Err(Refusal::field("location_lat", "is needed beside location_lon")),
            (Some(_), None) => return Err(Refusal::field("location_lon", "is needed beside location_lat")),
        };
        let names =
            parameters.texts(&["names", "name"])?.iter().map(|name| name.trim().to_lowercase()).collect();
        let created = Period {
            from: parameters.date(&["created_at_min", "date_range_min"], false)?,
            to: parameters.date(&["created_at_max", "date_range_max"], true)?,
        };
        let (key, reference) = (parameters.owned_text(&["key"])?, parameters.owned_text(&["reference"])?);
        Ok(Self { containers, key, reference, names, created, near, ..Self::default() })
    }

    /// Whether an object meets everything but the containers and the keywords, which are looked up for all at once.
    pub(super) fn are_met_by(&self, entry: &Entry) -> bool {
        let facts = &entry.facts;
        self.key.as_ref().is_none_or(|key| entry.key == *key)
            && (self.reference.is_none() || self.reference == entry.reference)
            && self.created.holds(entry.created_at)
            && self.stage.as_ref().is_none_or(|stage| stage.is_of(facts))
            && (self.names.is_empty() || self.names.iter().any(|name| facts.name.contains(name.as_str())))
            && self.email.as_ref().is_none_or(|email| facts.email.as_ref() == Some(email))
            && self.near.holds_any(facts.location.as_slice())
            && self.near_experience.holds_any(&facts.experience_locations)
            && self.near_education.holds_any(&facts.education_locations)
            && self.experience_years.hold(facts.experience_years)
            && self.education_years.hold(facts.education_years)
            && all_in(&self.skills, &facts.skills)
            && all_in(&self.languages, &facts.languages)
            && all_in(&self.interests, &facts.interests)
            && all_overlap(&self.ranges_float, &facts.ranges_float)
            && all_overlap(&self.ranges_date, &facts.ranges_date)
            && self.tags_included.iter().all(|any| any_in(any, &facts.tags))
            && (self.tags_excluded.is_empty()
                || !self.tags_excluded.iter().all(|any| any_in(any, &facts.tags)))
            && self.raw.as_ref().is_none_or(|raw| raw.holds(entry))
    }

    /// The slots that meet all keywords, rising; nothing when there are no keywords to meet.
    pub(super) fn slots_with_keywords(&self, stock: &Stock) -> Option<Vec<u32>> {
        let words =
            self.keywords.iter().flat_map(|keyword| keyword.words.iter().map(|word| (word, keyword.fields)));
        words.map(|(stems, fields)| stock.words.having_any(stems, fields)).reduce(|mut kept, more| {
            kept.retain(|slot| more.binary_search(slot).is_ok());
            kept
        })
    }

    /// The words that were looked for, to rank what was found by.
    pub(super) fn words(&self, query: Option<&str>) -> Vec<Term<Word>> {
        let named = self.names.iter().chain(self.skills.iter().map(|skill| &skill.name)).map(String::as_str);
        let named = named.chain(query).flat_map(stems_in_every_language);
        let stems = self.keywords.iter().flat_map(|keyword| keyword.words.clone()).chain(named).flatten();
        let mut stems: Vec<Word> = stems.collect();
        stems.sort_unstable();
        stems.dedup();
        stems.into_iter().map(|name| Term { name, weight: 1.0, fields: Field::ALL }).collect()
    }
}
