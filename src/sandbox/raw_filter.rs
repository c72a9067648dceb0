//! A raw filter: a small part of Elasticsearch's query language, held against the stored object itself.
//!
//! `bool` (`must`, `filter`, `should`, `must_not`, `minimum_should_match`), `match`, `match_phrase`, `term`, `terms`,
//! `range` over numbers and dates, `exists` and `match_all`, on `key`, `reference`, dates and every other member by its path
//! with dots (`info.location.text`, `skills.name`). Whatever else is asked is refused, so that nobody takes an unfiltered
//! list for a filtered one.

use std::cell::OnceCell;
use std::cmp::Ordering;

use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation;

use super::answer::Refusal;
use super::catalog::Entry;
use super::parameters::Parameters;
use crate::model::{Object, parse_date};

/// How deep clauses may be in each other.
const DEEPEST: usize = 20;

/// A clause.
#[derive(Debug)]
pub(super) enum Filter {
    All,
    Bool {
        all: Vec<Filter>,
        any: Vec<Filter>,
        none: Vec<Filter>,
        least: usize,
    },
    /// Words, one of which must be in the field, or all of them one after the other.
    Words {
        field: String,
        words: Vec<String>,
        is_phrase: bool,
    },
    /// Values, one of which the field must have.
    Terms {
        field: String,
        values: Vec<Value>,
    },
    Range {
        field: String,
        bounds: Vec<(Bound, Value)>,
    },
    Exists(String),
}

/// How a value of a range is compared.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound {
    Above,
    From,
    Below,
    UpTo,
}

const BOUNDS: [(&str, Bound); 4] =
    [("gt", Bound::Above), ("gte", Bound::From), ("lt", Bound::Below), ("lte", Bound::UpTo)];

impl Filter {
    /// Reads `raw_filter` of a search or `raw_filters` of a scoring.
    pub(super) fn of(parameters: &Parameters) -> Result<Option<Self>, Refusal> {
        for name in ["raw_filter", "raw_filters"] {
            let Some(object) = parameters.object(name)? else { continue };
            let (member, query) = only(name, &object, "it")?;
            if member != "query" {
                return Err(unsupported(name, member));
            }
            return clause(name, query, 0).map(Some);
        }
        Ok(None)
    }

    /// Whether an object meets it.
    pub(super) fn holds(&self, entry: &Entry) -> bool {
        self.is_met(&Stored { entry, body: OnceCell::new() })
    }

    fn is_met(&self, stored: &Stored<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Bool { all, any, none, least } => {
                all.iter().all(|clause| clause.is_met(stored))
                    && !none.iter().any(|clause| clause.is_met(stored))
                    && any.iter().filter(|clause| clause.is_met(stored)).count() >= *least
            }
            Self::Words { field, words, is_phrase } => stored.any(field, |value| {
                let had = words_of(value);
                if *is_phrase {
                    had.windows(words.len().max(1)).any(|part| part == words.as_slice())
                } else {
                    words.iter().any(|word| had.contains(word))
                }
            }),
            Self::Terms { field, values } => {
                stored.any(field, |value| values.iter().any(|asked| is_same(asked, value)))
            }
            Self::Range { field, bounds } => {
                stored.any(field, |value| bounds.iter().all(|(bound, end)| bound.holds(value, end)))
            }
            Self::Exists(field) => stored.any(field, |_| true),
        }
    }
}

impl Bound {
    fn holds(self, value: &Value, end: &Value) -> bool {
        let order = match (value, end) {
            (Value::String(value), Value::String(end)) => {
                parse_date(value).zip(parse_date(end)).map(|(a, b)| a.cmp(&b))
            }
            _ => value.as_f64().zip(end.as_f64()).and_then(|(a, b)| a.partial_cmp(&b)),
        };
        order.is_some_and(|order| match self {
            Self::Above => order == Ordering::Greater,
            Self::From => order != Ordering::Less,
            Self::Below => order == Ordering::Less,
            Self::UpTo => order != Ordering::Greater,
        })
    }
}

/// A stored object; its body is read only if a field needs it.
struct Stored<'a> {
    entry: &'a Entry,
    body: OnceCell<Value>,
}

impl Stored<'_> {
    /// Whether one of the scalars that stand in a field is as it should be.
    fn any(&self, field: &str, mut is_right: impl FnMut(&Value) -> bool) -> bool {
        match field {
            // A filter by key must not read every object there is.
            "key" => is_right(&Value::from(self.entry.key.as_str())),
            "reference" => self.entry.reference.as_deref().is_some_and(|text| is_right(&Value::from(text))),
            _ => {
                let read = || serde_json::from_str(self.entry.body.get()).unwrap_or_default();
                any_at(self.body.get_or_init(read), Some(field), &mut is_right)
            }
        }
    }
}

/// Follows a path; a list is all of its items.
fn any_at(value: &Value, path: Option<&str>, is_right: &mut dyn FnMut(&Value) -> bool) -> bool {
    match (value, path) {
        (Value::Array(items), _) => items.iter().any(|item| any_at(item, path, is_right)),
        (Value::Object(members), Some(path)) => {
            let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
            members.get(name).is_some_and(|value| any_at(value, rest, is_right))
        }
        (Value::Object(members), None) => !members.is_empty() && is_right(value),
        (Value::Null, _) | (_, Some(_)) => false,
        (scalar, None) => is_right(scalar),
    }
}

