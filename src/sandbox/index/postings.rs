//! An inverted index in memory: for each term, the objects that have it, how strongly and in which fields.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use foldhash::fast::FixedState;

use super::rarity::{FIXED, fixed_square, rarity, step_of};

/// A term of one object.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox) struct Term<T> {
    /// The term itself.
    pub name: T,
    /// How strongly the object has it: above 0, at most 1.
    pub weight: f32,
    /// The fields it was found in, one bit each.
    pub fields: u16,
}

/// The objects of one kind, numbered by the slot the catalog keeps them in. How rare a term is depends on the objects of
/// the other kind too: what the other index tells by its [`Change`]s.
pub(in crate::sandbox) struct Postings<T> {
    numbers: HashMap<T, u32, FixedState>,
    lists: Vec<List<T>>,
    free: Vec<u32>,
    /// For each slot the numbers of the terms that its object has; none for an object that is not in the index.
    held: Vec<Option<Box<[u32]>>>,
    /// How many objects are in the index.
    objects: usize,
    /// How many objects the other index holds.
    others: usize,
    /// The step of the number of objects of both, by which all terms are weighed.
    step: u8,
    /// The squared length of each slot's vector in fixed point: whole numbers, so that no order of additions tells.
    lengths: Vec<u64>,
}

impl<T> Default for Postings<T> {
    fn default() -> Self {
        Self {
            numbers: HashMap::default(),
            lists: Vec::new(),
            free: Vec::new(),
            held: Vec::new(),
            objects: 0,
            others: 0,
            step: 0,
            lengths: Vec::new(),
        }
    }
}

/// The objects that have one term, by rising slot.
struct List<T> {
    term: T,
    postings: Vec<Posting>,
    /// How many objects of the other index have it.
    others: u32,
    /// The step of the number of objects of both that have it.
    step: u8,
    /// The square of its rarity in fixed point.
    square: u64,
}

#[derive(Clone, Copy)]
struct Posting {
    slot: u32,
    weight: u16,
    fields: u16,
}

/// What came into an index and what left it, for the other one to know.
pub(in crate::sandbox) struct Change<T> {
    came: Vec<T>,
    left: Vec<T>,
    objects: isize,
}

impl<T: Clone + Eq + Hash> Postings<T> {
    /// Puts an object with terms, each named once, in the place of what its slot held before: those that stay are only
    /// weighed anew.
    pub(in crate::sandbox) fn put(&mut self, slot: u32, terms: &[Term<T>]) -> Change<T> {
        let place = slot as usize;
        if self.held.len() <= place {
            self.held.resize(place + 1, None);
            self.lengths.resize(place + 1, 0);
        }
        let before = self.held[place].take();
        let mut change = Change {
            came: Vec::with_capacity(terms.len()),
            left: Vec::new(),
            objects: isize::from(before.is_none()),
        };
        self.objects += usize::from(before.is_none());
        // All look-ups first: none waits for the lists of the one before to come from memory.
        let held: Box<[u32]> = terms.iter().map(|term| self.number(&term.name)).collect();
        debug_assert_eq!(held.iter().collect::<HashSet<_>>().len(), held.len(), "a term is named once");
        for (term, &number) in terms.iter().zip(&held) {
            let list = &mut self.lists[number as usize];
            let posting = Posting { slot, weight: quantised(term.weight), fields: term.fields };
            let length = &mut self.lengths[place];
            *length = length.wrapping_add(posting.square(list.square));
            match place_of(&list.postings, slot) {
                Ok(place) => {
                    let before = std::mem::replace(&mut list.postings[place], posting);
                    *length = length.wrapping_sub(before.square(list.square));
                }
                Err(place) => {
                    list.postings.insert(place, posting);
                    change.came.push(term.name.clone());
                    self.weigh(number);
                }
            }
        }
        if let Some(before) = before {
            let stays: HashSet<u32, FixedState> = held.iter().copied().collect();
            let left = before.into_iter().filter(|number| !stays.contains(number));
            change.left = left.map(|number| self.drop_posting(number, slot)).collect();
        }
        self.held[place] = Some(held);
        self.weigh_all();
        change
    }

    /// Takes an object out; nothing of it stays behind, its words included when nobody else has them.
    pub(in crate::sandbox) fn remove(&mut self, slot: u32) -> Change<T> {
        let mut change = Change { came: Vec::new(), left: Vec::new(), objects: 0 };
        if let Some(held) = self.held.get_mut(slot as usize).and_then(Option::take) {
            change.left = held.into_iter().map(|number| self.drop_posting(number, slot)).collect();
            change.objects = -1;
            self.objects -= 1;
            self.weigh_all();
        }
        change
    }

