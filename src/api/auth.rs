//! Keys: who asks, and for whom.

use std::sync::Arc;

use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, web};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::parameters::{Given, PARTNER, Parameter, Reading};
use super::{Api, body};
use crate::error::{Error, Kind, Result};
use crate::flows::Partner;
use crate::model::{Secret, digest};

/// The header of the key.
pub(super) const HEADER: &str = "X-API-KEY";

/// Every configured key, hashed once: what is offered is hashed once too and compared with all of them in constant time.
pub(super) struct Keys {
    hashes: Vec<([u8; 32], Owner)>,
}

/// Whose a key is.
#[derive(Clone)]
enum Owner {
    Operator,
    Partner(Arc<Partner>),
}

/// Who sent a request.
pub(super) enum Caller<'a> {
    /// Someone who may act for any partner, and names it.
    Operator,
    /// A partner, who acts for itself.
    Partner(&'a Arc<Partner>),
}

impl Keys {
    /// Hashes the operators' keys and those of every partner.
    pub(super) fn new(operator_keys: &[Secret], partners: &[Arc<Partner>]) -> Self {
        let operators = operator_keys.iter().map(|key| (hash(key.expose().as_bytes()), Owner::Operator));
        let partners = partners.iter().flat_map(|partner| {
            let keys = partner.settings.keys.iter();
            keys.map(|key| (hash(key.expose().as_bytes()), Owner::Partner(partner.clone())))
        });
        Self { hashes: operators.chain(partners).collect() }
    }

    /// Whose key a request carries.
    ///
    /// # Errors
    /// `Unauthorized` when it carries none, several, or one that nobody was given.
    pub(super) fn caller(&self, request: &HttpRequest) -> Result<Caller<'_>> {
        let mut offered = request.headers().get_all(HEADER);
        let key = match (offered.next(), offered.next()) {
            (Some(key), None) if !key.is_empty() => key,
            (Some(_), Some(_)) => return Err(unauthorized("the header X-API-KEY must be sent once")),
            _ => return Err(unauthorized("the header X-API-KEY is missing")),
        };
        match self.owner(key.as_bytes()) {
            Some(Owner::Operator) => Ok(Caller::Operator),
            Some(Owner::Partner(partner)) => Ok(Caller::Partner(partner)),
            None => Err(unauthorized("the key in X-API-KEY is not known")),
        }
    }

    fn owner(&self, offered: &[u8]) -> Option<&Owner> {
        let offered = hash(offered);
        let mut found = u32::MAX;
        for (index, (hash, _)) in (0u32..).zip(&self.hashes) {
            // No early end: how long it takes tells nothing about which key came how near.
            let same: Choice = hash.ct_eq(&offered);
            found.conditional_assign(&index, same);
        }
        self.hashes.get(usize::try_from(found).ok()?).map(|(_, owner)| owner)
    }
}

