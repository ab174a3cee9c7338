use std::{fmt, sync::Arc};

use http::HeaderValue;

use crate::{Rate, RateError, RateErrorKind, buckets::Buckets};

/// A scope with its rates: what a throttle counts, and how much of it is admitted.
///
/// The scope and a key name one count. Values with the same scope and other rates are the tiers of
/// one count: a caller who changes from one to the other keeps what was counted. A clone is one
/// reference count.
///
/// ```
/// use gatefold_throttling::{Limits, Rate};
///
/// let limits = Limits::new("upload", ["10/min", "200/day"])?;
/// assert_eq!(limits.scope(), "upload");
/// assert_eq!(limits.rates(), [Rate::per_minute(10), Rate::per_day(200)]);
///
/// let exact = Limits::new("login", [Rate::per_minute(5).sliding()])?;
/// assert!(exact.rates()[0].is_sliding());
/// # Ok::<_, gatefold_throttling::RateError>(())
/// ```
#[derive(Clone)]
pub struct Limits(Arc<Inner>);

struct Inner {
    scope: Box<str>,
    scope_hash: u64,
    rates: Box<[Rate]>,
    // The same, by kind: the buckets two by two, as they lie in the table.
    first: Buckets,
    further: Box<[Buckets]>,
    windows: Box<[Rate]>,
    // The names of the policies as they stand in the header fields, quoted.
    names: Box<[Arc<str>]>,
    policy: HeaderValue,
}

impl Limits {
    /// The largest number of rates of one scope.
    pub const MOST: usize = 8;

    /// `rates` for what is counted under `scope`. A request is admitted if all of them admit it.
    ///
    /// # Errors
    ///
    /// A text that is no rate, no rate or more than [`MOST`](Self::MOST), a sliding rate of more
    /// than [`Rate::MOST_SLIDING`], or a scope that is not one to 64 visible ASCII characters
    /// without `"` and `\`: it names the policy in the answer's header fields.
    pub fn new<I>(scope: &str, rates: I) -> Result<Self, RateError>
    where
        I: IntoIterator,
        I::Item: TryInto<Rate, Error: Into<RateError>>,
    {
        let rates: Box<[Rate]> = rates
            .into_iter()
            .map(|rate| rate.try_into().map_err(Into::into))
            .collect::<Result<_, RateError>>()?;
        Self::checked(scope, rates)
    }

    fn checked(scope: &str, rates: Box<[Rate]>) -> Result<Self, RateError> {
        let visible = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        if scope.is_empty() || scope.len() > 64 || !scope.bytes().all(visible) {
            return Err(RateError::new(RateErrorKind::Scope, scope));
        }
        if rates.is_empty() || rates.len() > Self::MOST {
            let given = rates.len().to_string();
            return Err(RateError::new(RateErrorKind::Count, given));
        }
        let too_long = |rate: &&Rate| rate.is_sliding() && rate.limit() > Rate::MOST_SLIDING;
        if let Some(rate) = rates.iter().find(too_long) {
            return Err(RateError::new(RateErrorKind::Sliding, rate.to_string()));
        }
        let names = names(scope, &rates);
        let policy = policy(&names, &rates);
        let (windows, buckets): (Vec<_>, Vec<_>) =
            rates.iter().copied().partition(|rate| rate.is_sliding());
        let mut pairs = buckets.chunks(2).map(Buckets::new);
        Ok(Self(Arc::new(Inner {
            first: pairs.next().unwrap_or_default(),
            further: pairs.collect(),
            windows: windows.into(),
            scope: scope.into(),
            scope_hash: fnv(scope.as_bytes()),
            policy: HeaderValue::try_from(policy)
                .map_err(|_| RateError::new(RateErrorKind::Scope, scope))?,
            rates,
            names,
        })))
    }

    /// The same rates under another scope.
    ///
    /// # Errors
    ///
    /// The scope is not one to 64 visible ASCII characters without `"` and `\`.
    pub fn with_scope(&self, scope: &str) -> Result<Self, RateError> {
        Self::checked(scope, self.0.rates.clone())
    }

