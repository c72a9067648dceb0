//! An OpenAPI document as a value: its parts in the order a reader wants, and a walk over its schemas.

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::OpenApi;

/// The fields that an operation can have on an address.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// A document.
#[derive(Clone, Serialize)]
pub struct Document {
    pub(super) openapi: String,
    pub(super) info: Value,
    pub(super) servers: Value,
    pub(super) tags: Value,
    pub(super) paths: Value,
    pub(super) components: Value,
}

impl From<OpenApi> for Document {
    fn from(generated: OpenApi) -> Self {
        Self {
            openapi: "3.1.0".to_owned(),
            info: value(generated.info),
            servers: value(generated.servers),
            tags: value(generated.tags),
            paths: value(generated.paths),
            components: value(generated.components),
        }
    }
}

/// What was generated holds no key that is not a text, so it can be written.
fn value(part: impl Serialize) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}

impl Document {
    /// The document as it is committed and served.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Every operation.
    fn operations(&mut self) -> impl Iterator<Item = &mut Value> {
        members(&mut self.paths)
            .flat_map(members_of)
            .filter_map(|(method, operation)| METHODS.contains(&method.as_str()).then_some(operation))
    }

    /// Every parameter.
    pub(super) fn parameters(&mut self) -> impl Iterator<Item = &mut Value> {
        self.operations().filter_map(|operation| operation.get_mut("parameters")).flat_map(elements)
    }

    /// Every body, of requests and of answers.
    pub(super) fn contents(&mut self) -> impl Iterator<Item = &mut Value> {
        self.typed_contents().map(|(_, content)| content)
    }

    /// Every body of a media type.
    pub(super) fn contents_as(&mut self, media_type: &str) -> impl Iterator<Item = &mut Value> {
        self.typed_contents().filter_map(move |(known, content)| (known == media_type).then_some(content))
    }

    fn typed_contents(&mut self) -> impl Iterator<Item = (&String, &mut Value)> {
        self.operations().flat_map(|operation| {
            let Value::Object(operation) = operation else { return Vec::new() };
            let mut found = Vec::new();
            for (name, part) in operation {
                match name.as_str() {
                    "requestBody" => found.extend(contents_of(part)),
                    "responses" => found.extend(members(part).flat_map(contents_of)),
                    _ => {}
                }
            }
            found
        })
    }

    /// Every schema that is not part of another one: named, of a parameter, of a header, of a body.
    pub(super) fn each_schema(&mut self, visit: &mut impl FnMut(&mut Value)) {
        members(&mut self.components["schemas"]).for_each(&mut *visit);
        self.parameters().filter_map(schema_of).for_each(&mut *visit);
        let responses = self.operations().filter_map(|operation| operation.get_mut("responses"));
        responses.flat_map(members).flat_map(headers_of).filter_map(schema_of).for_each(&mut *visit);
        self.contents().filter_map(schema_of).for_each(visit);
    }
}

/// Calls `visit` with every part of a schema that is a schema itself.
pub(super) fn each_part(schema: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    let Value::Object(schema) = schema else { return };
    for (name, part) in schema {
        match name.as_str() {
            "properties" => members(part).for_each(&mut *visit),
            "oneOf" | "anyOf" | "allOf" => elements(part).for_each(&mut *visit),
            "items" | "additionalProperties" | "propertyNames" | "not" => visit(part),
            _ => {}
        }
    }
}

fn members_of(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}

fn members(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    members_of(value).map(|(_, member)| member)
}

fn elements(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    value.as_array_mut().into_iter().flatten()
}

fn schema_of(value: &mut Value) -> Option<&mut Value> {
    value.get_mut("schema")
}

fn contents_of(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.get_mut("content").into_iter().flat_map(members_of)
}

fn headers_of(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    value.get_mut("headers").into_iter().flat_map(members)
}
