//! The command line: one file per command.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks to whoever called it")]

mod demo;
mod migrate;
mod openapi;
mod progress;
mod pull;
mod receipts;
mod relocate;
mod sandbox;
mod serve;

use std::error::Error as StdError;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, Problems};
use crate::error::{Error, Kind, Result};

/// Matches candidates and jobs by an ATS's own references, through HrFlow.ai.
#[derive(Parser)]
#[command(version, about, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show everything on this machine: a local HrFlow, a sample ATS and the connector between them
    Demo(demo::Arguments),
    /// Serve the API and keep the partners in step
    Serve(serve::Arguments),
    /// Pull a partner's objects and index them, then end
    Pull(pull::Arguments),
    /// Run a local HrFlow: the same HTTP API, a real index, no account
    Sandbox(sandbox::Arguments),
    /// Create the database or bring it up to date
    Migrate(migrate::Arguments),
    /// Move the ledger from SQLite to PostgreSQL, and prove that all of it has arrived
    Move(relocate::Arguments),
    /// Check what was put down about answers
    Receipts(receipts::Arguments),
    /// Print the OpenAPI document of the connector's API
    Openapi(openapi::Arguments),
}

/// Reads the arguments and runs the command: 0 when it did what was asked, 1 when something failed, 2 when the
/// arguments or the configuration are wrong.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => {
            eprintln!("error: the runtime could not be started: {cause}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Demo(arguments) => demo::run(arguments).await,
            Command::Serve(arguments) => serve::run(arguments).await,
            Command::Pull(arguments) => pull::run(arguments).await,
            Command::Sandbox(arguments) => sandbox::run(arguments).await,
            Command::Migrate(arguments) => migrate::run(arguments).await,
            Command::Move(arguments) => relocate::run(arguments).await,
            Command::Receipts(arguments) => receipts::run(arguments).await,
            Command::Openapi(arguments) => Ok(openapi::run(&arguments)),
        }
    });
    // What still waits for a network or a disk must not keep a finished command.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("error: {}", problem.message());
            for field in problem.fields() {
                eprintln!("  {}: {}", field.field, field.detail);
            }
            let mut cause = problem.source();
            while let Some(reason) = cause {
                eprintln!("  because: {reason}");
                cause = reason.source();
            }
            ExitCode::from(if problem.kind() == Kind::Invalid { 2 } else { 1 })
        }
    }
}

/// Logs as JSON lines on stderr. `RUST_LOG` says how much, otherwise `level`.
fn log(level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let subscriber = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter);
    // A second subscriber in one process (a test) changes nothing.
    let _ = if std::io::stderr().is_terminal() {
        subscriber.compact().try_init()
    } else {
        subscriber.json().flatten_event(true).with_span_list(false).try_init()
    };
}

fn read_config(path: &Path) -> Result<Config> {
    Config::load(path).map_err(|problems| unusable(path, &problems))
}

fn unusable(path: &Path, problems: &Problems) -> Error {
    Error::new(Kind::Invalid, format!("the configuration {} cannot be used\n{problems}", path.display()))
}

/// Returns when the process is asked to stop: Ctrl-C or SIGTERM.
async fn asked_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = interrupted.await;
}
