use gatefold_core::{Decision, Exception, IntoDecision};

use crate::Denial;

/// What a permission says of a request: yes, no, or not before the object is known.
///
/// Verdicts are composed by Kleene's three-valued logic: what is open decides nothing, and does not
/// keep the other side from deciding.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The request may go on.
    Allowed,
    /// The request is refused, for this reason.
    Denied(Denial),
    /// It depends on the object: the request may go on, and the handler has to ask its
    /// [`Guard`](crate::Guard).
    Open,
}

impl Verdict {
    /// Whether no other side of an `&` can change it.
    pub(crate) fn ends_and(&self) -> bool {
        matches!(self, Self::Denied(_))
    }

    /// Whether no other side of an `|` can change it. A failure ends everything.
    pub(crate) fn ends_or(&self) -> bool {
        match self {
            Self::Allowed => true,
            Self::Denied(denial) => denial.exception().is_some(),
            Self::Open => false,
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (denied @ Self::Denied(_), _) | (_, denied @ Self::Denied(_)) => denied,
            (Self::Open, _) | (_, Self::Open) => Self::Open,
            (Self::Allowed, Self::Allowed) => Self::Allowed,
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Denied(first), Self::Denied(second)) => Self::Denied(first.of_either(second)),
            (ended, _) | (_, ended) if ended.ends_or() => ended,
            (Self::Open, _) | (_, Self::Open) => Self::Open,
            (Self::Allowed, _) | (_, Self::Allowed) => Self::Allowed,
        }
    }

    pub(crate) fn not(self) -> Self {
        match self {
            Self::Allowed => Self::Denied(Denial::default()),
            Self::Denied(denial) if denial.exception().is_some() => Self::Denied(denial),
            Self::Denied(_) => Self::Allowed,
            Self::Open => Self::Open,
        }
    }
}

impl From<bool> for Verdict {
    fn from(allowed: bool) -> Self {
        if allowed {
            Self::Allowed
        } else {
            Self::Denied(Denial::default())
        }
    }
}

impl From<Denial> for Verdict {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

/// An error is a [failure](Denial::failure).
impl<E: Into<Exception>> From<Result<bool, E>> for Verdict {
    fn from(answer: Result<bool, E>) -> Self {
        answer.map(Self::from).into()
    }
}

/// An error is a [failure](Denial::failure).
impl<E: Into<Exception>> From<Result<Verdict, E>> for Verdict {
    fn from(answer: Result<Verdict, E>) -> Self {
        answer.unwrap_or_else(|error| Self::Denied(Denial::failure(error)))
    }
}

impl IntoDecision<Verdict> for bool {
    fn into_decision(self) -> Decision<Verdict> {
        Decision::Now(self.into())
    }
}

impl IntoDecision<Verdict> for Verdict {
    fn into_decision(self) -> Decision<Verdict> {
        Decision::Now(self)
    }
}

impl<E: Into<Exception>> IntoDecision<Verdict> for Result<bool, E> {
    fn into_decision(self) -> Decision<Verdict> {
        Decision::Now(self.into())
    }
}

impl<E: Into<Exception>> IntoDecision<Verdict> for Result<Verdict, E> {
    fn into_decision(self) -> Decision<Verdict> {
        Decision::Now(self.into())
    }
}

/// What [`later`](gatefold_core::later) makes of a future, and answers that are decisions already.
impl<R: Into<Verdict> + 'static> IntoDecision<Verdict> for Decision<R> {
    fn into_decision(self) -> Decision<Verdict> {
        self.map(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_two_words() {
        assert!(size_of::<Verdict>() <= 16);
    }

    #[test]
    fn a_failure_does_not_flip() {
        let failed = || Verdict::from(Err::<bool, _>(Exception::unavailable("down")));
        let is_failure = |verdict: &Verdict| matches!(verdict, Verdict::Denied(denial) if denial.exception().is_some());
        assert!(is_failure(&failed().not()));
        for other in [Verdict::Allowed, false.into(), Verdict::Open] {
            assert!(is_failure(&failed().or(other.clone())), "{other:?}");
            assert!(is_failure(&failed().and(other.clone())), "{other:?}");
        }
    }
}
