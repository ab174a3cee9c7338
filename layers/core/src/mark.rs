use std::sync::atomic::{AtomicU64, Ordering};

use http::Extensions;

use crate::journey::Journey;

/// Says that a gate has admitted this request, so that the same gate further in lets it pass
/// without asking again.
///
/// Clones of a gate share its mark. A mark is a number from a counter, never an address, so a
/// dropped gate's mark is never met again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark(u64);

impl Mark {
    /// A mark that no other gate of this process has.
    #[allow(
        clippy::new_without_default,
        reason = "two defaults would not be equal"
    )]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether the gate with this mark has admitted the request.
    pub fn is_set(self, extensions: &Extensions) -> bool {
        Journey::of(extensions).is_some_and(|journey| journey.marks.contains(self))
    }

    /// Records that the gate with this mark has admitted the request.
    pub fn set(self, extensions: &mut Extensions) {
        Journey::edit(extensions).marks.insert(self);
    }
}

/// The marks of one request: three beside each other, more in a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    near: [u64; 3],
    far: Vec<u64>,
}

impl Marks {
    fn contains(&self, mark: Mark) -> bool {
        self.near.contains(&mark.0) || self.far.contains(&mark.0)
    }

    fn insert(&mut self, mark: Mark) {
        if self.contains(mark) {
            return;
        }
        match self.near.iter_mut().find(|place| **place == 0) {
            Some(place) => *place = mark.0,
            None => self.far.push(mark.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_marks_is_kept() {
        let mut extensions = Extensions::new();
        let marks: Vec<_> = std::iter::repeat_with(Mark::new).take(9).collect();
        for mark in &marks {
            assert!(!mark.is_set(&extensions));
            mark.set(&mut extensions);
            mark.set(&mut extensions);
        }
        assert!(marks.iter().all(|mark| mark.is_set(&extensions)));
        assert!(!Mark::new().is_set(&extensions));
    }
}
