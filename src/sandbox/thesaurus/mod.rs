//! Which occupations a job title stands for, by the titles of ESCO and O*NET in English, German and Spanish.
//!
//! A title is compared with every known one by its words and by their pieces of four letters, folded to plain lower case,
//! so that no language need be known and compounds (`Softwareentwicklerin`) find their parts. Both are weighed by how rare
//! they are among the known titles; the likeness is the cosine. The [`MOST_LIKE`] titles most alike vote for their
//! occupations with the cube of their likeness.

mod reading;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;
use unicode_segmentation::UnicodeSegmentation;

use super::index::text;

/// The known titles that vote.
const MOST_LIKE: usize = 30;
/// A known title that is less alike says nothing.
const LEAST_LIKENESS: f32 = 0.3;
/// The occupations that a title stands for at most.
const MOST_OCCUPATIONS: usize = 12;
/// An occupation with less than this share of the surest one's weight is left out.
const LEAST_SHARE: f32 = 0.05;
/// Titles that are remembered; so many distinct ones are forgotten at once.
const MOST_REMEMBERED: usize = 20_000;
/// The places that are looked up for a title at most, those of its rarest features first: bounds its cost.
const MOST_PLACES: usize = 40_000;
/// Words of a title; what follows is no title any more.
const MOST_WORDS: usize = 12;

/// An occupation of ESCO.
pub(super) struct Occupation {
    /// The code of its unit group in ISCO-08, four digits of which the first may be 0.
    pub group: u16,
    /// In English.
    pub name: String,
}

/// The known titles and their occupations.
pub(super) struct Thesaurus {
    occupations: Vec<Occupation>,
    /// For each line of titles the occupations it belongs to, and how much.
    shares: Vec<Vec<(u16, f32)>>,
    /// For each known title its line and one through the length of its vector.
    titles: Vec<(u16, f32)>,
    /// All known titles, by the hashes of their words.
    spellings: HashSet<u64, FixedState>,
    features: HashMap<u64, u32, FixedState>,
    /// For each feature how rare it is, and the known titles that have it.
    places: Vec<(f32, Vec<u32>)>,
    remembered: Mutex<Remembered>,
}

/// What titles were found to stand for.
type Remembered = HashMap<String, Arc<[(u16, f32)]>, FixedState>;

/// The likeness of each known title to the one that is looked up, and which have any.
#[derive(Default)]
struct Scratch {
    likeness: Vec<f32>,
    touched: Vec<u32>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// The thesaurus, read once in a process.
pub(super) fn thesaurus() -> &'static Thesaurus {
    static READ: LazyLock<Thesaurus> = LazyLock::new(reading::read);
    &READ
}

impl Thesaurus {
    /// An occupation by its number.
    pub(super) fn occupation(&self, number: u16) -> Option<&Occupation> {
        self.occupations.get(usize::from(number))
    }

