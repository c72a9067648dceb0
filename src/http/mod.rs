//! The outbound client: time limits, quota and pace, `Retry-After`, size caps, the guard against private addresses, status → `Error`.
//!
//! Every call to a partner or to HrFlow goes through [`Client::call`], so the promises hold everywhere: redirects are
//! never followed, no proxy is taken from the environment, an answer is cut off at its cap, and no cause of a failure is kept
//! unscrubbed.

mod answer;
mod body;
#[cfg(test)]
pub(crate) mod fake;
mod guard;
mod pace;
mod pools;
mod quota;
mod scrubber;
mod shared;
mod tls;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::error::{Error, Kind, Result};
use crate::model::Secret;

use body::Body;
use guard::Reach;
use pools::Pools;

pub use answer::{Answer, describe_json, refusal};
pub use pace::Pacer;
pub use quota::{Pacing, Quota, Slots};
pub use scrubber::Scrubber;
pub use shared::Source;

/// Told once per call: the side (`partner`, `hrflow`), the outcome (`ok` or the code of a [`Kind`]) and how long it took.
pub type Observer = Arc<dyn Fn(&'static str, &'static str, Duration) + Send + Sync>;

/// An observer that looks away.
pub fn unobserved() -> Observer {
    Arc::new(|_, _, _| {})
}

/// The largest answer we read: 16 MiB.
pub const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// The most we read of an answer that is an error.
const MAX_REFUSAL: usize = 64 * 1024;

/// How long a connection may take to be made; a whole call has its own limit.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How a client is made.
pub struct Settings<'a> {
    /// Who answers, as sentences name it: HrFlow, `the partner's service`.
    pub who: &'static str,
    /// Who answers, as metrics name it: `hrflow`, `partner`.
    pub side: &'static str,
    /// What all its addresses start with; its scheme decides whether certificates are needed at all.
    pub base: &'a Url,
    /// Sent with every call; the values stay hidden.
    pub headers: Vec<(&'a str, Secret)>,
    /// Whether the other side may be loopback or private; by plain HTTP it then must be.
    pub allow_private_network: bool,
    /// How long one call may take, from the first byte sent to the last one read.
    pub timeout: Duration,
    /// Cleans what is kept of a failure for the log.
    pub scrubber: Arc<Scrubber>,
    /// Told of every call.
    pub observer: Observer,
}

/// One side that we call, with its keep-alive connections, which each runtime has of its own. A clone shares them.
#[derive(Clone)]
pub struct Client {
    pools: Arc<Pools>,
    who: &'static str,
    side: &'static str,
    reach: Reach,
    scrubber: Arc<Scrubber>,
    observer: Observer,
}

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Replaces.
    Put,
    /// Changes a part.
    Patch,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Request {
    method: Method,
    url: Url,
    body: Option<Bytes>,
    within: Option<Duration>,
}

impl Request {
    /// Reads an address.
    pub fn get(url: Url) -> Self {
        Self { method: Method::Get, url, body: None, within: None }
    }

    /// Sends JSON to an address.
    pub fn json(method: Method, url: Url, body: Bytes) -> Self {
        Self { method, url, body: Some(body), within: None }
    }

    /// The same call with a time limit of its own.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { within: Some(limit), ..self }
    }

    /// Its own time limit, if it has one.
    pub fn limit(&self) -> Option<Duration> {
        self.within
    }
}

impl Client {
    /// A client for one side. Fails with [`Kind::Invalid`] on a header that HTTP cannot carry, and with
    /// [`Kind::Internal`] where TLS cannot be set up (no certificates on the machine).
    pub fn new(settings: Settings<'_>) -> Result<Self> {
        // A second call finds the provider installed already, which is all we want.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let reach = Reach::of(settings.base, settings.allow_private_network);
        let headers = headers(&settings.headers)?;
        let timeout = settings.timeout;
        // Plain HTTP must work on a machine without certificates.
        let tls = if settings.base.scheme() == "http" { None } else { Some(tls::config()?) };
        let pools = Pools::new(move || {
            let builder = reqwest::Client::builder()
                .user_agent(concat!("oem-connector/", env!("CARGO_PKG_VERSION")))
                .default_headers(headers.clone())
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .no_proxy()
                .connect_timeout(CONNECT_TIMEOUT.min(timeout))
                .timeout(timeout)
                .tcp_nodelay(true)
                .pool_idle_timeout(Duration::from_mins(1))
                .dns_resolver(guard::Resolver(reach));
            let builder = match &tls {
                Some(tls) => builder.tls_backend_preconfigured(tls.clone()),
                None => builder.tls_certs_only(std::iter::empty()),
            };
            builder
                .build()
                .map_err(|cause| Error::new(Kind::Internal, "a client cannot be made").because(cause))
        })?;
        let Settings { who, side, scrubber, observer, .. } = settings;
        Ok(Self { pools: Arc::new(pools), who, side, reach, scrubber, observer })
    }

