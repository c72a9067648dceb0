//! What went wrong, with no HTTP and no SQL in it: a kind, a sentence that may be shown, and a cause that may only be logged.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. The kind alone decides the HTTP status (`api::problem`) and whether the worker tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The input cannot be read: bad JSON, an unknown or unreadable parameter.
    Malformed,
    /// The input was understood and cannot be accepted.
    Invalid,
    /// No key, or one that nobody was given.
    Unauthorized,
    /// There is no such thing here.
    NotFound,
    /// It was here and has been archived or erased.
    Gone,
    /// A cursor, or another place in a list, leads to what is kept no longer.
    Expired,
    /// It is known and not ready yet.
    Pending,
    /// It exists already.
    Conflict,
    /// The method is not one of this resource's.
    MethodNotAllowed,
    /// The content type is not one we read.
    UnsupportedMediaType,
    /// The input is larger than we read.
    TooLarge,
    /// The other side asks us to slow down, or a query finds our own quota used up.
    RateLimited,
    /// The other side answered with an error of its own, or with something unreadable.
    Upstream,
    /// The other side says itself that it cannot answer a question now, or asked to be left alone when it last did.
    Down,
    /// The other side cannot be reached.
    Unreachable,
    /// The other side did not answer in time; what it did is unknown.
    TimedOut,
    /// The other side refused this very object or request, and would refuse it again.
    Refused,
    /// The other side refuses our credential, does not know our source, board or algorithm, or is not where we may call
    /// it: no object's fault, and a person must act.
    Denied,
    /// We cannot serve right now: the database is away, a queue is full, or work must wait for our own quota.
    Unavailable,
    /// A defect of ours.
    Internal,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Malformed,
        Self::Invalid,
        Self::Unauthorized,
        Self::NotFound,
        Self::Gone,
        Self::Expired,
        Self::Pending,
        Self::Conflict,
        Self::MethodNotAllowed,
        Self::UnsupportedMediaType,
        Self::TooLarge,
        Self::RateLimited,
        Self::Upstream,
        Self::Down,
        Self::Unreachable,
        Self::TimedOut,
        Self::Refused,
        Self::Denied,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The kind of a code that was kept.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The stable code of problem documents.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not_found",
            Self::Gone => "archived",
            Self::Expired => "cursor_expired",
            Self::Pending => "not_ready",
            Self::Conflict => "conflict",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Upstream => "upstream_failed",
            Self::Down => "upstream_unavailable",
            Self::Unreachable => "upstream_unreachable",
            Self::TimedOut => "upstream_timed_out",
            Self::Refused => "upstream_refused",
            Self::Denied => "upstream_denied",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// Whether the failure passes by itself: it costs the record no attempt and never makes a dead letter.
    pub fn is_temporary(self) -> bool {
        match self {
            Self::RateLimited
            | Self::Upstream
            | Self::Down
            | Self::Unreachable
            | Self::TimedOut
            | Self::Denied
            | Self::Unavailable => true,
            Self::Malformed
            | Self::Invalid
            | Self::Unauthorized
            | Self::NotFound
            | Self::Gone
            | Self::Expired
            | Self::Pending
            | Self::Conflict
            | Self::MethodNotAllowed
            | Self::UnsupportedMediaType
            | Self::TooLarge
            | Self::Refused
            | Self::Internal => false,
        }
    }
}

/// One field of the input and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name or path, as the caller wrote it.
    pub field: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// Who answers us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// A partner's service.
    Partner,
    /// HrFlow.
    HrFlow,
}

/// What the other side answered, in numbers: its words may hold anything, a name or a key included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Whose answer it was.
    pub side: Side,
    /// The status of its answer.
    pub status: u16,
    /// The code inside its answer, if it had one.
    pub code: Option<u16>,
}

/// An error that can be shown: the message names what was wrong, where, and what to do, and never quotes a secret.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    fields: Vec<FieldError>,
    retry_after: Option<Duration>,
    answered: Option<Answered>,
    own_quota: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of a kind, with a sentence that may be shown to the caller.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            fields: Vec::new(),
            retry_after: None,
            answered: None,
            own_quota: false,
            source: None,
        }
    }

    /// The same for one of several who waited for the same; the original is its cause.
    pub fn shared(original: &Arc<Self>) -> Self {
        Self {
            kind: original.kind,
            message: original.message.clone(),
            fields: original.fields.clone(),
            retry_after: original.retry_after,
            answered: original.answered,
            own_quota: original.own_quota,
            source: Some(Box::new(original.clone())),
        }
    }

    /// Keeps the cause for the log; it is never shown.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// Says when to try again, at the earliest.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Keeps what the other side answered, unless it is known already.
    #[must_use]
    pub fn answered(mut self, side: Side, status: u16, code: Option<u16>) -> Self {
        self.answered.get_or_insert(Answered { side, status, code });
        self
    }

    /// The same as another kind of failure: what it means depends on what was to be done.
    #[must_use]
    pub fn told_as(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Says that it is our own quota that ran out, and nobody else who asked to wait.
    #[must_use]
    pub fn of_our_own_quota(mut self) -> Self {
        self.own_quota = true;
        self
    }

    /// Names a field of the input and what is wrong with it.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        self.fields.push(FieldError { field: field.into(), detail: detail.into() });
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The sentence that may be shown.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The fields of the input that were wrong, in the order they were found.
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }

    /// What the other side answered, if it came to that.
    pub fn answer(&self) -> Option<Answered> {
        self.answered
    }

    /// Whether our own quota ran out.
    pub fn is_our_own_quota(&self) -> bool {
        self.own_quota
    }

    /// How long the other side, or we, asked to wait.
    pub fn wait(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for FieldError { field, detail } in &self.fields {
            write!(f, "; {field}: {detail}")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}
