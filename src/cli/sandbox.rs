//! `sandbox`: a local HrFlow, until the process is asked to stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{asked_to_stop, log};
use crate::error::Result;
use crate::model::Clock;
use crate::sandbox::{self, Options, ReferenceAfterArchive};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Where it listens; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// Keep what is indexed in this folder; without it everything is forgotten at the end
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Take only this API key (may be repeated); without it any well-formed key will do
    #[arg(long = "api-key", value_name = "KEY")]
    api_keys: Vec<String>,
    /// A source that exists (may be repeated); without it sources are made on first use
    #[arg(long = "source", value_name = "KEY")]
    sources: Vec<String>,
    /// A board that exists (may be repeated); without it boards are made on first use
    #[arg(long = "board", value_name = "KEY")]
    boards: Vec<String>,
    /// What becomes of the reference of an archived object: HrFlow does not say
    #[arg(long, value_name = "WHAT", value_enum, default_value = "kept")]
    reference_after_archive: Reference,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Reference {
    /// It stays taken
    Kept,
    /// It can be used by a new object
    Free,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    log("warn");
    let running = sandbox::start(
        Options {
            listen: arguments.listen,
            data_dir: arguments.data_dir,
            api_keys: arguments.api_keys,
            sources: arguments.sources,
            boards: arguments.boards,
            reference_after_archive: match arguments.reference_after_archive {
                Reference::Kept => ReferenceAfterArchive::Kept,
                Reference::Free => ReferenceAfterArchive::Free,
            },
        },
        Clock::System,
    )
    .await?;
    println!("listening on http://{}/v1", running.address);
    asked_to_stop().await;
    running.stop().await?;
    Ok(ExitCode::SUCCESS)
}
