//! The search index: an object's words, where they stand and how much they weigh, kept in memory.

pub(super) mod document;
pub(super) mod language;
pub(super) mod occupations;
pub(super) mod postings;
mod rarity;
mod reader;
pub(super) mod text;