    /// Who answers, as sentences name it.
    pub fn who(&self) -> &'static str {
        self.who
    }

    /// Makes one call and reads the whole answer, whatever its status.
    ///
    /// Fails with [`Kind::Denied`] when the address is not one we may call, [`Kind::Unreachable`] when no connection was
    /// made (nothing was sent either way), [`Kind::TimedOut`] when the answer did not come in time, [`Kind::Upstream`] when it broke off, and [`Kind::TooLarge`] when it was larger than
    /// [`MAX_ANSWER`].
    pub async fn call(&self, request: Request) -> Result<Answer> {
        let started = Instant::now();
        let result = self.exchange(request).await;
        let outcome = match &result {
            Ok(answer) => refusal(self.who, answer.status, None).map_or("ok", |error| error.kind().code()),
            Err(error) => error.kind().code(),
        };
        (self.observer)(self.side, outcome, started.elapsed());
        result
    }

    async fn exchange(&self, request: Request) -> Result<Answer> {
        if !self.reach.permits_host(&request.url) {
            return Err(self.out_of_reach());
        }
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
        };
        let mut call = self.pools.own()?.request(method, request.url);
        if let Some(body) = request.body {
            call = call.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body);
        }
        if let Some(limit) = request.within {
            call = call.timeout(limit);
        }
        let mut response = call.send().await.map_err(|cause| self.failure(cause))?;
        let mut answer = Answer::head(response.status().as_u16(), response.headers());
        let cap = if answer.is_success() { MAX_ANSWER } else { MAX_REFUSAL };
        // The body of an error is a courtesy: the status counts even when the body breaks off or is too large.
        if answer.is_success() && response.content_length().is_some_and(|length| length > cap as u64) {
            return Err(self.too_large());
        }
        let mut body = Body::new(response.content_length().unwrap_or_default());
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > cap => {
                    if answer.is_success() {
                        return Err(self.too_large());
                    }
                    break;
                }
                Ok(Some(chunk)) => body.push(chunk),
                Ok(None) => break,
                Err(_) if !answer.is_success() => break,
                Err(cause) => return Err(self.failure(cause)),
            }
        }
        answer.body = body.whole();
        Ok(answer)
    }

    fn too_large(&self) -> Error {
        let mebibytes = MAX_ANSWER / 1024 / 1024;
        Error::new(Kind::TooLarge, format!("{} answered with more than {mebibytes} MiB", self.who))
    }

    fn out_of_reach(&self) -> Error {
        let who = self.who;
        let message = match self.reach {
            Reach::Private => format!(
                "the address of {who} is public; use https:// for it, since keys and personal data would travel in clear"
            ),
            Reach::Public | Reach::Any => format!(
                "the address of {who} is not public; set `allow_private_network = true` if that is meant to be"
            ),
        };
        Error::new(Kind::Denied, message)
    }

    fn failure(&self, cause: reqwest::Error) -> Error {
        let who = self.who;
        // The address may carry a token or a search for a person: it is not even logged.
        let cause = cause.without_url();
        if guard::is_refusal(&cause) {
            return self.out_of_reach();
        }
        let causes = self.scrubber.excerpt(&chain(&cause));
        if cause.is_connect() {
            return Error::new(Kind::Unreachable, format!("{who} cannot be reached")).because(causes);
        }
        if cause.is_timeout() {
            return Error::new(Kind::TimedOut, format!("{who} did not answer in time")).because(causes);
        }
        Error::new(
            Kind::Upstream,
            format!("the connection to {who} broke off before the answer was complete"),
        )
        .because(causes)
    }
}

/// The causes as one line: plain text, since the boxed originals may print the address again.
fn chain(error: &reqwest::Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        next = cause.source();
    }
    line
}

fn headers(pairs: &[(&str, Secret)]) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    for (name, value) in pairs {
        let refuse =
            |what| Error::new(Kind::Invalid, format!("the {what} of the header `{name}` cannot be sent"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refuse("name"))?;
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| refuse("value"))?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests;
