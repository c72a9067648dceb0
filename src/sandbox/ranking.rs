//! How a job and a profile become a score.
//!
//! The same formula serves both directions: one object asks, the others are scored. What is asked with is the asker's
//! own document (see `index::document`), word for word.
//!
//! **Likeness.** Four vectors are compared by their cosine. In the first three a term counts with `weight · rarity`: the
//! weight is that of `index::reader`, the rarity `ln(1 + (n − d + ½) / (d + ½))` for `d` of `n` objects that have it
//! (`index::rarity`). Of the asker's terms the [`MOST_TERMS`] that tell most are used.
//!
//! ```text
//! words        stems of all texts; rare among profiles and jobs together
//! pairs        stems that follow each other
//! titles       pieces of three and four letters of a job's name and of the titles of experiences
//! occupations  0.38 · occupation + 0.38 · unit group + 0.24 · minor group, found by the titles in ESCO and O*NET
//!              (`index::occupations`, `thesaurus`)
//! x = n / (n + 12) · (words + 0.5 · pairs) + 0.1 · titles + 0.13 · occupations
//! ```
//!
//! `n` is the number of different words of the shorter text: few words are little evidence, and titles decide.
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
//! other: of whole postings against whole CVs the best match becomes 0.6 to 0.9 and the one in the middle about 0.15; an
//! object that shares nothing gets less than a hundredth. The score is rounded to six decimals and lies between 0.000001
//! and 0.999999; higher is better; equal scores are ordered by key.
//!
//! ```text
//! logit = 1.4 · ln((x + 0.002) / 0.12) + Σ force · (value − neutral)
//! score = 1 / (1 + e^(−logit))
//! ```
//!
//! A score depends on the two objects and on how rare their terms are in the collection, on nothing else: filters,
//! paging, a restart or the order of arrival change none.

use std::hash::Hash;

use super::catalog::Stock;
use super::facts::Facts;
use super::index::document::Document;
use super::index::occupations;
use super::index::postings::{Postings, Term};
use super::index::text::Word;
use crate::model::Entity;

/// The most terms that are asked with: a long text costs no more than a usual one.
pub(super) const MOST_TERMS: usize = 200;

const PAIRS_SHARE: f64 = 0.5;
const TITLES_SHARE: f64 = 0.1;
const OCCUPATIONS_SHARE: f64 = 0.13;
/// With so many different words a text counts half.
const FEW_WORDS: f64 = 12.0;
const STEEPNESS: f64 = 1.4;
const NOTHING: f64 = 0.002;
const HALF: f64 = 0.12;
const NEAR_KILOMETRES: f64 = 50.0;
const LESS_PER_YEAR: f64 = 0.2;
const DECIMALS: f64 = 1_000_000.0;
/// The lowest score that there is.
pub(super) const LEAST_SCORE: f64 = 1.0 / DECIMALS;

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
        let document = asker.document;
        let words = likeness(&stock.words, &document.words, stock.len());
        let pairs = likeness(&stock.pairs, &document.pairs, stock.len());
        let titles = likeness(&stock.titles, &document.titles, stock.len());
        let mut occupations = vec![0.0; stock.len()];
        stock.occupations.add_scores(&occupations::question(&document.occupations), &mut occupations);
        let texts = (0..stock.len()).map(|slot| {
            let words_and_pairs = f64::from(words[slot]) + PAIRS_SHARE * f64::from(pairs[slot]);
            sureness(document.words.len(), stock.words.size(slot)) * words_and_pairs
                + TITLES_SHARE * f64::from(titles[slot])
                + OCCUPATIONS_SHARE * f64::from(occupations[slot])
        });
        let texts = texts.collect();
        let mut skills = vec![0.0; stock.len()];
        let names: Vec<(&Word, f32)> = asker.document.skills.iter().map(|skill| (&skill.name, 1.0)).collect();
        stock.skills.add_scores(&names, &mut skills);
        Self { asker, texts, skills }
    }

    /// The score of the object in a slot.
    pub(super) fn score(&self, slot: usize, facts: &Facts) -> f64 {
        let signals = self.known(slot, facts).map(|signal| signal.force * (signal.value - signal.neutral));
        calibrated(self.texts[slot], signals.sum())
    }

    /// The text share of the object in a slot, see [`text_needed`].
    pub(super) fn text(&self, slot: usize) -> f64 {
        self.texts[slot]
    }

    /// What is known of the pair beside its texts.
    pub(super) fn known(&self, slot: usize, facts: &Facts) -> impl Iterator<Item = Signal> + use<> {
        signals(self.asker, facts, f64::from(self.skills[slot]))
    }
}

