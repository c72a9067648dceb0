//! Takes secrets and people's addresses out of what the other side says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::config::{Auth, Config};
use crate::model::Secret;

/// The most characters of the other side's text that we show.
const EXCERPT: usize = 200;

/// Knows every configured secret in every spelling that an answer may echo.
#[derive(Default)]
pub struct Scrubber {
    spellings: Vec<String>,
}

impl Scrubber {
    /// A scrubber of these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut spellings = Vec::new();
        for secret in secrets {
            push(&mut spellings, secret.expose());
        }
        Self::of_spellings(spellings)
    }

    /// A scrubber of every secret of a configuration, `Authorization: Basic` included.
    pub fn of(config: &Config) -> Self {
        let mut spellings = Vec::new();
        for secret in config.secrets() {
            push(&mut spellings, secret.expose());
        }
        for partner in &config.partners {
            if let Auth::Basic { username, password } = &partner.service.auth {
                push(&mut spellings, &STANDARD.encode(format!("{username}:{}", password.expose())));
            }
        }
        Self::of_spellings(spellings)
    }

    fn of_spellings(mut spellings: Vec<String>) -> Self {
        // The longest first: a secret inside another one must not leave the rest of it behind.
        spellings.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
        spellings.dedup();
        Self { spellings }
    }

    /// The text with `***` for every secret and every e-mail address.
    pub fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for spelling in &self.spellings {
            if text.contains(spelling) {
                text = text.replace(spelling, "***");
            }
        }
        text.split_inclusive(char::is_whitespace).map(without_address).collect()
    }

    /// [`clean`](Self::clean) on one line and at most 200 characters; cleaned first, so that no secret is cut in half.
    pub fn excerpt(&self, text: &str) -> String {
        let clean = self.clean(text);
        let line = clean.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        let line = line.collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(EXCERPT) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
}

fn push(spellings: &mut Vec<String>, secret: &str) {
    if secret.is_empty() {
        return;
    }
    spellings.push(secret.to_owned());
    spellings.push(utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string());
    // As JSON writes it, without the quotation marks.
    let quoted = serde_json::Value::from(secret).to_string();
    spellings.push(quoted[1..quoted.len() - 1].to_owned());
}

/// A word with an e-mail address in it shows nothing but that there was one.
fn without_address(word: &str) -> &str {
    // In an address of the web it is written with %40.
    let parts = word.split_once('@').or_else(|| word.split_once("%40"));
    let is_address = parts.is_some_and(|(local, domain)| {
        local.ends_with(|c: char| c.is_alphanumeric() || "._%+-".contains(c)) && domain.contains('.')
    });
    if is_address { "*** " } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_a_secret_survives() {
        let scrubber = Scrubber::new(&[Secret::new("a\"b/c d"), Secret::new("a\"b"), Secret::new("")]);
        for text in ["key a\"b/c d!", r#"{"key":"a\"b/c d"}"#, "?key=a%22b%2Fc%20d"] {
            let clean = scrubber.clean(text);
            assert!(clean.contains("***") && !clean.contains("b/c") && !clean.contains("b%2Fc"), "{clean}");
        }
    }

    #[test]
    fn an_address_of_a_person_is_not_shown() {
        let clean = Scrubber::default().clean("the profile of <ada.moreau@example.org> exists");
        assert_eq!(clean, "the profile of *** exists");
        assert_eq!(Scrubber::default().clean("3 @ 4 é"), "3 @ 4 é");
    }

    #[test]
    fn an_excerpt_is_one_short_line_and_cuts_no_secret_in_half() {
        let secret = "s".repeat(80);
        let text = format!("{}\n{secret}", "é".repeat(150));
        let excerpt = Scrubber::new(&[Secret::new(&*secret)]).excerpt(&text);
        assert_eq!(excerpt, format!("{} ***", "é".repeat(150)));
        assert_eq!(Scrubber::default().excerpt(&"é".repeat(500)).chars().count(), 201);
    }
}
