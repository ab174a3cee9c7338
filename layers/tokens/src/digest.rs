use std::{error::Error, fmt, str::FromStr};

use sha2::{Digest as _, Sha256};

/// What is kept of a secret: its SHA-256 digest.
///
/// For secrets of at least 128 random bits, which an [`OpaqueToken`](crate::OpaqueToken) is: nobody
/// finds such a secret by guessing, so neither salt nor slow hashing adds anything, and a stolen
/// table of digests opens nothing. Looking one up needs no comparison in constant time either: what
/// the time tells is about a digest, of which no one knows a secret. Passwords are another matter
/// ([`Passwords`](crate::Passwords)).
///
/// ```
/// use gatefold_tokens::Digest;
///
/// let digest = Digest::of("9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b");
/// let column = digest.to_string();
/// assert_eq!(column.len(), 64);
/// assert_eq!(column.parse::<Digest>()?, digest);
/// # Ok::<_, gatefold_tokens::DigestError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a secret.
    pub fn of(secret: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// The digest of several texts under a key: what a cache may keep of secrets that can be
    /// guessed. Each part's length is digested before it, so that no two lists of parts are alike.
    pub fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        digest.update(key);
        for part in parts {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }

    /// A digest that was kept as bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest's bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// 64 lower-case hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Digest").finish_non_exhaustive()
    }
}

/// Reads 64 hexadecimal digits, in either case.
impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(DigestError(()));
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |digit: u8| char::from(digit).to_digit(16).ok_or(DigestError(()));
            let value = digit(pair[0])? * 16 + digit(pair[1])?;
            *byte = u8::try_from(value).map_err(|_| DigestError(()))?;
        }
        Ok(Self(bytes))
    }
}

/// A text that is no digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestError(());

// What was given is not repeated: it may be the secret itself, in the wrong column.
impl fmt::Display for DigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what was given is no digest: wanted are 64 hexadecimal digits")
    }
}

impl Error for DigestError {}

#[cfg(feature = "serde")]
impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of("abc").to_string(), hex);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let key = [7; 32];
        let one = Digest::keyed(&key, &[b"ab", b"c"]);
        assert_ne!(one, Digest::keyed(&key, &[b"a", b"bc"]));
        assert_ne!(one, Digest::keyed(&key, &[b"abc"]));
        assert_ne!(one, Digest::keyed(&[8; 32], &[b"ab", b"c"]));
        assert_eq!(one, Digest::keyed(&key, &[b"ab", b"c"]));
    }

    #[test]
    fn what_is_no_digest_is_not_repeated() {
        for text in [
            "",
            "abc",
            &"g".repeat(64),
            &"\u{e9}".repeat(32),
            &"0".repeat(65),
        ] {
            let error = text.parse::<Digest>().expect_err(text);
            assert!(error.to_string().contains("64 hexadecimal digits"));
        }
        assert_eq!(format!("{:?}", Digest::of("abc")), "Digest(..)");
    }

    proptest! {
        #[test]
        fn a_digest_reads_back(bytes in any::<[u8; 32]>()) {
            let digest = Digest::from_bytes(bytes);
            prop_assert_eq!(digest.to_string().parse(), Ok(digest));
            prop_assert_eq!(digest.to_string().to_uppercase().parse(), Ok(digest));
        }
    }
}
