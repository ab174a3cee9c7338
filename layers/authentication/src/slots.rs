use std::{num::NonZero, sync::Arc, thread, time::Duration};

use gatefold_core::Exception;
use tokio::{runtime::Handle, sync::Semaphore};

/// How many wait for each place, at the most.
const WAITING: usize = 64;

/// A bounded number of places for work that takes a thread to itself.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    places: Arc<Semaphore>,
    // Those who wait and those who have a place. Without an end to it, whoever sends wrong passwords
    // fast enough would make everybody else wait for ever.
    queue: Arc<Semaphore>,
}

impl Slots {
    /// A place for each processor.
    pub(crate) fn new() -> Self {
        Self::of(thread::available_parallelism().map_or(1, NonZero::get))
    }

    pub(crate) fn of(places: usize) -> Self {
        let places = places.clamp(1, 1024);
        Self {
            places: Arc::new(Semaphore::new(places)),
            queue: Arc::new(Semaphore::new(places * (WAITING + 1))),
        }
    }

    /// Does `work` away from the async threads, once there is a place for it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Exception> {
        let queued = Arc::clone(&self.queue).try_acquire_owned();
        let queued = queued.map_err(|_| {
            Exception::unavailable("too many passwords wait to be verified")
                .with_wait(Duration::from_secs(1))
        })?;
        let runtime = Handle::try_current().map_err(Exception::unavailable)?;
        let place = Arc::clone(&self.places).acquire_owned().await;
        let held = (queued, place.map_err(Exception::unavailable)?);
        // The work keeps its place to its end, even if nobody waits for it any more.
        let done = runtime.spawn_blocking(move || {
            let result = work();
            drop(held);
            result
        });
        done.await.map_err(Exception::unavailable)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use super::*;

    #[tokio::test]
    async fn no_more_work_than_there_are_places() {
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let slots = Slots::of(2);
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (slots, running, most) = (slots.clone(), Arc::clone(&running), Arc::clone(&most));
            all.spawn(async move {
                slots
                    .run(move || {
                        most.fetch_max(
                            running.fetch_add(1, Ordering::SeqCst) + 1,
                            Ordering::SeqCst,
                        );
                        thread::yield_now();
                        running.fetch_sub(1, Ordering::SeqCst);
                    })
                    .await
            });
        }
        for done in all.join_all().await {
            done.expect("there was a place");
        }
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn whoever_comes_when_too_many_wait_is_sent_away() {
        let slots = Slots::of(1);
        let (go, stop) = mpsc::channel::<()>();
        let stop = Mutex::new(stop);
        let mut all = tokio::task::JoinSet::new();
        let first = slots.clone();
        all.spawn(async move {
            // It ends when the sender is dropped.
            first
                .run(move || drop(stop.lock().map(|stop| stop.recv())))
                .await
        });
        for _ in 0..WAITING {
            let slots = slots.clone();
            all.spawn(async move { slots.run(|| ()).await });
        }
        while slots.queue.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = slots.run(|| ()).await.expect_err("full");
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "1");
        drop(go);
        for done in all.join_all().await {
            done.expect("they had come in time");
        }
        slots.run(|| ()).await.expect("empty again");
    }

    #[test]
    fn without_a_runtime_the_answer_is_503() {
        use std::{
            pin::pin,
            task::{Context, Poll, Waker},
        };
        let slots = Slots::new();
        let mut run = pin!(slots.run(|| ()));
        let poll = run.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Err(refused)) = poll else {
            panic!("it waits for nothing")
        };
        assert_eq!(refused.status(), 503);
    }
}
