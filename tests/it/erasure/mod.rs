//! A person is erased: out of HrFlow and out of our database, whatever happens meanwhile, and for good.

mod asked;
mod gone;
mod meanwhile;

use oem_connector::model::Entity;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{API_KEY, Answer, OPERATOR_KEY, World, answer, urlencoded};

const NAME: &str = "Zephyrine";
const EMAIL: &str = "zephyrine@example.org";
const TEXT: &str = "planted-words-of-a-life";

async fn ask(world: &World, path: &str, key: &str) -> Answer {
    let request = world.client.post(format!("{}{path}", world.address));
    answer(request.header("X-API-KEY", key)).await
}

/// Asks for an erasure, which must be accepted, and gives its id.
async fn erase(world: &World, reference: &str) -> String {
    let path = format!("/v1/records/profiles/{}/erase?partner=acme", urlencoded(reference));
    let asked = ask(world, &path, OPERATOR_KEY).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
    let location = asked.headers["location"].to_str().unwrap();
    assert_eq!(location, format!("/v1/erasures/{}", asked.body["id"].as_str().unwrap()));
    asked.body["id"].as_str().unwrap().to_owned()
}

async fn erasure(world: &World, id: &str) -> Value {
    let request = world.client.get(format!("{}/v1/erasures/{id}", world.address));
    answer(request.header("X-API-KEY", OPERATOR_KEY)).await.body
}

/// A candidate whose name, e-mail and text are looked for afterwards.
fn has_person(world: &World, id: &str, headline: &str) {
    let person = json!({
        "id": id, "firstName": NAME, "lastName": "Moreau", "headline": headline, "resumeText": TEXT,
        "contact": {"email": EMAIL}, "competencies": ["Rust"],
    });
    world.ats.put(Entity::Profile, person.as_object().unwrap().clone()).unwrap();
}

/// The same, indexed.
async fn shows_person(world: &World, id: &str) {
    has_person(world, id, "Nurse");
    world.announce("profile_create", id).await;
    world.settle().await;
    assert!(world.in_hrflow(Entity::Profile, id).await.unwrap().to_string().contains(NAME));
}

/// Everything HrFlow holds of acme's, archived objects included, each in full.
async fn all_in_hrflow(world: &World) -> Vec<Value> {
    let source = world.acme().settings.container_key(Entity::Profile);
    let request = world
        .client
        .get(format!("http://{}/v1/storing/profiles", world.hrflow_side.address))
        .header("X-API-KEY", API_KEY)
        .query(&[("source_keys", json!([source]).to_string())])
        .query(&[("return_profile", "true"), ("limit", "100")]);
    answer(request).await.body["data"].as_array().unwrap().clone()
}

/// Fails unless `reference` is gone from HrFlow and from every table but for its tombstone, and its erasure says so.
async fn assert_erased(world: &World, reference: &str, id: &str) {
    let evidence = erasure(world, id).await;
    assert_eq!(evidence["state"], "erased", "{evidence}");
    assert_eq!(evidence["problem"], Value::Null, "{evidence}");
    assert!(!evidence.to_string().contains(reference), "{evidence}");
    let record = world.record("profiles", reference).await;
    assert_eq!((&record["state"], &record["wanted"]), (&json!("erased"), &json!("erased")), "{record}");
    for member in ["last_event", "hrflow_key", "indexed_at", "updated_at", "due_at", "problem"] {
        assert_eq!(record[member], Value::Null, "{member} of {record}");
    }
    assert_nobody(world, reference).await;
}

async fn assert_nobody(world: &World, reference: &str) {
    for profile in all_in_hrflow(world).await {
        if profile["reference"] == reference {
            assert!(!profile["archived_at"].is_null(), "{profile}");
            for planted in [NAME, EMAIL, TEXT, "Moreau", "Rust"] {
                assert!(!profile.to_string().contains(planted), "{planted} in {profile}");
            }
        }
    }
    let tables = world.database.dump();
    for planted in [NAME, EMAIL, TEXT] {
        assert!(!tables.contains(planted), "{planted} in {tables}");
    }
    // The reference is the tombstone's key, and stands in the one change that tells of the erasure.
    let mut lines: Vec<&str> = tables.lines().filter(|line| line.contains(reference)).collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].starts_with("changes: ") && lines[0].contains("erased"), "{lines:?}");
    assert!(lines[1].starts_with("records: "), "{lines:?}");
}
