use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

/// The time, as a parameter: a monotonic clock for rates, the wall clock for expiry.
///
/// Everything that looks at the time takes one, and defaults to [`Clock::system`]. Tests hand in a
/// [`ManualClock`] and never sleep.
#[derive(Clone, Default)]
pub struct Clock(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    System,
    Coarse,
    Manual(Arc<Hands>),
}

impl Clock {
    /// The machine's clocks.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// The machine's clocks, the monotonic one as the last tick of the kernel has left it: up to
    /// ten milliseconds behind, and a third of the time to read. On Linux; elsewhere it is
    /// [`system`](Self::system).
    ///
    /// A throttle still counts exactly by it. Only whoever comes back at the very millisecond that
    /// was told may be a tick too early.
    pub const fn coarse() -> Self {
        Self(Source::Coarse)
    }

    /// Time since a fixed moment; it never goes back.
    pub fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.nanos())
    }

    /// The same in nanoseconds, for who asks it on every request.
    ///
    /// The machine's counter is read where it is a steady one, which is less than half the time of
    /// [`std::time::Instant`]; the very first reading compares the two for a millisecond or so
    /// (at most 200). Two threads' readings may differ by as much as their processors' counters do.
    #[inline]
    pub fn nanos(&self) -> u64 {
        match &self.0 {
            #[cfg(target_os = "linux")]
            Source::Coarse => coarse_nanos(),
            #[cfg(not(target_os = "linux"))]
            Source::Coarse => Self::system().nanos(),
            Source::System => {
                static START: OnceLock<(quanta::Clock, u64)> = OnceLock::new();
                let (clock, start) = START.get_or_init(|| {
                    let clock = quanta::Clock::new();
                    let start = clock.raw();
                    (clock, start)
                });
                clock.delta_as_nanos(*start, clock.raw())
            }
            Source::Manual(hands) => hands.monotonic.load(Ordering::Acquire),
        }
    }

    /// The date. It may be set back.
    pub fn wall(&self) -> SystemTime {
        match &self.0 {
            Source::System | Source::Coarse => SystemTime::now(),
            Source::Manual(hands) => {
                hands.epoch + Duration::from_nanos(hands.wall.load(Ordering::Acquire))
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[inline]
fn coarse_nanos() -> u64 {
    use rustix::time::{ClockId, clock_gettime};

    let time = clock_gettime(ClockId::MonotonicCoarse);
    // Since the machine was started, so neither is negative.
    (time.tv_sec as u64) * 1_000_000_000 + time.tv_nsec as u64
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::System => "Clock::system()",
            Source::Coarse => "Clock::coarse()",
            Source::Manual(_) => "ManualClock",
        })
    }
}

/// A clock that moves when it is told to.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use gatefold_core::ManualClock;
///
/// let hand = ManualClock::new(SystemTime::UNIX_EPOCH);
/// let clock = hand.clock();
/// let before = clock.monotonic();
/// hand.advance(Duration::from_secs(60));
/// assert_eq!(clock.monotonic() - before, Duration::from_secs(60));
/// assert_eq!(clock.wall(), SystemTime::UNIX_EPOCH + Duration::from_secs(60));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    epoch: SystemTime,
    // Nanoseconds since the clock was made.
    monotonic: AtomicU64,
    wall: AtomicU64,
}

impl ManualClock {
    /// A clock that shows `now` and stands still.
    pub fn new(now: SystemTime) -> Self {
        Self(Arc::new(Hands {
            epoch: now,
            monotonic: AtomicU64::new(0),
            wall: AtomicU64::new(0),
        }))
    }

    /// The clock to hand to what is tested. All clones show the same time.
    pub fn clock(&self) -> Clock {
        Clock(Source::Manual(Arc::clone(&self.0)))
    }

    /// Moves both hands forward.
    pub fn advance(&self, by: Duration) {
        let nanos = nanos(by);
        self.0.monotonic.fetch_add(nanos, Ordering::AcqRel);
        self.0.wall.fetch_add(nanos, Ordering::AcqRel);
    }

    /// Sets the wall clock to `since` after the moment it was made with, back or forward. The
    /// monotonic hand follows forward only.
    pub fn set(&self, since: Duration) {
        let nanos = nanos(since);
        self.0.wall.store(nanos, Ordering::Release);
        self.0.monotonic.fetch_max(nanos, Ordering::AcqRel);
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monotonic_hand_does_not_follow_a_wall_clock_that_is_set_back() {
        let hand = ManualClock::new(SystemTime::UNIX_EPOCH);
        hand.set(Duration::from_secs(10));
        hand.set(Duration::from_secs(4));
        let clock = hand.clock();
        assert_eq!(clock.monotonic(), Duration::from_secs(10));
        assert_eq!(
            clock.wall(),
            SystemTime::UNIX_EPOCH + Duration::from_secs(4)
        );
    }

    #[test]
    fn the_machines_clocks_go_forward() {
        for clock in [Clock::system(), Clock::coarse()] {
            let before = clock.monotonic();
            assert!(clock.monotonic() >= before);
        }
    }
}
