//! A proxy that forwards what it is sent, remembers it, and fails as it is told: once per fault, in the order given.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use tokio::sync::{Semaphore, watch};

/// How a call fails.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// An answer of this status, with `Retry-After` in seconds if told.
    Status(u16, Option<u64>),
    /// An answer of this status with this JSON.
    Answer(u16, String),
    /// An answer that comes this late.
    Slow(Duration),
    /// The connection is cut in the middle of the answer.
    Cut,
    /// A 200 that is no JSON, though it says so.
    Malformed,
    /// A 200 that says it is HTML.
    WrongType,
    /// The call is carried out and its answer is lost.
    LoseAnswer,
    /// The call waits at the gate before it is carried out.
    HoldBefore(Gate),
    /// The call is carried out and its answer waits at the gate.
    HoldAfter(Gate),
    /// The call waits at the gate and then gets an answer of this status with this JSON.
    HoldAnswer(Gate, u16, String),
}

/// A barrier: the call says that it has arrived and waits to be let through.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    arrived: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self { arrived: Arc::new(Semaphore::new(0)), open: Arc::new(Semaphore::new(0)) }
    }

    /// Returns when a call waits at the gate.
    pub(crate) async fn reached(&self) {
        let wait = tokio::time::timeout(Duration::from_secs(20), self.arrived.acquire());
        wait.await.expect("no call came to the gate").unwrap().forget();
    }

    /// Lets the call through.
    pub(crate) fn open(&self) {
        self.open.add_permits(1);
    }

    async fn pass(&self) {
        self.arrived.add_permits(1);
        let wait = tokio::time::timeout(Duration::from_secs(20), self.open.acquire());
        wait.await.expect("the gate was never opened").unwrap().forget();
    }
}

/// A call that came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) body: String,
}

struct Rule {
    method: String,
    part: String,
    times: usize,
    fault: Fault,
}

struct State {
    upstream: SocketAddr,
    client: reqwest::Client,
    rules: Mutex<Vec<Rule>>,
    requests: Mutex<Vec<Request>>,
    /// How many calls are on their way to the other side.
    under_way: watch::Sender<usize>,
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    handle: ServerHandle,
}

impl Proxy {
    pub(crate) fn before(upstream: SocketAddr) -> Self {
        // No connection is used twice: the other side may close an idle one just when a call takes it.
        let client =
            reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(Duration::from_mins(1));
        let client = client.build().unwrap();
        let state = Arc::new(State {
            upstream,
            client,
            rules: Mutex::default(),
            requests: Mutex::default(),
            under_way: watch::Sender::new(0),
        });
        let shared = web::Data::from(state.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .app_data(web::PayloadConfig::new(32 << 20))
                .default_service(web::to(answer))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(0)
        .bind("127.0.0.1:0")
        .unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { address, state, handle }
    }

    /// The next call of this method whose target contains `part` fails so.
    pub(crate) fn fail(&self, method: &str, part: &str, fault: Fault) {
        self.fail_times(1, method, part, fault);
    }

    pub(crate) fn fail_times(&self, times: usize, method: &str, part: &str, fault: Fault) {
        let rule = Rule { method: method.to_owned(), part: part.to_owned(), times, fault };
        self.state.rules.lock().unwrap().push(rule);
    }

    /// All is well from now on.
    pub(crate) fn heal(&self) {
        self.state.rules.lock().unwrap().clear();
    }

    /// The calls that came, oldest first.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.requests.lock().unwrap().clone()
    }

