//! The OEM matching connector: keeps a partner's jobs and profiles in step with `HrFlow.ai`, and answers scoring and
//! searching by the partner's own references.
//!
//! Where to start: [`flows`] has one road per file. The rooms, from the door inwards:
//!
//! ```text
//! main → cli → server → { api, worker } → flows → { partner, hrflow, store } → { http, config, metrics, model, error }
//! ```
//!
//! `sandbox` (a local HrFlow) and `demo` (a sample partner ATS) stand beside: they are started by `cli`, know only
//! `model` and `error`, and talk to the rest over HTTP alone. A test reads the sources and fails when an arrow points up.

pub mod api;
pub mod cli;
pub mod config;
pub mod demo;
pub mod error;
pub mod flows;
pub mod hrflow;
pub mod http;
pub mod metrics;
pub mod model;
pub mod partner;
pub mod sandbox;
pub mod server;
pub mod store;
pub mod worker;