fn clause(name: &str, value: &Value, depth: usize) -> Result<Filter, Refusal> {
    if depth == DEEPEST {
        return Err(Refusal::field(name, format_args!("must not be deeper than {DEEPEST} clauses")));
    }
    let (kind, value) = only(name, object(name, value, "a clause")?, "a clause")?;
    match kind {
        "match_all" => Ok(Filter::All),
        "bool" => of_bool(name, object(name, value, "bool")?, depth + 1),
        "match" | "match_phrase" => {
            let (field, value) = only(name, object(name, value, kind)?, kind)?;
            let asked = inner(name, value, "query")?;
            Ok(Filter::Words {
                field: field.to_owned(),
                words: words_of(asked),
                is_phrase: kind == "match_phrase",
            })
        }
        "term" => {
            let (field, value) = only(name, object(name, value, kind)?, kind)?;
            let value = inner(name, value, "value")?;
            Ok(Filter::Terms { field: field.to_owned(), values: vec![value.clone()] })
        }
        "terms" => {
            let (field, value) = only(name, object(name, value, kind)?, kind)?;
            let values = value.as_array().ok_or_else(|| Refusal::field(name, "needs a list in terms"))?;
            Ok(Filter::Terms { field: field.to_owned(), values: values.clone() })
        }
        "range" => {
            let (field, value) = only(name, object(name, value, kind)?, kind)?;
            let ends = object(name, value, kind)?;
            let bound = |(end, value): (&String, &Value)| {
                let known = BOUNDS.iter().find(|(known, _)| end == known);
                let (_, bound) = known.ok_or_else(|| unsupported(name, end))?;
                let is_date = value.as_str().is_some_and(|text| parse_date(text).is_some());
                if is_date || value.is_number() {
                    Ok((*bound, value.clone()))
                } else {
                    Err(Refusal::field(name, "needs numbers or ISO 8601 dates in range"))
                }
            };
            let bounds = ends.iter().map(bound).collect::<Result<_, Refusal>>()?;
            Ok(Filter::Range { field: field.to_owned(), bounds })
        }
        "exists" => match only(name, object(name, value, kind)?, kind)? {
            ("field", Value::String(field)) => Ok(Filter::Exists(field.clone())),
            _ => Err(Refusal::field(name, "needs a field in exists")),
        },
        other => Err(unsupported(name, other)),
    }
}

fn of_bool(name: &str, members: &Object, depth: usize) -> Result<Filter, Refusal> {
    let (mut all, mut any, mut none, mut least) = (Vec::new(), Vec::new(), Vec::new(), None);
    for (member, value) in members {
        let list = match member.as_str() {
            "must" | "filter" => &mut all,
            "should" => &mut any,
            "must_not" => &mut none,
            "minimum_should_match" => {
                let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
                least = Some(count.ok_or_else(|| unsupported(name, "minimum_should_match of that kind"))?);
                continue;
            }
            other => return Err(unsupported(name, other)),
        };
        match value {
            Value::Array(clauses) => {
                for value in clauses {
                    list.push(clause(name, value, depth)?);
                }
            }
            single => list.push(clause(name, single, depth)?),
        }
    }
    let least = least.unwrap_or(usize::from(all.is_empty() && !any.is_empty()));
    Ok(Filter::Bool { all, any, none, least })
}

/// The value itself, or what the long form has under `member`.
fn inner<'a>(name: &str, value: &'a Value, member: &str) -> Result<&'a Value, Refusal> {
    let scalar = match value {
        Value::Object(members) => {
            let (given, value) = only(name, members, "a value")?;
            if given != member {
                return Err(unsupported(name, given));
            }
            value
        }
        other => other,
    };
    if scalar.is_string() || scalar.is_number() || scalar.is_boolean() {
        return Ok(scalar);
    }
    Err(Refusal::field(name, "needs a text, a number or a truth value to compare with"))
}

fn object<'a>(name: &str, value: &'a Value, what: &str) -> Result<&'a Object, Refusal> {
    value.as_object().ok_or_else(|| Refusal::field(name, format_args!("must have an object as {what}")))
}

/// The one member of an object.
fn only<'a>(name: &str, object: &'a Object, what: &str) -> Result<(&'a str, &'a Value), Refusal> {
    let mut members = object.iter();
    match (members.next(), members.next()) {
        (Some((member, value)), None) => Ok((member, value)),
        _ => Err(Refusal::field(name, format_args!("must have one member in {what}"))),
    }
}

fn unsupported(name: &str, what: &str) -> Refusal {
    let what: String = what.chars().take(64).collect();
    Refusal::field(name, format_args!("has `{what}`, which is not supported by the sandbox"))
}

/// The words of a scalar, lowered.
fn words_of(value: &Value) -> Vec<String> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_lowercase);
    text.unicode_words().map(str::to_owned).collect()
}

/// Whether two scalars are the same; numbers by their value.
fn is_same(asked: &Value, had: &Value) -> bool {
    asked == had || asked.as_f64().zip(had.as_f64()).is_some_and(|(asked, had)| asked.total_cmp(&had).is_eq())
}
