//! What a connector's configuration says about this ATS.

use std::net::SocketAddr;
use std::path::Path;

/// `[partner.service]` and its two resources as TOML, to stand under a `[[partner]]`: the ATS at `address` that asks for
/// `key`, with `profile.jq` ([`super::PROFILE_MAP`]) and `job.jq` ([`super::JOB_MAP`]) in the folder `mappings`.
pub fn service_settings(address: SocketAddr, key: &str, mappings: &Path) -> String {
    let text = |text: String| toml::Value::String(text).to_string();
    let (base_url, key) = (text(format!("http://{address}/api")), text(key.to_owned()));
    let map = |name: &str| text(mappings.join(name).to_string_lossy().into_owned());
    let (profile_map, job_map) = (map("profile.jq"), map("job.jq"));
    format!(
        r#"[partner.service]
base_url = {base_url}
auth = {{ kind = "header", name = "X-ATS-TOKEN", value = {key} }}
requests_per_second = 500
concurrency = 8
allow_private_network = true

[partner.service.profiles]
list = "/candidates"
get = "/candidates/{{reference}}"
items = ".content"
item = ".candidate"
reference = ".id"
updated_at = ".modifiedAt"
total = ".totalElements"
paging = {{ kind = "page", page = "page", size = "size", size_value = 100, first = 1 }}
since = {{ parameter = "modified_since" }}
until = {{ parameter = "modified_until" }}
sort = {{ parameter = "sort", oldest_first = "modifiedAt", newest_first = "-modifiedAt" }}
order = "newest_first"
map = {profile_map}

[partner.service.jobs]
list = "/vacancies"
get = "/vacancies/{{reference}}"
items = ".content"
item = ".vacancy"
reference = ".id"
updated_at = ".modifiedAt"
total = ".totalElements"
paging = {{ kind = "page", page = "page", size = "size", size_value = 100, first = 1 }}
since = {{ parameter = "modified_since" }}
until = {{ parameter = "modified_until" }}
sort = {{ parameter = "sort", oldest_first = "modifiedAt", newest_first = "-modifiedAt" }}
order = "newest_first"
map = {job_map}
"#
    )
}
