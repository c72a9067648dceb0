//! Explains the score of one pair: its strengths and its gaps in words. Takes HrFlow seconds.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::lax::Lax;
use super::ranking::unreadable;
use super::{About, Client, OF_A_PAIR, Pair};
use crate::error::Result;
use crate::http::Request;
use crate::model::Entity;

/// The most strengths, and the most gaps, that are taken over.
const MOST: usize = 50;

/// The most characters of a name.
const NAME: usize = 300;

/// The most characters of a description.
const DESCRIPTION: usize = 4_000;

/// What HrFlow says of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upskilling {
    /// What speaks for it.
    pub strengths: Vec<Trait>,
    /// What speaks against it; HrFlow calls them weaknesses.
    pub gaps: Vec<Trait>,
}

/// A strength or a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trait {
    /// In a few words.
    pub name: String,
    /// The evidence, if HrFlow gives any.
    pub description: Option<String>,
}

#[derive(Deserialize)]
struct Data {
    strengths: Option<Vec<Item>>,
    weaknesses: Option<Vec<Item>>,
}

/// One odd item must not take the answer with it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Item {
    Bare(String),
    Named {
        #[serde(default)]
        name: Lax<String>,
        #[serde(default)]
        description: Lax<String>,
    },
    Odd(IgnoredAny),
}

impl Client {
    /// Why a pair has this score, in the language `lang`.
    ///
    /// Fails with [`Kind::NotFound`](crate::error::Kind::NotFound) when HrFlow does not find one of the two.
    pub async fn explain(&self, pair: &Pair<'_>, score: f64, lang: &str) -> Result<Upskilling> {
        let mut url = self.address(&format!("{}/upskilling", pair.ranked));
        for entity in Entity::ALL {
            url.query_pairs_mut()
                .append_pair(&format!("{}_key", entity.container()), pair.container_key(entity))
                .append_pair(&format!("{entity}_key"), pair.key(entity));
        }
        url.query_pairs_mut().append_pair("score", &score.to_string()).append_pair("output_lang", lang);
        let about = About { what: "pair", must_exist: true, remedy: OF_A_PAIR, members: None };
        let request = Request::get(url).within(self.explanation_timeout);
        upskilling(self.inquire::<Data>(request, about).await?.data)
    }
}

fn upskilling(data: Data) -> Result<Upskilling> {
    if data.strengths.is_none() && data.weaknesses.is_none() {
        return Err(unreadable("`data.strengths` is missing"));
    }
    Ok(Upskilling { strengths: traits(data.strengths), gaps: traits(data.weaknesses) })
}

fn traits(items: Option<Vec<Item>>) -> Vec<Trait> {
    let read = |item| match item {
        Item::Bare(name) => Some((name, None)),
        // Without a name the description is all there is to show.
        Item::Named { name: Lax(name), description: Lax(description) } => match name {
            Some(name) if !name.trim().is_empty() => Some((name, description)),
            _ => description.map(|description| (description, None)),
        },
        Item::Odd(_) => None,
    };
    let named = items.unwrap_or_default().into_iter().filter_map(read);
    let shown = named.filter(|(name, _)| !name.trim().is_empty()).take(MOST);
    shown
        .map(|(name, description)| Trait {
            name: cut(&name, NAME),
            description: description
                .map(|text| cut(&text, DESCRIPTION))
                .filter(|text: &String| !text.is_empty()),
        })
        .collect()
}

/// At most this many characters, without space around them and without the control characters that PostgreSQL or a screen
/// does not take.
fn cut(text: &str, most: usize) -> String {
    text.trim().chars().filter(|c| !c.is_control() || *c == '\n').take(most).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::{Value, json};

    use super::*;

    fn read(data: Value) -> Upskilling {
        upskilling(serde_json::from_value(data).unwrap()).unwrap()
    }

    fn names(traits: &[Trait]) -> Vec<&str> {
        traits.iter().map(|one| one.name.as_str()).collect()
    }

    #[test]
    fn odd_items_are_left_out_and_the_rest_is_shown() {
        let read = read(json!({
            "strengths": [
                {"name": " Rust ", "description": "Eight\u{0} years.", "weight": 7}, "SQL", null, 7, {}, [], "",
                {"name": null, "description": "No name"}, {"name": "Bare", "description": 7},
                {"name": " ", "description": ""},
            ],
            "weaknesses": null,
        }));
        assert_eq!(names(&read.strengths), ["Rust", "SQL", "No name", "Bare"]);
        assert_eq!(read.strengths[0].description.as_deref(), Some("Eight years."));
        assert_eq!(read.strengths[3].description, None);
        assert_eq!(read.gaps, []);
    }

    #[test]
    fn an_answer_without_either_list_cannot_be_read() {
        for data in [json!({}), json!({"strengths": null}), json!({"strength": []})] {
            assert!(upskilling(serde_json::from_value(data.clone()).unwrap()).is_err(), "{data}");
        }
        assert!(serde_json::from_value::<Data>(json!({"strengths": "many"})).is_err());
    }

    #[test]
    fn nothing_is_longer_than_a_card_can_show() {
        let item = json!({"name": "é".repeat(1_000), "description": "ß".repeat(10_000)});
        let read = read(json!({"weaknesses": vec![item; 100]}));
        assert_eq!(read.gaps.len(), MOST);
        assert_eq!(read.gaps[0].name.chars().count(), NAME);
        assert_eq!(read.gaps[0].description.as_ref().unwrap().chars().count(), DESCRIPTION);
    }
}
