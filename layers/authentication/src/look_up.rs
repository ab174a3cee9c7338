use std::{borrow::Cow, future::Future};

use gatefold_core::{Decision, Exception, Identity, IntoDecision, later};
use gatefold_tokens::{Token, Tokens};

pub(crate) type Answer = Result<Option<Identity>, Exception>;

/// What is said where nobody is found.
pub(crate) type Unknown = fn() -> Answer;

/// Waits for an application's answer, says `unknown` where it is `None`, and names the scheme that
/// proved the identity, unless the application has.
pub(crate) fn look_up<F>(
    found: F,
    scheme: Cow<'static, str>,
    unknown: Unknown,
    inactive: Inactive,
) -> Decision<Answer>
where
    F: Future + Send + 'static,
    F::Output: IntoDecision<Answer>,
{
    later(async move {
        match found.await.into_decision().wait().await? {
            None => unknown(),
            Some(identity) if !identity.is_active() && inactive == Inactive::IsUnknown => unknown(),
            Some(identity) => Ok(Some(named(identity, scheme))),
        }
    })
}

/// What becomes of a user who is not active.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inactive {
    /// The layer refuses, as it does whoever found them.
    IsRefused,
    /// The answer is that for an unknown one.
    IsUnknown,
}

/// Looks a secret up among `tokens`.
pub(crate) fn stored(
    tokens: &Tokens,
    secret: &str,
    scheme: Cow<'static, str>,
    unknown: Unknown,
) -> Decision<Answer> {
    tokens.verify(secret).map(move |found| match found? {
        None => unknown(),
        Some(token) => Ok(Some(named(token.identity().clone(), scheme))),
    })
}

/// Looks a secret up among `tokens`, and then its user.
pub(crate) fn stored_with<F>(
    tokens: &Tokens,
    secret: &str,
    scheme: Cow<'static, str>,
    unknown: Unknown,
    find: impl FnOnce(Token) -> F + Send + 'static,
) -> Decision<Answer>
where
    F: Future + Send + 'static,
    F::Output: IntoDecision<Answer>,
{
    let token = tokens.verify(secret);
    later(async move {
        let Some(token) = token.wait().await? else {
            return unknown();
        };
        let gone = || Err(inactive());
        let user = look_up(find(token.clone()), scheme, gone, Inactive::IsRefused);
        let user = user.wait().await?;
        Ok(user.map(|user| granted(user, &token)))
    })
}

/// The user, with what the token says: which credential it is, and what it may be used for.
fn granted(mut user: Identity, token: &Token) -> Identity {
    if user.credential().is_none() {
        user = user.with_credential(token.credential());
    }
    if token.scopes().next().is_some() {
        user = user.with_scopes(token.scopes());
    }
    user
}

fn named(identity: Identity, scheme: Cow<'static, str>) -> Identity {
    match identity.scheme() {
        "" => identity.with_scheme(scheme),
        _ => identity,
    }
}

/// Bad credentials, in Django REST Framework's words.
pub(crate) fn failed(detail: &'static str) -> Exception {
    Exception::authentication_failed().with_detail(detail)
}

/// Good credentials of whoever may not log in.
pub(crate) fn inactive() -> Exception {
    failed("User inactive or deleted.")
}
