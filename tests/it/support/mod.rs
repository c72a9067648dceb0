//! The world of a test: a database of its own, the local HrFlow, an ATS, a proxy before each that can be told to fail,
//! and the connector's API between them. The clock stands still and nothing works by itself: [`World::settle`] does.

mod configuration;
mod database;
mod hrflow;
mod proxy;
mod work;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use oem_connector::config::Config;
use oem_connector::demo::Ats;
use oem_connector::flows::{Context, Partner};
use oem_connector::model::{Clock, Entity, rfc3339};
use oem_connector::sandbox::{self, Options};
use oem_connector::server::{self, Serving};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use configuration::configuration;

pub(crate) use configuration::Wishes;
pub(crate) use database::{Backend, Database, backends};
pub(crate) use proxy::{Fault, Gate, Proxy};
pub(crate) use work::drain;

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
}

/// A world in step with two jobs, and with four profiles that suit the first less and less.
pub(crate) async fn hospital(backend: Backend, wishes: Wishes) -> World {
    let jobs = [("J1", "Night nurse"), ("J2", "Baker")];
    let profiles = [("P1", "Night nurse"), ("P2", "Nurse of the day"), ("P3", "Sailor"), ("P4", "Baker")];
    World::in_step(backend, wishes, &jobs, &profiles).await
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

/// A client that takes no connection twice: a server may close an idle one just when a call takes it.
pub(crate) fn client() -> Client {
    let client = Client::builder().timeout(Duration::from_secs(30)).no_proxy().pool_max_idle_per_host(0);
    client.build().unwrap()
}

/// Where the test's own binary stands beside: the connector.
pub(crate) fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_oem-connector"))
}
