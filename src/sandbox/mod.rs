//! A local HrFlow: its API, its index, its ranking; knows nothing of ours but `model` and `error`.
//!
//! The official Python SDK uses it unchanged. Where to start: [`start`], then `routes` for the addresses, `calls` for what
//! they do, `state` for the roads of an object, `matching` and `ranking` for how objects are found and scored.
//!
//! Where HrFlow's behaviour is not known, this is what the sandbox does:
//!
//! - An archived object is found by neither searching nor scoring, and cannot be scored for; getting it and the storing
//!   lists still show it, with its `archived_at`. Editing leaves it archived; `is_archive: 0` brings it back. What becomes
//!   of its reference is a switch, [`ReferenceAfterArchive`].
//! - What was answered can be searched and scored at once.
//! - `raw_filter` and `raw_filters` know a part of the query language, see `raw_filter`; what is beyond it is refused, so that
//!   nobody takes an unfiltered list for a filtered one.
//! - With `use_algorithm=0` every prediction is `[1, 0]`.
//! - `limit` is honoured up to 1,000.
//! - Ratings and trackings are listed flat, with references and keys, as they were told; `author` and `profile` only when
//!   they are asked for. Their filters by place and duration are refused.

mod access;
mod answer;
mod calls;
mod catalog;
mod conditions;
mod containers;
mod criteria;
mod eligibility;
mod explaining;
mod facts;
mod feedback;
mod index;
mod matching;
mod objects;
mod parameters;
mod ranking;
mod raw_filter;
mod roads;
mod routes;
mod shape;
mod shortlist;
mod state;
mod thesaurus;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use tokio::task::JoinHandle;

use crate::error::{Error, Kind, Result};
use crate::model::Clock;
use state::State;

/// Threads that serve connections; the work itself is done on blocking threads.
const WORKERS: usize = 2;
/// Blocking threads of each worker. Where nothing waits for a disk, more of them than cores only get in each other's way.
const BLOCKING_THREADS: usize = 2;
/// The same where writes wait for the disk: enough that a query need not wait behind a burst of them.
const BLOCKING_THREADS_WITH_DISK: usize = 32;
/// How long a stop waits for calls under way.
const LAST_CALLS_SECONDS: u64 = 5;
/// How long the head of a request may take to come.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long an idle connection is kept: longer than clients keep theirs, so that it is they who close it.
const IDLE_TIME: Duration = Duration::from_mins(2);

/// How the sandbox is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 takes a free one, told by [`Running::address`].
    pub listen: SocketAddr,
    /// Where it keeps its state; without one, everything ends with the process.
    pub data_dir: Option<PathBuf>,
    /// The API keys it takes; none: every well-formed one.
    pub api_keys: Vec<String>,
    /// The keys of its sources, 40 hexadecimal digits each; none: a source is made when its key is first used.
    pub sources: Vec<String>,
    /// The same for its boards.
    pub boards: Vec<String>,
    /// What becomes of an archived object's reference.
    pub reference_after_archive: ReferenceAfterArchive,
}

impl Default for Options {
    /// A free port on loopback, nothing kept, every key welcome, references kept.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir: None,
            api_keys: Vec::new(),
            sources: Vec::new(),
            boards: Vec::new(),
            reference_after_archive: ReferenceAfterArchive::default(),
        }
    }
}

/// What becomes of the reference of an archived object: HrFlow does not tell, so clients must cope with both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferenceAfterArchive {
    /// It stays taken: creating with it answers "Already used!", and editing by it finds the archived object.
    #[default]
    Kept,
    /// It can be taken by a new object; the archived one answers to its key alone, and can be brought back only while
    /// its reference is not taken.
    Free,
}

/// A sandbox that serves. Dropping it does not stop it.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    server: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Waits until it ends by itself, which it does only when it fails.
    pub async fn ended(&mut self) -> Result<()> {
        match (&mut self.task).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(cause)) => Err(Error::new(Kind::Unavailable, "the sandbox stopped").because(cause)),
            Err(cause) => Err(Error::new(Kind::Internal, "the sandbox stopped").because(cause)),
        }
    }

    /// Takes no more connections, finishes the calls under way (for five seconds at most), and ends.
    pub async fn stop(mut self) -> Result<()> {
        self.server.stop(true).await;
        self.ended().await
    }
}

/// Starts a sandbox inside the running tokio runtime. It serves once this returns.
///
/// # Errors
///
/// `Invalid` when an API key, a source key or a board key is not well-formed, `Unavailable` when the data folder or the address cannot be used.
pub async fn start(options: Options, clock: Clock) -> Result<Running> {
    let listen = options.listen;
    let has_disk = options.data_dir.is_some();
    let load = move || {
        // Now, or the first callers would wait for it.
        thesaurus::thesaurus();
        State::load(options, clock)
    };
    let loading = tokio::task::spawn_blocking(load).await;
    let state =
        loading.map_err(|cause| Error::new(Kind::Internal, "the sandbox cannot load").because(cause))??;
    let state = Data::new(state);

    let fail = |cause| {
        Error::new(Kind::Unavailable, format!("the sandbox cannot listen on {listen}")).because(cause)
    };
    let listener = TcpListener::bind(listen).map_err(fail)?;
    let address = listener.local_addr().map_err(fail)?;
    let application = move || {
        App::new()
            .app_data(state.clone())
            .configure(routes::routes)
            .default_service(web::to(routes::no_such_address))
    };
    let server = HttpServer::new(application)
        .workers(WORKERS)
        .worker_max_blocking_threads(if has_disk { BLOCKING_THREADS_WITH_DISK } else { BLOCKING_THREADS })
        .client_request_timeout(HEAD_TIME)
        .keep_alive(IDLE_TIME)
        .shutdown_timeout(LAST_CALLS_SECONDS)
        .disable_signals()
        .listen(listener)
        .map_err(fail)?
        .run();
    Ok(Running { address, server: server.handle(), task: tokio::spawn(server) })
}
