use std::{borrow::Cow, time::Duration};

use http::HeaderValue;

use crate::{ConfigurationError, configuration_error};

/// How the cookie is called and where browsers send it (RFC 6265, section 4.1).
#[derive(Clone, Debug)]
pub(crate) struct SessionCookie {
    name: Cow<'static, str>,
    domain: Option<Box<str>>,
    insecure: bool,
}

impl SessionCookie {
    pub(crate) fn new() -> Self {
        Self {
            name: Cow::Borrowed("__Host-session"),
            domain: None,
            insecure: false,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn with_name(mut self, name: Cow<'static, str>) -> Result<Self, ConfigurationError> {
        self.name = name;
        self.checked()
    }

    pub(crate) fn with_domain(mut self, domain: &str) -> Result<Self, ConfigurationError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        if domain.is_empty() || !domain.bytes().all(plain) {
            return Err(configuration_error::cookie(domain));
        }
        self.domain = Some(domain.into());
        self.checked()
    }

    pub(crate) fn insecure(mut self) -> Result<Self, ConfigurationError> {
        self.insecure = true;
        self.checked()
    }

    /// Browsers drop a cookie that does not keep what its name promises (RFC 6265bis, section
    /// 4.1.3).
    fn checked(self) -> Result<Self, ConfigurationError> {
        let begins = |prefix: &str| {
            let start = self.name.as_bytes().get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let named = !self.name.is_empty() && self.name.bytes().all(token);
        let host = !begins("__Host-") || (self.domain.is_none() && !self.insecure);
        if named && host && !(begins("__Secure-") && self.insecure) {
            return Ok(self);
        }
        Err(configuration_error::cookie(&self.name))
    }

    /// The cookie with this value, for so long. No time deletes it.
    pub(crate) fn set(&self, value: &str, age: Duration) -> Option<HeaderValue> {
        self.write(&self.name, value, age, "; HttpOnly")
    }

    /// A cookie of another name, for the same places, which pages can read.
    pub(crate) fn set_readable(&self, name: &str, value: &str) -> Option<HeaderValue> {
        let year = Duration::from_secs(365 * 24 * 60 * 60);
        self.write(name, value, year, "")
    }

    fn write(&self, name: &str, value: &str, age: Duration, only: &str) -> Option<HeaderValue> {
        let secure = if self.insecure { "" } else { "; Secure" };
        let age = age.as_secs();
        let mut text = format!("{name}={value}; Path=/; Max-Age={age}{only}{secure}; SameSite=Lax");
        if let Some(domain) = &self.domain {
            text.push_str("; Domain=");
            text.push_str(domain);
        }
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// Whether this line sets or deletes the cookie.
    pub(crate) fn is_in(&self, line: &HeaderValue) -> bool {
        let rest = line.as_bytes().strip_prefix(self.name.as_bytes());
        rest.is_some_and(|rest| rest.starts_with(b"="))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_for_this_host_https_and_no_script() {
        let cookie = SessionCookie::new();
        let line = cookie
            .set("abc", Duration::from_secs(60))
            .expect("a header");
        assert_eq!(
            line,
            "__Host-session=abc; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax"
        );
        assert!(line.is_sensitive() && cookie.is_in(&line));
        let other = cookie
            .with_name("sid".into())
            .and_then(|cookie| cookie.with_domain("example.com"));
        let other = other.expect("a name and a domain");
        assert!(!other.is_in(&line));
        assert_eq!(
            other.set("", Duration::ZERO).expect("a header"),
            "sid=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax; Domain=example.com"
        );
    }

    #[test]
    fn a_name_keeps_its_promise() {
        let named = |name: &'static str| SessionCookie::new().with_name(name.into());
        assert!(SessionCookie::new().with_domain("example.com").is_err());
        assert!(SessionCookie::new().insecure().is_err());
        assert!(
            named("__Secure-id")
                .and_then(|c| c.with_domain("example.com"))
                .is_ok()
        );
        assert!(
            named("__secure-id")
                .and_then(SessionCookie::insecure)
                .is_err()
        );
        assert!(named("sid").and_then(SessionCookie::insecure).is_ok());
        let late = named("sid").and_then(|c| c.with_domain("example.com"));
        assert!(late.and_then(|c| c.with_name("__host-id".into())).is_err());
        for name in ["", "a b", "a;b", "a=b", "\u{e9}"] {
            let error = named(name).expect_err(name).to_string();
            assert!(error.contains(&format!("{name:?}")), "{error}");
        }
        assert!(
            named("sid")
                .and_then(|c| c.with_domain("a; HttpOnly"))
                .is_err()
        );
    }
}
