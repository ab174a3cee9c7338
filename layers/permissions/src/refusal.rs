use gatefold_core::{Attempt, Exception, Identity};
use http::{Extensions, HeaderValue, StatusCode, header::WWW_AUTHENTICATE};

use crate::Denial;

/// The one mapping from a denial to what the client is told.
///
/// Nobody is asked for credentials, as authentication left it; somebody is refused with the reason.
pub(crate) fn refuse(denial: &Denial, extensions: &Extensions) -> Exception {
    if let Some(failure) = denial.exception() {
        return challenged(failure.clone(), extensions);
    }
    if denial.is_hidden() {
        // Nobody as well: a 401 would say that there is something to log in for.
        return Exception::not_found();
    }
    match (Identity::of(extensions), Attempt::of(extensions)) {
        (Some(identity), _) => with_scopes(reasoned(denial), denial, identity),
        (None, Some(attempt)) => attempt.refusal(),
        (None, None) => reasoned(denial),
    }
}

fn reasoned(denial: &Denial) -> Exception {
    let mut exception = Exception::permission_denied();
    if let Some(detail) = denial.detail() {
        exception = exception.with_detail(detail.clone());
    }
    if let Some(code) = denial.code() {
        exception = exception.with_code(code.to_owned());
    }
    exception
}

/// A permission may say 401 itself; it does not know the challenges.
fn challenged(exception: Exception, extensions: &Extensions) -> Exception {
    let bare = exception.status() == StatusCode::UNAUTHORIZED
        && !exception.headers().contains_key(WWW_AUTHENTICATE);
    if !bare {
        return exception;
    }
    match Attempt::of(extensions) {
        Some(attempt) => attempt.challenge(exception),
        None => exception.with_status(StatusCode::FORBIDDEN),
    }
}

/// RFC 6750, section 3.1.
fn with_scopes(exception: Exception, denial: &Denial, identity: &Identity) -> Exception {
    if !identity.scheme().eq_ignore_ascii_case("Bearer") {
        return exception;
    }
    let missing: Vec<_> = denial
        .scopes()
        .filter(|scope| is_scope_token(scope) && !identity.has_scope(scope))
        .collect();
    if missing.is_empty() {
        return exception;
    }
    let scope = missing.join(" ");
    let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
    match HeaderValue::try_from(challenge) {
        Ok(challenge) => exception.with_header(WWW_AUTHENTICATE, challenge),
        Err(_) => exception,
    }
}

/// RFC 6749, section 3.3: nothing that would end the quoted string.
fn is_scope_token(scope: &str) -> bool {
    let is_token = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    !scope.is_empty() && scope.bytes().all(is_token)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn nobody() -> Extensions {
        let mut extensions = Extensions::new();
        let challenges = [HeaderValue::from_static("Token")];
        Attempt::new(Arc::new(challenges)).leave(&mut extensions);
        extensions
    }

    fn bearer() -> Extensions {
        let mut extensions = nobody();
        let identity = Identity::new("1").with_scopes(["held"]);
        let identity = identity.with_scheme("Bearer");
        identity.leave(&mut extensions);
        extensions
    }

    fn challenge(exception: &Exception) -> Option<&str> {
        let challenge = exception.headers().get(WWW_AUTHENTICATE)?;
        challenge.to_str().ok()
    }

    #[test]
    fn nobody_is_asked_for_credentials_and_not_given_the_reason() {
        let refusal = refuse(&"Only on Mondays.".into(), &nobody());
        assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(challenge(&refusal), Some("Token"));
        assert_eq!(refusal.code(), "not_authenticated");
    }

    #[test]
    fn without_an_authentication_layer_nobody_is_given_the_reason() {
        let refusal = refuse(&"Only on Mondays.".into(), &Extensions::new());
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
        assert_eq!(refusal.code(), "permission_denied");
        assert_eq!(refusal.detail().text(), Some("Only on Mondays."));
    }

    #[test]
    fn somebody_is_given_the_reason_and_its_code() {
        let denial = Denial::new("Only on Mondays.").with_code("not_monday");
        let refusal = refuse(&denial, &bearer());
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
        assert_eq!(refusal.code(), "not_monday");
        assert_eq!(refusal.detail().text(), Some("Only on Mondays."));
        assert_eq!(challenge(&refusal), None);
    }

    #[test]
    fn a_bearer_is_told_the_scopes_that_are_missing() {
        let denial = Denial::default().with_scopes(["held", "a", "not a token", "q\"", "b"]);
        let refusal = refuse(&denial, &bearer());
        assert_eq!(
            challenge(&refusal),
            Some("Bearer error=\"insufficient_scope\", scope=\"a b\"")
        );
        let mut extensions = nobody();
        let identity = Identity::new("1").with_scheme("Token");
        identity.leave(&mut extensions);
        assert_eq!(challenge(&refuse(&denial, &extensions)), None);
    }

    #[test]
    fn what_is_hidden_is_not_found_by_anybody() {
        let denial = Denial::new("There is one.").with_scopes(["a"]).hidden();
        for extensions in [nobody(), bearer(), Extensions::new()] {
            let refusal = refuse(&denial, &extensions);
            assert_eq!(refusal.status(), StatusCode::NOT_FOUND);
            assert_eq!(refusal.detail().text(), Some("Not found."));
            assert!(refusal.headers().is_empty());
        }
    }

    #[test]
    fn a_permission_that_says_401_itself_is_given_the_challenges() {
        let denial = Denial::failure(Exception::not_authenticated());
        let refusal = refuse(&denial, &bearer());
        assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(challenge(&refusal), Some("Token"));
        let refusal = refuse(&denial, &Extensions::new());
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
    }
}
