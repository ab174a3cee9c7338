use gatefold_core::{Peer, TrustedProxies};
use http::{
    HeaderName, Method, Uri,
    header::{ORIGIN, REFERER},
    request::Parts,
};

use crate::{
    cookies::{self, Said},
    csrf_field::CsrfField,
    csrf_mask::{SECRET, plain, same},
    origin::Trusted,
};

static X_CSRFTOKEN: HeaderName = HeaderName::from_static("x-csrftoken");

/// Django's way: a secret in a cookie, which the request repeats elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct DjangoToken {
    cookie: &'static str,
}

/// A reason, in Django's words.
type Reason = String;

impl DjangoToken {
    pub(crate) fn new() -> Self {
        Self {
            cookie: "csrftoken",
        }
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn cookie(&self) -> &'static str {
        self.cookie
    }

    /// Why the request is refused.
    pub(crate) fn reason(
        &self,
        head: &Parts,
        trusted: &[Trusted],
        proxies: &TrustedProxies,
    ) -> Option<Reason> {
        let safe = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE];
        if safe.contains(&head.method) {
            return None;
        }
        let peer = proxies.peer(head);
        let origin = match joined(head, &ORIGIN) {
            Some(origin) => bad_origin(&origin, &peer, trusted),
            None if peer.is_https() => bad_referer(head, &peer, trusted),
            None => None,
        };
        origin.or_else(|| self.bad_token(head))
    }

    fn bad_token(&self, head: &Parts) -> Option<Reason> {
        let secret = match self.secret(head) {
            Ok(Some(secret)) => secret,
            Ok(None) => return Some("CSRF cookie not set.".to_owned()),
            Err(why) => return Some(format!("CSRF cookie {why}.")),
        };
        let field = match head.method {
            Method::POST => CsrfField::of(&head.extensions).filter(|field| !field.is_empty()),
            _ => None,
        };
        let header = joined(head, &X_CSRFTOKEN);
        let (token, from) = match (field, &header) {
            // A wrong field is not saved by a good header.
            (Some(field), _) => (field, "POST"),
            (None, Some(header)) => (&**header, "the 'X-Csrftoken' HTTP header"),
            (None, None) => return Some("CSRF token missing.".to_owned()),
        };
        let why = match plain(token.as_bytes()) {
            Ok(token) if same(&token, &secret) => return None,
            Ok(_) => "incorrect",
            Err(why) => why,
        };
        Some(format!("CSRF token from {from} {why}."))
    }

    /// The secret in the cookie.
    pub(crate) fn secret(&self, head: &Parts) -> Result<Option<[u8; SECRET]>, &'static str> {
        match cookies::read(head, self.cookie) {
            Said::Nothing => Ok(None),
            Said::Several => Err("is there twice"),
            Said::Value(value) => plain(value).map(Some),
        }
    }
}

/// All lines of a header as Django sees them: one text.
fn joined(head: &Parts, name: &HeaderName) -> Option<String> {
    let lines = head.headers.get_all(name).iter();
    let lines: Vec<String> = lines
        .map(|line| line.as_bytes().iter().copied().map(char::from).collect())
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

fn bad_origin(origin: &str, peer: &Peer, trusted: &[Trusted]) -> Option<Reason> {
    let own = peer.host().is_some_and(|host| {
        let rest = origin.strip_prefix(peer.scheme());
        rest.and_then(|rest| rest.strip_prefix("://")) == Some(host)
    });
    let trusted = || {
        trusted.iter().any(|trusted| match &trusted.origin {
            Some(_) => *trusted.written == *origin,
            None => origin.split_once("://").is_some_and(|(scheme, host)| {
                scheme == trusted.scheme() && fits(host, trusted.pattern())
            }),
        })
    };
    match own || trusted() {
        true => None,
        false => Some(format!(
            "Origin checking failed - {origin} does not match any trusted origins."
        )),
    }
}

fn bad_referer(head: &Parts, peer: &Peer, trusted: &[Trusted]) -> Option<Reason> {
    let failed = |why: &str| Some(format!("Referer checking failed - {why}"));
    let Some(referer) = joined(head, &REFERER) else {
        return failed("no Referer.");
    };
    let (scheme, host) = match referer.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            (scheme, &rest[..end])
        }
        None => ("", ""),
    };
    let words = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    if scheme.is_empty() || host.is_empty() || !scheme.bytes().all(words) {
        return failed("Referer is malformed.");
    }
    // Brackets that do not close, which Django's parser cannot read either.
    if host.contains(['[', ']']) && host.parse::<Uri>().is_err() {
        return failed("Referer is malformed.");
    }
    if !scheme.eq_ignore_ascii_case("https") {
        return failed("Referer is insecure while host is secure.");
    }
    let good = trusted.iter().any(|trusted| fits(host, trusted.pattern()))
        || peer.host().is_some_and(|own| fits(host, own));
    match good {
        true => None,
        false => failed(&format!("{referer} does not match any trusted origins.")),
    }
}

/// Django's `is_same_domain`: a pattern that begins with a dot is a domain and all below it.
fn fits(host: &str, pattern: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    match pattern.strip_prefix('.') {
        Some(domain) => host == domain || host.ends_with(&pattern),
        None => !pattern.is_empty() && host == pattern,
    }
}

#[cfg(test)]
mod tests {
    use gatefold_core::Connection;
    use http::Request;

    use crate::Csrf;

    use super::*;

    const PLAIN: &str = "csrfsecretABCDEFGHIJKLMNOPQRSTUV";

