//! Shows how far pulls have come: bars on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{HumanCount, MultiProgress, ProgressBar, ProgressStyle};

use crate::error::Result;
use crate::flows::Context;
use crate::store::{Coverage, Pull, State, pulls, records};

/// How often the database is asked.
const LOOK: Duration = Duration::from_millis(200);

/// Looks between two plain lines.
const LOOKS_PER_LINE: u32 = 10;

/// How a pull ended and what became of what it made due.
pub(super) struct Ended {
    pub(super) pull: Pull,
    /// Records that were set aside with a problem.
    pub(super) set_aside: i64,
}

impl Ended {
    /// Whether anything failed: the pull itself, an object of it, or its indexing.
    pub(super) fn failed(&self) -> bool {
        self.pull.state != State::Done || self.pull.failed > 0 || self.set_aside > 0
    }

    /// Its last words, for people.
    pub(super) fn sentence(&self) -> String {
        let Pull { entity, seen, changed, unchanged, failed, .. } = &self.pull;
        let mut text = format!(
            "{entity}s: {seen} read, {changed} changed, {unchanged} unchanged, {failed} unusable, {} set aside",
            self.set_aside
        );
        if self.pull.state == State::WaitingForApproval {
            text.push_str("; so many are gone that archiving them waits for approval: /v1/pulls/");
            text.push_str(&self.pull.id);
        }
        if let Some(problem) = self.pull.told_problem() {
            text.push_str(" (");
            text.push_str(problem);
            text.push(')');
        }
        text
    }
}

/// Returns when each pull has ended and all it made due is settled or set aside.
pub(super) async fn follow(context: &Arc<Context>, ids: Vec<String>) -> Result<Vec<Ended>> {
    let bars = std::io::stdout().is_terminal().then(MultiProgress::new);
    let following = ids.into_iter().map(|id| follow_one(context, id, bars.as_ref()));
    futures_util::future::try_join_all(following).await
}

async fn follow_one(context: &Arc<Context>, id: String, bars: Option<&MultiProgress>) -> Result<Ended> {
    let bar = bars.map(|bars| bars.add(bar()));
    let mut looks: u32 = 0;
    loop {
        let wanted = id.clone();
        let (pull, (waiting, set_aside)) = context
            .store
            .read(move |db| Ok((pulls::find(db, &wanted)?, records::progress_of(db, &wanted)?)))
            .await?;
        let Some(pull) = pull else {
            return Err(crate::error::Error::new(crate::error::Kind::NotFound, "the pull is gone"));
        };
        let read = !pull.state.is_worked_on();
        let settled = (pull.seen - waiting).max(0);
        if let Some(bar) = &bar {
            bar.set_length(u64::try_from(pull.seen.max(1)).unwrap_or(1));
            bar.set_position(u64::try_from(settled).unwrap_or_default());
            let state = if read { "all read".to_owned() } else { format!("reading {}", extent(&pull)) };
            bar.set_message(format!("{}s, {state}", pull.entity));
        } else if looks.is_multiple_of(LOOKS_PER_LINE) && pull.seen > 0 && !(read && waiting == 0) {
            println!("{}s: {} read, {settled} done", pull.entity, extent(&pull));
        }
        if read && waiting == 0 {
            if let Some(bar) = &bar {
                bar.finish();
            }
            return Ok(Ended { pull, set_aside });
        }
        looks = looks.wrapping_add(1);
        tokio::time::sleep(LOOK).await;
    }
}

/// `18,200 of about 52,000`; without the whole where nobody knows it.
fn extent(pull: &Pull) -> String {
    match pull.coverage() {
        Some(Coverage { seen, total: Some(total) }) => {
            format!("{} of about {}", HumanCount(count(seen)), HumanCount(count(total)))
        }
        _ => HumanCount(count(pull.seen)).to_string(),
    }
}

fn count(rows: i64) -> u64 {
    u64::try_from(rows).unwrap_or_default()
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg:40} {bar:40} {pos}/{len} {per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(1).with_style(style)
}
