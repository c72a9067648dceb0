//! One page of the objects that meet the criteria, in the order that was asked for.

use super::answer::{Meta, Refusal};
use super::catalog::{Entry, Place, Stock};
use super::criteria::Criteria;
use super::parameters::Parameters;
use super::ranking::{self, Asker};
use super::shortlist::{Ranked, Scored, Scoring, Shortlist};

/// The most items of a page; larger wishes are brought down to it, as `meta` tells.
const MOST_ITEMS: usize = 1_000;
/// Pages are counted up to this one.
const LAST_PAGE: usize = 1_000_000;

/// Which page of which order.
pub(super) struct Order {
    pub page: usize,
    pub limit: usize,
    sort: Sort,
    is_rising: bool,
}

/// What objects are sorted by.
#[derive(Clone, Copy, PartialEq)]
enum Sort {
    CreatedAt,
    UpdatedAt,
    Location,
    ExperienceLocation,
    EducationLocation,
    Searching,
    Scoring,
}

const SORTS: [(&str, Sort); 7] = [
    ("created_at", Sort::CreatedAt),
    ("updated_at", Sort::UpdatedAt),
    ("location", Sort::Location),
    ("location_experience", Sort::ExperienceLocation),
    ("location_education", Sort::EducationLocation),
    ("searching", Sort::Searching),
    ("scoring", Sort::Scoring),
];

impl Order {
    /// Reads `page`, `limit`, `sort_by`, `order_by`. The nearest come first and the newest or best, unless told.
    pub(super) fn of(parameters: &Parameters, default_sort: &str) -> Result<Self, Refusal> {
        let words = SORTS.map(|(word, _)| word);
        let word = parameters.word("sort_by", &words)?.unwrap_or(default_sort);
        let sort = SORTS.iter().find(|(name, _)| *name == word).map_or(Sort::CreatedAt, |(_, sort)| *sort);
        let is_distance = matches!(sort, Sort::Location | Sort::ExperienceLocation | Sort::EducationLocation);
        let order = parameters.word("order_by", &["asc", "desc"])?;
        let page = parameters.count("page", 1, LAST_PAGE)?;
        let limit = parameters.count("limit", 30, MOST_ITEMS)?;
        Ok(Self { page, limit, sort, is_rising: order.map_or(is_distance, |order| order == "asc") })
    }

    fn is_by_best_score(&self) -> bool {
        self.sort == Sort::Scoring && !self.is_rising
    }
}

/// Which objects count.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Scope {
    /// All that are stored, archived ones too.
    Stored,
    /// All that can be found.
    Searchable,
    /// All that can be scored.
    Scorable,
}

/// A page, and the scores of its items when there were any.
pub(super) struct Page<'a> {
    pub meta: Meta,
    pub items: Vec<(&'a Entry, Option<f64>)>,
}

/// What is looked for.
pub(super) struct Search<'a> {
    pub scope: Scope,
    pub criteria: &'a Criteria,
    pub order: &'a Order,
    /// What is scored for, and the least score that counts.
    pub scoring: Option<(&'a Asker<'a>, f64)>,
    /// Free words that order what was found.
    pub query: Option<&'a str>,
}

