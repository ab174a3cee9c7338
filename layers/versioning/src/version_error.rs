use std::{error::Error, fmt};

/// A text that is no version of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionError {
    given: Box<str>,
    wanted: &'static str,
}

impl VersionError {
    /// `given` is no version; `wanted` says what is, after the words «wanted is».
    pub fn new(given: impl Into<Box<str>>, wanted: &'static str) -> Self {
        Self {
            given: given.into(),
            wanted,
        }
    }
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { given, wanted } = self;
        write!(f, "{given:?} is no version: wanted is {wanted}")
    }
}

impl Error for VersionError {}
