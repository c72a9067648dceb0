//! The sandbox ranks well: floors on labelled sets, measured over whole rankings through its API.
//!
//! The set that is made from `samples/` is always there. The others are measured where the project's data folder is; where
//! it is not, the test says so. What the floors are made of is printed by `cargo bench --bench ranking`.

use futures_util::StreamExt as _;
use oem_connector::model::{Clock, Entity};
use oem_connector::sandbox::{self, Options};
use reqwest::Client;
use serde_json::{Value, json};

#[expect(dead_code, reason = "the bench measures more")]
#[path = "../../benches/support/sets.rs"]
mod sets;

use sets::{Grades, Quality, Set};

const KEY: &str = "ask_0123456789abcdef0123456789abcdef";
const SOURCE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const BOARD: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
/// Calls at once.
const AT_ONCE: usize = 4;
/// So many objects are asked with, spread over the set: a debug build takes its time for thousands of titles.
const QUERIES: usize = 100;

/// A sandbox that holds a set.
struct World {
    client: Client,
    address: String,
}

impl World {
    async fn holding(set: &Set) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let running = sandbox::start(Options::default(), Clock::System).await.unwrap();
        let world = Self {
            client: Client::builder().no_proxy().build().unwrap(),
            address: format!("http://{}/v1", running.address),
        };
        let jobs = set.jobs.iter().map(|(reference, job)| world.put(Entity::Job, reference, job));
        futures_util::stream::iter(jobs).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        let profiles =
            set.profiles.iter().map(|(reference, profile)| world.put(Entity::Profile, reference, profile));
        futures_util::stream::iter(profiles).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        world
    }

    async fn put(&self, entity: Entity, reference: &str, object: &Value) {
        let mut object = object.clone();
        object["reference"] = json!(reference);
        match entity {
            Entity::Job => {
                object["board_key"] = json!(BOARD);
                object["location"] = json!({"text": null});
            }
            Entity::Profile => {
                object["source_key"] = json!(SOURCE);
                object["info"]["email"] = json!("somebody@example.org");
            }
        }
        let address = format!("{}/{entity}/indexing", self.address);
        let answer = self.client.post(address).header("X-API-KEY", KEY).json(&object).send().await.unwrap();
        assert_eq!(answer.status(), 201, "{reference}");
    }

    /// The whole ranking for an object.
    async fn ranking(&self, entity: Entity, asking: &str) -> Vec<String> {
        let mut ranking = Vec::new();
        for page in 1.. {
            let query = json!({
                "board_key": BOARD, "board_keys": [BOARD], "source_key": SOURCE, "source_keys": [SOURCE],
                "job_reference": asking, "profile_reference": asking, "algorithm_key": "a-scorer",
                "sort_by": "scoring", "limit": 1_000, "page": page,
            });
            let address = format!("{}/{}/scoring", self.address, entity.plural());
            let answer =
                self.client.post(address).header("X-API-KEY", KEY).json(&query).send().await.unwrap();
            let answer: Value = answer.json().await.unwrap();
            let items = answer["data"][entity.plural()].as_array().unwrap_or_else(|| panic!("{answer}"));
            ranking.extend(items.iter().map(|item| item["reference"].as_str().unwrap().to_owned()));
            if answer["meta"]["page"] == answer["meta"]["maxPage"] {
                break;
            }
        }
        ranking
    }

    async fn quality(&self, entity: Entity, grades: &Grades) -> Quality {
        let mut asking: Vec<&String> = grades.keys().collect();
        asking.sort_unstable();
        let step = (asking.len() / QUERIES).max(1);
        let rankings = asking
            .into_iter()
            .step_by(step)
            .map(async |asking| Quality::of(&self.ranking(entity, asking).await, &grades[asking]));
        let all: Vec<Quality> =
            futures_util::stream::iter(rankings).buffer_unordered(AT_ONCE).collect().await;
        Quality::mean(&all)
    }
}

#[actix_web::test]
async fn candidates_of_the_same_occupation_come_first() {
    let set = sets::samples(4);
    let world = World::holding(&set).await;
    let profiles = world.quality(Entity::Profile, &set.grades).await;
    assert!(profiles.ndcg > 0.85 && profiles.map > 0.70, "{profiles:?}");
    let jobs = world.quality(Entity::Job, &set.reversed()).await;
    assert!(jobs.ndcg > 0.80 && jobs.map > 0.70, "{jobs:?}");
}

#[actix_web::test]
async fn the_sets_of_the_data_folder_are_ranked_as_well_as_promised() {
    let (folder, is_there) = sets::folder();
    if !is_there {
        eprintln!("not measured: {} holds no labelled sets", folder.display());
        return;
    }
    let graded = sets::graded(&folder);
    let world = World::holding(&graded).await;
    let profiles = world.quality(Entity::Profile, &graded.grades).await;
    assert!(profiles.ndcg > 0.93, "jd-cv-graded: {profiles:?}");
    let jobs = world.quality(Entity::Job, &graded.reversed()).await;
    assert!(jobs.ndcg > 0.90, "jd-cv-graded, reversed: {jobs:?}");
    for (name, least) in [("titles-de", 0.29), ("titles-es", 0.33)] {
        let titles = sets::titles(&folder, name);
        let quality = World::holding(&titles).await.quality(Entity::Profile, &titles.grades).await;
        assert!(quality.map > least, "{name}: {quality:?}");
    }
}
