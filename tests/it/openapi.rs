//! The committed OpenAPI document says what the routes say.

use std::path::Path;

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let served = format!("{}\n", oem_connector::api::openapi().to_pretty_json().unwrap());
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    if let Some(line) = first_difference(&committed, &served) {
        panic!(
            "openapi/openapi.json differs from the routes at line {line}; write it again with\n\
                cargo run -- openapi > openapi/openapi.json"
        );
    }
}

fn first_difference(committed: &str, served: &str) -> Option<usize> {
    let lines = committed.lines().count().max(served.lines().count());
    let differs = |line: &usize| committed.lines().nth(line - 1) != served.lines().nth(line - 1);
    (committed != served).then(|| (1..=lines).find(differs).unwrap_or(lines))
}
