//! A JSON body as a list of its members: nothing that is there twice gets lost.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::{Error, Kind, Result};

/// The members of a body.
pub(in crate::api) struct Members {
    /// Each name and its first value.
    pub(in crate::api) list: Vec<(String, Value)>,
    /// The paths of the members that came again, at any depth.
    pub(in crate::api) repeated: Vec<String>,
}

/// Reads a body.
///
/// # Errors
/// `Malformed` when it is no JSON, or no object.
pub(in crate::api) fn read(body: &[u8]) -> Result<Members> {
    let mut repeated = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let seed = Reader { path: String::new(), repeated: &mut repeated };
    let read = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match read {
        Ok(Value::Object(members)) => Ok(Members { list: members.into_iter().collect(), repeated }),
        Ok(_) => {
            Err(Error::new(Kind::Malformed, "the parameters cannot be read")
                .field("body", "must be an object"))
        }
        Err(cause) => {
            let (line, column) = (cause.line(), cause.column());
            let message = format!("the body is not JSON (line {line}, column {column})");
            Err(Error::new(Kind::Malformed, message).because(cause))
        }
    }
}

/// Reads one value, and notes the paths of members that come again in it.
struct Reader<'a> {
    path: String,
    repeated: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Reader {
            path: format!("{}[{}]", self.path, list.len()),
            repeated: self.repeated,
        })? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let separator = if self.path.is_empty() { "" } else { "." };
            let path = format!("{}{separator}{name}", self.path);
            let value = members.next_value_seed(Reader { path: path.clone(), repeated: self.repeated })?;
            if map.contains_key(&name) {
                self.repeated.push(path);
            } else {
                map.insert(name, value);
            }
        }
        Ok(map.into())
    }
}
