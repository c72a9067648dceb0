//! Reads the thesaurus that is compiled in; `make.py` beside it tells the file's form.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead as _, BufReader};
use std::sync::Mutex;

use flate2::read::GzDecoder;
use foldhash::fast::FixedState;

use super::{Occupation, Thesaurus, each_feature, hash_of, joined};

const PACKED: &[u8] = include_bytes!("occupations.txt.gz");

/// Builds it in memory.
pub(super) fn read() -> Thesaurus {
    let mut builder = Builder::default();
    for line in BufReader::new(GzDecoder::new(PACKED)).lines().map_while(Result::ok) {
        let mut fields = line.split('\t');
        match (fields.next(), fields.next(), fields.next(), fields.next()) {
            (Some("e"), Some(group), Some(name), Some(titles)) => {
                let number = u16::try_from(builder.occupations.len()).unwrap_or(u16::MAX);
                builder
                    .occupations
                    .push(Occupation { group: group.parse().unwrap_or_default(), name: name.to_owned() });
                builder.titles(vec![(number, 1.0)], titles);
            }
            (Some("o"), Some(shares), Some(titles), None) => {
                let share = |share: &str| {
                    let (number, percent) = share.split_once(':')?;
                    Some((number.parse().ok()?, percent.parse::<f32>().ok()? / 100.0))
                };
                builder.titles(shares.split(',').filter_map(share).collect(), titles);
            }
            _ => {}
        }
    }
    builder.finish()
}

#[derive(Default)]
struct Builder {
    occupations: Vec<Occupation>,
    shares: Vec<Vec<(u16, f32)>>,
    /// The line of each title.
    lines: Vec<u16>,
    /// The features of each word that was met.
    words: HashMap<String, Vec<u32>, FixedState>,
    spellings: HashSet<u64, FixedState>,
    features: HashMap<u64, u32, FixedState>,
    places: Vec<Vec<u32>>,
}

impl Builder {
    fn titles(&mut self, shares: Vec<(u16, f32)>, titles: &str) {
        let line = u16::try_from(self.shares.len()).unwrap_or(u16::MAX);
        self.shares.push(shares);
        for title in titles.split('|') {
            let place = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
            self.lines.push(line);
            self.spellings.insert(title.split(' ').map(hash_of).fold(0, joined));
            for word in title.split(' ') {
                if !self.words.contains_key(word) {
                    let features = self.features_of(word);
                    self.words.insert(word.to_owned(), features);
                }
                for &feature in self.words.get(word).into_iter().flatten() {
                    let places = &mut self.places[feature as usize];
                    if places.last() != Some(&place) {
                        places.push(place);
                    }
                }
            }
        }
    }

    fn features_of(&mut self, word: &str) -> Vec<u32> {
        let mut numbers = Vec::new();
        each_feature(word, |feature| {
            let next = u32::try_from(self.features.len()).unwrap_or(u32::MAX);
            let number = *self.features.entry(feature).or_insert(next);
            if number == next {
                self.places.push(Vec::new());
            }
            numbers.push(number);
        });
        numbers
    }

    #[expect(clippy::cast_precision_loss, reason = "a rarity needs no more than the first digits of a count")]
    fn finish(self) -> Thesaurus {
        let known = self.lines.len() as f32;
        let mut squares = vec![0.0_f32; self.lines.len()];
        let weigh = |places: Vec<u32>| {
            let rarity = 1.0 + ((1.0 + known) / (1.0 + places.len() as f32)).ln();
            for &place in &places {
                squares[place as usize] += rarity * rarity;
            }
            (rarity, places)
        };
        let places = self.places.into_iter().map(weigh).collect();
        let titles =
            self.lines.into_iter().zip(squares).map(|(line, square)| (line, 1.0 / square.sqrt())).collect();
        Thesaurus {
            occupations: self.occupations,
            shares: self.shares,
            titles,
            spellings: self.spellings,
            features: self.features,
            places,
            remembered: Mutex::default(),
        }
    }
}
