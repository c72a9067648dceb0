//! JSON between the wire, the filters and us: numbers keep their digits, and depth is bounded on both ways.

use std::borrow::Cow;

use jaq_json::{Num, Val};
use serde::de::IgnoredAny;
use serde_json::{Number, Value};

use super::repair::{TOO_DEEP, repaired};
use crate::error::{Error, Kind, Result};
use crate::http::describe_json;
use crate::model::Object;

/// How deep JSON may be nested, as `serde_json` has it.
const MAX_DEPTH: usize = 127;

/// Whole numbers up to this size are exact in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads an answer. Fails with [`Kind::Upstream`], naming the place, where it is no JSON.
///
/// Characters that cannot be read are U+FFFD, and what is nested too deeply cannot come out of the map: that is the fault
/// of one object and not of the whole answer.
pub(super) fn parse(who: &str, body: &[u8]) -> Result<Val> {
    let unreadable =
        |what: &str| Error::new(Kind::Upstream, format!("the answer of {who} cannot be read: {what}"));
    let text = String::from_utf8_lossy(body);
    if matches!(text, Cow::Owned(_)) {
        tracing::warn!("an answer of {who} is not all UTF-8: what cannot be read became U+FFFD");
    }
    // The filters' reader takes more than JSON and recurses, so both are ruled out before.
    serde_json::from_str::<IgnoredAny>(&text).map_err(|error| unreadable(&describe_json(&error)))?;
    jaq_json::read::parse_single(&repaired(text.as_bytes(), MAX_DEPTH)).map_err(|_| unreadable("no JSON"))
}

/// A filter's output as an object of ours, or what is wrong with it.
pub(super) fn object(output: &Val) -> Result<Object, String> {
    match value(output, 0)? {
        Value::Object(object) => Ok(object),
        _ => Err(format!("must give an object, not {}", kind_of(output))),
    }
}

fn value(output: &Val, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    Ok(match output {
        Val::Null => Value::Null,
        Val::Bool(flag) => Value::Bool(*flag),
        Val::Num(number) => Value::Number(self::number(number)?),
        Val::BStr(bytes) if bytes.as_ref() == TOO_DEEP => return Err(too_deep()),
        Val::BStr(_) => return Err("gives bytes where JSON has only text".to_owned()),
        Val::TStr(bytes) => Value::String(String::from_utf8_lossy(bytes).into_owned()),
        Val::Arr(items) => {
            Value::Array(items.iter().map(|item| value(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        Val::Obj(members) => {
            let members = members.iter().map(|(name, member)| match name {
                Val::TStr(name) => {
                    Ok((String::from_utf8_lossy(name).into_owned(), value(member, depth + 1)?))
                }
                _ => Err("gives an object with a name that is no text".to_owned()),
            });
            Value::Object(members.collect::<Result<_, _>>()?)
        }
    })
}

fn too_deep() -> String {
    "gives an object that is nested too deeply".to_owned()
}

/// The number with all its digits where JSON's usual readers keep them: whole numbers up to 64 bits, else a float.
fn number(number: &Num) -> Result<Number, String> {
    let text = number.to_string();
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(whole.into());
    }
    if let Ok(whole) = text.parse::<u64>() {
        return Ok(whole.into());
    }
    let float = text.parse().ok().and_then(Number::from_f64);
    float.ok_or_else(|| "gives a number that JSON cannot carry".to_owned())
}

/// A reference as text: a text as it is, a whole number in decimal digits (`1e3` is `1000`), another number as written.
/// One with U+FFFD in it lost a character on its way, so it may be another object's.
pub(super) fn reference(output: &Val) -> Result<String, String> {
    match output {
        Val::TStr(bytes) if String::from_utf8_lossy(bytes).contains(char::REPLACEMENT_CHARACTER) => {
            Err("has a character that cannot be read".to_owned())
        }
        Val::TStr(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        Val::Num(number @ (Num::Int(_) | Num::BigInt(_))) => Ok(number.to_string()),
        Val::Num(number) => match number.to_string().parse::<f64>() {
            Ok(float) if float.fract() == 0.0 && float.abs() <= EXACT => Ok(format!("{float:.0}")),
            Ok(float) if float.is_finite() => Ok(number.to_string()),
            _ => Err("must be a text or a number".to_owned()),
        },
        other => Err(format!("must be a text or a number, not {}", kind_of(other))),
    }
}

/// What a value is, in words.
pub(super) fn kind_of(value: &Val) -> &'static str {
    match value {
        Val::Null => "null",
        Val::Bool(_) => "a boolean",
        Val::Num(_) => "a number",
        Val::BStr(_) => "bytes",
        Val::TStr(_) => "a text",
        Val::Arr(_) => "a list",
        Val::Obj(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn read(text: &str) -> Val {
        parse("x", text.as_bytes()).unwrap()
    }

    #[test]
    fn a_number_as_a_reference_keeps_its_digits() {
        for (json, text) in [
            ("7", "7"),
            ("1e3", "1000"),
            ("1.0", "1"),
            ("-12", "-12"),
            ("1.5", "1.5"),
            ("9007199254740993", "9007199254740993"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            (r#""00\u0037""#, "007"),
        ] {
            assert_eq!(reference(&read(json)).unwrap(), text, "{json}");
        }
        for json in ["null", "true", "[]", "{}", "1e999"] {
            assert!(reference(&read(json)).is_err(), "{json}");
        }
    }

    #[test]
    fn an_object_comes_through_unchanged() {
        let json = r#"{"a":[1,-2,2.5,18446744073709551615,1e2,null,true],"é":{"x":"\"\u00e9"}}"#;
        let expected: Value = serde_json::from_str(json).unwrap();
        assert_eq!(Value::Object(object(&read(json)).unwrap()), expected);
        assert_eq!(object(&read("[]")).unwrap_err(), "must give an object, not a list");
        assert!(object(&read(r#"{"a":1e999}"#)).is_err());
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for (body, expected) in [
            (&b"{\"a\":"[..], "ends too early"),
            (b"{\"a\":NaN}", "no JSON (line 1, column 6)"),
            (b"# comment\n1", "no JSON"),
            (b"{} {}", "no JSON"),
            (b"[\xff]", "no JSON (line 1, column 2)"),
            (b"", "ends too early"),
        ] {
            let error = parse("the service", body).unwrap_err();
            assert!(error.kind() == Kind::Upstream && error.message().contains(expected), "{error}");
        }
        let deep = [b"[".repeat(1_000_000), b"]".repeat(1_000_000)].concat();
        assert!(parse("x", &deep).is_ok(), "the depth costs no stack");
    }
}
