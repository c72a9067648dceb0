//! How the connector of a test is configured, and what a test may want otherwise.

use std::time::Duration;

use ipnet::IpNet;
use oem_connector::config::{
    Absent, Auth, Changes, Config, DateFormat, DateParameter, HrFlow, Limits, OnArchive, Paging,
    Partner as PartnerSettings, Queries, Resource, Role, Schedules, Service, Webhooks,
};
use oem_connector::model::{Clock, Secret};
use oem_connector::sandbox::ReferenceAfterArchive;

use super::{
    API_KEY, ATS_KEY, OPERATOR_KEY, OTHER_KEY, PARTNER_KEY, Proxy, RECEIPTS_KEPT, RETENTION, start_of_time,
};

/// What a test may want otherwise.
pub(crate) struct Wishes {
    pub(crate) reference_after_archive: ReferenceAfterArchive,
    pub(crate) page_size: u64,
    pub(crate) call_timeout: Duration,
    pub(crate) lease: Duration,
    pub(crate) with_dates: bool,
    /// Whether the partner tells how many objects a list has.
    pub(crate) tells_total: bool,
    pub(crate) absent: Absent,
    pub(crate) page_attempts: u32,
    pub(crate) due_records: i64,
    pub(crate) webhook_queue: usize,
    pub(crate) requests_per_minute: u32,
    /// How long an answer is remembered; by default not at all, so that each question of a test is asked.
    pub(crate) query_cache: Duration,
    pub(crate) on_archive: OnArchive,
    /// How acme proves its webhooks.
    pub(crate) webhooks: Webhooks,
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// jq, from the sample ATS's candidate to HrFlow's profile.
    pub(crate) profile_map: String,
    pub(crate) clock: Clock,
    /// What else the configuration says.
    pub(crate) adjust: fn(&mut Config),
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            reference_after_archive: ReferenceAfterArchive::Kept,
            page_size: 10,
            call_timeout: Duration::from_secs(10),
            lease: Duration::from_secs(25),
            with_dates: true,
            tells_total: true,
            absent: Absent::Confirm,
            page_attempts: 3,
            due_records: 2_000,
            webhook_queue: 256,
            requests_per_minute: 600_000,
            query_cache: Duration::ZERO,
            on_archive: OnArchive::Archive,
            webhooks: Webhooks::default(),
            trusted_proxies: Vec::new(),
            profile_map: oem_connector::demo::PROFILE_MAP.to_owned(),
            clock: Clock::manual(start_of_time()),
            adjust: |_| {},
        }
    }
}

pub(super) fn configuration(
    wishes: &Wishes,
    database_url: &str,
    partner_side: &Proxy,
    hrflow_side: &Proxy,
) -> Config {
    let mut acme = partner(wishes, "acme", PARTNER_KEY, '1', partner_side, hrflow_side);
    acme.webhooks = wishes.webhooks.clone();
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        metrics_listen: None,
        role: Role::All,
        database_url: database_url.to_owned(),
        operator_keys: vec![Secret::new(OPERATOR_KEY)],
        trusted_proxies: wishes.trusted_proxies.clone(),
        retention: RETENTION,
        receipts_kept: RECEIPTS_KEPT,
        limits: Limits {
            webhook_queue: wishes.webhook_queue,
            due_records: wishes.due_records,
            page_attempts: wishes.page_attempts,
            call_timeout: wishes.call_timeout,
            lease: wishes.lease,
            record_attempts: 5,
            queries: Queries { cache: wishes.query_cache, ..Queries::default() },
            ..Limits::default()
        },
        partners: vec![acme, partner(wishes, "other", OTHER_KEY, '2', partner_side, hrflow_side)],
    }
}

fn partner(
    wishes: &Wishes,
    name: &str,
    key: &str,
    digit: char,
    partner_side: &Proxy,
    hrflow_side: &Proxy,
) -> PartnerSettings {
    let keys = |letter: char| format!("{}{digit}", letter.to_string().repeat(39));
    PartnerSettings {
        name: name.to_owned(),
        keys: vec![Secret::new(key)],
        webhooks: Webhooks::default(),
        source_key: keys('a'),
        board_key: keys('b'),
        algorithm_key: "sandbox-ranker".to_owned(),
        grading_algorithm_key: None,
        on_archive: wishes.on_archive,
        hrflow: HrFlow {
            api_url: format!("http://{}/v1", hrflow_side.address).parse().unwrap(),
            api_key: Secret::new(API_KEY),
            user_email: "ops@example.org".to_owned(),
            requests_per_minute: wishes.requests_per_minute,
            concurrency: 8,
            query_share: 0.3,
            allow_private_network: true,
        },
        max_archive_share: 0.05,
        service: Service {
            base_url: format!("http://{}/api", partner_side.address).parse().unwrap(),
            auth: Auth::Header { name: "X-ATS-TOKEN".to_owned(), value: Secret::new(ATS_KEY) },
            requests_per_second: 10_000,
            concurrency: 8,
            allow_private_network: true,
            profiles: Some(resource(wishes, "candidates", ".candidate", &wishes.profile_map)),
            jobs: Some(resource(wishes, "vacancies", ".vacancy", oem_connector::demo::JOB_MAP)),
        },
        schedule: Schedules::default(),
    }
}

fn resource(wishes: &Wishes, path: &str, item: &str, map: &str) -> Resource {
    Resource {
        list: format!("/{path}"),
        get: format!("/{path}/{{reference}}"),
        items: ".content".to_owned(),
        item: item.to_owned(),
        reference: ".id".to_owned(),
        updated_at: wishes.with_dates.then(|| ".modifiedAt".to_owned()),
        total: wishes.tells_total.then(|| ".totalElements".to_owned()),
        paging: Paging::Page {
            page: "page".to_owned(),
            size: "size".to_owned(),
            size_value: wishes.page_size,
            first: 1,
        },
        changes: Changes {
            since: Some(DateParameter {
                parameter: "modified_since".to_owned(),
                format: DateFormat::Rfc3339,
            }),
            ..Changes::default()
        },
        absent: wishes.absent,
        map: map.to_owned(),
    }
}
