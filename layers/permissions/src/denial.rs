use std::{borrow::Cow, sync::Arc};

use gatefold_core::{ErrorDetail, Exception};

/// Why a request is refused.
///
/// The default gives no reason of its own: the answer has Django REST Framework's words and code.
/// Reasons survive composition. It is one pointer, so a [`Verdict`](crate::Verdict) has 16 bytes.
///
/// ```
/// use gatefold_permissions::{Denial, IsAdmin, Permission};
///
/// let rule = IsAdmin.because(Denial::new("Ask an administrator.").with_code("not_admin"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Denial(Option<Arc<Reason>>);

#[derive(Clone, Debug)]
enum Reason {
    Refused(Refused),
    Failed(Exception),
}

#[derive(Clone, Debug, Default)]
struct Refused {
    detail: Option<ErrorDetail>,
    code: Option<Cow<'static, str>>,
    scopes: Box<[Box<str>]>,
    hidden: bool,
}

impl Denial {
    /// A denial in these words, with the code `permission_denied`.
    pub fn new(detail: impl Into<ErrorDetail>) -> Self {
        Self::default().change(|refused| refused.detail = Some(detail.into()))
    }

    /// The refusal is this exception, whatever stands around the permission.
    ///
    /// A store that does not answer is one ([`Exception::unavailable`]). A failure is neither yes
    /// nor no: `!` does not turn it round, and once it is met nothing more is asked.
    pub fn failure(exception: impl Into<Exception>) -> Self {
        Self(Some(Arc::new(Reason::Failed(exception.into()))))
    }

    /// Replaces the code.
    #[must_use]
    pub fn with_code(self, code: impl Into<Cow<'static, str>>) -> Self {
        self.change(|refused| refused.code = Some(code.into()))
    }

    /// Names the scopes that are asked for. A bearer is told those that the token lacks
    /// (RFC 6750, section 3.1).
    #[must_use]
    pub fn with_scopes<I>(self, scopes: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        self.change(|refused| refused.scopes = scopes.into_iter().map(Into::into).collect())
    }

    /// Hides the thing: the refusal is a 404, for nobody as for somebody (RFC 9110,
    /// section 15.5.4).
    #[must_use]
    pub fn hidden(self) -> Self {
        self.change(|refused| refused.hidden = true)
    }

    /// Its own words.
    pub fn detail(&self) -> Option<&ErrorDetail> {
        self.refused()?.detail.as_ref()
    }

    /// Its own code.
    pub fn code(&self) -> Option<&str> {
        self.refused()?.code.as_deref()
    }

    /// The scopes that are asked for.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.asked().iter().map(|scope| &**scope)
    }

    /// The scopes as they are kept.
    pub(crate) fn asked(&self) -> &[Box<str>] {
        self.refused().map_or(&[], |refused| &refused.scopes)
    }

    /// Whether the thing is to be hidden.
    pub fn is_hidden(&self) -> bool {
        self.refused().is_some_and(|refused| refused.hidden)
    }

    /// The failure, where it is one.
    pub fn exception(&self) -> Option<&Exception> {
        match self.0.as_deref()? {
            Reason::Failed(exception) => Some(exception),
            Reason::Refused(_) => None,
        }
    }

    /// Whether it says nothing at all.
    pub(crate) fn is_silent(&self) -> bool {
        self.0.is_none()
    }

    fn refused(&self) -> Option<&Refused> {
        match self.0.as_deref()? {
            Reason::Refused(refused) => Some(refused),
            Reason::Failed(_) => None,
        }
    }

    /// Of two alternatives that both deny, the reason that the client is told.
    ///
    /// A failure before all; then the one that hides, or the other would give the thing away; then
    /// the one that names a scope; then the first that says anything.
    pub(crate) fn of_either(self, other: Self) -> Self {
        if other.rank() > self.rank() {
            other
        } else {
            self
        }
    }

    fn rank(&self) -> u8 {
        match self.0.as_deref() {
            None => 0,
            Some(Reason::Failed(_)) => 4,
            Some(Reason::Refused(refused)) if refused.hidden => 3,
            Some(Reason::Refused(refused)) if !refused.scopes.is_empty() => 2,
            Some(Reason::Refused(_)) => 1,
        }
    }

    /// This denial in the words of `words`. What it hides stays hidden, what it asks for stays
    /// asked for, and a failure stays a failure.
    pub(crate) fn in_words_of(self, words: &Self) -> Self {
        if self.exception().is_some() {
            return self;
        }
        match self.refused() {
            Some(own) if own.hidden || !own.scopes.is_empty() => words.clone().change(|refused| {
                if refused.scopes.is_empty() {
                    refused.scopes.clone_from(&own.scopes);
                }
                refused.hidden |= own.hidden;
            }),
            _ => words.clone(),
        }
    }

    /// A failure has nothing to change.
    fn change(self, change: impl FnOnce(&mut Refused)) -> Self {
        let empty = || Arc::new(Reason::Refused(Refused::default()));
        let mut reason = self.0.unwrap_or_else(empty);
        if let Reason::Refused(refused) = Arc::make_mut(&mut reason) {
            change(refused);
        }
        Self(Some(reason))
    }
}

impl From<&'static str> for Denial {
    fn from(detail: &'static str) -> Self {
        Self::new(detail)
    }
}

impl From<String> for Denial {
    fn from(detail: String) -> Self {
        Self::new(detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_reasons_the_telling_one_is_kept_and_else_the_first() {
        let silent = Denial::default;
        let words = || Denial::new("words");
        let other = || Denial::new("other");
        let scoped = || Denial::default().with_scopes(["a"]);
        let hidden = || Denial::default().hidden();
        let failed = || Denial::failure(Exception::unavailable("down"));
        for (weaker, stronger) in [
            (silent(), words()),
            (words(), scoped()),
            (scoped(), hidden()),
            (hidden(), failed()),
        ] {
            let rank = stronger.rank();
            assert_eq!(weaker.clone().of_either(stronger.clone()).rank(), rank);
            assert_eq!(stronger.of_either(weaker).rank(), rank);
        }
        let first = words().of_either(other());
        assert_eq!(first.detail().and_then(ErrorDetail::text), Some("words"));
    }

    #[test]
    fn new_words_lose_neither_scopes_nor_hiding_nor_a_failure() {
        let words = Denial::new("words").with_code("c");
        let scoped = Denial::default().with_scopes(["a"]).in_words_of(&words);
        assert_eq!(scoped.scopes().collect::<Vec<_>>(), ["a"]);
        assert_eq!(scoped.code(), Some("c"));
        assert!(Denial::default().hidden().in_words_of(&words).is_hidden());
        let failed = Denial::failure(Exception::unavailable("down")).in_words_of(&words);
        assert!(failed.exception().is_some());
        assert_eq!(Denial::default().in_words_of(&words).code(), Some("c"));
    }

    #[test]
    fn a_failure_is_not_reworded() {
        let failed = Denial::failure(Exception::not_found())
            .hidden()
            .with_code("x");
        assert_eq!(failed.exception().map(Exception::code), Some("not_found"));
    }
}
