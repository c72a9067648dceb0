//! What the index knows of an object: its words and pairs of them, the pieces of its titles, its skills, its occupations.
//! Which of its members are read, and how much each counts, is told here; `reader` counts.

use serde_json::Value;

use super::language::Language;
use super::occupations::Class;
use super::postings::Term;
use super::reader::Reader;
use super::text::{Pair, Piece, Word};
use crate::model::{Entity, Object};

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
    pub(super) fn importance(self) -> f32 {
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
    reader.headline(profile);
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

pub(super) fn string<'a>(object: &'a Object, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn objects<'a>(object: &'a Object, name: &str) -> impl Iterator<Item = &'a Object> {
    object.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}
