//! `/health`: whether the process runs, and whether it can do its work.

use std::time::Duration;

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::problem::refusals;
use crate::error::{Error, Kind, Result};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// All is well.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

refusals!(Refusals: Unavailable);

/// Tell whether the process runs
///
/// Asks nobody.
#[utoipa::path(tag = "operation", responses((status = 200, description = "The process runs", body = Health)))]
#[get("/health/live")]
pub(super) async fn check_live() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

/// Tell whether requests can be served
///
/// Asks the database, and nobody else: a partner or HrFlow being away takes no node out of service.
#[utoipa::path(
    tag = "operation",
    responses((status = 200, description = "The database answers and is migrated", body = Health), Refusals),
)]
#[get("/health/ready")]
pub(super) async fn check_ready(api: web::Data<Api>) -> Result<HttpResponse> {
    let unavailable = |message: &str| Error::new(Kind::Unavailable, message);
    match tokio::time::timeout(PATIENCE, api.context.store.is_ready()).await {
        Ok(Ok(true)) => Ok(HttpResponse::Ok().json(Health { status: "ok" })),
        Ok(Ok(false)) => Err(unavailable("the database lacks migrations or cannot be written")),
        Ok(Err(cause)) => Err(unavailable("the database is unavailable").because(cause)),
        Err(_) => Err(unavailable("the database does not answer")),
    }
}
