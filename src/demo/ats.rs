//! The running ATS: its address, its data, its end.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use tokio::task::JoinHandle;

use super::catalogue::{Catalogue, Filter};
use super::service;
use crate::error::{Error, Kind, Result};
use crate::model::{Clock, Entity, Object, Reference, Secret};

/// A sample ATS that serves until it is stopped or its runtime ends.
pub struct Ats {
    address: SocketAddr,
    catalogue: Arc<Catalogue>,
    handle: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Ats {
    /// Serves the samples on `listen` (port 0: any free one) to whoever sends `key` as `X-ATS-TOKEN`. `clock` dates the
    /// changes. Needs a tokio runtime, current-thread or not. Fails when the address cannot be listened on.
    pub fn start(listen: SocketAddr, key: &str, clock: Clock) -> Result<Self> {
        Self::serve(listen, key, Catalogue::new(clock, true)?)
    }

    /// As [`Ats::start`], with no data yet.
    pub fn start_empty(listen: SocketAddr, key: &str, clock: Clock) -> Result<Self> {
        Self::serve(listen, key, Catalogue::new(clock, false)?)
    }

    fn serve(listen: SocketAddr, key: &str, catalogue: Catalogue) -> Result<Self> {
        let catalogue = Arc::new(catalogue);
        let (server, address) =
            service::bind(listen, Secret::new(key), catalogue.clone()).map_err(|cause| {
                Error::new(Kind::Unavailable, format!("the sample ATS cannot listen on {listen}: {cause}"))
                    .because(cause)
            })?;
        let handle = server.handle();
        Ok(Self { address, catalogue, handle, serving: tokio::spawn(server) })
    }

    /// Where it listens; its API is at `http://{address}/api`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Keeps an object of the ATS's own shape, in place of the one with the same `id` (a text, or a number whose decimal
    /// digits are the reference). `modifiedAt` is taken from the object, and is the present second where it has none.
    pub fn put(&self, entity: Entity, object: Object) -> Result<Reference> {
        self.catalogue.put(entity, object)
    }

    /// Forgets an object; from now on it is answered with 404. Returns whether it was there.
    pub fn remove(&self, entity: Entity, reference: &str) -> bool {
        self.catalogue.remove(entity, reference)
    }

    /// The object as the ATS has it now.
    pub fn get(&self, entity: Entity, reference: &str) -> Option<Object> {
        serde_json::from_str(self.catalogue.get(entity, reference)?.get()).ok()
    }

    /// How many objects of this kind there are.
    pub fn count(&self, entity: Entity) -> usize {
        self.catalogue.page(entity, 1, 0, Filter::default()).total
    }

    /// Who or what a reference is, for a table: `Ada Moreau, Registered Nurse, Lyon`.
    pub fn label(&self, entity: Entity, reference: &str) -> Option<String> {
        self.catalogue.label(entity, reference)
    }

    /// Stops listening and returns when the calls in progress are answered.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        // It ends without an error once told to stop; a panic in it has been reported by its own thread.
        drop(self.serving.await);
    }
}
