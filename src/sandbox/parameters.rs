//! What a call says: a query string in each of its spellings, or a JSON body.

use std::borrow::Cow;

use serde_json::Value;

use super::answer::Refusal;
use crate::model::{Object, parse_date};
use chrono::{DateTime, TimeDelta, Utc};

/// How deep `name[a][b]…` may go.
const DEEPEST: usize = 6;

/// The parameters of a call, by name. A parameter that is empty or null counts as absent.
#[derive(Debug, Default)]
pub(super) struct Parameters(Object);

impl Parameters {
    /// Reads a query string: plain names, repeated names, and PHP's `name[]`, `name[0]`, `name[0][sub]`.
    pub(super) fn of_query(query: &str) -> Result<Self, Refusal> {
        let mut read = Object::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let path = path_of(&name)?;
            let (root, rest) = (path[0], &path[1..]);
            add(read.entry(root.to_owned()).or_insert(Value::Null), rest, value.into_owned());
        }
        Ok(Self(read.into_iter().map(|(name, value)| (name, with_lists(value))).collect()))
    }

    /// Adds a JSON body's members; they win over the query's.
    pub(super) fn with_body(mut self, body: Object) -> Self {
        self.0.extend(body);
        self
    }

    /// The first of a parameter's names that was sent, and its value.
    fn find<'a>(&self, names: &[&'a str]) -> Option<(&'a str, &Value)> {
        let sent = |&name: &&'a str| Some((name, self.0.get(name)?));
        names.iter().filter_map(sent).find(|(_, value)| !is_absent(value))
    }

    /// A text; a number counts as its digits.
    pub(super) fn text(&self, names: &[&str]) -> Result<Option<Cow<'_, str>>, Refusal> {
        match self.find(names) {
            None => Ok(None),
            Some((_, Value::String(text))) => Ok(Some(Cow::Borrowed(text))),
            Some((_, Value::Number(number))) => Ok(Some(Cow::Owned(number.to_string()))),
            Some((name, _)) => Err(Refusal::field(name, "must be a string")),
        }
    }

    /// A text of its own.
    pub(super) fn owned_text(&self, names: &[&str]) -> Result<Option<String>, Refusal> {
        Ok(self.text(names)?.map(Cow::into_owned))
    }

    /// A finite number.
    pub(super) fn number(&self, names: &[&str]) -> Result<Option<f64>, Refusal> {
        let Some((name, value)) = self.find(names) else { return Ok(None) };
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number.filter(|number: &f64| number.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => Err(Refusal::field(name, "must be a number")),
        }
    }

    /// A whole number from 1 to `most`; larger ones are brought down to it.
    pub(super) fn count(&self, name: &str, default: usize, most: usize) -> Result<usize, Refusal> {
        let Some((_, value)) = self.find(&[name]) else { return Ok(default) };
        let number = match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.and_then(|number| usize::try_from(number).ok()).filter(|&number| number > 0);
        number
            .map(|number| number.min(most))
            .ok_or_else(|| Refusal::field(name, "must be a whole number above 0"))
    }

    /// A yes or no: JSON's booleans, 0 and 1, Python's `True` and `False`.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        let Some((_, value)) = self.find(&[name]) else { return Ok(None) };
        let text = match value {
            Value::String(text) => text.to_ascii_lowercase(),
            other => other.to_string(),
        };
        match text.as_str() {
            "true" | "1" => Ok(Some(true)),
            "false" | "0" => Ok(Some(false)),
            _ => Err(Refusal::field(name, "must be true or false")),
        }
    }

    /// One of the words, by its place among them.
    pub(super) fn word<'a>(&self, name: &str, words: &[&'a str]) -> Result<Option<&'a str>, Refusal> {
        let Some(text) = self.text(&[name])? else { return Ok(None) };
        match words.iter().find(|&&word| word == text) {
            Some(word) => Ok(Some(word)),
            None => Err(Refusal::field(name, format_args!("must be one of {}", words.join(", ")))),
        }
    }

    /// A date; the end of a period given as a bare day takes the whole day in.
    pub(super) fn date(&self, names: &[&str], is_end: bool) -> Result<Option<DateTime<Utc>>, Refusal> {
        let Some((name, value)) = self.find(names) else { return Ok(None) };
        let text = value.as_str().map(str::trim);
        match text.and_then(|text| Some((text, parse_date(text)?))) {
            Some((day, date)) if is_end && day.len() == "2026-11-22".len() => {
                Ok(Some(date + TimeDelta::days(1) - TimeDelta::microseconds(1)))
            }
            Some((_, date)) => Ok(Some(date)),
            None => Err(Refusal::field(name, "must be an ISO 8601 date")),
        }
    }

    /// A list: JSON, the text of a JSON list, or one item alone.
    pub(super) fn list(&self, names: &[&str]) -> Result<Option<(String, Vec<Value>)>, Refusal> {
        let Some((name, value)) = self.find(names) else { return Ok(None) };
        let items = match unpacked(name, value)?.into_owned() {
            Value::Array(items) => items,
            single => vec![single],
        };
        Ok(Some((name.to_owned(), items)))
    }

    /// A list of texts, none empty.
    pub(super) fn texts(&self, names: &[&str]) -> Result<Vec<String>, Refusal> {
        let Some((name, items)) = self.list(names)? else { return Ok(Vec::new()) };
        let text = |item: Value| match item {
            Value::String(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(Refusal::field(&name, "must be a list of strings, none of them empty")),
        };
        items.into_iter().map(text).collect()
    }

    /// An object: JSON or its text.
    pub(super) fn object(&self, name: &str) -> Result<Option<Object>, Refusal> {
        let Some((name, value)) = self.find(&[name]) else { return Ok(None) };
        match unpacked(name, value)?.into_owned() {
            Value::Object(object) => Ok(Some(object)),
            _ => Err(Refusal::field(name, "must be a JSON object")),
        }
    }
}

