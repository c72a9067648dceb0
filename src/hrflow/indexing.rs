//! Writes one object: create, edit, archive and bring back.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::{About, Client, OF_AN_OBJECT, Prepared};
use crate::error::{Error, Kind, Result};
use crate::http::Method;
use crate::model::{Entity, Reference};

/// What HrFlow says of an object that it accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// HrFlow's own key of it.
    pub key: String,
    /// Whether it is archived there: an edit alone does not bring an object back.
    pub archived: bool,
}

/// How an edit names its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By<'a> {
    /// By HrFlow's key.
    Key(&'a str),
    /// By the reference in the body.
    Reference,
}

#[derive(Deserialize)]
struct Stored {
    key: String,
    archived_at: Option<String>,
}

#[derive(Deserialize)]
struct Archived {
    key: String,
}

pub(super) fn path(entity: Entity) -> &'static str {
    match entity {
        Entity::Profile => "profile/indexing",
        Entity::Job => "job/indexing",
    }
}

fn archive_path(entity: Entity) -> &'static str {
    match entity {
        Entity::Profile => "profile/indexing/archive",
        Entity::Job => "job/indexing/archive",
    }
}

impl Client {
    /// Creates an object. [`Kind::Conflict`]: the reference is used already. [`Kind::Refused`]: HrFlow will not have this
    /// object. [`Kind::Denied`]: it will not have anything of ours. After [`Kind::TimedOut`] and [`Kind::Upstream`] it is
    /// unknown whether the object was created.
    pub async fn create(&self, object: &Prepared) -> Result<Written> {
        let about = About {
            what: object.entity().singular(),
            must_exist: false,
            remedy: OF_AN_OBJECT,
            members: None,
        };
        let read = self.write(Method::Post, path(object.entity()), object.body().clone(), about).await?;
        written(read.data)
    }

    /// Replaces an object. [`Kind::NotFound`]: HrFlow has none such; otherwise as [`create`](Self::create).
    pub async fn edit(&self, by: By<'_>, object: &Prepared) -> Result<Written> {
        let about =
            About { what: object.entity().singular(), must_exist: true, remedy: OF_AN_OBJECT, members: None };
        let body = match by {
            By::Key(key) => object.with_key(key),
            By::Reference => object.body().clone(),
        };
        let read = self.write(Method::Put, path(object.entity()), body, about).await?;
        written(read.data)
    }

    /// Archives an object. Returns its key; none when HrFlow does not find it.
    pub async fn archive(
        &self,
        entity: Entity,
        container_key: &str,
        reference: &Reference,
    ) -> Result<Option<String>> {
        self.set_archived(entity, container_key, ("reference", reference.as_str()), true).await
    }

    /// Brings an archived object back, by its key where that is known: the archive may have freed the reference, and then
    /// HrFlow does not find the object under it. Returns its key; none when HrFlow does not find it.
    pub async fn restore(
        &self,
        entity: Entity,
        container_key: &str,
        key: Option<&str>,
        reference: &Reference,
    ) -> Result<Option<String>> {
        let named = key.map_or(("reference", reference.as_str()), |key| ("key", key));
        self.set_archived(entity, container_key, named, false).await
    }

    async fn set_archived(
        &self,
        entity: Entity,
        container_key: &str,
        (name, value): (&str, &str),
        archived: bool,
    ) -> Result<Option<String>> {
        let about = About { what: entity.singular(), must_exist: true, remedy: OF_AN_OBJECT, members: None };
        let body = json!({
            format!("{}_key", entity.container()): container_key,
            name: value,
            "is_archive": u8::from(archived),
        });
        let body = Bytes::from(body.to_string());
        match self.write::<Archived>(Method::Patch, archive_path(entity), body, about).await {
            Ok(read) => usable(read.data.key).map(Some),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn written(Stored { key, archived_at }: Stored) -> Result<Written> {
    Ok(Written { key: usable(key)?, archived: archived_at.is_some() })
}

/// A key that can be kept: keys are 40 hex characters, and nothing but letters and digits may come back to HrFlow in a body.
pub(super) fn usable(key: String) -> Result<String> {
    if !key.is_empty() && key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(key);
    }
    Err(Error::new(Kind::Upstream, "HrFlow's answer cannot be read: `data.key` is no key"))
}
