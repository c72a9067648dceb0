//! Dates on the wire: RFC 3339 out, RFC 3339 and its common relatives in.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, SubsecRound, Utc};

/// Reads a date: RFC 3339, the same with a space or without seconds' colon in the offset (`+0000`), without an offset
/// (then UTC), or a bare day (its first second, UTC). Nothing else.
pub fn parse_date(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(date) = DateTime::parse_from_rfc3339(text) {
        return Some(date.to_utc());
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%dT%H:%M%z"] {
        if let Ok(date) = DateTime::parse_from_str(text, format) {
            return Some(date.to_utc());
        }
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
        if let Ok(date) = NaiveDateTime::parse_from_str(text, format) {
            return Some(date.and_utc());
        }
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0).map(|date| date.and_utc())
}

/// The second a date lies in.
pub fn second_of(date: DateTime<Utc>) -> DateTime<Utc> {
    date.trunc_subsecs(0)
}

/// A date as we write it: RFC 3339, UTC, `Z`, with as many decimals as it has.
pub fn rfc3339(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_in_every_common_spelling() {
        for text in [
            "2022-03-01T14:21:58Z",
            "2022-03-01T14:21:58+00:00",
            "2022-03-01T16:21:58+0200",
            "2022-03-01 14:21:58",
            "2022-03-01T14:21:58",
            "2022-03-01T14:21:58.000",
        ] {
            assert_eq!(parse_date(text).map(rfc3339).as_deref(), Some("2022-03-01T14:21:58Z"), "{text}");
        }
        assert_eq!(parse_date("2022-03-01").map(rfc3339).as_deref(), Some("2022-03-01T00:00:00Z"));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "yesterday", "14:21", "2022-13-01", "1646144518"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
