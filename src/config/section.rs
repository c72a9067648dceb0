//! One table of the file with what the environment says over it. Asking for a setting makes it known; what is not known in
//! the end is a problem.

use std::cell::RefCell;

use toml::{Table, Value};

use super::problem::nearest;
use super::reading::{PREFIX, Reading};
use crate::model::Secret;

/// A setting as it was found.
enum Raw {
    /// In the file.
    File(Value),
    /// In the environment: a text as it is, anything else in TOML.
    Variable(String),
}

/// One table.
pub(super) struct Section<'a> {
    pub(super) reading: &'a Reading,
    key: String,
    variable: String,
    table: Table,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// The table at the top.
    pub(super) fn root(reading: &'a Reading, table: Table) -> Self {
        Self::at(reading, String::new(), PREFIX.trim_end_matches('_').to_owned(), table)
    }

    /// A table under a key of its own choosing, as partners have by their names.
    pub(super) fn at(reading: &'a Reading, key: String, variable: String, table: Table) -> Self {
        Self { reading, key, variable, table, asked: RefCell::default() }
    }

    /// The key of a setting here, as problems name it.
    pub(super) fn key(&self, name: &str) -> String {
        if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) }
    }

    pub(super) fn variable(&self, name: &str) -> String {
        format!("{}__{}", self.variable, name.to_uppercase().replace('-', "_"))
    }

    pub(super) fn tell(&self, name: &str, reason: impl Into<String>) {
        let variable = self.variable(name);
        let reason = reason.into();
        let origin = if self.reading.environment.contains_key(&variable) {
            format!(" (set by {variable})")
        } else {
            String::new()
        };
        self.reading.tell(self.key(name), format!("{reason}{origin}"));
    }

    /// Whether the setting is there in any way.
    pub(super) fn has(&self, name: &'static str) -> bool {
        self.raw(name).is_some() || self.has_below(name)
    }

    /// Says that the setting is missing, unless it is there.
    pub(super) fn need(&self, name: &'static str) {
        if !self.has(name) {
            self.tell(name, "is missing");
        }
    }

    fn has_below(&self, name: &str) -> bool {
        let start = format!("{}__", self.variable(name));
        self.reading.environment.keys().any(|variable| variable.starts_with(&start))
    }

    fn raw(&self, name: &'static str) -> Option<Raw> {
        if !self.asked.borrow().contains(&name) {
            self.asked.borrow_mut().push(name);
        }
        let variable = self.variable(name);
        let overriding = self.reading.environment.get(&variable).cloned().map(Raw::Variable);
        self.reading.known.borrow_mut().insert(variable);
        overriding.or_else(|| self.table.get(name).cloned().map(Raw::File))
    }

    fn toml(&self, name: &'static str) -> Option<Value> {
        Some(match self.raw(name)? {
            Raw::File(value) => value,
            Raw::Variable(text) => {
                let table = format!("value = {text}").parse::<Table>();
                let value = table.ok().and_then(|mut table| table.remove("value"));
                // What is no TOML is a text, as it is in a shell; whoever asked for anything else says so.
                value.unwrap_or(Value::String(text))
            }
        })
    }

    fn expected(&self, name: &str, what: &str, found: &Value) {
        self.tell(name, format!("must be {what}, not {}", kind_of(found)));
    }

    /// A text.
    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        match self.raw(name)? {
            Raw::Variable(text) | Raw::File(Value::String(text)) => Some(text),
            Raw::File(other) => {
                self.expected(name, "a text", &other);
                None
            }
        }
    }

    /// A text that `read` accepts; what it does not is told.
    pub(super) fn read<T>(&self, name: &'static str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        read(&self.text(name)?).map_err(|reason| self.tell(name, reason)).ok()
    }

    /// A secret, plain or `env:NAME`.
    pub(super) fn secret(&self, name: &'static str) -> Option<Secret> {
        let text = self.text(name)?;
        self.resolve(name, text)
    }

    /// Secrets, plain or `env:NAME` each.
    pub(super) fn secrets(&self, name: &'static str) -> Vec<Secret> {
        self.texts(name).into_iter().filter_map(|text| self.resolve(name, text)).collect()
    }

    fn resolve(&self, name: &str, text: String) -> Option<Secret> {
        let Some(variable) = text.strip_prefix("env:") else { return Some(Secret::new(text)) };
        if variable.is_empty() {
            self.tell(name, "names no variable after `env:`");
            return None;
        }
        match self.reading.environment.get(variable) {
            Some(value) if value.is_empty() => self.tell(name, format!("the variable {variable} is empty")),
            Some(value) => return Some(Secret::new(&**value)),
            None => self.tell(name, format!("the variable {variable} is not set")),
        }
        None
    }

    /// Texts: a list, in the environment also with commas between them.
    pub(super) fn texts(&self, name: &'static str) -> Vec<String> {
        if let Some(Raw::Variable(text)) = self.raw(name)
            && !text.trim_start().starts_with('[')
        {
            return text
                .split(',')
                .map(|item| item.trim().to_owned())
                .filter(|item| !item.is_empty())
                .collect();
        }
        let mut texts = Vec::new();
        match self.toml(name) {
            Some(Value::Array(items)) => {
                for item in items {
                    match item {
                        Value::String(text) => texts.push(text),
                        other => {
                            self.tell(name, format!("must have only texts in it, not {}", kind_of(&other)));
                        }
                    }
                }
            }
            Some(other) => self.expected(name, "a list of texts", &other),
            None => {}
        }
        texts
    }

    /// A whole number of the range; the default where there is none.
    pub(super) fn whole<T: TryFrom<i64>>(
        &self,
        name: &'static str,
        default: i64,
        least: i64,
        most: i64,
    ) -> Option<T> {
        let number = match self.toml(name) {
            Some(Value::Integer(number)) => number,
            Some(Value::Float(number)) => {
                self.tell(name, format!("must be a whole number, not {number}"));
                return None;
            }
            Some(other) => {
                self.expected(name, "a whole number", &other);
                return None;
            }
            None if self.has(name) => return None,
            None => default,
        };
        if !(least..=most).contains(&number) {
            self.tell(name, format!("must be from {least} to {most}"));
            return None;
        }
        T::try_from(number).ok()
    }

    /// A part of a whole, from 0 to below 1.
    pub(super) fn share(&self, name: &'static str) -> Option<f64> {
        let share = match self.toml(name)? {
            Value::Float(share) => share,
            Value::Integer(0) => 0.0,
            Value::Integer(_) => 1.0,
            other => {
                self.expected(name, "a number", &other);
                return None;
            }
        };
        if !(0.0..1.0).contains(&share) {
            self.tell(name, "must be at least 0 and less than 1");
            return None;
        }
        Some(share)
    }

    /// Yes or no.
    pub(super) fn flag(&self, name: &'static str) -> Option<bool> {
        match self.toml(name)? {
            Value::Boolean(flag) => Some(flag),
            other => {
                self.expected(name, "true or false", &other);
                None
            }
        }
    }

    /// A table below, if the file or the environment has one.
    pub(super) fn section(&self, name: &'static str) -> Option<Section<'a>> {
        let table = match self.toml(name) {
            Some(Value::Table(table)) => table,
            Some(other) => {
                self.expected(name, "a table", &other);
                return None;
            }
            None if self.has_below(name) => Table::new(),
            None => return None,
        };
        Some(Section::at(self.reading, self.key(name), self.variable(name), table))
    }

    /// The tables of a list, which may be missing; none if it is no list.
    pub(super) fn tables(&self, name: &'static str) -> Option<Vec<Table>> {
        self.asked.borrow_mut().push(name);
        let items = match self.table.get(name) {
            None => return Some(Vec::new()),
            Some(Value::Array(items)) => items.clone(),
            Some(other) => {
                self.expected(name, "a list of tables ([[…]])", other);
                return None;
            }
        };
        let tables = items.into_iter().filter_map(|item| match item {
            Value::Table(table) => Some(table),
            other => {
                self.tell(name, format!("must have only tables in it, not {}", kind_of(&other)));
                None
            }
        });
        Some(tables.collect())
    }

    /// One table of such a list, by its place in it.
    pub(super) fn item(&self, name: &str, index: usize, table: Table) -> Section<'a> {
        let variable = format!("{}__{index}", self.variable(name));
        Section::at(self.reading, format!("{}[{index}]", self.key(name)), variable, table)
    }

    /// Says which settings of the file nobody asked for.
    pub(super) fn finish(self) {
        let asked = self.asked.borrow();
        for name in self.table.keys().filter(|name| !asked.contains(&name.as_str())) {
            let hint = nearest(name, asked.iter().copied());
            self.reading.tell(self.key(name), format!("is no setting{hint}"));
        }
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}
