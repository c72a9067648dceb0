//! Erases a profile: HrFlow deletes nothing, so it is overwritten with the minimum, archived, and looked for afterwards.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ranking::{Data, Item, MEMBERS, ranking};
use super::{About, Client, OF_AN_OBJECT, OF_CRITERIA, Prepared, Question, Urgency, envelope, prepare};
use crate::error::{Error, Kind, Result};
use crate::http::{Method, Request};
use crate::model::{Entity, Object, Reference};

const PROFILE: About = About { what: "profile", must_exist: true, remedy: OF_AN_OBJECT, members: None };

/// What a profile may say after its erasure: the names and dates that HrFlow and we gave it. A language is guessed from
/// the text, which is empty.
const ITS_OWN: [&str; 11] = [
    "id",
    "key",
    "reference",
    "source_key",
    "source",
    "archive",
    "archived_at",
    "updated_at",
    "created_at",
    "text_language",
    "consent_algorithmic",
];

/// The most pages of a list or of a search that are looked through.
const PAGES: u64 = 10;

/// A profile as HrFlow holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// HrFlow's key of it.
    pub key: String,
    /// Whether it is archived.
    pub archived: bool,
    /// When it was created, as HrFlow writes it.
    pub created_at: Option<String>,
    /// How many of its members say anything of a person.
    pub says: usize,
}

#[derive(Deserialize)]
struct Archived {}

/// The least that a profile can be. Every member is named, so that nothing is left where an edit only adds to what is
/// there.
pub fn minimum(source_key: &str, reference: &Reference) -> Result<Prepared> {
    let mut profile = Object::new();
    let info = json!({
        "full_name": null, "first_name": null, "last_name": null, "email": null, "phone": null,
        "driving_license": null, "date_birth": null, "location": {"text": null, "lat": null, "lng": null},
        "urls": [], "picture": null, "gender": null, "summary": null,
    });
    profile.insert("info".to_owned(), info);
    profile.insert("text".to_owned(), "".into());
    for name in ["text_language", "summary", "cover_letter", "experiences_duration", "educations_duration"] {
        profile.insert(name.to_owned(), Value::Null);
    }
    for name in [
        "experiences",
        "educations",
        "skills",
        "languages",
        "certifications",
        "courses",
        "tasks",
        "interests",
        "tags",
        "metadatas",
        "labels",
    ] {
        profile.insert(name.to_owned(), json!([]));
    }
    prepare(Entity::Profile, source_key, reference, profile)
}

impl Client {
    /// Every profile that HrFlow lists under a reference: where an archive frees the reference, it may have had several
    /// owners.
    pub async fn holdings(&self, source_key: &str, reference: &Reference) -> Result<Vec<Holding>> {
        let mut holdings = Vec::new();
        for page in 1..=PAGES {
            let mut url = self.address("storing/profiles");
            url.query_pairs_mut()
                .append_pair("source_keys", &json!([source_key]).to_string())
                .append_pair("reference", reference.as_str())
                .append_pair("return_profile", "true")
                .append_pair("page", &page.to_string());
            let read = self.read::<Vec<Object>>(url, About { must_exist: false, ..PROFILE }).await?;
            // Where the filter is not heeded, the others are not to be touched.
            let own = read.data.iter().filter(|profile| {
                let is = |name: &str, value: &str| profile.get(name).and_then(Value::as_str) == Some(value);
                is("reference", reference.as_str())
                    && (is("source_key", source_key) || !profile.contains_key("source_key"))
            });
            holdings.extend(own.filter_map(holding));
            if read.meta.is_none_or(|meta| meta.max_page <= page) {
                break;
            }
        }
        Ok(holdings)
    }

    /// One profile; none when HrFlow does not find it.
    pub async fn holding(&self, source_key: &str, key: &str) -> Result<Option<Holding>> {
        let mut url = self.address("profile/indexing");
        url.query_pairs_mut().append_pair("source_key", source_key).append_pair("key", key);
        match self.read::<Object>(url, PROFILE).await {
            Ok(read) => {
                let unreadable =
                    || Error::new(Kind::Upstream, "HrFlow's answer cannot be read: `data.key` is missing");
                holding(&read.data).map(Some).ok_or_else(unreadable)
            }
            Err(problem) if problem.kind() == Kind::NotFound => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Archives a profile by its key, or brings it back with `archived` false. Returns whether HrFlow found it.
    pub async fn archive_by_key(&self, source_key: &str, key: &str, archived: bool) -> Result<bool> {
        let body = json!({"source_key": source_key, "key": key, "is_archive": u8::from(archived)});
        let path = "profile/indexing/archive";
        match self.write::<Archived>(Method::Patch, path, Bytes::from(body.to_string()), PROFILE).await {
            Ok(_) => Ok(true),
            Err(problem) if problem.kind() == Kind::NotFound => Ok(false),
            Err(problem) => Err(problem),
        }
    }

    /// Whether a search of the source finds the reference or one of the keys: among those that were created at
    /// `created_at` if that is known, those that changed last come first.
    pub async fn is_found(
        &self,
        source_key: &str,
        created_at: Option<&str>,
        reference: &Reference,
        keys: &[String],
    ) -> Result<bool> {
        for page in 1..=PAGES {
            let mut criteria = vec![("sort_by", "updated_at"), ("order_by", "desc")];
            criteria.extend(created_at.map(|date| ("created_at_min", date)));
            criteria.extend(created_at.map(|date| ("created_at_max", date)));
            let criteria: Vec<(String, Value)> =
                criteria.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            let question =
                Question { criteria: &criteria, ..Question::of(Entity::Profile, source_key, page, 100) };
            let members = Some(MEMBERS);
            let about = About { what: "question", must_exist: false, remedy: OF_CRITERIA, members };
            let read: envelope::Read<Data<Item>> =
                self.send(Urgency::Write, self.question(&question), about).await?;
            let found = ranking(read, &question)?;
            let is_meant = |item: &super::Ranked| {
                item.reference.as_deref() == Some(reference.as_str()) || keys.contains(&item.key)
            };
            if found.items.iter().any(is_meant) {
                return Ok(true);
            }
            // Nobody else was created in that moment, or whoever changed just now has been seen.
            if found.max_page <= page || created_at.is_none() {
                break;
            }
        }
        Ok(false)
    }

    /// Nobody waits for it: it is taken from the writes' part of the quota.
    async fn read<T: serde::de::DeserializeOwned>(
        &self,
        url: url::Url,
        about: About,
    ) -> Result<envelope::Read<T>> {
        self.send(Urgency::Write, Request::get(url), about).await
    }
}

fn holding(profile: &Object) -> Option<Holding> {
    let text = |name: &str| profile.get(name)?.as_str().map(str::to_owned);
    let own = |name: &str| ITS_OWN.contains(&name);
    Some(Holding {
        key: super::indexing::usable(text("key")?).ok()?,
        archived: profile.get("archived_at").is_some_and(|date| !date.is_null()),
        created_at: text("created_at"),
        says: profile.iter().filter(|(name, value)| !own(name) && says_something(value)).count(),
    })
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        // HrFlow's word for a gender that nobody told.
        Value::String(text) => !text.is_empty() && text != "undefined",
        Value::Array(items) => items.iter().any(says_something),
        Value::Object(members) => members.values().any(says_something),
    }
}
