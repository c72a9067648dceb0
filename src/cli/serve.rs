//! `serve`: the API and the worker, until the process is asked to stop.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{asked_to_stop, log, read_config, unusable};
use crate::config::Role;
use crate::error::Result;
use crate::model::Clock;
use crate::server::Running;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The configuration, TOML
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// What this process does: all, api or worker; the last two need PostgreSQL
    #[arg(long, value_name = "ROLE", value_parser = Role::parse)]
    role: Option<Role>,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    log("info");
    let mut config = read_config(&arguments.config)?;
    if let Some(role) = arguments.role {
        config = config.acting_as(role).map_err(|problems| unusable(&arguments.config, &problems))?;
    }
    let running = Running::start(&config, Clock::System).await?;
    println!("listening on http://{}", running.serving.address);
    asked_to_stop().await;
    tracing::info!("stopping");
    tokio::select! {
        () = running.stop() => {}
        () = asked_to_stop() => tracing::warn!("asked twice: what has not ended goes on when its lease has ended"),
    }
    Ok(ExitCode::SUCCESS)
}
