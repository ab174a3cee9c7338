//! Replies that are rendered while the body is read: off the reactor, and item by item.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
};

use futures_core::Stream;
use gatefold_negotiation::{
    CsvRenderer, DefaultNegotiation, HtmlRenderer, JsonLinesRenderer, JsonRenderer,
    NegotiationLayer, Rendered, Reply,
};
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use serde::{Serialize, Serializer};
use tower::{Layer, ServiceExt, service_fn};

#[derive(Serialize)]
struct Row {
    id: usize,
}

/// So many rows, then nothing, or silence for ever. Counts what was asked for, and being dropped.
struct Rows {
    left: usize,
    silent: bool,
    given: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

impl Rows {
    fn new(left: usize) -> Self {
        Self {
            left,
            silent: false,
            given: Arc::default(),
            dropped: Arc::default(),
        }
    }
}

impl Stream for Rows {
    type Item = Row;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Row>> {
        if self.left == 0 {
            return if self.silent {
                Poll::Pending
            } else {
                Poll::Ready(None)
            };
        }
        self.left -= 1;
        let id = self.given.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Some(Row { id }))
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

async fn through(request: Request<()>, response: Response<Rendered>) -> Response<Rendered> {
    let negotiation = DefaultNegotiation::new(JsonRenderer::new())
        .or(JsonLinesRenderer::new())
        .or(CsvRenderer::new())
        .or(HtmlRenderer::new());
    let mut response = Some(response);
    let service = service_fn(move |_: Request<()>| {
        let response = response.take().expect("asked once");
        async move { Ok::<_, Infallible>(response) }
    });
    let service = Once(Arc::new(std::sync::Mutex::new(service)));
    NegotiationLayer::new(negotiation)
        .layer(service)
        .oneshot(request)
        .await
        .expect("infallible")
}

/// A service that is cloned, but called once.
struct Once<S>(Arc<std::sync::Mutex<S>>);

impl<S> Clone for Once<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R, S: tower::Service<R>> tower::Service<R> for Once<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.lock().expect("not poisoned").poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.0.lock().expect("not poisoned").call(request)
    }
}

fn get(format: &str) -> Request<()> {
    let uri = format!("/rows?format={format}");
    Request::get(uri).body(()).expect("a request")
}

async fn text(response: Response<Rendered>) -> String {
    let body = response.into_body().collect().await.expect("a body");
    String::from_utf8(body.to_bytes().to_vec()).expect("UTF-8")
}

#[tokio::test]
async fn a_stream_is_framed_as_array_lines_or_table() {
    for (format, content_type, expected) in [
        ("json", "application/json", "[{\"id\":0},{\"id\":1}]"),
        ("ndjson", "application/x-ndjson", "{\"id\":0}\n{\"id\":1}\n"),
        ("csv", "text/csv; charset=utf-8", "id\r\n0\r\n1\r\n"),
        // A page cannot be streamed.
        ("html", "application/json", "[{\"id\":0},{\"id\":1}]"),
    ] {
        let response = through(get(format), Reply::stream(Rows::new(2)).respond()).await;
        assert_eq!(response.headers()["content-type"], content_type);
        assert_eq!(text(response).await, expected, "{format}");
    }
    let empty = through(get("json"), Reply::stream(Rows::new(0)).respond()).await;
    assert_eq!(text(empty).await, "[]");
}

#[tokio::test]
async fn without_the_layer_a_stream_is_an_array() {
    let response = Reply::stream(Rows::new(1)).respond();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(text(response).await, "[{\"id\":0}]");
}

#[tokio::test]
async fn a_stream_is_not_read_ahead_and_ends_with_its_client() {
    let rows = Rows::new(1_000_000);
    let (given, dropped) = (Arc::clone(&rows.given), Arc::clone(&rows.dropped));
    let response = through(get("json"), Reply::stream(rows).respond()).await;
    assert_eq!(given.load(Ordering::Relaxed), 0, "nobody reads yet");
    let mut body = response.into_body();
    let frame = body.frame().await.expect("a frame").expect("no error");
    let length = frame.into_data().expect("data").len();
    assert!((16 * 1024..17 * 1024).contains(&length), "{length}");
    assert!(given.load(Ordering::Relaxed) < 5000);
    drop(body);
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_is_there_is_sent_before_the_next_is_waited_for() {
    let mut rows = Rows::new(1);
    rows.silent = true;
    let response = through(get("ndjson"), Reply::stream(rows).respond()).await;
    let mut body = response.into_body();
    let frame = body.frame().await.expect("a frame").expect("no error");
    assert_eq!(frame.into_data().expect("data"), "{\"id\":0}\n");
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut body).poll_frame(&mut cx).is_pending());
}

#[tokio::test]
async fn a_failing_item_breaks_the_body_off() {
    struct Fails(bool);
    impl Stream for Fails {
        type Item = Result<u8, &'static str>;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let first = !std::mem::replace(&mut self.0, true);
            Poll::Ready(Some(if first {
                Ok(1)
            } else {
                Err("the database is gone")
            }))
        }
    }
    let response = through(get("json"), Reply::try_stream(Fails(false)).respond()).await;
    let error = response.into_body().collect().await.expect_err("broken");
    assert_eq!(error.to_string(), "the database is gone");
}

#[tokio::test]
async fn neither_is_rendered_for_head_or_without_a_content() {
    for status in [StatusCode::OK, StatusCode::NO_CONTENT] {
        let rows = Rows::new(3);
        let (given, dropped) = (Arc::clone(&rows.given), Arc::clone(&rows.dropped));
        let mut request = get("csv");
        *request.method_mut() = http::Method::HEAD;
        let mut response = Reply::stream(rows).respond();
        *response.status_mut() = status;
        let response = through(request, response).await;
        let typed = response.headers().get("content-type").is_some();
        assert_eq!(typed, status == StatusCode::OK);
        assert!(response.body().is_end_stream());
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
        assert_eq!(given.load(Ordering::Relaxed), 0);
    }
}

/// Says on which thread it is rendered.
struct Here;

impl Serialize for Here {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:?}", thread::current().id()))
    }
}

#[tokio::test]
async fn large_data_is_rendered_on_another_thread() {
    for format in ["json", "csv"] {
        let response = through(get(format), Reply::blocking(Here).respond()).await;
        let here = format!("{:?}", thread::current().id());
        let there = text(response).await;
        assert!(
            there.contains("ThreadId") && !there.contains(&here),
            "{there}"
        );
    }
}

#[tokio::test]
async fn what_fails_or_panics_over_there_breaks_the_body_off() {
    struct Broken(bool);
    impl Serialize for Broken {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            assert!(!self.0, "as the test wants it");
            Err(serde::ser::Error::custom("no form for this"))
        }
    }
    for (panics, words) in [(false, "no form for this"), (true, "was not rendered")] {
        let response = through(get("json"), Reply::blocking(Broken(panics)).respond()).await;
        let error = response.into_body().collect().await.expect_err("broken");
        assert!(error.to_string().contains(words), "{error}");
    }
}
