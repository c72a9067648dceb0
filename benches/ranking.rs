//! Measures how well the sandbox ranks, through the connector's API, and how fast it is with 50,000 profiles.
//!
//! **Quality.** The objects of each labelled set take the connector's road: a partner lists them, a pull reads them, the
//! worker indexes them, and scoring is asked by reference, page after page, until the whole ranking is known. Beside it stand
//! the figures of others for the same sets. Without the data folder only the set made from `samples/` is measured.
//!
//! **Speed.** The sample people are indexed again and again under new references by calls to the sandbox; then scoring is
//! asked, and the time from a write to its being found is taken. `--speed` measures nothing else.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measuring program fails by panicking")]

#[expect(dead_code, reason = "each program uses a part of it")]
mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use futures_util::StreamExt as _;
use hdrhistogram::Histogram;
use oem_connector::config::Resource;
use oem_connector::model::{Clock, Entity};
use oem_connector::sandbox::{self, Options};
use oem_connector::server;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use support::connector::{self, OPERATOR_KEY, PARTNER_KEY, SOURCE_KEY};
use support::database::Database;
use support::load::{self, Load};
use support::process::{self, Peer};
use support::sets::{self, Grades, Quality, Set};
use support::table::Table;

const SANDBOX_KEY: &str = "ask_0123456789abcdef0123456789abcdef";
/// The sandbox takes any well-formed one.
const ALGORITHM: &str = "scorer-of-the-benchmarks";
/// Calls at once.
const AT_ONCE: usize = 8;
/// Items of a page, the connector's most.
const LIMIT: usize = 100;

/// What others reach: the set, the direction, nDCG@10 and MAP of BM25 (bm25s "lucene", k1 1.5, b 0.75) and of the best of
/// TF-IDF, character n-grams, MiniLM-L6 and mixtures of them; measured when the sets were collected (SOURCE.md beside them).
const OTHERS: [(&str, Entity, &str, &str); 5] = [
    ("jd-cv-graded", Entity::Profile, ".926 / .887", ".941 / .916"),
    ("jd-cv-graded", Entity::Job, ".900 / .889", ".914 / .906"),
    ("job-cv-silver", Entity::Profile, ".332", ".353"),
    ("titles-de", Entity::Profile, ".224 / .063", ".488 / .268"),
    ("titles-es", Entity::Profile, ".405 / .159", ".565 / .321"),
];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    drop(rustls::crypto::ring::default_provider().install_default());
    match process::role() {
        Some((role, arguments)) if role == "connector" => connect(&arguments).await,
        Some((role, arguments)) if role == "partner" => list(&arguments[0]).await,
        Some(_) => serve_sandbox().await,
        None if support::is_wanted() => {
            if !std::env::args().any(|argument| argument == "--speed") {
                measure_quality().await;
            }
            measure_speed().await;
        }
        None => {}
    }
}

/// The role of HrFlow: the sandbox itself.
async fn serve_sandbox() {
    let running = sandbox::start(Options::default(), Clock::System).await.unwrap();
    process::ready(running.address);
    process::until_released().await;
}

/// The role of the connector, whose partner lists profiles and jobs in HrFlow's own shape.
async fn connect(arguments: &[String]) {
    let [database_url, partner, hrflow] = arguments else { panic!("{arguments:?} are not the arguments") };
    let mut config = connector::config(database_url, partner, hrflow, 16);
    let acme = &mut config.partners[0];
    ALGORITHM.clone_into(&mut acme.algorithm_key);
    let profiles = acme.service.profiles.take().expect("acme has profiles");
    let listed = |list: &str| Resource {
        list: list.to_owned(),
        get: format!("{list}/{{reference}}"),
        reference: ".reference".to_owned(),
        updated_at: None,
        map: ".".to_owned(),
        ..profiles.clone()
    };
    acme.service.jobs = Some(listed("/vacancies"));
    acme.service.profiles = Some(listed("/candidates"));
    let running = server::Running::start(&config, Clock::System).await.expect("the connector starts");
    process::ready(running.serving.address);
    process::until_released().await;
}

fn set_named(name: &str) -> Set {
    let (folder, _) = sets::folder();
    match name {
        "jd-cv-graded" => sets::graded(&folder),
        "job-cv-silver" => sets::silver(&folder),
        "titles-de" => sets::titles(&folder, "titles-de"),
        "titles-es" => sets::titles(&folder, "titles-es"),
        _ => sets::samples(1),
    }
}

