//! Searching, and scoring of profiles for a job and of jobs for a profile.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Call;
use crate::model::{Entity, Object};
use crate::sandbox::access::{Permission, is_algorithm_key};
use crate::sandbox::answer::{self, Answer, Refusal};
use crate::sandbox::catalog::{Catalog, Entry};
use crate::sandbox::criteria::Criteria;
use crate::sandbox::index::document::Document;
use crate::sandbox::matching::{Order, Page, Scope, Search};
use crate::sandbox::parameters::Parameters;
use crate::sandbox::ranking::Asker;
use crate::sandbox::roads::Wanted;
use crate::sandbox::state::State;

/// The pair of an object that was not scored, since `use_algorithm` was 0.
const NOT_SCORED: [f64; 2] = [1.0, 0.0];
/// Scores have six decimals, and so has what is left of one.
const DECIMALS: f64 = 1_000_000.0;

/// `GET` and `POST /profiles/searching`, `/jobs/searching`
pub(in crate::sandbox) async fn search(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Read).await?;
    call.run(|mut call| {
        let (entity, parameters) = (call.entity, call.parameters());
        let criteria = Criteria::of_search(entity, &parameters, None)?;
        open_all(&call.state, entity, &criteria)?;
        let order = Order::of(&parameters, "created_at")?;
        let query = parameters.text(&["query"])?;
        let search = Search {
            scope: Scope::Searchable,
            criteria: &criteria,
            order: &order,
            scoring: None,
            query: query.as_deref(),
        };
        let catalog = call.state.catalog();
        let page = search.run(catalog.stock(entity))?;
        answer::page(&format!("{} searching results", title(entity)), page.meta, Found::of(entity, &page))
    })
    .await
}

/// `GET` and `POST /profiles/scoring`, `/jobs/scoring`
pub(in crate::sandbox) async fn score(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Read).await?;
    call.run(|mut call| {
        let (entity, parameters) = (call.entity, call.parameters());
        let is_scored = read_algorithm(&parameters)?;
        let least = read_least_score(&parameters)?;
        let order = Order::of(&parameters, "scoring")?;
        let wanted = read_asker(entity.other(), &parameters)?;
        call.state.open_container(entity.other(), &wanted.container)?;
        open_all(&call.state, entity, &Criteria::of_storing(entity, &parameters)?)?;

        let catalog = call.state.catalog();
        let (asking, document) = scorable(&catalog, entity.other(), &wanted)?;
        let asker = Asker { entity: entity.other(), document: &document, facts: &asking.facts };
        let job = (entity == Entity::Profile).then(|| (asking.key.clone(), asking.reference.clone()));
        let criteria = Criteria::of_search(entity, &parameters, job)?;
        let search = Search {
            scope: Scope::Scorable,
            criteria: &criteria,
            order: &order,
            scoring: is_scored.then_some((&asker, least)),
            query: None,
        };
        let page = search.run(catalog.stock(entity))?;
        let found = Found { predictions: Some(predictions(&page)), ..Found::of(entity, &page) };
        answer::page(&format!("{} scoring results", title(entity)), page.meta, found)
    })
    .await
}

/// A stored object that can be scored, and what the index knows of it.
pub(super) fn scorable<'a>(
    catalog: &'a Catalog,
    entity: Entity,
    wanted: &Wanted,
) -> Result<(&'a Entry, Document), Refusal> {
    let stock = catalog.stock(entity);
    let entry = &stock.entries()[wanted.slot(entity, stock)?];
    if entry.is_archived || !entry.eligibility.scorable {
        return Err(Refusal::invalid(format_args!("This {entity} is not in the scoring index")));
    }
    let object: Object = serde_json::from_str(entry.body.get()).map_err(|_| Refusal::internal())?;
    Ok((entry, Document::of(entity, &object)))
}

/// Every source or board that is named must exist, or be welcome.
fn open_all(state: &State, entity: Entity, criteria: &Criteria) -> Result<(), Refusal> {
    criteria.containers.iter().try_for_each(|key| state.open_container(entity, key).map(drop))
}

/// Whether scores are wanted, and from an algorithm that can exist. `use_agent` and `agent_key` are of old and ignored.
pub(super) fn read_algorithm(parameters: &Parameters) -> Result<bool, Refusal> {
    let is_scored = parameters.flag("use_algorithm")?.unwrap_or(true);
    match parameters.text(&["algorithm_key"])? {
        Some(key) if !is_algorithm_key(&key) => Err(Refusal::no_object("algorithm")),
        None if is_scored => Err(Refusal::field("algorithm_key", "is needed")),
        _ => Ok(is_scored),
    }
}

fn read_least_score(parameters: &Parameters) -> Result<f64, Refusal> {
    let least = parameters.number(&["score_threshold"])?.unwrap_or(0.0);
    if (0.0..=1.0).contains(&least) {
        Ok(least)
    } else {
        Err(Refusal::field("score_threshold", "must be from 0 to 1"))
    }
}

/// The object that is scored for: `board_key` with `job_key` or `job_reference`, or their like.
pub(super) fn read_asker(entity: Entity, parameters: &Parameters) -> Result<Wanted, Refusal> {
    let text = |name: &str| parameters.owned_text(&[name]);
    let container = format!("{}_key", entity.container());
    let wanted = Wanted {
        container: text(&container)?.ok_or_else(|| Refusal::field(container, "is needed"))?,
        key: text(&format!("{entity}_key"))?,
        reference: text(&format!("{entity}_reference"))?,
        email: None,
    };
    if wanted.key.is_none() && wanted.reference.is_none() {
        return Err(Refusal::field(format_args!("{entity}_key or {entity}_reference"), "is needed"));
    }
    Ok(wanted)
}

/// The data of an answer.
#[derive(Serialize)]
struct Found<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    predictions: Option<Vec<[f64; 2]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profiles: Option<Vec<&'a RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jobs: Option<Vec<&'a RawValue>>,
}

impl<'a> Found<'a> {
    fn of(entity: Entity, page: &Page<'a>) -> Self {
        let bodies: Vec<&RawValue> = page.items.iter().map(|(entry, _)| &*entry.body).collect();
        match entity {
            Entity::Profile => Self { predictions: None, profiles: Some(bodies), jobs: None },
            Entity::Job => Self { predictions: None, profiles: None, jobs: Some(bodies) },
        }
    }
}

/// A prediction for each item.
fn predictions(page: &Page<'_>) -> Vec<[f64; 2]> {
    page.items.iter().map(|(_, score)| score.map_or(NOT_SCORED, prediction)).collect()
}

/// `[1 − score, score]`
pub(super) fn prediction(score: f64) -> [f64; 2] {
    [((1.0 - score) * DECIMALS).round() / DECIMALS, score]
}

fn title(entity: Entity) -> &'static str {
    match entity {
        Entity::Profile => "Profile",
        Entity::Job => "Job",
    }
}
