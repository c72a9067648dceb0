//! The HrFlow API as we use it, one file per capability: indexing, erasing, scoring, searching, explaining, feedback.
//!
//! ```text
//! flows → { indexing, erasing, ranking, single, grading, upskilling, feedback } → Client::send
//!     → { workspace (quota, pace, slots), envelope (answer → Error), http }
//! ```

mod check;
mod eligibility;
mod envelope;
mod erasing;
mod feedback;
mod grading;
mod hedging;
mod indexing;
mod lax;
mod object;
mod pair;
mod place;
mod ranking;
mod shown;
mod single;
mod trim;
mod upskilling;
mod workspace;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use url::Url;

use crate::config::{self, Config, Limits};
use crate::error::{Error, Kind, Result};
use crate::http::{self, Method, Observer, Pacing, Request, Scrubber};
use crate::model::Secret;

pub use eligibility::{Lack, notes};
pub use erasing::{Holding, minimum};
pub use feedback::{Containers, Heard, Said, Wanted};
pub use indexing::{By, Written};
pub use object::{Prepared, prepare};
pub use pair::Pair;
pub use ranking::{Question, Ranked, Ranking, ScoredFor};
pub use single::Holds;
pub use upskilling::{Trait, Upskilling};
use workspace::Held;
pub use workspace::Workspace;

/// An HrFlow workspace as one partner uses it. A clone shares connections and quota.
#[derive(Clone)]
pub struct Client {
    http: http::Client,
    base: Url,
    workspace: Arc<Workspace>,
    timeout: Duration,
    hedge_after: Option<Duration>,
    explanation_timeout: Duration,
    guard: Option<Guard>,
    in_turn: bool,
}

/// Asked right before a call is sent, after every wait: whether it may still begin.
pub type Guard = Arc<dyn Fn() -> Result<()> + Send + Sync>;

/// Which part of the quota a call is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Urgency {
    /// A query: somebody is waiting, so it goes first or is refused at once.
    Query,
    /// A write: it may wait as long as a call may take.
    Write,
}

/// What a call is about, for reading HrFlow's refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct About {
    /// What is refused, as sentences name it: `profile`, `job`, `question`.
    what: &'static str,
    /// Whether the call names an object that must exist, so that a 404 means that very object.
    must_exist: bool,
    /// What to do about a refusal, since its reason is not told.
    remedy: &'static str,
    /// The members of listed objects that are read, where they are few.
    members: Option<&'static [&'static str]>,
}

/// What to do where an object of ours is refused.
const OF_AN_OBJECT: &str = "look at the mapped object";

/// What to do where a question about a pair is refused.
const OF_A_PAIR: &str = "`GET /v1/match/why` may know why";

/// What to do where a question with nothing but criteria is refused.
const OF_CRITERIA: &str = "look at its criteria";

impl Client {
    /// A client with the quota of `workspace`, which all partners of the same API URL and key share.
    pub fn new(
        settings: &config::HrFlow,
        limits: &Limits,
        workspace: Arc<Workspace>,
        scrubber: Arc<Scrubber>,
        observer: Observer,
    ) -> Result<Self> {
        let http = http::Client::new(http::Settings {
            who: "HrFlow",
            side: "hrflow",
            base: &settings.api_url,
            headers: vec![
                ("X-API-KEY", settings.api_key.clone()),
                ("X-USER-EMAIL", Secret::new(&*settings.user_email)),
            ],
            allow_private_network: settings.allow_private_network,
            timeout: limits.call_timeout,
            scrubber,
            observer,
        })?;
        Ok(Self {
            http,
            base: settings.api_url.clone(),
            workspace,
            timeout: limits.call_timeout,
            hedge_after: limits.queries.hedge_after,
            explanation_timeout: limits.explanation_timeout,
            guard: None,
            in_turn: false,
        })
    }

    /// The same client, whose calls begin only while `guard` lets them.
    #[must_use]
    pub fn under(&self, guard: Guard) -> Self {
        Self { guard: Some(guard), ..self.clone() }
    }

    /// The same client for questions that nobody waits for: they take what writes take of the quota, and their turn.
    #[must_use]
    pub fn in_turn(&self) -> Self {
        Self { in_turn: true, ..self.clone() }
    }

