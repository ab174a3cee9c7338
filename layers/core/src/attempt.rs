use std::sync::Arc;

use http::{Extensions, HeaderValue, StatusCode, header::WWW_AUTHENTICATE};

use crate::{Exception, Mark, journey::Journey};

/// What an authentication layer leaves beside the identity: how to ask for credentials, and a
/// failure that it recorded instead of refusing.
///
/// Permissions read it to refuse nobody in the right way.
#[derive(Clone, Debug)]
pub struct Attempt {
    challenges: Arc<[HeaderValue]>,
    failure: Option<Exception>,
    mark: Option<Mark>,
}

impl Attempt {
    /// An attempt by authenticators with these challenges (RFC 9110, section 11.6.1), in the order
    /// in which they are to be sent.
    pub fn new(challenges: Arc<[HeaderValue]>) -> Self {
        Self {
            challenges,
            failure: None,
            mark: None,
        }
    }

    /// Says which gate made the attempt, so that the same gate further in does not make it again,
    /// unless another has replaced it in between.
    #[must_use]
    pub fn with_mark(mut self, mark: Mark) -> Self {
        self.mark = Some(mark);
        self
    }

    /// The gate that made the attempt, where it said so.
    pub fn mark(&self) -> Option<Mark> {
        self.mark
    }

    /// Records that the credentials were bad, for the permission to judge.
    #[must_use]
    pub fn with_failure(mut self, failure: Exception) -> Self {
        self.failure = Some(failure);
        self
    }

    /// The recorded failure.
    pub fn failure(&self) -> Option<&Exception> {
        self.failure.as_ref()
    }

    /// The challenges, in the order in which they are sent.
    pub fn challenges(&self) -> &[HeaderValue] {
        &self.challenges
    }

    /// The refusal of a caller who is nobody: the recorded failure, or else
    /// [`Exception::not_authenticated`], with the challenges.
    pub fn refusal(&self) -> Exception {
        let exception = self
            .failure
            .clone()
            .unwrap_or_else(Exception::not_authenticated);
        self.challenge(exception)
    }

    /// Adds the challenges to a 401. Without any it becomes a 403, because a 401 must carry one
    /// (RFC 9110, section 15.5.2). Other exceptions stay as they are, and so does a 401 that brings
    /// its own challenge.
    pub fn challenge(&self, mut exception: Exception) -> Exception {
        if exception.status() != StatusCode::UNAUTHORIZED
            || exception.headers().contains_key(WWW_AUTHENTICATE)
        {
            return exception;
        }
        if self.challenges.is_empty() {
            return exception.with_status(StatusCode::FORBIDDEN);
        }
        for challenge in self.challenges.iter() {
            exception = exception.with_header(WWW_AUTHENTICATE, challenge.clone());
        }
        exception
    }

    /// What the nearest authentication layer left; `None` where none has been passed.
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        Journey::of(extensions)?.attempt.as_ref()
    }

    /// Leaves the attempt for the gates further in.
    pub fn leave(self, extensions: &mut Extensions) {
        Journey::edit(extensions).attempt = Some(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_challenge_is_sent() {
        let challenges = ["Basic realm=\"api\"", "Token"].map(HeaderValue::from_static);
        let refusal = Attempt::new(Arc::new(challenges)).refusal();
        let sent: Vec<_> = refusal.headers().get_all(WWW_AUTHENTICATE).iter().collect();
        assert_eq!(sent, ["Basic realm=\"api\"", "Token"]);
        assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED);
    }

    #[test]
    fn a_401_with_a_challenge_of_its_own_keeps_that() {
        let own = HeaderValue::from_static("Bearer error=\"invalid_token\"");
        let exception =
            Exception::authentication_failed().with_header(WWW_AUTHENTICATE, own.clone());
        let others = Attempt::new(Arc::new([HeaderValue::from_static("Token")]));
        let refusal = others.challenge(exception);
        let sent: Vec<_> = refusal.headers().get_all(WWW_AUTHENTICATE).iter().collect();
        assert_eq!(sent, [&own]);
    }

    #[test]
    fn without_a_challenge_a_401_becomes_a_403() {
        let refusal = Attempt::new(Arc::new([])).refusal();
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
        assert_eq!(refusal.code(), "not_authenticated");
    }
}
