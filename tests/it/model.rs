//! Random histories against a model of two sentences: at rest HrFlow shows what the partner has, object by object, and
//! every event that was accepted is accounted for.
//!
//! A round is a hundred objects that live, change and die in one world while events about them are told late, twice and
//! out of order, two nodes work side by side and crash, and both sides fail. `MODEL_ROUNDS=n` runs more of them,
//! `MODEL_SEED=n` repeats one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all, join3};
use oem_connector::error::{Kind, Result};
use oem_connector::flows::{Context, index, lease, pull};
use oem_connector::model::Entity;
use oem_connector::sandbox::ReferenceAfterArchive;
use oem_connector::server;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{Backend, Fault, Wishes, World, backends};

/// Objects of a round: each has a history of its own.
const OBJECTS: usize = 100;

/// Steps of a round; most concern several objects.
const STEPS: usize = 80;

/// Removals of a round that only a full list makes known: fewer than the deletion fuse lets pass.
const UNTOLD: usize = 10;

/// A webhook of the partner's.
#[derive(Clone, Debug)]
struct Event {
    object: usize,
    kind: &'static str,
    date: String,
}

/// What the partner has of an object: the number of its content, or nothing.
type Truth = Option<u32>;

struct Round {
    world: World,
    nodes: [Arc<Context>; 2],
    random: StdRng,
    name: String,
    truth: Vec<Truth>,
    /// The number of each object's newest content.
    contents: Vec<u32>,
    /// Events that are still to be told.
    unheard: Vec<Event>,
    told: Vec<Event>,
    /// How many removals nobody tells of.
    untold: usize,
    /// The ids of the events that were accepted.
    accepted: Vec<String>,
}

impl Round {
    fn reference(&self, object: usize) -> String {
        format!("{}-{object}", self.name)
    }

    fn any_object(&mut self) -> usize {
        self.random.random_range(0..OBJECTS)
    }

    async fn step(&mut self) {
        match self.random.random_range(0..100) {
            0..28 => self.live(),
            28..50 => self.tell().await,
            50..66 => self.work().await,
            66..72 => self.pull().await,
            72..82 => self.everything_at_once().await,
            82..90 => self.fail(),
            _ => self.pass_time().await,
        }
    }

    /// A few objects are made, changed or removed, and webhooks about it are on their way; of some removals nobody ever tells.
    fn live(&mut self) {
        for _ in 0..self.random.random_range(1..24) {
            let object = self.any_object();
            // Dates are seconds, and archive wins within one: another second tells a removal from what follows it.
            self.world.advance(1);
            let reference = self.reference(object);
            if self.truth[object].is_some() && self.untold < UNTOLD && self.random.random_bool(0.03) {
                self.truth[object] = None;
                self.untold += 1;
                self.world.ats.remove(Entity::Profile, &reference);
                continue;
            }
            let kind = if self.truth[object].is_some() && self.random.random_bool(0.2) {
                self.truth[object] = None;
                self.world.ats.remove(Entity::Profile, &reference);
                "profile_archive"
            } else {
                self.contents[object] += 1;
                let kind = if self.truth[object].is_some() { "profile_update" } else { "profile_create" };
                self.truth[object] = Some(self.contents[object]);
                self.world.has_profile(&reference, &headline(self.contents[object]));
                kind
            };
            self.unheard.push(Event { object, kind, date: self.world.now() });
        }
    }

    /// Some webhooks arrive at once: late ones, repeated ones, in any order.
    async fn tell(&mut self) {
        let mut batch = Vec::new();
        for _ in 0..self.random.random_range(1..24) {
            if !self.unheard.is_empty() && self.random.random_bool(0.8) {
                let next = self.random.random_range(0..self.unheard.len());
                batch.push(self.unheard.swap_remove(next));
            } else if let Some(event) = self.told.choose(&mut self.random) {
                batch.push(event.clone());
            }
        }
        self.deliver(batch).await;
    }

    /// A 503 was not kept: the sender tells it again, as it is asked to.
    async fn deliver(&mut self, mut batch: Vec<Event>) {
        while !batch.is_empty() {
            let answers = join_all(batch.iter().map(|event| {
                let reference = self.reference(event.object);
                let world = &self.world;
                async move { world.webhook(event.kind, &reference, &event.date).await }
            }))
            .await;
            let mut refused = Vec::new();
            for (event, answer) in batch.into_iter().zip(answers) {
                match answer.status {
                    StatusCode::ACCEPTED => {
                        self.accepted.push(answer.body["id"].as_str().unwrap().to_owned());
                        self.told.push(event);
                    }
                    StatusCode::SERVICE_UNAVAILABLE => refused.push(event),
                    _ => {
                        assert!(answer.status.is_success(), "{}", answer.body);
                        self.told.push(event);
                    }
                }
            }
            batch = refused;
        }
    }