    /// What a fingerprint belongs to: the API and the source or board, whose key no two workspaces share.
    pub fn target(&self, container_key: &str) -> String {
        format!("{} {container_key}", self.base.as_str().trim_end_matches('/'))
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let full = format!("{}/{path}", self.base.path().trim_end_matches('/'));
        url.set_path(&full);
        url
    }

    async fn write<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        about: About,
    ) -> Result<envelope::Read<T>> {
        self.send(Urgency::Write, Request::json(method, self.address(path), body), about).await
    }

    /// Asks, once. What HrFlow then cannot answer for reasons of its own is told as such: nothing was to be changed, so
    /// there is no doubt about what became of it.
    async fn inquire<T: DeserializeOwned>(
        &self,
        request: Request,
        about: About,
    ) -> Result<envelope::Read<T>> {
        self.send(Urgency::Query, request, about).await.map_err(envelope::of_a_question)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        urgency: Urgency,
        request: Request,
        about: About,
    ) -> Result<envelope::Read<T>> {
        // It waits as long as it may take: others of its kind are what it waits for.
        let _long = match request.limit() {
            Some(limit) => Some(self.workspace.for_long(limit).await?),
            None => None,
        };
        let held = self.enter(urgency).await?;
        self.exchange(held, request, about).await
    }

    /// Waits until a call may be sent.
    async fn enter(&self, urgency: Urgency) -> Result<Held> {
        let held = match urgency {
            Urgency::Query if !self.in_turn => self.workspace.for_query(self.timeout).await?,
            Urgency::Query | Urgency::Write => {
                self.workspace.for_write(self.timeout).await.map_err(|error| ours(&error))?
            }
        };
        if let Some(guard) = &self.guard {
            guard()?;
        }
        Ok(held)
    }

    /// Sends a call and reads its answer; its slot is free again when it ends.
    async fn exchange<T: DeserializeOwned>(
        &self,
        _held: Held,
        request: Request,
        about: About,
    ) -> Result<envelope::Read<T>> {
        let sent = self.workspace.pacer().now();
        let answer = self.http.call(request).await.map_err(|error| match error.kind() {
            // What was asked may be done all the same, so it is no fault of the object.
            Kind::TooLarge => Error::new(Kind::Upstream, error.message()),
            _ => error,
        })?;
        let read = envelope::read(&self.http, &answer, about);
        let slow_down = read.as_ref().is_err_and(|error| error.kind() == Kind::RateLimited);
        // An envelope may say 429 under another status.
        let status = if slow_down { 429 } else { answer.status };
        self.workspace.heard(sent, status, answer.retry_after);
        read
    }

    /// The part of the configured rate at which HrFlow is called now; 0 while it asked us to wait.
    pub fn pace(&self) -> f64 {
        self.workspace.pacer().ratio()
    }

    /// For how long HrFlow asked not to be called.
    pub fn rest(&self) -> Option<Duration> {
        self.workspace.pacer().rest()
    }
}

/// Work that must wait for our own quota: HrFlow was not asked, so nothing is known of it.
fn ours(error: &Error) -> Error {
    let waiting = Error::new(Kind::Unavailable, error.message());
    match error.wait() {
        Some(wait) => waiting.retry_after(wait),
        None => waiting,
    }
}

/// A client for every partner, by its name; partners of the same API URL and key share quota and connections.
///
/// Where such partners state different quotas, the smallest counts.
pub fn clients(
    config: &Config,
    scrubber: &Arc<Scrubber>,
    observer: &Observer,
    pacing: &Pacing,
) -> Result<HashMap<String, Client>> {
    let mut shared: HashMap<(&str, &str), Client> = HashMap::new();
    let mut clients = HashMap::new();
    for partner in &config.partners {
        let place = (partner.hrflow.api_url.as_str(), partner.hrflow.api_key.expose());
        let client = if let Some(client) = shared.get(&place) {
            client.clone()
        } else {
            let siblings = config.partners.iter().map(|partner| &partner.hrflow);
            let siblings = siblings.filter(|other| (other.api_url.as_str(), other.api_key.expose()) == place);
            let workspace = Arc::new(Workspace::shared_by(siblings, pacing));
            let client =
                Client::new(&partner.hrflow, &config.limits, workspace, scrubber.clone(), observer.clone())?;
            shared.insert(place, client.clone());
            client
        };
        clients.insert(partner.name.clone(), client);
    }
    Ok(clients)
}

#[cfg(test)]
mod tests;
