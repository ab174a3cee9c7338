use std::{sync::Arc, time::SystemTime};

/// What is known of the credential that proved an [`Identity`](crate::Identity).
///
/// Django REST Framework's `request.auth`. It never holds the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    id: Arc<str>,
    device: Option<Arc<str>>,
    created: Option<SystemTime>,
    expires: Option<SystemTime>,
}

impl Credential {
    /// A credential by an id that is no secret: a row's key, a `jti`.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self {
            id: id.into(),
            device: None,
            created: None,
            expires: None,
        }
    }

    /// Names the device that the credential was given to.
    #[must_use]
    pub fn with_device(mut self, device: impl Into<Arc<str>>) -> Self {
        self.device = Some(device.into());
        self
    }

    /// When the credential was made, by the wall clock.
    #[must_use]
    pub fn with_created(mut self, created: SystemTime) -> Self {
        self.created = Some(created);
        self
    }

    /// When the credential ends, by the wall clock.
    #[must_use]
    pub fn with_expires(mut self, expires: SystemTime) -> Self {
        self.expires = Some(expires);
        self
    }

    /// The credential's id. No secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The device that the credential was given to.
    pub fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    /// When the credential was made.
    pub fn created(&self) -> Option<SystemTime> {
        self.created
    }

    /// When the credential ends.
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }
}