#[derive(Deserialize)]
struct Place {
    page: usize,
    size: usize,
}

/// The role of the partner: the objects of a set in HrFlow's own shape, by page.
async fn list(name: &str) {
    let set = set_named(name);
    let complete = |entity: Entity, objects: Vec<(String, Value)>| -> Vec<Value> {
        objects.into_iter().map(|(reference, object)| completed(entity, &reference, object)).collect()
    };
    let profiles = web::Data::new((complete(Entity::Profile, set.profiles), complete(Entity::Job, set.jobs)));
    let page = |objects: &[Value], place: &Place| {
        let content: Vec<&Value> =
            objects.iter().skip((place.page - 1) * place.size).take(place.size).collect();
        HttpResponse::Ok().json(json!({"content": content, "totalElements": objects.len()}))
    };
    let candidates = move |objects: web::Data<(Vec<Value>, Vec<Value>)>, place: web::Query<Place>| {
        std::future::ready(page(&objects.0, &place))
    };
    let vacancies = move |objects: web::Data<(Vec<Value>, Vec<Value>)>, place: web::Query<Place>| {
        std::future::ready(page(&objects.1, &place))
    };
    let server = HttpServer::new(move || {
        App::new()
            .app_data(profiles.clone())
            .route("/api/candidates", web::get().to(candidates))
            .route("/api/vacancies", web::get().to(vacancies))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    process::ready(server.addrs()[0]);
    tokio::select! { ended = server.run() => ended.unwrap(), () = process::until_released() => {} }
}

/// An object with all that HrFlow needs to store and score it.
fn completed(entity: Entity, reference: &str, mut object: Value) -> Value {
    object["reference"] = json!(reference);
    match entity {
        Entity::Job => object["location"] = json!({"text": null}),
        Entity::Profile => object["info"]["email"] = json!("somebody@example.org"),
    }
    object
}

async fn measure_quality() {
    let (folder, is_there) = sets::folder();
    let mut names = vec!["samples"];
    if is_there {
        names.extend(["jd-cv-graded", "job-cv-silver", "titles-de", "titles-es"]);
    } else {
        support::say(&format!(
            "Only the set of samples/ is measured: {} holds no labelled sets.",
            folder.display()
        ));
    }
    let mut table = Table::new(&[
        "set",
        "asked",
        "nDCG@10",
        "MAP",
        "P@10",
        "MRR",
        "halves nDCG",
        "halves MAP",
        "BM25",
        "best other",
    ]);
    for name in names {
        let set = set_named(name);
        let world = World::holding(name).await;
        for (entity, grades) in [(Entity::Profile, set.grades.clone()), (Entity::Job, set.reversed())] {
            let others = OTHERS.iter().find(|other| (other.0, other.1) == (name, entity));
            if others.is_none() && name != "samples" {
                continue;
            }
            let mut asking: Vec<&String> = grades.keys().collect();
            asking.sort_unstable();
            if support::is_quick() {
                asking.truncate(10);
            }
            let all = world.qualities(entity, &asking, &grades).await;
            let half = |odd: usize| -> Quality {
                let half: Vec<Quality> = all.iter().skip(odd).step_by(2).copied().collect();
                Quality::mean(&half)
            };
            let (mean, one, other) = (Quality::mean(&all), half(0), half(1));
            let figure = |value: f64| format!("{value:.3}");
            let halves = |one: f64, other: f64| format!("{one:.3} {other:.3}");
            table.row(&[
                format!(
                    "{name}, {}",
                    if entity == Entity::Profile { "job → profiles" } else { "profile → jobs" }
                ),
                all.len().to_string(),
                figure(mean.ndcg),
                figure(mean.map),
                figure(mean.precision),
                figure(mean.reciprocal),
                halves(one.ndcg, other.ndcg),
                halves(one.map, other.map),
                others.map_or_else(String::new, |other| other.2.to_owned()),
                others.map_or_else(String::new, |other| other.3.to_owned()),
            ]);
        }
    }
    support::say("\nThrough the connector's API, whole rankings; others: nDCG@10, or nDCG@10 / MAP");
    table.print();
}

/// A connector whose partner has a set, all of it indexed.
struct World {
    client: Client,
    connector: Peer,
    _partner: Peer,
    _sandbox: Peer,
    _database: Database,
}

impl World {
    async fn holding(name: &str) -> Self {
        let sandbox = Peer::start("sandbox", &[]).unwrap();
        let partner = Peer::start("partner", &[name.to_owned()]).unwrap();
        let database = Database::sqlite();
        let places = [database.url.clone(), partner.address.to_string(), sandbox.address.to_string()];
        let connector = Peer::start("connector", &places).unwrap();
        let world =
            Self { client: client(), connector, _partner: partner, _sandbox: sandbox, _database: database };
        for entity in Entity::ALL {
            world.pull(entity).await;
        }
        world
    }

    async fn ask(&self, request: RequestBuilder, key: &str) -> String {
        let answer = request.header("X-API-KEY", key).send().await.unwrap();
        answer.error_for_status().unwrap().text().await.unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.connector.address)
    }

    /// Reads the partner's list and waits until HrFlow has all of it.
    async fn pull(&self, entity: Entity) {
        let body = json!({"entity": entity.plural(), "mode": "full"});
        let pull =
            self.ask(self.client.post(self.url("v1/pulls?partner=acme")).json(&body), OPERATOR_KEY).await;
        let pull: Value = serde_json::from_str(&pull).unwrap();
        let id = pull["id"].as_str().unwrap();
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let pull = self.client.get(self.url(&format!("v1/pulls/{id}?partner=acme")));
            let pull: Value = serde_json::from_str(&self.ask(pull, OPERATOR_KEY).await).unwrap();
            assert_ne!(pull["state"], "failed", "{pull}");
            let metrics = self.ask(self.client.get(self.url("metrics")), OPERATOR_KEY).await;
            let is_settled = metrics.lines().any(|line| line == "oem_due_records{partner=\"acme\"} 0");
            if pull["state"] == "done" && is_settled {
                return;
            }
        }
    }

    /// How good the ranking for each is.
    async fn qualities(&self, entity: Entity, asking: &[&String], grades: &Grades) -> Vec<Quality> {
        let rankings = asking
            .iter()
            .map(async |asking| Quality::of(&self.ranking(entity, asking).await, &grades[*asking]));
        futures_util::stream::iter(rankings).buffered(AT_ONCE).collect().await
    }

    async fn ranking(&self, entity: Entity, asking: &str) -> Vec<String> {
        let mut ranking = Vec::new();
        for page in 1_usize.. {
            let (page, limit) = (page.to_string(), LIMIT.to_string());
            let reference = format!("{}_reference", entity.other());
            let query = [(reference.as_str(), asking), ("page", &page), ("limit", &limit)];
            let request = self.client.get(self.url(&format!("v1/{}/scoring", entity.plural()))).query(&query);
            let answer: Value = serde_json::from_str(&self.ask(request, PARTNER_KEY).await).unwrap();
            let items = answer["items"].as_array().unwrap().iter();
            ranking.extend(items.map(|item| item["reference"].as_str().unwrap().to_owned()));
            if answer["page"].as_u64() >= answer["max_page"].as_u64() {
                break;
            }
        }
        ranking
    }
}

