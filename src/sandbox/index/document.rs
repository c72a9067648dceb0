//! What the index knows of an object: its words and pairs of them, the pieces of its titles, its skills, its occupations.
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

use super::language::{Language, Stems};
use super::occupations::{self, Class};
use super::postings::Term;
use super::text::{self, Pair, Piece, Word};
use crate::model::{Entity, Object};
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

/// A part of an object that words are found in.
#[derive(Clone, Copy)]
pub(in crate::sandbox) enum Field {
    /// A job's name; the titles of a profile's experiences.
    Title,
    /// Skills and certifications.
    Skills,
    /// Tasks.
    Tasks,
    /// Summaries.
    Summary,
    /// What was done in experiences; what a job asks for and gives to do.
    Experience,
    /// Titles, schools and descriptions of educations; courses.
    Education,
    /// The full text of a profile, the free sections of a job.
    Text,
    /// What is said beside the point: culture, benefits, interviews, interests.
    Other,
}

impl Field {
    /// All fields' bits.
    pub(in crate::sandbox) const ALL: u16 = u16::MAX;

    /// The field's bit in [`Term::fields`].
    pub(in crate::sandbox) fn bit(self) -> u16 {
        1 << self as u16
    }

    /// How much a word in it tells.
    fn importance(self) -> f32 {
        match self {
            Self::Title => 2.0,
            Self::Skills => 1.5,
            Self::Tasks | Self::Summary | Self::Text => 1.0,
            Self::Experience => 0.8,
            Self::Education => 0.6,
            Self::Other => 0.2,
        }
    }
}

/// What the index knows of an object.
pub(in crate::sandbox) struct Document {
    /// The language its words were brought to their stems in.
    pub language: Language,
    /// Stems.
    pub words: Vec<Term<Word>>,
    /// Stems that follow each other, see [`text::pair`].
    pub pairs: Vec<Term<Pair>>,
    /// Pieces of titles.
    pub titles: Vec<Term<Piece>>,
    /// Names of skills in their normal spelling, all of weight 1.
    pub skills: Vec<Term<Word>>,
    /// Occupations and groups of occupations, see `index::occupations`.
    pub occupations: Vec<Term<Class>>,
}

impl Document {
    /// Reads an object.
    pub(in crate::sandbox) fn of(entity: Entity, object: &Object) -> Self {
        match entity {
            Entity::Profile => of_profile(object),
            Entity::Job => of_job(object),
        }
    }
}

fn of_profile(profile: &Object) -> Document {
    let text = string(profile, "text");
    let language = Language::of(profile.get("text_language").and_then(Value::as_str), text);
    let mut reader = Reader::new(language);
    reader.read(Field::Text, text);
    reader.read(Field::Summary, string(profile, "summary"));
    reader.read(Field::Other, string(profile, "cover_letter"));
    if let Some(info) = profile.get("info").and_then(Value::as_object) {
        reader.read(Field::Summary, string(info, "summary"));
    }
    for experience in objects(profile, "experiences") {
        reader.title(string(experience, "title"));
        reader.read(Field::Experience, string(experience, "description"));
        reader.traits(experience);
    }
    for education in objects(profile, "educations") {
        for name in ["title", "school", "description"] {
            reader.read(Field::Education, string(education, name));
        }
        reader.traits(education);
    }
    reader.traits(profile);
    if reader.titles.is_empty() {
        reader.headline(profile);
    }
    reader.finish()
}

fn of_job(job: &Object) -> Document {
    let sample =
        ["summary", "responsibilities", "requirements", "name"].map(|name| string(job, name)).join(" ");
    let language = Language::of(job.get("text_language").and_then(Value::as_str), &sample);
    let mut reader = Reader::new(language);
    reader.title(string(job, "name"));
    reader.read(Field::Summary, string(job, "summary"));
    for name in ["responsibilities", "requirements"] {
        reader.read(Field::Experience, string(job, name));
    }
    for name in ["culture", "benefits", "interviews"] {
        reader.read(Field::Other, string(job, name));
    }
    for section in objects(job, "sections") {
        reader.read(Field::Text, string(section, "title"));
        reader.read(Field::Text, string(section, "description"));
    }
    reader.traits(job);
    reader.finish()
}

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
struct Reader<'a> {
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
    fn new(language: Language) -> Self {
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

    fn read(&mut self, field: Field, text: &str) {
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

    fn title(&mut self, title: &'a str) {
        self.read(Field::Title, title);
        self.means(title);
    }

    /// Finds the titles of one who tells none as such: a short summary, a short text, or the known titles at the
    /// beginning of the text.
    fn headline(&mut self, profile: &'a Object) {
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
    fn traits(&mut self, object: &Object) {
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

    fn finish(self) -> Document {
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

fn string<'a>(object: &'a Object, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn objects<'a>(object: &'a Object, name: &str) -> impl Iterator<Item = &'a Object> {
    object.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}
