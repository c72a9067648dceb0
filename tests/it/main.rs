//! One binary for all integration tests: it is linked once.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says why it skips"
)]

mod architecture;
mod bad_answers;
mod bad_lists;
mod batches;
mod breakers;
mod cache;
mod catch;
mod clients;
mod criteria;
mod dead_letters;
mod degraded;
mod delta;
mod demo;
mod erasure;
mod everyday_weather;
mod explain;
mod exports;
mod feedback;
mod freshness;
mod front_door;
mod fuse;
mod history;
mod index;
mod kill;
mod match_now;
mod metrics;
mod model;
mod nodes;
mod openapi;
mod outage;
mod pace;
mod paging;
mod pair;
mod process;
mod pull;
mod query;
mod races;
mod ranking_floor;
mod receipts;
mod refusals;
mod retention;
mod sandbox;
mod schedule;
mod sdk;
mod secrecy;
mod signatures;
mod support;
mod transfer;
mod why;