fn client() -> Client {
    Client::builder().no_proxy().tls_certs_only([]).build().unwrap()
}

/// Calls to a sandbox of its own process.
struct Direct {
    client: Client,
    sandbox: Peer,
}

impl Direct {
    async fn send(&self, path: &str, body: &Value) -> Value {
        let address = format!("http://{}/v1/{path}", self.sandbox.address);
        let answer =
            self.client.post(address).header("X-API-KEY", SANDBOX_KEY).json(body).send().await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }

    async fn store(&self, entity: Entity, reference: &str, object: Value) {
        let mut object = completed(entity, reference, object);
        object[format!("{}_key", entity.container())] = json!(SOURCE_KEY);
        self.send(&format!("{entity}/indexing"), &object).await;
    }

    async fn finds(&self, word: &str, reference: &str) -> bool {
        let question = json!({"source_keys": [SOURCE_KEY], "text_keywords": [word], "limit": 30});
        let answer = self.send("profiles/searching", &question).await;
        let found = answer["data"]["profiles"].as_array().unwrap();
        found.iter().any(|profile| profile["reference"] == reference)
    }

    async fn score(&self, job: &str) -> Value {
        let question = json!({
            "source_keys": [SOURCE_KEY], "board_key": SOURCE_KEY, "job_reference": job, "algorithm_key": ALGORITHM,
            "sort_by": "scoring", "limit": 30,
        });
        self.send("profiles/scoring", &question).await
    }
}

