//! An HMAC of the body in a header of the partner's own, as many services send it.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::headers::Headers;
use super::keys::{Keys, Signature};
use super::{Claim, Refusal};
use crate::config::{HmacAlgorithm, HmacEncoding};
use crate::model::Secret;

/// Services differ in whether they pad.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The scheme with a partner's secrets.
pub(super) struct Body {
    header: String,
    encoding: HmacEncoding,
    prefix: String,
    keys: Keys,
}

impl Body {
    pub(super) fn new(
        header: &str,
        algorithm: HmacAlgorithm,
        encoding: HmacEncoding,
        prefix: &str,
        secrets: &[Secret],
    ) -> Self {
        let keys = Keys::new(algorithm, secrets.iter().map(|secret| secret.expose().as_bytes()));
        Self { header: header.to_owned(), encoding, prefix: prefix.to_owned(), keys }
    }

    pub(super) fn claim(&self, headers: &Headers<'_>) -> Result<Claim<'_>, Refusal> {
        let Self { header, encoding, prefix, keys } = self;
        let Some(text) = headers.text(header)? else {
            return Err(Refusal::Absent(format!("the header {header} is missing")));
        };
        let Some(text) = text.strip_prefix(prefix.as_str()) else {
            return Err(Refusal::Wrong(format!("the header {header} must begin with `{prefix}`")));
        };
        let (offered, name) = match encoding {
            HmacEncoding::Hex => (from_hex(text), "hex"),
            HmacEncoding::Base64 => (BASE64.decode(text).ok(), "base64"),
        };
        let offered = offered.ok_or_else(|| {
            let after = if prefix.is_empty() { String::new() } else { format!(" after `{prefix}`") };
            Refusal::Wrong(format!("the header {header} must be {name}{after}"))
        })?;
        Ok(Claim {
            signature: Some(Signature { keys, before: Vec::new(), offered: vec![offered] }),
            // The signature does not cover it: a copy of the webhook could carry any.
            webhook_id: None,
            unproven: format!(
                "the signature in {header} is not that of the body, byte by byte, under a secret that is live here"
            ),
        })
    }
}

/// Two digits per byte, of either case.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    if rest.is_empty() { bytes.collect() } else { None }
}
