//! The live keys of an HMAC: every one is tried, in a time that tells nothing about which came how near.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha512};

use crate::config::HmacAlgorithm;

/// Keys that are live at the same time, ready to be used.
pub(super) struct Keys(Vec<Key>);

#[derive(Clone)]
enum Key {
    Sha256(Hmac<Sha256>),
    Sha512(Box<Hmac<Sha512>>),
}

impl Keys {
    pub(super) fn new<'a>(algorithm: HmacAlgorithm, keys: impl Iterator<Item = &'a [u8]>) -> Self {
        // An HMAC takes a key of any length, so none is left out.
        let ready = |key: &[u8]| match algorithm {
            HmacAlgorithm::Sha256 => Hmac::new_from_slice(key).map(Key::Sha256).ok(),
            HmacAlgorithm::Sha512 => Hmac::new_from_slice(key).map(Box::new).map(Key::Sha512).ok(),
        };
        Self(keys.filter_map(ready).collect())
    }
}

/// What was sent as signatures, and what they are to be made of.
pub(super) struct Signature<'a> {
    pub(super) keys: &'a Keys,
    /// What is signed before the body.
    pub(super) before: Vec<u8>,
    /// Any of these will do.
    pub(super) offered: Vec<Vec<u8>>,
}

impl Signature<'_> {
    /// Whether one of the signatures is that of the body under one of the keys.
    pub(super) fn is_of(&self, body: &[u8]) -> bool {
        // No early end: how long it takes tells nothing about which key it was.
        self.keys.0.iter().fold(false, |found, key| {
            let matching = match key.clone() {
                Key::Sha256(mac) => self.is_made_by(mac, body),
                Key::Sha512(mac) => self.is_made_by(*mac, body),
            };
            found | matching
        })
    }

    fn is_made_by<M: Mac + Clone>(&self, mut mac: M, body: &[u8]) -> bool {
        mac.update(&self.before);
        mac.update(body);
        // Compared by the crate in constant time; one of another length is none.
        self.offered.iter().fold(false, |found, offered| found | mac.clone().verify_slice(offered).is_ok())
    }
}
