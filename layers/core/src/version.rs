use std::{fmt, sync::Arc};

use http::Extensions;

use crate::journey::Journey;

/// The version of the API that the request asked for, as text.
///
/// Versioning leaves it; handlers read it with the axum extractor or [`Version::of`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(Arc<str>);

impl Version {
    /// A version by its text: `2`, `1.0`, `2026-11-01`.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The version's text, compared byte by byte as in Django REST Framework.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The version that versioning left in this request.
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        Journey::of(extensions)?.version.as_ref()
    }

    /// Leaves the version for the gates further in, and for whoever reads on the way out.
    pub fn leave(self, extensions: &mut Extensions) {
        let journey = Journey::edit(extensions);
        if let Some(outward) = &journey.outward {
            outward.publish_version(&self);
        }
        journey.version = Some(self);
    }

    /// Takes away what an outer layer left, where an inner one found that the request asks for no
    /// version.
    pub fn clear(extensions: &mut Extensions) {
        if let Some(journey) = extensions.get_mut::<Journey>() {
            journey.version = None;
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
