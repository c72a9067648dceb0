//! From which address a request came: the peer's, or what a trusted proxy says.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, X_FORWARDED_FOR};
use ipnet::IpNet;

/// Whose word is taken for a client's address.
pub(super) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(super) fn new(trusted: &[IpNet]) -> Self {
        Self(trusted.to_vec())
    }

    /// The address a request came from. Without proxies that are trusted it is the peer's, whatever headers say.
    pub(super) fn origin(&self, request: &HttpRequest) -> IpAddr {
        // Only a request that no network brought has no peer.
        let peer = request.peer_addr().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.ip());
        self.behind(peer.to_canonical(), request.headers())
    }

    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trust(peer) {
            return peer;
        }
        let forwarded = headers.contains_key(FORWARDED).then(|| {
            self.nearest_stranger(
                peer,
                &list(headers, FORWARDED.as_str(), |element| {
                    parameters(element)
                        .find_map(|(name, value)| name.eq_ignore_ascii_case("for").then_some(value))
                }),
            )
        });
        let for_header = headers.contains_key(X_FORWARDED_FOR).then(|| {
            self.nearest_stranger(
                peer,
                &list(headers, X_FORWARDED_FOR.as_str(), |element| Some(element.to_owned())),
            )
        });
        match (forwarded, for_header) {
            (Some(one), Some(other)) if one == other => one,
            // A proxy sets one of the two and lets the other pass as the client wrote it: nobody knows which.
            (Some(_), Some(_)) | (None, None) => peer,
            (Some(address), None) | (None, Some(address)) => address,
        }
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|block| block.contains(&address))
    }

    /// Each proxy adds at the right whom it heard: the first from there that is not ours is the client. What cannot be
    /// read was not written by ours, and ends the search at whoever passed it on.
    fn nearest_stranger(&self, peer: IpAddr, path: &[Option<IpAddr>]) -> IpAddr {
        let mut nearest = peer;
        for address in path.iter().rev() {
            let Some(address) = address else { break };
            nearest = *address;
            if !self.trust(nearest) {
                break;
            }
        }
        nearest
    }
}

/// The addresses of a header's elements, over all its lines.
fn list(headers: &HeaderMap, name: &str, value: impl Fn(&str) -> Option<String>) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(name).map(|line| line.to_str().unwrap_or_default());
    let elements = lines.flat_map(|line| split(line, ','));
    elements.map(|element| value(element).as_deref().and_then(address)).collect()
}

/// The parts of a text between separators that do not stand inside quotation marks.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == separator && !quoted => {
                parts.push(text[start..at].trim());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

/// The parameters of an element of `Forwarded` (RFC 7239), without quotation marks.
fn parameters(element: &str) -> impl Iterator<Item = (&str, String)> {
    let pairs = split(element, ';').into_iter().filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim(), value.trim().trim_matches('"').to_owned()))
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address =
        bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    /// The origin of a request that came from `peer` with these headers, behind proxies in `10.0.0.0/8` and `fd00::/8`.
    fn origin(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let proxies = Proxies::new(&["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        proxies.behind(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn the_word_of_a_stranger_counts_for_nothing() {
        let said = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.1")];
        assert_eq!(origin("192.0.2.1", &said), "192.0.2.1");
    }

    #[test]
    fn behind_proxies_the_rightmost_stranger_is_the_client() {
        for (header, value, expected) in [
            ("x-forwarded-for", "198.51.100.1", "198.51.100.1"),
            ("x-forwarded-for", "203.0.113.9, 198.51.100.1, 10.0.0.7", "198.51.100.1"),
            ("x-forwarded-for", "198.51.100.1:4711", "198.51.100.1"),
            ("x-forwarded-for", "[2001:db8::1]:4711", "2001:db8::1"),
            ("x-forwarded-for", "::ffff:198.51.100.1", "198.51.100.1"),
            ("x-forwarded-for", "10.0.0.9, 10.0.0.7", "10.0.0.9"),
            ("x-forwarded-for", "198.51.100.1, unknown, 10.0.0.7", "10.0.0.7"),
            ("x-forwarded-for", "", "10.0.0.1"),
            ("forwarded", "for=203.0.113.9, For=198.51.100.1;proto=https;by=10.0.0.1", "198.51.100.1"),
            ("forwarded", r#"for="[2001:db8::1]:4711""#, "2001:db8::1"),
            ("forwarded", r#"for=198.51.100.1;host="a, for=203.0.113.9""#, "198.51.100.1"),
            ("forwarded", r#"for=198.51.100.1;host="a\", for=203.0.113.9""#, "198.51.100.1"),
            ("forwarded", "for=198.51.100.1, for=_hidden", "10.0.0.1"),
            ("forwarded", "proto=https", "10.0.0.1"),
        ] {
            assert_eq!(origin("10.0.0.1", &[(header, value)]), expected, "{header}: {value}");
        }
        let lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(origin("fd00::1", &lines), "198.51.100.1");
    }

    #[test]
    fn two_headers_that_disagree_prove_nothing() {
        let said = |other| [("x-forwarded-for", "198.51.100.1"), ("forwarded", other)];
        assert_eq!(origin("10.0.0.1", &said("for=198.51.100.1")), "198.51.100.1");
        assert_eq!(origin("10.0.0.1", &said("for=203.0.113.9")), "10.0.0.1");
    }
}
