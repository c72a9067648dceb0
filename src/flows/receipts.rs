//! Receipts: what an answer was made of, added to the partner's chain before the answer is given. No person is named in it.

use std::collections::{BTreeMap, HashMap};

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::question::PERSONAL;
use super::{Context, Partner};
use crate::error::Result;
use crate::model::{
    Entity, ReceiptAnswer, ReceiptEntry, ReceiptItem, ReceiptObject, ReceiptQuestion, Reference, digest,
    rfc3339, veiled,
};
use crate::store::{self, receipts, records};

/// Parameters whose words anybody may be looked for by, where profiles are ranked.
const FREE_TEXTS: [&str; 4] =
    ["text_keywords", "summary_keywords", "experience_keywords", "education_keywords"];

/// Every parameter of a question, in the spelling in which it was understood, but for what may name a person: of that only
/// a digest is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parameters(BTreeMap<String, Value>);

impl Parameters {
    /// What is kept of these, where objects of kind `ranked` are ranked.
    pub fn of<'a>(
        partner: &str,
        ranked: Entity,
        given: impl Iterator<Item = (&'static str, &'a Value)>,
    ) -> Self {
        let kept = |name: &str, value: &Value| {
            if is_personal(ranked, name) { veil(partner, name, value) } else { value.clone() }
        };
        Self(given.map(|(name, value)| (name.to_owned(), kept(name, value))).collect())
    }
}

fn is_personal(ranked: Entity, name: &str) -> bool {
    // The name of a job is a title.
    let names_a_person =
        ranked == Entity::Profile && (PERSONAL.contains(&name) || FREE_TEXTS.contains(&name));
    names_a_person || name == "profile_reference"
}

/// The same with a digest for every text.
fn veil(partner: &str, name: &str, value: &Value) -> Value {
    match value {
        Value::String(text) => veiled(partner, name, text).into(),
        Value::Array(items) => items.iter().map(|item| veil(partner, name, item)).collect(),
        other => other.clone(),
    }
}

/// What an answer was made of.
pub struct Answered {
    /// How it was asked: `scoring`, `searching` or `match`.
    pub capability: &'static str,
    /// What was ranked.
    pub ranked: Entity,
    /// What it was ranked for; none in searching.
    pub asked_for: Option<Reference>,
    /// How it was narrowed.
    pub parameters: Parameters,
    /// When HrFlow was asked, in Unix microseconds.
    pub asked_at: i64,
    /// Whether the scores may be those of what was.
    pub stale: bool,
    /// How many objects there were on all pages.
    pub total: u64,
    /// The objects of this page: place, where it is known, reference and score.
    pub items: Vec<(Option<u64>, String, Option<f64>)>,
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
///
/// # Errors
/// `RateLimited` when as many were added within a minute as may be: a remembered answer costs no call, and its receipt
/// room all the same.
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
    let then = answered.asked_at;
    let entry = entry(partner, answered, fingerprints(of_ranked, then), fingerprints(of_asked, then));
    let (clock, most) = (context.clock.clone(), context.limits.queries.receipts_per_minute);
    let adding = move |db: &mut store::Db<'_>| receipts::add(db, entry, most, |db| store::now(db, &clock));
    let kept = context.store.write(adding).await?;
    Ok(Receipt { id: kept.id, hash: kept.hash })
}

/// Of those whose scores were made of it: what was asked earlier may be answered, and put down, after a change.
fn fingerprints(records: Vec<records::Glance>, asked_at: i64) -> HashMap<String, String> {
    let known =
        |record: records::Glance| Some((record.reference.clone(), record.fingerprint_since(asked_at)?));
    records.into_iter().filter_map(known).collect()
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
    let asked_at = DateTime::from_timestamp_micros(answered.asked_at).unwrap_or_default();
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
            parameters: answered.parameters.0,
        },
        answer: ReceiptAnswer {
            asked_at: rfc3339(asked_at),
            stale: answered.stale,
            total: answered.total,
            items: items.collect(),
        },
    }
}

/// A caller may put anything into its id, a name or an address included.
fn told_id(id: String) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if id.chars().all(is_plain) { id } else { format!("sha256:{}", digest(&[id.as_bytes()])) }
}
