//! `/docs`: a viewer of the document that needs no network.

use std::sync::{Arc, LazyLock};

use actix_web::http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::{HttpResponse, get, web};

use crate::error::{Error, Kind, Result};

/// The viewer's files name each other by relative addresses, which need the slash.
#[get("/docs")]
pub(in crate::api) async fn root() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/docs/")).finish()
}

/// The viewer.
#[get("/docs/{file:.*}")]
pub(in crate::api) async fn file(name: web::Path<String>) -> Result<HttpResponse> {
    // The validator badge would send the document's address to somebody else's site.
    static SETTINGS: LazyLock<Arc<utoipa_swagger_ui::Config<'static>>> = LazyLock::new(|| {
        Arc::new(utoipa_swagger_ui::Config::from("../openapi.json").validator_url("none").use_base_layout())
    });
    let found = utoipa_swagger_ui::serve(&name, SETTINGS.clone()).map_err(|cause| {
        Error::new(Kind::Internal, "the viewer cannot be shown").because(cause.to_string())
    })?;
    let found = found.ok_or_else(|| Error::new(Kind::NotFound, "the viewer has no such file"))?;
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";
    Ok(HttpResponse::Ok()
        .content_type(found.content_type)
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .body(found.bytes.into_owned()))
}
