//! Why a pair scores as it does: the same skills, words, occupations and signals that `ranking` adds up, told in sentences.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use serde_json::Value;

use super::catalog::{Entry, Stock};
use super::index::document::Document;
use super::index::language::stems_in_every_language;
use super::index::occupations::Class;
use super::index::postings::{Postings, Term};
use super::index::text::{self, Word};
use super::ranking::{About, Asker, Signal};
use super::state::parsed;
use super::thesaurus::thesaurus;
use crate::error::Result;
use crate::model::{Entity, Object};

/// The most skills or words that one point names.
const MOST_NAMED: usize = 8;
/// A word that adds less than this share of what could be had is not worth telling.
const LEAST_SHARE: f32 = 0.005;

/// What an explanation is written in.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Tongue {
    English,
    French,
}

/// What speaks for a pair and what against it.
#[derive(Serialize)]
pub(super) struct Swot {
    strengths: Vec<Point>,
    weaknesses: Vec<Point>,
}

/// One thing that moved the score.
#[derive(Serialize)]
struct Point {
    name: String,
    description: String,
}

/// The two sides by what they are, whoever asks.
struct Pair<'a> {
    job: (&'a Entry, &'a Document),
    profile: (&'a Entry, &'a Document),
    tongue: Tongue,
}

/// Explains the score that `asker` gives an object of the stock.
pub(super) fn explain(
    asker: &Asker<'_>,
    asking: &Entry,
    document: &Document,
    entry: &Entry,
    known: impl Iterator<Item = Signal>,
    stock: &Stock,
    tongue: Tongue,
) -> Result<Swot> {
    let (one, other) = ((asking, asker.document), (entry, document));
    let (job, profile) = match asker.entity {
        Entity::Job => (one, other),
        Entity::Profile => (other, one),
    };
    let pair = Pair { job, profile, tongue };
    let mut swot = Swot { strengths: Vec::new(), weaknesses: Vec::new() };
    pair.occupations(&mut swot);
    pair.skills(&mut swot);
    pair.words(&mut swot, &stock.words)?;
    known.filter(|signal| signal.about != About::Skills).for_each(|signal| pair.signal(&mut swot, &signal));
    Ok(swot)
}

impl Pair<'_> {
    /// A point, told in English and in French.
    fn point(&self, name: [&str; 2], description: [&str; 2]) -> Point {
        let told = |[english, french]: [&str; 2]| match self.tongue {
            Tongue::English => english.to_owned(),
            Tongue::French => french.to_owned(),
        };
        Point { name: told(name), description: told(description) }
    }

    fn occupations(&self, swot: &mut Swot) {
        let (Some(wanted), Some(had)) = (occupation(self.job.1), occupation(self.profile.1)) else { return };
        let shared = shared_occupation(self.job.1, self.profile.1);
        if let Some(shared) = shared {
            let name = [&*format!("Occupation: {shared}"), &format!("Métier : {shared}")];
            let description = [
                &*format!("Both titles stand for the occupation \u{201c}{shared}\u{201d}."),
                &format!("Les deux intitulés désignent le métier « {shared} »."),
            ];
            swot.strengths.push(self.point(name, description));
        } else {
            let name = [&*format!("Another occupation: {had}"), &format!("Autre métier : {had}")];
            let description = [
                &*format!(
                    "The job is for \u{201c}{wanted}\u{201d}, the latest titles say \u{201c}{had}\u{201d}."
                ),
                &format!("L'offre vise « {wanted} », les derniers intitulés disent « {had} »."),
            ];
            swot.weaknesses.push(self.point(name, description));
        }
    }

    /// A skill that the profile does not list but tells of in its words is no gap.
    fn skills(&self, swot: &mut Swot) {
        let listed: BTreeSet<&str> = self.profile.1.skills.iter().map(|skill| skill.name.as_str()).collect();
        let told: BTreeSet<&str> = self.profile.1.words.iter().map(|word| word.name.as_str()).collect();
        let is_told = |skill: &str| {
            let words = stems_in_every_language(skill);
            !words.is_empty()
                && words.iter().all(|stems| stems.iter().any(|stem| told.contains(stem.as_str())))
        };
        let asked = self.job.1.skills.iter().map(|skill| skill.name.as_str());
        let (both, others): (Vec<&str>, Vec<&str>) = asked.partition(|skill| listed.contains(skill));
        let (in_words, missing): (Vec<&str>, Vec<&str>) =
            others.into_iter().partition(|skill| is_told(skill));
        for (skills, name, description) in [
            (
                both,
                ["Skills both name", "Compétences communes"],
                ["The job asks for what the profile lists", "L'offre demande ce que le profil indique"],
            ),
            (
                in_words,
                ["Skills found in the text", "Compétences trouvées dans le texte"],
                ["Not listed, but told of", "Non listées, mais évoquées"],
            ),
        ] {
            swot.strengths.extend(self.named(&skills, name, description));
        }
        let name = ["Asked for and not found", "Demandé et non trouvé"];
        let description = [
            "Skills of the job that the profile neither lists nor tells of",
            "Compétences de l'offre que le profil n'indique pas",
        ];
        swot.weaknesses.extend(self.named(&missing, name, description));
    }

    /// A point that names some of the things; none when there is nothing to name.
    fn named(&self, things: &[&str], [english, french]: [&str; 2], [told, dit]: [&str; 2]) -> Option<Point> {
        let first = things.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
        let (all, count) = (things.join(", "), things.len());
        let name = [&*format!("{english}: {first}"), &format!("{french} : {first}")];
        let description = [&*format!("{told} ({count}): {all}."), &format!("{dit} ({count}) : {all}.")];
        (count > 0).then(|| self.point(name, description))
    }

    fn words(&self, swot: &mut Swot, index: &Postings<Word>) -> Result<()> {
        let (shared, missing) = weighed(index, &self.job.1.words, &self.profile.1.words);
        let spellings = spellings(self.job)?;
        let spelled = |stems: &[&str]| -> Vec<&str> {
            stems.iter().filter_map(|stem| spellings.get(*stem)).take(MOST_NAMED).map(Word::as_str).collect()
        };
        let (shared, missing) = (spelled(&shared), spelled(&missing));
        let name = ["Words both use", "Mots communs"];
        swot.strengths.extend(self.named(
            &shared,
            name,
            ["The rare words that count most", "Les mots rares qui comptent le plus"],
        ));
        let name = ["Words of the job that are missing", "Mots de l'offre absents"];
        swot.weaknesses.extend(self.named(
            &missing,
            name,
            [
                "Rare words of the job that the profile does not use",
                "Mots rares de l'offre que le profil n'emploie pas",
            ],
        ));
        Ok(())
    }

    fn signal(&self, swot: &mut Swot, signal: &Signal) {
        let (job, profile) = (&self.job.0.facts, &self.profile.0.facts);
        let (name, description) = match signal.about {
            About::Skills => return,
            About::Location => {
                let (Some(one), Some(other)) = (job.location, profile.location) else { return };
                let kilometres = one.kilometres_to(other).round();
                (
                    [format!("Location: {kilometres} km"), format!("Lieu : {kilometres} km")],
                    [
                        format!("{kilometres} km lie between the job and the person."),
                        format!("{kilometres} km séparent l'offre de la personne."),
                    ],
                )
            }
            About::Experience => {
                let (Some(wanted), Some(years)) = (&job.wanted_years, profile.experience_years) else {
                    return;
                };
                let (least, most) = (wanted.least, wanted.most);
                let range = match (least.is_finite(), most.is_finite()) {
                    (true, true) => format!("{least}–{most}"),
                    (true, false) => format!("≥ {least}"),
                    _ => format!("≤ {most}"),
                };
                (
                    [format!("Experience: {years} years"), format!("Expérience : {years} ans")],
                    [
                        format!("The job asks for {range} years, the profile has {years}."),
                        format!("L'offre demande {range} ans, le profil en compte {years}."),
                    ],
                )
            }
            About::Languages => {
                let names = |list: &[super::facts::Named]| {
                    list.iter().map(|language| language.name.as_str()).collect::<Vec<_>>().join(", ")
                };
                let (asked, spoken) = (names(&job.languages), names(&profile.languages));
                (
                    [format!("Languages: {spoken}"), format!("Langues : {spoken}")],
                    [format!("The job asks for: {asked}."), format!("L'offre demande : {asked}.")],
                )
            }
        };
        let point = self.point([&name[0], &name[1]], [&description[0], &description[1]]);
        if signal.value >= signal.neutral { swot.strengths.push(point) } else { swot.weaknesses.push(point) }
    }
}

