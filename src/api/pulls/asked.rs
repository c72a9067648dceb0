//! What the body of a pull asks for.

use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::parameters::nearest;
use crate::error::{Error, Kind, Result};
use crate::model::Entity;

/// What an operator asks for.
#[derive(ToSchema)]
pub(in crate::api) struct PullRequest {
    /// What is pulled.
    pub(super) entity: Entity,
    /// How much of it.
    #[schema(required = false, default = "full")]
    pub(super) mode: PullMode,
}

/// How much is asked for.
#[derive(Clone, Copy, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::api) enum PullMode {
    /// Everything the partner has.
    Full,
    /// What changed since the last pull.
    Delta,
}

/// Reads the body by hand, so that everything that is wrong with it is told at once.
pub(super) fn understand(body: &[u8]) -> Result<PullRequest> {
    let body: Value = serde_json::from_slice(body).map_err(|cause| {
        let (line, column) = (cause.line(), cause.column());
        Error::new(Kind::Malformed, format!("the body is not JSON (line {line}, column {column})"))
            .because(cause)
    })?;
    let problem = Error::new(Kind::Invalid, "the pull cannot be started");
    let Value::Object(members) = body else {
        return Err(problem.field("body", "must be an object with `entity` and `mode`"));
    };
    let (entity, mode) = (entity(&members), mode(&members));
    let mut problem = problem;
    for name in members.keys().filter(|name| !["entity", "mode"].contains(&name.as_str())) {
        problem = problem
            .field(name.chars().take(64).collect::<String>(), nearest(name, ["entity", "mode"].into_iter()));
    }
    if let Err(detail) = entity {
        problem = problem.field("entity", detail);
    }
    if let Err(detail) = mode {
        problem = problem.field("mode", detail);
    }
    match (entity, mode) {
        (Ok(entity), Ok(mode)) if problem.fields().is_empty() => Ok(PullRequest { entity, mode }),
        _ => Err(problem),
    }
}

fn entity(members: &Map<String, Value>) -> Result<Entity, &'static str> {
    let given = members.get("entity").ok_or("is required: `profiles` or `jobs`")?.as_str();
    let known = Entity::ALL.into_iter().find(|known| Some(known.plural()) == given);
    known.ok_or("must be `profiles` or `jobs`")
}

fn mode(members: &Map<String, Value>) -> Result<PullMode, &'static str> {
    match members.get("mode").map(|mode| mode.as_str()) {
        None | Some(Some("full")) => Ok(PullMode::Full),
        Some(Some("delta")) => Ok(PullMode::Delta),
        Some(_) => Err("must be `full` or `delta`"),
    }
}
