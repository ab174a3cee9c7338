use std::{error::Error, fmt, sync::Arc};

use gatefold_core::Exception;

/// Makes slow, salted hashes of passwords in one format, and reads them.
///
/// Both take long on purpose: never call them on an async thread. Most applications use the one of
/// [`Passwords`](crate::Passwords), which reads several formats.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hash passwords",
    label = "not a `PasswordHasher`",
    note = "`Argon2Hasher` (feature `argon2`) and `Pbkdf2Hasher` (feature `pbkdf2`) do"
)]
pub trait PasswordHasher: Send + Sync + 'static {
    /// A hash of `password` with a new salt, as the text that is stored.
    ///
    /// # Errors
    ///
    /// If the operating system has no random bytes, or no memory is left.
    fn hash(&self, password: &str) -> Result<String, PasswordError>;

    /// Whether `hash` is one of `password`; `None` where it is of another format.
    fn verify(&self, password: &str, hash: &str) -> Option<PasswordCheck>;
}

impl<T: PasswordHasher + ?Sized> PasswordHasher for Arc<T> {
    fn hash(&self, password: &str) -> Result<String, PasswordError> {
        (**self).hash(password)
    }

    fn verify(&self, password: &str, hash: &str) -> Option<PasswordCheck> {
        (**self).verify(password, hash)
    }
}

/// What a password is found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum PasswordCheck {
    /// It is not the password.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password, and its hash is of a kind that is no longer made: it should be replaced
    /// while the password is at hand.
    Outdated,
}

impl PasswordCheck {
    /// Whether it is the password, whatever its hash.
    pub fn is_right(self) -> bool {
        matches!(self, Self::Right | Self::Outdated)
    }
}

/// A password that could not be hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordError {
    why: String,
}

impl PasswordError {
    /// A failure, in words for the log.
    pub fn new(why: impl fmt::Display) -> Self {
        Self {
            why: why.to_string(),
        }
    }
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the password cannot be hashed: {}", self.why)
    }
}

impl Error for PasswordError {}

/// 503.
impl From<PasswordError> for Exception {
    fn from(error: PasswordError) -> Self {
        Self::unavailable(error)
    }
}
