//! A checksum of a table that does not depend on the order of its rows, nor on which database tells them.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{BATCH_ROWS, Row, next_limit};
use crate::error::{Error, Kind, Result};

/// What a table holds, in a few bytes: the number of its rows and the sum of their digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many rows.
    pub rows: u64,
    digest: u128,
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.digest)
    }
}

impl Sum {
    /// Of all the rows that `read` gives, batch by batch, each after the key of the last one before.
    pub(super) fn of(mut read: impl FnMut(Option<&str>, usize) -> Result<Vec<Row>>) -> Result<Self> {
        let mut sum = Self::default();
        let mut after = None;
        let mut limit = BATCH_ROWS;
        loop {
            let rows = read(after.as_deref(), limit)?;
            if rows.is_empty() {
                return Ok(sum);
            }
            for row in &rows {
                sum.add(&row.text)?;
            }
            limit = next_limit(&rows);
            after = rows.into_iter().next_back().map(|row| row.key);
        }
    }

    fn add(&mut self, row: &str) -> Result<()> {
        let columns: BTreeMap<String, Value> = serde_json::from_str(row)
            .map_err(|cause| Error::new(Kind::Internal, "a row could not be read as JSON").because(cause))?;
        let mut digest = Sha256::new();
        for (name, value) in &columns {
            let value = alike(value);
            // Lengths keep a value from running over into the next.
            digest.update(format!("{name}={}:", value.len()));
            digest.update(value);
        }
        let bytes: [u8; 16] = std::array::from_fn({
            let digest = digest.finalize();
            move |place| digest[place]
        });
        self.rows += 1;
        self.digest = self.digest.wrapping_add(u128::from_be_bytes(bytes));
        Ok(())
    }
}

/// A value as both databases would write it: SQLite has no truth values and writes whole floats with a fraction.
fn alike(value: &Value) -> String {
    match value {
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.to_string(),
            None => number.as_f64().map_or_else(|| number.to_string(), |float| float.to_string()),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn sum(rows: &[&str]) -> Sum {
        let mut sum = Sum::default();
        for row in rows {
            sum.add(row).unwrap();
        }
        sum
    }

    #[test]
    fn the_order_of_rows_and_columns_and_the_database_make_no_difference() {
        let told = sum(&[r#"{"a":1,"b":"x"}"#, r#"{"a":2.0,"b":null}"#]);
        assert_eq!(told, sum(&[r#"{"b":null,"a":2}"#, r#"{"b":"x","a":true}"#]));
    }

    #[test]
    fn every_other_difference_does() {
        let told = sum(&[r#"{"a":1,"b":"x"}"#]);
        for other in [
            r#"{"a":1,"b":"y"}"#,
            r#"{"a":"1","b":"x"}"#,
            r#"{"a":1,"b":null}"#,
            r#"{"a":null,"b":"x"}"#,
            r#"{"a":1,"c":"x"}"#,
            r#"{"a":1.5,"b":"x"}"#,
        ] {
            assert_ne!(told, sum(&[other]), "{other}");
        }
        let twice = sum(&[r#"{"a":1,"b":"x"}"#, r#"{"a":1,"b":"x"}"#]);
        assert_ne!(told, twice);
    }
}
