//! TLS of our calls: trust in what the machine trusts, read once and shared by all connections of the process.

use std::sync::OnceLock;

use rustls::ClientConfig;
use rustls_platform_verifier::ConfigVerifierExt as _;

use crate::error::{Error, Kind, Result};

/// HTTP/2 where the other side has it (RFC 7301).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// # Errors
/// `Internal` where the machine has no certificates to trust.
pub(super) fn config() -> Result<ClientConfig> {
    static SHARED: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(shared) = SHARED.get() {
        return Ok(shared.clone());
    }
    let mut config = ClientConfig::with_platform_verifier().map_err(|cause| {
        Error::new(Kind::Internal, "TLS cannot be set up: are CA certificates installed?").because(cause)
    })?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    Ok(SHARED.get_or_init(|| config).clone())
}
