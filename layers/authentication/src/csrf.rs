use std::fmt;

use gatefold_core::{Exception, TrustedProxies};
use http::{HeaderName, Method, header::ORIGIN, request::Parts};

use crate::{
    ConfigurationError,
    django_csrf::DjangoToken,
    origin::{Origin, Trusted},
};

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses requests that another site's page makes a browser send, with its cookies: cross-site
/// request forgery.
///
/// It looks at what browsers say of themselves. Methods that change nothing (GET, HEAD, OPTIONS)
/// pass. A `Sec-Fetch-Site` of `same-origin` or `none` passes, and any other is refused unless the
/// `Origin` is a trusted one. Without that header, a request without `Origin` passes, since no
/// browser sent it, and so does one whose `Origin` has the host and port that the request asks for,
/// or is trusted. All else is refused with 403. No token is needed, and no page has to be changed.
///
/// A cookie alone makes such a request dangerous, so
/// `SessionAuthentication` and whatever else reads cookies asks this once it has found somebody. An
/// endpoint that logs people in asks by itself: there is nobody yet, and another site may still
/// want to log its victim in as somebody else.
///
/// ```
/// use gatefold_authentication::Csrf;
///
/// let csrf = Csrf::new().trusted_origin("https://admin.example.com")?;
/// let request = http::Request::post("/login").header("host", "example.com");
/// let request = request.header("origin", "https://evil.example").body(())?;
/// let refused = csrf.check(&request.into_parts().0).unwrap_err();
/// assert_eq!(refused.status(), 403);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Csrf {
    trusted: Vec<Trusted>,
    proxies: TrustedProxies,
    django: Option<DjangoToken>,
}

impl Csrf {
    /// Goes by fetch metadata and `Origin`.
    pub fn new() -> Self {
        Self {
            trusted: Vec::new(),
            proxies: TrustedProxies::none(),
            django: None,
        }
    }

    /// Goes by Django's token, with Django's reasons: a cookie `csrftoken` that the header
    /// `X-CSRFToken` or, for POST, the form field `csrfmiddlewaretoken` repeats, masked or not;
    /// beside it `Origin` or, with https, `Referer`.
    ///
    /// The field is known where a [`CsrfField`](crate::CsrfField) was left.
    pub fn django() -> Self {
        Self {
            django: Some(DjangoToken::new()),
            ..Self::new()
        }
    }

    /// Takes requests of pages from this origin too: scheme, host and, if it is not the usual one,
    /// port. With [`django`](Self::django), `https://*.example.com` stands for all sub-domains.
    ///
    /// # Errors
    ///
    /// If it is no origin.
    pub fn trusted_origin(mut self, origin: &str) -> Result<Self, ConfigurationError> {
        self.trusted
            .push(Trusted::read(origin, self.django.is_some())?);
        Ok(self)
    }

    /// Takes the word of these proxies for the scheme and host that the client asked for.
    pub fn proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Whether the request may be what it looks like.
    ///
    /// # Errors
    ///
    /// 403, with the reason in the detail.
    pub fn check(&self, head: &Parts) -> Result<(), Exception> {
        let reason = match &self.django {
            Some(django) => django.reason(head, &self.trusted, &self.proxies),
            None => self.reason(head).map(str::to_owned),
        };
        match reason {
            None => Ok(()),
            Some(reason) => {
                Err(Exception::permission_denied().with_detail(format!("CSRF Failed: {reason}")))
            }
        }
    }

    fn reason(&self, head: &Parts) -> Option<&'static str> {
        // TRACE, which http counts among the safe methods, is not for browsers.
        if [Method::GET, Method::HEAD, Method::OPTIONS].contains(&head.method) {
            return None;
        }
        let origin = One::of(head, &ORIGIN);
        match One::of(head, &SEC_FETCH_SITE) {
            One::Text(b"same-origin" | b"none") => None,
            One::Text(_) if self.trusts(&origin) => None,
            One::Text(_) => Some("The request comes from another site."),
            One::Several => Some("More than one Sec-Fetch-Site."),
            One::Nothing => match &origin {
                One::Nothing => None,
                One::Several => Some("More than one Origin."),
                One::Text(text) if self.is_own(head, text) || self.trusts(&origin) => None,
                One::Text(_) => Some("The Origin is that of another site."),
            },
        }
    }

    fn is_own(&self, head: &Parts, origin: &[u8]) -> bool {
        let Some(origin) = std::str::from_utf8(origin).ok().and_then(Origin::read) else {
            return false;
        };
        let peer = self.proxies.peer(head);
        peer.host().is_some_and(|host| origin.is_at(host))
    }

    fn trusts(&self, origin: &One<'_>) -> bool {
        let One::Text(text) = origin else {
            return false;
        };
        let origin = std::str::from_utf8(text).ok().and_then(Origin::read);
        origin.is_some() && self.trusted.iter().any(|trusted| trusted.origin == origin)
    }

    /// Django's token, where this goes by it.
    #[cfg(feature = "sessions")]
    pub(crate) fn token(&self) -> Option<&DjangoToken> {
        self.django.as_ref()
    }
}

