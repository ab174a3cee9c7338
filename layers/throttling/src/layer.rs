use std::{error::Error, fmt, sync::Arc};

use gatefold_core::{Clock, Mark};
use tower_layer::Layer;

use crate::{
    CallerList, Counts, Limits, MemoryStore, RateHeaders, Report, Store, Throttle, ThrottleService,
    service::{Asked, Extras, Setup, ThrottleGate},
};

/// Answers 429 to a request that is over a limit, and tells an admitted one what remains.
///
/// All claims of all its throttles are decided in one step: a request is admitted by all of them,
/// or consumes nothing of any. Clones share the counts. See the [crate docs](crate) for examples.
///
/// On one path through nested layers the same throttle counts a request once: the layer marks what
/// it admits with the mark of each throttle that claimed something.
///
/// A layer over a service of its own allocates the value in which gates leave their marks, if no
/// gate before it has.
#[derive(Clone)]
#[must_use]
pub struct ThrottleLayer {
    gate: ThrottleGate,
}

impl ThrottleLayer {
    /// The largest number of throttles in one layer.
    pub const MOST: usize = 64;

    /// Counts requests by what `throttle` claims, in a [`MemoryStore`] of its own.
    pub fn new(throttle: impl Throttle) -> Self {
        Self {
            gate: ThrottleGate(Arc::new(Setup {
                throttles: vec![asked(throttle)],
                store: Arc::new(MemoryStore::default()),
                clock: Clock::system(),
                headers: RateHeaders::default(),
                extras: Extras::default(),
            })),
        }
    }

    /// Counts by what `throttle` claims as well, in the same step. A throttle that is there already
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// `throttle` gives a scope other rates than a throttle that is there already: they would count
    /// in the same place. Give one of them another scope. (Closures whose limits are not known
    /// until they claim are checked then: such a request is answered with 500.)
    pub fn and(mut self, throttle: impl Throttle) -> Result<Self, ScopeError> {
        let throttles = &self.gate.0.throttles;
        let added = asked(throttle);
        if throttles.iter().any(|asked| asked.mark == added.mark) {
            return Ok(self);
        }
        if throttles.len() == Self::MOST {
            return Err(ScopeError::TooMany);
        }
        let earlier = || throttles.iter().flat_map(|asked| asked.throttle.limits());
        for limits in added.throttle.limits() {
            let differs = |old: &Limits| old.scope() == limits.scope() && *old != limits;
            if earlier().any(|old| differs(&old)) {
                return Err(ScopeError::Rates(limits.scope().into()));
            }
        }
        self.setup().throttles.push(added);
        Ok(self)
    }

    /// Keeps the counts in `store`. Layers that are given the same store count together.
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.setup().store = Arc::new(store);
        self
    }

    /// Reads the time from `clock`.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.setup().clock = clock;
        self
    }

    /// Chooses the header fields that tell the limits.
    pub fn headers(mut self, headers: RateHeaders) -> Self {
        self.setup().headers = headers;
        self
    }

    /// Counts and reports, and refuses nobody: to try out limits on real traffic. What would be
    /// refused consumes nothing, as if it were; the header fields tell the truth.
    pub fn shadow(mut self, shadow: bool) -> Self {
        self.setup().extras.shadow = shadow;
        self
    }

    /// Lets these callers through uncounted: health checks, one's own machines.
    pub fn allow(mut self, callers: CallerList) -> Self {
        self.setup().extras.allowed = Some(callers);
        self
    }

    /// Answers 403 to these callers, also if they are on the list of those who may.
    pub fn deny(mut self, callers: CallerList) -> Self {
        self.setup().extras.denied = Some(callers);
        self
    }

    /// Calls `observer` on each decision: for counters, and for what shadow mode would refuse.
    pub fn observe(mut self, observer: impl Fn(&Report<'_>) + Send + Sync + 'static) -> Self {
        self.setup().extras.observers.push(Arc::new(observer));
        self
    }

    /// Leaves a [`Reservation`](crate::Reservation) in each admitted request, with which the handler says afterwards
    /// what the request has cost. That takes two allocations.
    pub fn settling(mut self) -> Self {
        self.setup().extras.settling = true;
        self
    }

    /// The counts behind this layer, for support staff and for code that is no request.
    pub fn counts(&self) -> Counts {
        self.gate.counts()
    }

    fn setup(&mut self) -> &mut Setup {
        Arc::make_mut(&mut self.gate.0)
    }
}

fn asked(throttle: impl Throttle) -> Asked {
    Asked {
        mark: throttle.mark().unwrap_or_else(Mark::new),
        throttle: Arc::new(throttle),
    }
}

impl<S> Layer<S> for ThrottleLayer {
    type Service = ThrottleService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ThrottleService::new(inner, self.gate.clone())
    }
}

impl fmt::Debug for ThrottleLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ThrottleLayer").field(&self.gate).finish()
    }
}

/// Throttles that cannot stand in one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeError {
    /// Two throttles give this scope different rates.
    Rates(Box<str>),
    /// There are [`ThrottleLayer::MOST`] throttles already.
    TooMany,
}

impl fmt::Display for ScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rates(scope) => write!(
                f,
                "two throttles of one layer give the scope `{scope}` different rates: one throttle \
                 with all the rates, or another scope for one of them, is wanted"
            ),
            Self::TooMany => write!(
                f,
                "a throttle too many: at most {} in one layer are wanted",
                ThrottleLayer::MOST
            ),
        }
    }
}

impl Error for ScopeError {}
