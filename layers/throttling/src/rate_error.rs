use std::{error::Error, fmt};

/// A rate, a list of rates or a scope that makes no sense.
///
/// It says what was given and what is wanted:
///
/// ```
/// use gatefold_throttling::{Rate, RateErrorKind};
///
/// let error = "3/months".parse::<Rate>().unwrap_err();
/// assert_eq!(error.kind(), RateErrorKind::Syntax);
/// assert!(error.to_string().starts_with("rate `3/months`"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateError {
    kind: RateErrorKind,
    given: String,
}

/// What is wrong about a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RateErrorKind {
    /// The text is no rate.
    Syntax,
    /// The period is nothing, or longer than a hundred years.
    Period,
    /// A sliding rate counts more than [`Rate::MOST_SLIDING`](crate::Rate::MOST_SLIDING).
    Sliding,
    /// No rate at all, or more than [`Limits::MOST`](crate::Limits::MOST).
    Count,
    /// The scope is empty, or cannot stand in a header field.
    Scope,
    /// No number of bits that an IPv6 network can have.
    Prefix,
    /// Neither an address nor a network.
    Network,
    /// The table of scopes has no such scope.
    Unknown,
}

impl RateError {
    pub(crate) fn syntax(given: &str) -> Self {
        Self::new(RateErrorKind::Syntax, given)
    }

    pub(crate) fn period(given: &str) -> Self {
        Self::new(RateErrorKind::Period, given)
    }

    pub(crate) fn new(kind: RateErrorKind, given: impl Into<String>) -> Self {
        let given = given.into();
        Self { kind, given }
    }

    /// What is wrong.
    pub fn kind(&self) -> RateErrorKind {
        self.kind
    }
}

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = &self.given;
        match self.kind {
            RateErrorKind::Syntax => write!(
                f,
                "rate `{given}` is not understood: a number, a slash and a period are wanted, as \
                 in `60/min`, `1000/day` or `5/30s`; the units are s, sec, second, m, min, \
                 minute, h, hour, d, day and their plurals"
            ),
            RateErrorKind::Period => write!(
                f,
                "the period of `{given}` is out of range: more than nothing and at most a hundred \
                 years is wanted"
            ),
            RateErrorKind::Sliding => write!(
                f,
                "the sliding rate `{given}` counts too many: its log keeps each admitted request, \
                 so at most {} are wanted",
                crate::Rate::MOST_SLIDING
            ),
            RateErrorKind::Count => write!(
                f,
                "{given} rates were given: one to {} are wanted",
                crate::Limits::MOST
            ),
            RateErrorKind::Scope => write!(
                f,
                "scope `{given}` cannot be used: one to 64 visible ASCII characters without `\"` \
                 and `\\` are wanted"
            ),
            RateErrorKind::Prefix => write!(
                f,
                "an IPv6 network of `{given}` bits cannot be counted as one: 1 to 128 are wanted"
            ),
            RateErrorKind::Network => write!(
                f,
                "`{given}` is neither an address nor a network: `192.0.2.7` or `2001:db8::/32` is \
                 wanted"
            ),
            RateErrorKind::Unknown => write!(
                f,
                "scope `{given}` is not in the table: one that the table has is wanted"
            ),
        }
    }
}

impl Error for RateError {}
