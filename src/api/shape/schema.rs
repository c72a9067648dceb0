//! The shapes of parameters in the OpenAPI document: as text in a query string, and natively in a JSON body.

use serde_json::{Value, json};
use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};

use super::{MAX_CHARS, MAX_CURSOR, MAX_ITEMS, Shape};
use crate::model::Reference;

impl Shape {
    /// Whether its text is JSON.
    fn is_json(self) -> bool {
        matches!(
            self,
            Self::Point
                | Self::Words
                | Self::References(_)
                | Self::Names
                | Self::Tags
                | Self::FloatRanges
                | Self::DateRanges
        )
    }

    /// An example in a query string: what is told, else what every parameter of this shape takes.
    pub(in crate::api) fn query_example(self, told: Option<&str>) -> Value {
        if self.is_json() { json!(told.unwrap_or(self.model())) } else { self.json_example(told) }
    }

    /// The schema in a query string.
    pub(in crate::api) fn in_query(self, told: Option<&str>) -> RefOr<Schema> {
        if self.is_json() {
            let help = format!("JSON, for example `{}`", told.unwrap_or(self.model()));
            return text().description(Some(help)).into();
        }
        self.in_body()
    }

    /// The schema in a JSON body.
    pub(in crate::api) fn in_body(self) -> RefOr<Schema> {
        match self {
            Self::Text => line().into(),
            Self::Reference => {
                let reference = text().min_length(Some(1)).max_length(Some(Reference::MAX_CHARS));
                reference.pattern(Some(Reference::PATTERN)).into()
            }
            Self::Cursor => {
                let cursor = text().min_length(Some(1)).max_length(Some(MAX_CURSOR));
                cursor.pattern(Some("^[A-Za-z0-9_-]+$")).into()
            }
            Self::Whole { least, most, default } => {
                let whole = ObjectBuilder::new().schema_type(Type::Integer);
                let whole = whole.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
                whole
                    .minimum(Some(float(least)))
                    .maximum(Some(float(most)))
                    .default(default.map(Value::from))
                    .into()
            }
            Self::Number { least, most } => number().minimum(Some(least)).maximum(Some(most)).into(),
            Self::Flag => ObjectBuilder::new().schema_type(Type::Boolean).into(),
            Self::Date => date().into(),
            Self::Choice(words) => text().enum_values(Some(words.iter().copied())).into(),
            Self::Fields(words) => {
                list(text().enum_values(Some(words.iter().copied())).into(), words.len()).into()
            }
            Self::Words => list(line().into(), MAX_ITEMS).into(),
            Self::References(most) => list(Self::Reference.in_body(), most).unique_items(true).into(),
            Self::Point => Ref::from_schema_name("GeoPoint").into(),
            Self::Names => list(Ref::from_schema_name("NamedCriterion").into(), MAX_ITEMS).into(),
            Self::Tags => {
                let any = list(Ref::from_schema_name("TagCriterion").into(), MAX_ITEMS);
                list(any.into(), MAX_ITEMS).into()
            }
            Self::FloatRanges => list(Ref::from_schema_name("NumberRange").into(), MAX_ITEMS).into(),
            Self::DateRanges => list(Ref::from_schema_name("DateRange").into(), MAX_ITEMS).into(),
        }
    }

    /// An example in a JSON body.
    pub(in crate::api) fn json_example(self, told: Option<&str>) -> Value {
        match self {
            Self::Text => json!(told.unwrap_or("Rust")),
            Self::Cursor => json!(told.unwrap_or("WyJldmVudHMiLFswLDddXQ")),
            Self::Whole { default, least, .. } => number_of(told).unwrap_or(default.unwrap_or(least).into()),
            Self::Number { least, .. } => number_of(told).unwrap_or(least.into()),
            Self::Flag => true.into(),
            Self::Fields(words) => json!(words.iter().take(2).collect::<Vec<_>>()),
            _ if self.is_json() => serde_json::from_str(told.unwrap_or(self.model())).unwrap_or_default(),
            _ => json!(told.unwrap_or(self.model())),
        }
    }
}

fn number_of(told: Option<&str>) -> Option<Value> {
    serde_json::from_str(told?).ok()
}

/// What the schemas above name.
pub(in crate::api) fn components() -> [(String, RefOr<Schema>); 5] {
    let scalar = [Type::String, Type::Number, Type::Boolean];
    let optional = [Type::String, Type::Number, Type::Boolean, Type::Null];
    let named = |help: &str, types: &[Type], value_help: &str| {
        let value = ObjectBuilder::new().schema_type(types.iter().cloned().collect::<SchemaType>());
        object(help)
            .property("name", describe(line(), "Its name.", "Rust"))
            .required("name")
            .property("value", value.description(Some(value_help)).examples([json!("permanent")]))
    };
    let range = |help: &str, bound: &dyn Fn() -> ObjectBuilder, kind: Type, example: Value| {
        let bound = || bound().schema_type(SchemaType::from_iter([kind.clone(), Type::Null]));
        let end = |help: &str| bound().description(Some(help)).examples([example.clone()]);
        object(help)
            .property("name", describe(line(), "The name of the object's range.", "salary"))
            .required("name")
            .property("value_min", end("The least value; this end or the other must be there."))
            .property("value_max", end("The greatest value; this end or the other must be there."))
    };
    let degrees = |most: f64, help: &str, example: f64| {
        let degrees = number().minimum(Some(-most)).maximum(Some(most));
        degrees.description(Some(help)).examples([json!(example)])
    };
    let point = object("A point on the globe.")
        .property("lat", degrees(90.0, "Degrees north.", 48.8566))
        .required("lat")
        .property("lng", degrees(180.0, "Degrees east.", 2.3522))
        .required("lng");
    let any_value = "Its value; without one, any will do.";
    [
        ("GeoPoint".to_owned(), point.into()),
        (
            "NamedCriterion".to_owned(),
            named("Something that the object must have.", &optional, any_value).into(),
        ),
        (
            "TagCriterion".to_owned(),
            named("A tag and its value.", &scalar, "Its value.").required("value").into(),
        ),
        (
            "NumberRange".to_owned(),
            range("A range of numbers that the object's must meet.", &number, Type::Number, json!(40_000))
                .into(),
        ),
        (
            "DateRange".to_owned(),
            range(
                "A range of dates that the object's must meet.",
                &date,
                Type::String,
                json!("2026-01-01T00:00:00Z"),
            )
            .into(),
        ),
    ]
}

fn object(help: &str) -> ObjectBuilder {
    use utoipa::openapi::schema::AdditionalProperties;
    let object = ObjectBuilder::new().schema_type(Type::Object).description(Some(help));
    object.additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn describe(schema: ObjectBuilder, help: &str, example: &str) -> ObjectBuilder {
    schema.description(Some(help)).examples([json!(example)])
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn line() -> ObjectBuilder {
    text().min_length(Some(1)).max_length(Some(MAX_CHARS)).pattern(Some(Reference::PATTERN))
}

fn date() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
}

fn number() -> ObjectBuilder {
    let number = ObjectBuilder::new().schema_type(Type::Number);
    number.format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
}

fn list(items: RefOr<Schema>, most: usize) -> ArrayBuilder {
    ArrayBuilder::new().items(items).min_items(Some(1)).max_items(Some(most))
}

#[expect(clippy::cast_precision_loss, reason = "bounds are small")]
fn float(number: u64) -> f64 {
    number as f64
}
