//! `openapi`: prints the document that clients are generated from.

use std::io::Write;
use std::process::ExitCode;

use crate::api;
use crate::error::{Error, Kind, Result};

pub(super) fn run() -> Result<ExitCode> {
    let document = api::openapi()
        .to_pretty_json()
        .map_err(|cause| Error::new(Kind::Internal, "the document could not be written").because(cause))?;
    // A reader that has seen enough and closed the pipe is no failure of ours.
    let _ = writeln!(std::io::stdout(), "{document}");
    Ok(ExitCode::SUCCESS)
}
