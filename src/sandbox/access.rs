//! Who may call: API keys and what their prefix allows.

use actix_web::HttpRequest;

use super::answer::Refusal;
use crate::error::{Error, Kind, Result};
use crate::model::Secret;

/// What a key may do, or what a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    /// `ask_`
    All,
    /// `askr_`
    Read,
    /// `askw_`
    Write,
}

impl Permission {
    /// As HrFlow spells it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// What a well-formed key may do: a prefix and 32 hexadecimal digits.
    fn of_key(key: &str) -> Option<Self> {
        let (prefix, digits) = key.split_once('_')?;
        let permission = match prefix {
            "ask" => Self::All,
            "askr" => Self::Read,
            "askw" => Self::Write,
            _ => return None,
        };
        (digits.len() == 32 && is_lower_hex(digits)).then_some(permission)
    }
}

/// The keys that are accepted: none listed means every well-formed one.
#[derive(Debug)]
pub(super) struct Access(Vec<Secret>);

impl Access {
    /// Refuses a list with a key that no call could be made with; the message does not quote it.
    pub(super) fn new(keys: Vec<String>) -> Result<Self> {
        if keys.iter().any(|key| Permission::of_key(key).is_none()) {
            let problem =
                "an API key must be `ask_`, `askr_` or `askw_` and 32 lower-case hexadecimal digits";
            return Err(Error::new(Kind::Invalid, problem));
        }
        Ok(Self(keys.into_iter().map(Secret::new).collect()))
    }

    /// The permission of the call's key, when it covers what the call needs.
    pub(super) fn check(&self, request: &HttpRequest, needed: Permission) -> Result<Permission, Refusal> {
        let key =
            request.headers().get("X-API-KEY").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let known = self.0.is_empty() || self.0.iter().any(|secret| secret.matches(key));
        Permission::of_key(key)
            .filter(|&held| known && (held == Permission::All || held == needed))
            .ok_or_else(|| Refusal::unauthorized(key, needed.as_str()))
    }
}

/// 40 lower-case hexadecimal digits: the key of a source, board, profile or job.
pub(super) fn is_object_key(text: &str) -> bool {
    text.len() == 40 && is_lower_hex(text)
}

/// The key of an algorithm: 40 hexadecimal digits, or a slug such as `scorer-hrflow-profiles-titan`.
pub(super) fn is_algorithm_key(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let is_slug = text.contains('-')
        && text.len() <= 100
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.split('-').all(is_part);
    is_object_key(text) || is_slug
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_decides_what_a_key_may_do() {
        let digits = "0123456789abcdef0123456789abcdef";
        for (prefix, permission) in
            [("ask", Permission::All), ("askr", Permission::Read), ("askw", Permission::Write)]
        {
            assert_eq!(Permission::of_key(&format!("{prefix}_{digits}")), Some(permission));
        }
        for key in ["", "ask_", &digits.repeat(2), &format!("asks_{digits}"), &format!("ask_{digits}0")] {
            assert_eq!(Permission::of_key(key), None, "{key}");
        }
    }

    #[test]
    fn an_algorithm_has_a_key_or_a_slug() {
        for key in ["scorer-hrflow-profiles-titan", "grader-2", &"0a".repeat(20)] {
            assert!(is_algorithm_key(key), "{key}");
        }
        for key in ["", "x", "no slug", "-a", "a--b", "A-b", &"0a".repeat(19)] {
            assert!(!is_algorithm_key(key), "{key}");
        }
    }
}
