use http::{Response, request::Parts};

use crate::{Exception, Later};

/// What a gate does with a request's head on the way in, and with the answer's on the way out.
///
/// A layer's service holds one and calls [`GateFuture::enter`](crate::GateFuture::enter). Only who writes a gate of a new
/// kind implements this; a new permission or throttle is a trait of its layer's crate.
pub trait Gate: Clone {
    /// What is remembered of a request until its answer comes.
    type Memo;
    /// What is waited for, where something is.
    type Answer;

    /// Looks at the head and decides, or says what to wait for.
    fn ask(&self, head: &mut Parts) -> Step<Self::Memo, Self::Answer>;

    /// Goes on after the wait. A gate that never waits has [`std::convert::Infallible`] for its
    /// answer.
    fn answered(&self, answer: Self::Answer, head: &mut Parts) -> Step<Self::Memo, Self::Answer>;

    /// Sees the answer of the inner service. Refusals of this very gate do not come by.
    fn leave<B: Default>(memo: Self::Memo, response: Response<B>) -> Response<B> {
        drop(memo);
        response
    }
}

/// What a gate decided.
pub enum Step<M, A> {
    /// The request goes on; the memo waits for its answer.
    Pass(M),
    /// The request goes no further.
    Refuse(Exception),
    /// The gate needs this first.
    Wait(Later<A>),
}

impl<M: std::fmt::Debug, A> std::fmt::Debug for Step<M, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pass(memo) => f.debug_tuple("Pass").field(memo).finish(),
            Self::Refuse(exception) => f.debug_tuple("Refuse").field(exception).finish(),
            Self::Wait(_) => f.debug_tuple("Wait").finish_non_exhaustive(),
        }
    }
}
