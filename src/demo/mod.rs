//! A sample partner ATS over `samples/`, for the demo and for tests: an HTTP service of its own shape, that knows nothing
//! of HrFlow and is read through the two mappings below.
//!
//! ```text
//! GET    /api/candidates?page=1&size=100&modified_since=2026-10-01T00:00:00Z   {"content": […], "page", "size", "totalElements"}
//! GET    /api/candidates/{id}                                                  {"candidate": {…}}
//! PUT    /api/candidates/{id}      the whole candidate, bare or as GET gave it {"candidate": {…}}
//! PATCH  /api/candidates/{id}      some of its members                         {"candidate": {…}}
//! DELETE /api/candidates/{id}                                                  204
//! ```
//!
//! and the same for `/api/vacancies` with `vacancy`. Lists are ordered by modification, oldest first or, with
//! `sort=-modifiedAt`, newest first; `modified_until` ends them before a date. Every call carries the key as
//! `X-ATS-TOKEN`; refusals are `{"error": {"code", "message"}}` with 400, 401, 404, 413 or 415.

mod ats;
mod catalogue;
mod samples;
mod service;
mod settings;

pub use ats::Ats;
pub use settings::service_settings;

/// jq: a candidate of this ATS → an HrFlow profile.
pub const PROFILE_MAP: &str = include_str!("../../samples/mappings/profile.jq");

/// jq: a vacancy of this ATS → an HrFlow job.
pub const JOB_MAP: &str = include_str!("../../samples/mappings/job.jq");
