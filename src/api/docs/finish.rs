//! What the derives cannot say: every body gets an example made of those of its fields, a field that may be null keeps its
//! description where readers and generators look for it, and no parameter is null.

use serde_json::{Map, Value, json};

use super::document::{Document, each_part};

/// How deep an example goes: schemas may name themselves.
const DEPTH: usize = 12;

/// The media type of answers that are one JSON document per line.
const LINES: &str = "application/x-ndjson";

/// Finishes a document.
pub(super) fn finish(mut document: Document) -> Document {
    document.each_schema(&mut lift_descriptions);
    document.parameters().for_each(never_null);
    let schemas = document.components["schemas"].take();
    for content in document.contents() {
        let missing = content.get("example").is_none() && content.get("examples").is_none();
        if let Some(example) =
            content.get("schema").filter(|_| missing).map(|schema| example(schema, &schemas, DEPTH))
        {
            content["example"] = example;
        }
    }
    document.components["schemas"] = schemas;
    document.contents_as(LINES).for_each(as_text);
    document
}

/// No schema speaks of lines: to a generator such an answer is a text, whose lines are described beside it.
fn as_text(content: &mut Value) {
    let line = content["schema"].take();
    content["schema"] = json!({"type": "string", "contentMediaType": LINES, "contentSchema": line});
    if let Some(example) = content.get_mut("example").filter(|example| !example.is_string()) {
        *example = format!("{example}\n").into();
    }
}

/// A parameter that may be left out has no way to be null.
fn never_null(parameter: &mut Value) {
    let Some(types) = parameter["schema"].get_mut("type").filter(|types| types.is_array()) else { return };
    if let [Value::String(only), Value::String(null)] =
        types.as_array().map(Vec::as_slice).unwrap_or_default()
        && null == "null"
    {
        *types = only.clone().into();
    }
}

/// `Option<T>` becomes a choice of `T` and null, with the field's description beside the reference to `T`.
fn lift_descriptions(schema: &mut Value) {
    each_part(schema, &mut lift_descriptions);
    let Some(choices) = schema.get_mut("oneOf").and_then(Value::as_array_mut) else { return };
    if choices.len() != 2 || !choices.iter().any(|choice| choice["type"] == "null") {
        return;
    }
    let description = choices.iter_mut().find_map(|choice| choice.as_object_mut()?.remove("description"));
    if let Some(description) = description {
        schema["description"] = description;
    }
}

/// A value that a schema allows, made of its examples.
fn example(schema: &Value, schemas: &Value, depth: usize) -> Value {
    let given =
        schema.get("example").or_else(|| schema.get("examples")?.get(0)).or_else(|| schema.get("default"));
    if let Some(given) = given.or_else(|| schema.get("const")).or_else(|| schema.get("enum")?.get(0)) {
        return given.clone();
    }
    if depth == 0 {
        return Value::Null;
    }
    let part = |part: &Value| example(part, schemas, depth - 1);
    if let Some(name) = schema["$ref"].as_str().and_then(|address| address.rsplit('/').next()) {
        return part(&schemas[name]);
    }
    if let Some(first) = ["oneOf", "anyOf"].iter().find_map(|choice| schema[choice].as_array()) {
        return first.iter().find(|choice| choice["type"] != "null").map_or(Value::Null, part);
    }
    if let Some(all) = schema["allOf"].as_array() {
        let members = all.iter().map(part).filter_map(|value| value.as_object().cloned());
        return Value::Object(members.flatten().collect());
    }
    if let Some(properties) = schema["properties"].as_object() {
        return properties
            .iter()
            .map(|(name, property)| (name.clone(), part(property)))
            .collect::<Map<_, _>>()
            .into();
    }
    match schema.get("items") {
        Some(items) => json!([part(items)]),
        None => Value::Null,
    }
}
