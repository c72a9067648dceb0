//! Query parameters: tables that both read a query string and document it; all its problems are told together.

use std::borrow::Cow;

use actix_web::HttpRequest;
use percent_encoding::percent_decode_str;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter as Documented, ParameterBuilder, ParameterIn};

use super::criteria;
use super::shape::{Fault, Shape, Wrong};
use crate::error::{Error, Kind, Result};

/// More parameters than this are not even looked at.
const MAX_PARAMETERS: usize = 100;

/// The longest part of an unknown name that is repeated to the caller, in characters.
const MAX_ECHO: usize = 64;

/// How alike a known name must be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.8;

/// A query parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    pub(super) help: &'static str,
}

impl Parameter {
    /// One that may be left out.
    pub(super) const fn optional(name: &'static str, shape: Shape, help: &'static str) -> Self {
        Self { name, shape, required: false, help }
    }

    /// One that may not.
    pub(super) const fn required(name: &'static str, shape: Shape, help: &'static str) -> Self {
        Self { name, shape, required: true, help }
    }
}

/// Whom an operator acts for.
pub(super) const PARTNER: Parameter = Parameter::optional(
    "partner",
    Shape::Text,
    "The partner to act for. Operator keys must name it where one is needed; a partner's key knows its own.",
);

/// The parameters of a request, checked and in one spelling each.
#[derive(Debug)]
pub(super) struct Given {
    values: Vec<(&'static str, String)>,
}

impl Given {
    /// The text of a parameter, if it was given or has a default.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(given, _)| *given == name).map(|(_, value)| value.as_str())
    }

    /// The value of a whole number that has a default.
    pub(super) fn whole(&self, name: &str) -> u64 {
        self.text(name).and_then(|value| value.parse().ok()).unwrap_or_default()
    }

    /// The value of a number.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.text(name)?.parse().ok()
    }

    /// What was given of the parameters of a table.
    pub(super) fn of(&self, table: &[Parameter]) -> Vec<(String, String)> {
        let listed = self.values.iter().filter(|(name, _)| table.iter().any(|known| known.name == *name));
        listed.map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }
}

/// A query string while it is read.
pub(super) struct Reading {
    given: Given,
    wrong: Vec<(String, Wrong)>,
}

impl Reading {
    /// Reads the query string of a request against tables of what is known.
    pub(super) fn of(request: &HttpRequest, known: &'static [&'static [Parameter]]) -> Self {
        let mut reading = Self { given: Given { values: Vec::new() }, wrong: Vec::new() };
        let known = || known.iter().copied().flatten();
        let mut seen: Vec<Cow<'_, str>> = Vec::new();
        for pair in request.query_string().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).unwrap_or(Cow::Borrowed(name));
            if seen.len() == MAX_PARAMETERS {
                reading.refuse(&name, format!("is one too many: at most {MAX_PARAMETERS} are read"));
                break;
            }
            if seen.contains(&name) {
                reading.refuse(&name, "was given more than once");
                continue;
            }
            match (known().find(|known| known.name == name), decode(value)) {
                (None, _) => {
                    let near = || nearest(&name, known().map(|known| known.name));
                    let refusal =
                        criteria::refusal(&name).filter(|_| known().any(|known| known.name == "page"));
                    let detail = refusal.map_or_else(near, str::to_owned);
                    reading.refuse(&name, detail);
                }
                (Some(_), None) => reading.refuse(&name, "is not UTF-8"),
                (Some(parameter), Some(value)) => reading.take(parameter, &value),
            }
            seen.push(name);
        }
        for parameter in known().filter(|parameter| !seen.iter().any(|name| *name == parameter.name)) {
            if parameter.required {
                reading.refuse(parameter.name, "is required");
            } else if let Some(default) = parameter.shape.default() {
                reading.given.values.push((parameter.name, default));
            }
        }
        criteria::check_together(&reading.given, &mut reading.wrong);
        reading
    }

    fn take(&mut self, parameter: &Parameter, value: &str) {
        let (name, before) = (parameter.name, self.wrong.len());
        let mut wrong = Vec::new();
        let value = parameter.shape.read(value, &mut wrong);
        self.wrong.extend(wrong.into_iter().map(|(place, wrong)| (format!("{name}{place}"), wrong)));
        if before == self.wrong.len() {
            self.given.values.push((name, value));
        }
    }

    /// Notes that a parameter must be there, if nothing was said of it yet.
    pub(super) fn require(&mut self, parameter: &Parameter, detail: &str) {
        let name = parameter.name;
        if self.given.text(name).is_none() && !self.wrong.iter().any(|(field, _)| field == name) {
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
            (Kind::Malformed, "the query parameters cannot be read")
        } else {
            (Kind::Invalid, "the query parameters cannot be accepted")
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

/// Says that a name is not known, and which one may have been meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let name: String = name.chars().take(MAX_ECHO).collect();
    let alike = known.map(|known| (strsim::jaro_winkler(&name, known), known));
    match alike.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(likeness, _)| *likeness >= ALIKE) {
        Some((_, known)) => format!("is not known here; did you mean `{known}`?"),
        None => "is not known here".to_owned(),
    }
}

/// The parameters of tables, for the OpenAPI document.
pub(super) fn document(tables: &[&[Parameter]]) -> Vec<Documented> {
    let document = |parameter: &Parameter| {
        ParameterBuilder::new()
            .name(parameter.name)
            .parameter_in(ParameterIn::Query)
            .required(if parameter.required { Required::True } else { Required::False })
            .description(Some(parameter.help))
            .schema(Some(parameter.shape.schema()))
            .example(parameter.shape.example())
            .build()
    };
    tables.iter().copied().flatten().map(document).collect()
}

/// Names what an operation reads from its query string.
macro_rules! query {
    ($(#[$doc:meta])* $name:ident: $($table:expr),+ $(,)?) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl $name {
            /// What is known.
            pub(super) const KNOWN: &'static [&'static [$crate::api::parameters::Parameter]] = &[$($table),+];
        }

        impl utoipa::IntoParams for $name {
            fn into_params(
                _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                $crate::api::parameters::document(Self::KNOWN)
            }
        }
    };
}
pub(super) use query;
