//! `/v1/receipts/lines`: the whole chain, for whoever keeps or checks it elsewhere.

use actix_web::{HttpRequest, HttpResponse, get, web};
use futures_util::stream;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::api::Api;
use crate::api::parameters::{PARTNER, Parameter, query};
use crate::api::problem::refusals;
use crate::api::records::date;
use crate::api::shape::Shape;
use crate::error::{Error, Kind, Result};
use crate::model::chain::{ChainLine, LineKind};
use crate::store::Store;
use crate::store::receipts::{self, Chain, Kept};

/// The greatest whole number that every JSON reader keeps exact.
const MAX_SEQ: u64 = (1 << 53) - 1;

query! {
    /// What exporting receipts reads.
    ExportReceipts: &[
        PARTNER,
        Parameter::optional(
            "after",
            Shape::Whole { least: 0, most: MAX_SEQ, default: None },
            "After which receipt to go on; left out, after the last that was deleted.",
        ),
    ]
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, Expired, Invalid, Unavailable);

/// Export receipts
///
/// The whole chain, the oldest first, a JSON object a line: where it begins, every receipt, and where it ends. An export
/// that broke off goes on with `after`; `oem-connector receipts verify FILE` checks one file, or several after one another.
#[utoipa::path(
    tag = "receipts",
    params(ExportReceipts),
    responses(
        (status = 200, description = "The chain, line by line", body = ChainLine, content_type = "application/x-ndjson",
            example = json!({"line": "beginning", "partner": "acme", "seq": 0,
                "hash": "0000000000000000000000000000000000000000000000000000000000000000"})),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[get("/v1/receipts/lines")]
pub(in crate::api) async fn export_receipts(
    api: web::Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, ExportReceipts::KNOWN)?;
    let name = partner.settings.name.clone();
    let after = given.value("after").and_then(Value::as_i64);
    let (chain, last, at, hash) = api
        .context
        .store
        .read(move |db| {
            let (chain, last) = receipts::chain(db, &name)?;
            let after = after.unwrap_or(chain.anchor_seq);
            let hash = receipts::hash_of(db, &chain, after)?;
            Ok((chain, last, after, hash))
        })
        .await?;
    let Some(hash) = hash else { return Err(nowhere(&chain, at)) };
    let (store, until) = (api.context.store.clone(), last.max(chain.seq));
    let export = Export { store, chain, until, at, begun_with: Some(hash), ended: false };
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .streaming(stream::try_unfold(export, Export::next)))
}

fn nowhere(chain: &Chain, after: i64) -> Error {
    if after > chain.seq {
        return Error::new(Kind::Invalid, "the query parameters cannot be accepted")
            .field("after", format!("must be at most {}, the last receipt", chain.seq));
    }
    let message =
        format!("receipts up to {} were deleted for their age: leave `after` out", chain.anchor_seq);
    Error::new(Kind::Expired, message)
}

/// Receipts read at once: some megabytes at most.
const BATCH: i64 = 100;

/// A chain on its way to a caller, up to where it ended when the export began.
struct Export {
    store: Store,
    chain: Chain,
    until: i64,
    at: i64,
    begun_with: Option<String>,
    ended: bool,
}

impl Export {
    /// The next lines; none at the end. What is deleted meanwhile is missing, and whoever checks sees it.
    async fn next(mut self) -> Result<Option<(web::Bytes, Self)>> {
        if let Some(hash) = self.begun_with.take() {
            let line = self.border(LineKind::Beginning, self.at, hash)?;
            return Ok(Some((line, self)));
        }
        if self.ended {
            return Ok(None);
        }
        let (name, after, until) = (self.chain.partner.clone(), self.at, self.until);
        let kept = self.store.read(move |db| receipts::batch(db, &name, after, until, BATCH)).await?;
        let Some(last) = kept.last() else {
            self.ended = true;
            let line = self.border(LineKind::End, self.chain.seq, self.chain.hash.clone())?;
            return Ok(Some((line, self)));
        };
        self.at = last.seq;
        let mut lines = Vec::new();
        for kept in kept {
            write(&mut lines, &line(kept))?;
        }
        Ok(Some((lines.into(), self)))
    }

    fn border(&self, line: LineKind, seq: i64, hash: String) -> Result<web::Bytes> {
        let partner = self.chain.partner.clone();
        let line = ChainLine { line, partner, seq, hash, id: None, at: None, previous: None, entry: None };
        let mut bytes = Vec::new();
        write(&mut bytes, &line)?;
        Ok(bytes.into())
    }
}

/// A receipt as a line. An entry that somebody broke in the database is left out, and so found by whoever checks.
fn line(kept: Kept) -> ChainLine {
    let Kept { partner, seq, id, kept_at, previous, hash, entry } = kept;
    let length = entry.len();
    let raw = RawValue::from_string(entry).ok();
    let entry = raw.filter(|raw| raw.get().len() == length && !raw.get().contains('\n'));
    ChainLine {
        line: LineKind::Receipt,
        partner,
        seq,
        hash,
        id: Some(id),
        at: date(Some(kept_at)),
        previous: Some(previous),
        entry,
    }
}

fn write(lines: &mut Vec<u8>, line: &ChainLine) -> Result<()> {
    serde_json::to_writer(&mut *lines, line)
        .map_err(|cause| Error::new(Kind::Internal, "a line could not be written").because(cause))?;
    lines.push(b'\n');
    Ok(())
}
