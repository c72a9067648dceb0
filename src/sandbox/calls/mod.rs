//! The calls, as they come in: who asks, for what, with which parameters.

pub(super) mod feedback;
pub(super) mod grading;
pub(super) mod indexing;
pub(super) mod matching;
pub(super) mod storing;
pub(super) mod team;
pub(super) mod upskilling;

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data, Payload};
use futures_util::StreamExt;
use serde_json::Value;

use crate::model::{Entity, Object};
use crate::sandbox::access::Permission;
use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::parameters::Parameters;
use crate::sandbox::state::State;

/// The most bytes of a body.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(30);

/// A call that may be made: its key was checked.
pub(super) struct Call {
    state: Arc<State>,
    /// What the address is about.
    entity: Entity,
    /// What the key may do.
    permission: Permission,
    query: Parameters,
    /// As it came; read when the call is run.
    bytes: Vec<u8>,
    body: Object,
}

impl Call {
    /// Checks the key first, then reads. The body of a GET is ignored.
    async fn read(request: &HttpRequest, payload: Payload, needed: Permission) -> Result<Self, Refusal> {
        let state = request.app_data::<Data<State>>().ok_or_else(Refusal::internal)?;
        let permission = state.access.check(request, needed)?;
        let query = Parameters::of_query(request.query_string())?;
        let bytes = if request.method() == Method::GET { Vec::new() } else { received(payload).await? };
        let entity = match request.match_info().get("entity") {
            Some("job" | "jobs" | "board" | "boards") => Entity::Job,
            _ => Entity::Profile,
        };
        Ok(Self { state: Arc::clone(state), entity, permission, query, bytes, body: Object::new() })
    }

    /// Reads the body and runs what may wait for the disk or take a while, away from the threads that serve connections.
    async fn run(mut self, work: impl FnOnce(Self) -> Answer + Send + 'static) -> Answer {
        let run = move || {
            self.body = read(&std::mem::take(&mut self.bytes))?;
            work(self)
        };
        web::block(run).await.map_err(|_| Refusal::internal())?
    }

    /// The parameters of a call that takes them from its query or its body alike.
    fn parameters(&mut self) -> Parameters {
        std::mem::take(&mut self.query).with_body(std::mem::take(&mut self.body))
    }
}

/// A body, in good time and of bounded size.
async fn received(mut payload: Payload) -> Result<Vec<u8>, Refusal> {
    let receive = async {
        let mut bytes = Vec::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk
                .map_err(|problem| Refusal::invalid(format_args!("The body cannot be read: {problem}")))?;
            if bytes.len() + chunk.len() > MOST_BYTES {
                return Err(Refusal::too_large(MOST_BYTES));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    tokio::time::timeout(BODY_TIME, receive).await.map_err(|_| Refusal::too_slow())?
}

/// Reads a body of JSON; no body is an empty object.
fn read(bytes: &[u8]) -> Result<Object, Refusal> {
    if bytes.is_empty() {
        return Ok(Object::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(Refusal::invalid("The body must be a JSON object")),
        Err(problem) => Err(Refusal::invalid(format_args!("The body must be JSON: {problem}"))),
    }
}
