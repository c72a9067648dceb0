//! Tables of parameters in the OpenAPI document: as query parameters, and as the members of a JSON body.

use serde_json::{Map, Value};
use utoipa::openapi::path::{Parameter as Documented, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, Required};

use super::{PARTNER, Parameter};
use crate::api::shape::Shape;

/// The parameters of tables as a query string has them.
pub(in crate::api) fn document(tables: &[&[Parameter]]) -> Vec<Documented> {
    let document = |parameter: &Parameter| {
        // Names with commas between them are what OpenAPI calls a list that is not exploded.
        let listed = matches!(parameter.shape, Shape::Fields(_));
        let example = parameter.shape.query_example(parameter.example);
        ParameterBuilder::new()
            .name(parameter.name)
            .parameter_in(ParameterIn::Query)
            .required(if parameter.required { Required::True } else { Required::False })
            .description(Some(parameter.help))
            .schema(Some(shown(parameter.shape.in_query(parameter.example), example.clone())))
            .style(listed.then_some(ParameterStyle::Form))
            .explode(listed.then_some(false))
            // A viewer sends the example of a parameter unasked, and that of its schema not.
            .example(parameter.required.then_some(example))
            .build()
    };
    tables.iter().copied().flatten().map(document).collect()
}

/// The parameters of tables as a JSON body has them; the partner is named in the query string all the same.
pub(in crate::api) fn body_schema(tables: &[&[Parameter]]) -> RefOr<Schema> {
    let members = tables.iter().copied().flatten().filter(|parameter| parameter.name != PARTNER.name);
    let mut body = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("What is asked for, under the names that the query string has."))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    let mut example = Map::new();
    for Parameter { name, shape, required, help, example: told } in members {
        let value = shape.json_example(*told);
        body = body.property(*name, described(shape.in_body(), help, value.clone()));
        if *required {
            body = body.required(*name);
            example.insert((*name).to_owned(), value);
        }
    }
    if let Some(limit) = ["limit", "top"].iter().find(|limit| body_has(tables, limit)) {
        example.insert((*limit).to_string(), Value::from(10));
    }
    body.examples([Value::Object(example)]).into()
}

fn body_has(tables: &[&[Parameter]], name: &str) -> bool {
    tables.iter().copied().flatten().any(|parameter| parameter.name == name)
}

fn described(mut schema: RefOr<Schema>, help: &str, example: Value) -> RefOr<Schema> {
    match &mut schema {
        RefOr::Ref(reference) => help.clone_into(&mut reference.description),
        RefOr::T(Schema::Object(object)) => object.description = Some(help.to_owned()),
        RefOr::T(Schema::Array(array)) => array.description = Some(help.to_owned()),
        RefOr::T(_) => {}
    }
    shown(schema, example)
}

/// With an example; one that is named has its own.
fn shown(mut schema: RefOr<Schema>, example: Value) -> RefOr<Schema> {
    match &mut schema {
        RefOr::T(Schema::Object(object)) => object.examples = vec![example],
        RefOr::T(Schema::Array(array)) => array.examples = vec![example],
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
    schema
}

/// Names what an operation reads from its query string.
macro_rules! query {
    ($(#[$doc:meta])* $name:ident: $($table:expr),+ $(,)?) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl $name {
            /// What is known.
            pub(super) const KNOWN: &'static [&'static [$crate::api::parameters::Parameter]] = &[$($table),+];
        }

        impl utoipa::IntoParams for $name {
            fn into_params(
                _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                $crate::api::parameters::document(Self::KNOWN)
            }
        }
    };
}
pub(in crate::api) use query;

/// The headers that a ranking reads, so that generated clients can send them.
pub(in crate::api) struct Freshness;

impl utoipa::IntoParams for Freshness {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Documented> {
        let header = |name: &str, help: &str, example: &str| {
            let text = ObjectBuilder::new().schema_type(Type::String).examples([Value::from(example)]);
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(help))
                .schema(Some(Schema::from(text)))
                .build()
        };
        vec![
            header(
                "If-None-Match",
                "The `ETag` of an answer that the caller has: where it still holds, the answer is 304.",
                "W/\"5d41402abc4b2a76b9719d911017c592\"",
            ),
            header("Cache-Control", "With `no-cache` HrFlow is asked anew.", "no-cache"),
        ]
    }
}

/// Names the JSON body that takes the place of a query string.
macro_rules! request {
    ($(#[$doc:meta])* $name:ident of $query:ident) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $crate::api::parameters::body_schema($query::KNOWN)
            }
        }

        impl utoipa::ToSchema for $name {
            fn schemas(
                schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>,
            ) {
                schemas.extend($crate::api::shape::schema::components());
            }
        }
    };
}
pub(in crate::api) use request;