    /// Both nodes work on what is due, and now and then one of them dies over it.
    async fn work(&mut self) {
        let limits = [self.random.random_range(1..32), self.random.random_range(0..32)];
        let deaths = [(); 2].map(|()| self.random.random_bool(0.25).then(|| self.moment()));
        join(work(&self.nodes[0], limits[0], deaths[0]), work(&self.nodes[1], limits[1], deaths[1])).await;
        self.be_still().await;
    }

    /// A pull is asked for and read, or begun and left by a node that dies.
    async fn pull(&mut self) {
        let mode = if self.random.random_bool(0.5) { "full" } else { "delta" };
        let asked = self.world.ask_for_pull("profiles", mode).await;
        assert!(asked.status.is_success(), "{}", asked.body);
        let death = self.random.random_bool(0.4).then(|| self.moment());
        let node = self.random.random_range(0..2);
        run_pulls(&self.nodes[node], death).await;
        self.be_still().await;
    }

    /// A list is read and records are worked on while objects change and webhooks arrive.
    async fn everything_at_once(&mut self) {
        let mode = if self.random.random_bool(0.5) { "full" } else { "delta" };
        let asked = self.world.ask_for_pull("profiles", mode).await;
        assert!(asked.status.is_success(), "{}", asked.body);
        let nodes = self.nodes.clone();
        let pulls = run_pulls(&nodes[0], None);
        let works = async {
            for _ in 0..6 {
                work(&nodes[1], 8, None).await;
            }
        };
        let life = async {
            for _ in 0..6 {
                self.live();
                self.tell().await;
            }
        };
        join3(pulls, works, life).await;
        self.be_still().await;
    }

    /// The next calls to one side go wrong.
    fn fail(&mut self) {
        let fault = match self.random.random_range(0..9) {
            0 => Fault::Status(429, Some(1)),
            1 => Fault::Status(429, None),
            2 => Fault::Status(500, None),
            3 => Fault::Status(503, Some(2)),
            4 => Fault::Cut,
            5 => Fault::Malformed,
            6 => Fault::WrongType,
            _ => Fault::LoseAnswer,
        };
        let times = self.random.random_range(1..4);
        if self.random.random_bool(0.4) {
            self.world.partner_side.fail_times(times, "GET", "/candidates", fault);
        } else {
            let method = ["POST", "PUT", "PATCH"][self.random.random_range(0..3)];
            self.world.hrflow_side.fail_times(times, method, "/profile/indexing", fault);
        }
    }

    async fn pass_time(&mut self) {
        // What a dead node had sent arrives before its lease ends: a call ends before the lease that covers it.
        self.be_still().await;
        let seconds = [1, 5, 26, 70, 310, 1_000][self.random.random_range(0..6)];
        self.world.advance(seconds);
    }

    async fn be_still(&self) {
        self.world.hrflow_side.at_rest().await;
        self.world.partner_side.at_rest().await;
    }

    /// When a node dies: at once, or some calls later.
    fn moment(&mut self) -> Duration {
        Duration::from_micros(self.random.random_range(0..20_000))
    }

    /// All is well again and everything that is on its way arrives.
    async fn come_to_rest(&mut self) {
        self.world.partner_side.heal();
        self.world.hrflow_side.heal();
        let rest = std::mem::take(&mut self.unheard);
        self.deliver(rest).await;
        self.work_off().await;
        // What went in an hour counts into the deletion fuse.
        self.world.advance(2 * 3600);
        self.world.start_pull("profiles", "full").await;
        self.work_off().await;
    }

    /// Works until nothing is due any more, however late that is.
    async fn work_off(&mut self) {
        // What dead nodes held is free then.
        self.be_still().await;
        self.world.advance(26);
        for _ in 0..200 {
            join(work(&self.nodes[0], 32, None), work(&self.nodes[1], 32, None)).await;
            run_pulls(&self.nodes[0], None).await;
            self.world.settle().await;
            let Some(wait) = lease::next_due_in(&self.nodes[0], self.world.acme()).await.unwrap() else {
                return;
            };
            self.be_still().await;
            self.world.advance(wait.as_secs() + 10);
            // A 404 counts only while the service gives others.
            self.world.has_profile("witness", &self.world.now());
            self.world.announce("profile_update", "witness").await;
        }
        for object in 0..OBJECTS {
            let record = self.world.record("profiles", &self.reference(object)).await;
            if record["due_at"].is_string() {
                eprintln!("at {}: {record}", self.world.now());
                let reference = self.reference(object);
                for call in self
                    .world
                    .hrflow_side
                    .requests()
                    .iter()
                    .filter(|c| c.body.contains(&format!("\"{reference}\"")))
                {
                    eprintln!(
                        "CALL {} {} {}",
                        call.method,
                        call.target,
                        &call.body[..call.body.len().min(300)]
                    );
                }
            }
        }
        panic!("{}: it never comes to rest", self.name);
    }

    async fn check(&self, when: &str) {
        self.check_accounts(when).await;
        for object in 0..OBJECTS {
            let reference = self.reference(object);
            let expected = self.truth[object].map(headline);
            let shown = self.world.headline(&reference).await;
            let record = self.world.record("profiles", &reference).await;
            assert_eq!(shown, expected, "{reference} {when}: HrFlow against the partner; {record}");
            if record["status"] != 404 {
                assert!(["indexed", "archived"].contains(&record["state"].as_str().unwrap()), "{record}");
                assert_eq!(record["due_at"], Value::Null, "{record}");
            }
        }
        self.check_order(when);
    }

