use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use gatefold_core::{Exception, Later};
use http::{Request, StatusCode, Uri, header::ACCEPT};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, builderstates::WantsSchemes};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, pem::PemObject},
};
use serde::Deserialize;

use crate::{HttpFetcherError, JwksFetcher};

/// Fetches a JWK Set over HTTPS, or over plain HTTP from this machine itself.
///
/// An answer has ten seconds and 512 KiB; redirects are not followed. Certificates are tested
/// against Mozilla's roots, or against [one's own](Self::roots).
///
/// ```
/// use gatefold_tokens::{HttpFetcher, Jwks};
///
/// // What OpenID Connect Discovery finds at the issuer.
/// let keys = Jwks::new(HttpFetcher::discover("https://login.example/realms/tasks")?);
/// assert!(HttpFetcher::new("http://login.example/jwks.json").is_err());
/// # Ok::<_, gatefold_tokens::HttpFetcherError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct HttpFetcher(Arc<Inner>);

type Https = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

struct Inner {
    client: Https,
    place: Place,
    plain: bool,
}

#[derive(Clone)]
enum Place {
    Set(Uri),
    Issuer(String, Uri),
}

const TIME: Duration = Duration::from_secs(10);
const SIZE: usize = 512 * 1024;

impl HttpFetcher {
    /// Fetches the set at this address.
    ///
    /// # Errors
    ///
    /// If it is no HTTPS address, nor an HTTP address of the loopback network.
    pub fn new(address: &str) -> Result<Self, HttpFetcherError> {
        Ok(Self::of(Place::Set(uri(address, false)?), false))
    }

    /// Finds the set's address with OpenID Connect Discovery: at the issuer, before each fetch.
    /// What is found must name the issuer exactly.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn discover(issuer: &str) -> Result<Self, HttpFetcherError> {
        let bare = issuer.strip_suffix('/').unwrap_or(issuer);
        let address = uri(&format!("{bare}/.well-known/openid-configuration"), false)?;
        Ok(Self::of(Place::Issuer(issuer.to_owned(), address), false))
    }

    /// As [`new`](Self::new), over plain HTTP too. Whoever sits on the way can make
    /// themselves anybody: it is for networks that encrypt by themselves.
    ///
    /// # Errors
    ///
    /// If it is no HTTP or HTTPS address.
    pub fn insecure(address: &str) -> Result<Self, HttpFetcherError> {
        Ok(Self::of(Place::Set(uri(address, true)?), true))
    }

    /// Tests certificates against these roots alone, and no longer against Mozilla's: those of an
    /// authority of one's own, in PEM, one after another. What else the PEM holds is passed over.
    ///
    /// Of the issuer's certificate and of the set's the same roots are asked. A self-signed
    /// certificate is its own root, unless it is an authority's. The name in the address is always
    /// tested, and so is the time.
    ///
    /// # Errors
    ///
    /// If there is no certificate, or one that cannot be read.
    pub fn roots(self, pem: impl AsRef<[u8]>) -> Result<Self, HttpFetcherError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_ref()) {
            let nth = roots.len() + 1;
            // The PEM's own error repeats what it stumbled over, and that may be a key.
            let certificate = certificate.map_err(|_| HttpFetcherError::root(nth))?;
            let added = roots.add(certificate);
            added.map_err(|_| HttpFetcherError::root(nth))?;
        }
        if roots.is_empty() {
            return Err(HttpFetcherError::root(1));
        }
        let tls = ClientConfig::builder_with_provider(provider().into())
            .with_safe_default_protocol_versions()
            .expect(VERSIONS)
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = client(HttpsConnectorBuilder::new().with_tls_config(tls));
        let (place, plain) = (self.0.place.clone(), self.0.plain);
        Ok(Self(Arc::new(Inner {
            client,
            place,
            plain,
        })))
    }

    fn of(place: Place, plain: bool) -> Self {
        let connector = HttpsConnectorBuilder::new().with_provider_and_webpki_roots(provider());
        Self(Arc::new(Inner {
            client: client(connector.expect(VERSIONS)),
            place,
            plain,
        }))
    }
}

const VERSIONS: &str = "the provider speaks TLS 1.2 and 1.3";

// Named, because rustls panics where it finds two providers or none (as the `jsonwebtoken` crate
// does).
fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

fn client(connector: HttpsConnectorBuilder<WantsSchemes>) -> Https {
    let connector = connector.https_or_http().enable_http1().build();
    Client::builder(TokioExecutor::new()).build(connector)
}

impl Inner {
    async fn set(&self) -> Result<String, Exception> {
        let address = match &self.place {
            Place::Set(address) => address.clone(),
            Place::Issuer(issuer, address) => {
                let said = self.get(address.clone()).await?;
                let said: Discovered =
                    serde_json::from_str(&said).map_err(Exception::unavailable)?;
                if said.issuer != *issuer {
                    return Err(Exception::unavailable("the issuer names itself otherwise"));
                }
                uri(&said.jwks_uri, self.plain).map_err(Exception::unavailable)?
            }
        };
        self.get(address).await
    }

    async fn get(&self, address: Uri) -> Result<String, Exception> {
        let request = Request::get(address).header(ACCEPT, "application/json");
        let request = request.body(Empty::new()).map_err(Exception::unavailable)?;
        let response = self.client.request(request).await;
        let response = response.map_err(Exception::unavailable)?;
        if response.status() != StatusCode::OK {
            let about = format!("the keys were answered with {}", response.status());
            return Err(Exception::unavailable(about));
        }
        let body = Limited::new(response.into_body(), SIZE).collect().await;
        let body = body.map_err(Exception::unavailable)?.to_bytes();
        String::from_utf8(body.into()).map_err(Exception::unavailable)
    }
}

#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
}

impl JwksFetcher for HttpFetcher {
    fn fetch(&self) -> Later<Result<String, Exception>> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let fetched = tokio::time::timeout(TIME, inner.set()).await;
            fetched.unwrap_or_else(|late| Err(Exception::unavailable(late)))
        })
    }
}

fn uri(text: &str, plain: bool) -> Result<Uri, HttpFetcherError> {
    let wrong = || HttpFetcherError::address(text);
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let host = uri.host().ok_or_else(wrong)?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let here = bare == "localhost"
        || bare
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if plain || here => Ok(uri),
        _ => Err(wrong()),
    }
}

impl fmt::Debug for HttpFetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = match &self.0.place {
            Place::Set(address) | Place::Issuer(_, address) => address,
        };
        f.debug_tuple("HttpFetcher").field(address).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for good in [
            "https://login.example/keys",
            "http://127.0.0.1:80/keys",
            "http://[::1]/keys",
        ] {
            assert!(HttpFetcher::new(good).is_ok(), "{good}");
        }
        for bad in [
            "http://login.example/keys",
            "ftp://127.0.0.1/",
            "/keys",
            "",
            "http://127.0.0.1.evil.example/",
        ] {
            let error = HttpFetcher::new(bad).expect_err(bad);
            assert!(error.to_string().contains("https"), "{error}");
        }
        assert!(HttpFetcher::insecure("http://login.example/keys").is_ok());
    }
}
