//! Rows and their values as text.

use serde::Serialize;

use crate::error::{Error, Kind, Result};

/// Rows as one JSON text, for PostgreSQL's `json_populate_recordset`.
pub(super) fn as_json(rows: &[impl Serialize]) -> Result<String> {
    serde_json::to_string(rows)
        .map_err(|cause| Error::new(Kind::Internal, "a row could not be written as JSON").because(cause))
}

/// Defines an enum whose values are stored as text in both databases; a word nobody knows is an error.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name { $($(#[$variant_doc])* #[doc = concat!("`", $text, "`.")] $variant),+ }

        impl $name {
            /// The word in the row and on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<B: diesel::backend::Backend> diesel::serialize::ToSql<diesel::sql_types::Text, B> for $name
        where
            str: diesel::serialize::ToSql<diesel::sql_types::Text, B>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, B>,
            ) -> diesel::serialize::Result {
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, B>>::to_sql(self.as_str(), out)
            }
        }

        impl<B: diesel::backend::Backend> diesel::deserialize::FromSql<diesel::sql_types::Text, B> for $name
        where
            String: diesel::deserialize::FromSql<diesel::sql_types::Text, B>,
        {
            fn from_sql(raw: B::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                match String::from_sql(raw)?.as_str() {
                    $($text => Ok(Self::$variant),)+
                    other => Err(format!("`{other}` is no {}", stringify!($name)).into()),
                }
            }
        }
    };
}
pub(super) use text_enum;
