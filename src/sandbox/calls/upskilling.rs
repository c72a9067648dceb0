//! Explaining: what speaks for a profile and a job, and what speaks against it.

use std::time::Instant;

use actix_web::HttpRequest;
use actix_web::web::Payload;

use super::Call;
use super::matching::{read_asker, scorable};
use crate::sandbox::access::Permission;
use crate::sandbox::answer::{self, Answer, Refusal};
use crate::sandbox::explaining::{self, Tongue};
use crate::sandbox::parameters::Parameters;
use crate::sandbox::ranking::{Asker, Shares};

/// `GET /profile/upskilling`, `GET /job/upskilling`
pub(in crate::sandbox) async fn explain(request: HttpRequest, payload: Payload) -> Answer {
    let call = Call::read(&request, payload, Permission::Read).await?;
    call.run(|mut call| {
        let (entity, parameters) = (call.entity, call.parameters());
        check_score(&parameters)?;
        let tongue = match parameters.word("output_lang", &["en", "fr"])? {
            Some("fr") => Tongue::French,
            _ => Tongue::English,
        };
        let (asking, wanted) = (read_asker(entity.other(), &parameters)?, read_asker(entity, &parameters)?);
        call.state.open_container(entity.other(), &asking.container)?;
        call.state.open_container(entity, &wanted.container)?;

        let started = Instant::now();
        let catalog = call.state.catalog();
        let stock = catalog.stock(entity);
        let (asking, asking_document) = scorable(&catalog, entity.other(), &asking)?;
        let (entry, document) = scorable(&catalog, entity, &wanted)?;
        let asker = Asker { entity: entity.other(), document: &asking_document, facts: &asking.facts };
        let shares = Shares::of(&asker, stock);
        let known = shares.known(wanted.slot(entity, stock)?, &entry.facts);
        let swot = explaining::explain(&asker, asking, &document, entry, known, stock, tongue)?;
        answer::done(
            &format!("SWOT prediction finished in {:.2} seconds.", started.elapsed().as_secs_f64()),
            swot,
        )
    })
    .await
}

/// The score that is to be explained must be told, though ours needs no telling.
fn check_score(parameters: &Parameters) -> Result<(), Refusal> {
    match parameters.number(&["score"])? {
        Some(score) if (0.0..=1.0).contains(&score) => Ok(()),
        Some(_) => Err(Refusal::field("score", "must be from 0 to 1")),
        None => Err(Refusal::field("score", "is needed")),
    }
}
