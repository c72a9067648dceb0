//! The shapes of parameters: how each is read, from a query string or a JSON body, and put into one spelling.

mod json;
pub(super) mod schema;

use serde_json::{Number, Value};

use super::parameters::nearest;
use crate::model::{Reference, parse_date, rfc3339};
use json::{list, named, point, range, references};

/// The longest text, in characters.
const MAX_CHARS: usize = 500;

/// The longest cursor: one may hold a reference.
const MAX_CURSOR: usize = 4096;

/// The longest list.
const MAX_ITEMS: usize = 100;

/// What a parameter looks like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Any text that is not empty and has no control characters.
    Text,
    /// A partner's own reference.
    Reference,
    /// Where a list goes on, as an answer gave it.
    Cursor,
    /// A whole number.
    Whole { least: u64, most: u64, default: Option<u64> },
    /// A number.
    Number { least: f64, most: f64 },
    /// A date, or a date and a time.
    Date,
    /// `true` or `false`.
    Flag,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// JSON: `{"lat","lng"}`.
    Point,
    /// JSON: a list of texts.
    Words,
    /// JSON: a list of the partner's own references, at most so many, each once.
    References(usize),
    /// JSON: a list of `{"name","value"}`.
    Names,
    /// JSON: a list, all of which must hold, of lists, one of which must hold, of `{"name","value"}`.
    Tags,
    /// JSON: a list of `{"name","value_min","value_max"}` with numbers.
    FloatRanges,
    /// The same with dates.
    DateRanges,
    /// Some of a few names: with commas between them, or a list in JSON.
    Fields(&'static [&'static str]),
}

/// Whose status a wrong value gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It cannot be read: 400.
    Unreadable,
    /// It was understood and cannot be accepted: 422.
    Unacceptable,
}

/// What is wrong with a value.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) fault: Fault,
    pub(super) detail: String,
}

/// What is wrong, each with its place in the value: empty for the whole, `[2].name` for a part.
pub(super) type Wrongs = Vec<(String, Wrong)>;

impl Shape {
    /// Reads a value of a query string and puts it into the spelling that is passed on. What it returns counts only if
    /// nothing was wrong.
    pub(super) fn read(self, text: &str, wrong: &mut Wrongs) -> Value {
        match self {
            Self::Whole { least, most, .. } => whole(whole_of(text), least, most, wrong),
            Self::Number { least, most } => number(text.parse().ok(), least, most, wrong),
            Self::Flag => flag(text.parse().ok(), wrong),
            Self::Fields(known) if !text.trim_start().starts_with('[') => {
                fields(text.split(',').map(|name| name.trim().into()), known, wrong)
            }
            Self::Fields(_) => match serde_json::from_str(text) {
                Ok(names) => self.read_json(names, wrong),
                Err(_) => unreadable(wrong, "must be names with commas between them, or a JSON list of them"),
            },
            Self::Point
            | Self::Words
            | Self::References(_)
            | Self::Names
            | Self::Tags
            | Self::FloatRanges
            | Self::DateRanges => match serde_json::from_str(text) {
                Ok(value) => self.read_json(value, wrong),
                Err(_) => unreadable(wrong, format!("must be JSON like {}", self.model())),
            },
            Self::Text | Self::Reference | Self::Cursor | Self::Date | Self::Choice(_) => {
                self.read_text(text, wrong).into()
            }
        }
    }

    /// Reads a value of a JSON body in the same way.
    pub(super) fn read_json(self, value: Value, wrong: &mut Wrongs) -> Value {
        match (self, value) {
            (
                Self::Text | Self::Reference | Self::Cursor | Self::Date | Self::Choice(_),
                Value::String(text),
            ) => self.read_text(&text, wrong).into(),
            (Self::Text | Self::Reference | Self::Cursor | Self::Date | Self::Choice(_), _) => {
                unreadable(wrong, "must be a text")
            }
            (Self::Whole { least, most, .. }, value) => whole(whole_in(&value), least, most, wrong),
            (Self::Number { least, most }, value) => number(value.as_f64(), least, most, wrong),
            (Self::Flag, value) => flag(value.as_bool(), wrong),
            (Self::Fields(known), Value::Array(names)) if names.len() <= known.len() => {
                fields(names.into_iter(), known, wrong)
            }
            (Self::Fields(known), Value::Array(_)) => {
                unacceptable(wrong, "", format!("must have 1 to {} items", known.len()));
                Value::Null
            }
            (Self::Fields(_), _) => unreadable(wrong, "must be a list"),
            (Self::Point, value) => point(value, wrong),
            (Self::Words, value) => list(value, "", wrong, |item, place, wrong| match item {
                Value::String(text) => plain(&text, place, wrong).into(),
                _ => other(wrong, place, "must be a text"),
            }),
            (Self::References(most), value) => references(value, most, wrong),
            (Self::Names, value) => {
                list(value, "", wrong, |item, place, wrong| named(item, false, place, wrong))
            }
            (Self::Tags, value) => list(value, "", wrong, |any, place, wrong| {
                list(any, place, wrong, |item, place, wrong| named(item, true, place, wrong))
            }),
            (Self::FloatRanges, value) => list(value, "", wrong, |item, place, wrong| {
                range(item, place, wrong, |bound| {
                    bound.as_f64().and_then(Number::from_f64).map(Value::Number)
                })
            }),
            (Self::DateRanges, value) => list(value, "", wrong, |item, place, wrong| {
                range(item, place, wrong, |bound| {
                    bound.as_str().and_then(parse_date).map(rfc3339).map(Value::String)
                })
            }),
        }
    }

