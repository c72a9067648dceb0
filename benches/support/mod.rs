//! What the measuring programs share: a load generator, child processes with their costs, a table, databases, a connector.
//!
//! Every peer and fake runs in a process of its own: the program starts itself again with a role ([`process::role`]), so that
//! its costs are its own and a table can set them side by side.
//!
//! `cargo bench` runs them all, `cargo bench --bench acks` one, and `-- --quick` shortens a run to see that it works.

pub(crate) mod connector;
pub(crate) mod database;
pub(crate) mod load;
pub(crate) mod process;
pub(crate) mod samples;
pub(crate) mod sets;
pub(crate) mod table;

/// Whether `cargo bench` started this program: `cargo test --all-targets` starts it too, and must not wait for it.
pub(crate) fn is_wanted() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// Whether a short run is enough, whose figures mean nothing.
pub(crate) fn is_quick() -> bool {
    std::env::args().any(|argument| argument == "--quick")
}

/// Says something to who looks on.
pub(crate) fn say(text: &str) {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{text}").expect("standard output is open");
}

/// The processors that everything here shares, for the heading of a table.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kibibytes: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?.trim().parse().ok())
        .unwrap_or_default();
    format!("{cores} cores, {} GiB, load generator and peers included", kibibytes.div_ceil(1 << 20))
}

/// The middle one; of an even number the lower of the two.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get((figures.len().max(1) - 1) / 2).copied().unwrap_or(f64::NAN)
}
