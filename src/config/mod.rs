//! Every setting: name, default, meaning; read once, all problems told together.
//!
//! A setting comes from a TOML file, and from the environment where `OEM_CONNECTOR__SECTION__KEY` is set; partners go by
//! their names there (`OEM_CONNECTOR__PARTNER__ACME__SOURCE_KEY`). This is the only room that looks at the environment.
//! Whether the jq filters compile is told by `partner::Service::new`, since jq has its home there.

mod changes;
mod check;
mod hrflow;
mod network;
mod problem;
mod queries;
mod read;
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

use crate::model::{Entity, Secret};

pub use changes::{Changes, DateFormat, DateParameter, Order, Sort};
pub use network::is_public;
pub use problem::{Problem, Problems};
pub use queries::Queries;
pub use role::Role;
pub use schedule::{QuietHours, Schedule, Schedules};
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

/// Bounds and waits that rarely need a change. `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Webhooks that may wait for the writer before the answer is 503. `webhook_queue`, default 4096.
    pub webhook_queue: usize,
    /// Due records per partner above which a pull stops reading. `due_records`, default 2000.
    pub due_records: i64,
    /// How often a page is tried before the pull fails. `page_attempts`, default 6.
    pub page_attempts: u32,
    /// How long one call to a partner or to HrFlow may take. `call_timeout_seconds`, default 10, at most 60.
    pub call_timeout: Duration,
    /// How long a lease lasts unless renewed; longer than a call. `lease_seconds`, default 25.
    pub lease: Duration,
    /// How often a record that fails by its own fault is tried before it is set aside. `record_attempts`, default 5.
    pub record_attempts: i32,
    /// How long a process that was asked to stop may take. `shutdown_seconds`, default 25, at most 300.
    pub shutdown: Duration,
    /// How many objects in a row must fail, with no success between, before their side is left alone but for a probe; a
    /// refused credential counts at once. `breaker_failures`, default 5.
    pub breaker_failures: usize,
    /// How long a side is left alone before the first probe; doubles with every probe that fails.
    /// `breaker_rest_seconds`, default 1.
    pub breaker_rest: Duration,
    /// The longest a side is left alone, unless it asks for more. `breaker_longest_rest_seconds`, default 60.
    pub breaker_longest_rest: Duration,
    /// Requests a minute of one address (of one /64 in IPv6) that may carry no key, or one that is not known, before
    /// the answer is 429. `failed_logins_per_minute`, default 30.
    pub failed_logins_per_minute: u32,
    /// The most pages of one listing: a list that has more is believed to have no end. `pull_pages`, default 100000.
    pub pull_pages: i64,
    /// The most bytes of one listing. `pull_megabytes`, default 100000.
    pub pull_bytes: i64,
    /// How long one listing may take, from its first page. `pull_hours`, default 336, which is two weeks.
    pub pull_time: Duration,
    /// How scoring and searching are answered.
    pub queries: Queries,
    /// How long HrFlow may take to explain one pair. `explanation_timeout_seconds`, default 60, at most 300.
    pub explanation_timeout: Duration,
    /// Explanations of one partner that are made at once, by one process; never more than half of its calls to HrFlow.
    /// `explanations`, default 4.
    pub explanations: usize,
    /// How many more may wait for that. `explanation_queue`, default 32.
    pub explanation_queue: usize,
    /// How long an export may take, and how long it is kept when it has ended. `export_days`, default 7.
    pub export_days: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            webhook_queue: 4096,
            due_records: 2000,
            page_attempts: 6,
            call_timeout: Duration::from_secs(10),
            lease: Duration::from_secs(25),
            record_attempts: 5,
            shutdown: Duration::from_secs(25),
            breaker_failures: 5,
            breaker_rest: Duration::from_secs(1),
            breaker_longest_rest: Duration::from_mins(1),
            failed_logins_per_minute: 30,
            pull_pages: 100_000,
            pull_bytes: 100_000_000_000,
            pull_time: Duration::from_hours(336),
            queries: Queries::default(),
            explanation_timeout: Duration::from_mins(1),
            explanations: 4,
            explanation_queue: 32,
            export_days: Duration::from_hours(7 * 24),
        }
    }
}