fn calibrated(text: f64, signals: f64) -> f64 {
    let logit = STEEPNESS * ((text + NOTHING) / HALF).ln() + signals;
    let score = 1.0 / (1.0 + (-logit).exp());
    (score * DECIMALS).round().clamp(1.0, DECIMALS - 1.0) / DECIMALS
}

/// The text share that an object needs for a score if all its signals are the best: with less it has less.
pub(super) fn text_needed(score: f64) -> f64 {
    // The score may have been rounded up.
    let score = (score - 1.0 / DECIMALS).max(0.0);
    let logit = (score / (1.0 - score)).ln();
    HALF * ((logit - best_signals()) / STEEPNESS).exp() - NOTHING
}

/// The sum of all signals, all of them known and at their best.
fn best_signals() -> f64 {
    SIGNALS.iter().map(|(_, neutral, force)| force * (1.0 - neutral)).sum()
}

/// Each signal with its neutral value and its force.
const SIGNALS: [(About, f64, f64); 4] = [
    (About::Skills, 0.25, 2.0),
    (About::Location, 0.40, 1.0),
    (About::Experience, 0.70, 1.0),
    (About::Languages, 0.50, 1.0),
];

/// What is known of a pair beside its texts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum About {
    Skills,
    Location,
    Experience,
    Languages,
}

/// One thing that both sides tell of.
pub(super) struct Signal {
    pub about: About,
    /// How well the two agree, 0 to 1.
    pub value: f64,
    /// The value that moves nothing.
    pub neutral: f64,
    force: f64,
}

/// The signals of a pair that are known.
fn signals(asker: &Asker<'_>, facts: &Facts, shared_skills: f64) -> impl Iterator<Item = Signal> + use<> {
    let (job, profile) = match asker.entity {
        Entity::Job => (asker.facts, facts),
        Entity::Profile => (facts, asker.facts),
    };
    let signals = SIGNALS.map(|(about, neutral, force)| {
        let value = match about {
            About::Skills => skills(job, profile, shared_skills),
            About::Location => location(job, profile),
            About::Experience => experience(job, profile),
            About::Languages => languages(job, profile),
        };
        Some(Signal { about, value: value?, neutral, force })
    });
    signals.into_iter().flatten()
}

/// How much the words of two texts tell, by how many different ones the shorter has.
#[expect(clippy::cast_precision_loss, reason = "nobody writes 2^52 words")]
fn sureness(words: usize, others: usize) -> f64 {
    let words = words.min(others) as f64;
    words / (words + FEW_WORDS)
}

/// For each slot the cosine of its vector and the asker's.
fn likeness<T: Clone + Ord + Hash>(postings: &Postings<T>, terms: &[Term<T>], slots: usize) -> Vec<f32> {
    let mut square = 0.0;
    let asked = terms.iter().map(|term| {
        let rarity = postings.rarity(&term.name);
        square += (rarity * term.weight).powi(2);
        (&term.name, rarity * rarity * term.weight)
    });
    let asked = strongest(asked.collect());
    let length = square.sqrt();
    let mut scores = vec![0.0; slots];
    postings.add_scores(&asked, &mut scores);
    for (slot, score) in scores.iter_mut().enumerate() {
        if *score > 0.0 {
            *score /= length * postings.length(slot);
        }
    }
    scores
}

/// Terms to look for, each with its rarity times its weight.
pub(super) fn question<'a>(postings: &Postings<Word>, terms: &'a [Term<Word>]) -> Vec<(&'a Word, f32)> {
    strongest(terms.iter().map(|term| (&term.name, postings.rarity(&term.name) * term.weight)).collect())
}

/// The terms that tell most, in the order of the alphabet: the same sum every time.
fn strongest<T: Ord>(mut asked: Vec<(&T, f32)>) -> Vec<(&T, f32)> {
    if asked.len() > MOST_TERMS {
        asked.sort_unstable_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(other.0)));
        asked.truncate(MOST_TERMS);
    }
    asked.sort_unstable_by_key(|(term, _)| *term);
    asked
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 skills")]
fn skills(job: &Facts, profile: &Facts, shared: f64) -> Option<f64> {
    let both_know = job.skill_count > 0 && profile.skill_count > 0;
    both_know.then(|| shared / job.skill_count as f64)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_with_less_text_than_is_needed_reaches_a_score() {
        for thousandth in 0..3_000 {
            let text = f64::from(thousandth) / 1_000.0;
            let most = calibrated(text, best_signals());
            assert!(text_needed(most) <= text, "{text} reaches {most}");
            assert!(
                text_needed(most + 3.0 / DECIMALS) > text || most > 0.999,
                "{most} is reached by {text} at most"
            );
        }
    }
}
