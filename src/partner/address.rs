//! The addresses that are called: the partner's base, a configured path, and a reference that can change neither.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::error::{Error, Kind, Result};
use crate::model::Reference;

/// Where the reference goes in a path.
const PLACE: &str = "{reference}";

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The address of a path under the base; none if the path leads elsewhere or is none.
pub(super) fn under(base: &Url, path: &str) -> Option<Url> {
    let root = base.as_str().trim_end_matches('/');
    let url = Url::parse(&format!("{root}/{}", path.trim_start_matches('/'))).ok()?;
    let inside = url.path().starts_with(&format!("{}/", base.path().trim_end_matches('/')));
    (url.origin() == base.origin() && url.fragment().is_none() && inside).then_some(url)
}

/// The address of one object, with the reference still to come.
pub(super) struct Template {
    base: Url,
    path: String,
    segments: usize,
}

impl Template {
    /// A path with `{reference}` in it; none if there is no such place or the path leads elsewhere.
    pub(super) fn new(base: &Url, path: &str) -> Option<Self> {
        let sample = under(base, &path.replace(PLACE, "x"))?;
        let usable = path.contains(PLACE) && !base.as_str().contains(PLACE);
        usable.then(|| Self { base: base.clone(), path: path.to_owned(), segments: segments(&sample) })
    }

    /// The address of this object. Fails with [`Kind::Invalid`] if the reference would change the address's shape.
    pub(super) fn fill(&self, reference: &Reference) -> Result<Url> {
        let encoded = utf8_percent_encode(reference.as_str(), RESERVED).to_string();
        let url = under(&self.base, &self.path.replace(PLACE, &encoded));
        url.filter(|url| segments(url) == self.segments).ok_or_else(|| {
            Error::new(Kind::Invalid, "the reference cannot be part of the partner's address")
                .field("reference", "would change the address")
        })
    }
}

fn segments(url: &Url) -> usize {
    url.path_segments().map_or(0, Iterator::count)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn filled(path: &str, reference: &str) -> Option<String> {
        let base = Url::parse("https://ats.example/api/").unwrap();
        let url = Template::new(&base, path).unwrap().fill(&Reference::parse(reference).unwrap()).ok()?;
        Some(url.as_str().to_owned())
    }

    #[test]
    fn a_reference_stays_one_segment() {
        for (reference, segment) in [
            ("CRM-1", "CRM-1"),
            ("a/b", "a%2Fb"),
            ("été 7", "%C3%A9t%C3%A9%207"),
            ("%2e%2e", "%252e%252e"),
            ("..;", "..%3B"),
            ("a?b#c", "a%3Fb%23c"),
            ("\\..\\", "%5C..%5C"),
        ] {
            let expected = format!("https://ats.example/api/jobs/{segment}/full");
            assert_eq!(filled("/jobs/{reference}/full", reference), Some(expected));
        }
        let expected = "https://ats.example/api/job?id=a%26b%3Dc";
        assert_eq!(filled("/job?id={reference}", "a&b=c").as_deref(), Some(expected));
    }

    #[test]
    fn a_dot_in_the_template_lets_no_reference_climb() {
        assert_eq!(filled("/jobs/.{reference}", ".x").as_deref(), Some("https://ats.example/api/jobs/..x"));
        assert_eq!(
            filled("/jobs/{reference}.{reference}", "a").as_deref(),
            Some("https://ats.example/api/jobs/a.a")
        );
        let base = Url::parse("https://ats.example/api").unwrap();
        assert!(
            Template::new(&base, "/jobs/%2e{reference}")
                .unwrap()
                .fill(&Reference::parse("%2e").unwrap())
                .is_ok()
        );
    }

    #[test]
    fn a_path_that_leaves_the_base_is_refused() {
        let base = Url::parse("https://ats.example/api").unwrap();
        for path in ["/../admin", "/../apix", "/%2e%2e/admin", "/jobs#part"] {
            assert!(under(&base, path).is_none(), "{path}");
        }
        assert!(Template::new(&base, "/jobs").is_none());
        assert_eq!(under(&base, "jobs?a=b").unwrap().as_str(), "https://ats.example/api/jobs?a=b");
        assert_eq!(under(&base, "//evil.example/x").unwrap().host_str(), Some("ats.example"));
    }

    proptest! {
        #[test]
        fn no_reference_changes_host_or_depth(text in "\\PC{1,255}") {
            if let Ok(reference) = Reference::parse(text) {
                let base = Url::parse("https://ats.example/api").unwrap();
                let url = Template::new(&base, "/jobs/{reference}").unwrap().fill(&reference).unwrap();
                prop_assert_eq!(url.origin(), base.origin());
                let last = url.path_segments().unwrap().next_back().unwrap().to_owned();
                let decoded = percent_encoding::percent_decode_str(&last).decode_utf8().unwrap().into_owned();
                prop_assert_eq!(decoded, reference.as_str());
                prop_assert_eq!(segments(&url), 3);
            }
        }
    }
}
