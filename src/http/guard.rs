//! Keeps calls off loopback, private and other addresses that are not the public internet's, and plain HTTP on them alone.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::config::is_public;

/// Which addresses may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Those of the public internet.
    Public,
    /// All others: keys and personal data go there in clear.
    Private,
    /// All.
    Any,
}

impl Reach {
    /// What may be called under a base.
    pub(super) fn of(base: &Url, allow_private_network: bool) -> Self {
        match (allow_private_network, base.scheme()) {
            (false, _) => Self::Public,
            (true, "https") => Self::Any,
            (true, _) => Self::Private,
        }
    }

    /// Whether the host is a name (which the [`Resolver`] will judge) or an address that may be called.
    pub(super) fn permits_host(self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Domain(_)) => true,
            Some(Host::Ipv4(address)) => self.permits(address.into()),
            Some(Host::Ipv6(address)) => self.permits(address.into()),
            None => false,
        }
    }

    fn permits(self, address: IpAddr) -> bool {
        match self {
            Self::Public => is_public(address),
            Self::Private => !is_public(address),
            Self::Any => true,
        }
    }
}

/// Resolves names to addresses that may be called. It sees every name but no literal address: [`Reach::permits_host`] sees
/// these.
pub(super) struct Resolver(pub(super) Reach);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let permitted: Vec<SocketAddr> =
                found.iter().copied().filter(|address| reach.permits(address.ip())).collect();
            if permitted.is_empty() && !found.is_empty() {
                return Err(Box::new(OutOfReach) as Box<dyn StdError + Send + Sync>);
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// A name led to addresses alone that may not be called.
#[derive(Debug)]
struct OutOfReach;

impl fmt::Display for OutOfReach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to addresses that may not be called")
    }
}

impl StdError for OutOfReach {}

/// Whether the resolver refused the name.
pub(super) fn is_refusal(error: &reqwest::Error) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        if cause.is::<OutOfReach>() {
            return true;
        }
        next = cause.source();
    }
    false
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_literal_address_is_judged_in_every_spelling() {
        for text in [
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://[::1]/",
            "http://[::ffff:a00:1]/",
        ] {
            assert!(!Reach::Public.permits_host(&url(text)), "{text}");
            assert!(Reach::Private.permits_host(&url(text)), "{text}");
        }
        assert!(Reach::Public.permits_host(&url("https://api.hrflow.ai/v1")));
        assert!(!Reach::Private.permits_host(&url("http://134744072/")));
    }

    #[test]
    fn nothing_goes_to_the_public_internet_in_clear() {
        for (base, allow_private_network, reach) in [
            ("https://ats.example", false, Reach::Public),
            ("http://ats.example", false, Reach::Public),
            ("https://ats.example", true, Reach::Any),
            ("http://ats.example", true, Reach::Private),
        ] {
            assert_eq!(Reach::of(&url(base), allow_private_network), reach, "{base}");
        }
    }
}