    /// The occupations that a title stands for, the surest first, each with its weight: 1 for a title that is known to the
    /// letter. People share titles: those that were asked for are remembered.
    pub(super) fn occupations_of(&self, title: &str) -> Arc<[(u16, f32)]> {
        if let Some(found) = self.remembered().get(title) {
            return Arc::clone(found);
        }
        let found: Arc<[(u16, f32)]> = self.look_up(title).into();
        let mut remembered = self.remembered();
        if remembered.len() >= MOST_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(title.to_owned(), Arc::clone(&found));
        found
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_up(&self, title: &str) -> Vec<(u16, f32)> {
        let mut found: HashMap<u16, f32> = HashMap::new();
        for (title, likeness) in self.titles_like(title) {
            for &(occupation, share) in &self.shares[usize::from(self.titles[title as usize].0)] {
                let weight = found.entry(occupation).or_default();
                *weight = weight.max((likeness * share).powi(3));
            }
        }
        let mut found: Vec<(u16, f32)> = found.into_iter().collect();
        found.sort_unstable_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        let least = found.first().map_or(0.0, |(_, surest)| surest * LEAST_SHARE);
        found.truncate(MOST_OCCUPATIONS);
        found.retain(|(_, weight)| *weight >= least);
        found
    }

    /// The known titles that stand in a text word for word, in their order, each once: of several words anywhere, of a
    /// single one (`Smith`) only when it has its line to itself.
    pub(super) fn titles_in<'a>(&self, text: &'a str, most_words: usize) -> Vec<&'a str> {
        let mut found: Vec<&str> = Vec::new();
        let mut left = most_words;
        for line in text.lines() {
            let words: Vec<(usize, &str, u64)> = line
                .unicode_word_indices()
                .take(left)
                .map(|(start, word)| (start, word, hash_of(&text::folded(&word.to_lowercase()))))
                .collect();
            left -= words.len();
            let mut first = 0;
            while first < words.len() {
                let least = words.len().min(2);
                let known = self.longest_known(&words[first..]).filter(|length| *length >= least);
                if let Some(length) = known {
                    let (end, word, _) = words[first + length - 1];
                    let title = &line[words[first].0..end + word.len()];
                    if !found.iter().any(|known| known.eq_ignore_ascii_case(title)) {
                        found.push(title);
                    }
                }
                first += known.unwrap_or(1);
            }
        }
        found
    }

    /// How many of the first words make the longest known title.
    fn longest_known(&self, words: &[(usize, &str, u64)]) -> Option<usize> {
        let hashes = words.iter().take(LONGEST_KNOWN).scan(0, |hash, (_, _, word)| {
            *hash = joined(*hash, *word);
            Some(*hash)
        });
        hashes.zip(1..).filter(|(hash, _)| self.spellings.contains(hash)).map(|(_, length)| length).last()
    }

    /// The known titles that are most alike, and how much.
    fn titles_like(&self, title: &str) -> Vec<(u32, f32)> {
        let mut asked: Vec<u32> = Vec::new();
        for word in text::words(title).take(MOST_WORDS) {
            each_feature(&text::folded(&word), |feature| asked.extend(self.features.get(&feature)));
        }
        asked.sort_unstable();
        asked.dedup();
        let rarity = |feature: u32| self.places[feature as usize].0;
        let length: f32 = asked.iter().map(|&feature| rarity(feature).powi(2)).sum::<f32>().sqrt();
        asked.sort_by(|&one, &other| rarity(other).total_cmp(&rarity(one)));
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.likeness.resize(self.titles.len(), 0.0);
            let mut looked_up = 0;
            for feature in asked {
                let (rarity, places) = &self.places[feature as usize];
                looked_up += places.len();
                if looked_up > MOST_PLACES && !scratch.touched.is_empty() {
                    break;
                }
                for &place in places {
                    let likeness = &mut scratch.likeness[place as usize];
                    if *likeness == 0.0 {
                        scratch.touched.push(place);
                    }
                    *likeness += rarity * rarity;
                }
            }
            let mut alike = Vec::new();
            for place in scratch.touched.drain(..) {
                let shared = std::mem::take(&mut scratch.likeness[place as usize]);
                let likeness = shared * self.titles[place as usize].1 / length;
                if likeness >= LEAST_LIKENESS {
                    alike.push((place, likeness));
                }
            }
            let by_likeness =
                |one: &(u32, f32), other: &(u32, f32)| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0));
            if alike.len() > MOST_LIKE {
                alike.select_nth_unstable_by(MOST_LIKE, by_likeness);
                alike.truncate(MOST_LIKE);
            }
            alike
        })
    }
}

/// The longest known title that is looked for in a text, in words.
const LONGEST_KNOWN: usize = 5;

fn hash_of(word: &str) -> u64 {
    word.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The hash of some words and one more.
fn joined(words: u64, word: u64) -> u64 {
    (words.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// What a folded word is known by: itself and its pieces of four letters, its ends marked.
fn each_feature(word: &str, mut take: impl FnMut(u64)) {
    const SIZE: usize = 4;
    const WHOLE: u64 = 1 << 63;
    let marked = || std::iter::once('<').chain(word.chars()).chain(std::iter::once('>'));
    let mut length = 0;
    let mut last: u64 = 0;
    let mut whole: u64 = 0xcbf2_9ce4_8422_2325;
    for letter in marked() {
        length += 1;
        last = (last << 15) | (u64::from(u32::from(letter)) & 0x7fff);
        whole = (whole ^ u64::from(u32::from(letter))).wrapping_mul(0x0100_0000_01b3);
        if length >= SIZE {
            take(last & ((1 << (15 * SIZE)) - 1));
        }
    }
    if length != SIZE {
        take(whole | WHOLE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(title: &str) -> Vec<u16> {
        let found = thesaurus().occupations_of(title);
        let group = |&(number, _): &(u16, f32)| thesaurus().occupation(number).map(|known| known.group);
        found.iter().filter_map(group).collect()
    }

    #[test]
    fn titles_of_one_occupation_meet_in_three_languages() {
        for title in [
            "Software developer",
            "Softwareentwicklerin",
            "desarrolladora de software",
            "Sr. Software Engineer",
        ] {
            assert_eq!(groups(title).first(), Some(&2512), "{title}");
        }
        assert!(groups("Krankenschwester").contains(&groups("registered nurse")[0]));
    }

    #[test]
    fn what_shares_nothing_with_any_title_stands_for_nothing() {
        for text in ["", "42", "エンジニア"] {
            assert!(groups(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_title_has_the_same_occupations_whenever_it_is_looked_up() {
        let first = thesaurus().look_up("Leiterin der Buchhaltung");
        assert!(!first.is_empty());
        assert_eq!(*thesaurus().occupations_of("Leiterin der Buchhaltung"), *first);
        assert_eq!(*thesaurus().occupations_of("Leiterin der Buchhaltung"), *first);
    }

    #[test]
    fn known_titles_are_found_in_a_text() {
        let text = "Jane Smith\nSoftware Engineer\n\nA software engineer who was a smith.\nAccountant\nNurse practitioner for years";
        assert_eq!(
            thesaurus().titles_in(text, 100),
            ["Software Engineer", "Accountant", "Nurse practitioner"]
        );
        assert_eq!(thesaurus().titles_in(text, 4), ["Software Engineer"]);
    }
}
