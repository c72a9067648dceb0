//! Whether a webhook is the partner's own: signatures over its raw bytes, and credentials in its headers.
//!
//! ```text
//! Door::claims (the headers alone) → Claim::is_proven_by (the raw body)
//! standard   Standard Webhooks 1.0        body   an HMAC in a header        credential   basic, bearer
//! keys       the live keys of an HMAC, every one of which is tried
//! ```

mod body;
mod credential;
mod headers;
mod keys;
mod standard;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::config::WebhookAuth;
use crate::error::{Error, Kind, Result};
use body::Body;
use credential::Credential;
use standard::Standard;

pub use headers::Headers;
use keys::Signature;

/// All ways into a partner's mailbox that were agreed beside `X-API-KEY`.
pub struct Door(Vec<Scheme>);

enum Scheme {
    Standard(Standard),
    Body(Body),
    Credential(Credential),
}

/// Why a scheme does not open; neither quotes what was sent.
#[derive(Debug)]
enum Refusal {
    /// None of its headers is there: what it would take.
    Absent(String),
    /// They are, and cannot be right.
    Wrong(String),
}

/// What the headers claim, to be proven by the body.
pub struct Claim<'a> {
    /// What the headers have to be compared with, unless they were proof enough.
    signature: Option<Signature<'a>>,
    /// The delivery's identity, if whoever proves the claim also proves that.
    webhook_id: Option<String>,
    /// What it means when the body does not prove it.
    unproven: String,
}

impl Door {
    /// A door of these schemes.
    ///
    /// # Errors
    /// `Invalid` for a secret that cannot be used.
    pub fn new(schemes: &[WebhookAuth]) -> Result<Self> {
        schemes.iter().map(Scheme::new).collect::<Result<_>>().map(Self)
    }

    /// Whether nothing but a key opens.
    pub fn is_absent(&self) -> bool {
        self.0.is_empty()
    }

    /// What the headers claim, at least one thing.
    ///
    /// # Errors
    /// `Unauthorized`, with what is missing or wrong, when no body could prove anything.
    pub fn claims<'a>(&'a self, headers: &Headers<'_>, now: DateTime<Utc>) -> Result<Vec<Claim<'a>>> {
        let (mut claims, mut wrong, mut absent) = (Vec::new(), Vec::new(), Vec::new());
        for scheme in &self.0 {
            match scheme.claim(headers, now) {
                Ok(claim) => claims.push(claim),
                Err(Refusal::Wrong(problem)) => wrong.push(problem),
                Err(Refusal::Absent(what)) => absent.push(what),
            }
        }
        if !claims.is_empty() {
            return Ok(claims);
        }
        if !wrong.is_empty() {
            return Err(unauthorized(wrong.join("; ")));
        }
        Err(unauthorized(absent.join(", or ")))
    }
}

impl Scheme {
    fn new(settings: &WebhookAuth) -> Result<Self> {
        Ok(match settings {
            WebhookAuth::Standard { secrets, tolerance } => {
                Self::Standard(Standard::new(secrets, *tolerance)?)
            }
            WebhookAuth::Hmac { header, algorithm, encoding, prefix, secrets } => {
                Self::Body(Body::new(header, *algorithm, *encoding, prefix, secrets))
            }
            WebhookAuth::Basic { username, passwords } => {
                Self::Credential(Credential::basic(username, passwords))
            }
            WebhookAuth::Bearer { tokens } => Self::Credential(Credential::bearer(tokens)),
        })
    }

    fn claim(&self, headers: &Headers<'_>, now: DateTime<Utc>) -> Result<Claim<'_>, Refusal> {
        match self {
            Self::Standard(scheme) => scheme.claim(headers, now),
            Self::Body(scheme) => scheme.claim(headers),
            Self::Credential(scheme) => scheme.claim(headers),
        }
    }
}

impl Claim<'_> {
    /// Whether the raw bytes of the body prove it.
    pub fn is_proven_by(&self, body: &[u8]) -> bool {
        self.signature.as_ref().is_none_or(|signature| signature.is_of(body))
    }

    /// The refusal when nothing proves it.
    pub fn unproven(&self) -> Error {
        unauthorized(self.unproven.clone())
    }

    /// The delivery's identity, if it is proven together with the sender.
    pub fn into_webhook_id(self) -> Option<String> {
        self.webhook_id
    }
}

fn unauthorized(message: impl Into<String>) -> Error {
    Error::new(Kind::Unauthorized, message)
}
