//! What is wrong with a configuration: all of it, one line each.

use std::error::Error as StdError;
use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting, as `partner.acme.source_key`; a variable's name or the file's, where it is no setting.
    pub key: String,
    /// What is wrong with it and what would be right. Never quotes a value.
    pub reason: String,
}

/// Everything that is wrong, in the order it was found; at least one. Prints one line per problem, `key: reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { key, reason }) in self.0.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{key}: {reason}")?;
        }
        Ok(())
    }
}

impl StdError for Problems {}

/// `name` with the known one that is nearest to it, if any is near.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let nearness =
        |other: &str| strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase());
    let best = known.map(|other| (nearness(other), other)).max_by(|one, other| one.0.total_cmp(&other.0));
    match best {
        Some((nearness, other)) if nearness >= 0.4 => format!("; did you mean `{other}`?"),
        _ => String::new(),
    }
}
