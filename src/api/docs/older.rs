//! The same document in OpenAPI 3.0.3, for generators that read nothing newer.
//!
//! What 3.1 took from JSON Schema is said in the words that 3.0 has for it; nothing else changes. Not used by the document
//! this starts from, and so not translated: `prefixItems`, `patternProperties`, `if`.

use serde_json::{Map, Value, json};

use super::document::{Document, each_part};

/// Translates a 3.1 document.
pub(super) fn translate(mut document: Document) -> Document {
    "3.0.3".clone_into(&mut document.openapi);
    if let Some(license) = document.info["license"].as_object_mut() {
        license.remove("identifier");
    }
    document.each_schema(&mut rewrite);
    document
}

fn rewrite(schema: &mut Value) {
    each_part(schema, &mut rewrite);
    let Value::Object(words) = schema else { return };
    for newer in ["propertyNames", "contentMediaType", "contentSchema"] {
        words.remove(newer);
    }
    allow_null(words);
    if let Some(Value::Array(types)) = words.get("type").cloned() {
        words.remove("type");
        let one_each = types.into_iter().map(|kind| json!({ "type": kind }));
        words.insert("anyOf".to_owned(), one_each.collect());
    }
    if let Some(only) = words.remove("const") {
        words.insert("enum".to_owned(), json!([only]));
    }
    if let Some(first) = words.remove("examples").as_ref().and_then(|examples| examples.get(0)) {
        words.insert("example".to_owned(), first.clone());
    }
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if let Some(limit) = words.get(exclusive).filter(|limit| limit.is_number()).cloned() {
            words.insert(bound.to_owned(), limit);
            words.insert(exclusive.to_owned(), json!(true));
        }
    }
    // Whatever stands beside a reference is ignored there.
    if words.len() > 1
        && let Some(reference) = words.remove("$ref")
    {
        words.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
    }
}

/// Null is no type there: it is allowed beside one.
fn allow_null(words: &mut Map<String, Value>) {
    let nullable = [without_null(words, "type"), without_null(words, "oneOf"), without_null(words, "anyOf")];
    if nullable.contains(&true) {
        words.insert("nullable".to_owned(), json!(true));
    }
}

/// Takes null out of a list, and the list away when one thing is left of it.
fn without_null(words: &mut Map<String, Value>, list: &str) -> bool {
    let Some(listed) = words.get_mut(list).and_then(Value::as_array_mut) else { return false };
    let before = listed.len();
    listed.retain(|one| one != "null" && one["type"] != "null");
    let removed = listed.len() < before;
    if let [only] = listed.as_slice() {
        let only = only.clone();
        words.remove(list);
        match only {
            Value::Object(members) => words.extend(members),
            other => drop(words.insert(list.to_owned(), other)),
        }
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_3_0_says_otherwise_is_said_otherwise() {
        for (newer, older) in [
            (json!({"type": ["string", "null"]}), json!({"type": "string", "nullable": true})),
            (
                json!({"type": ["string", "number", "null"]}),
                json!({"anyOf": [{"type": "string"}, {"type": "number"}], "nullable": true}),
            ),
            (json!({"type": "string", "const": "a"}), json!({"type": "string", "enum": ["a"]})),
            (json!({"type": "integer", "examples": [7, 8]}), json!({"type": "integer", "example": 7})),
            (
                json!({"type": "number", "exclusiveMinimum": 0.0, "exclusiveMaximum": 1.0}),
                json!({"type": "number", "minimum": 0.0, "exclusiveMinimum": true, "maximum": 1.0,
                    "exclusiveMaximum": true}),
            ),
            (json!({"$ref": "#/a"}), json!({"$ref": "#/a"})),
            (
                json!({"$ref": "#/a", "description": "A."}),
                json!({"allOf": [{"$ref": "#/a"}], "description": "A."}),
            ),
            (
                json!({"oneOf": [{"type": "null"}, {"$ref": "#/a"}], "description": "A."}),
                json!({"allOf": [{"$ref": "#/a"}], "nullable": true, "description": "A."}),
            ),
            (
                json!({"anyOf": [{"$ref": "#/a"}, {"$ref": "#/b"}, {"type": "null"}]}),
                json!({"anyOf": [{"$ref": "#/a"}, {"$ref": "#/b"}], "nullable": true}),
            ),
            (
                json!({"type": "object", "propertyNames": {"type": "string"}, "additionalProperties": {"const": 1}}),
                json!({"type": "object", "additionalProperties": {"enum": [1]}}),
            ),
            (
                json!({"type": "object", "properties": {"examples": {"type": ["array", "null"], "items": {"const": 1}}}}),
                json!({"type": "object", "properties":
                    {"examples": {"type": "array", "nullable": true, "items": {"enum": [1]}}}}),
            ),
        ] {
            let mut schema = newer.clone();
            rewrite(&mut schema);
            assert_eq!(schema, older, "{newer}");
        }
    }

    #[test]
    fn an_example_is_data_and_stays_as_it_is() {
        let data = json!({"type": ["a", "null"], "const": 1, "examples": [2], "$ref": "x"});
        let mut schema = json!({"type": "object", "example": data});
        rewrite(&mut schema);
        assert_eq!(schema["example"], data);
    }
}
