//! The tools that the tests of the document call: each made once, beside the other files of the build.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use super::live::file;

/// Whether a tool is missing, which is said aloud and fails in CI.
pub(super) fn lacks(tool: &str) -> bool {
    if Command::new(tool).arg("--version").output().is_ok_and(|answer| answer.status.success()) {
        return false;
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{tool} is needed when CI=true");
    eprintln!("\n*** SKIPPED: {tool} is missing, so what it would have tried was NOT tried ***\n");
    true
}

/// A folder of the build's own, which outlives the test.
pub(super) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A Python with the tools of `tests/clients/python/requirements.txt`.
pub(super) fn python() -> PathBuf {
    static MAKING: Mutex<()> = Mutex::new(());
    // Whoever failed to make it leaves the next one to try.
    let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let home = folder("clients-python");
    let (python, mark) = (home.join("bin/python"), home.join("requirements.txt"));
    let wanted = file("tests/clients/python/requirements.txt");
    let is_ready = std::fs::read(&mark).is_ok_and(|made| made == std::fs::read(&wanted).unwrap());
    if !is_ready {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home));
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        run(Command::new(&python).args(install).arg(&wanted));
        std::fs::copy(&wanted, &mark).unwrap();
    }
    python
}

/// Runs to the end, past any proxy of the surroundings; a failure shows what was printed.
pub(super) fn run(command: &mut Command) {
    let Output { status, stdout, stderr } =
        command.env("NO_PROXY", "*").env("no_proxy", "*").output().unwrap();
    let printed = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(status.success(), "{command:?} ended with {status}:\n{printed}");
}
