//! Feedback on a pair: ratings and trackings, told to HrFlow and read back from it.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{About, Client, Urgency, envelope};
use crate::error::{Error, Kind, Result};
use crate::http::{Method, Request};
use crate::model::{Feedback, Object, Role, Saying, in_milliseconds, parse_date};

const FEEDBACK: About =
    About { what: "feedback", must_exist: false, remedy: "look at its fields", members: None };

/// Where a partner's objects are: its board and its source.
#[derive(Clone, Copy, Debug)]
pub struct Containers<'a> {
    /// The board.
    pub board_key: &'a str,
    /// The source.
    pub source_key: &'a str,
}

/// Which feedback is asked for.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// `rating` or `tracking`.
    pub kind: &'static str,
    /// Who said it.
    pub role: Role,
    /// On this job alone.
    pub job: Option<&'a str>,
    /// On this profile alone.
    pub profile: Option<&'a str>,
    /// Only these actions; all of them when there is none.
    pub actions: &'a [String],
    /// Said in this second.
    pub said_at: Option<DateTime<Utc>>,
    /// From 1.
    pub page: u64,
    /// How many at most.
    pub limit: u64,
}

/// A page of feedback, as HrFlow has it.
pub struct Heard {
    /// What can be read of it, and is in the partner's containers.
    pub items: Vec<Said>,
    /// This page's number.
    pub page: u64,
    /// The last page's number, at least 1.
    pub max_page: u64,
    /// How many there are on all pages.
    pub total: u64,
}

/// A piece of feedback, as HrFlow has it. The rest of it is not read.
pub struct Said {
    /// The job's reference, if told.
    pub job: Option<String>,
    /// The profile's reference, if told.
    pub profile: Option<String>,
    /// HrFlow's key of the job, if told.
    pub job_key: Option<String>,
    /// HrFlow's key of the profile, if told.
    pub profile_key: Option<String>,
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub saying: Saying,
    /// Why.
    pub comment: Option<String>,
    /// When.
    pub created_at: Option<DateTime<Utc>>,
}

/// The list stands in `data`, or in a member of it, as it once did.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    Bare(Vec<Object>),
    Ratings { ratings: Vec<Object> },
    Trackings { trackings: Vec<Object> },
}

impl Client {
    /// Tells HrFlow. After [`Kind::TimedOut`] and [`Kind::Upstream`] it is unknown whether it has it; after anything else it
    /// has not.
    pub async fn tell(&self, of: Containers<'_>, feedback: &Feedback, said_at: DateTime<Utc>) -> Result<()> {
        let mut body = json!({
            "role": feedback.role.as_str(),
            "board_key": of.board_key,
            "source_key": of.source_key,
            "job_reference": feedback.job,
            "profile_reference": feedback.profile,
            "created_at": in_milliseconds(said_at),
        });
        let (name, value) = match &feedback.saying {
            Saying::Score(score) => ("score", json!(score)),
            Saying::Action(action) => ("action", json!(action)),
        };
        body[name] = value;
        for (name, value) in [("author_email", &feedback.author_email), ("comment", &feedback.comment)] {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        let address = self.address(feedback.saying.kind());
        let request = Request::json(Method::Post, address, Bytes::from(body.to_string()));
        self.send::<Option<IgnoredAny>>(Urgency::Query, request, FEEDBACK).await.map(drop)
    }

    /// What HrFlow was told, the latest first. Where HrFlow does not find the object, it was told nothing of it.
    pub async fn hear(&self, of: Containers<'_>, wanted: &Wanted<'_>) -> Result<Heard> {
        let request = Request::get(self.feedback_address(of, wanted));
        let read = match self.send::<Listed>(Urgency::Query, request, FEEDBACK).await {
            Ok(read) => read,
            Err(problem) if problem.kind() == Kind::NotFound => {
                return Ok(Heard { items: Vec::new(), page: wanted.page, max_page: 1, total: 0 });
            }
            Err(problem) => return Err(problem),
        };
        let envelope::Read { data, meta } = read;
        let (Listed::Bare(listed)
        | Listed::Ratings { ratings: listed }
        | Listed::Trackings { trackings: listed }) = data;
        let meta = meta
            .ok_or_else(|| Error::new(Kind::Upstream, "HrFlow's answer cannot be read: `meta` is missing"))?;
        let items = listed.iter().filter(|item| {
            let is_ours = |name: &str, key: &str| text(item, &[name]).is_none_or(|told| told == key);
            is_ours("board_key", of.board_key) && is_ours("source_key", of.source_key)
        });
        let items = items.filter_map(|item| said(item, wanted.kind)).collect();
        Ok(Heard { items, page: meta.page, max_page: meta.max_page.max(1), total: meta.total })
    }

    fn feedback_address(&self, of: Containers<'_>, wanted: &Wanted<'_>) -> url::Url {
        let mut url = self.address(&format!("{}s", wanted.kind));
        let mut query = url.query_pairs_mut();
        query
            .append_pair("role", wanted.role.as_str())
            .append_pair("sort_by", "created_at")
            .append_pair("order_by", "desc")
            .append_pair("page", &wanted.page.to_string())
            .append_pair("limit", &wanted.limit.to_string());
        for (of_one, of_all, key, reference) in [
            (["board_key", "job_reference"], "board_keys", of.board_key, wanted.job),
            (["source_key", "profile_reference"], "source_keys", of.source_key, wanted.profile),
        ] {
            match reference {
                Some(reference) => {
                    query.append_pair(of_one[0], key).append_pair(of_one[1], reference);
                }
                None => {
                    query.append_pair(of_all, &json!([key]).to_string());
                }
            }
        }
        if !wanted.actions.is_empty() {
            query.append_pair("actions", &json!(wanted.actions).to_string());
        }
        if let Some(said_at) = wanted.said_at {
            let second = TimeDelta::seconds(1);
            query
                .append_pair("created_at_min", &in_milliseconds(said_at - second))
                .append_pair("created_at_max", &in_milliseconds(said_at + second));
        }
        drop(query);
        url
    }
}

/// What can be read of an item; none of one that says nothing.
fn said(item: &Object, kind: &str) -> Option<Said> {
    let saying = match kind {
        "rating" => Saying::Score(item.get("score")?.as_f64().filter(|score| (0.0..=1.0).contains(score))?),
        // One observer saw `stage` in its place.
        _ => Saying::Action(text(item, &["action"]).or_else(|| text(item, &["stage"]))?.to_owned()),
    };
    let owned = |path: &[&str]| text(item, path).map(str::to_owned);
    Some(Said {
        job: owned(&["job_reference"]).or_else(|| owned(&["job", "reference"])),
        profile: owned(&["profile_reference"]).or_else(|| owned(&["profile", "reference"])),
        job_key: owned(&["job_key"]).or_else(|| owned(&["job", "key"])),
        profile_key: owned(&["profile_key"]).or_else(|| owned(&["profile", "key"])),
        role: Role::parse(text(item, &["role"])?)?,
        saying,
        comment: owned(&["comment"]),
        created_at: text(item, &["created_at"]).and_then(parse_date),
    })
}

fn text<'a>(item: &'a Object, path: &[&str]) -> Option<&'a str> {
    let (first, rest) = path.split_first()?;
    let value = rest.iter().try_fold(item.get(*first)?, |value: &Value, name| value.get(name))?;
    value.as_str()
}
