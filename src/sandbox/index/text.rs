//! The words of a text: cut by Unicode's rules, lowered, freed of stop words, stemmed in their language.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation;
use whatlang::Lang;

/// A word longer than this is an address, a key or noise.
const LONGEST_WORD: usize = 40;
/// A run of digits longer than a year is a telephone number or an identifier.
const LONGEST_NUMBER: usize = 4;
/// The most words that are read from one field: bounds the work that one object can ask for.
pub(in crate::sandbox) const MOST_WORDS: usize = 10_000;
/// A language is guessed from this many characters at most.
const GUESSED_FROM: usize = 1_000;

/// A language whose words can be brought to their stems.
#[derive(Clone, Copy)]
pub(in crate::sandbox) struct Language {
    code: &'static str,
    detected: Lang,
    stems: Algorithm,
}

const ENGLISH: Language = Language { code: "en", detected: Lang::Eng, stems: Algorithm::English };

const LANGUAGES: [Language; 17] = [
    ENGLISH,
    Language { code: "ar", detected: Lang::Ara, stems: Algorithm::Arabic },
    Language { code: "da", detected: Lang::Dan, stems: Algorithm::Danish },
    Language { code: "nl", detected: Lang::Nld, stems: Algorithm::Dutch },
    Language { code: "fi", detected: Lang::Fin, stems: Algorithm::Finnish },
    Language { code: "fr", detected: Lang::Fra, stems: Algorithm::French },
    Language { code: "de", detected: Lang::Deu, stems: Algorithm::German },
    Language { code: "el", detected: Lang::Ell, stems: Algorithm::Greek },
    Language { code: "hu", detected: Lang::Hun, stems: Algorithm::Hungarian },
    Language { code: "it", detected: Lang::Ita, stems: Algorithm::Italian },
    Language { code: "no", detected: Lang::Nob, stems: Algorithm::Norwegian },
    Language { code: "pt", detected: Lang::Por, stems: Algorithm::Portuguese },
    Language { code: "ro", detected: Lang::Ron, stems: Algorithm::Romanian },
    Language { code: "ru", detected: Lang::Rus, stems: Algorithm::Russian },
    Language { code: "es", detected: Lang::Spa, stems: Algorithm::Spanish },
    Language { code: "sv", detected: Lang::Swe, stems: Algorithm::Swedish },
    Language { code: "tr", detected: Lang::Tur, stems: Algorithm::Turkish },
];

impl Language {
    /// The declared language (`fr`, `fr-CA`) when it is known; else the one the text is surely written in; else English.
    pub(in crate::sandbox) fn of(declared: Option<&str>, text: &str) -> Self {
        let declared = declared.and_then(|code| code.get(..2)).map(str::to_ascii_lowercase);
        if let Some(language) = LANGUAGES.iter().find(|language| Some(language.code) == declared.as_deref()) {
            return *language;
        }
        let beginning = text.char_indices().nth(GUESSED_FROM).map_or(text, |(end, _)| &text[..end]);
        whatlang::detect(beginning)
            .filter(whatlang::Info::is_reliable)
            .and_then(|guess| LANGUAGES.iter().find(|language| language.detected == guess.lang()).copied())
            .unwrap_or(ENGLISH)
    }
}

/// The stem of a lowered word; nothing for a stop word.
pub(in crate::sandbox) fn stem(word: &str, language: Language) -> Option<String> {
    let word = after_elision(word, language);
    let is_dropped = stop_words(language).is_some_and(|list| list.contains(word));
    (!is_dropped).then(|| Stemmer::create(language.stems).stem(word).into_owned())
}

/// For each word of a search term that is not a stop word of English: the stems that a text in any language would have
/// it under.
pub(in crate::sandbox) fn stems_in_every_language(text: &str) -> Vec<Vec<String>> {
    let stop_words = stop_words(ENGLISH);
    words(text)
        .filter(|word| !stop_words.is_some_and(|list| list.contains(&**word)))
        .take(MOST_WORDS)
        .map(|word| {
            let stems = LANGUAGES.iter().map(|&language| {
                Stemmer::create(language.stems).stem(after_elision(&word, language)).into_owned()
            });
            stems.collect::<BTreeSet<String>>().into_iter().collect()
        })
        .collect()
}

/// The pieces of three and four letters that a title's words are made of, word ends marked: they see that
/// `Softwareentwicklerin` and `Entwickler` have something in common.
pub(in crate::sandbox) fn pieces(title: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for word in words(title).take(MOST_WORDS) {
        let letters: Vec<char> =
            std::iter::once('‹').chain(folded(&word).chars()).chain(std::iter::once('›')).collect();
        for size in [3, 4] {
            pieces.extend(letters.windows(size).map(|piece| piece.iter().collect::<String>()));
        }
    }
    pieces
}

