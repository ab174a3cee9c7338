use std::{sync::Arc, time::SystemTime};

use crate::Token;

/// What a token is issued for: a user, perhaps a device, perhaps some scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct NewToken {
    user: Arc<str>,
    device: Option<Arc<str>>,
    scopes: Vec<Box<str>>,
}

impl NewToken {
    /// A token of the user with this id.
    pub fn of(user: impl Into<Arc<str>>) -> Self {
        Self {
            user: user.into(),
            device: None,
            scopes: Vec::new(),
        }
    }

    /// Names the device that the token is for, so that its owner can tell it from others.
    pub fn device(mut self, device: impl Into<Arc<str>>) -> Self {
        self.device = Some(device.into());
        self
    }

    /// Replaces the scopes: what the token may be used for.
    pub fn scopes<I>(mut self, scopes: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    pub(crate) fn into_token(self, id: String, created: SystemTime) -> Token {
        let token = Token::new(id, self.user, created).with_scopes(self.scopes);
        match self.device {
            Some(device) => token.with_device(device),
            None => token,
        }
    }
}
