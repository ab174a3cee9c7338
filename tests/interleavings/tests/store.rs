//! All interleavings of two threads (loom), and many of four (shuttle).

use std::sync::Arc;

use gatefold_core::Decision;
use gatefold_interleavings::{Claims, KeyHasher, Limits, MemoryStore, Rate, Store};
#[cfg(not(feature = "shuttle"))]
use loom::thread;
#[cfg(feature = "shuttle")]
use shuttle::thread;

/// A store of two lines, and two scopes of two requests each.
struct World {
    store: MemoryStore,
    limits: [Limits; 2],
}

impl World {
    fn new() -> Arc<Self> {
        let limits = ["a", "b"].map(|scope| {
            let rates = [Rate::per_hour(2), Rate::per_day(9)];
            Limits::new(scope, rates).expect("rates")
        });
        let store = MemoryStore::new(1);
        let world = Self { store, limits };
        // The table is made on first use, behind a lock that is not explored.
        assert!(world.ask(&[]));
        Arc::new(world)
    }

    /// Claims one of each of these scopes for one key.
    fn ask(&self, scopes: &[usize]) -> bool {
        // Fixed keys: an exploration has to be the same each time.
        let mut claims = Claims::new(KeyHasher::keyed([1, 2]));
        for scope in scopes {
            claims.add(&self.limits[*scope], 7);
        }
        let Decision::Now(Ok(verdict)) = self.store.decide(&claims, 1_000) else {
            panic!("memory answers now")
        };
        verdict.is_admitted()
    }
}

/// Threads that ask for these scopes one after the other, and how many each got.
fn count(world: &Arc<World>, threads: &[&'static [&'static [usize]]]) -> Vec<usize> {
    let handles: Vec<_> = threads
        .iter()
        .map(|asks| {
            let (world, asks) = (Arc::clone(world), *asks);
            thread::spawn(move || asks.iter().filter(|scopes| world.ask(scopes)).count())
        })
        .collect();
    let joined = handles.into_iter().map(|handle| handle.join());
    joined.map(|count| count.expect("no panic")).collect()
}

#[cfg(not(feature = "shuttle"))]
mod two {
    use super::*;

    /// Every schedule with up to three switches in the middle of something.
    fn explore(world: impl Fn() + Send + Sync + 'static) {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.max_branches = 10_000;
        model.check(world);
    }

    #[test]
    fn threads_on_one_key_get_exactly_its_number() {
        explore(|| {
            let world = World::new();
            // Both threads look for a place first, and one of them finds that of the other.
            let counts = count(&world, &[&[&[0]], &[&[0]]]);
            assert_eq!(counts, [1, 1]);
            assert!(!world.ask(&[0]));
        });
        explore(|| {
            let world = World::new();
            assert!(world.ask(&[0]));
            let counts = count(&world, &[&[&[0]], &[&[0]]]);
            assert_eq!(counts.iter().sum::<usize>(), 1);
        });
    }

    #[test]
    fn threads_on_two_lines_in_either_order_get_all_or_nothing_of_both() {
        explore(|| {
            let world = World::new();
            assert!(world.ask(&[0]));
            let counts = count(&world, &[&[&[0, 1]], &[&[1, 0]]]);
            assert_eq!(counts.iter().sum::<usize>(), 1);
            // The one that was refused has taken nothing of the other scope.
            assert!(world.ask(&[1]) && !world.ask(&[1]) && !world.ask(&[0]));
        });
    }
}

#[cfg(feature = "shuttle")]
#[test]
fn four_threads_get_exactly_the_number_of_each_key() {
    let explore = || {
        let world = World::new();
        let each: &'static [&'static [usize]] = &[&[0, 1], &[0], &[1]];
        let counts = count(&world, &[each, &[&[1, 0], &[1]], &[&[0], &[0, 1]], each]);
        // Four places in all; a request of both scopes takes two.
        let got: usize = counts.iter().sum();
        assert!((2..=4).contains(&got), "{counts:?}");
        assert!(!world.ask(&[0]) && !world.ask(&[1]));
    };
    shuttle::check_random(explore, 5_000);
    shuttle::check_pct(explore, 5_000, 3);
}
