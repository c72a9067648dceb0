//! The words of a text, cut by Unicode's rules and lowered, and what is made of them.

use std::borrow::Cow;

use compact_str::CompactString;
use unicode_segmentation::UnicodeSegmentation;

/// A word or its stem. Nearly all have at most 24 bytes, and so need no memory of their own.
pub(in crate::sandbox) type Word = CompactString;
/// Three or four letters; after three stands [`NO_LETTER`].
pub(in crate::sandbox) type Piece = [char; 4];
/// A name of two words that follow each other, see [`pair`].
pub(in crate::sandbox) type Pair = u32;

const NO_LETTER: char = '\0';

/// A word longer than this is an address, a key or noise.
const LONGEST_WORD: usize = 40;
/// A run of digits longer than a year is a telephone number or an identifier.
const LONGEST_NUMBER: usize = 4;
/// The most words that are read from one field: bounds the work that one object can ask for.
pub(in crate::sandbox) const MOST_WORDS: usize = 10_000;

/// The pieces of three and four letters that a title's words are made of, word ends marked: they see that
/// `Softwareentwicklerin` and `Entwickler` have something in common.
pub(in crate::sandbox) fn pieces(title: &str) -> impl Iterator<Item = Piece> {
    words(title).take(MOST_WORDS).flat_map(|word| {
        let letters: Vec<char> =
            std::iter::once('‹').chain(folded(&word).chars()).chain(std::iter::once('›')).collect();
        let threes = letters.windows(3).map(|piece| [piece[0], piece[1], piece[2], NO_LETTER]);
        let fours = letters.windows(4).map(|piece| [piece[0], piece[1], piece[2], piece[3]]);
        threes.chain(fours).collect::<Vec<Piece>>()
    })
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

/// Two stems that follow each other, as one of a million numbers: a large collection has so many different pairs that they
/// would not fit into memory, and that two of them have one number does little harm.
pub(in crate::sandbox) fn pair(one: &str, other: &str) -> Pair {
    let bytes = one.bytes().chain(std::iter::once(b' ')).chain(other.bytes());
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash >> 12
}

/// One spelling for names that differ only in case, punctuation or spacing: `Node.JS` and `node js`.
pub(in crate::sandbox) fn normal_name(name: &str) -> String {
    words(&name.replace('.', " ")).collect::<Vec<_>>().join(" ")
}

/// Lowered words, `c++`, `c#` and `f#` kept whole.
pub(in crate::sandbox) fn words(text: &str) -> impl Iterator<Item = Word> {
    // No word goes on past white space, and what is plain ASCII by itself takes the short way through Unicode's rules.
    text.split_ascii_whitespace().flat_map(|text| {
        text.unicode_word_indices().filter_map(|(start, word)| {
            let end = start + word.len();
            let signs =
                text.as_bytes()[end..].iter().take(2).take_while(|sign| matches!(sign, b'+' | b'#')).count();
            let word = &text[start..end + signs];
            let is_number = word.bytes().all(|letter| letter.is_ascii_digit());
            let longest = if is_number { LONGEST_NUMBER } else { LONGEST_WORD };
            (word.chars().nth(longest).is_none()).then(|| lowered(word))
        })
    })
}

fn lowered(word: &str) -> Word {
    if word.is_ascii() {
        let mut word = Word::new(word);
        word.make_ascii_lowercase();
        word
    } else {
        word.to_lowercase().replace('\u{2019}', "'").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_whatever_stands_between_them() {
        let cut = |text: &str| words(text).collect::<Vec<_>>();
        assert_eq!(
            cut("C++, d\u{2019}État\tund\u{a0}ÄRGER\n\u{301}(3.5)"),
            ["c++", "d'état", "und", "ärger", "3.5"]
        );
    }

    #[test]
    fn names_are_equal_whatever_their_punctuation() {
        assert_eq!(normal_name(" Node.JS "), normal_name("node js"));
        assert_ne!(normal_name("C++"), normal_name("C#"));
    }

    #[test]
    fn pieces_are_of_three_and_four_letters_with_the_ends_marked() {
        let shown: Vec<String> =
            pieces("Éa").map(|piece| piece.iter().filter(|letter| **letter != NO_LETTER).collect()).collect();
        assert_eq!(shown, ["‹ea", "ea›", "‹ea›"]);
    }
}
