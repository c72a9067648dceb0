//! The committed OpenAPI documents say what the routes say, all of it, and in words that tools and people understand.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

#[test]
fn the_committed_documents_are_those_that_are_served() {
    for (file, version, served) in [
        ("openapi.json", "3.1", oem_connector::api::openapi()),
        ("openapi-3.0.json", "3.0", oem_connector::api::openapi_3_0()),
    ] {
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi").join(file);
        let committed = std::fs::read_to_string(committed).unwrap_or_default();
        if let Some(line) = first_difference(&committed, &served.text()) {
            panic!(
                "openapi/{file} differs from the routes at line {line}; write it again with\n\
                    cargo run -- openapi {version} > openapi/{file}"
            );
        }
    }
}

fn first_difference(committed: &str, served: &str) -> Option<usize> {
    let lines = committed.lines().count().max(served.lines().count());
    let differs = |line: &usize| committed.lines().nth(line - 1) != served.lines().nth(line - 1);
    (committed != served).then(|| (1..=lines).find(differs).unwrap_or(lines))
}

#[test]
fn everything_in_the_document_is_described_and_has_an_example() {
    let document: Value = serde_json::from_str(&oem_connector::api::openapi().text()).unwrap();
    let mut lacks = Lacks::default();
    for path in
        ["/info/title", "/info/description", "/info/version", "/info/contact/name", "/info/license/name"]
    {
        lacks.text(&document, path, "the document");
    }
    assert!(document["servers"].as_array().is_some_and(|servers| !servers.is_empty()));
    let tags: BTreeSet<&str> = list(&document["tags"]).map(|tag| tag["name"].as_str().unwrap()).collect();
    list(&document["tags"]).for_each(|tag| lacks.text(tag, "/description", "a tag"));
    let mut used = BTreeSet::new();
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            let place = format!("{method} {path}");
            lacks.operation(&document, operation, &place);
            for tag in list(&operation["tags"]).filter_map(Value::as_str) {
                lacks.unless(tags.contains(tag), &place, "a tag that the document describes");
                used.insert(tag);
            }
        }
    }
    assert_eq!(used, tags, "every tag is used");
    for (name, schema) in members(&document["components"]["schemas"]) {
        lacks.text(schema, "/description", name);
        lacks.schema(schema, name);
    }
    for (name, scheme) in members(&document["components"]["securitySchemes"]) {
        lacks.text(scheme, "/description", name);
    }
    assert!(lacks.0.is_empty(), "the document lacks:\n{}", lacks.0.join("\n"));
}

#[test]
fn every_named_schema_is_used_and_every_name_exists() {
    let document: Value = serde_json::from_str(&oem_connector::api::openapi().text()).unwrap();
    let named: BTreeSet<String> =
        members(&document["components"]["schemas"]).map(|(name, _)| name.clone()).collect();
    let mut used = BTreeSet::new();
    references(&document, &mut used);
    assert_eq!(named, used);
}

#[test]
fn what_a_cache_may_do_with_a_ranking_is_told_for_every_way_to_ask_for_one() {
    let document: Value = serde_json::from_str(&oem_connector::api::openapi().text()).unwrap();
    let documented = |path: &str, method: &str, status: &str| {
        let headers = &document["paths"][path][method]["responses"][status]["headers"];
        let names = members(headers).map(|(name, _)| name.as_str()).collect::<Vec<_>>();
        names.join(" ")
    };
    for ranked in ["profiles", "jobs"] {
        for path in [format!("/v1/{ranked}/scoring"), format!("/v1/{ranked}/searching")] {
            for status in ["200", "304"] {
                assert_eq!(
                    documented(&path, "get", status),
                    "Age Cache-Control ETag Vary",
                    "{path} {status}"
                );
            }
            assert_eq!(documented(&path, "post", "200"), "Age Cache-Control Vary", "{path}: it has no tag");
        }
    }
    for (path, status) in
        [("/v1/match", "200"), ("/v1/match", "304"), ("/v1/tickets/{id}", "200"), ("/v1/tickets/{id}", "304")]
    {
        assert_eq!(documented(path, "get", status), "Age Cache-Control ETag Vary", "{path} {status}");
    }
}

