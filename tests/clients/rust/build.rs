//! Generates the client from the OpenAPI 3.0.3 document that `OPENAPI` names.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use openapiv3::{OpenAPI, Operation, PathItem, ReferenceOr, Response, Schema, SchemaData, SchemaKind, StatusCode};
use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle};

const JSON: &str = "application/json";

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::var("OPENAPI")?;
    println!("cargo:rerun-if-env-changed=OPENAPI");
    println!("cargo:rerun-if-changed={path}");
    let mut document: OpenAPI = serde_json::from_str(&fs::read_to_string(path)?)?;
    let items = document.paths.paths.values_mut().filter_map(here);
    let mut choices = Vec::new();
    for operation in items.flat_map(operations) {
        responses(operation).for_each(|(_, response)| type_problems(response));
        choices.extend(join_answers(operation));
    }
    document.components.get_or_insert_default().schemas.extend(choices);
    let mut settings = GenerationSettings::new();
    settings.with_interface(InterfaceStyle::Builder);
    let tokens = Generator::new(&settings).generate_tokens(&document)?;
    let code = prettyplease::unparse(&syn::parse2(tokens)?);
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("generated.rs"), code)?;
    Ok(())
}

/// What stands here and not elsewhere: our document refers to schemas alone.
fn here<T>(item: &mut ReferenceOr<T>) -> Option<&mut T> {
    match item {
        ReferenceOr::Item(item) => Some(item),
        ReferenceOr::Reference { .. } => None,
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten()
}

fn responses(operation: &mut Operation) -> impl Iterator<Item = (&StatusCode, &mut Response)> {
    let responses = operation.responses.responses.iter_mut();
    responses.filter_map(|(status, response)| Some((status, here(response)?)))
}

/// The generator gives a type to `application/json` alone, and bytes to every other kind of JSON.
fn type_problems(response: &mut Response) {
    if let Some(problem) = response.content.shift_remove("application/problem+json") {
        response.content.insert(JSON.to_owned(), problem);
    }
}

/// The generator has one type for all that an operation answers with success: where there are several, a choice of them.
fn join_answers(operation: &mut Operation) -> Option<(String, ReferenceOr<Schema>)> {
    let name = format!("{}_answer", operation.operation_id.as_deref()?);
    let succeeded = responses(operation).filter(|(status, _)| matches!(status, StatusCode::Code(200..300)));
    let answers = succeeded.filter_map(|(_, response)| response.content.get_mut(JSON)?.schema.as_mut());
    let mut answers: Vec<&mut ReferenceOr<Schema>> = answers.collect();
    let mut one_of: Vec<ReferenceOr<Schema>> = Vec::new();
    for answer in &answers {
        if !one_of.contains(answer) {
            one_of.push((**answer).clone());
        }
    }
    if one_of.len() < 2 {
        return None;
    }
    let reference = format!("#/components/schemas/{name}");
    answers.iter_mut().for_each(|answer| **answer = ReferenceOr::Reference { reference: reference.clone() });
    let schema_kind = SchemaKind::OneOf { one_of };
    Some((name, ReferenceOr::Item(Schema { schema_data: SchemaData::default(), schema_kind })))
}
