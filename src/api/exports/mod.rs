//! `/v1/exports`: the best matches of many objects, asked for once and read line by line.
//!
//! ```text
//! asked   what an export is asked for with      document   what is told of one      lines   what it has found
//! ```

mod asked;
mod document;
mod lines;

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, get, post, web};

use super::cursor::{self, CURSOR};
use super::idempotency::{REPLAYED, key_of};
use super::parameters::{PARTNER, Parameter, query};
use super::problem::refusals;
use super::records::id_in;
use super::{Api, LIMIT, criteria};
use crate::error::Result;
use crate::flows::export;
use crate::store::exports;
use asked::{MAX_BYTES, known_in, wish};
use document::{ExportDocument, ExportList, document};

pub(super) use asked::{EXPORT, EXPORTED_FOR};
pub(super) use lines::read_export_lines;

query! {
    /// What reading or cancelling an export reads from the address.
    GetExport: &[PARTNER]
}
query! {
    /// What listing exports reads.
    ListExports: &[PARTNER, CURSOR.like("WyJleHBvcnRzIixbMCwiYSJdXQ"), Parameter::optional("limit", LIMIT, "How many exports are listed at most.")]
}

refusals!(StartRefusals: Malformed, Unauthorized, NotFound, Conflict, TooLarge, UnsupportedMediaType, Invalid,
    Unavailable);
refusals!(ReadRefusals: Malformed, Unauthorized, NotFound, Invalid, Unavailable);

/// Start an export
///
/// The best matches for many objects: for those that are listed, or for every one that HrFlow shows. The criteria are those of
/// scoring, but for a profile's `name` and `email`: an export is kept, and keeps no name. It is worked off in the background, within the part of the quota that is not kept for queries. A reference that is not known, or not ready
/// when its turn comes, is told in its line. With an `Idempotency-Key` the call can be repeated: the same key gives the same
/// export.
#[utoipa::path(
    tag = "exports",
    params(
        criteria::WithBody,
        ("Idempotency-Key" = Option<String>, Header, description = "A text of your own for this very export, of at most \
            255 characters. It is remembered for as long as the export is kept.", min_length = 1, max_length = 255,
            example = "8e03978e-40d5-43dd-bc93-6894a57f9324"),
    ),
    request_body(content = criteria::ExportRequest, description = "What to export; at most 4 MiB",
        example = json!({"ranked": "profiles", "references": ["REQ-88", "REQ-89"], "top": 10, "score_min": 0.5})),
    responses(
        (status = 202, description = "The export waits to be worked off, or was asked for before with the same key",
            body = ExportDocument, headers(
                ("Location" = String, description = "Where to watch it"),
                ("Idempotency-Replayed" = String, description = "`true` when it was asked for before")), example = json!(document::example("waiting"))),
        StartRefusals,
    ),
    security(("api_key" = [])),
)]
#[post("/v1/exports")]
pub(super) async fn start_export(
    api: web::Data<Api>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let (partner, given) = api.partner_sends_much(&request, payload, MAX_BYTES, known_in).await?;
    let wish = wish(&given, key_of(&request)?)?;
    let (export, known) = export::start(&api.context, partner, wish).await?;
    let mut answer = HttpResponse::Accepted();
    answer.insert_header((LOCATION, format!("/v1/exports/{}", export.id)));
    if known {
        answer.insert_header(REPLAYED);
    }
    Ok(answer.json(document(&api, partner, export)?))
}

/// Watch an export
///
/// How far it has come, and when it should end.
#[utoipa::path(
    tag = "exports",
    params(("id" = String, Path, description = "The export's id", example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11"), GetExport),
    responses((status = 200, description = "The export as it stands", body = ExportDocument,
        example = json!(document::example("running"))), ReadRefusals),
    security(("api_key" = [])),
)]
#[get("/v1/exports/{id}")]
pub(super) async fn get_export(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, _) = api.partner_asks(&request, GetExport::KNOWN)?;
    let export = export::find(&api.context, partner, &id_in(&request)?).await?;
    Ok(HttpResponse::Ok().json(document(&api, partner, export)?))
}

/// List exports
///
/// The newest first, for as long as they are kept.
#[utoipa::path(
    tag = "exports",
    params(ListExports),
    responses((status = 200, description = "A page of exports", body = ExportList,
        example = json!({"items": [document::example("running")], "next_cursor": null})), ReadRefusals),
    security(("api_key" = [])),
)]
#[get("/v1/exports")]
pub(super) async fn list_exports(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, ListExports::KNOWN)?;
    let name = partner.settings.name.clone();
    let before: Option<exports::Place> = cursor::read(LIST, &given)?;
    let limit = usize::try_from(given.whole("limit")).unwrap_or_default();
    let page = api.context.store.read(move |db| exports::list(db, &name, before.as_ref(), limit)).await?;
    let next_cursor = page.next.map(|next| cursor::write(LIST, &next)).transpose()?;
    let items =
        page.items.into_iter().map(|export| document(&api, partner, export)).collect::<Result<_>>()?;
    Ok(HttpResponse::Ok().json(ExportList { items, next_cursor }))
}

const LIST: &str = "exports";

/// Cancel an export
///
/// Nothing more is asked of HrFlow for it; the lines that were written can still be read. One that has ended stays as it is.
#[utoipa::path(
    tag = "exports",
    params(("id" = String, Path, description = "The export's id", example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11"), GetExport),
    responses((status = 200, description = "The export as it stands", body = ExportDocument,
        example = json!(document::example("cancelled"))), ReadRefusals),
    security(("api_key" = [])),
)]
#[post("/v1/exports/{id}/cancel")]
pub(super) async fn cancel_export(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, _) = api.partner_asks(&request, GetExport::KNOWN)?;
    let export = export::cancel(&api.context, partner, &id_in(&request)?).await?;
    Ok(HttpResponse::Ok().json(document(&api, partner, export)?))
}
