//! The layer that reads the form field.

use std::convert::Infallible;

use bytes::Bytes;
use gatefold_authentication::{Csrf, CsrfFormLayer, CsrfFormService};
use gatefold_core::{refusal, testing::Strict};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};

type Body = Full<Bytes>;

const SECRET: &str = "abcdefghijklmnopqrstuvwxyzABCDEF";
const FORM: &str = "application/x-www-form-urlencoded";

fn request(kind: &str, header: Option<&str>, body: String) -> Request<Body> {
    let request = Request::post("/").header("cookie", format!("csrftoken={SECRET}"));
    let mut request = request.header("content-type", kind);
    if let Some(header) = header {
        request = request.header("x-csrftoken", header);
    }
    request.body(Full::from(body)).expect("a request")
}

/// The verdict, and the body that arrives.
async fn asked(layer: CsrfFormLayer, request: Request<Body>) -> (u16, String) {
    let inner = service_fn(|request: Request<Body>| async move {
        let (head, body) = request.into_parts();
        if let Err(exception) = Csrf::django().check(&head) {
            return Ok(refusal::<Body>(exception, &head.extensions));
        }
        let body = body.collect().await?.to_bytes();
        Ok::<_, Infallible>(Response::new(Full::from(body)))
    });
    let response = layer
        .layer(inner)
        .oneshot(request)
        .await
        .expect("infallible");
    let status = response.status().as_u16();
    let body = response
        .into_body()
        .collect()
        .await
        .expect("infallible")
        .to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn a_form_says_the_token_and_arrives_whole() {
    let layer = CsrfFormLayer::new(100);
    let good = format!("a=1&csrfmiddlewaretoken={SECRET}&b=2");
    let bad = "csrfmiddlewaretoken=zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz".to_owned();
    for (layer, kind, header, body, status) in [
        (layer, FORM, None, &good, 200),
        (
            layer,
            "Application/X-WWW-Form-Urlencoded; charset=utf-8",
            None,
            &good,
            200,
        ),
        (layer, "application/json", None, &good, 403),
        (layer, FORM, None, &bad, 403),
        (layer, FORM, Some(SECRET), &bad, 200),
        (layer.drf(), FORM, Some(SECRET), &bad, 403),
        (layer, FORM, None, &"a=1".to_owned(), 403),
        (layer, FORM, None, &"x".repeat(101), 413),
        (layer, FORM, Some(SECRET), &"x".repeat(101), 200),
    ] {
        let (answer, arrived) = asked(layer, request(kind, header, body.clone())).await;
        assert_eq!(answer, status, "{kind} {header:?} {body}");
        if status == 200 {
            assert_eq!(arrived, *body);
        }
    }
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_called() {
    let mut service = CsrfFormLayer::new(100).layer(Strict::new());
    let mut limited = CsrfFormLayer::new(4).layer(ConcurrencyLimitLayer::new(1).layer(service_fn(
        |_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::default())) },
    )));
    for body in ["a=1", "a=12345"] {
        for kind in [FORM, "text/plain"] {
            let request = || request(kind, None, body.to_owned());
            let ready = ServiceExt::<Request<Body>>::ready(&mut service).await;
            let response = ready.expect("infallible").call(request()).await;
            assert_eq!(response.expect("infallible").status(), StatusCode::OK);
            // A future that is dropped before it is polled frees its place, and so does a refusal.
            let first = limited.ready().await.expect("infallible").call(request());
            drop(first);
            let ready = limited.ready().await.expect("infallible");
            let status = ready.call(request()).await.expect("infallible").status();
            assert_eq!(status == 413, kind == FORM && body.len() > 4);
        }
    }
}

#[test]
fn everything_travels_between_threads() {
    fn travels<T: Clone + Send + Sync>() {}
    travels::<CsrfFormLayer>();
    travels::<CsrfFormService<Strict>>();
}
