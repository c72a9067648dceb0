//! One call for those who ask the same at the same time: it is made by itself, and all of them wait for its end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::task::JoinError;
use tracing::Instrument as _;

use super::remember::{Kept, Key};
use crate::error::{Error, Kind, Result};

/// The questions that are on their way to HrFlow. A clone shares them.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<Key, Flight>>>);

/// A call that is on its way; each clone waits for the same one.
pub(super) type Flight = Shared<BoxFuture<'static, Result<Arc<Kept>, Arc<Error>>>>;

impl Flights {
    /// The call that somebody else waits for, or nobody's yet: that of `call`, which begins when it is first waited for.
    /// Says whether it is a new one.
    pub(super) fn join<C: Future<Output = Result<Arc<Kept>>> + Send + 'static>(
        &self,
        key: &Key,
        call: impl FnOnce() -> C,
    ) -> (Flight, bool) {
        let mut flights = self.all();
        if let Some(flight) = flights.get(key) {
            return (flight.clone(), false);
        }
        let (call, landing) = (call(), Landing { flights: self.clone(), key: key.clone() });
        let call = async move {
            let _landing = landing;
            call.await
        };
        let flight = by_itself(call).map(|ended| ended.map_err(Arc::new)).boxed().shared();
        flights.insert(key.clone(), flight.clone());
        (flight, true)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever asks after the end asks anew, however it ended.
struct Landing {
    flights: Flights,
    key: Key,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let landed = self.flights.all().remove(&self.key);
        drop(landed);
    }
}

/// Makes a call in such a way that a caller who goes away takes nobody's answer along.
pub(super) fn by_itself(
    call: impl Future<Output = Result<Arc<Kept>>> + Send + 'static,
) -> impl Future<Output = Result<Arc<Kept>>> + Send + 'static {
    let call = call.in_current_span();
    async {
        let ended = tokio::spawn(call).await;
        // With the thread that drove it, when that one is stopped first.
        let kind = |cause: &JoinError| if cause.is_cancelled() { Kind::Unavailable } else { Kind::Internal };
        ended.map_err(|cause| Error::new(kind(&cause), "a query broke off").because(cause))?
    }
}
