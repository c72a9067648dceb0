//! `migrate`: creates the database or brings it up to date, and ends.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{log, read_config};
use crate::error::{Error, Kind, Result};
use crate::model::Clock;
use crate::store::Store;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The configuration, TOML
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    log("warn");
    let config = read_config(&arguments.config)?;
    let store = tokio::task::spawn_blocking(move || Store::open(&config.database_url, &Clock::System, 1))
        .await
        .map_err(|cause| Error::new(Kind::Internal, "the database could not be opened").because(cause))??;
    store.migrate().await?;
    println!("the database is up to date");
    Ok(ExitCode::SUCCESS)
}
