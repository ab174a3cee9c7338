use std::{error::Error, fmt};

/// An address that keys are not fetched from, or roots that no certificate is tested against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpFetcherError(Wrong);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wrong {
    Address(String),
    Root(usize),
}

impl HttpFetcherError {
    pub(crate) fn address(given: &str) -> Self {
        Self(Wrong::Address(given.to_owned()))
    }

    /// The root of this number, from one, is missing or cannot be read.
    pub(crate) fn root(nth: usize) -> Self {
        Self(Wrong::Root(nth))
    }
}

impl fmt::Display for HttpFetcherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Wrong::Address(given) => write!(
                f,
                "keys are not fetched from {given:?}: wanted is an https address"
            ),
            // A key that was given by mistake is never repeated.
            Wrong::Root(nth) => write!(
                f,
                "root {nth} is missing or cannot be read: wanted are X.509 certificates in PEM"
            ),
        }
    }
}

impl Error for HttpFetcherError {}

#[cfg(test)]
mod tests {
    use crate::HttpFetcher;

    #[test]
    fn roots_that_are_none_are_told_and_not_repeated() {
        let fetcher = HttpFetcher::new("https://login.example/keys").expect("an address");
        let private = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
        for bad in [
            "",
            "login.pem",
            private,
            "-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nc2VjcmV0\n",
            "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n",
        ] {
            let error = fetcher.clone().roots(bad).expect_err(bad);
            assert!(error.to_string().starts_with("root 1 is"), "{error}");
            assert!(!format!("{error} {error:?}").contains("c2VjcmV0"));
        }
    }
}
