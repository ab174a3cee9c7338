use std::{collections::BTreeMap, sync::Arc};

use crate::{Limits, LiveLimits, Rate, RateError, RateErrorKind};

/// A table of scopes with their rates (Django REST Framework's `DEFAULT_THROTTLE_RATES`).
///
/// With the feature `serde` it comes from a file or from the environment: to each scope a rate or
/// a list of them, as text; `sliding` behind a rate makes it a sliding one. Nonsense is an error
/// when it is read. What is built from the table changes with it.
///
/// ```
/// use gatefold_throttling::{Scopes, ScopedRateThrottle, ThrottleLayer, UserRateThrottle};
///
/// let scopes = Scopes::new([
///     ("user", vec!["60/min", "1000/day"]),
///     ("login", vec!["5/min sliding"]),
/// ])?;
/// let everywhere = ThrottleLayer::new(UserRateThrottle::live(scopes.get("user")?));
/// let login = ThrottleLayer::new(ScopedRateThrottle::live(scopes.get("login")?));
///
/// // The file has changed. Nothing that was counted is lost.
/// scopes.replace(&Scopes::new([("user", ["120/min"]), ("login", ["5/min sliding"])])?)?;
/// assert_eq!(scopes.get("user")?.current().rates().len(), 1);
/// assert!(scopes.get("uploads").is_err());
/// # Ok::<_, gatefold_throttling::RateError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scopes(Arc<BTreeMap<Box<str>, LiveLimits>>);

impl Scopes {
    /// A table of these scopes.
    ///
    /// # Errors
    ///
    /// What [`Limits::new`] does not take.
    pub fn new<S, I, R>(scopes: I) -> Result<Self, RateError>
    where
        S: AsRef<str>,
        I: IntoIterator<Item = (S, R)>,
        R: IntoIterator,
        R::Item: AsRef<str>,
    {
        let mut table = BTreeMap::new();
        for (scope, rates) in scopes {
            let rates = rates.into_iter().map(|rate| written(rate.as_ref()));
            let rates = rates.collect::<Result<Vec<_>, _>>()?;
            let limits = Limits::new(scope.as_ref(), rates)?;
            table.insert(scope.as_ref().into(), LiveLimits::new(limits));
        }
        Ok(Self(Arc::new(table)))
    }

    /// The limits of a scope, which change with the table.
    ///
    /// # Errors
    ///
    /// The table has no such scope.
    pub fn get(&self, scope: &str) -> Result<LiveLimits, RateError> {
        let limits = self.0.get(scope).cloned();
        limits.ok_or_else(|| RateError::new(RateErrorKind::Unknown, scope))
    }

    /// Takes the rates over from another table, for all requests from now on.
    ///
    /// # Errors
    ///
    /// The other table lacks a scope that this one has; nothing has changed then. (What it has
    /// more is ignored: nothing asks for it.)
    pub fn replace(&self, with: &Self) -> Result<(), RateError> {
        let pairs = self
            .0
            .iter()
            .map(|(scope, live)| Ok((live, with.get(scope)?)));
        for (live, new) in pairs.collect::<Result<Vec<_>, RateError>>()? {
            live.set(new.current());
        }
        Ok(())
    }
}

/// A rate of the table.
fn written(text: &str) -> Result<Rate, RateError> {
    match text.trim_end().strip_suffix(" sliding") {
        Some(rate) => Ok(rate.parse::<Rate>()?.sliding()),
        None => text.parse(),
    }
}

#[cfg(feature = "serde")]
mod serde_form {
    use serde::{Deserialize, Deserializer, de::Error};

    use super::{BTreeMap, Rate, Scopes, written};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Rates {
        One(String),
        Several(Vec<String>),
    }

    /// From a map of scopes to rates.
    impl<'de> Deserialize<'de> for Scopes {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let table = BTreeMap::<String, Rates>::deserialize(deserializer)?;
            let table = table.into_iter().map(|(scope, rates)| match rates {
                Rates::One(rate) => (scope, vec![rate]),
                Rates::Several(rates) => (scope, rates),
            });
            Self::new(table).map_err(D::Error::custom)
        }
    }

    /// From a text, as it is parsed; `sliding` may stand behind it.
    impl<'de> Deserialize<'de> for Rate {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            written(&text).map_err(D::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_lacks_a_scope_changes_nothing() {
        let scopes = Scopes::new([("a", ["1/s"]), ("b", ["1/s"])]).expect("a table");
        let less = Scopes::new([("a", ["2/s"])]).expect("a table");
        assert!(scopes.replace(&less).is_err());
        let rates = scopes.get("a").expect("there").current();
        assert_eq!(rates.rates(), [Rate::per_second(1)]);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_table_is_read_and_nonsense_is_an_error() {
        let scopes: Scopes =
            serde_json::from_str(r#"{"a": "1/s", "b": ["5/min sliding", "9/h"]}"#).expect("valid");
        let rates = scopes.get("b").expect("there").current();
        let sliding = Rate::per_minute(5).sliding();
        assert_eq!(rates.rates(), [sliding, Rate::per_hour(9)]);
        let error = serde_json::from_str::<Scopes>(r#"{"a": "3/months"}"#).expect_err("nonsense");
        assert!(error.to_string().contains("3/months"), "{error}");
    }
}
