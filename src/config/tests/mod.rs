//! The configuration from its file and the environment: what is read, and everything that is wrong with it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod file;
mod limits;
mod partner;
mod problems;

use std::path::Path;

use super::*;

const SOURCE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const BOARD: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// The sample of the documents.
const SAMPLE: &str = r#"
listen = "127.0.0.1:8081"
database_url = "sqlite://connector.db"
operator_keys = ["env:OPERATOR_KEY"]

[hrflow]
api_url = "https://api.hrflow.ai/v1/"
api_key = "env:HRFLOW_API_KEY"
user_email = "ops@example.org"
requests_per_minute = 600
concurrency = 16
query_share = 0.3
allow_private_network = false

[[partner]]
name = "acme"
keys = ["env:ACME_KEY"]
source_key = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
board_key = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
algorithm_key = "scorer-hrflow-profiles-titan"
[partner.service]
base_url = "https://ats.acme.example/api"
auth = { kind = "header", name = "X-API-KEY", value = "env:ACME_TOKEN" }
requests_per_second = 50
concurrency = 8
allow_private_network = false
[partner.service.profiles]
list = "/profiles"
get = "/profiles/{reference}"
items = ".items"
item = "."
reference = ".id"
updated_at = ".updated_at"
paging = { kind = "page", page = "page", size = "limit", size_value = 100, first = 1 }
since = { parameter = "updated_since" }
map = "mappings/profile.jq"
[partner.service.jobs]
list = "/jobs"
get = "/jobs/{reference}"
items = ".items"
reference = ".id"
"#;

const SECRETS: [(&str, &str); 4] = [
    ("OPERATOR_KEY", "operator-1"),
    ("HRFLOW_API_KEY", "ask_1"),
    ("ACME_KEY", "acme-1"),
    ("ACME_TOKEN", "token-1"),
];

/// Reads a text as a file beside `mappings/profile.jq`, with variables over the sample's secrets.
fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mappings")).unwrap();
    std::fs::write(folder.path().join("mappings/profile.jq"), "{text: .cv}").unwrap();
    let path = folder.path().join("connector.toml");
    std::fs::write(&path, text).unwrap();
    let variables =
        SECRETS.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read(&path, variables).map_err(|problems| {
        let place = folder.path().display().to_string();
        problems.to_string().lines().map(|line| line.replace(&place, "…")).collect()
    })
}

/// The problems of the sample after replacing one text by another.
fn broken(from: &str, to: &str) -> Vec<String> {
    assert!(SAMPLE.contains(from), "{from}");
    read(&SAMPLE.replacen(from, to, 1), &[]).map(|_| ()).unwrap_err()
}

/// The partner of the sample with the shared settings, and nothing else.
fn little() -> String {
    SAMPLE[SAMPLE.find("[hrflow]").unwrap()..].to_owned()
}
