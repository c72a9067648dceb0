//! Reads the texts of an object and counts what is in them.
//!
//! A term's weight adds its occurrences by the importance of the fields it stands in, and brings the sum below 1:
//!
//! ```text
//! strength(term) = Σ over fields  importance · count
//! weight(term)   = strength / (strength + K)
//! ```
//!
//! An object's weights do not depend on what else is stored, nor on the order in which it came; long texts are held against
//! short ones when vectors are compared (`ranking`).

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::FixedState;
use serde_json::Value;

use super::document::{Document, Field, objects, string};
use super::language::{Language, Stems};
use super::occupations;
use super::postings::Term;
use super::text::{self, Pair, Piece, Word};
use crate::model::Object;
use crate::sandbox::thesaurus::thesaurus;

/// Where a word's strength counts half.
const K: f32 = 2.0;
/// Room for so many different words is made at once.
const USUAL_WORDS: usize = 400;

/// How many words of a text are searched for known titles.
const HEADLINE_WITHIN: usize = 100;
/// What a title that is found in running text counts beside one that is told as such.
const FOUND: f32 = 0.1;
/// The most words of a text that is taken for a title as a whole.
const LONGEST_HEADLINE: usize = 10;

/// How strongly a stem, or a pair of them, was found, and in which fields.
#[derive(Clone, Copy, Default)]
struct Count {
    strength: f32,
    fields: u16,
}

impl Count {
    fn of(field: Field) -> Self {
        Self { strength: field.importance(), fields: field.bit() }
    }

    fn plus(self, other: Self) -> Self {
        Self { strength: self.strength + other.strength, fields: self.fields | other.fields }
    }

    fn term<T>(self, name: T) -> Term<T> {
        Term { name, weight: self.strength / (self.strength + K), fields: self.fields }
    }
}

/// Collects counts and lengths by field.
pub(super) struct Reader<'a> {
    language: Language,
    stems: Stems,
    /// The place of each word's stem in `words`, none for a stop word: a word is stemmed once however often it comes.
    places: HashMap<Word, Option<usize>, FixedState>,
    places_by_stem: HashMap<Word, usize, FixedState>,
    words: Vec<(Word, Count)>,
    /// Stems that follow each other, stop words aside, as often as they do.
    pairs: Vec<(Pair, Count)>,
    /// Pieces of titles, as often as they come.
    pieces: Vec<(Piece, Count)>,
    skills: BTreeSet<String>,
    titles: Vec<&'a str>,
    /// Titles found in the text of one who tells none.
    found: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(language: Language) -> Self {
        Self {
            language,
            stems: Stems::of(language),
            places: HashMap::with_capacity_and_hasher(USUAL_WORDS, FixedState::default()),
            places_by_stem: HashMap::with_capacity_and_hasher(USUAL_WORDS, FixedState::default()),
            words: Vec::with_capacity(USUAL_WORDS),
            pairs: Vec::with_capacity(USUAL_WORDS),
            pieces: Vec::new(),
            skills: BTreeSet::new(),
            titles: Vec::new(),
            found: Vec::new(),
        }
    }

    pub(super) fn read(&mut self, field: Field, text: &str) {
        let mut before = None;
        for word in text::words(text).take(text::MOST_WORDS) {
            let place = match self.places.get(&word) {
                Some(place) => *place,
                None => self.place(word),
            };
            let Some(place) = place else { continue };
            let count = &mut self.words[place].1;
            *count = count.plus(Count::of(field));
            if let Some(before) = before.replace(place) {
                let pair = text::pair(&self.words[before].0, &self.words[place].0);
                self.pairs.push((pair, Count::of(field)));
            }
        }
    }

    /// Where a word that was not met before is counted.
    fn place(&mut self, word: Word) -> Option<usize> {
        let place = self.stems.stem(&word).map(|stem| {
            *self.places_by_stem.entry(stem).or_insert_with_key(|stem| {
                self.words.push((stem.clone(), Count::default()));
                self.words.len() - 1
            })
        });
        self.places.insert(word, place);
        place
    }

    pub(super) fn title(&mut self, title: &'a str) {
        self.read(Field::Title, title);
        self.means(title);
    }

    /// Finds the titles of one who tells none as such: a short summary, a short text, or the known titles at the
    /// beginning of the text.
    pub(super) fn headline(&mut self, profile: &'a Object) {
        if !self.titles.is_empty() {
            return;
        }
        let summary =
            profile.get("info").and_then(Value::as_object).map_or("", |info| string(info, "summary"));
        let text = string(profile, "text");
        let is_short = |text: &&str| {
            !text.trim().is_empty()
                && text::words(text).take(LONGEST_HEADLINE + 1).count() <= LONGEST_HEADLINE
        };
        if let Some(title) = [summary, text].into_iter().find(is_short) {
            self.means(title);
        } else {
            self.found = thesaurus().titles_in(text, HEADLINE_WITHIN);
        }
    }

    /// Notes a title without counting its words, which were counted where it stands.
    fn means(&mut self, title: &'a str) {
        let one = Count { strength: 1.0, fields: Field::Title.bit() };
        self.pieces.extend(text::pieces(title).map(|piece| (piece, one)));
        if !title.trim().is_empty() {
            self.titles.push(title);
        }
    }

    /// The lists of named things that objects, experiences and educations all have.
    pub(super) fn traits(&mut self, object: &Object) {
        for (list, field) in [
            ("skills", Field::Skills),
            ("certifications", Field::Skills),
            ("tasks", Field::Tasks),
            ("courses", Field::Education),
            ("interests", Field::Other),
        ] {
            for named in objects(object, list) {
                self.read(field, string(named, "name"));
            }
        }
        for skill in objects(object, "skills") {
            self.skills.insert(text::normal_name(string(skill, "name")));
        }
    }

    pub(super) fn finish(self) -> Document {
        self.stems.remember();
        let skills = self.skills.into_iter().filter(|name| !name.is_empty()).map(|name| Term {
            name: name.into(),
            weight: 1.0,
            fields: Field::Skills.bit(),
        });
        let occupations = if self.titles.is_empty() {
            occupations::of_titles(&self.found, FOUND)
        } else {
            occupations::of_titles(&self.titles, 1.0)
        };
        Document {
            language: self.language,
            words: self.words.into_iter().map(|(word, count)| count.term(word)).collect(),
            pairs: summed(self.pairs),
            titles: summed(self.pieces),
            skills: skills.collect(),
            occupations,
        }
    }
}

/// Each name once, with all that was counted of it.
fn summed<T: Copy + Ord>(mut counts: Vec<(T, Count)>) -> Vec<Term<T>> {
    counts.sort_by_key(|(name, _)| *name);
    let of_one_name = counts.chunk_by(|(one, _), (other, _)| one == other);
    let sum = |same: &[(T, Count)]| same.iter().fold(Count::default(), |sum, (_, count)| sum.plus(*count));
    of_one_name.map(|same| sum(same).term(same[0].0)).collect()
}
