//! The languages of texts: which one a text is written in, and the stems of its words.
//!
//! Stems are remembered, since people use the same words and a stem is looked up faster than it is found.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{LazyLock, PoisonError, RwLock, RwLockReadGuard};

use foldhash::fast::FixedState;
use rust_stemmers::{Algorithm, Stemmer};
use whatlang::Lang;

use super::text::{MOST_WORDS, Word, words};

/// A language is guessed from this many characters at most.
const GUESSED_FROM: usize = 1_000;
/// The words of a language whose stems are remembered; so many are forgotten at once.
const MOST_REMEMBERED: usize = 20_000;

/// A language whose words can be brought to their stems: its place in [`LANGUAGES`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::sandbox) struct Language(usize);

const ENGLISH: Language = Language(0);

/// By their codes of ISO 639-1.
const LANGUAGES: [(&str, Lang, Algorithm); 17] = [
    ("en", Lang::Eng, Algorithm::English),
    ("ar", Lang::Ara, Algorithm::Arabic),
    ("da", Lang::Dan, Algorithm::Danish),
    ("nl", Lang::Nld, Algorithm::Dutch),
    ("fi", Lang::Fin, Algorithm::Finnish),
    ("fr", Lang::Fra, Algorithm::French),
    ("de", Lang::Deu, Algorithm::German),
    ("el", Lang::Ell, Algorithm::Greek),
    ("hu", Lang::Hun, Algorithm::Hungarian),
    ("it", Lang::Ita, Algorithm::Italian),
    ("no", Lang::Nob, Algorithm::Norwegian),
    ("pt", Lang::Por, Algorithm::Portuguese),
    ("ro", Lang::Ron, Algorithm::Romanian),
    ("ru", Lang::Rus, Algorithm::Russian),
    ("es", Lang::Spa, Algorithm::Spanish),
    ("sv", Lang::Swe, Algorithm::Swedish),
    ("tr", Lang::Tur, Algorithm::Turkish),
];

static STOP_WORDS: LazyLock<[HashSet<&str, FixedState>; LANGUAGES.len()]> = LazyLock::new(|| {
    LANGUAGES.map(|(code, ..)| stop_words::lookup(code).into_iter().flatten().copied().collect())
});

/// The stems of the words that were met; none for a stop word.
type Remembered = HashMap<Word, Option<Word>, FixedState>;

static REMEMBERED: [RwLock<Remembered>; LANGUAGES.len()] =
    [const { RwLock::new(Remembered::with_hasher(FixedState::with_seed(0))) }; LANGUAGES.len()];

impl Language {
    /// The declared language (`fr`, `fr-CA`) when it is known; else the one the text is surely written in; else English.
    pub(in crate::sandbox) fn of(declared: Option<&str>, text: &str) -> Self {
        let declared = declared.and_then(|code| code.get(..2)).map(str::to_ascii_lowercase);
        if let Some(place) = LANGUAGES.iter().position(|(code, ..)| Some(*code) == declared.as_deref()) {
            return Self(place);
        }
        let beginning = text.char_indices().nth(GUESSED_FROM).map_or(text, |(end, _)| &text[..end]);
        whatlang::detect(beginning)
            .filter(whatlang::Info::is_reliable)
            .and_then(|guess| LANGUAGES.iter().position(|(_, detected, _)| *detected == guess.lang()))
            .map_or(ENGLISH, Self)
    }

    /// The stem of a lowered word; nothing for a stop word.
    pub(in crate::sandbox) fn stem(self, word: &str) -> Option<Word> {
        let word = self.after_elision(word);
        (!self.stop_words().contains(word)).then(|| self.stem_of(word))
    }

    fn stem_of(self, word: &str) -> Word {
        Stemmer::create(LANGUAGES[self.0].2).stem(word).into()
    }

    fn stop_words(self) -> &'static HashSet<&'static str, FixedState> {
        &STOP_WORDS[self.0]
    }

