//! A loopback load generator: a fixed number of keep-alive connections, bounded by count and time, that measures latency.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

/// Response headers larger than this count as a failure.
const MOST_HEAD_BYTES: usize = 16 * 1024;

/// What to send, how much of it, and how fast.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Whom to ask.
    pub(crate) address: SocketAddr,
    /// Connections at once, each with one request under way.
    pub(crate) connections: usize,
    /// The run ends after this many requests …
    pub(crate) requests: u64,
    /// … or after this time, whichever comes first.
    pub(crate) time: Duration,
    /// Requests per second over all connections; `None` sends the next as soon as the last is answered. With a rate, a
    /// request that had to wait for a slow answer before it counts its latency from the moment it was due.
    pub(crate) rate: Option<f64>,
    /// A request without an answer by then is a failure.
    pub(crate) timeout: Duration,
}

impl Load {
    /// At full speed, for at most ten seconds and five seconds a request.
    pub(crate) fn full_speed(address: SocketAddr, connections: usize, requests: u64) -> Self {
        let time = Duration::from_secs(10);
        Self { address, connections, requests, time, rate: None, timeout: Duration::from_secs(5) }
    }
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Report {
    /// Answers with a 2xx.
    pub(crate) succeeded: u64,
    /// Other answers, and requests without a readable one.
    pub(crate) failed: u64,
    /// Bytes of the bodies received.
    pub(crate) bytes: u64,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    latencies: Histogram<u64>,
}

impl Report {
    /// Successful answers per second.
    pub(crate) fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "no run sends 2^52 requests")]
        let succeeded = self.succeeded as f64;
        succeeded / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// The latency that this share (0 to 1) of the successful answers did not exceed, to three digits.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        Duration::from_micros(self.latencies.value_at_quantile(share))
    }
}

/// Runs a load. `request` makes the bytes of the request with that number, from 0: a complete HTTP/1.1 request.
pub(crate) async fn run(load: &Load, request: impl Fn(u64) -> Vec<u8> + Send + Sync + 'static) -> Report {
    let (request, next, start) = (Arc::new(request), Arc::new(AtomicU64::new(0)), Instant::now());
    let mut connections = JoinSet::new();
    for _ in 0..load.connections {
        connections.spawn(converse(load.clone(), Arc::clone(&request), Arc::clone(&next), start));
    }
    let mut total =
        Report { succeeded: 0, failed: 0, bytes: 0, elapsed: Duration::ZERO, latencies: histogram() };
    while let Some(part) = connections.join_next().await {
        let part = part.expect("a connection does not panic");
        total.succeeded += part.succeeded;
        total.failed += part.failed;
        total.bytes += part.bytes;
        total.elapsed = total.elapsed.max(part.elapsed);
        total.latencies.add(part.latencies).expect("all histograms have the same bounds");
    }
    total
}

/// One connection: sends the next request that nobody took yet until there is none; connects again after a failure.
async fn converse<F: Fn(u64) -> Vec<u8>>(
    load: Load,
    request: Arc<F>,
    next: Arc<AtomicU64>,
    start: Instant,
) -> Report {
    let mut report =
        Report { succeeded: 0, failed: 0, bytes: 0, elapsed: Duration::ZERO, latencies: histogram() };
    let mut connection: Option<Connection> = None;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "no run sends 2^52 requests")]
        let due = load.rate.map(|rate| start + Duration::from_secs_f64(number as f64 / rate));
        if number >= load.requests || due.unwrap_or_else(Instant::now) >= start + load.time {
            return report;
        }
        let sent = match due {
            // It waited for the last answer, and that counts.
            Some(due) if due <= Instant::now() => due,
            // The timer's own lateness of up to a millisecond does not.
            Some(due) => {
                sleep_until(due).await;
                Instant::now()
            }
            None => Instant::now(),
        };
        let exchange = async {
            let mut open = match connection.take() {
                Some(open) => open,
                None => Connection::open(load.address).await?,
            };
            let answer = open.exchange(&request(number)).await?;
            Ok::<_, std::io::Error>((open, answer))
        };
        if let Ok(Ok((open, answer))) = timeout(load.timeout, exchange).await {
            connection = answer.keep_alive.then_some(open);
            report.bytes += answer.bytes;
            if (200..300).contains(&answer.status) {
                report.succeeded += 1;
                let micros = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
                report.latencies.saturating_record(micros);
            } else {
                report.failed += 1;
            }
        } else {
            report.failed += 1;
            // A peer that refuses at once must not make this a busy loop.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        report.elapsed = start.elapsed();
    }
}

/// Microseconds from 1 to a minute, three digits.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are fine")
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

struct Answer {
    status: u16,
    bytes: u64,
    keep_alive: bool,
}

impl Connection {
    async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(8 * 1024) })
    }

    /// Sends a request and reads its answer to the last byte. Only bodies with a length are understood, which is what the
    /// measured servers send; a chunked one is an error rather than a wrong number.
    async fn exchange(&mut self, request: &[u8]) -> std::io::Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (status, head, body, keep_alive) = loop {
            if let Some(found) = parse(&self.buffer)? {
                break found;
            }
            if self.buffer.len() > MOST_HEAD_BYTES {
                return Err(invalid("the headers are too large"));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        };
        let mut missing = (head + body).saturating_sub(self.buffer.len());
        while missing > 0 {
            self.buffer.clear();
            let read = self.stream.read_buf(&mut self.buffer).await?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            missing = missing.saturating_sub(read);
        }
        Ok(Answer { status, bytes: body as u64, keep_alive })
    }
}

/// Status, length of the head, length of the body and whether the connection stays open; `None` until the head is complete.
fn parse(buffer: &[u8]) -> std::io::Result<Option<(u16, usize, usize, bool)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(buffer).map_err(|_| invalid("this is not HTTP"))?
    else {
        return Ok(None);
    };
    let status = response.code.unwrap_or(0);
    let value = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.and_then(|header| std::str::from_utf8(header.value).ok())
    };
    let body = match value("content-length") {
        Some(length) => length.trim().parse().map_err(|_| invalid("the length is no number"))?,
        None if status == 204 || status == 304 => 0,
        None => return Err(invalid("the body has no length")),
    };
    let keep_alive = !value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Ok(Some((status, head, body, keep_alive)))
}

fn invalid(message: &'static str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, message)
}
