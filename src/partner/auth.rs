//! How a call is authenticated: the one header that each kind sends.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::Auth;
use crate::model::Secret;

/// The header's name and value, if there is one.
pub(super) fn header(auth: &Auth) -> Option<(String, Secret)> {
    let authorization = |value: String| Some(("Authorization".to_owned(), Secret::new(value)));
    match auth {
        Auth::None => None,
        Auth::Header { name, value } => Some((name.clone(), value.clone())),
        Auth::Bearer { token } => authorization(format!("Bearer {}", token.expose())),
        Auth::Basic { username, password } => {
            authorization(format!("Basic {}", STANDARD.encode(format!("{username}:{}", password.expose()))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_sends_its_header() {
        let sent = |auth: &Auth| header(auth).map(|(name, value)| format!("{name}: {}", value.expose()));
        assert_eq!(sent(&Auth::None), None);
        let named = Auth::Header { name: "X-Token".to_owned(), value: Secret::new("t") };
        assert_eq!(sent(&named).as_deref(), Some("X-Token: t"));
        let bearer = Auth::Bearer { token: Secret::new("t") };
        assert_eq!(sent(&bearer).as_deref(), Some("Authorization: Bearer t"));
        // The example of RFC 7617 §2.
        let basic = Auth::Basic { username: "Aladdin".to_owned(), password: Secret::new("open sesame") };
        assert_eq!(sent(&basic).as_deref(), Some("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    }
}
