use std::{fmt, sync::Arc};

use gatefold_core::{Attempt, Decision, Exception, Gate, Identity, Mark, Step};
use http::{HeaderValue, Response, StatusCode, request::Parts};

use crate::{
    Authentication,
    events::{self, Seen},
    left::Left,
    look_up::{Answer, inactive},
};

/// The authentications of a layer and how they are asked: in order, until one knows.
#[derive(Clone)]
pub struct Chain(Arc<Links>);

#[derive(Clone)]
pub(crate) struct Links {
    pub(crate) authentications: Vec<Arc<dyn Authentication>>,
    pub(crate) recording: bool,
    pub(crate) first_challenge_only: bool,
    challenges: Arc<[HeaderValue]>,
    /// The first one that reads cookies.
    reads_cookies: Option<usize>,
    mark: Mark,
    seen: Arc<Seen>,
}

impl Chain {
    pub(crate) fn new(authentication: Arc<dyn Authentication>) -> Self {
        let links = Links {
            authentications: vec![authentication],
            recording: false,
            first_challenge_only: false,
            challenges: Arc::new([]),
            reads_cookies: None,
            mark: Mark::new(),
            seen: Arc::new(Seen::new()),
        };
        Self(Arc::new(links)).changed(|_| ())
    }

    /// A changed chain is another one: where the unchanged one has admitted a request, this one
    /// asks again.
    pub(crate) fn changed(self, change: impl FnOnce(&mut Links)) -> Self {
        let mut links = Arc::unwrap_or_clone(self.0);
        change(&mut links);
        links.challenges = challenges(&links);
        let mut all = links.authentications.iter();
        links.reads_cookies = all.position(|one| one.reads_cookies());
        links.mark = Mark::new();
        Self(Arc::new(links))
    }

    /// Asks those from `next` on, until one knows, fails or has to wait.
    fn ask_from(&self, next: usize, left: Left, head: &mut Parts) -> Step<Option<Left>, Asked> {
        let rest = self.0.authentications.iter().enumerate().skip(next);
        for (asked, authentication) in rest {
            match authentication.authenticate(head) {
                Decision::Now(Ok(None)) => {}
                Decision::Now(answer) => return self.conclude(answer, asked, left, head),
                Decision::Later(answer) => {
                    return Step::Wait(Box::pin(async move {
                        let answer = answer.await;
                        Asked {
                            asked,
                            answer,
                            left,
                        }
                    }));
                }
            }
        }
        self.conclude(Ok(None), self.0.authentications.len(), left, head)
    }

    /// Leaves what was found out by those up to `asked`. What another layer left is replaced in
    /// any case, so that a refusal does not carry its identity out either.
    fn conclude(
        &self,
        answer: Answer,
        asked: usize,
        mut left: Left,
        head: &mut Parts,
    ) -> Step<Option<Left>, Asked> {
        let answer = match answer {
            // Once for all, so that no authentication can forget it.
            Ok(Some(identity)) if !identity.is_active() => Err(inactive()),
            answer => answer,
        };
        left.varies = self.0.reads_cookies.is_some_and(|first| first <= asked);
        left.found = matches!(answer, Ok(Some(_)));
        let failure = match answer {
            Ok(Some(identity)) => {
                self.0.seen.succeeded(&identity);
                identity.leave(&mut head.extensions);
                None
            }
            Ok(None) => {
                Identity::forget(&mut head.extensions);
                None
            }
            Err(exception) => {
                events::refused(&exception, head);
                Identity::forget(&mut head.extensions);
                if !(self.0.recording && is_about_credentials(&exception)) {
                    let exception = left.attempt.challenge(exception);
                    return Step::Refuse(left.refused(exception));
                }
                Some(exception)
            }
        };
        let attempt = left.attempt.clone();
        let attempt = match failure {
            Some(failure) => attempt.with_failure(failure),
            None => attempt,
        };
        attempt.leave(&mut head.extensions);
        Step::Pass(Some(left))
    }

    /// What will be remembered of the request, before anybody is asked.
    fn begin(&self, head: &mut Parts) -> Left {
        let attempt = Attempt::new(Arc::clone(&self.0.challenges)).with_mark(self.0.mark);
        let left = Left::new(attempt);
        #[cfg(feature = "sessions")]
        if let Some(first) = self.0.reads_cookies {
            let mut readers = self.0.authentications.iter().skip(first);
            if let Some(sessions) = readers.find_map(|one| one.sessions()) {
                return left.with_session(crate::Session::enter(sessions.settings(), head));
            }
        }
        #[cfg(not(feature = "sessions"))]
        let _ = head;
        left
    }
}

/// What one of the authentications answered, after a wait.
#[derive(Debug)]
pub struct Asked {
    asked: usize,
    answer: Answer,
    left: Left,
}

/// A store that is away says nothing about who is calling: it must not make them nobody.
fn is_about_credentials(exception: &Exception) -> bool {
    matches!(
        exception.status(),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
    )
}

fn challenges(links: &Links) -> Arc<[HeaderValue]> {
    let asked = match links.first_challenge_only {
        true => &links.authentications[..1],
        false => &links.authentications[..],
    };
    let mut challenges: Vec<HeaderValue> = Vec::new();
    for authentication in asked {
        match authentication.challenge() {
            Some(challenge) if !challenge.is_empty() && !challenges.contains(&challenge) => {
                challenges.push(challenge);
            }
            _ => {}
        }
    }
    challenges.into()
}

impl Gate for Chain {
    type Memo = Option<Left>;
    type Answer = Asked;

    fn ask(&self, head: &mut Parts) -> Step<Self::Memo, Self::Answer> {
        #[cfg(feature = "testing")]
        if let Some(forced) = crate::force::Forced::of(&head.extensions) {
            let left = self.begin(head);
            return self.conclude(Ok(forced), 0, left, head);
        }
        let made = Attempt::of(&head.extensions).and_then(Attempt::mark);
        if made == Some(self.0.mark) {
            return Step::Pass(None);
        }
        let left = self.begin(head);
        self.ask_from(0, left, head)
    }

    fn answered(&self, answer: Self::Answer, head: &mut Parts) -> Step<Self::Memo, Self::Answer> {
        let Asked {
            asked,
            answer,
            left,
        } = answer;
        match answer {
            Ok(None) => self.ask_from(asked + 1, left, head),
            answer => self.conclude(answer, asked, left, head),
        }
    }

    fn leave<B: Default>(memo: Self::Memo, response: Response<B>) -> Response<B> {
        match memo {
            Some(left) => left.leave(response),
            None => response,
        }
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain")
            .field("authentications", &self.0.authentications.len())
            .field("challenges", &self.0.challenges)
            .field("recording", &self.0.recording)
            .finish_non_exhaustive()
    }
}