    fn read_text(self, text: &str, wrong: &mut Wrongs) -> String {
        match self {
            Self::Reference => match Reference::parse(text) {
                Ok(reference) => return reference.into(),
                Err(refused) => {
                    let field = refused.fields().first();
                    unacceptable(wrong, "", field.map_or("cannot be used", |field| &field.detail));
                }
            },
            Self::Cursor => {
                let opaque = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
                if text.is_empty() || text.len() > MAX_CURSOR || !text.bytes().all(opaque) {
                    unacceptable(wrong, "", "is none that this list gave");
                }
            }
            Self::Date => match parse_date(text) {
                Some(date) => return rfc3339(date),
                None => drop(unreadable(wrong, "must be a date and time like 2022-03-01T14:21:58Z")),
            },
            Self::Choice(words) => {
                if !words.contains(&text) {
                    unacceptable(wrong, "", format!("must be one of: {}", words.join(", ")));
                }
            }
            _ => return plain(text, "", wrong),
        }
        text.to_owned()
    }

    /// What is taken when nothing is given.
    pub(super) fn default(self) -> Option<Value> {
        match self {
            Self::Whole { default, .. } => default.map(Value::from),
            _ => None,
        }
    }

    /// What a value looks like in a query string.
    pub(super) fn model(self) -> &'static str {
        match self {
            Self::Point => r#"{"lat":48.8566,"lng":2.3522}"#,
            Self::Words => r#"["rust","sql"]"#,
            Self::References(_) => r#"["REQ-88","REQ-89"]"#,
            Self::Names => r#"[{"name":"Rust","value":null}]"#,
            Self::Tags => r#"[[{"name":"contract","value":"permanent"}],[{"name":"remote","value":true}]]"#,
            Self::FloatRanges => r#"[{"name":"salary","value_min":40000,"value_max":60000}]"#,
            Self::DateRanges => r#"[{"name":"start","value_min":"2026-01-01T00:00:00Z"}]"#,
            Self::Date => "2026-01-01T00:00:00Z",
            Self::Reference => "CRM-4711",
            Self::Flag => "true",
            Self::Choice(words) | Self::Fields(words) => words.first().copied().unwrap_or_default(),
            Self::Text | Self::Cursor | Self::Whole { .. } | Self::Number { .. } => "",
        }
    }
}

/// JSON has one kind of number: `6.0` is a whole one.
fn whole_in(value: &Value) -> Option<i128> {
    let written = || whole_of(&value.as_f64().filter(|number| number.fract() == 0.0)?.to_string());
    value.as_u64().map(i128::from).or_else(written)
}

/// A whole number of any size: one that is out of all bounds is readable all the same.
fn whole_of(text: &str) -> Option<i128> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { i128::MIN } else { i128::MAX }))
}

fn whole(number: Option<i128>, least: u64, most: u64, wrong: &mut Wrongs) -> Value {
    match number {
        Some(number) => {
            within(number, least.into(), most.into(), "", wrong);
            u64::try_from(number).map_or(Value::Null, Value::from)
        }
        None => unreadable(wrong, "must be a whole number"),
    }
}

fn flag(flag: Option<bool>, wrong: &mut Wrongs) -> Value {
    flag.map_or_else(|| unreadable(wrong, "must be true or false"), Value::from)
}

/// A number that has no decimals is passed on without them.
fn number(number: Option<f64>, least: f64, most: f64, wrong: &mut Wrongs) -> Value {
    match number.filter(|number| number.is_finite()) {
        Some(number) => {
            within(number, least, most, "", wrong);
            number.to_string().parse::<Number>().map_or_else(|_| number.into(), Value::Number)
        }
        None => unreadable(wrong, "must be a number"),
    }
}

/// Some of the names that are known, each once and in their own order.
fn fields(names: impl Iterator<Item = Value>, known: &[&str], wrong: &mut Wrongs) -> Value {
    let mut asked = Vec::new();
    for (index, name) in names.enumerate() {
        match known.iter().find(|known| name == **known) {
            Some(known) => asked.push(*known),
            None if index < MAX_ITEMS => {
                let near =
                    name.as_str().map_or_else(String::new, |name| nearest(name, known.iter().copied()));
                let must = match near.chars().last() {
                    None => "must",
                    Some('?') => " It must",
                    Some(_) => "; it must",
                };
                let detail = format!("{near}{must} be one of: {}", known.join(", "));
                unacceptable(wrong, &format!("[{index}]"), detail);
            }
            None => break,
        }
    }
    if asked.is_empty() && wrong.is_empty() {
        unacceptable(wrong, "", "must name a field");
    }
    known.iter().filter(|known| asked.contains(known)).copied().collect()
}

