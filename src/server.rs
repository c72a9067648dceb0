//! Wiring and shutdown: Config → Context → API and worker.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use futures_util::future::join_all;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::api::{self, Api};
use crate::config::{Config, Role};
use crate::error::{Error, Kind, Result};
use crate::flows::query::Answers;
use crate::flows::{Context, Partner, Waiting, breaker::Breakers, explain::Desk};
use crate::http::{Observer, Pacing, Scrubber, Source};
use crate::metrics::Metrics;
use crate::model::Clock;
use crate::partner::signature::Door;
use crate::store::{Store, transfer};
use crate::worker::Worker;
use crate::{hrflow, partner};

/// How long a client may take to send the head of a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens the database (made and migrated if needed) and connects everything that the roads use.
///
/// # Errors
/// What opening the database ends in, and `Invalid` for settings that only show when they are used, all together.
pub async fn context(config: &Config, clock: Clock) -> Result<Arc<Context>> {
    let (url, queue, for_store) = (config.database_url.clone(), config.limits.webhook_queue, clock.clone());
    let store = tokio::task::spawn_blocking(move || Store::open(&url, &for_store, queue))
        .await
        .map_err(|cause| Error::new(Kind::Internal, "the database could not be opened").because(cause))??;
    store.migrate().await?;
    if let Some(source) = store.read(transfer::coming_from).await? {
        let message = format!("the database is half filled from {source}: run `move` again, to its end");
        return Err(Error::new(Kind::Conflict, message));
    }

    let metrics = Metrics::new()?;
    let scrubber = Arc::new(Scrubber::of(config));
    let counted = metrics.clone();
    let observer: Observer = Arc::new(move |side, outcome, took| counted.called(side, outcome, took));
    let pacing = Pacing { clock: clock.clone(), keeper: keeper(&store, &clock) };
    let clients = hrflow::clients(config, &scrubber, &observer, &pacing)?;

    let mut partners = Vec::with_capacity(config.partners.len());
    let mut problem = Error::new(Kind::Invalid, "some partners cannot be served");
    for settings in &config.partners {
        let door = Door::new(&settings.webhooks.auth);
        let service = partner::Service::new(
            &settings.name,
            &settings.service,
            &config.limits,
            scrubber.clone(),
            observer.clone(),
            &pacing,
        );
        match (service.and_then(|service| Ok((service, door?))), clients.get(&settings.name)) {
            (Ok((service, door)), Some(hrflow)) => partners.push(Arc::new(Partner {
                settings: settings.clone(),
                service,
                door,
                hrflow: hrflow.clone(),
                records_due: Notify::new(),
                pulls_due: Notify::new(),
                exports_due: Notify::new(),
                waiting: Waiting::default(),
                breakers: Breakers::default(),
                explaining: Desk::new(&config.limits, &settings.hrflow),
            })),
            (Err(refused), _) => {
                problem = problem.field(format!("partner.{}.service", settings.name), refused.to_string());
            }
            (Ok(_), None) => {
                problem = problem.field(format!("partner.{}", settings.name), "has no workspace");
            }
        }
    }
    if !problem.fields().is_empty() {
        return Err(problem);
    }
    Ok(Arc::new(Context {
        store,
        clock,
        limits: config.limits.clone(),
        retention: config.retention,
        receipts_kept: config.receipts_kept,
        partners,
        metrics,
        answers: Answers::new(&config.limits.queries),
    }))
}

/// Who keeps the quotas that several nodes share; nobody where each process has its own.
fn keeper(store: &Store, clock: &Clock) -> Option<Source> {
    let (store, clock) = (store.clone(), clock.clone());
    store.spans_nodes().then(|| {
        let keeper: Source = Arc::new(move |ask| {
            // Taken now: what is asked may reach the database later.
            let (store, clock, asked_at) = (store.clone(), clock.clone(), clock.steady());
            Box::pin(async move { store.grant(ask, asked_at, &clock).await })
        });
        keeper
    })
}

/// The API at work.
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    servers: Vec<Server>,
}

type Server = (ServerHandle, JoinHandle<std::io::Result<()>>);

impl Serving {
    /// Answers requests until [`Serving::stop`]; a worker's answers are about itself alone.
    pub fn start(config: &Config, context: Arc<Context>) -> Result<Self> {
        let shutdown = context.limits.shutdown;
        let api = web::Data::new(Api::new(context, &config.operator_keys, &config.trusted_proxies));
        let routes = if config.role == Role::Worker { api::configure_worker } else { api::configure };
        let (address, server) = listen(config.listen, shutdown, api.clone(), routes)?;
        let mut servers = vec![server];
        if let Some(metrics_listen) = config.metrics_listen {
            servers.push(listen(metrics_listen, shutdown, api, api::configure_metrics)?.1);
        }
        Ok(Self { address, servers })
    }

    /// Stops accepting and returns when the requests under way are answered.
    pub async fn stop(self) {
        join_all(self.servers.iter().map(|(handle, _)| handle.stop(true))).await;
    }
}

/// The API and the worker of one process, or the one of them that is its role.
pub struct Running {
    /// The API.
    pub serving: Serving,
    /// What both work with.
    pub context: Arc<Context>,
    worker: Option<Worker>,
}

impl Running {
    /// Serves the API and works off what is due, until [`Running::stop`].
    pub async fn start(config: &Config, clock: Clock) -> Result<Self> {
        let context = context(config, clock).await?;
        let serving = Serving::start(config, context.clone())?;
        let worker = (config.role != Role::Api).then(|| {
            let mut worker = Worker::start(&context, &context.partners);
            worker.keep_schedules(&context, &context.partners);
            worker
        });
        Ok(Self { serving, context, worker })
    }

    /// Stops accepting, lets requests and work under way end or gives the work back, and returns within
    /// `shutdown_seconds`. What was not answered by then was not promised, and what was not settled goes on elsewhere.
    pub async fn stop(self) {
        let Self { serving, context, worker } = self;
        let working = async {
            if let Some(worker) = worker {
                worker.stop().await;
            }
        };
        let all = async { tokio::join!(serving.stop(), working) };
        if tokio::time::timeout(context.limits.shutdown, all).await.is_err() {
            tracing::warn!("not everything ended in time");
        }
    }
}

fn listen(
    address: SocketAddr,
    shutdown: Duration,
    api: web::Data<Api>,
    configure: fn(&mut web::ServiceConfig),
) -> Result<(SocketAddr, Server)> {
    let server =
        HttpServer::new(move || App::new().app_data(api.clone()).wrap(api::RequestId).configure(configure))
            .disable_signals()
            .client_request_timeout(REQUEST_TIMEOUT)
            .shutdown_timeout(shutdown.as_secs())
            .bind(address)
            .map_err(|cause| {
                Error::new(Kind::Unavailable, format!("cannot listen on {address}: {cause}")).because(cause)
            })?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    let server = server.run();
    let handle = server.handle();
    Ok((bound, (handle, tokio::spawn(server))))
}
