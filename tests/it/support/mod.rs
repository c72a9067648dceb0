//! The world of a test: a database of its own, the local HrFlow, an ATS, a proxy before each that can be told to fail,
//! and the connector's API between them. The clock stands still and nothing works by itself: [`World::settle`] does.

mod database;
mod proxy;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use ipnet::IpNet;
use oem_connector::config::{
    Absent, Auth, Changes, Config, DateFormat, DateParameter, HrFlow, Limits, OnArchive, Paging,
    Partner as PartnerSettings, Queries, Resource, Role, Schedules, Service, Webhooks,
};
use oem_connector::demo::Ats;
use oem_connector::flows::{Context, Partner, index, lease, pull};
use oem_connector::model::{Clock, Entity, Secret, rfc3339};
use oem_connector::sandbox::{self, Options, ReferenceAfterArchive};
use oem_connector::server::{self, Serving};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub(crate) use database::{Backend, Database, backends};
pub(crate) use proxy::{Fault, Gate, Proxy};

pub(crate) const PARTNER_KEY: &str = "acme-key-of-the-tests";
pub(crate) const OTHER_KEY: &str = "other-key-of-the-tests";
pub(crate) const OPERATOR_KEY: &str = "operator-key-of-the-tests";
pub(crate) const ATS_KEY: &str = "ats-key-of-the-tests";
pub(crate) const API_KEY: &str = "ask_0123456789abcdef0123456789abcdef";

/// How long the worlds keep their history.
pub(crate) const RETENTION: Duration = Duration::from_hours(30 * 24);

/// How long the worlds keep their receipts.
pub(crate) const RECEIPTS_KEPT: Duration = Duration::from_hours(365 * 24);

/// The time at which every world begins.
pub(crate) fn start_of_time() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap()
}

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

pub(crate) struct World {
    pub(crate) context: Arc<Context>,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) ats: Ats,
    /// Between the connector and the ATS.
    pub(crate) partner_side: Proxy,
    /// Between the connector and HrFlow.
    pub(crate) hrflow_side: Proxy,
    pub(crate) client: Client,
    pub(crate) address: String,
    hrflow_address: String,
    _serving: Serving,
    _hrflow: sandbox::Running,
    pub(crate) database: Database,
}

