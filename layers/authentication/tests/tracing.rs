//! What operators are told.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use gatefold_authentication::{AuthenticationLayer, BasicAuthentication, TokenAuthentication};
use gatefold_core::{Exception, Identity, testing::Strict};
use gatefold_tokens::{MemoryTokenStore, NewToken, Tokens};
use http::Request;
use http_body_util::Full;
use tower::{Layer, ServiceExt};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// Writes each event on a line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "gatefold::authentication"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().expect("whole").push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 += &format!("{}={value:?} ", field.name());
    }
}

/// What is told of these requests, in order.
fn told(layer: &AuthenticationLayer, headers: &[&str]) -> Vec<String> {
    let lines = Lines::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    tracing::subscriber::with_default(lines.clone(), || {
        runtime.expect("a runtime").block_on(async {
            for header in headers {
                let request = Request::builder().uri("/a?key=s3cret");
                let request = request.header("authorization", *header);
                let request = request.body(Full::<Bytes>::default()).expect("a request");
                let answer = layer.layer(Strict::new()).oneshot(request).await;
                answer.expect("infallible");
            }
        });
    });
    let told = lines.0.lock().expect("whole");
    told.clone()
}

#[test]
fn a_refusal_is_told_once_and_without_secrets() {
    let basic = BasicAuthentication::new(|_, _| async { None::<Identity> });
    let token = TokenAuthentication::new(|_| async { None::<Identity> });
    let layer = AuthenticationLayer::new(basic).or(token);
    for layer in [layer.clone(), layer.recording()] {
        // alice:s3cret
        let told = told(
            &layer,
            &["Token s3cret", "Basic YWxpY2U6czNjcmV0", "Other s3cret"],
        );
        let [token, basic] = &told[..] else {
            panic!("{told:?}")
        };
        for (line, words) in [
            (token, "Invalid token."),
            (basic, "Invalid username/password."),
        ] {
            assert!(line.contains("status=401"), "{line}");
            assert!(line.contains("code=\"authentication_failed\""), "{line}");
            assert!(line.contains(words), "{line}");
            assert!(line.contains("method=\"GET\""), "{line}");
            assert!(!line.contains("s3cret") && !line.contains("YWxp"), "{line}");
        }
    }
}

#[test]
fn a_store_that_is_away_is_told_too() {
    let layer = AuthenticationLayer::new(TokenAuthentication::new(|_| async {
        Err::<Option<Identity>, _>(Exception::unavailable("postgres://user:pw@db"))
    }));
    let told = told(&layer, &["Token s3cret"]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("status=503") && !told[0].contains("pw@db"),
        "{told:?}"
    );
}

#[test]
fn the_first_success_of_each_credential_is_told() {
    let tokens = Tokens::new(MemoryTokenStore::new());
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let issued = runtime.expect("a runtime").block_on(async {
        let one = tokens.issue(NewToken::of("alice").device("phone")).await;
        let other = tokens.issue(NewToken::of("alice")).await;
        [one.expect("kept"), other.expect("kept")]
    });
    let layer = AuthenticationLayer::new(TokenAuthentication::stored(tokens));
    let headers = issued
        .clone()
        .map(|(secret, _)| format!("Token {}", secret.reveal()));
    let [one, other] = &headers;
    let told = told(&layer, &[one, one, other, one, other]);
    // Two may share a place, once in thousands of runs; then more is told, and never less.
    assert!(told.len() >= 2, "{told:?}");
    for ((secret, token), line) in issued.iter().zip([&told[0], &told[1]]) {
        assert!(
            line.contains("user=\"alice\"") && line.contains("scheme=\"Token\""),
            "{line}"
        );
        assert!(
            line.contains(&format!("credential={:?}", token.id())),
            "{line}"
        );
        assert!(!line.contains(secret.reveal()), "{line}");
    }
}
