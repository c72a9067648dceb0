//! The occupations of an object, found by its titles, and their groups: what makes two titles without a common word alike.

use std::collections::BTreeMap;

use super::document::Field;
use super::postings::Term;
use crate::sandbox::thesaurus::thesaurus;

/// The titles that are looked up; the later ones of a long career tell little.
const MOST_TITLES: usize = 8;

/// How much each further title counts.
const LATER: f32 = 0.8;
/// What each level counts: occupations, unit groups, minor groups.
const LEVELS: [(char, f32); 3] = [('o', 0.38), ('g', 0.38), ('m', 0.24)];

/// Occupations (`o17`), unit groups (`g2512`) and minor groups (`m251`) of titles, in each level a vector as long as the
/// likeness to the most alike of the known titles, `most` at most. The first title, the latest of a profile, counts most.
pub(super) fn of_titles(titles: &[String], most: f32) -> Vec<Term> {
    let thesaurus = thesaurus();
    let mut levels = [const { BTreeMap::new() }; LEVELS.len()];
    let mut weight = 1.0;
    let mut likeness = 0.0_f32;
    for title in titles.iter().take(MOST_TITLES) {
        let found = thesaurus.occupations_of(title);
        likeness = likeness.max(found.first().map_or(0.0, |(_, share)| share.cbrt()));
        for &(number, share) in &*found {
            let Some(occupation) = thesaurus.occupation(number) else { continue };
            let minor_group = occupation.group.get(..3).unwrap_or_default();
            let names = [number.to_string(), occupation.group.clone(), minor_group.to_owned()];
            for ((level, (mark, _)), name) in levels.iter_mut().zip(LEVELS).zip(names) {
                *level.entry(format!("{mark}{name}")).or_insert(0.0) += share * weight;
            }
        }
        weight *= LATER;
    }
    let mut terms = Vec::new();
    for level in levels {
        let length = level.values().map(|weight: &f32| weight * weight).sum::<f32>().sqrt();
        let scale = most * likeness.min(1.0) / length;
        let fields = Field::Title.bit();
        terms.extend(level.into_iter().map(|(text, weight)| Term { text, weight: weight * scale, fields }));
    }
    terms
}

/// What to ask the index with: the sum of each level's cosine times what the level counts.
pub(in crate::sandbox) fn question(terms: &[Term]) -> Vec<(&str, f32)> {
    let share = |term: &Term| {
        LEVELS.iter().find(|(mark, _)| term.text.starts_with(*mark)).map_or(0.0, |(_, share)| *share)
    };
    terms.iter().map(|term| (term.text.as_str(), term.weight * share(term))).collect()
}
