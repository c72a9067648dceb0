//! What was asked a moment ago is not asked again: those who come within seconds have its answer, unless something of the
//! partner changed.
//!
//! An answer is remembered under the count of the partner's changes that it was asked at. Whoever comes after a change
//! looks under the next count, also while an answer from before is on its way: neither its call nor its answer is theirs.
//! Where something was settled and nothing changed, the answer stands; how far HrFlow is behind is told anew.

use std::future::ready;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use moka::future::Cache;
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;

use super::facts::Facts;
use super::flights::{Flights, by_itself};
use super::nodes::Nodes;
use super::{Answered, Asked, last, rank, restate};
use crate::config::Queries;
use crate::error::{Error, Result};
use crate::flows::{Context, Partner};

/// What an entry weighs beside its body: also the smallest answers are bounded in number.
const OVERHEAD: usize = 1_024;

/// An answer as it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its JSON.
    pub body: Bytes,
    /// What tells what it says from what others say, as far as a caller would care.
    pub tag: String,
}

/// Writes an answer down as it is sent.
pub type Write = fn(&Asked, &Answered) -> Result<Page>;

/// An answer that is remembered.
#[derive(Debug)]
pub struct Kept {
    /// When it was asked for, in Unix microseconds.
    pub asked_at: i64,
    /// How much had been settled of the partner's objects before the ledger was read for it.
    pub settlements: u64,
    /// As it is sent.
    pub page: Page,
    /// What is sent.
    pub answered: Answered,
}

/// An answer, and whether it was there already.
#[derive(Clone, Debug)]
pub struct Told {
    /// It.
    pub kept: Arc<Kept>,
    /// Whether it was remembered from an earlier question.
    pub remembered: bool,
}

/// A question of a partner, and how often the partner's objects had changed when it was asked.
pub(super) type Key = (String, u64);

/// The answers that one process remembers, within bounds of memory.
pub struct Answers {
    recent: Cache<Key, Arc<Kept>>,
    /// Those that are waited for.
    flights: Flights,
    /// The last answer to each question, for when HrFlow gives none.
    pub(super) last: Cache<String, Arc<Kept>>,
    /// What the ledger said on the way to them.
    pub(super) facts: Facts,
    /// What other nodes changed of what they tell.
    nodes: Nodes,
    lifetime: Duration,
}

impl Answers {
    /// None yet.
    pub fn new(settings: &Queries) -> Self {
        Self {
            recent: cache(settings, settings.cache + Duration::from_mins(1)),
            flights: Flights::default(),
            last: cache(settings, last::LIFETIME),
            facts: Facts::new(settings.cache),
            nodes: Nodes::default(),
            lifetime: settings.cache,
        }
    }

    /// The answer that is remembered, if it counts at this time.
    async fn recent(&self, key: &Key, now: i64) -> Option<Arc<Kept>> {
        if self.lifetime.is_zero() {
            return None;
        }
        let counts = |kept: &Arc<Kept>| kept.is_younger_than(self.lifetime, now);
        let found = self.recent.get(key).await?;
        if counts(&found) {
            return Some(found);
        }
        // Unless somebody has replaced it by now.
        let forget = self.recent.entry_by_ref(key).and_compute_with(|entry| {
            ready(if entry.is_some_and(|entry| !counts(entry.value())) { Op::Remove } else { Op::Nop })
        });
        forget.await;
        None
    }
}

/// Time is told by our own clock, beside each answer; `lifetime` only clears away what nobody can want.
fn cache<K: Hash + Eq + Send + Sync + 'static>(
    settings: &Queries,
    lifetime: Duration,
) -> Cache<K, Arc<Kept>> {
    Cache::builder()
        .max_capacity(settings.cache_bytes)
        .weigher(|_, kept: &Arc<Kept>| kept.weight())
        .eviction_policy(EvictionPolicy::lru())
        .time_to_live(lifetime)
        .build()
}

impl Kept {
    fn weight(&self) -> u32 {
        let items = &self.answered.items;
        // A card stands in the body and beside it, there with the room that lists and texts keep for more.
        let bodies = if items.iter().any(|item| item.card.is_some()) { 3 } else { 1 };
        let weight = self.page.body.len() * bodies + size_of_val(items.as_slice()) + OVERHEAD;
        u32::try_from(weight).unwrap_or(u32::MAX)
    }

    pub(super) fn is_younger_than(&self, lifetime: Duration, now: i64) -> bool {
        let age = u64::try_from(now.saturating_sub(self.asked_at)).unwrap_or_default();
        Duration::from_micros(age) < lifetime
    }
}

