//! `move`: takes the ledger from SQLite to PostgreSQL and proves that all of it has arrived.

use std::io::IsTerminal;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use super::log;
use crate::error::{Error, Kind, Result};
use crate::model::Clock;
use crate::store::transfer::{self, Compared, Progress};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The database to move from, `sqlite://FILE`
    #[arg(long, value_name = "URL")]
    from: String,
    /// The database to move to, `postgres://…`, empty or filled by an earlier run; libpq's PGPASSWORD and .pgpass count
    #[arg(long, value_name = "URL")]
    to: String,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    log("warn");
    let Arguments { from, to, json } = arguments;
    let bar = std::io::stdout().is_terminal().then(bar);
    let moving = tokio::task::spawn_blocking(move || {
        let told = transfer::run(&from, &to, Clock::System.now(), &mut |progress| {
            if let Some(bar) = &bar {
                show(bar, progress);
            }
        });
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        told
    });
    let compared =
        moving.await.map_err(|cause| Error::new(Kind::Internal, "the move broke off").because(cause))??;
    if json {
        println!("{}", document(&compared));
    } else {
        println!("{}", table(&compared));
    }
    Ok(if compared.iter().all(is_equal) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_equal(table: &Compared) -> bool {
    table.source == table.target
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg:24} {bar:40} {pos}/{len} {per_sec} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}

fn show(bar: &ProgressBar, progress: Progress<'_>) {
    let doing = if progress.comparing { "comparing" } else { "copying" };
    bar.set_message(format!("{doing} {}", progress.table));
    bar.set_length(progress.of);
    bar.set_position(progress.done);
}

fn document(compared: &[Compared]) -> serde_json::Value {
    let tables: Vec<serde_json::Value> = compared
        .iter()
        .map(|table| {
            let side =
                |sum: transfer::Sum| serde_json::json!({"rows": sum.rows, "checksum": sum.to_string()});
            serde_json::json!({
                "table": table.table, "source": side(table.source), "target": side(table.target),
                "equal": is_equal(table),
            })
        })
        .collect();
    serde_json::json!({ "equal": compared.iter().all(is_equal), "tables": tables })
}

fn table(compared: &[Compared]) -> String {
    let mut lines = vec![format!("{:16} {:>12} {:>12}  {:32}", "table", "source", "target", "checksum")];
    for table in compared {
        let Compared { table: name, source, target } = table;
        let verdict = if is_equal(table) { "equal" } else { "DIFFERENT" };
        lines.push(format!("{name:16} {:>12} {:>12}  {source}  {verdict}", source.rows, target.rows));
    }
    lines.push(if compared.iter().all(is_equal) {
        "everything has arrived".to_owned()
    } else {
        "the databases differ: empty the target and move again".to_owned()
    });
    lines.join("\n")
}