/// The occupation that a document's titles stand for most surely.
fn occupation(document: &Document) -> Option<&'static str> {
    let strongest = document.occupations.iter().filter(|term| matches!(term.name, Class::Occupation(_)));
    name_of(strongest.max_by(|one, other| one.weight.total_cmp(&other.weight))?)
}

/// The occupation that both stand for most surely.
fn shared_occupation(one: &Document, other: &Document) -> Option<&'static str> {
    let others: BTreeMap<Class, f32> =
        other.occupations.iter().map(|term| (term.name, term.weight)).collect();
    let shared = one.occupations.iter().filter(|term| matches!(term.name, Class::Occupation(_)));
    let shared = shared.filter_map(|term| Some((term, term.weight * others.get(&term.name)?)));
    let (term, strength) = shared.max_by(|one, other| one.1.total_cmp(&other.1))?;
    (strength > LEAST_SHARE).then(|| name_of(term)).flatten()
}

fn name_of(term: &Term<Class>) -> Option<&'static str> {
    let Class::Occupation(number) = term.name else { return None };
    Some(&thesaurus().occupation(number)?.name)
}

/// The stems of the first text that the other has too, and those that it has not, the most telling first.
fn weighed<'a>(
    index: &Postings<Word>,
    asked: &'a [Term<Word>],
    others: &[Term<Word>],
) -> (Vec<&'a str>, Vec<&'a str>) {
    let others: HashMap<&str, f32> = others.iter().map(|term| (term.name.as_str(), term.weight)).collect();
    let square = |term: &Term<Word>| index.rarity(&term.name).powi(2) * term.weight;
    let all: f32 = asked.iter().map(square).sum();
    let mut shared = Vec::new();
    let mut missing = Vec::new();
    for term in asked {
        match others.get(term.name.as_str()) {
            Some(weight) => shared.push((square(term) * weight, term.name.as_str())),
            None => missing.push((square(term), term.name.as_str())),
        }
    }
    let told = |mut list: Vec<(f32, &'a str)>| {
        list.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
        list.into_iter().filter(|(share, _)| *share > all * LEAST_SHARE).map(|(_, stem)| stem).collect()
    };
    (told(shared), told(missing))
}

/// How an object spells each stem where it stands first.
fn spellings((entry, document): (&Entry, &Document)) -> Result<HashMap<Word, Word>> {
    let object: Object = parsed(&entry.body)?;
    let mut found = HashMap::new();
    let mut left: Vec<&Value> = object.values().collect();
    while let Some(value) = left.pop() {
        match value {
            Value::String(string) => {
                for word in text::words(string).take(text::MOST_WORDS) {
                    if let Some(stem) = document.language.stem(&word) {
                        found.entry(stem).or_insert(word);
                    }
                }
            }
            Value::Array(items) => left.extend(items),
            Value::Object(members) => left.extend(members.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    Ok(found)
}
