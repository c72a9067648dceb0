//! `[partner.service]`: where a partner's web services are, and how a call to them is authenticated.

use url::Url;

use super::check;
use super::resource::{Resource, present, resource};
use super::section::Section;
use crate::model::{Entity, Secret};

/// A partner's web services. `[partner.service]`.
#[derive(Clone, Debug)]
pub struct Service {
    /// What every path below starts with. `base_url`.
    pub base_url: Url,
    /// `auth`, default `{ kind = "none" }`.
    pub auth: Auth,
    /// `requests_per_second`, default 10.
    pub requests_per_second: u32,
    /// Calls at once. `concurrency`, default 4.
    pub concurrency: usize,
    /// Whether the service may live on a loopback or private address. `allow_private_network`, default false.
    pub allow_private_network: bool,
    /// `[partner.service.profiles]`.
    pub profiles: Option<Resource>,
    /// `[partner.service.jobs]`.
    pub jobs: Option<Resource>,
}

impl Service {
    /// How one kind of object is read, if this partner has it.
    pub fn resource(&self, entity: Entity) -> Option<&Resource> {
        match entity {
            Entity::Profile => self.profiles.as_ref(),
            Entity::Job => self.jobs.as_ref(),
        }
    }
}

/// How a call is authenticated. `auth = { kind = … }`.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Not at all.
    None,
    /// A header of any name.
    Header {
        /// The header's name. `name`.
        name: String,
        /// The header's value. `value`.
        value: Secret,
    },
    /// `Authorization: Bearer …`.
    Bearer {
        /// The token. `token`.
        token: Secret,
    },
    /// `Authorization: Basic …` (RFC 7617).
    Basic {
        /// The user. `username`.
        username: String,
        /// The password, which may be empty. `password`, default empty.
        password: Secret,
    },
}

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
