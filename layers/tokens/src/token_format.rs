use std::{borrow::Cow, error::Error, fmt};

use gatefold_core::Exception;

use crate::{Digest, random};

/// Letters and digits of the secret part: 43 times 5.954 bits.
const SECRET: usize = 43;
const CHECKSUM: usize = 6;

/// How new opaque tokens look: `<prefix>_<secret><checksum>`.
///
/// The prefix tells people and secret scanners what they have found; the secret is 43 random
/// letters and digits, 256 bits; the checksum, six letters and digits of a CRC-32, lets a scanner
/// tell a token from its like without asking anybody.
///
/// ```
/// use gatefold_tokens::TokenFormat;
///
/// let format = TokenFormat::new("acme")?;
/// let token = format.generate()?;
/// assert!(token.reveal().starts_with("acme_"));
/// assert!(format.fits(token.reveal()));
/// assert!(!format.fits("acme_not-one-of-ours"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct TokenFormat {
    prefix: Cow<'static, str>,
}

impl TokenFormat {
    /// Tokens that begin with `prefix` and an underscore.
    ///
    /// # Errors
    ///
    /// If `prefix` is empty, longer than 32 bytes or holds anything but ASCII letters, digits,
    /// hyphens and underscores.
    pub fn new(prefix: impl Into<Cow<'static, str>>) -> Result<Self, TokenFormatError> {
        let prefix = prefix.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if (1..=32).contains(&prefix.len()) && prefix.bytes().all(plain) {
            return Ok(Self { prefix });
        }
        Err(TokenFormatError {
            given: prefix.into_owned(),
        })
    }

    /// A new token, of 256 bits from the operating system.
    ///
    /// # Errors
    ///
    /// 503 where the operating system has no random bytes.
    pub fn generate(&self) -> Result<OpaqueToken, Exception> {
        let mut text = format!("{}_{}", self.prefix, random::letters(SECRET)?);
        let sum = random::six_letters(crc32(text.as_bytes()));
        text.extend(sum.map(char::from));
        Ok(OpaqueToken { text })
    }

    /// Whether `text` has this form: prefix, length and checksum. It says nothing about whether
    /// such a token was ever issued.
    pub fn fits(&self, text: &str) -> bool {
        let secret = text
            .strip_prefix(&*self.prefix)
            .and_then(|rest| rest.strip_prefix('_'));
        let Some(secret) = secret.filter(|secret| secret.len() == SECRET + CHECKSUM) else {
            return false;
        };
        let (summed, sum) = text.as_bytes().split_at(text.len() - CHECKSUM);
        secret.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && sum == random::six_letters(crc32(summed))
    }
}

/// The prefix `gf`.
impl Default for TokenFormat {
    fn default() -> Self {
        Self {
            prefix: Cow::Borrowed("gf"),
        }
    }
}

/// A token in the clear, as it is given to its owner once and kept nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct OpaqueToken {
    text: String,
}

impl OpaqueToken {
    /// A secret of so many random letters and digits, and nothing else.
    pub(crate) fn letters(length: usize) -> Result<Self, Exception> {
        Ok(Self {
            text: random::letters(length)?,
        })
    }

    /// The token itself: the secret.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What is kept of it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.text)
    }
}

impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpaqueToken").finish_non_exhaustive()
    }
}

/// A prefix that tokens cannot begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFormatError {
    given: String,
}

impl fmt::Display for TokenFormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { given } = self;
        write!(
            f,
            "tokens cannot begin with {given:?}: wanted are 1 to 32 ASCII letters, digits, hyphens and underscores"
        )
    }
}

impl Error for TokenFormatError {}

/// CRC-32 as in ISO 3309 and zip files. Tokens are made seldom, so it needs no table.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let low = crc & 1;
            crc = (crc >> 1) ^ (0xEDB8_8320 * low);
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_checksum_is_crc_32() {
        // The check value of the catalogues.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn no_two_tokens_are_alike_and_none_is_shown() {
        let format = TokenFormat::default();
        let (one, two) = (format.generate(), format.generate());
        let (one, two) = (one.expect("random"), two.expect("random"));
        assert_ne!(one, two);
        assert_ne!(one.digest(), two.digest());
        assert_eq!(one.reveal().len(), "gf_".len() + SECRET + CHECKSUM);
        assert_eq!(format!("{one:?}"), "OpaqueToken { .. }");
        assert!(!TokenFormat::new("other").expect("plain").fits(one.reveal()));
    }

    #[test]
    fn a_prefix_is_plain() {
        for given in ["", "a b", "a\"", "\u{e9}", &"a".repeat(33)] {
            let error = TokenFormat::new(given.to_owned()).expect_err(given);
            assert!(error.to_string().contains(&format!("{given:?}")), "{error}");
        }
        assert!(TokenFormat::new("acme-live_2").is_ok());
    }

    proptest! {
        #[test]
        fn a_changed_letter_is_found(place in 0..52_usize, letter in "[0-9A-Za-z]") {
            let format = TokenFormat::default();
            let token = format.generate().expect("random").reveal().to_owned();
            prop_assert!(format.fits(&token));
            let mut changed = token.clone();
            changed.replace_range(place..=place, &letter);
            prop_assert_eq!(format.fits(&changed), changed == token);
        }

        #[test]
        fn any_text_fits_or_does_not(text in any::<String>()) {
            prop_assert!(!TokenFormat::default().fits(&text));
            let prefixed = format!("gf_{text}");
            prop_assert!(!TokenFormat::default().fits(&prefixed));
        }
    }
}