impl Search<'_> {
    /// Looks through a stock.
    pub(super) fn run<'a>(&self, stock: &'a Stock) -> Result<Page<'a>, Refusal> {
        self.check()?;
        let mut scoring = self.scoring.map(|(asker, least)| Scoring::of(asker, least, stock));
        let relevance = self.relevance(stock);
        let keyword_slots = self.criteria.slots_with_keywords(stock);
        let shelves = stock.shelves_of(&self.criteria.containers);
        let wanted = self.order.page.saturating_mul(self.order.limit).min(stock.len());
        let mut listed = Shortlist::of(wanted);
        let mut total = 0;
        for (slot, (place, entry)) in stock.places().iter().zip(stock.entries()).enumerate() {
            let has_keywords = || {
                keyword_slots.as_ref().is_none_or(|slots| {
                    u32::try_from(slot).is_ok_and(|slot| slots.binary_search(&slot).is_ok())
                })
            };
            if !(self.scope.holds(*place)
                && shelves.contains(&place.shelf)
                && has_keywords()
                && self.criteria.are_met_by(entry))
            {
                continue;
            }
            let score = match scoring.as_ref().map(|scoring| scoring.score(slot, entry)) {
                Some(Scored::TooLow) => continue,
                Some(Scored::Unlisted) => {
                    total += 1;
                    continue;
                }
                Some(Scored::Score(score)) => Some(score),
                None => None,
            };
            total += 1;
            let value = self.value(entry, score, relevance.as_ref().map(|relevance| relevance[slot]));
            let has_changed = listed.take(Ranked { rank: self.rank(value), entry, score });
            if has_changed
                && self.order.is_by_best_score()
                && let Some(scoring) = &mut scoring
                && let Some(score) = listed.last().and_then(|last| last.score)
            {
                scoring.list_from(score);
            }
        }
        let before = (self.order.page - 1).saturating_mul(self.order.limit);
        let ranked = listed.into_sorted().into_iter().skip(before);
        let items: Vec<_> = ranked.map(|ranked| (ranked.entry, ranked.score)).collect();
        Ok(Page { meta: Meta::new(self.order.page, self.order.limit, items.len(), total), items })
    }

    /// How well each slot meets the words that were looked for; nothing when there is no word or no need.
    fn relevance(&self, stock: &Stock) -> Option<Vec<f32>> {
        let is_needed = self.order.sort == Sort::Searching
            || (self.order.sort == Sort::Scoring && self.scoring.is_none());
        let words = if is_needed { self.criteria.words(self.query) } else { Vec::new() };
        (!words.is_empty()).then(|| {
            let mut relevance = vec![0.0; stock.len()];
            stock.words.add_scores(&ranking::question(&stock.words, &words), &mut relevance);
            relevance
        })
    }

    /// A distance needs a point to be measured from.
    fn check(&self) -> Result<(), Refusal> {
        let (area, name) = match self.order.sort {
            Sort::Location => (&self.criteria.near, "location_geopoint"),
            Sort::ExperienceLocation => (&self.criteria.near_experience, "experience_location_geopoint"),
            Sort::EducationLocation => (&self.criteria.near_education, "education_location_geopoint"),
            Sort::CreatedAt | Sort::UpdatedAt | Sort::Searching | Sort::Scoring => return Ok(()),
        };
        if area.point.is_some() { Ok(()) } else { Err(Refusal::field(name, "is needed to sort by distance")) }
    }

    /// What an object is sorted by; nothing when it has no such thing. Without scores or words the newest is the best.
    fn value(&self, entry: &Entry, score: Option<f64>, relevance: Option<f32>) -> Option<f64> {
        let (criteria, facts) = (self.criteria, &entry.facts);
        match self.order.sort {
            Sort::Scoring if score.is_some() => score,
            Sort::Scoring | Sort::Searching if relevance.is_some() => relevance.map(f64::from),
            Sort::CreatedAt | Sort::Scoring | Sort::Searching => Some(micros(entry.created_at)),
            Sort::UpdatedAt => Some(micros(entry.updated_at)),
            Sort::Location => criteria.near.nearest(facts.location.as_slice()),
            Sort::ExperienceLocation => criteria.near_experience.nearest(&facts.experience_locations),
            Sort::EducationLocation => criteria.near_education.nearest(&facts.education_locations),
        }
    }

    /// Lower is earlier; what has no value comes last.
    fn rank(&self, value: Option<f64>) -> f64 {
        match value {
            None => f64::INFINITY,
            Some(value) if self.order.is_rising => value,
            Some(value) => -value,
        }
    }
}

impl Scope {
    fn holds(self, place: Place) -> bool {
        match self {
            Self::Stored => true,
            Self::Searchable => place.is_searchable,
            Self::Scorable => place.is_scorable,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a double holds the microseconds of 285 years exactly")]
fn micros(date: chrono::DateTime<chrono::Utc>) -> f64 {
    date.timestamp_micros() as f64
}
