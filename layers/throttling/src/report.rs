use http::request::Parts;

use crate::{Claims, Verdict};

/// One decision, as [`observe`](crate::ThrottleLayer::observe) is told it.
///
/// With the feature `tracing` it is also an event: of level `debug` for an admitted request, `info`
/// for a refused one. Keys are in neither.
#[derive(Clone, Copy, Debug)]
pub struct Report<'r> {
    head: &'r Parts,
    claims: &'r Claims<'r>,
    verdict: &'r Verdict,
    shadow: bool,
}

impl<'r> Report<'r> {
    pub(crate) fn new(
        head: &'r Parts,
        claims: &'r Claims<'r>,
        verdict: &'r Verdict,
        shadow: bool,
    ) -> Self {
        Self {
            head,
            claims,
            verdict,
            shadow,
        }
    }

    /// The head of the request.
    pub fn head(&self) -> &Parts {
        self.head
    }

    /// What the throttles claimed.
    pub fn claims(&self) -> &Claims<'r> {
        self.claims
    }

    /// What the store decided: a reading for each rate of each claim.
    pub fn verdict(&self) -> &Verdict {
        self.verdict
    }

    /// Whether the request is over a limit and goes on all the same, in shadow mode.
    pub fn is_shadow(&self) -> bool {
        self.shadow
    }

    /// The scopes whose rates hold the request back.
    pub fn refusing(&self) -> impl Iterator<Item = &str> {
        let mut readings = self.verdict.readings().iter();
        self.claims.iter().filter_map(move |claim| {
            let rates = claim.limits().rates().len();
            let held = readings
                .by_ref()
                .take(rates)
                .filter(|reading| reading.is_held());
            (held.count() > 0).then(|| claim.limits().scope())
        })
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn trace(&self) {
        if self.verdict.is_admitted() {
            tracing::debug!(path = self.head.uri.path(), "admitted");
            return;
        }
        let scopes: Vec<_> = self.refusing().collect();
        let wait = self.verdict.wait();
        tracing::info!(
            method = %self.head.method,
            path = self.head.uri.path(),
            ?scopes,
            ?wait,
            shadow = self.shadow,
            "throttled"
        );
    }

    #[cfg(not(feature = "tracing"))]
    #[allow(
        clippy::unused_self,
        reason = "the same call with and without the feature"
    )]
    pub(crate) fn trace(&self) {}
}
