//! The differences from Django REST Framework that gatefold has on purpose, by the `quirks` key of
//! a recorded exchange. An exchange that differs and has one of these keys counts as documented.

/// Key, and what a user of DRF has to know.
pub const DIFFERENCES: &[(&str, &str)] = &[
    (
        "denied-request-uses-up-other-throttles",
        "A request that one throttle refuses uses nothing of the others: all claims are checked \
         before any is counted.",
    ),
    (
        "forwarded-for-trusted-by-default",
        "The client is the peer unless proxies are configured; nobody chooses his key by a header.",
    ),
    (
        "rate-period-first-letter-only",
        "The whole word of a period is read: `3/months` is an error, not three a minute.",
    ),
    (
        "bad-rate-string-is-500-at-request-time",
        "A rate that cannot be read is an error when the throttle is built.",
    ),
    (
        "no-retry-after",
        "A throttled answer says when to come again, in whole seconds and never 0.",
    ),
    (
        "retry-after-truncated-for-other-exceptions",
        "`Retry-After` is rounded up everywhere.",
    ),
    (
        "wall-clock-going-back",
        "Rates are counted by a monotonic clock.",
    ),
    (
        "json-number-or-text-crash-500",
        "Numbers beyond a float and lone surrogates are refused with 400 when they are parsed.",
    ),
    (
        "jwt-crash-500",
        "A token whose claims are of the wrong type, or whose user is gone, is 401.",
    ),
    (
        "jwt-padding-accepted",
        "`=` after a part of the token is refused: base64url is read strictly.",
    ),
    (
        "multipart-without-boundary-passes",
        "A multipart body in which the boundary never occurs is 400.",
    ),
    (
        "lenient-base64",
        "Junk inside Basic credentials is refused.",
    ),
    (
        "composed-permission-loses-message",
        "A composed permission keeps the reason of the side that decided.",
    ),
    (
        "not-with-object-default",
        "A permission that waits for the object is open, not true: `~IsOwner` lets everybody else \
         in.",
    ),
    (
        "content-type-wildcard-parsed",
        "A wildcard in `Content-Type` is malformed: 415.",
    ),
    (
        "unhandled-error-ignores-negotiation",
        "An unhandled error is worded in the form that the client accepted.",
    ),
];

/// Whether an exchange with these quirks may differ.
pub fn may_differ(quirks: &[String]) -> bool {
    quirks
        .iter()
        .any(|quirk| DIFFERENCES.iter().any(|(known, _)| known == quirk))
}
