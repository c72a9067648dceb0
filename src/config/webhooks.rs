//! How a partner proves that a webhook is its own: `X-API-KEY`, and what `[[partner.webhook_auth]]` lists.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::check;
use super::section::Section;
use crate::model::Secret;

/// What Standard Webhooks writes before a secret.
const SECRET_PREFIX: &str = "whsec_";

/// The ways in for a partner's webhooks; any one of them opens the door.
#[derive(Clone, Debug)]
pub struct Webhooks {
    /// Whether `X-API-KEY` opens it too. `webhook_keys`, default true; false needs a `webhook_auth`.
    pub keys: bool,
    /// `[[partner.webhook_auth]]`, default none.
    pub auth: Vec<WebhookAuth>,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self { keys: true, auth: Vec::new() }
    }
}

/// One way to prove a webhook. `kind = …`. Several live secrets let a new one come in before the old one goes.
#[derive(Clone, Debug)]
pub enum WebhookAuth {
    /// Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` and `webhook-signature`. `standard`.
    Standard {
        /// `whsec_` and base64 of 24 to 64 bytes, each. `secrets`.
        secrets: Vec<Secret>,
        /// How far `webhook-timestamp` may be from our clock, either way. `tolerance_seconds`, default 300.
        tolerance: Duration,
    },
    /// An HMAC of the body in a header. `hmac`.
    Hmac {
        /// The header's name. `header`.
        header: String,
        /// `algorithm`: `sha256` or `sha512`.
        algorithm: HmacAlgorithm,
        /// `encoding`: `hex` or `base64`.
        encoding: HmacEncoding,
        /// What stands before the signature, such as `sha256=`. `prefix`, default none.
        prefix: String,
        /// The keys of the HMAC, as they are written. `secrets`.
        secrets: Vec<Secret>,
    },
    /// `Authorization: Basic …` (RFC 7617). `basic`.
    Basic {
        /// `username`.
        username: String,
        /// `passwords`.
        passwords: Vec<Secret>,
    },
    /// `Authorization: Bearer …`. `bearer`.
    Bearer {
        /// `tokens`.
        tokens: Vec<Secret>,
    },
}

/// The hash of an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HmacAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How an HMAC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HmacEncoding {
    /// Two hex digits per byte, of either case.
    Hex,
    /// Base64 with the standard alphabet, padded or not.
    Base64,
}

impl WebhookAuth {
    /// Every text of it that must not be seen: its secrets in each spelling that is one.
    pub fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::Standard { secrets, .. } => secrets
                .iter()
                .flat_map(|secret| [secret.clone(), Secret::new(without_prefix(secret))])
                .collect(),
            Self::Hmac { secrets, .. } => secrets.clone(),
            Self::Basic { username, passwords } => passwords
                .iter()
                .flat_map(|password| {
                    let pair = format!("{username}:{}", password.expose());
                    [password.clone(), Secret::new(STANDARD.encode(pair))]
                })
                .collect(),
            Self::Bearer { tokens } => tokens.clone(),
        }
    }
}

fn without_prefix(secret: &Secret) -> &str {
    secret.expose().strip_prefix(SECRET_PREFIX).unwrap_or(secret.expose())
}

/// The key in a secret of Standard Webhooks, or what is wrong with the secret.
pub fn signing_key(secret: &Secret) -> Result<Vec<u8>, &'static str> {
    let text = secret.expose().strip_prefix(SECRET_PREFIX).ok_or("must start with `whsec_`")?;
    let key = STANDARD.decode(text).map_err(|_| "must be `whsec_` and base64")?;
    if (24..=64).contains(&key.len()) { Ok(key) } else { Err("must hold 24 to 64 bytes") }
}

/// `webhook_keys` and `[[partner.webhook_auth]]` of a partner.
pub(super) fn webhooks(partner: &Section<'_>) -> Option<Webhooks> {
    let keys = if partner.has("webhook_keys") { partner.flag("webhook_keys") } else { Some(true) };
    let tables = partner.tables("webhook_auth")?;
    if keys == Some(false) && tables.is_empty() {
        partner
            .tell("webhook_keys", "must not be false without a [[partner.webhook_auth]]: nothing would open");
    }
    let read: Vec<Option<WebhookAuth>> = tables
        .into_iter()
        .enumerate()
        .map(|(index, table)| auth(partner.item("webhook_auth", index, table)))
        .collect();
    Some(Webhooks { keys: keys?, auth: read.into_iter().collect::<Option<_>>()? })
}

fn auth(section: Section<'_>) -> Option<WebhookAuth> {
    section.need("kind");
    let kind = section.text("kind")?;
    let auth = match kind.as_str() {
        "standard" => {
            let secrets = secrets(&section, "secrets", |secret| signing_key(secret).map(drop));
            let tolerance = section.whole("tolerance_seconds", 300, 1, 86_400).map(Duration::from_secs);
            secrets.zip(tolerance).map(|(secrets, tolerance)| WebhookAuth::Standard { secrets, tolerance })
        }
        "hmac" => hmac(&section),
        "basic" => {
            section.need("username");
            let username = section.read("username", check::username);
            let passwords = secrets(&section, "passwords", |_| Ok(()));
            username.zip(passwords).map(|(username, passwords)| WebhookAuth::Basic { username, passwords })
        }
        "bearer" => {
            let sendable = |token: &Secret| {
                check::header_value(token.expose())
                    .map_err(|_| "must be visible ASCII without space around it")
            };
            secrets(&section, "tokens", sendable).map(|tokens| WebhookAuth::Bearer { tokens })
        }
        _ => {
            section.tell("kind", "must be standard, hmac, basic or bearer");
            return None;
        }
    };
    section.finish();
    auth
}

fn hmac(section: &Section<'_>) -> Option<WebhookAuth> {
    for name in ["header", "algorithm", "encoding"] {
        section.need(name);
    }
    let header = section.read("header", check::header_name);
    let algorithm = section.read("algorithm", |text| match text {
        "sha256" => Ok(HmacAlgorithm::Sha256),
        "sha512" => Ok(HmacAlgorithm::Sha512),
        _ => Err("must be sha256 or sha512".to_owned()),
    });
    let encoding = section.read("encoding", |text| match text {
        "hex" => Ok(HmacEncoding::Hex),
        "base64" => Ok(HmacEncoding::Base64),
        _ => Err("must be hex or base64".to_owned()),
    });
    let prefix = if section.has("prefix") { section.text("prefix") } else { Some(String::new()) };
    let secrets = secrets(section, "secrets", |_| Ok(()));
    Some(WebhookAuth::Hmac {
        header: header?,
        algorithm: algorithm?,
        encoding: encoding?,
        prefix: prefix?,
        secrets: secrets?,
    })
}

/// At least one secret, each as `fits` wants it.
fn secrets(
    section: &Section<'_>,
    name: &'static str,
    fits: impl Fn(&Secret) -> Result<(), &'static str>,
) -> Option<Vec<Secret>> {
    section.need(name);
    let secrets = section.secrets(name);
    if secrets.is_empty() && section.has(name) {
        section.tell(name, "must have at least one");
    }
    let mut usable = !secrets.is_empty();
    for secret in &secrets {
        let fits = if secret.expose().is_empty() { Err("must not be empty") } else { fits(secret) };
        if let Err(reason) = fits {
            section.tell(name, format!("has one that cannot be used: it {reason}"));
            usable = false;
        }
    }
    usable.then_some(secrets)
}
