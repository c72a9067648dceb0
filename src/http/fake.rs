//! A server for tests: answers as it is told, well or badly, and remembers what it was asked.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use url::Url;

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// `GET`.
    pub(crate) method: String,
    /// Path and query, as sent.
    pub(crate) target: String,
    /// The head, in lower case.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: String,
}

/// What the server does.
pub(crate) enum Reply {
    /// Answers with a status, more header lines and a body.
    Answer(u16, &'static str, String),
    /// Writes exactly this and closes.
    Raw(Vec<u8>),
    /// Keeps the connection and says nothing.
    Silence,
}

impl Reply {
    /// JSON with a status.
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Self {
        Self::Answer(status, "Content-Type: application/json\r\n", body.into())
    }
}

/// A server on a free port.
pub(crate) struct Fake {
    pub(crate) url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    pub(crate) fn new(reply: impl Fn(&Seen) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read(&mut stream);
                log.lock().unwrap().push(request.clone());
                match reply(&request) {
                    Reply::Answer(status, headers, body) => {
                        let start = format!(
                            "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
                            body.len()
                        );
                        // The client may have gone already; that is its affair.
                        let _ = stream
                            .write_all(start.as_bytes())
                            .and_then(|()| stream.write_all(body.as_bytes()));
                    }
                    Reply::Raw(bytes) => drop(stream.write_all(&bytes)),
                    Reply::Silence => held.push(stream),
                }
            }
        });
        Self { url, seen }
    }

    /// Everything asked so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn read(stream: &mut TcpStream) -> Seen {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "the request ends in its head");
        bytes.extend_from_slice(&chunk[..count]);
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let lower = head.to_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |n| n.parse().unwrap());
    while bytes.len() < head_end + 4 + length {
        let count = stream.read(&mut chunk).unwrap();
        bytes.extend_from_slice(&chunk[..count]);
    }
    let mut words = head.split(' ');
    Seen {
        method: words.next().unwrap().to_owned(),
        target: words.next().unwrap().to_owned(),
        head: lower,
        body: String::from_utf8(bytes[head_end + 4..].to_vec()).unwrap(),
    }
}
