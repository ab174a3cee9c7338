//! The differences from Django REST Framework that gatefold has on purpose, by the `quirks` key of
//! a recorded exchange.
//!
//! An exchange with one of these keys counts as documented if nothing differs but what its keys
//! name. Anything else that differs is a failure.

/// One deliberate difference.
#[derive(Debug)]
pub(crate) struct Known {
    /// The key, as in the corpus.
    pub(crate) quirk: &'static str,
    /// What may differ.
    pub(crate) may: &'static [&'static str],
    /// What a user of Django REST Framework has to know.
    pub(crate) why: &'static str,
}

const VERDICT: &[&str] = &["status", "header retry-after", "body"];
const WORDS: &[&str] = &["status", "body"];

/// All of them.
pub(crate) const DIFFERENCES: &[Known] = &[
    Known {
        quirk: "denied-request-uses-up-other-throttles",
        may: VERDICT,
        why: "A request that one throttle refuses uses nothing of the others: all claims are \
              checked before any is counted.",
    },
    Known {
        quirk: "forwarded-for-trusted-by-default",
        may: VERDICT,
        why: "The client is the peer unless proxies are configured: nobody chooses a key by a \
              header.",
    },
    Known {
        quirk: "rate-period-first-letter-only",
        may: &["status", "header retry-after", "header allow", "body"],
        why: "The whole word of a period is read: `3/months` is an error when the throttle is \
              built, not three a minute.",
    },
    Known {
        quirk: "bad-rate-string-is-500-at-request-time",
        may: &["status"],
        why: "What is no rate is an error when the throttle is built; spaces around the period \
              and numbers before the unit (`5/5min`) are understood.",
    },
    Known {
        quirk: "no-retry-after",
        may: &["header retry-after", "body"],
        why: "`Retry-After` is never 0, and is known also after a rate was lowered.",
    },
    Known {
        quirk: "retry-after-truncated-for-other-exceptions",
        may: &["header retry-after"],
        why: "`Retry-After` is rounded up everywhere.",
    },
    Known {
        quirk: "wall-clock-going-back",
        may: VERDICT,
        why: "Rates are counted by a monotonic clock, so a wait never grows beyond its window.",
    },
    Known {
        quirk: "content-type-wildcard-parsed",
        may: WORDS,
        why: "A wildcard in `Content-Type` is malformed: 415.",
    },
    Known {
        quirk: "multipart-without-boundary-passes",
        may: WORDS,
        why: "A multipart body in which the boundary never occurs is 400.",
    },
    Known {
        quirk: "json-number-or-text-crash-500",
        may: WORDS,
        why: "Numbers beyond a float and lone surrogates are refused with 400 when the body is \
              parsed, and do not fail later.",
    },
    Known {
        quirk: "lenient-base64",
        may: &["status", "header www-authenticate", "body"],
        why: "Junk inside Basic credentials is refused.",
    },
    Known {
        quirk: "jwt-padding-accepted",
        may: &["status", "header www-authenticate", "body"],
        why: "A token is base64url without padding: one token has one text.",
    },
    Known {
        quirk: "jwt-crash-500",
        may: &["status", "header allow", "header www-authenticate", "body"],
        why: "Whatever is wrong with a token is a 401.",
    },
    Known {
        quirk: "csrf-check-parses-body-first",
        may: WORDS,
        why: "Authentication does not parse the body: what is wrong with it is said after the CSRF \
              check, by whoever parses it.",
    },
    Known {
        quirk: "composed-permission-loses-message",
        may: &["body"],
        why: "A composed permission keeps the reason of the side that decided.",
    },
    Known {
        quirk: "not-with-object-default",
        may: &["status", "header www-authenticate", "body"],
        why: "A rule that waits for the object is open, neither yes nor no: `~IsOwner` lets \
              everybody else in.",
    },
];

/// Whether an exchange with these quirks may differ in this way.
pub(crate) fn may_differ(quirks: &[String], found: &[String]) -> bool {
    let known = |quirk: &String| DIFFERENCES.iter().find(|known| known.quirk == quirk);
    let may: Vec<&str> = quirks
        .iter()
        .filter_map(known)
        .flat_map(|known| known.may.iter().copied())
        .collect();
    found.iter().all(|what| may.contains(&what.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn only_what_the_key_names_may_differ() {
        let quirks = texts(&["no-retry-after", "accept-q-ignored"]);
        assert!(may_differ(&quirks, &texts(&["header retry-after", "body"])));
        assert!(!may_differ(&quirks, &texts(&["status", "body"])));
        assert!(!may_differ(
            &texts(&["accept-q-ignored"]),
            &texts(&["body"])
        ));
    }

    #[test]
    fn each_difference_is_listed_once_with_what_to_know() {
        for (at, known) in DIFFERENCES.iter().enumerate() {
            let rest = &DIFFERENCES[at + 1..];
            assert!(rest.iter().all(|other| other.quirk != known.quirk));
            assert!(known.why.ends_with('.'), "{}", known.quirk);
        }
    }
}
