//! Processes of their own for peers and fakes, and what they cost: CPU time and memory, read from /proc (Linux).

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The kernel counts CPU time for /proc in hundredths of a second, whatever it ticks in itself.
const TICKS_PER_SECOND: u32 = 100;

/// The role this process was started for and its arguments; `None` in the program that measures.
pub(crate) fn role() -> Option<(String, Vec<String>)> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--role").skip(1);
    Some((arguments.next()?, arguments.collect()))
}

/// Tells the process that started this role where it listens.
pub(crate) fn ready(address: SocketAddr) {
    let mut out = std::io::stdout();
    writeln!(out, "ready {address}").and_then(|()| out.flush()).expect("the starting process listens");
}

/// Returns when the process that started this role is gone or has let go of it: a role that waits for this leaves no orphan.
pub(crate) async fn until_released() {
    let wait = || std::io::stdin().read_to_end(&mut Vec::new());
    drop(tokio::task::spawn_blocking(wait).await);
}

/// A child process that dies with its handle.
pub(crate) struct Peer {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Peer {
    /// Starts this program again in a role, and waits until it says that it is ready.
    pub(crate) fn start(role: &str, arguments: &[String]) -> std::io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--role").arg(role).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let address = line.strip_prefix("ready ").and_then(|address| address.trim().parse().ok());
        let Some(address) = address else {
            end(&mut child);
            return Err(std::io::Error::other(format!("the role `{role}` did not become ready")));
        };
        Ok(Self { child, address })
    }

    /// Starts another program that will listen on `address` (a web server, for example), and waits up to ten seconds until
    /// it accepts a connection.
    pub(crate) fn program(command: &mut Command, address: SocketAddr) -> std::io::Result<Self> {
        let mut peer = Self { child: command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?, address };
        for _ in 0..200 {
            if std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
                return Ok(peer);
            }
            if let Some(status) = peer.child.try_wait()? {
                return Err(std::io::Error::other(format!("the program ended: {status}")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(std::io::Error::other(format!("nothing listens on {address}")))
    }

    /// What it and its own children have cost so far.
    pub(crate) fn usage(&self) -> std::io::Result<Usage> {
        usage_of(self.child.id())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // Either may fail only because the process has ended by itself.
    drop(child.kill());
    drop(child.wait());
}

/// The cost of a process and its children.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Time on a processor, user and system, to a hundredth of a second.
    pub(crate) cpu: Duration,
    /// The most memory that was resident at once, in bytes, added up over the processes.
    pub(crate) peak_memory: u64,
}

impl Usage {
    /// The processor time spent since `before`.
    pub(crate) fn cpu_since(&self, before: &Self) -> Duration {
        self.cpu.saturating_sub(before.cpu)
    }
}

/// What a process and its living descendants have cost.
pub(crate) fn usage_of(root: u32) -> std::io::Result<Usage> {
    let mut parents = HashMap::new();
    for entry in std::fs::read_dir("/proc")? {
        if let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok())
            && let Some(stat) = Stat::of(id)
        {
            parents.insert(id, stat);
        }
    }
    let belongs = |mut id: u32| loop {
        match parents.get(&id) {
            _ if id == root => return true,
            Some(stat) => id = stat.parent,
            None => return false,
        }
    };
    let mut total = Usage::default();
    for (id, stat) in parents.iter().filter(|(id, _)| belongs(**id)) {
        total.cpu += Duration::from_secs(stat.ticks) / TICKS_PER_SECOND;
        total.peak_memory += peak_memory(*id).unwrap_or(0);
    }
    Ok(total)
}

struct Stat {
    parent: u32,
    ticks: u64,
}

impl Stat {
    fn of(id: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name in brackets may hold spaces and brackets of its own; what follows the last one is plain.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
        Some(Self { parent: u32::try_from(number(1)?).ok()?, ticks: number(11)? + number(12)? })
    }
}

fn peak_memory(id: u32) -> Option<u64> {
    let text = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}
