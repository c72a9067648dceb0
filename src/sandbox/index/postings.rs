//! An inverted index in memory: for each term, the objects that have it, how strongly and in which fields.

use std::collections::HashMap;
use std::sync::Arc;

/// A term of one object.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox) struct Term {
    /// The term itself.
    pub text: String,
    /// How strongly the object has it: above 0, at most 1.
    pub weight: f32,
    /// The fields it was found in, one bit each.
    pub fields: u16,
}

/// The objects are numbered by the slot the catalog keeps them in.
#[derive(Default)]
pub(in crate::sandbox) struct Postings {
    numbers: HashMap<Arc<str>, u32>,
    lists: Vec<List>,
    free: Vec<u32>,
    held: HashMap<u32, Box<[u32]>>,
}

/// The objects that have one term, by rising slot.
struct List {
    term: Arc<str>,
    postings: Vec<Posting>,
}

#[derive(Clone, Copy)]
struct Posting {
    slot: u32,
    weight: u16,
    fields: u16,
}

impl Postings {
    /// Puts an object in, in the place of what its slot held before: words that stay are only weighed anew.
    pub(in crate::sandbox) fn put(&mut self, slot: u32, terms: &[Term]) {
        let before = self.held.remove(&slot).unwrap_or_default();
        let mut held = Vec::with_capacity(terms.len());
        for term in terms {
            let number = self.number(&term.text);
            let list = &mut self.lists[number as usize].postings;
            let posting = Posting { slot, weight: quantised(term.weight), fields: term.fields };
            match place_of(list, slot) {
                Ok(place) => list[place] = posting,
                Err(place) => list.insert(place, posting),
            }
            held.push(number);
        }
        held.sort_unstable();
        held.dedup();
        for number in before.iter().filter(|number| held.binary_search(number).is_err()) {
            self.drop_posting(*number, slot);
        }
        self.held.insert(slot, held.into());
    }

    /// Takes an object out; nothing of it stays behind, its words included when nobody else has them.
    pub(in crate::sandbox) fn remove(&mut self, slot: u32) {
        for number in self.held.remove(&slot).unwrap_or_default() {
            self.drop_posting(number, slot);
        }
    }

    fn drop_posting(&mut self, number: u32, slot: u32) {
        let list = &mut self.lists[number as usize];
        if let Ok(place) = place_of(&list.postings, slot) {
            list.postings.remove(place);
        }
        if list.postings.is_empty() {
            list.postings = Vec::new();
            self.numbers.remove(&list.term);
            self.free.push(number);
        }
    }

    /// How rare a term is: `ln(1 + (n − d + ½) / (d + ½))` for `d` of `n` objects that have it.
    #[expect(clippy::cast_precision_loss, reason = "a rarity needs no more than the first digits of a count")]
    pub(in crate::sandbox) fn rarity(&self, term: &str) -> f32 {
        let objects = self.held.len() as f32;
        let having = self.list(term).len() as f32;
        ((objects - having + 0.5) / (having + 0.5)).ln_1p()
    }

    /// Adds to each slot of `scores` the sum over the query's terms of `weight in the query × weight in the object`, and
    /// returns the most that an object could have got: the sum of the query's weights.
    pub(in crate::sandbox) fn add_scores(&self, query: &[(&str, f32)], scores: &mut [f32]) -> f32 {
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
    pub(in crate::sandbox) fn having_any(&self, terms: &[String], fields: u16) -> Vec<u32> {
        let postings = terms.iter().flat_map(|term| self.list(term));
        let mut slots: Vec<u32> =
            postings.filter(|posting| posting.fields & fields != 0).map(|posting| posting.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    fn list(&self, term: &str) -> &[Posting] {
        self.numbers.get(term).map_or(&[], |&number| &self.lists[number as usize].postings)
    }

    fn number(&mut self, term: &str) -> u32 {
        if let Some(&number) = self.numbers.get(term) {
            return number;
        }
        let term: Arc<str> = term.into();
        let list = List { term: Arc::clone(&term), postings: Vec::new() };
        let number = if let Some(number) = self.free.pop() {
            self.lists[number as usize] = list;
            number
        } else {
            self.lists.push(list);
            u32::try_from(self.lists.len() - 1).unwrap_or(u32::MAX)
        };
        self.numbers.insert(term, number);
        number
    }
}

/// Where a slot's posting is, or belongs: new objects come at the end, and are not searched for.
fn place_of(postings: &[Posting], slot: u32) -> Result<usize, usize> {
    match postings.last() {
        Some(last) if last.slot < slot => Err(postings.len()),
        _ => postings.binary_search_by_key(&slot, |posting| posting.slot),
    }
}

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

    fn term(text: &str, weight: f32) -> Term {
        Term { text: text.to_owned(), weight, fields: 1 }
    }

    #[test]
    fn an_object_that_left_leaves_nothing_behind() {
        let mut postings = Postings::default();
        for round in 0..100 {
            postings.put(round % 3, &[term(&format!("only{round}"), 0.5), term("common", 0.5)]);
        }
        assert_eq!(postings.numbers.len(), 4);
        assert!(postings.lists.len() <= 5, "{} lists for 4 terms", postings.lists.len());
        (0..3).for_each(|slot| postings.remove(slot));
        assert!(postings.numbers.is_empty() && postings.held.is_empty());
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
            postings.add_scores(&[("a", postings.rarity("a")), ("b", postings.rarity("b"))], &mut scores);
            scores.map(f32::to_bits)
        };
        assert_eq!(scores([0, 1, 2]), scores([2, 1, 0]));
    }

    #[test]
    fn a_rare_term_tells_more_than_a_common_one() {
        let mut postings = Postings::default();
        (0..10).for_each(|slot| postings.put(slot, &[term("common", 0.5)]));
        postings.put(10, &[term("common", 0.5), term("rare", 0.5)]);
        assert!(postings.rarity("rare") > postings.rarity("common"));
        assert!(postings.rarity("common") > 0.0);
    }
}