impl Default for Csrf {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trusted: Vec<_> = self.trusted.iter().map(|origin| &origin.written).collect();
        f.debug_struct("Csrf")
            .field("django", &self.django.is_some())
            .field("trusted_origins", &trusted)
            .finish_non_exhaustive()
    }
}

/// A header that there can be one line of. An empty line is none.
#[derive(Debug)]
enum One<'a> {
    Nothing,
    Several,
    Text(&'a [u8]),
}

impl<'a> One<'a> {
    fn of(head: &'a Parts, name: &HeaderName) -> Self {
        let mut lines = head.headers.get_all(name).iter();
        match (lines.next().map(|line| line.as_bytes()), lines.next()) {
            (_, Some(_)) => Self::Several,
            (None | Some(b""), None) => Self::Nothing,
            (Some(line), None) => Self::Text(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn status(csrf: &Csrf, method: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().method(method).uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let head = request.body(()).expect("a request").into_parts().0;
        match csrf.check(&head) {
            Ok(()) => 200,
            Err(exception) => {
                let detail = exception.detail().text().unwrap_or_default().to_owned();
                assert!(detail.starts_with("CSRF Failed: "), "{detail}");
                exception.status().as_u16()
            }
        }
    }

    #[test]
    fn what_a_browser_says_of_the_site_decides() {
        let csrf = Csrf::new()
            .trusted_origin("https://trusted.example")
            .expect("an origin");
        let site = "sec-fetch-site";
        for (method, headers, wanted) in [
            ("GET", vec![(site, "cross-site")], 200),
            ("HEAD", vec![(site, "cross-site")], 200),
            ("OPTIONS", vec![(site, "cross-site")], 200),
            ("TRACE", vec![(site, "cross-site")], 403),
            ("POST", vec![(site, "cross-site")], 403),
            ("BREW", vec![(site, "cross-site")], 403),
            ("POST", vec![(site, "same-site")], 403),
            ("POST", vec![(site, "Same-Origin")], 403),
            ("POST", vec![(site, "same-origin")], 200),
            ("POST", vec![(site, "none")], 200),
            (
                "POST",
                vec![(site, "same-origin"), ("origin", "https://evil.example")],
                200,
            ),
            (
                "POST",
                vec![(site, "same-origin"), (site, "cross-site")],
                403,
            ),
            (
                "POST",
                vec![(site, "cross-site"), ("origin", "https://trusted.example")],
                200,
            ),
            (
                "POST",
                vec![
                    (site, "cross-site"),
                    ("origin", "https://trusted.example:443"),
                ],
                200,
            ),
            (
                "POST",
                vec![(site, "cross-site"), ("origin", "http://trusted.example")],
                403,
            ),
            (
                "POST",
                vec![
                    (site, "cross-site"),
                    ("origin", "https://trusted.example:8443"),
                ],
                403,
            ),
            ("POST", vec![(site, "")], 200),
        ] {
            assert_eq!(
                status(&csrf, method, &headers),
                wanted,
                "{method} {headers:?}"
            );
        }
    }

    #[test]
    fn without_fetch_metadata_the_origin_decides() {
        let csrf = Csrf::new()
            .trusted_origin("https://trusted.example")
            .expect("an origin");
        let host = ("host", "example.com");
        for (origin, wanted) in [
            (&[][..], 200),
            (&["https://example.com"], 200),
            (&["http://example.com"], 200),
            (&["https://EXAMPLE.com:443"], 200),
            (&["https://example.com:8443"], 403),
            (&["https://evilexample.com"], 403),
            (&["https://example.com.evil.example"], 403),
            (&["https://example.com@evil.example"], 403),
            (&["null"], 403),
            (&["https://trusted.example"], 200),
            (&["https://example.com", "https://example.com"], 403),
        ] {
            let mut headers = vec![host];
            headers.extend(origin.iter().map(|origin| ("origin", *origin)));
            assert_eq!(status(&csrf, "POST", &headers), wanted, "{origin:?}");
        }
        let nowhere = [("origin", "https://example.com")];
        assert_eq!(
            status(&csrf, "POST", &nowhere),
            403,
            "no host to compare with"
        );
    }
}
