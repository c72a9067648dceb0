//! What single values must look like, and what partners must not share. No reason quotes a value.

use std::collections::HashMap;

use url::{Host, Url};

use super::network::is_public;
use super::reading::Reading;
use super::{Config, OnArchive, Partner};
use crate::model::Entity;

/// The name of a partner: it stands in addresses, rows and variables.
pub(super) fn partner_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if (1..=64).contains(&text.len()) && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err("must be 1 to 64 lower-case letters, digits, `-` and `_`".to_owned())
}

/// A key of a source or board.
pub(super) fn container_key(text: &str) -> Result<String, String> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() == 40 && text.bytes().all(is_hex) {
        return Ok(text.to_owned());
    }
    Err("must be 40 characters from 0-9 and a-f".to_owned())
}

/// A key of an algorithm.
pub(super) fn algorithm_key(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if text.len() <= 100 && starts_well && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err("must be 40 characters from 0-9 and a-f, or a slug such as scorer-hrflow-profiles-titan".to_owned())
}

/// A name of a header.
pub(super) fn header_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if text.is_empty() || !text.chars().all(fits) {
        return Err("is no header name".to_owned());
    }
    let reserved = ["host", "content-length", "content-type", "connection", "transfer-encoding", "accept"];
    if reserved.contains(&text.to_ascii_lowercase().as_str()) {
        return Err("is a header that is set for us".to_owned());
    }
    Ok(text.to_owned())
}

/// What can be the value of a header: visible ASCII, with spaces inside.
pub(super) fn header_value(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if text.trim() != text || !text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        return Err("must be visible ASCII without space around it".to_owned());
    }
    Ok(())
}

/// A user's name of HTTP's basic authentication.
pub(super) fn username(text: &str) -> Result<String, String> {
    match text {
        "" => Err("must not be empty".to_owned()),
        text if text.contains(':') || text.chars().any(char::is_control) => {
            Err("must not have a `:` or a control character".to_owned())
        }
        text => Ok(text.to_owned()),
    }
}

/// An e-mail address, as far as we can tell.
pub(super) fn email(text: &str) -> Result<String, String> {
    match text.split_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !text.contains(' ') => {
            header_value(text)?;
            Ok(text.to_owned())
        }
        _ => Err("must be an e-mail address".to_owned()),
    }
}

/// What `profile_archive` asks for.
pub(super) fn on_archive(text: &str) -> Result<OnArchive, String> {
    match text {
        "archive" => Ok(OnArchive::Archive),
        "erase" => Ok(OnArchive::Erase),
        _ => Err("must be archive or erase".to_owned()),
    }
}

/// An address that paths are put after.
pub(super) fn base_url(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|_| "must be an address such as https://ats.example/api")?;
    if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
        return Err("must start with https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or a password; use `auth`".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not have a `?` or a `#`".to_owned());
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Whether an address may be called at all. Where a name leads is seen when it is called.
pub(super) fn transport(url: &Url, allow_private_network: bool) -> Result<(), String> {
    if url.scheme() == "https" {
        return Ok(());
    }
    if !allow_private_network {
        return Err("must start with https:// unless `allow_private_network` is true".to_owned());
    }
    let public = match url.host() {
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        Some(Host::Domain(_)) | None => false,
    };
    if public {
        return Err("must start with https://: to a public address keys and personal data would go in clear"
            .to_owned());
    }
    Ok(())
}

/// The file of an SQLite database.
pub(super) fn database_file(file: &str) -> Result<&str, String> {
    match file {
        "" => Err(DATABASES.to_owned()),
        // SQLite's own spellings of databases that are no file.
        file if file.starts_with(':') || file.starts_with("file:") => {
            Err("must name a file: nothing else stays when the program ends".to_owned())
        }
        file => Ok(file),
    }
}

/// The address of a Postgres database. The URL may hold a password.
pub(super) fn postgres_url(text: &str) -> Result<(), String> {
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        return Err(DATABASES.to_owned());
    }
    let is_escape = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit) && digits != b"00")
    };
    if !text.split('%').skip(1).all(is_escape) {
        return Err("has a `%` that is no escape: write %25 for the sign itself".to_owned());
    }
    Url::parse(text).map(drop).map_err(|_| {
        "must be an address such as postgres://user:password@host:5432/database, with signs in a password escaped (%40 for @)"
            .to_owned()
    })
}

const DATABASES: &str = "must be sqlite://file or postgres://…";

/// A path after `base_url`.
pub(super) fn path(text: &str) -> Result<String, String> {
    if text.contains('#') {
        return Err("must not have a `#`".to_owned());
    }
    if text.starts_with('/') && !text.contains('\\') && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err("must be a path that starts with `/`".to_owned())
}

/// A path of one object.
pub(super) fn object_path(text: &str) -> Result<String, String> {
    let text = path(text)?;
    if text.contains("{reference}") { Ok(text) } else { Err("must have `{reference}` in it".to_owned()) }
}

/// A name of a query parameter.
pub(super) fn parameter(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// What no two partners may have in common, and no partner with the operators.
pub(super) fn shared(config: &Config, reading: &Reading) {
    let mut names = HashMap::new();
    let mut containers = HashMap::new();
    for partner in &config.partners {
        let key = |name: &str| format!("partner.{}.{name}", partner.name);
        // Variables spell `-` and `_` alike, so that names which differ in them alone would share their settings.
        if let Some(first) = names.insert(partner.name.replace('-', "_"), &partner.name) {
            reading.tell(key("name"), format!("is taken by the partner `{first}`"));
        }
        for entity in Entity::ALL {
            let name = format!("{}_key", entity.container());
            let place = (partner.hrflow.api_url.as_str(), entity, partner.container_key(entity));
            if let Some(first) = containers.insert(place, &partner.name) {
                let container = entity.container();
                reading.tell(
                    key(&name),
                    format!("is the {container} of the partner `{first}`: it would see the other's data"),
                );
            }
        }
    }
    keys(config, reading);
}

/// A key must say who calls.
fn keys(config: &Config, reading: &Reading) {
    let operators = config.operator_keys.iter().map(|key| ("operator_keys".to_owned(), key));
    let partners = config.partners.iter().flat_map(|Partner { name, keys, .. }| {
        keys.iter().map(move |key| (format!("partner.{name}.keys"), key))
    });
    let mut owners: HashMap<&str, String> = HashMap::new();
    for (owner, key) in operators.chain(partners) {
        match owners.get(key.expose()) {
            Some(first) if *first == owner => reading.tell(owner, "has a key twice"),
            Some(first) => reading.tell(owner, format!("has a key that `{first}` has too")),
            None => drop(owners.insert(key.expose(), owner)),
        }
    }
}