/// One ATS installation. `[[partner]]`.
#[derive(Clone, Debug)]
pub struct Partner {
    /// Its name in addresses and rows: lower-case letters, digits, `-` and `_`. `name`.
    pub name: String,
    /// What it sends us as `X-API-KEY`. `keys`.
    pub keys: Vec<Secret>,
    /// How it proves its webhooks.
    pub webhooks: Webhooks,
    /// Its profiles in HrFlow, 40 hex characters. `source_key`.
    pub source_key: String,
    /// Its jobs in HrFlow, 40 hex characters. `board_key`.
    pub board_key: String,
    /// What ranks, 40 hex characters or a slug. `algorithm_key`.
    pub algorithm_key: String,
    /// What grades a single pair, for explanations: 40 hex characters or a slug. `grading_algorithm_key`, default none, and
    /// then explanations have no grade.
    pub grading_algorithm_key: Option<String>,
    /// What `profile_archive` asks for: `archive` or `erase`. `on_archive`, default `archive`.
    pub on_archive: OnArchive,
    /// `[hrflow]` with the overrides of `[partner.hrflow]`.
    pub hrflow: HrFlow,
    /// How much of its objects may be archived within an hour because they are gone, without a person's approval; twenty
    /// always may. `max_archive_share`, default 0.05, from 0 to below 1.
    pub max_archive_share: f64,
    /// Its web services. `[partner.service]`.
    pub service: Service,
    /// Which pulls start by themselves. `[partner.schedule]`, default none.
    pub schedule: Schedules,
}

/// What `profile_archive` asks for. It is sent when a candidate is put away, and when a person asks for deletion; which of
/// the two a partner means, it must say. A profile that is merely gone is archived either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnArchive {
    /// HrFlow shows the profile no longer.
    #[default]
    Archive,
    /// HrFlow and we hold nothing of it any more, for good.
    Erase,
}

impl Partner {
    /// The source for profiles, the board for jobs.
    pub fn container_key(&self, entity: Entity) -> &str {
        match entity {
            Entity::Profile => &self.source_key,
            Entity::Job => &self.board_key,
        }
    }
}

/// An HrFlow workspace. `[hrflow]`.
#[derive(Clone, Debug)]
pub struct HrFlow {
    /// `api_url`, default `https://api.hrflow.ai/v1`, kept without a final slash.
    pub api_url: Url,
    /// `api_key`.
    pub api_key: Secret,
    /// Sent as `X-USER-EMAIL`. `user_email`.
    pub user_email: String,
    /// The budget of the workspace. `requests_per_minute`, default 600.
    pub requests_per_minute: u32,
    /// Calls at once. `concurrency`, default 16.
    pub concurrency: usize,
    /// The part of the budget that is kept for scoring and searching. `query_share`, default 0.3, from 0 to below 1.
    pub query_share: f64,
    /// Whether `api_url` may be loopback or private. `allow_private_network`, default false.
    pub allow_private_network: bool,
}

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

/// How one kind of object is listed, fetched and mapped. `[partner.service.profiles]`, `[partner.service.jobs]`.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The path of the list. `list`.
    pub list: String,
    /// The path of one object, with `{reference}`. `get`.
    pub get: String,
    /// jq: where the list is in its answer. `items`, default `.`.
    pub items: String,
    /// jq: unwraps the answer of `get`. `item`, default `.`.
    pub item: String,
    /// jq: the reference in an object; a number becomes its decimal text. `reference`, default `.reference`.
    pub reference: String,
    /// jq: when the object last changed. `updated_at`, default none.
    pub updated_at: Option<String>,
    /// jq: how many objects the list has, in its answer. `total`, default none.
    pub total: Option<String>,
    /// `paging`, default `{ kind = "none" }`.
    pub paging: Paging,
    /// What the list can be asked beside its pages: `since`, `until`, `sort`, `order`, `overlap_minutes`.
    pub changes: Changes,
    /// What becomes of an object that a complete listing lacks: `confirm` asks for it by its reference, `archive` archives
    /// it, `keep` keeps it. `absent`, default `confirm`.
    pub absent: Absent,
    /// jq, the text of the file named by `map`: partner object → HrFlow object. Default `.`.
    pub map: String,
}

/// What becomes of an object that a complete listing lacks. `absent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It is asked for by its reference: a 404 or 410 archives it, a 200 keeps and indexes it, anything else keeps it.
    Confirm,
    /// It is archived: for services whose list alone decides.
    Archive,
    /// It is kept: only events and 404s archive.
    Keep,
}

/// How a list is read page by page. `paging = { kind = … }`.
///
/// A page shorter than its size is the last where the list's `total` has been reached. Services give shorter pages than
/// they are asked for, so where no `total` is told, a list is read until an empty page.
#[derive(Clone, Debug)]
pub enum Paging {
    /// One answer has it all.
    None,
    /// A page number and a page size.
    Page {
        /// The parameter of the page's number. `page`.
        page: String,
        /// The parameter of the page's size. `size`.
        size: String,
        /// Objects per page. `size_value`, default 100.
        size_value: u64,
        /// The number of the first page. `first`, default 1.
        first: u64,
    },
    /// How many objects to skip and how many to give.
    Offset {
        /// The parameter of the number to skip. `offset`.
        offset: String,
        /// The parameter of the page's size. `limit`.
        limit: String,
        /// Objects per page. `limit_value`, default 100.
        limit_value: u64,
    },
}

#[cfg(test)]
mod tests;
