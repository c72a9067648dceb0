//! Indexing, with failures on both sides: what passes by itself costs nothing, what does not is set aside and named.

mod failures;
mod sent;

use std::time::Duration;

use oem_connector::sandbox::ReferenceAfterArchive;
use serde_json::Value;

use crate::support::{Backend, Fault, Wishes, World};

const BOTH: [ReferenceAfterArchive; 2] = [ReferenceAfterArchive::Kept, ReferenceAfterArchive::Free];

/// A world that waits for answers only briefly.
async fn impatient(backend: Backend) -> World {
    World::with(backend, Wishes { call_timeout: Duration::from_millis(400), ..Wishes::default() }).await
}

/// Failures that pass by themselves, with the code under which a record tells them.
fn temporary() -> [(Fault, &'static str); 9] {
    [
        (Fault::Status(429, Some(30)), "rate_limited"),
        (Fault::Status(500, None), "upstream_failed"),
        (Fault::Status(503, None), "upstream_failed"),
        (Fault::Slow(Duration::from_millis(900)), "upstream_timed_out"),
        (Fault::Cut, "upstream_failed"),
        (Fault::Malformed, "upstream_failed"),
        (Fault::WrongType, "upstream_failed"),
        (Fault::Status(401, None), "upstream_denied"),
        (Fault::Status(403, None), "upstream_denied"),
    ]
}

/// Lets pass what a record waits for at most, and works off what is due then.
async fn try_again(world: &World) {
    world.advance(301);
    world.settle().await;
}

fn detail(record: &Value) -> &str {
    record["problem"]["detail"].as_str().unwrap_or_default()
}
