use std::{fmt, future::Future, pin::Pin};

use crate::{Exception, Identity};

/// An answer that comes later: a boxed future that owns what it uses.
pub type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A gate's answer: known now, or later.
///
/// What needs no I/O answers now, without an allocation. What needs I/O answers later, and does
/// nothing before it is first polled, so a gate that finds the answer elsewhere drops it for free.
pub enum Decision<T> {
    /// The answer.
    Now(T),
    /// The answer comes when this future is ready.
    Later(Later<T>),
}

impl<T> Decision<T> {
    /// Applies `f` to the answer, whenever it comes.
    pub fn map<U>(self, f: impl FnOnce(T) -> U + Send + 'static) -> Decision<U>
    where
        T: 'static,
    {
        match self {
            Self::Now(answer) => Decision::Now(f(answer)),
            Self::Later(later) => Decision::Later(Box::pin(async move { f(later.await) })),
        }
    }

    /// Waits for the answer, in code that can.
    pub async fn wait(self) -> T {
        match self {
            Self::Now(answer) => answer,
            Self::Later(later) => later.await,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Decision<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(answer) => f.debug_tuple("Now").field(answer).finish(),
            Self::Later(_) => f.debug_tuple("Later").finish_non_exhaustive(),
        }
    }
}

/// Answers later: what a closure returns that has to wait for something.
///
/// ```
/// use gatefold_core::{Decision, later};
/// use http::request::Parts;
///
/// async fn is_open(_office: String) -> bool { true }
///
/// // What the future uses is taken out of the head before it begins.
/// let office_hours = |head: &Parts| {
///     let office = head.uri.path().to_owned();
///     later(async move { is_open(office).await })
/// };
/// # let (head, ()) = http::Request::new(()).into_parts();
/// assert!(matches!(office_hours(&head), Decision::Later(_)));
/// ```
pub fn later<F>(future: F) -> Decision<F::Output>
where
    F: Future + Send + 'static,
{
    Decision::Later(Box::pin(future))
}

/// What a closure may return where a gate wants a `Decision<T>`.
///
/// Each gate says which plain values count as an answer; [`later`] wraps a future of the same.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no answer for this gate",
    label = "the closure returns `{Self}`",
    note = "return the answer itself, or `later(async move {{ .. }})` if it has to be waited for",
    note = "the future owns what it uses: copy it out of the head before `async move`; an `async fn(&Parts)` or `async |head|` borrows the head and cannot work"
)]
pub trait IntoDecision<T> {
    /// The decision that the value stands for.
    fn into_decision(self) -> Decision<T>;
}

/// Authentication's answer, as an application gives it: who is calling, or nobody that is known.
impl<I: Into<Identity>> IntoDecision<Result<Option<Identity>, Exception>> for Option<I> {
    fn into_decision(self) -> Decision<Result<Option<Identity>, Exception>> {
        Decision::Now(Ok(self.map(Into::into)))
    }
}

/// Authentication's answer where the search may fail.
impl<I, E> IntoDecision<Result<Option<Identity>, Exception>> for Result<Option<I>, E>
where
    I: Into<Identity>,
    E: Into<Exception>,
{
    fn into_decision(self) -> Decision<Result<Option<Identity>, Exception>> {
        Decision::Now(identified(self))
    }
}

/// Authentication's answer, later. The future is boxed a second time.
impl<I> IntoDecision<Result<Option<Identity>, Exception>> for Decision<Option<I>>
where
    I: Into<Identity> + 'static,
{
    fn into_decision(self) -> Decision<Result<Option<Identity>, Exception>> {
        self.map(|found| Ok(found.map(Into::into)))
    }
}

/// Authentication's answer, later, where the search may fail. The future is boxed a second time.
impl<I, E> IntoDecision<Result<Option<Identity>, Exception>> for Decision<Result<Option<I>, E>>
where
    I: Into<Identity> + 'static,
    E: Into<Exception> + 'static,
{
    fn into_decision(self) -> Decision<Result<Option<Identity>, Exception>> {
        self.map(identified)
    }
}

// These four stand here and not beside the `Authentication` trait, because both the trait and the
// answer's type are core's.
fn identified<I, E>(found: Result<Option<I>, E>) -> Result<Option<Identity>, Exception>
where
    I: Into<Identity>,
    E: Into<Exception>,
{
    match found {
        Ok(found) => Ok(found.map(Into::into)),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn map_reaches_both_kinds_of_answer() {
        assert!(matches!(Decision::Now(1).map(|n| n + 1), Decision::Now(2)));
        let Decision::Later(answer) = later(async { 1 }).map(|n| n + 1) else {
            panic!("a later answer stays later")
        };
        assert_eq!(answer.await, 2);
    }
}