/// A status, the headers and the JSON of an answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl World {
    pub(crate) async fn new(backend: Backend) -> Self {
        Self::with(backend, Wishes::default()).await
    }

    pub(crate) async fn with(backend: Backend, wishes: Wishes) -> Self {
        // The first test installs it; the others find it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = wishes.clock.clone();
        let database = Database::new(backend);
        let any = "127.0.0.1:0".parse().unwrap();
        let hrflow = sandbox::start(
            Options {
                listen: any,
                data_dir: None,
                api_keys: vec![API_KEY.to_owned()],
                sources: Vec::new(),
                boards: Vec::new(),
                reference_after_archive: wishes.reference_after_archive,
            },
            clock.clone(),
        )
        .await
        .unwrap();
        let ats = Ats::start_empty(any, ATS_KEY, clock.clone()).unwrap();
        let partner_side = Proxy::before(ats.address());
        let hrflow_side = Proxy::before(hrflow.address);
        let mut config = configuration(&wishes, &database.url, &partner_side, &hrflow_side);
        (wishes.adjust)(&mut config);
        let context = server::context(&config, clock.clone()).await.unwrap();
        let serving = Serving::start(&config, context.clone()).unwrap();
        Self {
            context,
            config,
            clock,
            ats,
            partner_side,
            hrflow_side,
            client: client(),
            address: format!("http://{}", serving.address),
            hrflow_address: format!("http://{}", hrflow.address),
            _serving: serving,
            _hrflow: hrflow,
            database,
        }
    }

    /// A world in which HrFlow has what the partner has: these jobs by their titles, these profiles by their headlines.
    pub(crate) async fn in_step(
        backend: Backend,
        wishes: Wishes,
        jobs: &[(&str, &str)],
        profiles: &[(&str, &str)],
    ) -> Self {
        let world = Self::with(backend, wishes).await;
        for (id, title) in jobs {
            world.has_job(id, title);
        }
        for (id, headline) in profiles {
            world.has_profile(id, headline);
        }
        world.import().await;
        world
    }

    /// Brings everything that the partner has to HrFlow, and forgets the calls that took.
    pub(crate) async fn import(&self) {
        self.pull("jobs", "full").await;
        self.pull("profiles", "full").await;
        self.hrflow_side.forget();
    }

    /// The partner every test speaks of.
    pub(crate) fn acme(&self) -> &Arc<Partner> {
        self.context.partner("acme").unwrap()
    }

    /// Works off what is due now.
    pub(crate) async fn settle(&self) {
        drain(&self.context).await;
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The time as events carry it.
    pub(crate) fn now(&self) -> String {
        rfc3339(self.clock.now())
    }

    /// The partner has this profile now. `headline` makes its content.
    pub(crate) fn has_profile(&self, id: &str, headline: &str) {
        let object = json!({
            "id": id,
            "firstName": "Ada",
            "lastName": format!("Moreau {id}"),
            "contact": {"email": format!("{}@example.org", id.replace(|c: char| !c.is_ascii_alphanumeric(), "-"))},
            "headline": headline,
            "resumeText": format!("Ada Moreau, {headline}"),
            "competencies": ["Rust", "SQL"],
        });
        self.ats.put(Entity::Profile, object.as_object().unwrap().clone()).unwrap();
    }

    /// The partner has this job now.
    pub(crate) fn has_job(&self, id: &str, title: &str) {
        let object = json!({
            "id": id,
            "title": title,
            "office": {"city": "Lyon", "geo": {"latitude": 45.76, "longitude": 4.83}},
            "description": {"intro": format!("We look for: {title}.")},
            "competencies": {"required": ["Rust", "SQL"]},
        });
        self.ats.put(Entity::Job, object.as_object().unwrap().clone()).unwrap();
    }

    /// Sends a webhook of acme's with its key. `date` as it is written.
    pub(crate) async fn webhook(&self, event: &str, reference: &str, date: &str) -> Answer {
        let body = json!({"reference": reference, "event_type": event, "event_date": date});
        self.post(&format!("/v1/webhooks/acme/{event}"), &body).await
    }

    /// Sends a webhook dated now, which must be accepted.
    pub(crate) async fn announce(&self, event: &str, reference: &str) {
        let answer = self.webhook(event, reference, &self.now()).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    }

    /// Asks for a pull as an operator does.
    pub(crate) async fn ask_for_pull(&self, entity: &str, mode: &str) -> Answer {
        let body = json!({"entity": entity, "mode": mode});
        let request = self.client.post(format!("{}/v1/pulls?partner=acme", self.address)).json(&body);
        answer(request.header("X-API-KEY", OPERATOR_KEY)).await
    }

    /// Starts a pull, which must be new, and returns its id.
    pub(crate) async fn start_pull(&self, entity: &str, mode: &str) -> String {
        let answer = self.ask_for_pull(entity, mode).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// Pulls to the end and indexes it all.
    pub(crate) async fn pull(&self, entity: &str, mode: &str) -> Value {
        let id = self.start_pull(entity, mode).await;
        self.settle().await;
        self.pull_state(&id).await
    }

    /// Reads the one pull that is due beside the test.
    pub(crate) async fn begin_pull(&self) -> JoinHandle<()> {
        let (context, partner) = (self.context.clone(), self.acme().clone());
        let claimed = pull::claim(&context, &partner).await.unwrap().unwrap();
        tokio::spawn(async move { pull::run(&context, &partner, claimed).await.unwrap() })
    }

    /// Leases the record that is due first and works on it beside the test.
    pub(crate) async fn begin_work(&self) -> JoinHandle<()> {
        let (context, partner) = (self.context.clone(), self.acme().clone());
        let leased = lease::claim(&context, &partner, 1).await.unwrap().pop().unwrap();
        tokio::spawn(async move { index::work(&context, &partner, leased).await.unwrap() })
    }

    pub(crate) async fn pull_state(&self, id: &str) -> Value {
        let request = self.client.get(format!("{}/v1/pulls/{id}", self.address));
        answer(request.header("X-API-KEY", OPERATOR_KEY)).await.body
    }

    /// What the connector says of an object.
    pub(crate) async fn record(&self, entity: &str, reference: &str) -> Value {
        self.get(&format!("/v1/records/{entity}?reference={}", urlencoded(reference))).await.body
    }

    /// A page of the feed that has `least` changes. On PostgreSQL the feed waits for every older transaction of the
    /// server, those of the tests beside this one included.
    pub(crate) async fn events(&self, query: &str, least: usize) -> Answer {
        let page = async {
            loop {
                let page = self.get(&format!("/v1/events{query}")).await;
                if page.body["items"].as_array().is_none_or(|items| items.len() >= least) {
                    return page;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), page).await.expect("the changes never came to the feed")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::POST, path).json(body)).await
    }

    /// A request of acme's.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.address)).header("X-API-KEY", PARTNER_KEY)
    }

    /// A line of the metrics, `0` as long as it is not there.
    pub(crate) fn metric(&self, line: &str) -> String {
        let text = String::from_utf8(self.context.metrics.text().unwrap()).unwrap();
        let found = text.lines().find_map(|one| one.strip_prefix(line)?.strip_prefix(' '));
        found.unwrap_or("0").to_owned()
    }

    /// Returns when as many queries of acme's wait for HrFlow.
    pub(crate) async fn until_waiting(&self, count: usize) {
        let waiting = async {
            while self.metric(r#"oem_queries_waiting{partner="acme"}"#) != count.to_string() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("never so many queries wait");
    }

    /// Asks for a profile's erasure as an operator does.
    pub(crate) async fn erase(&self, reference: &str) {
        let address = format!("{}/v1/records/profiles/{reference}/erase?partner=acme", self.address);
        let answer = answer(self.client.post(address).header("X-API-KEY", OPERATOR_KEY)).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    }

    /// What HrFlow holds under a reference, asked directly; nothing when it has none or it is archived.
    pub(crate) async fn in_hrflow(&self, entity: Entity, reference: &str) -> Option<Value> {
        let container = self.acme().settings.container_key(entity).to_owned();
        let request = self
            .client
            .get(format!("{}/v1/{}/indexing", self.hrflow_address, entity.singular()))
            .header("X-API-KEY", API_KEY)
            .query(&[(format!("{}_key", entity.container()), container)])
            .query(&[("reference", reference)]);
        let answer = answer(request).await;
        let data = answer.body.get("data")?.clone();
        data["archived_at"].is_null().then_some(data)
    }

    /// How many objects of a kind HrFlow holds, archived ones included.
    pub(crate) async fn count_in_hrflow(&self, entity: Entity) -> u64 {
        let container = self.acme().settings.container_key(entity);
        let request = self
            .client
            .get(format!("{}/v1/storing/{}", self.hrflow_address, entity.plural()))
            .header("X-API-KEY", API_KEY)
            .query(&[(format!("{}_keys", entity.container()), json!([container]).to_string())]);
        answer(request).await.body["meta"]["total"].as_u64().unwrap()
    }

    /// The headline under which HrFlow shows a profile.
    pub(crate) async fn headline(&self, reference: &str) -> Option<String> {
        let profile = self.in_hrflow(Entity::Profile, reference).await?;
        profile["info"]["summary"].as_str().map(str::to_owned)
    }
}

/// A world in step with two jobs, and with four profiles that suit the first less and less.
pub(crate) async fn hospital(backend: Backend, wishes: Wishes) -> World {
    let jobs = [("J1", "Night nurse"), ("J2", "Baker")];
    let profiles = [("P1", "Night nurse"), ("P2", "Nurse of the day"), ("P3", "Sailor"), ("P4", "Baker")];
    World::in_step(backend, wishes, &jobs, &profiles).await
}

/// Works off everything that is due now, pulls first, and returns when nothing is.
pub(crate) async fn drain(context: &Context) {
    for partner in &context.partners {
        loop {
            let mut idle = true;
            while let Some(claimed) = pull::claim(context, partner).await.unwrap() {
                idle = false;
                pull::run(context, partner, claimed).await.unwrap();
            }
            for leased in lease::claim(context, partner, 8).await.unwrap() {
                idle = false;
                index::work(context, partner, leased).await.unwrap();
            }
            if idle {
                break;
            }
        }
    }
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status, headers, body }
}

pub(crate) fn urlencoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn configuration(wishes: &Wishes, database_url: &str, partner_side: &Proxy, hrflow_side: &Proxy) -> Config {
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

/// A client that takes no connection twice: a server may close an idle one just when a call takes it.
pub(crate) fn client() -> Client {
    let client = Client::builder().timeout(Duration::from_secs(30)).no_proxy().pool_max_idle_per_host(0);
    client.build().unwrap()
}

/// Where the test's own binary stands beside: the connector.
pub(crate) fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_oem-connector"))
}
