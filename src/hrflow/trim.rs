//! Takes out of a long answer what nobody reads of its objects, before it is read: of an object of 2 KB three members count.
//!
//! What is left out is looked at for its quotation marks and brackets alone; all that is left in is checked as ever.

/// How deep the members of a listed object lie: `{"data": {"profiles": [{…`.
const LISTED: usize = 3;

/// The same answer, with the `wanted` members of listed objects alone; nothing where it is cut off or not like JSON.
pub(super) fn trimmed(answer: &[u8], wanted: &[&str]) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(answer.len() / 8);
    let (mut at, mut taken, mut depth) = (0, 0, 0_usize);
    loop {
        match *answer.get(at)? {
            b'"' => at = end_of_text(answer, at)?,
            b'{' if depth == LISTED => {
                kept.extend_from_slice(&answer[taken..at]);
                at = trim(answer, at, wanted, &mut kept)?;
                taken = at;
            }
            b'{' | b'[' => (at, depth) = (at + 1, depth + 1),
            b'}' | b']' if depth <= 1 => {
                kept.extend_from_slice(&answer[taken..]);
                return Some(kept);
            }
            b'}' | b']' => (at, depth) = (at + 1, depth - 1),
            _ => at += 1,
        }
    }
}

/// Keeps what is wanted of the object that begins at `begin`. Returns where it ends.
fn trim(answer: &[u8], begin: usize, wanted: &[&str], kept: &mut Vec<u8>) -> Option<usize> {
    kept.push(b'{');
    let (mut at, before) = (begin + 1, kept.len());
    loop {
        match *answer.get(at)? {
            b'"' => {
                let name = at + 1..end_of_text(answer, at)? - 1;
                let end = end_of_member(answer, name.end + 1)?;
                if is_wanted(&answer[name], wanted) {
                    if kept.len() > before {
                        kept.push(b',');
                    }
                    kept.extend_from_slice(&answer[at..end]);
                }
                at = end;
            }
            b',' | b' ' | b'\n' | b'\r' | b'\t' => at += 1,
            b'}' => {
                kept.push(b'}');
                return Some(at + 1);
            }
            _ => return None,
        }
    }
}

/// A name with an escape in it may be any.
fn is_wanted(name: &[u8], wanted: &[&str]) -> bool {
    wanted.iter().any(|wanted| wanted.as_bytes() == name) || name.contains(&b'\\')
}

/// Where the comma or the bracket stands that follows the value behind `at`.
fn end_of_member(answer: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match *answer.get(at)? {
            b'"' => {
                at = end_of_text(answer, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return Some(at),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
}

/// Behind the closing quotation mark of the text that begins at `begin`. Eight bytes at a time: most texts are so short that
/// a search which takes more at once would cost more to begin than it saves.
fn end_of_text(answer: &[u8], begin: usize) -> Option<usize> {
    let mut at = begin + 1;
    loop {
        while let Some(bytes) = answer.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()) {
            let marks = marks(u64::from_le_bytes(bytes), b'"') | marks(u64::from_le_bytes(bytes), b'\\');
            if marks != 0 {
                at += marks.trailing_zeros() as usize / 8;
                break;
            }
            at += 8;
        }
        match *answer.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The highest bit of each byte that is `wanted`; above the first of them perhaps of others too (Mycroft's test for a zero
/// byte).
fn marks(bytes: u64, wanted: u8) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let differing = bytes ^ (ONES * u64::from(wanted));
    differing.wrapping_sub(ONES) & !differing & (ONES << 7)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const WANTED: [&str; 2] = ["key", "reference"];

    fn trimmed_text(answer: &str) -> Option<String> {
        trimmed(answer.as_bytes(), &WANTED).map(|kept| String::from_utf8(kept).unwrap())
    }

    #[test]
    fn of_listed_objects_the_wanted_members_are_left_and_all_else_stays() {
        for (answer, expected) in [
            (
                r#"{"code":200,"data":{"predictions":[[0.1,0.9]],"jobs":[{"id":1,"key":"k","x":{"key":[2]}},{}]},"meta":null}"#,
                r#"{"code":200,"data":{"predictions":[[0.1,0.9]],"jobs":[{"key":"k"},{}]},"meta":null}"#,
            ),
            (
                "{ \"data\" : { \"profiles\" : [ { \"a\" : \"}]\\\"\\\\\", \"reference\" : null ,\n\"key\" : \"é\" } ] } } ",
                "{ \"data\" : { \"profiles\" : [ {\"reference\" : null ,\"key\" : \"é\" } ] } } ",
            ),
            (
                r#"{"data":{"profiles":[{"k\u0065y":1,"\"":2}]}}"#,
                r#"{"data":{"profiles":[{"k\u0065y":1,"\"":2}]}}"#,
            ),
            (r#"{"data":{"key":"k","other":1}}"#, r#"{"data":{"key":"k","other":1}}"#),
            ("[]", "[]"),
        ] {
            assert_eq!(trimmed_text(answer).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_cut_off_anywhere_is_not_trimmed() {
        let answer = r#"{"code":200,"data":{"profiles":[{"key":"a long \\\" text","x":[{"y":"}"}]}]}}"#;
        assert!(trimmed_text(answer).is_some());
        for end in 0..answer.len() {
            assert_eq!(trimmed_text(&answer[..end]), None, "{}", &answer[..end]);
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let text = "[a-z\"\\\\{}\\[\\],: é\n]{0,20}";
        let leaf =
            prop_oneof![Just(Value::Null), any::<i32>().prop_map(Value::from), text.prop_map(Value::from)];
        leaf.prop_recursive(3, 24, 4, move |inner| {
            let name = prop_oneof![Just("key".to_owned()), Just("reference".to_owned()), text];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((name, inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_the_objects_hold_the_wanted_members_are_the_same(objects in prop::collection::vec(any_json(), 0..4)) {
            let answer = json!({"data": {"profiles": objects, "predictions": [[0.5, 0.5]]}, "meta": {"page": 1}});
            let mut expected = answer.clone();
            for object in expected["data"]["profiles"].as_array_mut().unwrap() {
                if let Value::Object(members) = object {
                    members.retain(|name, _| WANTED.contains(&name.as_str()) || name.contains(['"', '\\', '\n']));
                }
            }
            for text in [answer.to_string(), serde_json::to_string_pretty(&answer).unwrap()] {
                let trimmed: Value = serde_json::from_str(&trimmed_text(&text).unwrap()).unwrap();
                prop_assert_eq!(&trimmed, &expected);
            }
        }
    }
}