    /// `l'ingénieur` is `ingénieur`; English keeps its apostrophes for the stemmer.
    fn after_elision(self, word: &str) -> &str {
        match word.rsplit_once('\'') {
            Some((_, rest)) if self != ENGLISH && !rest.is_empty() => rest,
            _ => word,
        }
    }
}

/// The stems of one text's words: those that are remembered, and those that it adds.
pub(super) struct Stems {
    language: Language,
    remembered: RwLockReadGuard<'static, Remembered>,
    met: Vec<(Word, Option<Word>)>,
}

impl Stems {
    pub(super) fn of(language: Language) -> Self {
        let remembered = REMEMBERED[language.0].read().unwrap_or_else(PoisonError::into_inner);
        Self { language, remembered, met: Vec::new() }
    }

    /// As [`Language::stem`].
    pub(super) fn stem(&mut self, word: &Word) -> Option<Word> {
        if let Some(stem) = self.remembered.get(word) {
            return stem.clone();
        }
        let stem = self.language.stem(word);
        self.met.push((word.clone(), stem.clone()));
        stem
    }

    /// Ends the reading of a text: what it added is there for the next one.
    pub(super) fn remember(self) {
        let Self { language, remembered, met } = self;
        drop(remembered);
        // Nobody waits for the others to end: who meets the word next remembers it.
        if !met.is_empty()
            && let Ok(mut remembered) = REMEMBERED[language.0].try_write()
        {
            if remembered.len() + met.len() > MOST_REMEMBERED {
                remembered.clear();
            }
            remembered.extend(met);
        }
    }
}

/// For each word of a search term that is not a stop word of English: the stems that a text in any language would have
/// it under.
pub(in crate::sandbox) fn stems_in_every_language(text: &str) -> Vec<Vec<Word>> {
    words(text)
        .filter(|word| !ENGLISH.stop_words().contains(word.as_str()))
        .take(MOST_WORDS)
        .map(|word| {
            let languages = (0..LANGUAGES.len()).map(Language);
            let stems = languages.map(|language| language.stem_of(language.after_elision(&word)));
            stems.collect::<BTreeSet<Word>>().into_iter().collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(text: &str, language: Language) -> Vec<Word> {
        let mut stems = Stems::of(language);
        let found = words(text).filter_map(|word| stems.stem(&word)).collect();
        stems.remember();
        found
    }

    #[test]
    fn words_lose_their_endings_and_stop_words_their_place() {
        for time in ["first", "second"] {
            let found = stems("The engineers are engineering C++ and C#.", ENGLISH);
            assert_eq!(found, ["engin", "engin", "c++", "c#"], "the {time} time");
        }
    }

    #[test]
    fn a_language_is_declared_or_guessed() {
        let code = |language: Language| LANGUAGES[language.0].0;
        assert_eq!(code(Language::of(Some("fr-CA"), "")), "fr");
        let german = "Wir suchen eine erfahrene Entwicklerin für unsere Abteilung in der Nähe von München.";
        assert_eq!(code(Language::of(None, german)), "de");
        assert_eq!(code(Language::of(Some("xx"), "")), "en");
    }

    #[test]
    fn elided_articles_are_no_part_of_a_french_word() {
        let french = Language::of(Some("fr"), "");
        assert_eq!(stems("l'ingénieur", french), stems("ingénieur", french));
    }

    #[test]
    fn numbers_longer_than_a_year_and_endless_words_are_dropped() {
        assert_eq!(stems(&format!("2019 0747532699 {}", "x".repeat(41)), ENGLISH), ["2019"]);
    }

    #[test]
    fn no_more_stems_are_remembered_than_there_is_room_for() {
        let finnish = Language::of(Some("fi"), "");
        for text in 0..3 {
            let text: Vec<String> = (0..MOST_WORDS).map(|number| format!("sana{text}x{number}")).collect();
            assert_eq!(stems(&text.join(" "), finnish).len(), MOST_WORDS);
        }
        assert!(Stems::of(finnish).remembered.len() <= MOST_REMEMBERED);
    }
}
