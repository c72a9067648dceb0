//! From a file and an environment to a configuration, or to everything that is wrong with them.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use ipnet::IpNet;
use toml::Table;

use super::hrflow::Draft;
use super::problem::{Problem, Problems};
use super::section::{Reading, Section};
use super::{Config, Limits, OnArchive, Partner, Role, check, hrflow, queries, schedule, service, webhooks};
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
fn keys(section: &Section<'_>, name: &'static str) -> Vec<Secret> {
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

fn limits(root: &Section<'_>) -> Option<Limits> {
    let Some(section) = root.section("limits") else { return Some(Limits::default()) };
    let webhook_queue = section.whole("webhook_queue", 4096, 1, 1_000_000);
    let due_records = section.whole("due_records", 2000, 1, 10_000_000);
    let page_attempts = section.whole("page_attempts", 6, 1, 100);
    let call_timeout = section.whole("call_timeout_seconds", 10, 1, 60);
    let lease = section.whole("lease_seconds", 25, 2, 3600);
    let record_attempts = section.whole("record_attempts", 5, 1, 100);
    let shutdown = section.whole("shutdown_seconds", 25, 1, 300);
    let breaker_failures = section.whole("breaker_failures", 5, 1, 1000);
    let breaker_rest = section.whole("breaker_rest_seconds", 1, 1, 3600);
    let breaker_longest_rest = section.whole("breaker_longest_rest_seconds", 60, 1, 3600);
    let failed_logins_per_minute = section.whole("failed_logins_per_minute", 30, 1, 60_000);
    let pull_pages = section.whole("pull_pages", 100_000, 1, 1_000_000_000);
    let pull_megabytes = section.whole::<i64>("pull_megabytes", 100_000, 1, 1_000_000_000);
    let pull_hours = section.whole("pull_hours", 336, 1, 8760);
    let queries = queries::queries(&section, call_timeout);
    let explanation_timeout = section.whole("explanation_timeout_seconds", 60, 1, 300);
    let explanations = section.whole("explanations", 4, 1, 1024);
    let explanation_queue = section.whole("explanation_queue", 32, 0, 100_000);
    let export_days = section.whole("export_days", 7, 1, 365);
    if let (Some(call_timeout), Some(lease)) = (call_timeout, lease)
        && lease < 2 * call_timeout
    {
        section.tell(
            "lease_seconds",
            "must be at least twice `call_timeout_seconds`: it is renewed every third of it, and no call begins that could \
             outlive it",
        );
    }
    if let (Some(first), Some(longest)) = (breaker_rest, breaker_longest_rest)
        && longest < first
    {
        section.tell("breaker_longest_rest_seconds", "must be at least `breaker_rest_seconds`");
    }
    section.finish();
    Some(Limits {
        webhook_queue: webhook_queue?,
        due_records: due_records?,
        page_attempts: page_attempts?,
        call_timeout: Duration::from_secs(call_timeout?),
        lease: Duration::from_secs(lease?),
        record_attempts: record_attempts?,
        shutdown: Duration::from_secs(shutdown?),
        breaker_failures: breaker_failures?,
        breaker_rest: Duration::from_secs(breaker_rest?),
        breaker_longest_rest: Duration::from_secs(breaker_longest_rest?),
        failed_logins_per_minute: failed_logins_per_minute?,
        pull_pages: pull_pages?,
        pull_bytes: pull_megabytes? * 1_000_000,
        pull_time: Duration::from_hours(pull_hours?),
        queries: queries?,
        explanation_timeout: Duration::from_secs(explanation_timeout?),
        explanations: explanations?,
        explanation_queue: explanation_queue?,
        export_days: Duration::from_hours(export_days.map(|days: u64| 24 * days)?),
    })
}

fn partner(reading: &Reading, index: usize, table: Table, shared: &Draft) -> Option<Partner> {
    // Until the name is read, the partner goes by its place.
    let unnamed = Section::at(reading, format!("partner[{index}]"), String::new(), table.clone());
    if !unnamed.has("name") {
        unnamed.tell("name", "is missing");
    }
    let name = unnamed.read("name", check::partner_name);
    let key = name.as_ref().map_or_else(|| format!("partner[{index}]"), |name| format!("partner.{name}"));
    // A partner without a name cannot be meant by any variable: none holds a `[`.
    let named = name.as_deref().unwrap_or("[").to_uppercase().replace('-', "_");
    let section = Section::at(reading, key, format!("OEM_CONNECTOR__PARTNER__{named}"), table);
    section.has("name");
    for name in ["keys", "source_key", "board_key", "algorithm_key", "service"] {
        section.need(name);
    }
    let keys = keys(&section, "keys");
    if keys.is_empty() && section.has("keys") {
        section.tell("keys", "must have at least one key");
    }
    let webhooks = webhooks::webhooks(&section);
    let source_key = section.read("source_key", check::container_key);
    let board_key = section.read("board_key", check::container_key);
    let algorithm_key = section.read("algorithm_key", check::algorithm_key);
    let grading_algorithm_key = section.read("grading_algorithm_key", check::algorithm_key);
    let on_archive = if section.has("on_archive") {
        section.read("on_archive", check::on_archive)
    } else {
        Some(OnArchive::default())
    };
    let own = section.section("hrflow").map(hrflow::draft).unwrap_or_default();
    let hrflow = hrflow::merged(&section, own, shared);
    let max_archive_share =
        if section.has("max_archive_share") { section.share("max_archive_share") } else { Some(0.05) };
    let service = section.section("service").and_then(service::service);
    let schedule = schedule::schedules(section.section("schedule"));
    section.finish();
    Some(Partner {
        name: name?,
        keys,
        webhooks: webhooks?,
        source_key: source_key?,
        board_key: board_key?,
        algorithm_key: algorithm_key?,
        grading_algorithm_key,
        on_archive: on_archive?,
        hrflow: hrflow?,
        max_archive_share: max_archive_share?,
        service: service?,
        schedule: schedule?,
    })
}
