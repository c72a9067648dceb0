//! Makes valid JSON safe for the filters' reader: one bad text or one deep object must not take its page with it.

use std::ops::Range;

/// Stands where JSON was nested too deeply: bytes, which no JSON has, so that it is never taken for data.
pub(super) const TOO_DEEP: &[u8] = b"nested too deeply";

/// Valid JSON with U+FFFD for every escaped half of a surrogate pair, and with [`TOO_DEEP`], as the filters' reader spells
/// bytes, for every list or object that lies inside of `max_depth` others.
pub(super) fn repaired(json: &[u8], max_depth: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(&byte) = json.get(at) {
        let mut part = at..at + 1;
        match byte {
            b'"' => part = text(json, at),
            b'[' | b'{' => {
                depth += 1;
                if depth == max_depth + 1 {
                    out.extend([b"b\"", TOO_DEEP, b"\""].concat());
                }
            }
            _ => {}
        }
        at = part.end;
        if depth <= max_depth {
            copy(&json[part], &mut out);
        }
        if matches!(byte, b']' | b'}') {
            depth = depth.saturating_sub(1);
        }
    }
    out
}

/// Where the text that opens here lies, with its quotation marks.
fn text(json: &[u8], start: usize) -> Range<usize> {
    let mut at = start + 1;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => return start..at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    start..json.len()
}

fn copy(part: &[u8], out: &mut Vec<u8>) {
    let mut rest = part;
    while let Some(place) = rest.iter().position(|byte| *byte == b'\\') {
        let (plain, escape) = rest.split_at(place);
        out.extend(plain);
        let length = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(Half::High), Some(Half::Low)) => 12,
            (Some(_), _) => {
                out.extend(br"\ufffd");
                rest = &escape[6..];
                continue;
            }
            (None, _) => escape.len().min(2),
        };
        out.extend(&escape[..length]);
        rest = &escape[length..];
    }
    out.extend(rest);
}

/// Half of a surrogate pair.
enum Half {
    High,
    Low,
}

/// The half of a surrogate pair that is escaped here, if any is.
fn surrogate(escape: &[u8]) -> Option<Half> {
    let digits = escape.strip_prefix(br"\u")?.get(..4)?;
    match u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()? {
        0xd800..0xdc00 => Some(Half::High),
        0xdc00..0xe000 => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn repaired_text(json: &str) -> String {
        String::from_utf8(repaired(json.as_bytes(), 2)).unwrap()
    }

    #[test]
    fn only_lone_halves_are_replaced() {
        for (json, expected) in [
            (r#""\ud800""#, r#""\ufffd""#),
            (r#""a\uDFFFb""#, r#""a\ufffdb""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\\ud800\"""#, r#""\\ud800\"""#),
            (r#"{"\ud800":1}"#, r#"{"\ufffd":1}"#),
        ] {
            assert_eq!(repaired_text(json), expected, "{json}");
        }
    }

    #[test]
    fn what_is_too_deep_is_cut_out_alone() {
        let cut = r#"b"nested too deeply""#;
        for (json, expected) in [
            ("[[1],{}]", "[[1],{}]".to_owned()),
            ("[[[1,[2]]],3]", format!("[[{cut}],3]")),
            (r#"[{"a":{"]":"}\""},"b":[]},3]"#, format!(r#"[{{"a":{cut},"b":{cut}}},3]"#)),
        ] {
            assert_eq!(repaired_text(json), expected, "{json}");
        }
    }

    proptest! {
        #[test]
        fn what_is_no_json_does_no_harm(bytes in proptest::collection::vec(proptest::sample::select(
            br#"[]{}"\ud8001,:"#.to_vec()), 0..40)) {
            repaired(&bytes, 2);
        }
    }
}
