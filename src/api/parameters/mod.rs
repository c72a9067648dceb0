//! Parameters: tables that read a query string or a JSON body, and document both; all problems are told together.

mod document;
pub(super) mod members;

use std::borrow::Cow;

use actix_web::HttpRequest;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::criteria;
use super::shape::{Fault, Shape, Wrong, Wrongs};
use crate::error::{Error, Kind, Result};

pub(super) use document::{Freshness, body_schema, document, query, request};

/// More parameters than this are not even looked at.
const MAX_PARAMETERS: usize = 100;

/// The longest part of an unknown name that is repeated to the caller, in characters.
const MAX_ECHO: usize = 64;

/// How alike a known name must be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.8;

/// What other services call what we have under another name.
const ELSEWHERE: [(&str, &str); 5] = [
    ("per_page", "limit"),
    ("page_size", "limit"),
    ("size", "limit"),
    ("limit", "top"),
    ("radius", "location_distance"),
];

/// What is wrong with a name that comes again.
const REPEATED: &str = "was given more than once";

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    pub(super) help: &'static str,
    pub(super) example: Option<&'static str>,
}

impl Parameter {
    /// One that may be left out.
    pub(super) const fn optional(name: &'static str, shape: Shape, help: &'static str) -> Self {
        Self { name, shape, required: false, help, example: None }
    }

    /// One that may not.
    pub(super) const fn required(name: &'static str, shape: Shape, help: &'static str) -> Self {
        Self { name, shape, required: true, help, example: None }
    }

    /// With an example that tells more than that of its shape.
    pub(super) const fn like(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }
}

/// Whom an operator acts for.
pub(super) const PARTNER: Parameter = Parameter::optional(
    "partner",
    Shape::Text,
    "The partner to act for. Operator keys must name it where one is needed; a partner's key knows its own.",
)
.like("acme");

/// The parameters of a request, checked and in one spelling each.
#[derive(Debug)]
pub(super) struct Given {
    values: Vec<(&'static str, Value)>,
}

impl Given {
    /// The value of a parameter, if it was given or has a default.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(given, _)| *given == name).map(|(_, value)| value)
    }

    /// The text of a parameter whose values are texts.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    /// The value of a whole number that has a default.
    pub(super) fn whole(&self, name: &str) -> u64 {
        self.value(name).and_then(Value::as_u64).unwrap_or_default()
    }

    /// Whether a flag was given and is up.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.value(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// The value of a number.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.value(name)?.as_f64()
    }

    /// The texts of a parameter whose values are lists of them.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        let items = self.value(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Everything that was given or has a default.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.values.iter().map(|(name, value)| (*name, value))
    }

    /// The same with these parameters alone.
    pub(super) fn only(&self, names: &[String]) -> Self {
        let values = self.values.iter().filter(|(name, _)| names.iter().any(|wanted| wanted == name));
        Self { values: values.cloned().collect() }
    }

    /// What was given of the parameters of a table.
    pub(super) fn of(&self, table: &[Parameter]) -> Vec<(String, Value)> {
        let listed = self.values.iter().filter(|(name, _)| table.iter().any(|known| known.name == *name));
        listed.map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }
}

/// A request's parameters while they are read.
pub(super) struct Reading {
    given: Given,
    wrong: Vec<(String, Wrong)>,
}

