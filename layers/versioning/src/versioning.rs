use std::sync::Arc;

use gatefold_core::{Exception, Version};
use http::{HeaderName, request::Parts};

use crate::Notice;

/// Says which version of the API a request asks for.
///
/// A closure is one, and so is an [`Arc`] of one. It answers from the head alone, at once.
///
/// ```
/// use gatefold_core::Version;
/// use gatefold_versioning::VersioningLayer;
/// use http::request::Parts;
///
/// let layer = VersioningLayer::new(|head: &Parts| {
///     let beta = head.headers.contains_key("x-beta");
///     Ok(beta.then(|| Version::new("beta")))
/// });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no versioning scheme",
    label = "this cannot say which version a request asks for",
    note = "a closure is one if it takes `&http::request::Parts` and returns `Result<Option<Version>, Exception>`, at once: name the argument's type, `|head: &Parts| ..`",
    note = "a version is read from the head alone and never waited for: an `async` closure or `async fn` cannot work",
    note = "use `Arc<dyn Versioning>`, not `Box<dyn Versioning>`"
)]
pub trait Versioning: Send + Sync + 'static {
    /// The version that the request asks for in this place; `None` where it says nothing here.
    ///
    /// # Errors
    ///
    /// What it asks for is not supported, or cannot be read.
    fn determine_version(&self, head: &Parts) -> Result<Option<Version>, Exception>;

    /// The version of a request that asks for none in any place: the default.
    ///
    /// # Errors
    ///
    /// A request has to ask for one.
    fn missing_version(&self) -> Result<Option<Version>, Exception> {
        Ok(None)
    }

    /// The request header that the version depends on: the layer adds it to each answer's `Vary`
    /// (RFC 9110, section 12.5.5).
    fn vary(&self) -> Option<HeaderName> {
        None
    }

    /// Whether it is asked about gRPC requests. Of the built-in schemes
    /// [`HeaderVersioning`](crate::HeaderVersioning) is, which reads their metadata, and
    /// [`GrpcPackageVersioning`](crate::GrpcPackageVersioning).
    fn reads_grpc(&self) -> bool {
        true
    }

    /// The versions that there are, for the answers that name them; none where everything is
    /// supported.
    fn supported_versions(&self) -> Vec<Version> {
        Vec::new()
    }

    /// What the answer says about the version that was determined, in whichever place, or about
    /// none. [`LifeCycle`](crate::LifeCycle) says when it ends.
    ///
    /// # Errors
    ///
    /// The version's time is over.
    fn life_cycle(
        &self,
        version: Option<&Version>,
        head: &mut Parts,
    ) -> Result<Option<Notice>, Exception> {
        let _ = (version, head);
        Ok(None)
    }
}

impl<F> Versioning for F
where
    F: Fn(&Parts) -> Result<Option<Version>, Exception> + Send + Sync + 'static,
{
    fn determine_version(&self, head: &Parts) -> Result<Option<Version>, Exception> {
        self(head)
    }
}

impl<T: Versioning + ?Sized> Versioning for Arc<T> {
    fn determine_version(&self, head: &Parts) -> Result<Option<Version>, Exception> {
        (**self).determine_version(head)
    }

    fn missing_version(&self) -> Result<Option<Version>, Exception> {
        (**self).missing_version()
    }

    fn vary(&self) -> Option<HeaderName> {
        (**self).vary()
    }

    fn reads_grpc(&self) -> bool {
        (**self).reads_grpc()
    }

    fn supported_versions(&self) -> Vec<Version> {
        (**self).supported_versions()
    }

    fn life_cycle(
        &self,
        version: Option<&Version>,
        head: &mut Parts,
    ) -> Result<Option<Notice>, Exception> {
        (**self).life_cycle(version, head)
    }
}
