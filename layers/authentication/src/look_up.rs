use std::{borrow::Cow, future::Future};

use gatefold_core::{Decision, Exception, Identity, IntoDecision};

pub(crate) type Answer = Result<Option<Identity>, Exception>;

/// Waits for an application's answer, says `unknown` where it is `None`, and names the scheme that
/// proved the identity, unless the application has.
pub(crate) fn look_up<F>(
    found: F,
    scheme: Cow<'static, str>,
    unknown: fn() -> Answer,
) -> Decision<Answer>
where
    F: Future + Send + 'static,
    F::Output: IntoDecision<Answer>,
{
    gatefold_core::later(async move {
        let answer = match found.await.into_decision() {
            Decision::Now(answer) => answer,
            Decision::Later(answer) => answer.await,
        };
        match answer? {
            None => unknown(),
            Some(identity) if identity.scheme().is_empty() => {
                Ok(Some(identity.with_scheme(scheme)))
            }
            named => Ok(named),
        }
    })
}

/// Bad credentials, in Django REST Framework's words.
pub(crate) fn failed(detail: &'static str) -> Exception {
    Exception::authentication_failed().with_detail(detail)
}
