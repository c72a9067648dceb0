//! A partner's web services, driven by configuration: its lists by page, its objects by reference, mapped to HrFlow's shape.
//!
//! ```text
//! Service::page, Service::fetch → paging, asking, address (what to ask) → http → resource (body → items) → mapping (jq), json
//! signature::Door (whether a webhook is its own)
//! ```

mod address;
mod asking;
mod auth;
mod json;
mod mapping;
mod paging;
mod repair;
mod resource;
pub mod signature;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use url::Url;

use crate::config::{self, Limits};
use crate::error::{Error, Kind, Result, Side};
use crate::http::{self, Observer, Pacer, Pacing, Quota, Request, Scrubber, Slots, refusal};
use crate::model::{Entity, Object, Rate, Reference};

pub use asking::{Ask, Direction};
pub use paging::Position;

use resource::Resource;

/// How sentences name the other side.
const WHO: &str = "the partner's service";

/// How long the filters may work on one answer. They are the operator's own, so a longer run is a mistake in them; a list
/// that comes in one piece may be long, and the machine busy.
const MAPPING_LIMIT: Duration = Duration::from_mins(2);

/// A partner's web services. A clone shares connections, quota and compiled filters.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    http: http::Client,
    pacer: Arc<Pacer>,
    quota: Quota,
    slots: Slots,
    /// How long a call waits for its turn.
    patience: Duration,
    mapping_limit: Duration,
    profiles: Option<Arc<Resource>>,
    jobs: Option<Arc<Resource>>,
    /// Set when a filter did not end: it holds a thread for good, and another run would hold another.
    stuck: AtomicBool,
}

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// Its objects in the partner's order, the bad ones among them.
    pub items: Vec<Listed>,
    /// How many objects the list has, if the partner tells.
    pub total: Option<u64>,
    /// Whether as many objects came as were asked for.
    pub full: bool,
    /// How large the answer was.
    pub bytes: usize,
    /// Where the next page is, if there is one; none after an empty page.
    pub next: Option<Position>,
}

/// An object of a list, or why it is none.
pub type Listed = Result<Item, BadItem>;

/// One object, mapped.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The partner's reference of it.
    pub reference: Reference,
    /// When it last changed, if the partner tells.
    pub updated_at: Option<DateTime<Utc>>,
    /// What the map made of it.
    pub mapped: Object,
}

/// An object of a list that cannot be used; the others can.
#[derive(Debug)]
pub struct BadItem {
    /// Its reference, if that much could be read.
    pub reference: Option<Reference>,
    /// What is wrong with it, without quoting it.
    pub problem: Error,
}

impl Service {
    /// Makes the client and compiles the filters. Fails with [`Kind::Invalid`], naming every filter, path or header that
    /// cannot be used, with its key under `[partner.service]` and the place in the filter.
    ///
    /// `name` is the partner's: nodes that serve it share its quota by it.
    pub fn new(
        name: &str,
        settings: &config::Service,
        limits: &Limits,
        scrubber: Arc<Scrubber>,
        observer: Observer,
        pacing: &Pacing,
    ) -> Result<Self> {
        let mut problems = Vec::new();
        let mut resource = |entity: Entity| {
            let settings_of = settings.resource(entity)?;
            Resource::new(entity, &settings.base_url, settings_of, &mut problems).map(Arc::new)
        };
        let (profiles, jobs) = (resource(Entity::Profile), resource(Entity::Job));
        if !problems.is_empty() {
            let error = Error::new(Kind::Invalid, "the partner's service is not configured well");
            return Err(problems
                .into_iter()
                .fold(error, |error, (field, detail)| error.field(field, detail)));
        }
        let header = auth::header(&settings.auth);
        let http = http::Client::new(http::Settings {
            who: WHO,
            side: "partner",
            base: &settings.base_url,
            headers: header.iter().map(|(name, value)| (name.as_str(), value.clone())).collect(),
            allow_private_network: settings.allow_private_network,
            timeout: limits.call_timeout,
            scrubber,
            observer,
        })?;
        let pacer = Pacer::new(pacing.clock.clone());
        let rate = Rate::per_second(settings.requests_per_second);
        let quota = Quota::new(rate, &pacer, pacing, format!("partner {name}"));
        Ok(Self(Arc::new(Inner {
            http,
            pacer,
            quota,
            slots: Slots::new(settings.concurrency),
            patience: limits.call_timeout,
            mapping_limit: MAPPING_LIMIT,
            profiles,
            jobs,
            stuck: AtomicBool::new(false),
        })))
    }

    /// The part of the configured rate at which the service is called now; 0 while it asked us to wait.
    pub fn pace(&self) -> f64 {
        self.0.pacer.ratio()
    }