/// The answer to a question: a recent one, the one that somebody else is waiting for, or HrFlow's. `anew`: only what is
/// asked now will do.
///
/// # Errors
/// Those of [`rank`]; they are told to all who wait and remembered for nobody.
pub async fn answer(
    context: &Arc<Context>,
    partner: &Arc<Partner>,
    asked: Asked,
    anew: bool,
    write: Write,
) -> Result<Told> {
    let name = &partner.settings.name;
    let question = asked.question(name);
    let came_at = context.store.settlements(name);
    let recent = if anew { None } else { recent(context, partner, &asked, &question).await? };
    if let Some(kept) = recent {
        context.metrics.answered(name, "hit");
        let kept = restate::since(context, partner, &asked, kept, came_at, write).await?;
        return Ok(Told { kept, remembered: true });
    }
    if !anew && let Some(problem) = last::known_outage(context, partner, &asked, &question).await? {
        return last::instead(context, partner, &asked, &question, write, problem).await;
    }
    let _waiting = context.metrics.waiting(name);
    let key = (question, generation(context, partner, &asked));
    let call = || Call { context: context.clone(), partner: partner.clone(), asked: asked.clone(), write };
    let told = if anew {
        context.metrics.answered(name, "bypass");
        by_itself(call().make_anew(key.clone())).await
    } else {
        let (flight, is_new) = context.answers.flights.join(&key, || call().make(key.clone()));
        context.metrics.answered(name, if is_new { "miss" } else { "coalesced" });
        flight.await.map_err(|problem| Error::shared(&problem))
    };
    match told {
        Ok(kept) => {
            let kept = restate::since(context, partner, &asked, kept, came_at, write).await?;
            Ok(Told { kept, remembered: false })
        }
        Err(problem) => last::instead(context, partner, &asked, &key.0, write, problem).await,
    }
}

/// The count that an answer is remembered under.
fn generation(context: &Context, partner: &Partner, asked: &Asked) -> u64 {
    let name = &partner.settings.name;
    match asked.cursor {
        None => context.store.generation(name),
        // It costs no call, and how far HrFlow was behind when the snapshot was made is told by its rows alone.
        Some(_) => context.store.settlements(name),
    }
}

/// A recent answer that still counts.
async fn recent(
    context: &Context,
    partner: &Partner,
    asked: &Asked,
    question: &str,
) -> Result<Option<Arc<Kept>>> {
    let answers = &context.answers;
    let asked_at = generation(context, partner, asked);
    let key = (question.to_owned(), asked_at);
    let found = answers.recent(&key, context.clock.now().timestamp_micros()).await;
    if context.store.spans_nodes() {
        let told = found.as_deref().map(|kept| kept.answered.items.as_slice()).unwrap_or_default();
        answers.nodes.listen(context, partner, asked, told).await?;
        // Whoever heard of a change has counted it, also where that was somebody else.
        return Ok(found.filter(|_| generation(context, partner, asked) == asked_at));
    }
    Ok(found)
}

/// A question that is on its way to HrFlow.
struct Call {
    context: Arc<Context>,
    partner: Arc<Partner>,
    asked: Asked,
    write: Write,
}

impl Call {
    /// Asks, unless somebody else has had the answer since it was looked for.
    async fn make(self, key: Key) -> Result<Arc<Kept>> {
        let now = self.context.clock.now().timestamp_micros();
        match self.context.answers.recent(&key, now).await {
            Some(kept) => Ok(kept),
            None => self.ask(key).await,
        }
    }

    /// Asks, whoever else does, and lets the others have the answer.
    async fn make_anew(self, key: Key) -> Result<Arc<Kept>> {
        self.context.answers.facts.forget(&self.partner.settings.name);
        self.ask(key).await
    }

    async fn ask(self, key: Key) -> Result<Arc<Kept>> {
        let Self { context, partner, asked, write } = self;
        let asked_at = context.clock.now().timestamp_micros();
        let settlements = context.store.settlements(&partner.settings.name);
        let answered = Box::pin(rank(&context, &partner, &asked)).await?;
        let page = write(&asked, &answered)?;
        let kept = Arc::new(Kept { asked_at, settlements, page, answered });
        let answers = &context.answers;
        if context.limits.queries.serve_stale {
            answers.last.insert(key.0.clone(), kept.clone()).await;
        }
        if !answers.lifetime.is_zero() {
            answers.recent.insert(key, kept.clone()).await;
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::query::Match;
    use crate::model::Card;
    use crate::store::Freshness;

    fn kept(card: Option<Card>) -> Arc<Kept> {
        let item = Match { reference: "P1".to_owned(), score: Some(0.5), rank: 1, card: card.map(Box::new) };
        let freshness = Freshness { as_of: 0, pending: 0, more_pending: false, coverage: None };
        let answered = Answered {
            asked_at: 0,
            items: vec![item],
            page: 1,
            max_page: 1,
            total: 1,
            freshness,
            stale: false,
            next: None,
            truncated: false,
        };
        // As many bytes either way: what stands beside the body is what differs.
        let page = Page { body: vec![b' '; 10_000].into(), tag: String::new() };
        Arc::new(Kept { asked_at: 0, settlements: 0, page, answered })
    }

    #[tokio::test]
    async fn answers_are_bounded_by_their_bytes_and_cards_count_beside_the_body() {
        let (plain, carded) = (kept(None), kept(Some(Card::default())));
        assert!(plain.weight() > 10_000 && plain.weight() < 12_000, "{}", plain.weight());
        assert!(carded.weight() > 30_000, "{}", carded.weight());
        let settings = Queries { cache_bytes: 70_000, ..Queries::default() };
        for (kept, room) in [(plain, 6), (carded, 2)] {
            let cache = cache::<u32>(&settings, Duration::from_hours(1));
            for question in 0..20 {
                cache.insert(question, kept.clone()).await;
                cache.run_pending_tasks().await;
            }
            assert!(cache.weighted_size() <= 70_000, "{}", cache.weighted_size());
            let left: Vec<u32> = (0..20).filter(|question| cache.contains_key(question)).collect();
            assert_eq!(left, (20 - room..20).collect::<Vec<_>>(), "the last that were asked");
        }
    }
}
