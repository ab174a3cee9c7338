use std::str::FromStr;

use gatefold_core::{Exception, Version};
use http::Extensions;

/// The request's version as a `T`: [`SemanticVersion`](crate::SemanticVersion),
/// [`DateVersion`](crate::DateVersion), an enum of your own.
///
/// It is an axum extractor with the feature `axum`. A version that is no `T` is 404; without one
/// the answer is a 500 whose log line names the layer.
///
/// ```
/// use gatefold_core::Version;
/// use gatefold_versioning::{SemanticVersion, Typed};
///
/// let mut request = http::Request::new(());
/// Version::new("v1.2").leave(request.extensions_mut());
/// let Typed(version) = Typed::<SemanticVersion>::of(request.extensions())?;
/// assert!(version >= SemanticVersion::strict("1.2.0")?);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typed<T>(pub T);

impl<T: FromStr> Typed<T> {
    /// The version that the layer left.
    ///
    /// # Errors
    ///
    /// There is none, or it is no `T`.
    pub fn of(extensions: &Extensions) -> Result<Self, Exception> {
        match Self::find(extensions)? {
            Some(typed) => Ok(typed),
            None => Err(Exception::internal(
                "the extractor `Typed` found no version: is `VersioningLayer` on this route, with a default?",
            )),
        }
    }

    /// The version that the layer left, where it left one.
    ///
    /// # Errors
    ///
    /// It is no `T`.
    pub fn find(extensions: &Extensions) -> Result<Option<Self>, Exception> {
        let version = Version::of(extensions).map(|version| version.as_str().parse());
        match version.transpose() {
            Ok(version) => Ok(version.map(Self)),
            Err(_) => Err(Exception::not_found().with_detail("Invalid version.")),
        }
    }
}

#[cfg(feature = "axum")]
impl<T: FromStr, S: Sync> axum::extract::FromRequestParts<S> for Typed<T> {
    type Rejection = Exception;

    async fn from_request_parts(head: &mut http::request::Parts, _: &S) -> Result<Self, Exception> {
        Self::of(&head.extensions)
    }
}

#[cfg(feature = "axum")]
impl<T: FromStr, S: Sync> axum::extract::OptionalFromRequestParts<S> for Typed<T> {
    type Rejection = Exception;

    async fn from_request_parts(
        head: &mut http::request::Parts,
        _: &S,
    ) -> Result<Option<Self>, Exception> {
        Self::find(&head.extensions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DateVersion;

    #[test]
    fn no_version_is_our_mistake_and_a_wrong_one_the_clients() {
        let mut extensions = Extensions::new();
        assert!(matches!(Typed::<DateVersion>::find(&extensions), Ok(None)));
        let missing = Typed::<DateVersion>::of(&extensions).expect_err("none");
        assert_eq!(missing.status(), 500);
        Version::new("v1").leave(&mut extensions);
        let wrong = Typed::<DateVersion>::of(&extensions).expect_err("no date");
        assert_eq!(wrong.status(), 404);
    }
}
