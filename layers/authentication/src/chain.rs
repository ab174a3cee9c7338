use std::{fmt, sync::Arc};

use gatefold_core::{Attempt, Decision, Exception, Gate, Identity, Mark, Step};
use http::{HeaderValue, Response, StatusCode, header::WWW_AUTHENTICATE, request::Parts};

use crate::{
    Authentication,
    events::{self, Seen},
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
        links.mark = Mark::new();
        Self(Arc::new(links))
    }

    /// Asks those from `next` on, until one knows, fails or has to wait.
    fn ask_from(&self, next: usize, head: &mut Parts) -> Step<Option<Attempt>, (usize, Answer)> {
        let rest = self.0.authentications.iter().enumerate().skip(next);
        for (asked, authentication) in rest {
            match authentication.authenticate(head) {
                Decision::Now(Ok(None)) => {}
                Decision::Now(answer) => return self.conclude(answer, head),
                Decision::Later(answer) => {
                    return Step::Wait(Box::pin(async move { (asked, answer.await) }));
                }
            }
        }
        self.conclude(Ok(None), head)
    }

    /// Leaves what was found out. What another layer left is replaced in any case, so that a
    /// refusal does not carry its identity out either.
    fn conclude(&self, answer: Answer, head: &mut Parts) -> Step<Option<Attempt>, (usize, Answer)> {
        let attempt = Attempt::new(Arc::clone(&self.0.challenges)).with_mark(self.0.mark);
        let answer = match answer {
            // Once for all, so that no authentication can forget it.
            Ok(Some(identity)) if !identity.is_active() => Err(inactive()),
            answer => answer,
        };
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
                    return Step::Refuse(attempt.challenge(exception));
                }
                Some(exception)
            }
        };
        let left = match failure {
            Some(failure) => attempt.clone().with_failure(failure),
            None => attempt.clone(),
        };
        left.leave(&mut head.extensions);
        Step::Pass(Some(attempt))
    }
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
    type Memo = Option<Attempt>;
    type Answer = (usize, Answer);

    fn ask(&self, head: &mut Parts) -> Step<Self::Memo, Self::Answer> {
        #[cfg(feature = "testing")]
        if let Some(forced) = crate::force::Forced::of(&head.extensions) {
            return self.conclude(Ok(forced), head);
        }
        let made = Attempt::of(&head.extensions).and_then(Attempt::mark);
        if made == Some(self.0.mark) {
            return Step::Pass(None);
        }
        self.ask_from(0, head)
    }

    fn answered(
        &self,
        (asked, answer): Self::Answer,
        head: &mut Parts,
    ) -> Step<Self::Memo, Self::Answer> {
        match answer {
            Ok(None) => self.ask_from(asked + 1, head),
            answer => self.conclude(answer, head),
        }
    }

    /// A 401 of the handler, or of a gate further in, gets the challenges that it lacks.
    fn leave<B: Default>(memo: Self::Memo, mut response: Response<B>) -> Response<B> {
        let Some(attempt) = memo else { return response };
        let unauthorized = response.status() == StatusCode::UNAUTHORIZED
            && !response.headers().contains_key(WWW_AUTHENTICATE);
        if !unauthorized {
            return response;
        }
        let extensions = response.extensions_mut();
        let Some(exception) = extensions.remove::<Exception>() else {
            return response;
        };
        if exception.status() != StatusCode::UNAUTHORIZED {
            extensions.insert(exception);
            return response;
        }
        let exception = attempt.challenge(exception);
        *response.status_mut() = exception.status();
        for challenge in exception.headers().get_all(WWW_AUTHENTICATE) {
            let headers = response.headers_mut();
            headers.append(WWW_AUTHENTICATE, challenge.clone());
        }
        response.extensions_mut().insert(exception);
        response
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
