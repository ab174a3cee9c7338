use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderValue, StatusCode};

use crate::{
    allowed::SUPPORTED,
    stage,
    usage::{Listener, Usage},
};

/// What an answer says about its version: headers that are added to it.
///
/// [`Versioning::life_cycle`](crate::Versioning::life_cycle) gives it.
#[derive(Default)]
pub struct Notice {
    fields: Option<Arc<HeaderMap>>,
    supported: Option<HeaderValue>,
    usage: Option<Box<Usage>>,
    listener: Option<Listener>,
}

impl Notice {
    /// Adds these headers, but for those that the answer has already. `Link` is added in any case.
    pub fn new(fields: impl Into<Arc<HeaderMap>>) -> Self {
        Self {
            fields: Some(fields.into()),
            ..Self::default()
        }
    }

    /// Adds `api-supported-versions` too.
    pub(crate) fn supported(mut self, value: Option<HeaderValue>) -> Self {
        self.supported = value.or(self.supported);
        self
    }

    /// Tells `listener` of the use when the answer is there.
    pub(crate) fn usage(mut self, usage: Usage, listener: Option<Listener>) -> Self {
        self.usage = Some(Box::new(usage));
        self.listener = listener;
        self
    }

    pub(crate) fn give(self, status: StatusCode, headers: &mut HeaderMap) {
        if let Some(fields) = &self.fields {
            stage::add(fields, headers);
        }
        if let Some(supported) = self.supported {
            headers.insert(SUPPORTED, supported);
        }
        if let Some(usage) = self.usage {
            usage.end(status, self.listener.as_ref());
        }
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice")
            .field("fields", &self.fields)
            .field("supported", &self.supported)
            .finish_non_exhaustive()
    }
}
