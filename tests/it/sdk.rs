//! The official Python SDK, unchanged, against the sandbox.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says why it skips"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use oem_connector::model::Clock;
use oem_connector::sandbox::{self, Options};

/// The version that the contract was written from.
const SDK: &str = "hrflow==4.3.0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_sdk_uses_the_sandbox_unchanged() {
    if Command::new("python3").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "python3 is needed when CI=true");
        eprintln!(
            "\n*** SKIPPED: python3 is missing, so the official SDK was NOT tried against the sandbox ***\n"
        );
        return;
    }
    let running = sandbox::start(Options::default(), Clock::System).await.unwrap();
    let url = format!("http://{}/v1/", running.address);
    let check = tokio::task::spawn_blocking(move || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/sdk_check.py");
        // A proxy of the surroundings must not stand between the SDK and loopback.
        run(Command::new(python_with_sdk()).arg(script).arg(url).env("NO_PROXY", "*").env("no_proxy", "*"));
    });
    check.await.unwrap();
    running.stop().await.unwrap();
}

/// A Python that has the SDK: made once, beside the other files of the build.
fn python_with_sdk() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(SDK.replace("==", "-"));
    let python = home.join("bin/python");
    let is_ready =
        Command::new(&python).args(["-c", "import hrflow"]).output().is_ok_and(|made| made.status.success());
    if !is_ready {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home));
        run(Command::new(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            SDK,
        ]));
    }
    python
}

/// Runs to the end; a failure shows what was printed.
fn run(command: &mut Command) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let printed = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(status.success(), "{command:?} ended with {status}:\n{printed}");
}
