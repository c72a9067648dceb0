//! What all sections share while one configuration is read: the environment, and everything that is wrong so far.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::problem::{Problem, Problems, nearest};

/// What every variable that overrides a setting starts with.
pub(super) const PREFIX: &str = "OEM_CONNECTOR__";

/// What all sections share while one configuration is read.
pub(super) struct Reading {
    /// Where relative paths start.
    pub(super) folder: PathBuf,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) known: RefCell<BTreeSet<String>>,
    problems: RefCell<Vec<Problem>>,
}

impl Reading {
    pub(super) fn new(folder: PathBuf, environment: impl Iterator<Item = (String, String)>) -> Self {
        Self {
            folder,
            environment: environment.collect(),
            known: RefCell::default(),
            problems: RefCell::default(),
        }
    }

    pub(super) fn tell(&self, key: impl Into<String>, reason: impl Into<String>) {
        let problem = Problem { key: key.into(), reason: reason.into() };
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// Everything wrong so far, with the variables that override nothing.
    pub(super) fn finish(self) -> Result<(), Problems> {
        let mut problems = self.problems.into_inner();
        let known = self.known.into_inner();
        for name in self.environment.keys().filter(|name| name.starts_with(PREFIX) && !known.contains(*name))
        {
            let hint = nearest(name, known.iter().map(String::as_str));
            problems.push(Problem { key: name.clone(), reason: format!("overrides no setting{hint}") });
        }
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }
}