fn hash(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

fn unauthorized(message: &str) -> Error {
    Error::new(Kind::Unauthorized, message)
}

impl Api {
    /// Runs what compares keys or signatures; that the request may not pass counts against the address it came from.
    ///
    /// # Errors
    /// Those of `login`, and `RateLimited`, with nothing compared, when too many have failed from there.
    pub(super) fn guarded<T>(&self, request: &HttpRequest, login: impl FnOnce() -> Result<T>) -> Result<T> {
        let (origin, now) = (self.proxies.origin(request), self.context.clock.now());
        self.failures.ensure_few(origin, now)?;
        login().inspect_err(|refused| {
            if refused.kind() == Kind::Unauthorized {
                self.failures.count(origin, now);
            }
        })
    }

    fn caller(&self, request: &HttpRequest) -> Result<Caller<'_>> {
        self.guarded(request, || self.keys.caller(request))
    }

    /// The partner who asks, or the one that an operator names, and the parameters of the request.
    pub(super) fn partner_asks(
        &self,
        request: &HttpRequest,
        known: &'static [&'static [Parameter]],
    ) -> Result<(&Arc<Partner>, Given)> {
        let caller = self.caller(request)?;
        self.for_partner(&caller, Reading::of(request, known))
    }

    /// The same of a request whose parameters are in a JSON body.
    pub(super) async fn partner_sends(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        known: &'static [&'static [Parameter]],
    ) -> Result<(&Arc<Partner>, Given)> {
        self.partner_sends_much(request, payload, body::MAX_BYTES, |_| known).await
    }

    /// The same of a body of at most `at_most` bytes that itself decides what is known in it.
    pub(super) async fn partner_sends_much(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        at_most: usize,
        known: impl FnOnce(&[u8]) -> &'static [&'static [Parameter]],
    ) -> Result<(&Arc<Partner>, Given)> {
        let caller = self.caller(request)?;
        body::ensure_json(request)?;
        let body = body::read(request, payload, at_most).await?;
        self.for_partner(&caller, Reading::of_body(request, &body, known(&body))?)
    }

    fn for_partner<'a>(
        &'a self,
        caller: &Caller<'a>,
        mut reading: Reading,
    ) -> Result<(&'a Arc<Partner>, Given)> {
        if matches!(caller, Caller::Operator) {
            reading.require(&PARTNER, "is required with an operator key");
        }
        let given = reading.finish()?;
        let partner = match (caller, given.text(PARTNER.name)) {
            (Caller::Partner(partner), None) => *partner,
            (_, named) => self.resolve(caller, named.unwrap_or_default())?,
        };
        Ok((partner, given))
    }

    /// The partners that the caller may see: an operator all of them, or the one it names; a partner itself.
    pub(super) fn partners_asked(
        &self,
        request: &HttpRequest,
        known: &'static [&'static [Parameter]],
    ) -> Result<Vec<&Arc<Partner>>> {
        let caller = self.caller(request)?;
        let given = Reading::of(request, known).finish()?;
        match (&caller, given.text(PARTNER.name)) {
            (_, Some(named)) => Ok(vec![self.resolve(&caller, named)?]),
            (Caller::Operator, None) => Ok(self.context.partners.iter().collect()),
            (Caller::Partner(partner), None) => Ok(vec![partner]),
        }
    }

    /// The parameters of an operator's request, and the partner it names, if any.
    pub(super) fn operator_asks(
        &self,
        request: &HttpRequest,
        known: &'static [&'static [Parameter]],
    ) -> Result<(Option<&Arc<Partner>>, Given)> {
        self.ensure_operator(request)?;
        let given = Reading::of(request, known).finish()?;
        let partner = given.text(PARTNER.name).map(|name| self.context.partner(name)).transpose()?;
        Ok((partner, given))
    }

    /// The partner that an operator names, who must name one.
    pub(super) fn operator_asks_for(
        &self,
        request: &HttpRequest,
        known: &'static [&'static [Parameter]],
    ) -> Result<&Arc<Partner>> {
        self.ensure_operator(request)?;
        let mut reading = Reading::of(request, known);
        reading.require(&PARTNER, "is required: it names the partner to act for");
        self.context.partner(reading.finish()?.text(PARTNER.name).unwrap_or_default())
    }

    /// The key of a request in eight characters, which tell it from others and not what it is.
    pub(super) fn key_mark(request: &HttpRequest) -> String {
        let key = request.headers().get(HEADER).map(HeaderValue::as_bytes).unwrap_or_default();
        let mut mark = digest(&[key]);
        mark.truncate(8);
        mark
    }

    /// Refuses whoever is no operator.
    pub(super) fn ensure_operator(&self, request: &HttpRequest) -> Result<()> {
        match self.caller(request)? {
            Caller::Operator => Ok(()),
            Caller::Partner(_) => Err(unauthorized("an operator key is needed here; this is a partner's")),
        }
    }

    /// The partner of this name, if the caller may act for it; another partner's name is as unknown as any other.
    pub(super) fn resolve<'a>(&'a self, caller: &Caller<'a>, name: &str) -> Result<&'a Arc<Partner>> {
        match caller {
            Caller::Operator => self.context.partner(name),
            Caller::Partner(partner) if partner.settings.name == name => Ok(partner),
            Caller::Partner(_) => Err(Error::new(Kind::NotFound, format!("no partner is called `{name}`"))),
        }
    }
}
