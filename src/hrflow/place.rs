//! Where an object is: the point that distances to others are measured from.

use serde::Deserialize;

use super::lax::Lax;
use super::shown::Location;
use super::{About, Client, OF_AN_OBJECT, envelope};
use crate::error::Result;
use crate::http::Request;
use crate::model::{Entity, Reference};

/// A job's own location, or a profile's within its `info`.
#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    location: Lax<Location>,
    #[serde(default)]
    info: Lax<Info>,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    location: Lax<Location>,
}

impl Client {
    /// The latitude and longitude of an object, in degrees; none when HrFlow knows none of it.
    ///
    /// Fails with [`Kind::NotFound`](crate::error::Kind::NotFound) when HrFlow has no such object.
    pub async fn place(
        &self,
        entity: Entity,
        container_key: &str,
        reference: &Reference,
    ) -> Result<Option<(f64, f64)>> {
        let mut url = self.address(&format!("{}/indexing", entity.singular()));
        url.query_pairs_mut()
            .append_pair(&format!("{}_key", entity.container()), container_key)
            .append_pair("reference", reference.as_str());
        let about = About { what: entity.singular(), must_exist: true, remedy: OF_AN_OBJECT, members: None };
        let read: envelope::Read<Object> = self.inquire(Request::get(url), about).await?;
        let location = match entity {
            Entity::Job => read.data.location.0,
            Entity::Profile => read.data.info.0.and_then(|info| info.location.0),
        };
        let on_globe = |(lat, lng): &(f64, f64)| lat.abs() <= 90.0 && lng.abs() <= 180.0;
        Ok(location.and_then(|place| place.lat.0.zip(place.lng.0)).filter(on_globe))
    }
}