/// A lowered word without the accents of Latin letters: the same for those who write them and those who do not.
pub(in crate::sandbox) fn folded(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let mut folded = String::with_capacity(word.len());
    for letter in word.chars() {
        match letter {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => folded.push('a'),
            'ç' | 'ć' | 'č' => folded.push('c'),
            'ď' | 'đ' => folded.push('d'),
            'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => folded.push('e'),
            'ğ' => folded.push('g'),
            'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => folded.push('i'),
            'ł' => folded.push('l'),
            'ñ' | 'ń' | 'ň' => folded.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => folded.push('o'),
            'ř' => folded.push('r'),
            'ś' | 'š' | 'ş' | 'ș' => folded.push('s'),
            'ť' | 'ţ' | 'ț' => folded.push('t'),
            'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' => folded.push('u'),
            'ý' | 'ÿ' => folded.push('y'),
            'ź' | 'ż' | 'ž' => folded.push('z'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            other => folded.push(other),
        }
    }
    Cow::Owned(folded)
}

/// Two stems that follow each other, as one of a million names of private letters: a large collection has so many different
/// pairs that they would not fit into memory, and that two of them have one name does little harm.
pub(in crate::sandbox) fn pair(one: &str, other: &str) -> String {
    let bytes = one.bytes().chain(std::iter::once(b' ')).chain(other.bytes());
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let private = |letter: u32| char::from_u32(letter).unwrap_or(char::REPLACEMENT_CHARACTER);
    [
        private(0xe000 + (hash >> 28)),
        private(0xe100 + (hash >> 22 & 0x3f)),
        private(0xe200 + (hash >> 12 & 0x3ff)),
    ]
    .into_iter()
    .collect()
}

/// One spelling for names that differ only in case, punctuation or spacing: `Node.JS` and `node js`.
pub(in crate::sandbox) fn normal_name(name: &str) -> String {
    words(&name.replace('.', " ")).collect::<Vec<_>>().join(" ")
}

/// Lowered words, `c++`, `c#` and `f#` kept whole.
pub(in crate::sandbox) fn words(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.unicode_word_indices().filter_map(|(start, word)| {
        let end = start + word.len();
        let signs =
            text.as_bytes()[end..].iter().take(2).take_while(|sign| matches!(sign, b'+' | b'#')).count();
        let word = &text[start..end + signs];
        let is_number = word.bytes().all(|letter| letter.is_ascii_digit());
        let longest = if is_number { LONGEST_NUMBER } else { LONGEST_WORD };
        (word.chars().nth(longest).is_none()).then(|| lowered(word))
    })
}

fn lowered(word: &str) -> Cow<'_, str> {
    let is_plain = word.bytes().all(|letter| letter.is_ascii() && !letter.is_ascii_uppercase());
    if is_plain { Cow::Borrowed(word) } else { Cow::Owned(word.to_lowercase().replace('\u{2019}', "'")) }
}

/// `l'ingénieur` is `ingénieur`; English keeps its apostrophes for the stemmer.
fn after_elision(word: &str, language: Language) -> &str {
    match word.rsplit_once('\'') {
        Some((_, rest)) if language.code != ENGLISH.code && !rest.is_empty() => rest,
        _ => word,
    }
}

fn stop_words(language: Language) -> Option<&'static HashSet<&'static str>> {
    static LISTS: OnceLock<HashMap<&'static str, HashSet<&'static str>>> = OnceLock::new();
    let lists = LISTS.get_or_init(|| {
        let list = |language: &Language| Some((language.code, stop_words::lookup(language.code)?));
        LANGUAGES
            .iter()
            .filter_map(list)
            .map(|(code, words)| (code, words.iter().copied().collect()))
            .collect()
    });
    lists.get(language.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(text: &str, language: Language) -> Vec<String> {
        words(text).filter_map(|word| stem(&word, language)).collect()
    }

    #[test]
    fn words_lose_their_endings_and_stop_words_their_place() {
        assert_eq!(
            stems("The engineers are engineering C++ and C#.", ENGLISH),
            ["engin", "engin", "c++", "c#"]
        );
    }

    #[test]
    fn a_language_is_declared_or_guessed() {
        assert_eq!(Language::of(Some("fr-CA"), "").code, "fr");
        let german = "Wir suchen eine erfahrene Entwicklerin für unsere Abteilung in der Nähe von München.";
        assert_eq!(Language::of(None, german).code, "de");
        assert_eq!(Language::of(Some("xx"), "").code, "en");
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
    fn names_are_equal_whatever_their_punctuation() {
        assert_eq!(normal_name(" Node.JS "), normal_name("node js"));
        assert_ne!(normal_name("C++"), normal_name("C#"));
    }
}
