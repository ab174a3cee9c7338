use std::ops::{Deref, DerefMut};

/// A list whose first few members need no allocation.
#[derive(Clone, Debug)]
pub(crate) struct Few<T, const N: usize> {
    near: [T; N],
    length: usize,
    // Holds all members as soon as there are more than `N`.
    far: Vec<T>,
}

impl<T: Copy + Default, const N: usize> Few<T, N> {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            near: [T::default(); N],
            length: 0,
            far: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, member: T) {
        match self.near.get_mut(self.length) {
            Some(place) => *place = member,
            None => self.push_far(member),
        }
        self.length += 1;
    }

    #[cold]
    fn push_far(&mut self, member: T) {
        if self.far.is_empty() {
            self.far.extend_from_slice(&self.near);
        }
        self.far.push(member);
    }

    pub(crate) fn extend(&mut self, members: &[T]) {
        let length = self.length + members.len();
        if length <= N {
            self.near[self.length..length].copy_from_slice(members);
        } else {
            if self.far.is_empty() {
                self.far.extend_from_slice(&self.near[..self.length]);
            }
            self.far.extend_from_slice(members);
        }
        self.length = length;
    }

    /// Sorts the members and keeps one of each.
    pub(crate) fn sort_and_deduplicate(&mut self)
    where
        T: Ord,
    {
        self.sort_unstable();
        let mut kept = 0;
        for index in 0..self.length {
            if kept == 0 || self[kept - 1] != self[index] {
                self[kept] = self[index];
                kept += 1;
            }
        }
        if !self.far.is_empty() {
            self.far.truncate(kept);
        }
        if kept <= N && !self.far.is_empty() {
            self.near[..kept].copy_from_slice(&self.far);
            self.far.clear();
        }
        self.length = kept;
    }
}

impl<T, const N: usize> Deref for Few<T, N> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        if self.far.is_empty() {
            &self.near[..self.length]
        } else {
            &self.far
        }
    }
}

impl<T, const N: usize> DerefMut for Few<T, N> {
    fn deref_mut(&mut self) -> &mut [T] {
        if self.far.is_empty() {
            &mut self.near[..self.length]
        } else {
            &mut self.far
        }
    }
}

impl<T: Copy + Default, const N: usize> FromIterator<T> for Few<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        let mut few = Self::new();
        for member in members {
            few.push(member);
        }
        few
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_list(members in prop::collection::vec(0_u8..6, 0..9)) {
            let mut few: Few<u8, 3> = members.iter().copied().collect();
            prop_assert_eq!(&*few, &*members);

            let mut wanted = members.clone();
            wanted.sort_unstable();
            wanted.dedup();
            few.sort_and_deduplicate();
            prop_assert_eq!(&*few, &*wanted);

            few.extend(&[9, 8]);
            few.push(7);
            wanted.extend([9, 8, 7]);
            prop_assert_eq!(&*few, &*wanted);
        }
    }
}
