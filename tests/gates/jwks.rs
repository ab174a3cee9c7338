//! Keys of an identity provider, over sockets: rotated and withdrawn while requests keep coming.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use gatefold::authentication::{AuthenticationLayer, JwtAuthentication};
use gatefold::permissions::{IsAuthenticated, PermissionLayer};
use gatefold::tokens::{HttpFetcher, Jwks, JwtAlgorithm, JwtSigner, JwtVerifier};
use gatefold::{Identity, ManualClock};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::on_hyper::serve_at;

/// An identity provider: it says where its keys are, and which.
#[derive(Clone, Default)]
struct Provider {
    keys: Arc<Mutex<Vec<String>>>,
    asked: Arc<AtomicUsize>,
}

impl Provider {
    async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let this = self.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let answer = this.answer(request.uri().path(), address);
            async move { Ok::<_, Infallible>(answer) }
        });
        serve_at(listener, service);
        address
    }

    fn answer(&self, path: &str, address: SocketAddr) -> Response<Full<Bytes>> {
        let body = match path {
            "/.well-known/openid-configuration" => {
                format!(r#"{{"issuer":"http://{address}","jwks_uri":"http://{address}/keys"}}"#)
            }
            "/keys" => {
                self.asked.fetch_add(1, Ordering::SeqCst);
                format!(r#"{{"keys":[{}]}}"#, self.keys.lock().unwrap().join(","))
            }
            _ => {
                let mut response = Response::new(Full::default());
                *response.status_mut() = StatusCode::NOT_FOUND;
                return response;
            }
        };
        Response::new(Full::from(body))
    }

    fn publishes(&self, signers: &[&JwtSigner]) {
        let keys = signers.iter().map(|signer| signer.jwk().unwrap());
        *self.keys.lock().unwrap() = keys.collect();
    }
}

fn bearer(token: &str) -> Request<Full<Bytes>> {
    let request = Request::builder().header("authorization", format!("Bearer {token}"));
    request.body(Full::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_are_rotated_and_withdrawn_under_load() {
    let provider = Provider::default();
    let address = provider.serve().await;
    let hand = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    let fetcher = HttpFetcher::discover(&format!("http://{address}")).unwrap();
    let jwks = Jwks::new(fetcher).clock(hand.clock());
    let issuer = format!("http://{address}");
    let verifier = JwtVerifier::new(jwks)
        .issuers([issuer.as_str()])
        .clock(hand.clock());
    let service = ServiceBuilder::new()
        .layer(AuthenticationLayer::new(JwtAuthentication::new(verifier)))
        .layer(PermissionLayer::new(IsAuthenticated))
        .service(service_fn(|request: Request<Full<Bytes>>| async move {
            assert!(Identity::of(request.extensions()).is_some());
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }));
    let signer = |algorithm, kid: &str| JwtSigner::generate(algorithm).unwrap().kid(kid);
    let old = signer(JwtAlgorithm::Es256, "old");
    let new = signer(JwtAlgorithm::EdDsa, "new");
    let token = |signer: &JwtSigner| {
        let claims = format!(r#"{{"iss":"{issuer}","sub":"alice","exp":4102444800}}"#);
        signer.sign(claims).unwrap()
    };
    let (with_old, with_new) = (token(&old), token(&new));
    let ask = |token: &str| {
        let (service, request) = (service.clone(), bearer(token));
        async move { service.oneshot(request).await.unwrap().status() }
    };

    provider.publishes(&[&old]);
    assert_eq!(ask(&with_old).await, StatusCode::OK);

    // From now on somebody always asks, with the old key, with the new one, and with made-up ones.
    let (rotated, withdrawn, over) =
        <(Arc<AtomicBool>, Arc<AtomicBool>, Arc<AtomicBool>)>::default();
    let served = Arc::new(AtomicUsize::new(0));
    let load: Vec<_> = (0..8)
        .map(|number| {
            let (service, served) = (service.clone(), Arc::clone(&served));
            let (rotated, withdrawn, over) = (
                Arc::clone(&rotated),
                Arc::clone(&withdrawn),
                Arc::clone(&over),
            );
            let (with_old, with_new) = (with_old.clone(), with_new.clone());
            let made_up = token(&old.clone().kid(format!("made up {number}")));
            tokio::spawn(async move {
                while !over.load(Ordering::SeqCst) {
                    let ask = async |token| {
                        let response = service.clone().oneshot(bearer(token)).await;
                        response.unwrap().status()
                    };
                    // What holds is read before the question, so it holds for the answer.
                    let new_is_known = rotated.load(Ordering::SeqCst);
                    let new = ask(&with_new).await;
                    assert!(!new_is_known || new == StatusCode::OK, "{new}");
                    let old_is_gone = withdrawn.load(Ordering::SeqCst);
                    let old = ask(&with_old).await;
                    assert!(!old_is_gone || old == StatusCode::UNAUTHORIZED, "{old}");
                    assert!([200, 401].contains(&old.as_u16()), "{old}");
                    assert_eq!(ask(&made_up).await, StatusCode::UNAUTHORIZED);
                    served.fetch_add(3, Ordering::SeqCst);
                }
            })
        })
        .collect();

    provider.publishes(&[&old, &new]);
    hand.advance(Duration::from_secs(31));
    let until = async |token: &str, status: StatusCode| {
        let seen = async {
            while ask(token).await != status {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), seen)
            .await
            .unwrap();
    };
    until(&with_new, StatusCode::OK).await;
    rotated.store(true, Ordering::SeqCst);

    provider.publishes(&[&new]);
    let before = provider.asked.load(Ordering::SeqCst);
    hand.advance(Duration::from_secs(5 * 60));
    until(&with_old, StatusCode::UNAUTHORIZED).await;
    // Refused within one refresh, the remembered token too.
    assert_eq!(provider.asked.load(Ordering::SeqCst), before + 1);
    withdrawn.store(true, Ordering::SeqCst);

    let so_far = served.load(Ordering::SeqCst);
    while served.load(Ordering::SeqCst) < so_far + 3000 {
        tokio::task::yield_now().await;
        assert!(
            load.iter().all(|task| !task.is_finished()),
            "the load has failed"
        );
    }
    over.store(true, Ordering::SeqCst);
    for task in load {
        task.await.unwrap();
    }
    // Made-up keys in any number: at most one fetch in each interval.
    assert!(
        provider.asked.load(Ordering::SeqCst) <= 4,
        "{:?}",
        provider.asked
    );
}

#[tokio::test]
async fn an_issuer_that_names_itself_otherwise_has_no_keys() {
    let provider = Provider::default();
    let address = provider.serve().await;
    let signer = JwtSigner::generate(JwtAlgorithm::Es256).unwrap();
    provider.publishes(&[&signer]);
    let fetcher = HttpFetcher::discover(&format!("http://localhost:{}", address.port())).unwrap();
    assert!(Jwks::new(fetcher).warm().await.is_err());
    let fetcher = HttpFetcher::new(&format!("http://{address}/keys")).unwrap();
    assert!(Jwks::new(fetcher).warm().await.is_ok());
    let fetcher = HttpFetcher::new(&format!("http://{address}/nowhere")).unwrap();
    assert!(Jwks::new(fetcher).warm().await.is_err());
}
