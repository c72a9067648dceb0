//! What is counted, for Prometheus: acknowledgements, calls and their latencies. What can be read from the database at
//! any time (the backlog) is read when it is asked for.

use std::time::Duration;

use prometheus::{
    Encoder, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::error::{Error, Kind, Result};

/// Seconds: from a loopback answer to a call's time-out.
const LATENCIES: &[f64] = &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The counters of one process. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    acknowledgements: IntCounterVec,
    settlements: IntCounterVec,
    calls: IntCounterVec,
    latencies: HistogramVec,
    due: IntGaugeVec,
    oldest_due: IntGaugeVec,
    set_aside: IntGaugeVec,
    pace: GaugeVec,
    breakers: IntGaugeVec,
    queries: IntCounterVec,
    waiting: IntGaugeVec,
    exports: IntGaugeVec,
    export_lines: IntCounterVec,
    export_lines_waiting: IntGaugeVec,
    tickets: IntGaugeVec,
}

impl Metrics {
    /// Counters that stand at zero.
    ///
    /// # Errors
    /// `Internal` when two of them share a name.
    pub fn new() -> Result<Self> {
        Self::register()
            .map_err(|cause| Error::new(Kind::Internal, "the metrics are misnamed").because(cause))
    }

    fn register() -> prometheus::Result<Self> {
        let counter =
            |name: &str, help: &str, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
        let gauge = |name: &str, help: &str| IntGaugeVec::new(Opts::new(name, help), &["partner"]);
        let states = |name: &str, help: &str| IntGaugeVec::new(Opts::new(name, help), &["partner", "state"]);
        let metrics = Self {
            registry: Registry::new(),
            acknowledgements: counter(
                "oem_webhooks_total",
                "Webhooks answered with success, by status: accepted, duplicate, stale, erased, ping.",
                &["partner", "status"],
            )?,
            settlements: counter(
                "oem_settlements_total",
                "Work on records, by how it ended.",
                &["partner", "entity", "outcome"],
            )?,
            calls: counter(
                "oem_calls_total",
                "Calls to partners and to HrFlow, by outcome: ok, or the code of the problem.",
                &["to", "outcome"],
            )?,
            latencies: HistogramVec::new(
                HistogramOpts::new("oem_call_seconds", "How long calls to partners and to HrFlow took.")
                    .buckets(LATENCIES.to_vec()),
                &["to"],
            )?,
            due: gauge("oem_due_records", "Records that are due or being worked on.")?,
            oldest_due: gauge("oem_oldest_due_seconds", "How long the longest due record has been due.")?,
            set_aside: gauge("oem_set_aside_records", "Records that were set aside with a problem.")?,
            pace: GaugeVec::new(
                Opts::new(
                    "oem_pace_ratio",
                    "The rate of calls over the configured one: below 1 after a 429, 0 while the other side asks us to wait.",
                ),
                &["side", "partner"],
            )?,
            breakers: IntGaugeVec::new(
                Opts::new("oem_breaker_open", "1 while a side is left alone because it is out of order."),
                &["partner", "side", "entity"],
            )?,
            queries: counter(
                "oem_queries_total",
                "Scoring (lists and pairs) and searching, by where the answer came from: hit (remembered), miss (HrFlow), coalesced (somebody else's \
                 call), bypass (no-cache), stale (the last answer, after one of the others had failed).",
                &["partner", "answer"],
            )?,
            waiting: gauge(
                "oem_queries_waiting",
                "Scoring and searching that wait for an answer of HrFlow.",
            )?,
            exports: states(
                "oem_exports",
                "Exports that are kept: waiting, running, done, cancelled, failed.",
            )?,
            export_lines: counter(
                "oem_export_lines_total",
                "Lines of exports that were written, by what they tell: matches, problem.",
                &["partner", "outcome"],
            )?,
            export_lines_waiting: gauge(
                "oem_export_lines_waiting",
                "Lines of open exports that are not written yet.",
            )?,
            tickets: states(
                "oem_tickets",
                "Tickets of calls with `wait`: waiting (the object is on its way), done (there is an answer), expired (to be \
                 deleted).",
            )?,
        };
        let registry = &metrics.registry;
        registry.register(Box::new(metrics.acknowledgements.clone()))?;
        registry.register(Box::new(metrics.settlements.clone()))?;
        registry.register(Box::new(metrics.calls.clone()))?;
        registry.register(Box::new(metrics.latencies.clone()))?;
        registry.register(Box::new(metrics.due.clone()))?;
        registry.register(Box::new(metrics.oldest_due.clone()))?;
        registry.register(Box::new(metrics.set_aside.clone()))?;
        registry.register(Box::new(metrics.pace.clone()))?;
        registry.register(Box::new(metrics.breakers.clone()))?;
        registry.register(Box::new(metrics.queries.clone()))?;
        registry.register(Box::new(metrics.waiting.clone()))?;
        registry.register(Box::new(metrics.exports.clone()))?;
        registry.register(Box::new(metrics.export_lines.clone()))?;
        registry.register(Box::new(metrics.export_lines_waiting.clone()))?;
        registry.register(Box::new(metrics.tickets.clone()))?;
        Ok(metrics)
    }