/// The body that stores a profile, from behind its reference on.
fn unnamed_body(profile: Value) -> String {
    let mut object = completed(Entity::Profile, "", profile);
    object[format!("{}_key", Entity::Profile.container())] = json!(SOURCE_KEY);
    object.as_object_mut().unwrap().remove("reference");
    object.to_string().split_off(1)
}

/// The call that stores a profile.
fn profile_request(body: &str) -> Vec<u8> {
    let head = "POST /v1/profile/indexing HTTP/1.1\r\nHost: sandbox\r\nContent-Type: application/json\r\n";
    format!("{head}X-API-KEY: {SANDBOX_KEY}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

async fn measure_speed() {
    let objects = if support::is_quick() { 2_000 } else { 50_000 };
    let set = sets::samples(1);
    let direct = Arc::new(Direct { client: client(), sandbox: Peer::start("sandbox", &[]).unwrap() });
    for (reference, job) in &set.jobs {
        direct.store(Entity::Job, reference, job.clone()).await;
    }
    let started = Instant::now();
    let before = direct.sandbox.usage().unwrap();
    // Written once, and sent by little more than a socket: the two cores are the sandbox's as far as can be.
    let bodies: Vec<String> = set.profiles.iter().map(|(_, profile)| unnamed_body(profile.clone())).collect();
    let time = Duration::from_mins(5);
    let load = Load { time, ..Load::full_speed(direct.sandbox.address, 32, objects) };
    let indexed = load::run(&load, move |number| {
        let place = usize::try_from(number).unwrap() % bodies.len();
        profile_request(&format!("{{\"reference\":\"P{number}\",{}", bodies[place]))
    });
    assert_eq!(indexed.await.succeeded, objects);
    let (indexing, after) = (started.elapsed(), direct.sandbox.usage().unwrap());

    let mut scoring = Histogram::<u64>::new(3).unwrap();
    for (reference, _) in set.jobs.iter().cycle().take(if support::is_quick() { 50 } else { 600 }) {
        let asked = Instant::now();
        direct.score(reference).await;
        scoring.record(u64::try_from(asked.elapsed().as_micros()).unwrap()).unwrap();
    }
    let mut found = Histogram::<u64>::new(3).unwrap();
    for number in 0..20 {
        let written = Instant::now();
        // A word that nobody else has.
        let (word, reference) = (format!("quokka{number}"), format!("NEW{number}"));
        let text = format!("{} {word}", set.jobs[number].1["summary"]);
        let profile = json!({"text": text, "info": {"summary": set.jobs[number].1["name"]}});
        direct.store(Entity::Profile, &reference, profile).await;
        while !direct.finds(&word, &reference).await {
            assert!(written.elapsed() < Duration::from_secs(10), "{reference} is not found");
        }
        found.record(u64::try_from(written.elapsed().as_micros()).unwrap()).unwrap();
    }
    let milliseconds = |histogram: &Histogram<u64>, share: f64| {
        format!("{:.1}", Duration::from_micros(histogram.value_at_quantile(share)).as_secs_f64() * 1e3)
    };
    let count = f64::from(u32::try_from(objects).unwrap());
    let mut table = Table::new(&[
        "profiles",
        "indexed/s",
        "sandbox CPU µs/profile",
        "peak MiB",
        "scoring p50 ms",
        "p99 ms",
        "write → found p50 ms",
        "max ms",
    ]);
    table.row(&[
        objects.to_string(),
        format!("{:.0}", count / indexing.as_secs_f64()),
        format!("{:.0}", after.cpu_since(&before).as_secs_f64() * 1e6 / count),
        (after.peak_memory >> 20).to_string(),
        milliseconds(&scoring, 0.5),
        milliseconds(&scoring, 0.99),
        milliseconds(&found, 0.5),
        milliseconds(&found, 1.0),
    ]);
    support::say(&format!("\nThe sandbox by itself, in memory; {}", support::machine()));
    table.print();
}
