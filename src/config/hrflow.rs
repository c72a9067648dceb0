//! `[hrflow]` and `[partner.hrflow]`: what the one leaves out, the other may say.

use url::Url;

use super::check;
use super::section::Section;
use crate::model::Secret;

/// An HrFlow workspace. `[hrflow]`.
#[derive(Clone, Debug)]
pub struct HrFlow {
    /// `api_url`, default `https://api.hrflow.ai/v1`, kept without a final slash.
    pub api_url: Url,
    /// `api_key`.
    pub api_key: Secret,
    /// Sent as `X-USER-EMAIL`. `user_email`.
    pub user_email: String,
    /// The budget of the workspace. `requests_per_minute`, default 600.
    pub requests_per_minute: u32,
    /// Calls at once. `concurrency`, default 16.
    pub concurrency: usize,
    /// The part of the budget that is kept for scoring and searching. `query_share`, default 0.3, from 0 to below 1.
    pub query_share: f64,
    /// Whether `api_url` may be loopback or private. `allow_private_network`, default false.
    pub allow_private_network: bool,
}

/// What `[hrflow]` or `[partner.hrflow]` says; anything may be left to the other.
#[derive(Default)]
pub(super) struct Draft {
    api_url: Option<Url>,
    api_key: Option<Secret>,
    user_email: Option<String>,
    requests_per_minute: Option<u32>,
    concurrency: Option<usize>,
    query_share: Option<f64>,
    allow_private_network: Option<bool>,
    /// What is there, usable or not, and so is not missing.
    there: Vec<&'static str>,
}

pub(super) fn draft(section: Section<'_>) -> Draft {
    let whole = |name, most| if section.has(name) { section.whole::<i64>(name, 1, 1, most) } else { None };
    let api_key = section.secret("api_key").filter(|key| {
        let checked = check::header_value(key.expose());
        checked.map_err(|reason| section.tell("api_key", reason)).is_ok()
    });
    let draft = Draft {
        api_url: section.read("api_url", check::base_url),
        api_key,
        user_email: section.read("user_email", check::email),
        requests_per_minute: whole("requests_per_minute", 1_000_000)
            .and_then(|count| u32::try_from(count).ok()),
        concurrency: whole("concurrency", 1024).and_then(|count| usize::try_from(count).ok()),
        query_share: section.share("query_share"),
        allow_private_network: section.flag("allow_private_network"),
        there: ["api_key", "user_email", "allow_private_network"]
            .into_iter()
            .filter(|name| section.has(name))
            .collect(),
    };
    section.finish();
    draft
}

/// The partner's own settings over the shared ones.
pub(super) fn merged(partner: &Section<'_>, own: Draft, shared: &Draft) -> Option<HrFlow> {
    for name in ["api_key", "user_email"] {
        if !own.there.contains(&name) && !shared.there.contains(&name) {
            partner.tell(&format!("hrflow.{name}"), "is missing here and in `[hrflow]`");
        }
    }
    let is_unusable = [&own, shared]
        .into_iter()
        .any(|draft| draft.allow_private_network.is_none() && draft.there.contains(&"allow_private_network"));
    let default_url = || Url::parse("https://api.hrflow.ai/v1").ok();
    let api_url = own.api_url.or_else(|| shared.api_url.clone()).or_else(default_url)?;
    let allow_private_network = own.allow_private_network.or(shared.allow_private_network).unwrap_or(false);
    if !is_unusable && let Err(reason) = check::transport(&api_url, allow_private_network) {
        partner.tell("hrflow.api_url", reason);
    }
    Some(HrFlow {
        api_url,
        api_key: own.api_key.or_else(|| shared.api_key.clone())?,
        user_email: own.user_email.or_else(|| shared.user_email.clone())?,
        requests_per_minute: own.requests_per_minute.or(shared.requests_per_minute).unwrap_or(600),
        concurrency: own.concurrency.or(shared.concurrency).unwrap_or(16),
        query_share: own.query_share.or(shared.query_share).unwrap_or(0.3),
        allow_private_network,
    })
}
