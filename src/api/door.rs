//! The webhooks' door: `X-API-KEY`, or what was agreed with the partner, proven over the raw bytes before anything is parsed.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use bytes::Bytes;

use super::auth::HEADER;
use super::{Api, body};
use crate::error::{Error, Kind, Result};
use crate::flows::{Claim, Headers, Partner};

/// A webhook whose sender is known.
pub(super) struct Arrival<'a> {
    pub(super) partner: &'a Arc<Partner>,
    /// The delivery's identity, if it has one.
    pub(super) webhook_id: Option<String>,
    /// Its body as it came: nobody has looked whether it is JSON.
    pub(super) body: Bytes,
}

/// What the headers alone amount to.
enum Entry<'a> {
    /// They are proof enough.
    Open(&'a Arc<Partner>, Option<String>),
    /// The body must prove one of these.
    Claimed(&'a Arc<Partner>, Vec<Claim<'a>>),
}

impl Api {
    /// Lets a webhook of the partner of this `name` in and reads its body of at most `at_most` bytes.
    ///
    /// # Errors
    /// `Unauthorized`, `RateLimited`, `NotFound` for a partner that is not the sender's, and those of [`body::read`].
    pub(super) async fn admit(
        &self,
        request: &HttpRequest,
        name: &str,
        payload: web::Payload,
        at_most: usize,
    ) -> Result<Arrival<'_>> {
        // Nobody's bytes are waited for before the headers give a reason to.
        let entry = self.guarded(request, || self.knock(request, name))?;
        let body = body::read(request, payload, at_most).await?;
        let (partner, webhook_id) = match entry {
            Entry::Open(partner, webhook_id) => (partner, webhook_id),
            Entry::Claimed(partner, claims) => (partner, self.guarded(request, || prove(claims, &body))?),
        };
        Ok(Arrival { partner, webhook_id, body })
    }

    fn knock(&self, request: &HttpRequest, name: &str) -> Result<Entry<'_>> {
        let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let headers = Headers::new(headers);
        let agreed = self.context.partner(name).ok().filter(|partner| !partner.door.is_absent());
        let by_key = match agreed {
            Some(partner) if !partner.settings.webhooks.keys => {
                Err(Error::new(Kind::Unauthorized, "X-API-KEY is not taken for webhooks here"))
            }
            _ => self.keys.caller(request),
        };
        match (by_key, agreed) {
            (Ok(caller), _) => Ok(Entry::Open(self.resolve(&caller, name)?, headers.webhook_id()?)),
            (Err(refused), None) => Err(refused),
            (Err(refused), Some(partner)) => {
                let claims = partner.door.claims(&headers, self.context.clock.now());
                let claims = claims.map_err(|nothing| {
                    if request.headers().contains_key(HEADER) {
                        Error::new(
                            Kind::Unauthorized,
                            format!("{}; {}", refused.message(), nothing.message()),
                        )
                    } else {
                        nothing
                    }
                })?;
                Ok(Entry::Claimed(partner, claims))
            }
        }
    }
}

/// The identity of the delivery in the first claim that the body proves.
fn prove(claims: Vec<Claim<'_>>, body: &[u8]) -> Result<Option<String>> {
    let unproven = claims.first().map(Claim::unproven);
    match claims.into_iter().find(|claim| claim.is_proven_by(body)) {
        Some(claim) => Ok(claim.into_webhook_id()),
        None => {
            Err(unproven
                .unwrap_or_else(|| Error::new(Kind::Unauthorized, "nothing says who sent the webhook")))
        }
    }
}