    /// What the count is called.
    pub fn scope(&self) -> &str {
        &self.0.scope
    }

    /// The rates, in the order given.
    pub fn rates(&self) -> &[Rate] {
        &self.0.rates
    }

    pub(crate) fn scope_hash(&self) -> u64 {
        self.0.scope_hash
    }

    /// The rates that are no sliding ones, if there are at most two and no others.
    #[inline]
    pub(crate) fn only(&self) -> Option<&Buckets> {
        let alone = self.0.further.is_empty() && self.0.windows.is_empty();
        alone.then_some(&self.0.first)
    }

    /// The rates that are no sliding ones, two by two.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = &Buckets> {
        let first = std::iter::once(&self.0.first).filter(|pair| pair.count() > 0);
        first.chain(&self.0.further)
    }

    /// The sliding rates.
    pub(crate) fn windows(&self) -> &[Rate] {
        &self.0.windows
    }

    pub(crate) fn names(&self) -> &[Arc<str>] {
        &self.0.names
    }

    pub(crate) fn policy(&self) -> &HeaderValue {
        &self.0.policy
    }
}

/// A policy is named after its scope; where a scope has several rates, the window tells them apart.
fn names(scope: &str, rates: &[Rate]) -> Box<[Arc<str>]> {
    let name = |rate: &Rate| match rates.len() {
        1 => format!("\"{scope}\"").into(),
        _ => format!("\"{scope}-{}s\"", seconds(rate)).into(),
    };
    rates.iter().map(name).collect()
}

/// The value of `RateLimit-Policy`.
fn policy(names: &[Arc<str>], rates: &[Rate]) -> String {
    let items: Vec<_> = names
        .iter()
        .zip(rates)
        .map(|(name, rate)| format!("{name};q={};w={}", rate.limit(), seconds(rate)))
        .collect();
    items.join(", ")
}

/// A window in whole seconds: the field knows no smaller unit, and no 0.
fn seconds(rate: &Rate) -> u64 {
    rate.period_nanos().div_ceil(1_000_000_000)
}

/// FNV-1a. Scopes are few and chosen by the service; the keyed hash comes on top.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl PartialEq for Limits {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.scope() == other.scope() && self.rates() == other.rates())
    }
}

impl Eq for Limits {}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("scope", &self.scope())
            .field("rates", &self.rates())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(scope: &str, rates: &[&'static str]) -> Option<RateErrorKind> {
        let error = Limits::new(scope, rates.iter().copied()).err()?;
        Some(error.kind())
    }

    #[test]
    fn what_cannot_be_kept_is_an_error() {
        assert_eq!(kind("user", &[]), Some(RateErrorKind::Count));
        assert_eq!(kind("user", &["1/s"; 8]), None);
        assert_eq!(kind("user", &["1/s"; 9]), Some(RateErrorKind::Count));
        for scope in ["", "a b", "a\"b", "a\\b", "ü", "a\r\nb", &"x".repeat(65)] {
            assert_eq!(kind(scope, &["1/s"]), Some(RateErrorKind::Scope), "{scope}");
        }
        let sliding = Limits::new("user", [Rate::per_day(4097).sliding()]);
        assert_eq!(sliding.map_err(|e| e.kind()), Err(RateErrorKind::Sliding));
        assert!(Limits::new("user", [Rate::per_day(4096).sliding()]).is_ok());
    }

    #[test]
    fn policies_are_named_after_the_scope() {
        let one = Limits::new("user", ["60/min"]).expect("a rate");
        assert_eq!(one.policy(), "\"user\";q=60;w=60");
        let two = Limits::new("user", ["60/min", "1000/day"]).expect("two rates");
        assert_eq!(
            two.policy(),
            "\"user-60s\";q=60;w=60, \"user-86400s\";q=1000;w=86400"
        );
        let short = Rate::new(5, std::time::Duration::from_millis(100)).expect("a period");
        let short = Limits::new("user", [short]).expect("a rate");
        assert_eq!(short.policy(), "\"user\";q=5;w=1");
    }
}