fn is_absent(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// The JSON that a text holds, when it looks like a list or an object.
fn unpacked<'a>(name: &str, value: &'a Value) -> Result<Cow<'a, Value>, Refusal> {
    match value {
        Value::String(text) if text.trim_start().starts_with(['[', '{']) => serde_json::from_str(text)
            .map(Cow::Owned)
            .map_err(|problem| Refusal::field(name, format_args!("must be JSON: {problem}"))),
        other => Ok(Cow::Borrowed(other)),
    }
}

/// `a[b][]` as `a`, `b` and an empty last step.
fn path_of(name: &str) -> Result<Vec<&str>, Refusal> {
    let Some((root, rest)) = name.split_once('[') else { return Ok(vec![name]) };
    let steps = rest.strip_suffix(']').map(|steps| steps.split("]["));
    let path: Vec<&str> = std::iter::once(root).chain(steps.into_iter().flatten()).collect();
    let is_sound =
        path.len() > 1 && path.len() <= DEEPEST && path[1..].iter().all(|step| !step.contains(['[', ']']));
    is_sound.then_some(path).ok_or_else(|| Refusal::field(name, "is no parameter's name"))
}

/// Sets a value at the end of a path; what is repeated becomes a list.
fn add(place: &mut Value, path: &[&str], value: String) {
    let Some((&step, rest)) = path.split_first() else {
        match place {
            Value::Null => *place = Value::String(value),
            Value::Array(items) => items.push(Value::String(value)),
            first => *first = Value::Array(vec![first.take(), Value::String(value)]),
        }
        return;
    };
    if !place.is_object() {
        *place = Value::Object(Object::new());
    }
    if let Value::Object(members) = place {
        let step = if step.is_empty() { members.len().to_string() } else { step.to_owned() };
        add(members.entry(step).or_insert(Value::Null), rest, value);
    }
}

/// Objects whose members are all numbered are lists.
fn with_lists(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let numbered: Option<Vec<usize>> = members.keys().map(|name| name.parse().ok()).collect();
    let values = members.into_iter().map(|(name, value)| (name, with_lists(value)));
    match numbered {
        Some(numbers) => {
            let mut items: Vec<(usize, Value)> =
                numbers.into_iter().zip(values.map(|(_, value)| value)).collect();
            items.sort_by_key(|(number, _)| *number);
            Value::Array(items.into_iter().map(|(_, value)| value).collect())
        }
        None => Value::Object(values.collect()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use serde_json::json;

    #[test]
    fn every_spelling_of_a_list_is_read() {
        for query in ["k=[\"a\",\"b\"]", "k[]=a&k[]=b", "k[1]=b&k[0]=a", "k=a&k=b"] {
            let texts = Parameters::of_query(query).unwrap().texts(&["k"]).unwrap();
            assert_eq!(texts, ["a", "b"], "{query}");
        }
        let nested = Parameters::of_query("t[0][name]=x&t[0][value]=1").unwrap();
        assert_eq!(nested.list(&["t"]).unwrap().unwrap().1, [json!({"name": "x", "value": "1"})]);
    }

    #[test]
    fn an_empty_parameter_was_not_sent() {
        let parameters = Parameters::of_query("query=&name=+").unwrap();
        assert_eq!(parameters.text(&["name"]).unwrap(), None);
        assert_eq!(parameters.text(&["query"]).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let parameters = Parameters::of_query("page=0&flag=perhaps&n=NaN&l=[1&o=lat&o=lng&d=soon").unwrap();
        let refusals = [
            parameters.count("page", 1, 10).unwrap_err(),
            parameters.flag("flag").unwrap_err(),
            parameters.number(&["n"]).unwrap_err(),
            parameters.list(&["l"]).unwrap_err(),
            parameters.object("o").unwrap_err(),
            parameters.date(&["d"], false).unwrap_err(),
        ];
        for (refusal, name) in refusals.iter().zip(["page", "flag", "n", "l", "o", "d"]) {
            assert!(refusal.to_string().starts_with(&format!("Invalid parameters. {name} ")), "{refusal}");
        }
        assert!(Parameters::of_query("a[b=1").is_err());
        assert!(Parameters::of_query(&format!("a{}=1", "[0]".repeat(9))).is_err());
    }

    #[test]
    fn the_last_day_of_a_period_is_part_of_it() {
        let parameters = Parameters::of_query("d=2026-11-22").unwrap();
        let end = parameters.date(&["d"], true).unwrap().unwrap();
        assert_eq!(end.to_rfc3339(), "2026-11-22T23:59:59.999999+00:00");
    }
}
