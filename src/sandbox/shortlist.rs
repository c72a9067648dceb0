//! The best of what is looked through, and who need not be scored to know that he is not among them.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::catalog::{Entry, Stock};
use super::ranking::{Asker, LEAST_SCORE, Shares, text_needed};

/// The first so many of an order.
pub(super) struct Shortlist<'a> {
    wanted: usize,
    best: BinaryHeap<Ranked<'a>>,
}

/// A place in the order: the greatest is the last, and equal ranks are ordered by key.
pub(super) struct Ranked<'a> {
    /// Lower is earlier.
    pub rank: f64,
    pub entry: &'a Entry,
    pub score: Option<f64>,
}

impl<'a> Shortlist<'a> {
    pub(super) fn of(wanted: usize) -> Self {
        Self { wanted, best: BinaryHeap::with_capacity(wanted.saturating_add(1)) }
    }

    /// Takes one in if it belongs among the first; whether the last one changed by that.
    pub(super) fn take(&mut self, ranked: Ranked<'a>) -> bool {
        if self.best.len() < self.wanted {
            self.best.push(ranked);
            return self.best.len() == self.wanted;
        }
        let is_better = self.best.peek().is_some_and(|last| ranked < *last);
        if is_better && let Some(mut last) = self.best.peek_mut() {
            *last = ranked;
        }
        is_better
    }

    /// The last one, once there are as many as were wanted.
    pub(super) fn last(&self) -> Option<&Ranked<'a>> {
        self.best.peek().filter(|_| self.best.len() == self.wanted)
    }

    /// All, the first one first.
    pub(super) fn into_sorted(self) -> Vec<Ranked<'a>> {
        self.best.into_sorted_vec()
    }
}

impl Ord for Ranked<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.total_cmp(&other.rank).then_with(|| self.entry.key.cmp(&other.entry.key))
    }
}

impl PartialOrd for Ranked<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked<'_> {}

/// Scores one object after the other, where the score matters: signals and logarithms of fifty thousand are work for nothing.
pub(super) struct Scoring<'a> {
    shares: Shares<'a>,
    /// The least score that counts.
    least: f64,
    /// The text share below which an object cannot have the least score.
    to_count: f64,
    /// The text share below which an object cannot be among the best.
    to_be_listed: f64,
}

/// What became of an object.
pub(super) enum Scored {
    /// It has less than the least score.
    TooLow,
    /// It counts, and has no place among the best.
    Unlisted,
    Score(f64),
}

impl<'a> Scoring<'a> {
    pub(super) fn of(asker: &'a Asker<'a>, least: f64, stock: &Stock) -> Self {
        let shares = Shares::of(asker, stock);
        let to_count = if least > LEAST_SCORE { text_needed(least) } else { f64::NEG_INFINITY };
        Self { shares, least, to_count, to_be_listed: f64::NEG_INFINITY }
    }

    pub(super) fn score(&self, slot: usize, entry: &Entry) -> Scored {
        let text = self.shares.text(slot);
        if text < self.to_count {
            return Scored::TooLow;
        }
        // Whether it counts is known without its score only where every score does.
        if text < self.to_be_listed && self.least <= LEAST_SCORE {
            return Scored::Unlisted;
        }
        let score = self.shares.score(slot, &entry.facts);
        if score < self.least { Scored::TooLow } else { Scored::Score(score) }
    }

    /// From now on nobody is listed who scores less.
    pub(super) fn list_from(&mut self, score: f64) {
        self.to_be_listed = text_needed(score);
    }
}
