//! schemathesis sends what the document allows, and what it does not, and holds every answer against it.

use std::process::Command;

use super::live::{Live, file};
use super::tools::{folder, lacks, python, run};
use crate::support::{OPERATOR_KEY, PARTNER_KEY};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_gets_an_answer_that_the_document_does_not_have() {
    if lacks("python3") {
        return;
    }
    let live = Live::start().await;
    live.import().await;
    let address = live.world.address.clone();
    let fuzzing = tokio::task::spawn_blocking(move || {
        let schemathesis = python().with_file_name("schemathesis");
        for key in [PARTNER_KEY, OPERATOR_KEY] {
            run(Command::new(&schemathesis)
                .arg("--config-file")
                .arg(file("tests/clients/python/schemathesis.toml"))
                .args(["run", "--checks", "all", "--seed", "1", "--max-examples", "5", "--workers", "2"])
                .args(["--no-color", "--generation-database", "none"])
                .args(["--header", &format!("X-API-KEY: {key}")])
                .arg(format!("{address}/openapi.json"))
                .env("PYTHONPATH", file("tests/clients/python"))
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .current_dir(folder("fuzz")));
        }
    });
    fuzzing.await.unwrap();
}
