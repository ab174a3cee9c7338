use std::{any::Any, fmt, sync::Arc};

use http::Extensions;

use crate::journey::Journey;

/// What a permission layer leaves for the handler when its answer depends on the object.
///
/// Only the permissions crate knows what lies inside; handlers use its `Guard`.
#[derive(Clone)]
pub struct Pending(Arc<dyn Any + Send + Sync>);

impl Pending {
    /// Wraps the guard's own state.
    pub fn new<T: Any + Send + Sync>(state: T) -> Self {
        Self(Arc::new(state))
    }

    /// The guard's own state, where it is a `T`.
    pub fn get<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    /// What the nearest permission layer left.
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        Journey::of(extensions)?.pending.as_ref()
    }

    /// Leaves the state for the handler.
    pub fn leave(self, extensions: &mut Extensions) {
        Journey::edit(extensions).pending = Some(self);
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pending").finish_non_exhaustive()
    }
}
