//! `/v1/exports/{id}/lines`: what an export has found, streamed. Memory and database are used a handful of lines at a time,
//! and only when the reader takes more.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, get, web};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ReadRefusals;
use crate::api::Api;
use crate::api::parameters::{PARTNER, Parameter, query};
use crate::api::records::{date, id_in, stored};
use crate::api::scoring::Scored;
use crate::api::shape::Shape;
use crate::error::{Error, Kind, Result};
use crate::flows::{Context, export};
use crate::model::Entity;
use crate::store::Export;
use crate::store::exports::lines::{self, Line};

/// Matches that are read at a time.
const MATCHES: i64 = 20_000;

/// Lines that are read at a time, however few matches each has.
const LINES: i64 = 500;

/// The matches of one object. An object that has none to tell has a `problem` in their place.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ExportLine {
    /// Its place among the lines; they are told in this order, and none comes in before one that was told.
    #[schema(minimum = 1, example = 17)]
    position: i64,
    /// The job that profiles are ranked for; absent where jobs are ranked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "REQ-88")]
    job_reference: Option<String>,
    /// The profile that jobs are ranked for; absent where profiles are ranked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "CRM-4711")]
    profile_reference: Option<String>,
    /// The matches, the best first; absent where there is a problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<Scored>>,
    /// Why there are no matches; absent where there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<LineProblem>,
    /// When it was written.
    #[schema(format = "date-time", example = "2026-03-01T14:22:01Z")]
    scored_at: Option<String>,
}

/// Why an object has no matches.
#[derive(Serialize, Deserialize, ToSchema)]
pub(in crate::api) struct LineProblem {
    /// What programs may rely on.
    #[schema(example = "archived")]
    code: String,
    /// What it was.
    #[schema(example = "the job `REQ-88` is archived")]
    detail: String,
}

query! {
    /// What reading lines reads.
    ReadExportLines: &[
        PARTNER,
        Parameter::optional(
            "after",
            Shape::Whole { least: 0, most: 1 << 53, default: Some(0) },
            "Only what comes after this position: where the last answer was broken off, or ended while the export ran.",
        ),
    ]
}

/// Read the lines of an export
///
/// A JSON document per line (NDJSON). While the export runs, the answer ends with the last line there is: read on with
/// `after`. A line is never changed and never told twice, but what it says of a profile goes when the profile is erased.
#[utoipa::path(
    tag = "exports",
    params(("id" = String, Path, description = "The export's id", example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11"), ReadExportLines),
    responses(
        (status = 200, description = "The lines there are, one JSON document each", body = ExportLine,
            content_type = "application/x-ndjson",
            example = json!({"position": 1, "job_reference": "REQ-88", "items": [{"reference": "CRM-4711",
                "score": 0.9157, "score_100": 92, "rank": 1}], "scored_at": "2026-03-01T14:22:01Z"})),
        ReadRefusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/exports/{id}/lines")]
pub(in crate::api) async fn read_export_lines(
    api: web::Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, ReadExportLines::KNOWN)?;
    let export = export::find(&api.context, partner, &id_in(&request)?).await?;
    let after = i64::try_from(given.whole("after")).unwrap_or(i64::MAX);
    let reader = Reader::of(api.context.clone(), &export)?;
    // The first handful before the status: what goes wrong then can still be told.
    let first = reader.read(after).await?;
    let lines = stream::try_unfold((reader, first), |(reader, lines)| async move {
        let Some((text, last)) = lines else { return Ok::<_, Error>(None) };
        let next = reader.read(last).await?;
        Ok(Some((text, (reader, next))))
    });
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(lines.boxed_local()))
}

/// Who reads the lines of an export.
struct Reader {
    context: Arc<Context>,
    export: String,
    ranked: Entity,
    at_a_time: i64,
}

impl Reader {
    fn of(context: Arc<Context>, export: &Export) -> Result<Self> {
        let ranked = Entity::parse(&export.ranked);
        let ranked = ranked.ok_or_else(|| Error::new(Kind::Internal, "an export cannot be read"))?;
        let at_a_time = (MATCHES / export.top.max(1)).clamp(1, LINES);
        Ok(Self { context, export: export.id.clone(), ranked, at_a_time })
    }

    /// Some lines behind a position, and the position of the last; none at the end.
    async fn read(&self, after: i64) -> Result<Option<(Bytes, i64)>> {
        let (export, at_a_time) = (self.export.clone(), self.at_a_time);
        let lines = self.context.store.read(move |db| lines::read(db, &export, after, at_a_time)).await?;
        let Some(last) = lines.last().map(|line| line.position) else { return Ok(None) };
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, &self.document(line)?)
                .map_err(|cause| Error::new(Kind::Internal, "a line could not be told").because(cause))?;
            text.push(b'\n');
        }
        Ok(Some((text.into(), last)))
    }

    fn document(&self, line: Line) -> Result<ExportLine> {
        let (job_reference, profile_reference) = match self.ranked {
            Entity::Profile => (Some(line.reference), None),
            Entity::Job => (None, Some(line.reference)),
        };
        let items = line.items.map(|items| items.into_iter().map(Scored::from).collect());
        Ok(ExportLine {
            position: line.position,
            job_reference,
            profile_reference,
            items,
            problem: stored(line.problem.as_deref())?,
            scored_at: date(Some(line.scored_at)),
        })
    }
}
