//! Grading: the scores of chosen profiles for a job, or of chosen jobs for a profile; the same numbers as scoring gives.

use std::time::Instant;

use actix_web::HttpRequest;
use actix_web::web::Payload;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Call;
use super::matching::{prediction, read_algorithm, read_asker, scorable};
use crate::model::Entity;
use crate::sandbox::access::Permission;
use crate::sandbox::answer::{self, Answer, Refusal};
use crate::sandbox::catalog::{Catalog, Entry, Stock};
use crate::sandbox::parameters::Parameters;
use crate::sandbox::ranking::{Asker, Shares};
use crate::sandbox::roads::Wanted;

/// The most objects of one call: bounds the work that it can ask for.
const MOST_GRADED: usize = 1_000;

/// `GET /profile/grading`, `GET /job/grading`
pub(in crate::sandbox) async fn grade(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Read).await?;
    call.run(|mut call| {
        let (entity, parameters) = (call.entity, call.parameters());
        read_algorithm(&parameters)?;
        let asking = read_asker(entity.other(), &parameters)?;
        call.state.open_container(entity.other(), &asking.container)?;
        let listed = read_listed(entity, &parameters)?;
        let is_full = parameters.flag(&format!("return_{entity}"))?.unwrap_or(false);

        let started = Instant::now();
        let catalog = call.state.catalog();
        let (asking, document) = scorable(&catalog, entity.other(), &asking)?;
        let asker = Asker { entity: entity.other(), document: &document, facts: &asking.facts };
        let grader = Grader { entity, catalog: &catalog, shares: Shares::of(&asker, catalog.stock(entity)) };
        let mut report = Report::default();
        if let Some(listed) = listed {
            for wanted in &listed {
                report.add(grader.grade(wanted));
            }
        } else {
            let one = grader.grade(&read_asker(entity, &parameters)?)?;
            report.score = Some(one.1);
            report.add(Ok(one));
        }
        let message = format!("Grading finished in {:.2} seconds.", started.elapsed().as_secs_f64());
        answer::done(&message, report.shown(entity, is_full))
    })
    .await
}

/// The objects of a batch: `profile_ids[0][source_key]`, `profile_ids[0][profile_key]` and so on, or their like; nothing
/// when one object is named by parameters of its own.
fn read_listed(entity: Entity, parameters: &Parameters) -> Result<Option<Vec<Wanted>>, Refusal> {
    let name = format!("{entity}_ids");
    let Some((_, items)) = parameters.list(&[&name])? else { return Ok(None) };
    if items.len() > MOST_GRADED {
        return Err(Refusal::field(name, format_args!("may name {MOST_GRADED} {}", entity.plural())));
    }
    let wanted = |item: serde_json::Value| match item {
        serde_json::Value::Object(item) => read_asker(entity, &Parameters::default().with_body(item)),
        _ => Err(Refusal::field(&name, "must be a list of objects")),
    };
    items.into_iter().map(wanted).collect::<Result<_, _>>().map(Some)
}

/// What is graded by.
struct Grader<'a> {
    entity: Entity,
    catalog: &'a Catalog,
    shares: Shares<'a>,
}

impl<'a> Grader<'a> {
    fn grade(&self, wanted: &Wanted) -> Result<(&'a Entry, f64), Refusal> {
        let stock: &Stock = self.catalog.stock(self.entity);
        let (entry, _) = scorable(self.catalog, self.entity, wanted)?;
        Ok((entry, self.shares.score(wanted.slot(self.entity, stock)?, &entry.facts)))
    }
}

/// What became of each object, in the order they were asked for.
#[derive(Default)]
struct Report<'a> {
    /// Of the one object that was asked for by parameters of its own.
    score: Option<f64>,
    scores: Vec<Option<[f64; 2]>>,
    errors: Vec<Option<String>>,
    entries: Vec<Option<&'a Entry>>,
}

/// The data of an answer.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    scores: Vec<Option<[f64; 2]>>,
    errors: Vec<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profiles: Option<Vec<Option<&'a RawValue>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jobs: Option<Vec<Option<&'a RawValue>>>,
}

impl<'a> Report<'a> {
    fn add(&mut self, grade: Result<(&'a Entry, f64), Refusal>) {
        let (score, error, entry) = match grade {
            Ok((entry, score)) => (Some(prediction(score)), None, Some(entry)),
            Err(refusal) => (None, Some(refusal.to_string()), None),
        };
        self.scores.push(score);
        self.errors.push(error);
        self.entries.push(entry);
    }

    /// With the objects when they are wanted, with nulls in their places when not.
    fn shown(self, entity: Entity, is_full: bool) -> Shown<'a> {
        let body = |entry: Option<&'a Entry>| entry.filter(|_| is_full).map(|entry| &*entry.body);
        let bodies = Some(self.entries.into_iter().map(body).collect());
        let (profiles, jobs) = match entity {
            Entity::Profile => (bodies, None),
            Entity::Job => (None, bodies),
        };
        Shown { score: self.score, scores: self.scores, errors: self.errors, profiles, jobs }
    }
}
