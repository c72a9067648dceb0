//! What HrFlow holds and does not list: whether it is there, whether its rules let it be listed, and whether it is found.

use super::super::Partner;
use super::super::pair::Known;
use super::ledger::date;
use super::verdict::{Check, Reason, Step, Verdict};
use crate::error::Result;
use crate::hrflow::{Holds, Lack, Question};
use crate::model::{Entity, Reference};
use crate::store::Record;

/// Why the object of this kind is not listed; `refusal`: what HrFlow said instead of listing anything for it.
pub(super) async fn find_out(
    partner: &Partner,
    known: &Known,
    entity: Entity,
    refusal: Option<String>,
    checks: &mut Vec<Check>,
) -> Result<Verdict> {
    let record = known.of(entity);
    let reference = Reference::parse(&*record.reference)?;
    let container = partner.settings.container_key(entity);
    let key = record.hrflow_key.as_deref().unwrap_or_default();
    let question = Question::of(entity, container, 1, 1);
    let (held, found) = tokio::try_join!(
        partner.hrflow.holds(entity, container, key),
        partner.hrflow.find(&question, key, &reference)
    )?;
    let mut note = |step, passed, detail: &str| {
        checks.push(Check { step, entity: Some(entity), passed, detail: detail.to_owned() });
    };
    let verdict = match held {
        None => {
            let detail = format!("HrFlow took the {entity} `{reference}` and no longer holds it");
            note(Step::Holding, false, &detail);
            return Ok(Verdict::of(Reason::NotInHrFlow, entity, detail));
        }
        Some(Holds { archived: true, .. }) => {
            let detail = format!("HrFlow holds the {entity} `{reference}` as archived");
            note(Step::Holding, false, &detail);
            return Ok(Verdict::of(Reason::ArchivedInHrFlow, entity, detail));
        }
        Some(Holds { lacks, .. }) => {
            note(Step::Holding, true, &format!("HrFlow holds the {entity}"));
            match ineligible(entity, &reference, lacks) {
                Some(verdict) => {
                    note(Step::Eligibility, false, &verdict.detail);
                    return Ok(verdict);
                }
                None => note(Step::Eligibility, true, "it meets HrFlow's rules for searching and scoring"),
            }
            not_yet(entity, &reference, record, found.is_some(), refusal)
        }
    };
    note(Step::Search, found.is_some(), &verdict.detail);
    Ok(verdict)
}

fn ineligible(entity: Entity, reference: &Reference, lacks: Vec<Lack>) -> Option<Verdict> {
    let hides = lacks.iter().any(|lack| lack.hides());
    let (reason, what) = match lacks.as_slice() {
        [] => return None,
        _ if hides => (Reason::NotSearchable, "found"),
        _ => (Reason::NotScorable, "scored"),
    };
    let rules: Vec<String> = lacks.iter().map(|lack| lack.detail()).collect();
    let detail = format!("the {entity} `{reference}` cannot be {what} by HrFlow: {}", rules.join("; "));
    Some(Verdict { lacks, ..Verdict::of(reason, entity, detail) })
}

fn not_yet(
    entity: Entity,
    reference: &Reference,
    record: &Record,
    is_found: bool,
    refusal: Option<String>,
) -> Verdict {
    let since = record.indexed_at;
    let when = since.and_then(date).map_or(String::new(), |date| format!(" on {date}"));
    let (reason, detail) = match (is_found, refusal) {
        (false, _) => (
            Reason::NotSearchableYet,
            format!("HrFlow took the {entity} `{reference}`{when} and does not find it yet"),
        ),
        (true, Some(refusal)) => (
            Reason::NotScorableYet,
            format!("HrFlow finds the {entity} `{reference}` and lists nothing for it: {refusal}"),
        ),
        (true, None) => (
            Reason::NotScorableYet,
            format!("HrFlow took the {entity} `{reference}`{when}, finds it and does not score it yet"),
        ),
    };
    Verdict { since, ..Verdict::of(reason, entity, detail) }
}
