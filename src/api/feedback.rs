//! What ratings and trackings share: how they are read, told and listed.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use super::idempotency::{REPLAYED, key_of};
use super::parameters::{Given, PARTNER, Parameter, members, nearest, query};
use super::problem::refusals;
use super::quota::refused;
use super::shape::Shape;
use super::{Api, LIMIT, body};
use crate::error::{Error, Kind, Result};
use crate::flows::Partner;
use crate::flows::feedback::{self, Asked, Recorded, Told};
use crate::model::{Feedback, Reference, Role, Saying, parse_date};

/// The longest comment, in characters.
const MAX_COMMENT: usize = 5000;

/// How far the caller's clock may be ahead of ours.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

/// The longest e-mail address there is (RFC 5321).
const MAX_EMAIL: usize = 254;

/// Whose feedback is listed, and on what.
pub(super) const LISTED: &[Parameter] = &[
    PARTNER,
    Parameter::required("role", Shape::Choice(&Role::WORDS), "In which role it was said."),
    Parameter::optional(
        "job_reference",
        Shape::Reference,
        "Only on this job. This or `profile_reference`, or both, must be given.",
    )
    .like("REQ-88"),
    Parameter::optional("profile_reference", Shape::Reference, "Only on this profile."),
    Parameter::optional(
        "page",
        Shape::Whole { least: 1, most: u32::MAX as u64, default: Some(1) },
        "The page, from 1.",
    ),
    Parameter::optional("limit", LIMIT, "How many are listed at most."),
];

refusals!(TellRefusals: Malformed, Unauthorized, NotFound, Pending, Conflict, Gone, TooLarge, UnsupportedMediaType, Invalid,
    RateLimited, Upstream, Refused, Denied, Unreachable, Unavailable, TimedOut);

refusals!(ListRefusals: Malformed, Unauthorized, NotFound, Gone, Invalid, RateLimited, Upstream, Refused, Denied,
    Unreachable, Unavailable, TimedOut);

query! {
    /// What sending feedback reads from the address.
    SendFeedback: &[PARTNER]
}

/// Tells HrFlow what a body of these members says of a pair, and answers with the document of what was recorded.
pub(super) async fn tell<Document: Serialize>(
    api: &Api,
    request: &HttpRequest,
    payload: web::Payload,
    members: &[&str],
    saying: impl FnOnce(&mut Members) -> Option<Saying>,
    document: impl FnOnce(Feedback, Recorded) -> Option<Document>,
) -> Result<HttpResponse> {
    let (partner, _) = api.partner_asks(request, SendFeedback::KNOWN)?;
    let key = key_of(request)?;
    body::ensure_json(request)?;
    let body = body::read(request, payload, body::MAX_BYTES).await?;
    let said = Members::of(&body, members)?.feedback(api.context.clock.now(), saying)?;
    let recorded = match feedback::tell(&api.context, partner, &said, key.as_deref()).await {
        Ok(recorded) => recorded,
        Err(problem) => return refused(partner, problem),
    };
    let mut answer = HttpResponse::Created();
    if recorded.again {
        answer.insert_header(REPLAYED);
    }
    let defect = || Error::new(Kind::Internal, "feedback of another kind was recorded");
    Ok(answer.json(document(said, recorded).ok_or_else(defect)?))
}

/// Answers with the document of the ratings or the trackings that HrFlow was told.
pub(super) async fn list<Document: From<Told> + Serialize>(
    api: &Api,
    partner: &Partner,
    kind: &'static str,
    given: &Given,
) -> Result<HttpResponse> {
    match feedback::list(&api.context, partner, asked(kind, given)?).await {
        Ok(told) => Ok(HttpResponse::Ok().json(Document::from(told))),
        Err(problem) => refused(partner, problem),
    }
}

/// What is asked for by a list's parameters.
fn asked(kind: &'static str, given: &Given) -> Result<Asked> {
    let object = |name| given.text(name).map(Reference::parse).transpose();
    let (job, profile) = (object("job_reference")?, object("profile_reference")?);
    if job.is_none() && profile.is_none() {
        return Err(Error::new(Kind::Malformed, "the query parameters cannot be read")
            .field("job_reference", "is required where there is no `profile_reference`"));
    }
    let role = given.text("role").and_then(Role::parse);
    Ok(Asked {
        kind,
        role: role.ok_or_else(|| Error::new(Kind::Internal, "a role was read and is none"))?,
        job,
        profile,
        actions: given.texts("actions").into_iter().map(str::to_owned).collect(),
        page: given.whole("page"),
        limit: given.whole("limit"),
    })
}