impl Reading {
    /// Reads the query string of a request against tables of what is known.
    pub(super) fn of(request: &HttpRequest, known: &'static [&'static [Parameter]]) -> Self {
        let mut reading = Self::nothing();
        let mut seen = reading.query(request, || known.iter().copied().flatten(), &[]);
        reading.complete(known, &mut seen);
        reading
    }

    /// Reads a JSON body against the same tables. The query string of such a request names the partner at most.
    ///
    /// # Errors
    /// `Malformed` when the body is no JSON object.
    pub(super) fn of_body(
        request: &HttpRequest,
        body: &[u8],
        known: &'static [&'static [Parameter]],
    ) -> Result<Self> {
        let mut reading = Self::nothing();
        let mut seen = reading.query(request, || [&PARTNER].into_iter(), known);
        reading.body(members::read(body)?, known, &mut seen);
        reading.complete(known, &mut seen);
        Ok(reading)
    }

    fn nothing() -> Self {
        Self { given: Given { values: Vec::new() }, wrong: Vec::new() }
    }

    /// Reads a query string; `elsewhere` has what belongs into the body. Returns the names that were there.
    fn query<'a, I: Iterator<Item = &'static Parameter>>(
        &mut self,
        request: &'a HttpRequest,
        known: impl Fn() -> I,
        elsewhere: &[&[Parameter]],
    ) -> Vec<Cow<'a, str>> {
        let mut seen: Vec<Cow<'_, str>> = Vec::new();
        for pair in request.query_string().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).unwrap_or(Cow::Borrowed(name));
            if seen.len() == MAX_PARAMETERS {
                self.refuse(&name, format!("is one too many: at most {MAX_PARAMETERS} are read"));
                break;
            }
            if seen.contains(&name) {
                self.refuse(&name, REPEATED);
                continue;
            }
            match (known().find(|known| known.name == name), decode(value)) {
                (None, _) if elsewhere.iter().copied().flatten().any(|known| known.name == name) => {
                    self.refuse(&name, "belongs into the body");
                }
                (None, _) => self.refuse(&name, unknown(&name, known())),
                (Some(_), None) => self.refuse(&name, "is not UTF-8"),
                (Some(parameter), Some(value)) => {
                    self.take(parameter, |wrong| parameter.shape.read(&value, wrong));
                }
            }
            seen.push(name);
        }
        seen
    }

    /// Reads the members of a body.
    fn body(
        &mut self,
        members::Members { list, repeated }: members::Members,
        known: &'static [&'static [Parameter]],
        seen: &mut Vec<Cow<'_, str>>,
    ) {
        let known = || known.iter().copied().flatten().filter(|known| known.name != PARTNER.name);
        for path in repeated.iter().take(MAX_PARAMETERS) {
            self.refuse(path, REPEATED);
        }
        for (place, (name, value)) in list.into_iter().enumerate() {
            if place == MAX_PARAMETERS {
                self.refuse(&name, format!("is one too many: at most {MAX_PARAMETERS} are read"));
                break;
            }
            match known().find(|known| known.name == name) {
                _ if name == PARTNER.name => self.refuse(&name, "belongs into the query string"),
                None => self.refuse(&name, unknown(&name, known())),
                Some(parameter) => self.take(parameter, |wrong| parameter.shape.read_json(value, wrong)),
            }
            seen.push(Cow::Owned(name));
        }
    }

    /// Adds the defaults, and notes what is missing and what does not go together.
    fn complete(&mut self, known: &'static [&'static [Parameter]], seen: &mut [Cow<'_, str>]) {
        let known = known.iter().copied().flatten();
        for parameter in known.filter(|parameter| !seen.iter().any(|name| *name == parameter.name)) {
            if parameter.required {
                self.refuse(parameter.name, "is required");
            } else if let Some(default) = parameter.shape.default() {
                self.given.values.push((parameter.name, default));
            }
        }
        criteria::check_together(&self.given, &mut self.wrong);
    }

    fn take(&mut self, parameter: &Parameter, read: impl FnOnce(&mut Wrongs) -> Value) {
        let name = parameter.name;
        let mut wrong = Wrongs::new();
        let value = read(&mut wrong);
        if wrong.is_empty() {
            self.given.values.push((name, value));
        }
        self.wrong.extend(wrong.into_iter().map(|(place, wrong)| (format!("{name}{place}"), wrong)));
    }

    /// Notes that a parameter must be there, if nothing was said of it yet.
    pub(super) fn require(&mut self, parameter: &Parameter, detail: &str) {
        let name = parameter.name;
        if self.given.value(name).is_none() && !self.wrong.iter().any(|(field, _)| field == name) {
            self.refuse(name, detail);
        }
    }

    fn refuse(&mut self, name: &str, detail: impl Into<String>) {
        let name = name.chars().take(MAX_ECHO).collect();
        self.wrong.push((name, Wrong { fault: Fault::Unreadable, detail: detail.into() }));
    }

    /// The parameters, if there is nothing wrong with any of them.
    ///
    /// # Errors
    /// `Malformed` when one is unknown, repeated, missing or unreadable, else `Invalid`; with all problems either way.
    pub(super) fn finish(self) -> Result<Given> {
        if self.wrong.is_empty() {
            return Ok(self.given);
        }
        let unreadable = self.wrong.iter().any(|(_, wrong)| wrong.fault == Fault::Unreadable);
        let (kind, message) = if unreadable {
            (Kind::Malformed, "the parameters cannot be read")
        } else {
            (Kind::Invalid, "the parameters cannot be accepted")
        };
        let problem = Error::new(kind, message);
        Err(self.wrong.into_iter().fold(problem, |problem, (name, wrong)| problem.field(name, wrong.detail)))
    }
}

fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text));
    }
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(|decoded| Cow::Owned(decoded.into_owned()))
}

/// Why a parameter is not among the known ones.
fn unknown(name: &str, known: impl Iterator<Item = &'static Parameter>) -> String {
    let known: Vec<&str> = known.map(|known| known.name).collect();
    criteria::refusal(name, &known).map_or_else(|| nearest(name, known.iter().copied()), str::to_owned)
}

/// Says that a name is not known, and which one may have been meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let name = name.chars().take(MAX_ECHO).collect::<String>().to_lowercase();
    let known: Vec<&str> = known.collect();
    let same = ELSEWHERE.iter().find(|(other, ours)| *other == name && known.contains(ours));
    let alike = known.into_iter().map(|known| (likeness(&name, known), known));
    let alike =
        alike.max_by(|(one, _), (other, _)| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let alike = alike.filter(|((likeness, _), _)| *likeness >= ALIKE).map(|(_, known)| known);
    match same.map(|(_, ours)| *ours).or(alike) {
        Some(known) => format!("is not known here; did you mean `{known}`?"),
        None => "is not known here".to_owned(),
    }
}

/// How alike two names are, by their letters or by the words they share, and by their letters alone.
fn likeness(name: &str, known: &str) -> (f64, f64) {
    let letters = strsim::jaro_winkler(name, known);
    (letters.max(shared_words(name, known)), letters)
}

/// How many of the words of the shorter name the other one has too, from 0 to 1; a little less with words to spare, and
/// nothing for words as short as `min`, which many names have.
fn shared_words(name: &str, known: &str) -> f64 {
    // One or many of them is the same word.
    let words = |name| {
        let parts = str::split(name, ['_', '-', '.', ' ']).map(|word| word.trim_end_matches('s'));
        parts.filter(|word| !word.is_empty())
    };
    let (ours, theirs) = (words(known).count(), words(name).count());
    let shared = words(name).filter(|word| words(known).any(|known| known == *word));
    let (mut all, mut long) = (0_u32, false);
    for word in shared {
        all += 1;
        long |= word.len() > 3;
    }
    if !long {
        return 0.0;
    }
    let part = |of: usize| f64::from(all) / f64::from(u32::try_from(of.max(1)).unwrap_or(u32::MAX));
    0.8 * part(ours.min(theirs)) + 0.2 * part(ours.max(theirs))
}
