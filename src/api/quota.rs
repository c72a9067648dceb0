//! Our own quota of HrFlow's requests, as callers are told of it.

use actix_web::HttpResponse;
use actix_web::http::header::HeaderName;

use super::problem::whole_seconds;
use crate::error::{Error, Result};
use crate::flows::Partner;

/// A refusal for want of quota tells the quota (draft-ietf-httpapi-ratelimit-headers): what is kept for queries.
pub(super) fn refused(partner: &Partner, problem: Error) -> Result<HttpResponse> {
    if !problem.is_our_own_quota() {
        return Err(problem);
    }
    let settings = &partner.settings.hrflow;
    let quota = (f64::from(settings.requests_per_minute) * settings.query_share).floor().max(1.0);
    let wait = whole_seconds(problem.wait().unwrap_or_default());
    let mut answer = HttpResponse::from_error(problem);
    let headers = [
        ("ratelimit-policy", format!(r#""queries";q={quota};w=60"#)),
        ("ratelimit", format!(r#""queries";r=0;t={}"#, wait.to_str().unwrap_or("1"))),
    ];
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            answer.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    Ok(answer)
}
