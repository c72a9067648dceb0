//! Grades one pair: slower and closer than scoring, and on a scale of its own.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::ranking::unreadable;
use super::{About, Client, OF_A_PAIR, Pair};
use crate::error::Result;
use crate::http::Request;

/// `data` in its three shapes: a number for one pair, lists with an entry for each pair that was asked for, and either
/// once more inside.
#[derive(Deserialize)]
struct Graded {
    score: Option<Entry>,
    scores: Option<Vec<Option<Entry>>>,
    errors: Option<Vec<Option<IgnoredAny>>>,
    data: Option<Box<Graded>>,
}

/// A grade by itself, or as the second number of `[1 − grade, grade]`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Pair([f64; 2]),
    Number(f64),
}

impl Client {
    /// How good the ranked object of a pair is for the other, from 0 to 1; none when HrFlow cannot grade it, being too long
    /// for example. Takes up to the time limit of an explanation.
    ///
    /// Fails with [`Kind::NotFound`](crate::error::Kind::NotFound) when HrFlow does not find one of the two.
    pub async fn grade(&self, pair: &Pair<'_>, algorithm_key: &str) -> Result<Option<f64>> {
        let ranked = pair.ranked.singular();
        let mut url = self.address(&format!("{ranked}/grading"));
        let other = pair.ranked.other();
        let list = format!("{ranked}_ids[0]");
        url.query_pairs_mut()
            .append_pair("algorithm_key", algorithm_key)
            .append_pair(&format!("{}_key", other.container()), pair.container_key(other))
            .append_pair(&format!("{other}_key"), pair.key(other))
            .append_pair(&format!("{list}[{}_key]", pair.ranked.container()), pair.container_key(pair.ranked))
            .append_pair(&format!("{list}[{ranked}_key]"), pair.key(pair.ranked));
        let about = About { what: "pair", must_exist: true, remedy: OF_A_PAIR, members: None };
        let request = Request::get(url).within(self.explanation_timeout);
        grade(self.inquire::<Graded>(request, about).await?.data)
    }
}

fn grade(graded: Graded) -> Result<Option<f64>> {
    let entry = match graded {
        Graded { score: Some(entry), .. } => Some(entry),
        Graded { scores: Some(scores), .. } if !scores.is_empty() => scores.into_iter().next().flatten(),
        Graded { errors: Some(errors), .. } if errors.iter().any(Option::is_some) => None,
        Graded { data: Some(inside), .. } => return grade(*inside),
        _ => return Err(unreadable("`data.scores` is missing")),
    };
    let grade = entry.map(|(Entry::Pair([_, grade]) | Entry::Number(grade))| grade);
    match grade {
        Some(grade) if !(0.0..=1.0).contains(&grade) => Err(unreadable("a grade is not between 0 and 1")),
        grade => Ok(grade),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_grade_is_read_in_each_shape_that_was_seen() {
        for (data, expected) in [
            (json!({"scores": [[0.2131, 0.7869]], "errors": [null], "profiles": [null]}), Some(0.7869)),
            (json!({"score": 0.787, "profiles": []}), Some(0.787)),
            (json!({"data": {"score": 0.5}}), Some(0.5)),
            (json!({"score": 0.5, "scores": [[0.4, 0.6]]}), Some(0.5)),
            (json!({"scores": [null], "errors": ["profile too long"], "profiles": [null]}), None),
            (json!({"scores": [null]}), None),
            (json!({"scores": [], "errors": ["too long"]}), None),
        ] {
            assert_eq!(grade(serde_json::from_value(data.clone()).unwrap()).unwrap(), expected, "{data}");
        }
    }

    #[test]
    fn what_is_no_grade_is_told_and_never_taken_for_one() {
        for data in [
            json!({}),
            json!({"scores": []}),
            json!({"score": 1.5}),
            json!({"scores": [[1.7, -0.7]]}),
            json!({"errors": [null]}),
        ] {
            assert!(grade(serde_json::from_value(data.clone()).unwrap()).is_err(), "{data}");
        }
        for data in [json!({"score": "high"}), json!({"scores": [[0.1]]}), json!({"scores": 7}), json!([])] {
            assert!(serde_json::from_value::<Graded>(data.clone()).is_err(), "{data}");
        }
    }
}
