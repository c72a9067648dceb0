//! `[partner.service]`: addresses, credentials, and how each kind of object is listed, fetched and mapped.

use std::fs;

use super::changes::changes;
use super::section::Section;
use super::{Absent, Auth, Paging, Resource, Service, check};
use crate::model::Secret;

pub(super) fn service(section: Section<'_>) -> Option<Service> {
    section.need("base_url");
    let base_url = section.read("base_url", check::base_url);
    let auth = if section.has("auth") { section.section("auth").and_then(auth) } else { Some(Auth::None) };
    let requests_per_second = section.whole("requests_per_second", 10, 1, 100_000);
    let concurrency = section.whole("concurrency", 4, 1, 1024);
    let private = if section.has("allow_private_network") {
        section.flag("allow_private_network")
    } else {
        Some(false)
    };
    if let (Some(base_url), Some(private)) = (&base_url, private)
        && let Err(reason) = check::transport(base_url, private)
    {
        section.tell("base_url", reason);
    }
    let profiles = section.section("profiles").map(resource);
    let jobs = section.section("jobs").map(resource);
    section.finish();
    Some(Service {
        base_url: base_url?,
        auth: auth?,
        requests_per_second: requests_per_second?,
        concurrency: concurrency?,
        allow_private_network: private?,
        profiles: present(profiles)?,
        jobs: present(jobs)?,
    })
}

/// What may be left out: none only when it is there and cannot be used.
#[expect(clippy::option_option, reason = "absent and unusable are two things here")]
fn present<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
        None => Some(None),
    }
}

/// A secret that goes into a header.
fn header_secret(section: &Section<'_>, name: &'static str) -> Option<Secret> {
    section.need(name);
    let secret = section.secret(name)?;
    check::header_value(secret.expose()).map_err(|reason| section.tell(name, reason)).ok()?;
    Some(secret)
}

fn auth(section: Section<'_>) -> Option<Auth> {
    section.need("kind");
    let kind = section.text("kind")?;
    let auth = match kind.as_str() {
        "none" => Some(Auth::None),
        "header" => {
            section.need("name");
            let name = section.read("name", check::header_name);
            let value = header_secret(&section, "value");
            name.zip(value).map(|(name, value)| Auth::Header { name, value })
        }
        "bearer" => header_secret(&section, "token").map(|token| Auth::Bearer { token }),
        "basic" => {
            section.need("username");
            let username = section.read("username", check::username);
            let password =
                if section.has("password") { section.secret("password") } else { Some(Secret::default()) };
            username.zip(password).map(|(username, password)| Auth::Basic { username, password })
        }
        _ => {
            section.tell("kind", "must be none, header, bearer or basic");
            return None;
        }
    };
    section.finish();
    auth
}

fn resource(section: Section<'_>) -> Option<Resource> {
    section.need("list");
    section.need("get");
    let list = section.read("list", check::path);
    let get = section.read("get", check::object_path);
    let filter = |name, default: &str| {
        if section.has(name) { section.text(name) } else { Some(default.to_owned()) }
    };
    let items = filter("items", ".");
    let item = filter("item", ".");
    let reference = filter("reference", ".reference");
    let updated_at = present(section.has("updated_at").then(|| section.text("updated_at")));
    let total = present(section.has("total").then(|| section.text("total")));
    let paging =
        if section.has("paging") { section.section("paging").and_then(paging) } else { Some(Paging::None) };
    let changes = changes(&section);
    let absent = if section.has("absent") {
        section.read("absent", |word| match word {
            "confirm" => Ok(Absent::Confirm),
            "archive" => Ok(Absent::Archive),
            "keep" => Ok(Absent::Keep),
            _ => Err("must be confirm, archive or keep".to_owned()),
        })
    } else {
        Some(Absent::Confirm)
    };
    let map = if section.has("map") { map(&section) } else { Some(".".to_owned()) };
    section.finish();
    Some(Resource {
        list: list?,
        get: get?,
        items: items?,
        item: item?,
        reference: reference?,
        updated_at: updated_at?,
        total: total?,
        paging: paging?,
        changes: changes?,
        absent: absent?,
        map: map?,
    })
}

fn paging(section: Section<'_>) -> Option<Paging> {
    section.need("kind");
    let kind = section.text("kind")?;
    let parameter = |name| {
        section.need(name);
        section.read(name, check::parameter)
    };
    let paging = match kind.as_str() {
        "none" => Some(Paging::None),
        "page" => {
            let (page, size) = (parameter("page"), parameter("size"));
            let size_value = section.whole("size_value", 100, 1, 10_000);
            let first = section.whole("first", 1, 0, 1_000_000);
            (|| Some(Paging::Page { page: page?, size: size?, size_value: size_value?, first: first? }))()
        }
        "offset" => {
            let (offset, limit) = (parameter("offset"), parameter("limit"));
            let limit_value = section.whole("limit_value", 100, 1, 10_000);
            (|| Some(Paging::Offset { offset: offset?, limit: limit?, limit_value: limit_value? }))()
        }
        _ => {
            section.tell("kind", "must be none, page or offset");
            return None;
        }
    };
    section.finish();
    paging
}

/// The text of the file that holds the map.
fn map(section: &Section<'_>) -> Option<String> {
    let file = section.reading.folder.join(section.text("map")?);
    let text = fs::read_to_string(&file);
    let reason =
        |error: std::io::Error| format!("the file {} cannot be read: {}", file.display(), error.kind());
    text.map_err(|error| section.tell("map", reason(error))).ok()
}