    /// Every event that was accepted stands in the log of deliveries.
    async fn check_accounts(&self, when: &str) {
        let mut logged = HashMap::new();
        let mut cursor = String::new();
        loop {
            let page = self.world.get(&format!("/v1/deliveries?limit=100{cursor}")).await.body;
            for delivery in page["items"].as_array().unwrap() {
                logged.insert(delivery["id"].as_str().unwrap().to_owned(), delivery["status"].clone());
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        for id in &self.accepted {
            assert_eq!(logged.get(id), Some(&Value::from("accepted")), "{id} {when}");
        }
    }

    /// What HrFlow was sent of one object never went back in time.
    fn check_order(&self, when: &str) {
        let mut newest: HashMap<String, u32> = HashMap::new();
        for call in self.world.hrflow_side.requests() {
            let Ok(body) = serde_json::from_str::<Value>(&call.body) else { continue };
            let object = if body["profile"].is_object() { &body["profile"] } else { &body };
            let Some(content) =
                object["info"]["summary"].as_str().and_then(|text| text.strip_prefix("content "))
            else {
                continue;
            };
            let (content, reference) = (content.parse().unwrap(), object["reference"].as_str().unwrap());
            let before = newest.insert(reference.to_owned(), content).unwrap_or_default();
            assert!(before <= content, "{reference} {when}: {content} was sent after {before}");
        }
    }
}

fn headline(content: u32) -> String {
    format!("content {content}")
}

/// One look of a node at what is due, up to its death.
async fn work(node: &Arc<Context>, limit: usize, death: Option<Duration>) {
    let partner = node.partner("acme").unwrap();
    let works = async {
        // A transaction that the database gave up is tried again, as the worker does.
        let Some(leased) = carried_out(lease::claim(node, partner, limit).await) else { return };
        for worked in join_all(leased.into_iter().map(|leased| index::work(node, partner, leased))).await {
            carried_out(worked);
        }
    };
    until(works, death).await;
}

async fn run_pulls(node: &Arc<Context>, death: Option<Duration>) {
    let partner = node.partner("acme").unwrap();
    let reads = async {
        while let Some(Some(claimed)) = carried_out(pull::claim(node, partner).await) {
            carried_out(pull::run(node, partner, claimed).await);
        }
    };
    until(reads, death).await;
}

/// What came of it; nothing where the database was too busy, and nothing else may go wrong.
fn carried_out<T>(result: Result<T>) -> Option<T> {
    match result {
        Ok(done) => Some(done),
        Err(problem) => {
            assert_eq!(problem.kind(), Kind::Unavailable, "{problem}");
            None
        }
    }
}

/// Does the work, or leaves it wherever it stands when death comes.
async fn until(work: impl Future<Output = ()>, death: Option<Duration>) {
    match death {
        None => work.await,
        Some(moment) => drop(tokio::time::timeout(moment, work).await),
    }
}

async fn play(backend: Backend, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let reference_after_archive =
        if random.random_bool(0.5) { ReferenceAfterArchive::Kept } else { ReferenceAfterArchive::Free };
    let world = World::with(backend, Wishes { reference_after_archive, ..Wishes::default() }).await;
    let other = server::context(&world.config, world.clock.clone()).await.unwrap();
    let mut round = Round {
        nodes: [world.context.clone(), other],
        world,
        random,
        name: format!("{backend:?}-{seed}"),
        truth: vec![None; OBJECTS],
        contents: vec![0; OBJECTS],
        unheard: Vec::new(),
        told: Vec::new(),
        untold: 0,
        accepted: Vec::new(),
    };
    for _ in 0..STEPS {
        round.step().await;
    }
    round.come_to_rest().await;
    round.check("at rest").await;
    // A full pull and every event told once more change nothing.
    let told = round.told.clone();
    round.deliver(told).await;
    round.world.start_pull("profiles", "full").await;
    round.work_off().await;
    round.check("after it was all told again").await;
}

async fn play_rounds(backend: Backend) {
    if !backends().contains(&backend) {
        return;
    }
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds: Vec<u64> = match number("MODEL_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("MODEL_ROUNDS").unwrap_or(5)).map(|_| rand::random_range(0..1_000_000)).collect(),
    };
    for seed in seeds {
        eprintln!("MODEL_SEED={seed} on {backend:?}: {OBJECTS} histories");
        Box::pin(play(backend, seed)).await;
    }
}

#[actix_web::test]
async fn at_rest_hrflow_shows_what_the_partner_has_after_hundreds_of_histories_on_sqlite() {
    play_rounds(Backend::Sqlite).await;
}

#[actix_web::test]
async fn at_rest_hrflow_shows_what_the_partner_has_after_hundreds_of_histories_on_postgresql() {
    play_rounds(Backend::Postgres).await;
}
