//! What a 5xx tells: where in the log it is, and in development why.

use std::{convert::Infallible, io, net::SocketAddr};

use bytes::Bytes;
use gatefold_core::{Connection, Exception, refusal};
use gatefold_exceptions::{Answer, ExceptionLayer, Problem, RequestHead};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};

type Reply = Response<Full<Bytes>>;

const SECRET: &str = "hunter2";

fn broken() -> Exception {
    Exception::unavailable(io::Error::other(io::Error::other(SECRET)))
}

async fn ask(layer: &ExceptionLayer, answer: Reply, request: Request<()>) -> (Reply, String) {
    let service = layer.layer(service_fn(move |_: Request<()>| {
        let answer = answer.clone();
        async move { Ok::<_, Infallible>(answer) }
    }));
    let answer = service.oneshot(request).await.unwrap();
    let words = answer
        .clone()
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes();
    (answer, String::from_utf8(words.into()).unwrap())
}

fn refused(exception: Exception) -> Reply {
    refusal(exception, &http::Extensions::new())
}

fn with(headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder();
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

#[tokio::test]
async fn a_5xx_has_the_requests_id_or_its_traces_or_a_new_one() {
    let layer = ExceptionLayer::new(Problem::new());
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (headers, id) in [
        (
            &[("x-request-id", "a-1"), ("traceparent", parent)][..],
            Some("a-1"),
        ),
        (
            &[("traceparent", parent), ("x-request-id", "a-1")],
            Some("a-1"),
        ),
        (
            &[("traceparent", parent)],
            Some("4bf92f3577b34da6a3ce929d0e0e4736"),
        ),
        (&[("x-request-id", "<b>")], None),
        (&[], None),
    ] {
        let (answer, words) = ask(&layer, refused(broken()), with(headers)).await;
        let said = answer.headers()["x-request-id"].to_str().unwrap();
        let problem: serde_json::Value = serde_json::from_str(&words).unwrap();
        assert_eq!(problem["request_id"], said);
        match id {
            Some(id) => assert_eq!(said, id),
            None => assert_eq!(said.len(), 32),
        }
    }
    for accept in ["text/html", "text/plain"] {
        let request = with(&[("x-request-id", "a-1"), ("accept", accept)]);
        let (_, words) = ask(&layer, refused(broken()), request).await;
        assert!(words.contains("a-1"), "{words}");
    }
}

#[tokio::test]
async fn an_id_that_somebody_further_in_has_said_stays() {
    let mut answer = refused(broken());
    answer
        .headers_mut()
        .insert("x-request-id", "inner".parse().unwrap());
    let request = with(&[("x-request-id", "outer")]);
    let (answer, _) = ask(&ExceptionLayer::default(), answer, request).await;
    let all: Vec<_> = answer.headers().get_all("x-request-id").iter().collect();
    assert_eq!(all, ["inner"]);
}

#[tokio::test]
async fn what_the_caller_did_wrong_has_no_id() {
    let request = with(&[("x-request-id", "a-1")]);
    let (answer, _) = ask(
        &ExceptionLayer::default(),
        refused(Exception::gone()),
        request,
    )
    .await;
    assert!(!answer.headers().contains_key("x-request-id"));
}

#[tokio::test]
async fn a_failure_that_the_handler_makes_a_5xx_has_an_id_too() {
    let worse = ExceptionLayer::new(|exception: Exception, _: &RequestHead| {
        exception.with_status(StatusCode::BAD_GATEWAY)
    });
    let (answer, _) = ask(&worse, refused(Exception::gone()), with(&[])).await;
    assert!(answer.headers().contains_key("x-request-id"));
}

fn from(peer: Option<SocketAddr>, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = with(headers);
    if let Some(peer) = peer {
        Connection::new(peer).leave(request.extensions_mut());
    }
    request
}

#[tokio::test]
async fn causes_are_shown_on_loopback_and_only_when_asked_for() {
    let silent = ExceptionLayer::new(Problem::new());
    let shows = silent.clone().dangerously_show_causes_on_loopback();
    let loopback = Some(SocketAddr::from(([127, 0, 0, 1], 4000)));
    let stranger = Some(SocketAddr::from(([192, 0, 2, 1], 4000)));
    for accept in [
        "application/json",
        "application/problem+json",
        "text/html",
        "text/plain",
    ] {
        let accept = ("accept", accept);
        let host = ("host", "localhost:8000");
        let proxied = ("x-forwarded-for", "192.0.2.1");
        for (layer, peer, headers, is_shown) in [
            (&shows, loopback, &[accept, host][..], true),
            (&shows, stranger, &[accept, host], false),
            (&shows, None, &[accept, host], false),
            (&shows, loopback, &[accept, host, proxied], false),
            (
                &shows,
                loopback,
                &[accept, ("host", "api.example.org")],
                false,
            ),
            (&silent, loopback, &[accept, host], false),
        ] {
            let request = from(peer, headers);
            let (answer, words) = ask(layer, refused(broken()), request).await;
            assert_eq!(words.contains(SECRET), is_shown, "{headers:?} {words}");
            assert!(!format!("{:?}", answer.headers()).contains(SECRET));
        }
    }
    let request = from(loopback, &[]);
    let detail = ExceptionLayer::default().dangerously_show_causes_on_loopback();
    let (_, words) = ask(&detail, refused(broken()), request).await;
    let json: serde_json::Value = serde_json::from_str(&words).unwrap();
    assert_eq!(json["causes"], serde_json::json!([SECRET]));
    // What the caller did wrong has no private causes to show.
    let wrong = Exception::gone().with_source(SECRET);
    let (_, words) = ask(&detail, refused(wrong), from(loopback, &[])).await;
    assert!(!words.contains(SECRET), "{words}");
}

#[tokio::test]
async fn of_nested_handlers_the_innermost_is_asked_alone() {
    let route = ExceptionLayer::new(|exception: Exception, _: &RequestHead| {
        Answer::data(exception, ["the route's own"])
    });
    let app = ExceptionLayer::new(|_: Exception, _: &RequestHead| -> Answer {
        panic!("there are words already")
    });
    for form in ["application/json", "text/html", "text/plain"] {
        let inner = route.layer(service_fn(|_: Request<()>| async {
            Ok::<_, Infallible>(refused(broken()))
        }));
        let answer = app
            .layer(inner)
            .oneshot(with(&[("accept", form)]))
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let content_type = answer.headers()["content-type"].to_str().unwrap();
        assert!(content_type.starts_with(form));
    }
}