#[test]
fn an_operation_is_called_by_a_verb_and_what_it_is_about() {
    const VERBS: [&str; 22] = [
        "approve", "cancel", "check", "describe", "erase", "explain", "export", "find", "get", "list",
        "match", "poll", "rate", "read", "receive", "reject", "replay", "score", "search", "start", "track",
        "try",
    ];
    let document: Value = serde_json::from_str(&oem_connector::api::openapi().text()).unwrap();
    let mut names = BTreeSet::new();
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            let name = operation["operationId"].as_str().unwrap();
            let (verb, noun) = name.split_once('_').unwrap_or((name, ""));
            assert!(VERBS.contains(&verb) && !noun.is_empty(), "{method} {path} is called {name}");
            assert!(names.insert(name), "{name} is the name of several operations");
        }
    }
}

/// What was looked for in vain.
#[derive(Default)]
struct Lacks(Vec<String>);

impl Lacks {
    fn unless(&mut self, there: bool, place: &str, what: &str) {
        if !there {
            self.0.push(format!("{place}: {what}"));
        }
    }

    fn text(&mut self, value: &Value, pointer: &str, place: &str) {
        let there =
            value.pointer(pointer).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
        self.unless(there, place, pointer);
    }

    fn operation(&mut self, document: &Value, operation: &Value, place: &str) {
        for what in ["/operationId", "/summary", "/description", "/tags/0"] {
            self.text(operation, what, place);
        }
        for parameter in list(&operation["parameters"]) {
            let place = format!("{place} ?{}", parameter["name"].as_str().unwrap());
            let there = has_example(parameter) || has_example(&parameter["schema"]);
            self.unless(there, &place, "an example");
            self.text(parameter, "/description", &place);
        }
        if operation.get("requestBody").is_some() {
            self.text(&operation["requestBody"], "/description", &format!("{place} body"));
            self.contents(&operation["requestBody"], &format!("{place} body"));
        }
        for (status, response) in members(&operation["responses"]) {
            let place = format!("{place} {status}");
            self.text(response, "/description", &place);
            self.contents(response, &place);
            for (name, header) in response["headers"].as_object().into_iter().flatten() {
                self.text(header, "/description", &format!("{place} {name}"));
            }
            if status.as_str() >= "400" {
                let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
                self.unless(problem == "#/components/schemas/Problem", &place, "the problem document");
            }
        }
        let schemes = list(&operation["security"]).flat_map(members).map(|(scheme, _)| scheme);
        for scheme in schemes {
            let there = document["components"]["securitySchemes"].get(scheme).is_some();
            self.unless(there, place, "a security scheme that the document describes");
        }
    }

    fn contents(&mut self, holder: &Value, place: &str) {
        for (media_type, content) in holder["content"].as_object().into_iter().flatten() {
            self.unless(has_example(content), &format!("{place} {media_type}"), "an example");
            self.schema(&content["schema"], place);
        }
    }

    /// A named schema stands in the document once and is looked at there.
    fn schema(&mut self, schema: &Value, place: &str) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let place = format!("{place}.{name}");
            self.unless(
                property["$ref"].is_string() || property["description"].is_string(),
                &place,
                "a description",
            );
            self.unless(!is_scalar(property) || has_example(property), &place, "an example");
            self.schema(property, &place);
        }
        for part in ["oneOf", "anyOf", "allOf"] {
            list(&schema[part]).for_each(|one| self.schema(one, place));
        }
        for part in ["items", "additionalProperties"] {
            schema.get(part).into_iter().for_each(|one| self.schema(one, place));
        }
    }
}

fn is_scalar(schema: &Value) -> bool {
    let only_value = schema.get("enum").is_some_and(|values| list(values).count() == 1);
    let composed = ["$ref", "oneOf", "anyOf", "allOf", "items", "properties", "additionalProperties"];
    !only_value && composed.iter().all(|word| schema.get(word).is_none())
}

fn has_example(value: &Value) -> bool {
    value.get("example").is_some() || list(&value["examples"]).next().is_some()
}

fn references(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str);
            used.extend(name.and_then(|name| name.strip_prefix("#/components/schemas/")).map(str::to_owned));
            members.values().for_each(|member| references(member, used));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, used)),
        _ => {}
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
