//! What the index knows of an object: its words, the pieces of its titles, its skills.
//!
//! A word's weight follows BM25F: in each field its count is set against the field's length, the fields are added by
//! their importance, and the sum is brought below 1:
//!
//! ```text
//! strength(word) = Σ over fields  importance · count / (1 − B + B · length / usual length)
//! weight(word)   = strength / (strength + K)
//! ```
//!
//! The usual lengths are constants, not the collection's averages: an object's weights do not depend on what else is
//! stored, nor on the order in which it came.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::postings::Term;
use super::text::{self, Language};
use crate::model::{Entity, Object};

/// How much a field's length tells against the words in it.
const B: f32 = 0.85;
/// Where a word's strength counts half.
const K: f32 = 3.0;

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

    /// Importance, and usual length in words.
    fn measures(self) -> (f32, f32) {
        match self {
            Self::Title => (2.0, 6.0),
            Self::Skills => (1.5, 25.0),
            Self::Tasks => (1.0, 30.0),
            Self::Summary => (1.0, 60.0),
            Self::Experience => (0.8, 150.0),
            Self::Education => (0.6, 20.0),
            Self::Text => (1.0, 180.0),
            Self::Other => (0.2, 60.0),
        }
    }
}

const FIELDS: [Field; 8] = [
    Field::Title,
    Field::Skills,
    Field::Tasks,
    Field::Summary,
    Field::Experience,
    Field::Education,
    Field::Text,
    Field::Other,
];

/// What the index knows of an object.
#[derive(Default)]
pub(in crate::sandbox) struct Document {
    /// Stems.
    pub words: Vec<Term>,
    /// Pieces of titles.
    pub titles: Vec<Term>,
    /// Names of skills in their normal spelling, all of weight 1.
    pub skills: Vec<Term>,
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

/// How often a stem was found in each field.
type Counts = [f32; FIELDS.len()];

/// Collects counts and lengths by field.
struct Reader {
    language: Language,
    /// The place of each word's stem in `counts`, none for a stop word: a word is stemmed once however often it comes.
    places: HashMap<String, Option<usize>>,
    stems: HashMap<String, usize>,
    counts: Vec<Counts>,
    lengths: [f32; FIELDS.len()],
    pieces: BTreeMap<String, f32>,
    pieces_read: f32,
    skills: BTreeSet<String>,
}

impl Reader {
    fn new(language: Language) -> Self {
        Self {
            language,
            places: HashMap::new(),
            stems: HashMap::new(),
            counts: Vec::new(),
            lengths: [0.0; FIELDS.len()],
            pieces: BTreeMap::new(),
            pieces_read: 0.0,
            skills: BTreeSet::new(),
        }
    }

    fn read(&mut self, field: Field, text: &str) {
        for word in text::words(text).take(text::MOST_WORDS) {
            let place = match self.places.get(&*word) {
                Some(place) => *place,
                None => self.place(word.into_owned()),
            };
            if let Some(place) = place {
                self.counts[place][field as usize] += 1.0;
                self.lengths[field as usize] += 1.0;
            }
        }
    }

    /// Where a word that was not met before is counted.
    fn place(&mut self, word: String) -> Option<usize> {
        let place = text::stem(&word, self.language).map(|stem| {
            *self.stems.entry(stem).or_insert_with(|| {
                self.counts.push(Counts::default());
                self.counts.len() - 1
            })
        });
        self.places.insert(word, place);
        place
    }

    fn title(&mut self, title: &str) {
        self.read(Field::Title, title);
        for piece in text::pieces(title) {
            *self.pieces.entry(piece).or_default() += 1.0;
            self.pieces_read += 1.0;
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
        let words = self.stems.into_iter().map(|(stem, place)| {
            let counts = self.counts[place];
            let mut strength = 0.0;
            let mut fields = 0;
            for field in FIELDS {
                let count = counts[field as usize];
                if count > 0.0 {
                    let (importance, usual_length) = field.measures();
                    strength +=
                        importance * against_length(count, self.lengths[field as usize], usual_length);
                    fields |= field.bit();
                }
            }
            Term { text: stem, weight: strength / (strength + K), fields }
        });
        let pieces = self.pieces.into_iter().map(|(piece, count)| {
            let strength = against_length(count, self.pieces_read, USUAL_PIECES);
            Term { text: piece, weight: strength / (strength + K), fields: Field::Title.bit() }
        });
        let skills = self.skills.into_iter().filter(|name| !name.is_empty()).map(|text| Term {
            text,
            weight: 1.0,
            fields: Field::Skills.bit(),
        });
        Document { words: words.collect(), titles: pieces.collect(), skills: skills.collect() }
    }
}

/// Pieces in a usual set of titles.
const USUAL_PIECES: f32 = 60.0;

fn against_length(count: f32, length: f32, usual: f32) -> f32 {
    count / (1.0 - B + B * length / usual)
}

fn string<'a>(object: &'a Object, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn objects<'a>(object: &'a Object, name: &str) -> impl Iterator<Item = &'a Object> {
    object.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}
