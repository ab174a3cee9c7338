use std::sync::Arc;

use gatefold_core::{Exception, Version, is_grpc};
use http::request::Parts;

use crate::{Reading, Supported, Versioning, allowed::Allowed, key};

/// Reads the version from the package of a gRPC service: `/example.tasks.v1.Tasks/List`.
///
/// It looks at gRPC requests only, and only at services in the package that it is told; health
/// checks and reflection, which have versions of their own, go through. A version that there is
/// not is `UNIMPLEMENTED`, as a service that there is not. For a version in the metadata there is
/// [`HeaderVersioning`](crate::HeaderVersioning).
///
/// ```
/// use gatefold_versioning::{GrpcPackageVersioning, Versioning};
///
/// let scheme = GrpcPackageVersioning::new("example.tasks", ["v1", "v2"]);
/// let request = http::Request::post("/example.tasks.v2.Tasks/List")
///     .header("content-type", "application/grpc");
/// let (head, ()) = request.body(())?.into_parts();
/// assert_eq!(scheme.determine_version(&head)?.expect("a version").as_str(), "v2");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct GrpcPackageVersioning {
    allowed: Allowed,
    /// `/package.`
    prefix: Box<str>,
}

impl GrpcPackageVersioning {
    /// Supports these versions of `package`, which is named without them. No version at all means
    /// every one.
    pub fn new(package: impl AsRef<str>, versions: impl Into<Supported>) -> Self {
        Self {
            allowed: Allowed::new(versions),
            prefix: format!("/{}.", package.as_ref().trim_matches('.')).into(),
        }
    }

    /// Takes this version for a service of another package. It is supported by that.
    pub fn default_version(mut self, version: impl Into<Arc<str>>) -> Self {
        self.allowed.set_default(version);
        self
    }

    /// What the path of a gRPC request says.
    pub fn read<'a>(&self, path: &'a str) -> Reading<'a> {
        let rest = path.strip_prefix(&*self.prefix).unwrap_or_default();
        // The version, the service, the method.
        let end = key::position(rest.as_bytes(), *b"./.").filter(|end| {
            let after = &rest.as_bytes()[*end..];
            after[0] == b'.' && after.contains(&b'/')
        });
        end.map_or(Reading::Nothing, |end| Reading::of(&rest[..end]))
    }
}

impl Versioning for GrpcPackageVersioning {
    fn determine_version(&self, head: &Parts) -> Result<Option<Version>, Exception> {
        let reading = self.read(head.uri.path());
        if reading == Reading::Nothing || !is_grpc(&head.headers) {
            return Ok(None);
        }
        self.allowed.check(reading, refusal)
    }

    fn missing_version(&self) -> Result<Option<Version>, Exception> {
        Ok(self.allowed.default_version())
    }

    fn supported_versions(&self) -> Vec<Version> {
        self.allowed.named_versions()
    }
}

fn refusal() -> Exception {
    Exception::not_found().with_detail("Invalid version in gRPC package.")
}

#[cfg(test)]
mod tests {
    use gatefold_core::GrpcCode;
    use http::Request;

    use super::*;

    fn scheme() -> GrpcPackageVersioning {
        GrpcPackageVersioning::new("example.tasks", ["v1"])
    }

    #[test]
    fn the_part_after_the_package_is_the_version() {
        assert_eq!(
            scheme().read("/example.tasks.v1.Tasks/List"),
            Reading::of("v1")
        );
        for path in [
            "/example.tasks.Tasks/List",
            "/example.tasksv1.Tasks/List",
            "/grpc.health.v1.Health/Check",
            "/example.tasks.v1.Tasks",
            "example.tasks.v1.Tasks/List",
            "",
        ] {
            assert_eq!(scheme().read(path), Reading::Nothing, "{path}");
        }
    }

    #[test]
    fn only_grpc_requests_are_read_and_an_unknown_version_is_unimplemented() {
        let request = Request::post("/example.tasks.v2.Tasks/List");
        let (mut head, ()) = request.body(()).expect("a request").into_parts();
        assert!(matches!(scheme().determine_version(&head), Ok(None)));
        let grpc = "application/grpc".parse().expect("a value");
        head.headers.insert("content-type", grpc);
        let refused = scheme().determine_version(&head).expect_err("refused");
        assert_eq!(refused.grpc_code(), GrpcCode::Unimplemented);
    }
}