    /// The reason for a POST with the cookie and these headers and field.
    fn reason(https: bool, cookie: &str, headers: &[(&str, &str)], field: Option<&str>) -> String {
        reason_for("POST", https, cookie, headers, field)
    }

    fn reason_for(
        method: &str,
        https: bool,
        cookie: &str,
        headers: &[(&str, &str)],
        field: Option<&str>,
    ) -> String {
        let request = Request::builder().method(method).uri("/");
        let mut request = request
            .header("host", "example.com")
            .header("cookie", cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut head = request.body(()).expect("a request").into_parts().0;
        Connection::new(([192, 0, 2, 1], 80).into())
            .https(https)
            .leave(&mut head.extensions);
        if let Some(field) = field {
            CsrfField::new(field).leave(&mut head.extensions);
        }
        let csrf = Csrf::django().trusted_origin("https://trusted.example.com");
        let csrf = csrf.and_then(|csrf| csrf.trusted_origin("https://*.wild.example.com"));
        match csrf.expect("origins").check(&head) {
            Ok(()) => String::new(),
            Err(refused) => {
                assert_eq!(
                    (refused.status().as_u16(), refused.code()),
                    (403, "permission_denied")
                );
                let detail = refused.detail().text().unwrap_or_default();
                detail
                    .strip_prefix("CSRF Failed: ")
                    .expect("so it begins")
                    .to_owned()
            }
        }
    }

    #[test]
    fn the_reasons_are_djangos() {
        let cookie = &format!("csrftoken={PLAIN}");
        let token = |token| vec![("x-csrftoken", token)];
        let header = "CSRF token from the 'X-Csrftoken' HTTP header";
        let short_header = format!("{header} has incorrect length.");
        let odd_header = format!("{header} has invalid characters.");
        let wrong_header = format!("{header} incorrect.");
        for (cookie, headers, field, wanted) in [
            ("a=1", token(PLAIN), None, "CSRF cookie not set."),
            (
                "csrftoken=short",
                token(PLAIN),
                None,
                "CSRF cookie has incorrect length.",
            ),
            (
                &format!("csrftoken=.{}", &PLAIN[1..]),
                token(PLAIN),
                None,
                "CSRF cookie has invalid characters.",
            ),
            (cookie, vec![], None, "CSRF token missing."),
            (cookie, token(PLAIN), None, ""),
            (cookie, token("short"), None, &short_header),
            (cookie, token(""), None, &short_header),
            (
                cookie,
                token("--------------------------------"),
                None,
                &odd_header,
            ),
            (
                cookie,
                token("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"),
                None,
                &wrong_header,
            ),
            (cookie, vec![], Some(PLAIN), ""),
            (cookie, token(PLAIN), Some(""), ""),
            (
                cookie,
                token(PLAIN),
                Some("short"),
                "CSRF token from POST has incorrect length.",
            ),
            (
                cookie,
                token(PLAIN),
                Some("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"),
                "CSRF token from POST incorrect.",
            ),
        ] {
            assert_eq!(
                reason(false, cookie, &headers, field),
                wanted,
                "{cookie} {headers:?} {field:?}"
            );
        }
        assert_eq!(
            reason_for("PUT", false, cookie, &[], Some(PLAIN)),
            "CSRF token missing."
        );
        assert_eq!(
            reason_for("BREW", false, cookie, &[], None),
            "CSRF token missing."
        );
        for safe in ["GET", "HEAD", "OPTIONS", "TRACE"] {
            assert_eq!(reason_for(safe, false, "", &[("origin", "null")], None), "");
        }
    }

    #[test]
    fn origin_and_referer_are_djangos() {
        let cookie = &format!("csrftoken={PLAIN}");
        let origin = |text: &str| {
            format!("Origin checking failed - {text} does not match any trusted origins.")
        };
        for (https, text, good) in [
            (false, "http://example.com", true),
            (false, "https://example.com", false),
            (true, "https://example.com", true),
            (true, "https://trusted.example.com", true),
            (true, "http://trusted.example.com", false),
            (true, "https://a.wild.example.com", true),
            (true, "http://a.wild.example.com", false),
            (true, "https://evilwild.example.com", false),
            (true, "null", false),
            (true, "https://evil.example", false),
        ] {
            let headers = [("x-csrftoken", PLAIN), ("origin", text)];
            let wanted = if good { String::new() } else { origin(text) };
            assert_eq!(reason(https, cookie, &headers, None), wanted);
        }
        let failed = |why: &str| format!("Referer checking failed - {why}");
        for (text, wanted) in [
            ("https://example.com/page", String::new()),
            ("https://trusted.example.com/", String::new()),
            ("https://b.wild.example.com?x", String::new()),
            ("", failed("Referer is malformed.")),
            ("nonsense", failed("Referer is malformed.")),
            ("https:///a", failed("Referer is malformed.")),
            (
                "http://example.com/",
                failed("Referer is insecure while host is secure."),
            ),
            (
                "https://evil.example/",
                failed("https://evil.example/ does not match any trusted origins."),
            ),
            (
                "https://example.com:444/",
                failed("https://example.com:444/ does not match any trusted origins."),
            ),
        ] {
            let headers = [("x-csrftoken", PLAIN), ("referer", text)];
            assert_eq!(reason(true, cookie, &headers, None), wanted, "{text}");
        }
        let none = [("x-csrftoken", PLAIN)];
        assert_eq!(reason(true, cookie, &none, None), failed("no Referer."));
    }
}
