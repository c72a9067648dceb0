//! A password or a token in `Authorization`, which signs nothing and is proof by itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::headers::{Headers, ID, as_id};
use super::{Claim, Refusal};
use crate::model::Secret;

const HEADER: &str = "Authorization";

/// What may stand after the name of the scheme.
pub(super) struct Credential {
    scheme: &'static str,
    live: Vec<Secret>,
}

impl Credential {
    pub(super) fn basic(username: &str, passwords: &[Secret]) -> Self {
        let pairs = passwords
            .iter()
            .map(|password| Secret::new(STANDARD.encode(format!("{username}:{}", password.expose()))));
        Self { scheme: "Basic", live: pairs.collect() }
    }

    pub(super) fn bearer(tokens: &[Secret]) -> Self {
        Self { scheme: "Bearer", live: tokens.to_vec() }
    }

    pub(super) fn claim(&self, headers: &Headers<'_>) -> Result<Claim<'_>, Refusal> {
        let Self { scheme, live } = self;
        let offered = headers.text(HEADER)?.and_then(|text| text.split_once(' '));
        let Some((_, offered)) = offered.filter(|(name, _)| name.eq_ignore_ascii_case(scheme)) else {
            return Err(Refusal::Absent(format!("the header {HEADER} with `{scheme} …` is missing")));
        };
        let offered = offered.trim_start();
        // No early end: how long it takes tells nothing about which it was.
        if !live.iter().fold(false, |found, secret| found | secret.matches(offered)) {
            return Err(Refusal::Wrong(format!("what {HEADER} has after `{scheme}` is not known")));
        }
        let webhook_id = headers.text(ID)?.map(as_id).transpose()?;
        Ok(Claim { signature: None, webhook_id, unproven: String::new() })
    }
}
