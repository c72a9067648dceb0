//! Deltas and newest-first pulls through the front door: what is asked of each kind of partner, what moves the cursor, and
//! that nothing is lost in between.

mod newest_first;
mod ordered;

use oem_connector::config::{Changes, Config, DateFormat, DateParameter, Sort};
use oem_connector::model::{Entity, Reference};
use oem_connector::store::{Record, records};
use serde_json::{Value, json};

use crate::support::{Fault, Wishes, World};

fn parameter(name: &str) -> DateParameter {
    DateParameter { parameter: name.to_owned(), format: DateFormat::Rfc3339 }
}

fn changes(config: &mut Config) -> &mut Changes {
    &mut config.partners[0].service.profiles.as_mut().unwrap().changes
}

fn sort() -> Sort {
    Sort {
        parameter: "sort".to_owned(),
        oldest_first: Some("modifiedAt".to_owned()),
        newest_first: Some("-modifiedAt".to_owned()),
    }
}

/// A world whose partner can be asked for this, two objects to a page.
async fn world(backend: crate::support::Backend, adjust: fn(&mut Config)) -> World {
    World::with(backend, Wishes { page_size: 2, page_attempts: 1, adjust, ..Wishes::default() }).await
}

/// The partner has this profile since a time.
fn dated(world: &World, id: &str, headline: &str, date: &str) {
    world.ats.put(Entity::Profile, candidate(id, headline, date).as_object().unwrap().clone()).unwrap();
}

fn candidate(id: &str, headline: &str, date: impl Into<Value>) -> Value {
    json!({"id": id, "firstName": "Ada", "lastName": "Moreau", "headline": headline,
        "contact": {"email": "ada@example.org"}, "resumeText": "Ada Moreau", "competencies": ["Rust"],
        "modifiedAt": date.into()})
}

fn page_of(candidates: &[Value]) -> Fault {
    Fault::Answer(200, json!({ "content": candidates }).to_string())
}

/// What the lists were asked, each as the parameters of this name.
fn asked(world: &World, name: &str) -> Vec<Option<String>> {
    let calls = world.partner_side.requests();
    let lists = calls.iter().filter(|call| call.target.contains("/candidates?"));
    lists
        .map(|call| {
            let url: url::Url = format!("http://ats{}", call.target).parse().unwrap();
            url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
        })
        .collect()
}

/// All that is kept of an object.
async fn row(world: &World, reference: &str) -> Option<Record> {
    let reference = Reference::parse(reference).unwrap();
    world.context.store.read(move |db| records::find(db, "acme", Entity::Profile, &reference)).await.unwrap()
}

/// Since when the next delta would ask.
async fn next_since(world: &World) -> Option<String> {
    world.partner_side.forget();
    world.pull("profiles", "delta").await;
    asked(world, "modified_since").remove(0)
}
