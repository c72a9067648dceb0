//! Whose a failure is: of the side that was called, or not.

use crate::error::Kind;

/// What a failed call says of the side that was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It is out of order for now: 429, 5xx, no answer, no connection, nothing that can be read.
    Temporary,
    /// It refuses us, whatever we ask, until a person acts: our credential, our source or board, its address.
    Refused,
    /// It is well: it answered about this very object, whose own failure this is.
    Answered,
    /// Nothing: it was not asked, or what was wrong was found on our side.
    Unheard,
}

impl Class {
    /// The class of a failure; the one place that decides it. Whether it costs the record an attempt is
    /// [`Kind::is_temporary`]'s: failures of a side or of ours never do.
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::RateLimited | Kind::Upstream | Kind::Down | Kind::Unreachable | Kind::TimedOut => {
                Self::Temporary
            }
            Kind::Denied => Self::Refused,
            Kind::NotFound | Kind::Gone | Kind::Conflict | Kind::Refused => Self::Answered,
            Kind::Malformed
            | Kind::Invalid
            | Kind::Unauthorized
            | Kind::Expired
            | Kind::Pending
            | Kind::MethodNotAllowed
            | Kind::UnsupportedMediaType
            | Kind::TooLarge
            | Kind::Unavailable
            | Kind::Internal => Self::Unheard,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::http::refusal;

    #[test]
    fn every_failure_has_an_owner() {
        // The kind, what it says of the side, and whether it costs the record an attempt.
        for (kind, class, costs) in [
            (Kind::RateLimited, Class::Temporary, false),
            (Kind::Upstream, Class::Temporary, false),
            (Kind::Down, Class::Temporary, false),
            (Kind::Unreachable, Class::Temporary, false),
            (Kind::TimedOut, Class::Temporary, false),
            (Kind::Denied, Class::Refused, false),
            (Kind::Unavailable, Class::Unheard, false),
            (Kind::NotFound, Class::Answered, true),
            (Kind::Gone, Class::Answered, true),
            (Kind::Conflict, Class::Answered, true),
            (Kind::Refused, Class::Answered, true),
            (Kind::TooLarge, Class::Unheard, true),
            (Kind::Invalid, Class::Unheard, true),
            (Kind::Internal, Class::Unheard, true),
        ] {
            assert_eq!((Class::of(kind), !kind.is_temporary()), (class, costs), "{kind:?}");
        }
    }

    #[test]
    fn every_status_has_an_owner() {
        for (statuses, class) in [
            (&[429, 500, 502, 503, 504, 408, 425][..], Class::Temporary),
            (&[401, 402, 403, 301, 302, 307, 308], Class::Refused),
            (&[400, 404, 405, 409, 410, 413, 422], Class::Answered),
        ] {
            for status in statuses {
                let error = refusal("the other side", *status, None).unwrap();
                assert_eq!(Class::of(error.kind()), class, "{status}");
            }
        }
    }
}
