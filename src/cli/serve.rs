//! `serve`: the API and the worker, until the process is asked to stop.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{asked_to_stop, log, read_config};
use crate::error::Result;
use crate::model::Clock;
use crate::server::Running;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The configuration, TOML
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    log("info");
    let config = read_config(&arguments.config)?;
    let running = Running::start(&config, Clock::System).await?;
    println!("listening on http://{}", running.serving.address);
    asked_to_stop().await;
    tracing::info!("stopping");
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}
