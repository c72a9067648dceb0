//! The connector as a peer: wired as `serve` wires it, its log as `serve` writes it, with one partner and raised quotas.

use std::net::SocketAddr;

use oem_connector::config::{
    Absent, Auth, Changes, Config, HrFlow, Limits, OnArchive, Paging, Partner, Resource, Role, Schedules,
    Service, Webhooks,
};
use oem_connector::model::{Clock, Secret};
use oem_connector::server::{self, Running, Serving};

use super::process::{self, Peer};

/// The key of the partner `acme`.
pub(crate) const PARTNER_KEY: &str = "acme-key-of-the-benchmarks";
/// The key that may do everything.
pub(crate) const OPERATOR_KEY: &str = "operator-key-of-the-benchmarks";
/// What the connector sends to the partner's service.
pub(crate) const ATS_KEY: &str = "ats-key-of-the-benchmarks";
/// Where acme's profiles are in HrFlow.
pub(crate) const SOURCE_KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// The role in which the program starts itself as a connector.
pub(crate) const ROLE: &str = "connector";

/// Nobody listens there.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);

/// What a connector is started with.
pub(crate) struct Wiring<'a> {
    pub(crate) database_url: &'a str,
    /// The partner's service; nobody when it is not called.
    pub(crate) partner: Option<SocketAddr>,
    /// HrFlow; nobody when it is not called.
    pub(crate) hrflow: Option<SocketAddr>,
    /// Calls to HrFlow at once.
    pub(crate) concurrency: usize,
    /// Whether it works off what is due, or only answers requests.
    pub(crate) works: bool,
    /// Whether an answer is remembered for as long as by default, or not at all.
    pub(crate) remembers: bool,
}

impl Wiring<'_> {
    /// Starts it in a process of its own.
    pub(crate) fn start(&self) -> std::io::Result<Peer> {
        let address = |address: Option<SocketAddr>| address.unwrap_or(NOWHERE).to_string();
        Peer::start(
            ROLE,
            &[
                self.database_url.to_owned(),
                address(self.partner),
                address(self.hrflow),
                self.concurrency.to_string(),
                self.works.to_string(),
                self.remembers.to_string(),
            ],
        )
    }
}

/// The role: serves until released.
pub(crate) async fn serve(arguments: &[String]) {
    let [database_url, partner, hrflow, concurrency, works, remembers] = arguments else {
        panic!("{arguments:?} are not the arguments of a connector")
    };
    write_log_to_a_file();
    let mut config = config(database_url, partner, hrflow, concurrency.parse().expect("a number of calls"));
    if remembers != "true" {
        config.limits.queries.cache = std::time::Duration::ZERO;
    }
    if works == "true" {
        let running = Running::start(&config, Clock::System).await.expect("the connector starts");
        process::ready(running.serving.address);
        process::until_released().await;
    } else {
        let context = server::context(&config, Clock::System).await.expect("the connector is wired");
        let serving = Serving::start(&config, context).expect("the connector serves");
        process::ready(serving.address);
        process::until_released().await;
    }
}

/// Its configuration.
pub(crate) fn config(database_url: &str, partner: &str, hrflow: &str, concurrency: usize) -> Config {
    Config {
        listen: "127.0.0.1:0".parse().expect("it is an address"),
        metrics_listen: None,
        role: Role::All,
        database_url: database_url.to_owned(),
        operator_keys: vec![Secret::new(OPERATOR_KEY)],
        trusted_proxies: Vec::new(),
        retention: std::time::Duration::from_hours(720),
        receipts_kept: std::time::Duration::from_hours(8760),
        limits: Limits::default(),
        partners: vec![acme(partner, hrflow, concurrency)],
    }
}

/// The level and the form of `serve`, where they cost what a log costs.
fn write_log_to_a_file() {
    let file = tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR")).expect("target can be written to");
    let subscriber = tracing_subscriber::fmt().with_writer(file).with_env_filter("info");
    subscriber.json().flatten_event(true).with_span_list(false).init();
}

fn acme(partner: &str, hrflow: &str, concurrency: usize) -> Partner {
    Partner {
        name: "acme".to_owned(),
        keys: vec![Secret::new(PARTNER_KEY)],
        webhooks: Webhooks::default(),
        source_key: SOURCE_KEY.to_owned(),
        board_key: "b".repeat(40),
        algorithm_key: "scorer".to_owned(),
        grading_algorithm_key: None,
        on_archive: OnArchive::Archive,
        hrflow: HrFlow {
            api_url: format!("http://{hrflow}/v1").parse().expect("it is a URL"),
            api_key: Secret::new("ask_0123456789abcdef0123456789abcdef"),
            user_email: "ops@example.org".to_owned(),
            requests_per_minute: 60_000_000,
            concurrency,
            query_share: 0.3,
            allow_private_network: true,
        },
        max_archive_share: 0.05,
        service: Service {
            base_url: format!("http://{partner}/api").parse().expect("it is a URL"),
            auth: Auth::Header { name: "X-ATS-TOKEN".to_owned(), value: Secret::new(ATS_KEY) },
            requests_per_second: 1_000_000,
            concurrency: 16,
            allow_private_network: true,
            profiles: Some(Resource {
                list: "/candidates".to_owned(),
                get: "/candidates/{reference}".to_owned(),
                items: ".content".to_owned(),
                item: ".candidate".to_owned(),
                reference: ".id".to_owned(),
                updated_at: Some(".modifiedAt".to_owned()),
                total: Some(".totalElements".to_owned()),
                paging: Paging::Page {
                    page: "page".to_owned(),
                    size: "size".to_owned(),
                    size_value: 100,
                    first: 1,
                },
                changes: Changes::default(),
                absent: Absent::Confirm,
                map: oem_connector::demo::PROFILE_MAP.to_owned(),
            }),
            jobs: None,
        },
        schedule: Schedules::default(),
    }
}