/// A body while it is read: everything that is wrong with it is told at once.
pub(super) struct Members {
    object: Map<String, Value>,
    unreadable: Vec<(String, String)>,
    unacceptable: Vec<(String, String)>,
}

impl Members {
    /// Reads the members of an object of which `known` may be there.
    fn of(body: &[u8], known: &[&str]) -> Result<Self> {
        let body = members::read(body)?;
        let object: Map<String, Value> = body.list.into_iter().collect();
        let short = |name: &str| name.chars().take(64).collect::<String>();
        let repeated = body.repeated.iter().map(|name| (short(name), "was given more than once".to_owned()));
        let unknown = object.keys().filter(|name| !known.contains(&name.as_str()));
        let unknown = unknown.map(|name| (short(name), nearest(name, known.iter().copied())));
        let unreadable = unknown.chain(repeated).collect();
        Ok(Self { object, unreadable, unacceptable: Vec::new() })
    }

    /// What feedback says beside `saying`, and all of it if nothing is wrong with any of it.
    fn feedback(
        mut self,
        now: DateTime<Utc>,
        saying: impl FnOnce(&mut Self) -> Option<Saying>,
    ) -> Result<Feedback> {
        let job = self.reference("job_reference");
        let profile = self.reference("profile_reference");
        let role = self.role();
        let saying = saying(&mut self);
        let author_email = self.author_email();
        let comment = self.comment();
        let created_at = self.date("created_at");
        // It would lead every list until then.
        if created_at.is_some_and(|said_at| said_at > now + CLOCK_SKEW) {
            self.unacceptable("created_at", "must not lie in the future");
        }
        if self.unreadable.is_empty()
            && self.unacceptable.is_empty()
            && let (Some(job), Some(profile), Some(role), Some(saying)) = (job, profile, role, saying)
        {
            return Ok(Feedback { job, profile, role, saying, author_email, comment, created_at });
        }
        let kind = if self.unreadable.is_empty() { Kind::Invalid } else { Kind::Malformed };
        let problem = Error::new(kind, "the feedback cannot be accepted");
        let wrong = self.unreadable.into_iter().chain(self.unacceptable);
        Err(wrong.fold(problem, |problem, (name, detail)| problem.field(name, detail)))
    }

    /// A member that is there and not null.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// Notes that a member cannot be read, or is missing.
    pub(super) fn unreadable(&mut self, name: &str, detail: &str) {
        self.unreadable.push((name.to_owned(), detail.to_owned()));
    }

    /// Notes that a member was understood and cannot be accepted.
    pub(super) fn unacceptable(&mut self, name: &str, detail: &str) {
        self.unacceptable.push((name.to_owned(), detail.to_owned()));
    }

    /// A text, if the member is there.
    fn text(&mut self, name: &str) -> Option<String> {
        let text = self.value(name)?.as_str().map(str::to_owned);
        if text.is_none() {
            self.unreadable(name, "must be a text");
        }
        text
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, name: &str) -> Option<String> {
        if self.value(name).is_none() {
            self.unreadable(name, "is required");
        }
        self.text(name)
    }

    fn reference(&mut self, name: &str) -> Option<Reference> {
        match Reference::parse(self.required(name)?) {
            Ok(reference) => Some(reference),
            Err(refused) => {
                let field = refused.fields().first();
                self.unacceptable(name, field.map_or("cannot be used", |field| &field.detail));
                None
            }
        }
    }

    fn role(&mut self) -> Option<Role> {
        let role = Role::parse(&self.required("role")?);
        if role.is_none() {
            self.unacceptable("role", "must be recruiter, candidate, employee or manager");
        }
        role
    }

    fn author_email(&mut self) -> Option<String> {
        let email = self.text("author_email")?;
        let parts = email.split_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty());
        let is_sane = email.len() <= MAX_EMAIL && !email.chars().any(|c| c.is_control() || c.is_whitespace());
        if parts.is_none() || !is_sane {
            self.unacceptable("author_email", "must be an e-mail address");
        }
        Some(email)
    }

    fn comment(&mut self) -> Option<String> {
        let comment = self.text("comment")?;
        if comment.chars().count() > MAX_COMMENT {
            self.unacceptable("comment", "must have at most 5000 characters");
        }
        if comment.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.unacceptable("comment", "must not contain control characters but for line breaks and tabs");
        }
        Some(comment)
    }

    fn date(&mut self, name: &str) -> Option<DateTime<Utc>> {
        let date = parse_date(&self.text(name)?);
        if date.is_none() {
            self.unreadable(name, "must be a date and time like 2026-03-01T14:21:58Z");
        }
        date
    }
}
