//! `receipts verify`: checks an exported chain of receipts, with nothing but the file.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::{Error, Kind, Result};
use crate::model::chain::{Verdict, Verifier};

/// The longest line that is read: a receipt of a hundred objects has some 40 KB.
const MAX_LINE: u64 = 4 << 20;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Check an export of `GET /v1/receipts/lines`: nothing changed, missing or moved
    Verify(Verify),
}

#[derive(clap::Args)]
struct Verify {
    /// The export, or several of one chain after one another
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let Command::Verify(Verify { file, json }) = arguments.command;
    let checking = tokio::task::spawn_blocking(move || check(&file));
    let verdict = checking
        .await
        .map_err(|cause| Error::new(Kind::Internal, "the check broke off").because(cause))??;
    if json {
        println!("{}", serde_json::json!(verdict));
    } else {
        println!("{}", sentences(&verdict));
    }
    Ok(if verdict.intact { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(path: &Path) -> Result<Verdict> {
    let unreadable = |cause: std::io::Error| {
        Error::new(Kind::Invalid, format!("the file {} cannot be read", path.display())).because(cause)
    };
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let bar = std::io::stdout().is_terminal().then(|| bar(length));
    let mut reader = BufReader::new(file);
    let mut verifier = Verifier::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        verifier.take(line.strip_suffix(b"\n").unwrap_or(&line));
        if let Some(bar) = &bar {
            bar.inc(read as u64);
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(verifier.finish())
}

fn bar(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} checking {bar:40} {bytes}/{total_bytes} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}

fn sentences(verdict: &Verdict) -> String {
    let mut lines: Vec<String> = verdict
        .faults
        .iter()
        .map(|fault| match fault.line {
            0 => fault.detail.clone(),
            line => format!("line {line}: {}", fault.detail),
        })
        .collect();
    let untold = verdict.fault_count.saturating_sub(verdict.faults.len() as u64);
    if untold > 0 {
        lines.push(format!("and {untold} more"));
    }
    let partner = verdict.partner.as_deref().unwrap_or("nobody");
    let range = match (verdict.first_seq, verdict.last_seq) {
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => String::new(),
    };
    let end = match (verdict.intact, &verdict.last_hash) {
        (true, Some(hash)) => format!("the chain is intact and ends with {hash}"),
        (true, None) => "the chain is intact".to_owned(),
        (false, _) => "THE CHAIN IS BROKEN".to_owned(),
    };
    lines.push(format!("{} receipts of {partner}{range}: {end}", verdict.receipts));
    lines.join("\n")
}
