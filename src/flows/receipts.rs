//! Receipts: what an answer was made of, added to the partner's chain before the answer is given. No person is named in it.

use std::collections::HashMap;

use serde_json::Value;

use super::{Context, Partner};
use crate::error::Result;
use crate::model::{
    Entity, ReceiptAnswer, ReceiptEntry, ReceiptItem, ReceiptObject, ReceiptQuestion, Reference, digest,
    veiled,
};
use crate::store::{self, receipts, records};

/// Parameters that may hold a person's name, address or reference; of those only a digest is kept.
const PERSONAL: [&str; 3] = ["name", "email", "profile_reference"];

/// What an answer was made of.
pub struct Answered {
    /// How it was asked: `scoring`, `searching` or `match`.
    pub capability: &'static str,
    /// What was ranked.
    pub ranked: Entity,
    /// What it was ranked for; none in searching.
    pub asked_for: Option<Reference>,
    /// Every parameter, in the spelling in which it was understood.
    pub parameters: Vec<(String, Value)>,
    /// How many objects there were on all pages.
    pub total: u64,
    /// The objects of this page: place, reference and score.
    pub items: Vec<(u64, String, Option<f64>)>,
    /// Under which id it was asked.
    pub request_id: String,
    /// With which key, in eight characters.
    pub key: String,
}

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its id.
    pub id: String,
    /// Its hash.
    pub hash: String,
}

/// Adds an answer to the partner's chain; it is durable when this returns.
pub async fn keep(context: &Context, partner: &Partner, answered: Answered) -> Result<Receipt> {
    let name = partner.settings.name.clone();
    let references: Vec<String> = answered.items.iter().map(|(_, reference, _)| reference.clone()).collect();
    let (ranked, asked_for) = (answered.ranked, answered.asked_for.clone());
    // Before the chain is taken, so that nobody waits for it.
    let (of_ranked, of_asked) = context
        .store
        .read(move |db| {
            let asked = asked_for.into_iter().map(String::from).collect::<Vec<_>>();
            let of_ranked = records::glance(db, &name, ranked, &references)?;
            Ok((of_ranked, records::glance(db, &name, ranked.other(), &asked)?))
        })
        .await?;
    let entry = entry(partner, answered, fingerprints(of_ranked), fingerprints(of_asked));
    let clock = context.clock.clone();
    let kept = context.store.write(move |db| receipts::add(db, entry, |db| store::now(db, &clock))).await?;
    Ok(Receipt { id: kept.id, hash: kept.hash })
}

fn fingerprints(records: Vec<records::Glance>) -> HashMap<String, String> {
    records.into_iter().filter_map(|record| Some((record.reference, record.fingerprint?))).collect()
}

fn entry(
    partner: &Partner,
    answered: Answered,
    mut of_ranked: HashMap<String, String>,
    mut of_asked: HashMap<String, String>,
) -> ReceiptEntry {
    let (name, ranked) = (&partner.settings.name, answered.ranked);
    let asked_for = answered.asked_for.map(|reference| {
        let fingerprint = of_asked.remove(reference.as_str());
        ReceiptObject::of(name, ranked.other(), reference.as_str(), fingerprint)
    });
    let items = answered.items.into_iter().map(|(rank, reference, score)| {
        let fingerprint = of_ranked.remove(&reference);
        ReceiptItem { rank, score, object: ReceiptObject::of(name, ranked, &reference, fingerprint) }
    });
    let parameters = answered.parameters.into_iter().map(|(parameter, value)| {
        let value = match value.as_str() {
            Some(text) if PERSONAL.contains(&&*parameter) => veiled(name, &parameter, text).into(),
            _ => value,
        };
        (parameter, value)
    });
    ReceiptEntry {
        seq: 0,
        id: uuid::Uuid::now_v7().to_string(),
        partner: name.clone(),
        at: String::new(),
        request_id: told_id(answered.request_id),
        key: answered.key,
        connector: env!("CARGO_PKG_VERSION").to_owned(),
        question: ReceiptQuestion {
            capability: answered.capability,
            ranked,
            algorithm_key: asked_for.is_some().then(|| partner.settings.algorithm_key.clone()),
            asked_for,
            parameters: parameters.collect(),
        },
        answer: ReceiptAnswer { total: answered.total, items: items.collect() },
    }
}

/// A caller may put anything into its id, a name or an address included.
fn told_id(id: String) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if id.chars().all(is_plain) { id } else { format!("sha256:{}", digest(&[id.as_bytes()])) }
}