    /// Takes note of a change of the other index.
    pub(in crate::sandbox) fn follow(&mut self, change: &Change<T>) {
        for term in &change.came {
            let number = self.number(term);
            self.lists[number as usize].others += 1;
            self.weigh(number);
        }
        for term in &change.left {
            if let Some(&number) = self.numbers.get(term) {
                self.lists[number as usize].others -= 1;
                self.weigh(number);
                self.free_if_unused(number);
            }
        }
        self.others = self.others.saturating_add_signed(change.objects);
        self.weigh_all();
    }

    /// How many terms an object has.
    pub(in crate::sandbox) fn size(&self, slot: usize) -> usize {
        self.held.get(slot).and_then(Option::as_deref).map_or(0, <[u32]>::len)
    }

    fn drop_posting(&mut self, number: u32, slot: u32) -> T {
        let list = &mut self.lists[number as usize];
        let term = list.term.clone();
        if let Ok(place) = place_of(&list.postings, slot) {
            let posting = list.postings.remove(place);
            let length = &mut self.lengths[slot as usize];
            *length = length.wrapping_sub(posting.square(list.square));
            self.weigh(number);
        }
        self.free_if_unused(number);
        term
    }

    fn free_if_unused(&mut self, number: u32) {
        let list = &mut self.lists[number as usize];
        if list.postings.is_empty() && list.others == 0 {
            list.postings = Vec::new();
            self.numbers.remove(&list.term);
            self.free.push(number);
        }
    }

    /// Brings a term's rarity up to date, and the lengths of the objects that have it.
    fn weigh(&mut self, number: u32) {
        let list = &mut self.lists[number as usize];
        let step = step_of(list.postings.len() + list.others as usize);
        if step != list.step {
            list.step = step;
            list.reweigh(self.step, &mut self.lengths);
        }
    }

    /// Brings all rarities up to date when the number of objects has made a step.
    fn weigh_all(&mut self) {
        let step = step_of(self.objects + self.others);
        if step != self.step {
            self.step = step;
            self.lists.iter_mut().for_each(|list| list.reweigh(step, &mut self.lengths));
        }
    }

    /// How rare a term is among the objects of both indexes, see [`rarity`].
    pub(in crate::sandbox) fn rarity(&self, term: &T) -> f32 {
        let step = self.numbers.get(term).map_or(0, |&number| self.lists[number as usize].step);
        rarity(step, self.step)
    }