fn unreadable(wrong: &mut Wrongs, detail: impl Into<String>) -> Value {
    wrong.push((String::new(), Wrong { fault: Fault::Unreadable, detail: detail.into() }));
    Value::Null
}

fn unacceptable(wrong: &mut Wrongs, place: &str, detail: impl Into<String>) {
    wrong.push((place.to_owned(), Wrong { fault: Fault::Unacceptable, detail: detail.into() }));
}

/// Another kind of JSON than is read: as a whole it cannot be read, in a part it cannot be accepted.
fn other(wrong: &mut Wrongs, place: &str, detail: &str) -> Value {
    if place.is_empty() {
        return unreadable(wrong, detail);
    }
    unacceptable(wrong, place, detail);
    Value::Null
}

fn plain(text: &str, place: &str, wrong: &mut Wrongs) -> String {
    if text.trim().is_empty() {
        unacceptable(wrong, place, "must not be empty");
    } else if text.chars().count() > MAX_CHARS {
        unacceptable(wrong, place, format!("must have at most {MAX_CHARS} characters"));
    } else if text.chars().any(char::is_control) {
        unacceptable(wrong, place, "must not contain control characters");
    }
    text.to_owned()
}

fn within<T: Copy + PartialOrd + std::fmt::Display>(
    number: T,
    least: T,
    most: T,
    place: &str,
    wrong: &mut Wrongs,
) {
    if number < least || number > most {
        unacceptable(wrong, place, format!("must be between {least} and {most}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_passed_on_in_one_spelling() {
        for (shape, given, passed_on) in [
            (Shape::Whole { least: 0, most: 9, default: None }, "007", "7"),
            (Shape::Number { least: 0.0, most: 1.0 }, "5e-1", "0.5"),
            (Shape::Number { least: 0.0, most: 9.0 }, "5.0", "5"),
            (Shape::Flag, "true", "true"),
            (Shape::Fields(&["a", "b", "c"]), "c, a,c", r#"["a","c"]"#),
            (Shape::Fields(&["a", "b", "c"]), r#" ["c", "a"]"#, r#"["a","c"]"#),
            (Shape::Date, "2026-01-01 12:00:00+0200", "2026-01-01T10:00:00Z"),
            (Shape::Date, "2026-01-01", "2026-01-01T00:00:00Z"),
            (Shape::Point, r#"{"lat": 45, "lon": 4.8}"#, r#"{"lat":45,"lng":4.8}"#),
            (Shape::Words, r#"[ "rust", "c++" ]"#, r#"["rust","c++"]"#),
            (Shape::Names, r#"[{"name":"Rust"}]"#, r#"[{"name":"Rust","value":null}]"#),
            (Shape::Tags, r#"[[{"value":true,"name":"a"}]]"#, r#"[[{"name":"a","value":true}]]"#),
            (Shape::FloatRanges, r#"[{"name":"a","value_min":1}]"#, r#"[{"name":"a","value_min":1.0}]"#),
            (
                Shape::DateRanges,
                r#"[{"name":"a","value_min":null,"value_max":"2026-01-01"}]"#,
                r#"[{"name":"a","value_max":"2026-01-01T00:00:00Z"}]"#,
            ),
        ] {
            let mut wrong = Wrongs::new();
            let read = match shape.read(given, &mut wrong) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            assert_eq!(read, passed_on);
            assert!(wrong.is_empty(), "{given}: {wrong:?}");
        }
    }

    #[test]
    fn every_example_of_the_document_is_accepted() {
        for shape in [
            Shape::Reference,
            Shape::Date,
            Shape::Choice(&["asc", "desc"]),
            Shape::Point,
            Shape::Words,
            Shape::Names,
            Shape::Tags,
            Shape::FloatRanges,
            Shape::DateRanges,
        ] {
            let mut wrong = Wrongs::new();
            shape.read(shape.model(), &mut wrong);
            assert!(wrong.is_empty(), "{shape:?}: {wrong:?}");
        }
    }

    #[test]
    fn a_hostile_value_is_refused_and_never_repeated() {
        let deep = "[".repeat(10_000);
        let long = format!("[{}1]", "1,".repeat(100));
        for given in [&deep, &long, "{\"lat\":1e999,\"lng\":0}", "null", ""] {
            for shape in [Shape::Point, Shape::Words, Shape::Names, Shape::Tags, Shape::FloatRanges] {
                let mut wrong = Wrongs::new();
                shape.read(given, &mut wrong);
                assert!(!wrong.is_empty(), "{shape:?} of {given:.20}");
                assert!(wrong.iter().all(|(_, wrong)| wrong.detail.len() < 200));
            }
        }
    }
}
