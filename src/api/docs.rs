//! The API described: `/openapi.json`, the same in OpenAPI 3.0.3, and `/docs` to read it in.

mod document;
mod finish;
mod older;
pub(super) mod viewer;

use actix_web::{App, HttpResponse, get, web};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_actix_web::AppExt;

use super::Api;
use super::problem::{FieldProblem, Problem, ProblemCode};

pub use document::Document;

/// What the document says beside the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "OEM matching connector",
        description = "Keeps an ATS's jobs and profiles in step with HrFlow.ai and answers scoring and searching by the \
            ATS's own references. Problems are RFC 9457 documents; `code` is stable. Every answer carries \
            `X-Request-Id`, yours if you send one.",
        contact(name = "The operators of this connector"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "Where this document is served")),
    components(schemas(Problem, ProblemCode, FieldProblem)),
    tags(
        (name = "webhooks", description = "What partners tell us"),
        (name = "matching", description = "Scoring and searching by reference"),
        (name = "feedback", description = "What people say of a match"),
        (name = "receipts", description = "What an answer was made of, in a chain that shows every change"),
        (name = "exports", description = "The best matches of many objects"),
        (name = "records", description = "What is known of an object"),
        (name = "history", description = "What happened, and what was set aside"),
        (name = "pulls", description = "Imports; with an operator key"),
        (name = "operation", description = "Health, metrics and this document"),
    ),
    modifiers(&KeySchemes),
)]
struct Frame;

struct KeySchemes;

impl Modify for KeySchemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let header = |name: &str, help: &str| {
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, help)))
        };
        let http = |scheme, help: &str| {
            SecurityScheme::Http(HttpBuilder::new().scheme(scheme).description(Some(help)).build())
        };
        let components = document.components.get_or_insert_default();
        for (name, scheme) in [
            (
                "api_key",
                header(
                    "X-API-KEY",
                    "A partner's key acts for that partner. An operator's key acts for the one named by `?partner=`, or \
                     in the address.",
                ),
            ),
            (
                "standard_webhooks",
                header(
                    "webhook-signature",
                    "Standard Webhooks 1.0, where it was agreed on: `v1,` and the base64 HMAC-SHA256 of \
                     `{webhook-id}.{webhook-timestamp}.{body}`, several with spaces between them; `webhook-id` and \
                     `webhook-timestamp` are sent beside it. The timestamp may be 5 minutes off unless agreed otherwise.",
                ),
            ),
            (
                "hmac",
                header(
                    "X-Signature",
                    "An HMAC of the body with SHA-256 or SHA-512, in hex or base64, in the header that was agreed on \
                     and after the prefix that was.",
                ),
            ),
            ("basic", http(HttpAuthScheme::Basic, "For webhooks, where it was agreed on.")),
            ("bearer", http(HttpAuthScheme::Bearer, "For webhooks, where it was agreed on.")),
        ] {
            components.add_security_scheme(name, scheme);
        }
    }
}

/// The routes that are served, as they are declared.
pub(super) fn declared() -> utoipa::openapi::OpenApi {
    App::new().into_utoipa_app().openapi(Frame::openapi()).configure(super::routes).split_for_parts().1
}

/// The OpenAPI 3.1 document of the routes that are served.
pub fn openapi() -> Document {
    finish::finish(declared().into())
}

/// The same in OpenAPI 3.0.3.
pub fn openapi_3_0() -> Document {
    older::translate(openapi())
}

/// Read this document
///
/// In OpenAPI 3.1.
#[utoipa::path(
    tag = "operation",
    responses((status = 200, description = "The document", body = Object, content_type = "application/json",
        example = json!({"openapi": "3.1.0"}))),
)]
#[get("/openapi.json")]
pub(super) async fn read_openapi(api: web::Data<Api>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(api.document.clone())
}

/// Read this document for older generators
///
/// In OpenAPI 3.0.3, derived from the other one.
#[utoipa::path(
    tag = "operation",
    responses((status = 200, description = "The document", body = Object, content_type = "application/json",
        example = json!({"openapi": "3.0.3"}))),
)]
#[get("/openapi-3.0.json")]
pub(super) async fn read_older_openapi(api: web::Data<Api>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(api.older_document.clone())
}