    /// Counts a webhook that was answered with success.
    pub fn acknowledged(&self, partner: &str, status: &str) {
        self.acknowledgements.with_label_values(&[partner, status]).inc();
    }

    /// Counts the end of work on a record.
    pub fn settled(&self, partner: &str, entity: &str, outcome: &str) {
        self.settlements.with_label_values(&[partner, entity, outcome]).inc();
    }

    /// Counts a call to a partner or to HrFlow.
    pub fn called(&self, to: &str, outcome: &str, took: Duration) {
        self.calls.with_label_values(&[to, outcome]).inc();
        self.latencies.with_label_values(&[to]).observe(took.as_secs_f64());
    }

    /// Sets what a partner's mailbox looks like: records due, seconds that the oldest has been due, records set aside.
    pub fn backlog(&self, partner: &str, due: i64, oldest_seconds: i64, set_aside: i64) {
        self.due.with_label_values(&[partner]).set(due);
        self.oldest_due.with_label_values(&[partner]).set(oldest_seconds);
        self.set_aside.with_label_values(&[partner]).set(set_aside);
    }

    /// Sets how fast a side is called on behalf of a partner, as a part of what is configured.
    pub fn pace(&self, side: &str, partner: &str, ratio: f64) {
        self.pace.with_label_values(&[side, partner]).set(ratio);
    }

    /// Sets whether the breaker of a partner's side (`service`, `hrflow`) is open for a kind of object.
    pub fn breaker(&self, partner: &str, side: &str, entity: &str, is_open: bool) {
        self.breakers.with_label_values(&[partner, side, entity]).set(is_open.into());
    }

    /// Sets how many exports of a partner are in a state.
    pub fn exports(&self, partner: &str, state: &str, count: i64) {
        self.exports.with_label_values(&[partner, state]).set(count);
    }

    /// Counts a line of an export that was written: with `matches`, or with a `problem`.
    pub fn export_line(&self, partner: &str, outcome: &str) {
        self.export_lines.with_label_values(&[partner, outcome]).inc();
    }

    /// Sets how many lines of a partner's open exports are not written yet.
    pub fn export_lines_waiting(&self, partner: &str, count: i64) {
        self.export_lines_waiting.with_label_values(&[partner]).set(count);
    }

    /// Sets how many tickets of a partner are in a state.
    pub fn tickets(&self, partner: &str, state: &str, count: i64) {
        self.tickets.with_label_values(&[partner, state]).set(count);
    }

    /// Counts a query by where its answer came from.
    pub fn answered(&self, partner: &str, from: &str) {
        self.queries.with_label_values(&[partner, from]).inc();
    }

    /// Counts a query that waits for HrFlow, until the guard is dropped.
    pub fn waiting(&self, partner: &str) -> Waiting {
        let gauge = self.waiting.with_label_values(&[partner]);
        gauge.inc();
        Waiting(gauge)
    }

    /// Everything, in Prometheus' text format (version 0.0.4).
    pub fn text(&self) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .map_err(|cause| Error::new(Kind::Internal, "the metrics could not be written").because(cause))?;
        Ok(text)
    }
}

/// A query that waits.
pub struct Waiting(IntGauge);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.dec();
    }
}
