//! The occupations of an object, found by its titles, and their groups: what makes two titles without a common word alike.

use std::collections::BTreeMap;

use super::document::Field;
use super::postings::Term;
use crate::sandbox::thesaurus::thesaurus;

/// The titles that are looked up; the later ones of a long career tell little.
const MOST_TITLES: usize = 8;

/// How much each further title counts.
const LATER: f32 = 0.8;
/// An occupation by its number in the thesaurus, or a group of them by its code in ISCO-08.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::sandbox) enum Class {
    MinorGroup(u16),
    Occupation(u16),
    UnitGroup(u16),
}

impl Class {
    /// What its level counts.
    fn share(self) -> f32 {
        match self {
            Self::Occupation(_) | Self::UnitGroup(_) => 0.38,
            Self::MinorGroup(_) => 0.24,
        }
    }
}

/// The occupations, unit groups and minor groups of titles, in each level a vector as long as the likeness to the most alike
/// of the known titles, `most` at most. The first title, the latest of a profile, counts most.
pub(super) fn of_titles(titles: &[&str], most: f32) -> Vec<Term<Class>> {
    let thesaurus = thesaurus();
    let mut levels = [const { BTreeMap::new() }; 3];
    let mut weight = 1.0;
    let mut likeness = 0.0_f32;
    for title in titles.iter().take(MOST_TITLES) {
        let found = thesaurus.occupations_of(title);
        likeness = likeness.max(found.first().map_or(0.0, |(_, share)| share.cbrt()));
        for &(number, share) in &*found {
            let Some(occupation) = thesaurus.occupation(number) else { continue };
            let unit_group = occupation.group;
            let classes =
                [Class::Occupation(number), Class::UnitGroup(unit_group), Class::MinorGroup(unit_group / 10)];
            for (level, class) in levels.iter_mut().zip(classes) {
                *level.entry(class).or_insert(0.0) += share * weight;
            }
        }
        weight *= LATER;
    }
    let mut terms = Vec::new();
    for level in levels {
        let length = level.values().map(|weight: &f32| weight * weight).sum::<f32>().sqrt();
        let scale = most * likeness.min(1.0) / length;
        let fields = Field::Title.bit();
        terms.extend(level.into_iter().map(|(name, weight)| Term { name, weight: weight * scale, fields }));
    }
    terms
}

/// What to ask the index with: the sum of each level's cosine times what the level counts.
pub(in crate::sandbox) fn question(terms: &[Term<Class>]) -> Vec<(&Class, f32)> {
    terms.iter().map(|term| (&term.name, term.weight * term.name.share())).collect()
}
