//! `openapi`: prints the document that clients are generated from.

use std::io::Write;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::api;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The version of OpenAPI: 3.0 is for generators that read nothing newer
    #[arg(default_value = "3.1")]
    of: Version,
}

#[derive(Clone, Copy, ValueEnum)]
enum Version {
    #[value(name = "3.1")]
    Newer,
    #[value(name = "3.0")]
    Older,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let document = match arguments.of {
        Version::Newer => api::openapi(),
        Version::Older => api::openapi_3_0(),
    };
    // A reader that has seen enough and closed the pipe is no failure of ours.
    let _ = write!(std::io::stdout(), "{}", document.text());
    ExitCode::SUCCESS
}
