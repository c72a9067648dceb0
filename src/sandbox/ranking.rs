//! How a job and a profile become a score.
//!
//! The same formula serves both directions: one object asks, the others are scored. What is asked with is the asker's
//! own document (see `index::document`), word for word.
//!
//! **Words.** `r(t)` is how rare a term is among the objects that are scored (`Postings::rarity`), `q(t)` and `d(t)` its
//! BM25F weights in the asker and in the object. Of the asker's terms the [`MOST_TERMS`] with the greatest `r·q` are
//! used. The share of what could have been matched that was matched lies in 0..1, whatever the length of the asker:
//!
//! ```text
//! words  = Σ r(t) · q(t) · d(t) / Σ r(t) · q(t)
//! titles = the same over pieces of three and four letters of the job's name and of the titles of experiences
//! x      = words + 0.2 · titles
//! ```
//!
//! **Signals.** Each is known only where both sides say something; an unknown one moves nothing. A known one moves the
//! score by how far it lies from what is neutral:
//!
//! ```text
//! signal      value in 0..1                                              neutral  force
//! skills      share of the job's skills that the profile names             0.25     2.0
//! location    1 / (1 + kilometres / 50)                                    0.40     1.0
//! experience  1 inside the wanted years, less by a fifth per year outside  0.70     1.0
//! languages   share of the job's languages that the profile names          0.50     1.0
//! ```
//!
//! **Calibration.** A logistic curve in the logarithm of `x`. Two texts by two people share little even when they suit each
//! other: of whole postings against whole CVs the best match has an `x` near 0.08 and the one in the middle near 0.015, which
//! become 0.66 and 0.17; an object that shares nothing gets less than a hundredth. The score is rounded to six decimals and
//! lies between 0.000001 and 0.999999; higher is better; equal scores are ordered by key.
//!
//! ```text
//! logit = 1.4 · ln((x + 0.001) / 0.05) + Σ force · (value − neutral)
//! score = 1 / (1 + e^(−logit))
//! ```
//!
//! A score depends on the two objects and on how rare their terms are in the collection, on nothing else: filters,
//! paging, a restart or the order of arrival change none.

use super::catalog::Stock;
use super::facts::Facts;
use super::index::document::Document;
use super::index::postings::{Postings, Term};
use crate::model::Entity;

/// The most terms that are asked with: a long text costs no more than a usual one.
pub(super) const MOST_TERMS: usize = 150;

const TITLES_SHARE: f64 = 0.2;
const STEEPNESS: f64 = 1.4;
const NOTHING: f64 = 0.001;
const HALF: f64 = 0.05;
const NEAR_KILOMETRES: f64 = 50.0;
const LESS_PER_YEAR: f64 = 0.2;
const DECIMALS: f64 = 1_000_000.0;

/// What is asked with.
pub(super) struct Asker<'a> {
    /// What it is.
    pub entity: Entity,
    /// Its words, titles and skills.
    pub document: &'a Document,
    /// Its facts.
    pub facts: &'a Facts,
}

/// The text shares of all objects of a stock, by slot.
pub(super) struct Shares<'a> {
    asker: &'a Asker<'a>,
    texts: Vec<f64>,
    skills: Vec<f32>,
}

impl<'a> Shares<'a> {
    /// Asks the index once for all objects.
    pub(super) fn of(asker: &'a Asker<'a>, stock: &Stock) -> Self {
        let words = shares(&stock.words, &asker.document.words, stock.len());
        let titles = shares(&stock.titles, &asker.document.titles, stock.len());
        let texts = words.iter().zip(titles).map(|(words, titles)| words + TITLES_SHARE * titles).collect();
        let mut skills = vec![0.0; stock.len()];
        let names: Vec<(&str, f32)> =
            asker.document.skills.iter().map(|skill| (skill.text.as_str(), 1.0)).collect();
        stock.skills.add_scores(&names, &mut skills);
        Self { asker, texts, skills }
    }

    /// The score of the object in a slot.
    pub(super) fn score(&self, slot: usize, facts: &Facts) -> f64 {
        let logit = STEEPNESS * ((self.texts[slot] + NOTHING) / HALF).ln() + self.signals(slot, facts);
        let score = 1.0 / (1.0 + (-logit).exp());
        (score * DECIMALS).round().clamp(1.0, DECIMALS - 1.0) / DECIMALS
    }

    fn signals(&self, slot: usize, facts: &Facts) -> f64 {
        let (job, profile) = match self.asker.entity {
            Entity::Job => (self.asker.facts, facts),
            Entity::Profile => (facts, self.asker.facts),
        };
        let known = [
            (skills(job, profile, self.skills[slot]), 0.25, 2.0),
            (location(job, profile), 0.40, 1.0),
            (experience(job, profile), 0.70, 1.0),
            (languages(job, profile), 0.50, 1.0),
        ];
        known.iter().filter_map(|(value, neutral, force)| Some(force * (value.as_ref()? - neutral))).sum()
    }
}

/// For each slot the share of the question's weight that the object matches.
fn shares(postings: &Postings, terms: &[Term], slots: usize) -> Vec<f64> {
    let mut scores = vec![0.0; slots];
    let most = postings.add_scores(&question(postings, terms), &mut scores);
    let most = f64::from(most).max(f64::MIN_POSITIVE);
    scores.into_iter().map(|score| f64::from(score) / most).collect()
}

/// The terms that tell most, in the order of the alphabet: the same sum every time.
pub(super) fn question<'a>(postings: &Postings, terms: &'a [Term]) -> Vec<(&'a str, f32)> {
    let mut asked: Vec<(&str, f32)> =
        terms.iter().map(|term| (term.text.as_str(), postings.rarity(&term.text) * term.weight)).collect();
    if asked.len() > MOST_TERMS {
        asked.sort_unstable_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(other.0)));
        asked.truncate(MOST_TERMS);
    }
    asked.sort_unstable_by_key(|(term, _)| *term);
    asked
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 skills")]
fn skills(job: &Facts, profile: &Facts, shared: f32) -> Option<f64> {
    let both_know = job.skill_count > 0 && profile.skill_count > 0;
    both_know.then(|| f64::from(shared) / job.skill_count as f64)
}

fn location(job: &Facts, profile: &Facts) -> Option<f64> {
    let kilometres = job.location?.kilometres_to(profile.location?);
    Some(1.0 / (1.0 + kilometres / NEAR_KILOMETRES))
}

fn experience(job: &Facts, profile: &Facts) -> Option<f64> {
    let (wanted, years) = (job.wanted_years.as_ref()?, profile.experience_years?);
    let outside = (wanted.least - years).max(years - wanted.most).max(0.0);
    Some((1.0 - LESS_PER_YEAR * outside).max(0.0))
}

#[expect(clippy::cast_precision_loss, reason = "nobody speaks 2^52 languages")]
fn languages(job: &Facts, profile: &Facts) -> Option<f64> {
    if job.languages.is_empty() || profile.languages.is_empty() {
        return None;
    }
    let is_spoken = |asked: &str| profile.languages.iter().any(|spoken| spoken.name == asked);
    let spoken = job.languages.iter().filter(|language| is_spoken(&language.name)).count();
    Some(spoken as f64 / job.languages.len() as f64)
}