    /// How many calls of this method came whose target contains `part`.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        self.requests().iter().filter(|call| call.method == method && call.target.contains(part)).count()
    }

    /// How many calls came that write.
    pub(crate) fn writes(&self) -> usize {
        self.requests().iter().filter(|call| call.method != "GET").count()
    }

    /// Returns when nothing is on its way to the other side, also of callers that have gone.
    pub(crate) async fn at_rest(&self) {
        self.state.under_way.subscribe().wait_for(|under_way| *under_way == 0).await.unwrap();
    }

    /// Forgets the calls that came.
    pub(crate) fn forget(&self) {
        self.state.requests.lock().unwrap().clear();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

impl State {
    fn fault(&self, method: &str, target: &str) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap();
        let rule = rules
            .iter_mut()
            .find(|rule| rule.times > 0 && rule.method == method && target.contains(&rule.part))?;
        rule.times -= 1;
        Some(rule.fault.clone())
    }

    /// Carries the call out to its end, even when the caller goes away meanwhile.
    async fn forward(self: &Arc<Self>, request: &HttpRequest, body: Bytes) -> HttpResponse {
        let url = format!("http://{}{}", self.upstream, request.uri());
        let method = request.method().as_str().parse().unwrap();
        let mut call = self.client.request(method, url);
        for (name, value) in request.headers() {
            if !["host", "content-length", "connection"].contains(&name.as_str()) {
                call = call.header(name.as_str(), value.as_bytes());
            }
        }
        self.under_way.send_modify(|under_way| *under_way += 1);
        let state = self.clone();
        let carried_out = tokio::spawn(async move {
            let answer = call.body(body).send().await.unwrap();
            let (status, kind) = (answer.status(), answer.headers().get("content-type").cloned());
            let body = answer.bytes().await.unwrap();
            state.under_way.send_modify(|under_way| *under_way -= 1);
            (status, kind, body)
        });
        let (status, kind, body) = carried_out.await.unwrap();
        let mut response =
            HttpResponse::build(actix_web::http::StatusCode::from_u16(status.as_u16()).unwrap());
        if let Some(kind) = kind {
            response.insert_header(("content-type", kind.to_str().unwrap()));
        }
        response.body(body)
    }
}

async fn answer(request: HttpRequest, body: Bytes, state: web::Data<State>) -> HttpResponse {
    let state = state.into_inner();
    let (method, target) = (request.method().to_string(), request.uri().to_string());
    let text = String::from_utf8_lossy(&body).into_owned();
    let fault = state.fault(&method, &target);
    state.requests.lock().unwrap().push(Request { method, target, body: text });
    match fault {
        None => state.forward(&request, body).await,
        Some(Fault::Status(status, retry_after)) => {
            let status = actix_web::http::StatusCode::from_u16(status).unwrap();
            let mut response = HttpResponse::build(status);
            if let Some(seconds) = retry_after {
                response.insert_header(("Retry-After", seconds.to_string()));
            }
            response.content_type("application/json").body(r#"{"message": "as the test wished"}"#)
        }
        Some(Fault::Answer(status, body)) => {
            let status = actix_web::http::StatusCode::from_u16(status).unwrap();
            HttpResponse::build(status).content_type("application/json").body(body)
        }
        Some(Fault::Slow(wait)) => {
            tokio::time::sleep(wait).await;
            state.forward(&request, body).await
        }
        Some(Fault::Cut) => cut(),
        Some(Fault::Malformed) => HttpResponse::Ok().content_type("application/json").body("{\"content\": ["),
        Some(Fault::WrongType) => HttpResponse::Ok().content_type("text/html").body("<h1>Welcome</h1>"),
        Some(Fault::LoseAnswer) => {
            state.forward(&request, body).await;
            cut()
        }
        Some(Fault::HoldBefore(gate)) => {
            gate.pass().await;
            state.forward(&request, body).await
        }
        Some(Fault::HoldAnswer(gate, status, body)) => {
            gate.pass().await;
            let status = actix_web::http::StatusCode::from_u16(status).unwrap();
            HttpResponse::build(status).content_type("application/json").body(body)
        }
        Some(Fault::HoldAfter(gate)) => {
            let response = state.forward(&request, body).await;
            gate.pass().await;
            response
        }
    }
}

fn cut() -> HttpResponse {
    let parts = [Ok(Bytes::from_static(b"{\"code\": 2")), Err(std::io::Error::other("cut"))];
    HttpResponse::Ok().content_type("application/json").streaming(futures_util::stream::iter(parts))
}
