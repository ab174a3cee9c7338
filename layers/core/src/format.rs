use std::{fmt, sync::Arc};

use http::Extensions;

use crate::journey::Journey;

/// The format that the path asked for: `json` in `/tasks/4.json`.
///
/// The suffix layer cuts it off the path and leaves it; negotiation then keeps to the renderers
/// of that format.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Format(Arc<str>);

impl Format {
    /// A format by its name, without the dot.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name, without the dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The format that the suffix layer left in this request.
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        Journey::of(extensions)?.format.as_ref()
    }

    /// Leaves the format for the gates further in.
    pub fn leave(self, extensions: &mut Extensions) {
        Journey::edit(extensions).format = Some(self);
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