    /// The length of an object's vector, in which each term counts with its weight times its rarity.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a length needs its first digits"
    )]
    pub(in crate::sandbox) fn length(&self, slot: usize) -> f32 {
        let square = self.lengths.get(slot).copied().unwrap_or_default();
        (square as f64 / (FIXED * FIXED_WEIGHT * FIXED_WEIGHT)).sqrt() as f32
    }

    /// Adds to each slot of `scores` the sum over the query's terms of `weight in the query × weight in the object`, and
    /// returns the most that an object could have got: the sum of the query's weights.
    pub(in crate::sandbox) fn add_scores(&self, query: &[(&T, f32)], scores: &mut [f32]) -> f32 {
        let mut most = 0.0;
        for &(term, weight) in query {
            most += weight;
            for posting in self.list(term) {
                if let Some(score) = scores.get_mut(posting.slot as usize) {
                    *score += weight * f32::from(posting.weight) / f32::from(u16::MAX);
                }
            }
        }
        most
    }

    /// The slots that have at least one of the terms in one of the fields, each once, rising.
    pub(in crate::sandbox) fn having_any(&self, terms: &[T], fields: u16) -> Vec<u32> {
        let postings = terms.iter().flat_map(|term| self.list(term));
        let mut slots: Vec<u32> =
            postings.filter(|posting| posting.fields & fields != 0).map(|posting| posting.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    fn list(&self, term: &T) -> &[Posting] {
        self.numbers.get(term).map_or(&[], |&number| &self.lists[number as usize].postings)
    }

    fn number(&mut self, term: &T) -> u32 {
        if let Some(&number) = self.numbers.get(term) {
            return number;
        }
        let square = fixed_square(0, self.step);
        let list = List { term: term.clone(), postings: Vec::new(), others: 0, step: 0, square };
        let number = if let Some(number) = self.free.pop() {
            self.lists[number as usize] = list;
            number
        } else {
            self.lists.push(list);
            u32::try_from(self.lists.len() - 1).unwrap_or(u32::MAX)
        };
        self.numbers.insert(term.clone(), number);
        number
    }
}

impl<T> List<T> {
    /// Sets the rarity of its term, and the lengths of the objects that have it accordingly.
    fn reweigh(&mut self, step_of_all: u8, lengths: &mut [u64]) {
        let square = fixed_square(self.step, step_of_all);
        for posting in &self.postings {
            let length = &mut lengths[posting.slot as usize];
            *length = length.wrapping_sub(posting.square(self.square)).wrapping_add(posting.square(square));
        }
        self.square = square;
    }
}

impl Posting {
    /// What it adds to the squared length of its object when its term's squared rarity is this.
    fn square(self, rarity: u64) -> u64 {
        let weight = u64::from(self.weight >> 4);
        rarity * weight * weight
    }
}

/// Where a slot's posting is, or belongs: new objects come at the end, and are not searched for.
fn place_of(postings: &[Posting], slot: u32) -> Result<usize, usize> {
    match postings.last() {
        Some(last) if last.slot < slot => Err(postings.len()),
        _ => postings.binary_search_by_key(&slot, |posting| posting.slot),
    }
}

/// The weight 1 as [`Posting::square`] reads it.
const FIXED_WEIGHT: f64 = 65_535.0 / 16.0;

/// A weight in sixteen bits: a posting stays at eight bytes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=1 before it is widened to the range of u16"
)]
fn quantised(weight: f32) -> u16 {
    (weight.clamp(0.0, 1.0) * f32::from(u16::MAX)).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(name: &str, weight: f32) -> Term<String> {
        Term { name: name.to_owned(), weight, fields: 1 }
    }

    #[test]
    fn an_object_that_left_leaves_nothing_behind() {
        let mut postings = Postings::default();
        for round in 0..100 {
            postings.put(round % 3, &[term(&format!("only{round}"), 0.5), term("common", 0.5)]);
        }
        assert_eq!(postings.numbers.len(), 4);
        assert!(postings.lists.len() <= 5, "{} lists for 4 terms", postings.lists.len());
        (0..3).for_each(|slot| drop(postings.remove(slot)));
        assert!(postings.numbers.is_empty() && postings.objects == 0);
    }

    #[test]
    fn scores_do_not_depend_on_the_order_of_arrival() {
        let objects = [(0, vec![term("a", 0.3), term("b", 0.9)]), (1, vec![term("b", 0.1)]), (2, vec![])];
        let scores = |order: [usize; 3]| {
            let mut postings = Postings::default();
            for at in order {
                postings.put(objects[at].0, &objects[at].1);
            }
            let mut scores = [0.0; 3];
            let names = ["a", "b"].map(str::to_owned);
            let query: Vec<_> = names.iter().map(|name| (name, postings.rarity(name))).collect();
            postings.add_scores(&query, &mut scores);
            scores.map(f32::to_bits)
        };
        assert_eq!(scores([0, 1, 2]), scores([2, 1, 0]));
    }

    #[test]
    fn lengths_and_rarities_depend_on_what_is_held_and_not_on_how_it_came() {
        let document = |slot: u32| {
            let own = term(&format!("of{}", slot % 7), 0.4);
            vec![term("common", 0.8), own, term(&format!("rare{slot}"), 0.3)]
        };
        let (mut straight, mut roundabout) = (Postings::default(), Postings::default());
        let (mut other, mut same) = (Postings::default(), Postings::default());
        for slot in 0..40 {
            straight.put(slot, &document(slot));
            straight.follow(&other.put(slot, &[term("common", 0.1), term("rare3", 0.1)]));
        }
        for slot in (0..90).rev() {
            roundabout.follow(&same.put(slot % 40, &[term("common", 0.1), term("rare3", 0.1)]));
            roundabout.put(slot, &[term("common", 0.1), term("passing", 1.0)]);
            roundabout.put(slot, &document(slot));
        }
        (40..90).for_each(|slot| drop(roundabout.remove(slot)));
        for slot in 0..40 {
            assert_eq!(straight.length(slot).to_bits(), roundabout.length(slot).to_bits(), "{slot}");
            let square: f32 = document(u32::try_from(slot).unwrap_or_default())
                .iter()
                .map(|term| (term.weight * straight.rarity(&term.name)).powi(2))
                .sum();
            assert!((straight.length(slot) - square.sqrt()).abs() < 1e-3, "{slot}");
        }
        let rarity = |name: &str| straight.rarity(&name.to_owned());
        for name in ["common", "of3", "rare3", "passing"].map(str::to_owned) {
            assert_eq!(straight.rarity(&name).to_bits(), roundabout.rarity(&name).to_bits(), "{name}");
        }
        assert!(rarity("rare3") < rarity("rare4"), "the other index has it often");
    }

    #[test]
    fn a_rare_term_tells_more_than_a_common_one() {
        let mut postings = Postings::default();
        (0..10).for_each(|slot| drop(postings.put(slot, &[term("common", 0.5)])));
        postings.put(10, &[term("common", 0.5), term("rare", 0.5)]);
        let rarity = |name: &str| postings.rarity(&name.to_owned());
        assert!(rarity("rare") > rarity("common"));
        assert!(rarity("common") > 0.0);
    }
}
