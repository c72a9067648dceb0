//! From a file and an environment to a configuration, or to everything that is wrong with them.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use ipnet::IpNet;
use toml::Table;

use super::limits::limits;
use super::partner::partner;
use super::problem::{Problem, Problems};
use super::reading::Reading;
use super::section::Section;
use super::{Config, Role, check, hrflow};
use crate::model::Secret;

impl Config {
    /// Reads the file with the process's environment over it.
    pub fn load(path: &Path) -> Result<Self, Problems> {
        // A variable that is no Unicode can be no setting of ours.
        let environment = std::env::vars_os();
        let environment = environment
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::read(path, environment)
    }

    /// Reads the file with this environment over it. Fails with every problem there is, not with the first one.
    pub fn read(path: &Path, environment: impl Iterator<Item = (String, String)>) -> Result<Self, Problems> {
        let of_file = |reason: String| Problems(vec![Problem { key: path.display().to_string(), reason }]);
        let text =
            fs::read_to_string(path).map_err(|error| of_file(format!("cannot be read: {}", error.kind())))?;
        let table = text.parse::<Table>().map_err(|error| of_file(syntax_problem(&text, &error)))?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let reading = Reading::new(folder, environment);
        let config = config(Section::root(&reading, table));
        if let Some(config) = &config {
            check::shared(config, &reading);
        }
        reading.finish()?;
        // Every setting that cannot be used was told, so there is a configuration when nothing was.
        config.ok_or_else(|| of_file("cannot be used".to_owned()))
    }
}

/// The place and nature of a syntax error: the reason, and a repeated key, but not the line, which may hold a secret.
fn syntax_problem(text: &str, error: &toml::de::Error) -> String {
    let span = error.span().unwrap_or_default();
    let before = text.get(..span.start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let reason = error.message().lines().next().unwrap_or_default();
    let key = match reason {
        "duplicate key" => format!(" `{}`", text.get(span).unwrap_or_default()),
        _ => String::new(),
    };
    format!("is no TOML: line {line}, column {column}: {reason}{key}")
}

fn config(root: Section<'_>) -> Option<Config> {
    let address = |text: &str| {
        text.parse::<SocketAddr>().map_err(|_| "must be an address such as 127.0.0.1:8080".to_owned())
    };
    let listen = if root.has("listen") {
        root.read("listen", address)
    } else {
        Some(SocketAddr::from(([127, 0, 0, 1], 8080)))
    };
    let metrics_listen = root.read("metrics_listen", address);
    if metrics_listen.is_some_and(|metrics| Some(metrics) == listen && metrics.port() != 0) {
        root.tell("metrics_listen", "must not be the address of `listen`");
    }
    let database_url = database_url(&root);
    let role = if root.has("role") { root.read("role", Role::parse) } else { Some(Role::default()) };
    if let (Some(role), Some(url)) = (role, &database_url)
        && let Err(reason) = role.check(url)
    {
        root.tell("role", reason);
    }
    let operator_keys = keys(&root, "operator_keys");
    let trusted_proxies = trusted_proxies(&root);
    let retention_days = root.whole("retention_days", 30, 1, 3650);
    let receipts_days = root.whole("receipts_days", 365, 184, 3650);
    let limits = limits(&root);
    let shared = root.section("hrflow").map(hrflow::draft).unwrap_or_default();
    let tables = root.tables("partner");
    if tables.as_ref().is_some_and(Vec::is_empty) {
        root.tell("partner", "no [[partner]] is configured");
    }
    let mut partners = Some(Vec::new());
    for (index, table) in tables.unwrap_or_default().into_iter().enumerate() {
        let read = partner(root.reading, index, table, &shared);
        partners = partners.zip(read).map(|(mut all, one)| {
            all.push(one);
            all
        });
    }
    root.finish();
    Some(Config {
        listen: listen?,
        metrics_listen,
        role: role?,
        database_url: database_url?,
        operator_keys,
        trusted_proxies,
        retention: Duration::from_hours(retention_days.map(|days: u64| 24 * days)?),
        receipts_kept: Duration::from_hours(receipts_days.map(|days: u64| 24 * days)?),
        limits: limits?,
        partners: partners?,
    })
}

/// `sqlite://` with the file's path made absolute from the configuration's folder, or `postgres://…` as it is.
fn database_url(root: &Section<'_>) -> Option<String> {
    let url = if root.has("database_url") {
        root.secret("database_url")?.expose().to_owned()
    } else {
        "sqlite://connector.db".to_owned()
    };
    let checked = match url.strip_prefix("sqlite://") {
        Some(file) => check::database_file(file)
            .map(|file| format!("sqlite://{}", root.reading.folder.join(file).display())),
        None => check::postgres_url(&url).map(|()| url.clone()),
    };
    checked.map_err(|reason| root.tell("database_url", reason)).ok()
}

/// Keys that callers send us in a header.
pub(super) fn keys(section: &Section<'_>, name: &'static str) -> Vec<Secret> {
    let keys = section.secrets(name);
    for key in &keys {
        if let Err(reason) = check::header_value(key.expose()) {
            section.tell(name, format!("has a key that cannot be sent in a header: it {reason}"));
        }
    }
    keys
}

/// Blocks of addresses; one address is a block of its own.
fn trusted_proxies(root: &Section<'_>) -> Vec<IpNet> {
    let blocks = root.texts("trusted_proxies").into_iter().filter_map(|text| {
        let block = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        if block.is_none() {
            root.tell("trusted_proxies", "must have blocks of addresses in it, such as 10.0.0.0/8");
        }
        block
    });
    blocks.collect()
}
