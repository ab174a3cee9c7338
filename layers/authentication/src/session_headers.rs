use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, VARY},
};

#[cfg(feature = "sessions")]
use http::header::SET_COOKIE;

/// What a session adds to an answer.
#[cfg(feature = "sessions")]
#[derive(Debug)]
pub(crate) struct Headers {
    pub(crate) asked: bool,
    pub(crate) cookie: Option<HeaderValue>,
    pub(crate) csrf: Option<HeaderValue>,
}

#[cfg(feature = "sessions")]
impl Headers {
    /// Writes the cookies, once: where somebody further in has written the session's, that stays.
    pub(crate) fn write(self, headers: &mut HeaderMap, is_own: impl Fn(&HeaderValue) -> bool) {
        let written = headers.get_all(SET_COOKIE).iter().any(is_own);
        let lines = self
            .cookie
            .filter(|_| !written)
            .into_iter()
            .chain(self.csrf);
        let mut any = false;
        for line in lines {
            any = true;
            headers.append(SET_COOKIE, line);
        }
        if any {
            // Whatever the handler says: what a cache keeps, it may give to others.
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
}

/// Says that the answer varies by the cookie (RFC 9110, section 12.5.5), once.
pub(crate) fn vary(headers: &mut HeaderMap) {
    let said = headers.get_all(VARY).iter().any(|line| {
        let mut names = line.as_bytes().split(|byte| *byte == b',');
        names.any(|name| {
            let name = name.trim_ascii();
            name == b"*" || name.eq_ignore_ascii_case(b"cookie")
        })
    });
    if !said {
        headers.append(VARY, HeaderValue::from_static("Cookie"));
    }
}

/// Keeps an answer for one caller out of shared caches, unless the handler has said what may be
/// done with it.
pub(crate) fn private(headers: &mut HeaderMap) {
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_named_in_vary_once() {
        for (before, after) in [
            (&[][..], &["Cookie"][..]),
            (&["Accept"], &["Accept", "Cookie"]),
            (&["Accept, cookie"], &["Accept, cookie"]),
            (&["*"], &["*"]),
        ] {
            let mut headers = HeaderMap::new();
            for line in before {
                headers.append(VARY, HeaderValue::from_static(line));
            }
            vary(&mut headers);
            let lines: Vec<_> = headers.get_all(VARY).iter().collect();
            assert_eq!(lines, after);
        }
    }

    #[cfg(feature = "sessions")]
    #[test]
    fn an_answer_with_a_cookie_is_not_stored() {
        let mut headers = HeaderMap::new();
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=60"),
        );
        private(&mut headers);
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=60");
        let line = || Some(HeaderValue::from_static("a=b"));
        let added = |cookie, csrf| Headers {
            asked: true,
            cookie,
            csrf,
        };
        added(None, None).write(&mut headers, |_| false);
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=60");
        added(line(), None).write(&mut headers, |_| false);
        assert_eq!(headers[CACHE_CONTROL], "no-store");
        added(line(), None).write(&mut headers, |there| there == "a=b");
        assert_eq!(headers.get_all(SET_COOKIE).iter().count(), 1);
    }
}
