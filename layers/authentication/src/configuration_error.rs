use std::{error::Error, fmt};

use http::{HeaderName, HeaderValue};

/// A word that HTTP does not let an authentication say or listen to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationError {
    kind: ConfigurationErrorKind,
    given: String,
}

/// What kind of word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigurationErrorKind {
    /// A realm may hold printable ASCII characters and spaces.
    Realm,
    /// A keyword is a scheme name: one or more token characters (RFC 9110, section 5.6.2).
    Keyword,
    /// A header name is one or more token characters. An underscore is none here: proxies change
    /// it, drop it or take it for a hyphen.
    Header,
    /// A cookie's name is one or more token characters, and its domain is a host's name. A name
    /// that begins with `__Host-` has no domain and needs https; one with `__Secure-` needs https.
    Cookie,
    /// An origin is a scheme, a host and perhaps a port: `https://example.com:8443`.
    Origin,
}

impl ConfigurationError {
    /// What kind of word it is.
    pub fn kind(&self) -> ConfigurationErrorKind {
        self.kind
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, given } = self;
        match kind {
            ConfigurationErrorKind::Realm => write!(
                f,
                "the realm {given:?} cannot be written into a challenge: only printable ASCII characters and spaces can"
            ),
            ConfigurationErrorKind::Keyword => write!(
                f,
                "the keyword {given:?} is no scheme name: wanted are letters, digits and !#$%&'*+-.^_`|~, at least one"
            ),
            ConfigurationErrorKind::Header => write!(
                f,
                "{given:?} is no header name to rely on: wanted are letters, digits and !#$%&'*+-.^`|~, at least one"
            ),
            ConfigurationErrorKind::Cookie => write!(
                f,
                "{given:?} cannot be said of the cookie: wanted are a name of letters, digits and !#$%&'*+-.^_`|~, or a host's name for the domain; `__Host-` allows no domain, and needs https as `__Secure-` does"
            ),
            ConfigurationErrorKind::Origin => write!(
                f,
                "{given:?} is no origin to trust: wanted is a scheme, a host and perhaps a port, as `https://example.com:8443`"
            ),
        }
    }
}

impl Error for ConfigurationError {}

/// `text` as a quoted string (RFC 9110, section 5.6.4), for a realm.
pub(crate) fn quoted(text: &str) -> Result<String, ConfigurationError> {
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(ConfigurationError {
            kind: ConfigurationErrorKind::Realm,
            given: text.to_owned(),
        });
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    Ok(quoted)
}

/// The challenge that is `keyword` alone.
pub(crate) fn keyword(keyword: &str) -> Result<HeaderValue, ConfigurationError> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    match HeaderValue::from_str(keyword) {
        Ok(challenge) if !keyword.is_empty() && keyword.bytes().all(is_token) => Ok(challenge),
        _ => Err(ConfigurationError {
            kind: ConfigurationErrorKind::Keyword,
            given: keyword.to_owned(),
        }),
    }
}

/// The header of this name.
pub(crate) fn header(name: &str) -> Result<HeaderName, ConfigurationError> {
    match HeaderName::try_from(name) {
        Ok(header) if !name.contains('_') => Ok(header),
        _ => Err(ConfigurationError {
            kind: ConfigurationErrorKind::Header,
            given: name.to_owned(),
        }),
    }
}

/// The error of a cookie's name or domain.
#[cfg(feature = "sessions")]
pub(crate) fn cookie(given: &str) -> ConfigurationError {
    ConfigurationError {
        kind: ConfigurationErrorKind::Cookie,
        given: given.to_owned(),
    }
}

/// The error of an origin.
pub(crate) fn origin(given: &str) -> ConfigurationError {
    ConfigurationError {
        kind: ConfigurationErrorKind::Origin,
        given: given.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_error_says_what_was_given_and_what_is_wanted() {
        let error = quoted("a\r\nSet-Cookie: b").expect_err("two lines");
        assert_eq!(error.kind(), ConfigurationErrorKind::Realm);
        assert_eq!(
            error.to_string(),
            "the realm \"a\\r\\nSet-Cookie: b\" cannot be written into a challenge: only printable ASCII characters and spaces can"
        );
        for given in ["", "My Token", "Token,", "T\u{f6}ken", "a\"b", "a\n"] {
            let error = keyword(given).expect_err("no token");
            assert_eq!(error.kind(), ConfigurationErrorKind::Keyword);
            assert!(error.to_string().contains(&format!("{given:?}")));
        }
        for given in ["", "x key", "x_key", "x-k\u{e9}y"] {
            let error = header(given).expect_err("no name");
            assert_eq!(error.kind(), ConfigurationErrorKind::Header);
            assert!(error.to_string().contains(&format!("{given:?}")));
        }
        assert_eq!(header("X-Key").expect("a name"), "x-key");
    }

    proptest! {
        #[test]
        fn a_quoted_realm_reads_back(realm in "[ -~]{0,40}") {
            let quoted = quoted(&realm).expect("printable");
            let inner = &quoted[1..quoted.len() - 1];
            let mut read = String::new();
            let mut characters = inner.chars();
            while let Some(character) = characters.next() {
                prop_assert_ne!(character, '"', "the string ends early: {}", quoted);
                let character = if character == '\\' { characters.next() } else { Some(character) };
                read.extend(character);
            }
            prop_assert_eq!(read, realm);
        }

        #[test]
        fn any_realm_is_a_header_value_or_an_error(realm in any::<String>()) {
            if let Ok(quoted) = quoted(&realm) {
                prop_assert!(http::HeaderValue::try_from(quoted).is_ok());
            }
        }
    }
}
