//! Keep-alive connections, those of each runtime apart: a call on a connection that another thread drives costs two wake-ups,
//! and its answer goes from one processor's cache to the other's. There are as many as the server has threads, and one more.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};

use tokio::runtime::{Handle, Id};

use crate::error::Result;

/// Makes a client with connections of its own.
type Make = Box<dyn Fn() -> Result<reqwest::Client> + Send + Sync>;

/// The connections to one side.
pub(super) struct Pools {
    make: Make,
    /// Made to see that it can be, and nobody's yet.
    first: Mutex<Option<reqwest::Client>>,
    made: RwLock<HashMap<Id, reqwest::Client>>,
}

impl Pools {
    /// No connections yet; each runtime's as `make` makes them.
    pub(super) fn new(make: impl Fn() -> Result<reqwest::Client> + Send + Sync + 'static) -> Result<Self> {
        let first = Mutex::new(Some(make()?));
        Ok(Self { make: Box::new(make), first, made: RwLock::default() })
    }

    /// Those of the runtime that asks.
    pub(super) fn own(&self) -> Result<reqwest::Client> {
        let runtime = Handle::current().id();
        if let Some(own) = self.made.read().unwrap_or_else(PoisonError::into_inner).get(&runtime) {
            return Ok(own.clone());
        }
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let own = first.map_or_else(|| (self.make)(), Ok)?;
        let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
        Ok(made.entry(runtime).or_insert(own).clone())
    }
}
