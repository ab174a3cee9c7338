use std::sync::Arc;

use gatefold_core::Mark;
use http::request::Parts;

use crate::{Claims, Limits};

/// Says what a request claims: which count, for which key, at which cost.
///
/// A throttle does not decide. It looks at the head and adds claims, or none for a request that it
/// does not count; the layer decides all of them in one step.
///
/// A closure is one:
///
/// ```
/// use gatefold_throttling::{Claims, Limits, ThrottleLayer};
/// use http::{Method, request::Parts};
///
/// let uploads = Limits::new("upload", ["5/min"])?;
/// let layer = ThrottleLayer::new(move |head: &Parts, claims: &mut Claims<'_>| {
///     if head.method == Method::PUT {
///         claims.add(&uploads, head.uri.path());
///     }
/// });
/// # Ok::<_, gatefold_throttling::RateError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no throttle",
    label = "states no claims",
    note = "use a built-in (`UserRateThrottle`, ..) or a closure `|head: &Parts, claims: &mut Claims<'_>| {{ .. }}`",
    note = "a throttle cannot be an `async fn`: what has to be looked up first goes to `claims.later(|claims| async move {{ .. }})`"
)]
pub trait Throttle: Send + Sync + 'static {
    /// Adds what this request claims.
    fn claims<'t>(&'t self, head: &Parts, claims: &mut Claims<'t>);

    /// The limits that are known before any request comes, so that two throttles that give the
    /// same scope different rates are found when the layer is built.
    fn limits(&self) -> Vec<Limits> {
        Vec::new()
    }

    /// What this throttle marks a request with that it has counted, so that it counts it once on
    /// one path. Clones of a throttle have the same mark. Without one the layer makes one.
    fn mark(&self) -> Option<Mark> {
        None
    }
}

impl<F> Throttle for F
where
    F: Fn(&Parts, &mut Claims<'_>) + Send + Sync + 'static,
{
    fn claims<'t>(&'t self, head: &Parts, claims: &mut Claims<'t>) {
        self(head, claims);
    }
}

impl<T: Throttle + ?Sized> Throttle for Arc<T> {
    fn claims<'t>(&'t self, head: &Parts, claims: &mut Claims<'t>) {
        (**self).claims(head, claims);
    }

    fn limits(&self) -> Vec<Limits> {
        (**self).limits()
    }

    fn mark(&self) -> Option<Mark> {
        (**self).mark()
    }
}
