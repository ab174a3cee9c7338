use std::{error::Error, fmt};

/// A key, or a set of keys, that nothing may be verified or signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtKeyError {
    kind: JwtKeyErrorKind,
    about: String,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtKeyErrorKind {
    /// It cannot be read in the form that was named, or its numbers are no key.
    Unreadable,
    /// It is shorter than its algorithm allows (RFC 7518, sections 3.2 and 3.3), or longer than
    /// 8192 bits.
    Strength,
    /// It does not belong to the algorithm: another kind of key, or another curve.
    Algorithm,
    /// It is not for verifying signatures (`use`, `key_ops`).
    Use,
    /// Two keys of one kind have the same `kid`.
    DuplicateKid,
    /// No key is left.
    Empty,
}

impl JwtKeyError {
    pub(crate) fn new(kind: JwtKeyErrorKind, about: impl Into<String>) -> Self {
        let about = about.into();
        Self { kind, about }
    }

    /// Why not.
    pub fn kind(&self) -> JwtKeyErrorKind {
        self.kind
    }
}

// The key itself is never repeated.
impl fmt::Display for JwtKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.about)
    }
}

impl Error for JwtKeyError {}
