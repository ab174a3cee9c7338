use std::{fmt, sync::Arc};

use gatefold_core::{Identity, Outward, Version, original_uri};
use http::{HeaderValue, Method, StatusCode, Uri, header::USER_AGENT, request::Parts};

/// One answered request for a deprecated version: what, and by whom.
///
/// [`LifeCycle::on_use`](crate::LifeCycle::on_use) is told of each.
pub struct Usage {
    version: Version,
    method: Method,
    uri: Uri,
    user_agent: Option<HeaderValue>,
    outward: Option<Outward>,
    status: StatusCode,
}

/// Who wants to know.
pub(crate) type Listener = Arc<dyn Fn(&Usage) + Send + Sync>;

impl Usage {
    /// Notes what is known on the way in, and leaves cells in the request for who calls: versions
    /// are read before callers are.
    pub(crate) fn begin(version: Version, head: &mut Parts) -> Self {
        let outward = Outward::leave(&mut head.extensions);
        Self {
            outward: Some(outward),
            ..Self::refused(version, head)
        }
    }

    /// A request that goes no further.
    pub(crate) fn refused(version: Version, head: &Parts) -> Self {
        Self {
            version,
            method: head.method.clone(),
            uri: original_uri(head).clone(),
            user_agent: head.headers.get(USER_AGENT).cloned(),
            outward: None,
            status: StatusCode::GONE,
        }
    }

    pub(crate) fn end(mut self, status: StatusCode, listener: Option<&Listener>) {
        self.status = status;
        log(&self);
        if let Some(listener) = listener {
            listener(&self);
        }
    }

    /// The version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path, as the client sent it.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// Who called, where an authentication further in found that out.
    pub fn identity(&self) -> Option<&Identity> {
        self.outward.as_ref()?.identity()
    }

    /// The client's program, as it calls itself (RFC 9110, section 10.1.5).
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_ref()?.to_str().ok()
    }

    /// The answer's status; 410 where the version's time was over.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Usage")
            .field("version", &self.version)
            .field("method", &self.method)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Whether anybody reads the events.
#[cfg(feature = "tracing")]
pub(crate) fn is_logged() -> bool {
    tracing::enabled!(tracing::Level::INFO)
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn is_logged() -> bool {
    false
}

// The path and no query: a query may hold what is nobody's business.
#[cfg(feature = "tracing")]
fn log(usage: &Usage) {
    tracing::info!(
        version = usage.version().as_str(),
        method = usage.method().as_str(),
        path = usage.path(),
        identity = usage.identity().map(Identity::id),
        user_agent = usage.user_agent(),
        status = usage.status().as_u16(),
        "a deprecated version was used"
    );
}

#[cfg(not(feature = "tracing"))]
fn log(_: &Usage) {}