    /// For how long the service asked not to be called.
    pub fn rest(&self) -> Option<Duration> {
        self.0.pacer.rest()
    }

    /// Where a listing of this kind begins; none if the partner has no such list.
    pub fn start(&self, entity: Entity) -> Option<Position> {
        self.resource(entity).ok().map(|resource| Position::start(&resource.paging))
    }

    /// Reads one page of a list: all of it, or what `ask` wants, as far as the partner can be asked that.
    ///
    /// Fails when the page as a whole cannot be read; one bad object is a [`BadItem`] among the others.
    pub async fn page(&self, entity: Entity, position: &Position, ask: &Ask) -> Result<Page> {
        let resource = self.resource(entity)?;
        let (asked, from, ask) = (Arc::clone(resource), position.clone(), ask.clone());
        let url = self.work(move || asked.page_address(&from, &ask)).await?;
        let body = self.read(url).await.map_err(|error| match error.kind() {
            // Only an object can be gone; a list that is not there is a wrong address.
            Kind::NotFound | Kind::Gone => {
                Error::new(Kind::Refused, format!("{WHO} does not know the list of {}", entity.plural()))
            }
            _ => error,
        })?;
        let position = position.clone();
        let reader = Arc::clone(resource);
        self.work(move || {
            let (items, total) = reader.read_page(&body)?;
            let next = position.next(&reader.paging, items.len());
            let full = paging::is_full(&reader.paging, items.len());
            Ok(Page { items, total, full, bytes: body.len(), next })
        })
        .await
    }

    /// Reads one object by its reference. [`Kind::NotFound`] is a 404 and [`Kind::Gone`] a 410, and nothing else is;
    /// [`Kind::Invalid`] is an object that cannot be mapped, [`Kind::Refused`] an answer with another
    /// object or one that is too large.
    pub async fn fetch(&self, entity: Entity, reference: &Reference) -> Result<Item> {
        let resource = self.resource(entity)?;
        let url = resource.object_address(reference)?;
        let body = self.read(url).await?;
        let (reader, reference) = (Arc::clone(resource), reference.clone());
        self.work(move || reader.read_object(&body, &reference)).await
    }

    fn resource(&self, entity: Entity) -> Result<&Arc<Resource>> {
        let resource = match entity {
            Entity::Profile => &self.0.profiles,
            Entity::Job => &self.0.jobs,
        };
        let missing =
            || Error::new(Kind::Invalid, format!("this partner has no service for {}", entity.plural()));
        resource.as_ref().ok_or_else(missing)
    }

    async fn read(&self, url: Url) -> Result<Bytes> {
        let inner = &self.0;
        let busy = || {
            Error::new(Kind::Unavailable, "all our connections to the partner's service are busy")
                .retry_after(Duration::from_secs(1))
        };
        let _slot = inner.slots.enter(inner.patience).await.ok_or_else(busy)?;
        inner.quota.wait(inner.patience).await.map_err(|wait| {
            let message = match inner.pacer.rest() {
                Some(_) => "the partner's service asked us to wait",
                None => "our quota of requests to the partner's service is used up",
            };
            Error::new(Kind::Unavailable, message).retry_after(wait)
        })?;
        let sent = inner.pacer.now();
        let answer = inner.http.call(Request::get(url)).await.map_err(|error| match error.kind() {
            // The same question would have the same answer.
            Kind::TooLarge => Error::new(Kind::Refused, error.message()),
            _ => error,
        })?;
        if let Some(rest) = inner.pacer.heard(sent, answer.status, answer.retry_after) {
            inner.quota.rest(rest);
        }
        if let Some(error) = refusal(WHO, answer.status, answer.retry_after) {
            return Err(error.answered(Side::Partner, answer.status, None));
        }
        answer.json(WHO).cloned().map_err(|error| error.answered(Side::Partner, answer.status, None))
    }

    /// Runs the filters off the async threads, for a limited time.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let stuck = || {
            let message = "a jq filter of this partner did not end; correct it and start again";
            Error::new(Kind::Upstream, message)
        };
        if self.0.stuck.load(Ordering::Relaxed) {
            return Err(stuck());
        }
        match timeout(self.0.mapping_limit, spawn_blocking(work)).await {
            Ok(Ok(result)) => result,
            // The panic's own words may quote the object.
            Ok(Err(_)) => {
                Err(Error::new(Kind::Invalid, "a jq filter of this partner broke down on the object"))
            }
            Err(_) => {
                self.0.stuck.store(true, Ordering::Relaxed);
                Err(stuck())
            }
        }
    }
}

#[cfg(test)]
mod tests;
