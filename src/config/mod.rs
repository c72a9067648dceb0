//! Every setting: name, default, meaning; read once, all problems told together.
//!
//! A setting comes from a TOML file, and from the environment where `OEM_CONNECTOR__SECTION__KEY` is set; partners go by
//! their names there (`OEM_CONNECTOR__PARTNER__ACME__SOURCE_KEY`). This is the only room that looks at the environment.
//! Whether the jq filters compile is told by `partner::Service::new`, since jq has its home there.

mod changes;
mod check;
mod hrflow;
mod limits;
mod network;
mod partner;
mod problem;
mod queries;
mod read;
mod reading;
mod resource;
mod role;
mod schedule;
mod section;
mod service;
mod webhooks;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::model::Secret;

pub use changes::{Changes, DateFormat, DateParameter, Order, Sort};
pub use hrflow::HrFlow;
pub use limits::Limits;
pub use network::is_public;
pub use partner::{OnArchive, Partner};
pub use problem::{Problem, Problems};
pub use queries::Queries;
pub use resource::{Absent, Paging, Resource};
pub use role::Role;
pub use schedule::{QuietHours, Schedule, Schedules};
pub use service::{Auth, Service};
pub use webhooks::{HmacAlgorithm, HmacEncoding, WebhookAuth, Webhooks, signing_key};

/// The whole configuration, checked.
#[derive(Clone)]
pub struct Config {
    /// Where the API listens. `listen`, default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// A listener of its own for `/metrics`, without a key. `metrics_listen`, default none.
    pub metrics_listen: Option<SocketAddr>,
    /// What `serve` does: `all`, or on PostgreSQL a part, `api` or `worker`. `role`, default `all`.
    pub role: Role,
    /// `sqlite://file` or `postgres://…`; a relative file was resolved. `database_url`, default `sqlite://connector.db`.
    pub database_url: String,
    /// Keys that may start pulls and act for any partner. `operator_keys`, default none.
    pub operator_keys: Vec<Secret>,
    /// Reverse proxies in front of us, as `10.0.0.0/8`: what they say of the client's address is believed.
    /// `trusted_proxies`, default none.
    pub trusted_proxies: Vec<IpNet>,
    /// How long deliveries, changes and ended pulls are kept. `retention_days`, default 30, from 1 to 3650.
    pub retention: Duration,
    /// How long receipts are kept. `receipts_days`, default 365, from 184 to 3650: Article 26(6) of Regulation (EU)
    /// 2024/1689 asks deployers to keep logs for at least six months.
    pub receipts_kept: Duration,
    /// Bounds and waits. `[limits]`.
    pub limits: Limits,
    /// One per ATS installation. `[[partner]]`.
    pub partners: Vec<Partner>,
}

/// All of it but the database's address, which may hold a password; the secrets hide themselves.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            listen,
            metrics_listen,
            role,
            database_url: _,
            operator_keys,
            trusted_proxies,
            retention,
            receipts_kept,
            limits,
            partners,
        } = self;
        f.debug_struct("Config")
            .field("listen", listen)
            .field("metrics_listen", metrics_listen)
            .field("role", role)
            .field("operator_keys", operator_keys)
            .field("trusted_proxies", trusted_proxies)
            .field("retention", retention)
            .field("receipts_kept", receipts_kept)
            .field("limits", limits)
            .field("partners", partners)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Every secret in it, for the scrubber of what others say; the database's password as it is written and as it is meant.
    pub fn secrets(&self) -> Vec<Secret> {
        let mut secrets = self.operator_keys.clone();
        for partner in &self.partners {
            secrets.extend_from_slice(&partner.keys);
            secrets.extend(partner.webhooks.auth.iter().flat_map(WebhookAuth::secrets));
            secrets.push(partner.hrflow.api_key.clone());
            match &partner.service.auth {
                Auth::None => {}
                Auth::Header { value, .. } => secrets.push(value.clone()),
                Auth::Bearer { token } => secrets.push(token.clone()),
                Auth::Basic { password, .. } => secrets.push(password.clone()),
            }
        }
        for written in self.database_passwords() {
            let meant = percent_decode_str(&written).decode_utf8_lossy().into_owned();
            if meant != written {
                secrets.push(Secret::new(meant));
            }
            secrets.push(Secret::new(written));
        }
        secrets
    }

    /// The passwords of the database's address: before the host, and as a parameter.
    fn database_passwords(&self) -> Vec<String> {
        let Ok(url) = Url::parse(&self.database_url) else { return Vec::new() };
        let parameters = url.query().unwrap_or_default().split('&');
        let passwords = parameters.filter_map(|parameter| parameter.strip_prefix("password="));
        url.password().into_iter().chain(passwords).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests;
