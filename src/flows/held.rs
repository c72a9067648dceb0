//! Work under a lease that is renewed beside it, whatever it is on.

use std::pin::pin;
use std::time::Duration;

use tokio::time::sleep;

use crate::error::Result;

/// Does `work` while `renew` extends its lease, which says whether it still was ours; nothing when it was lost.
pub(super) async fn while_held<T, R: Future<Output = Result<bool>>>(
    lease: Duration,
    mut renew: impl FnMut() -> R,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Some(done),
            () = sleep(lease / 3) => {}
        }
        // While the database is away nobody else can take it over either.
        if matches!(renew().await, Ok(false)) {
            return None;
        }
    }
}
