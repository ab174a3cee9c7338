//! What the log is told (feature `tracing`).
#![cfg(feature = "tracing")]

use std::{
    convert::Infallible,
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use gatefold_core::{Exception, refusal};
use gatefold_exceptions::ExceptionLayer;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// Writes each event on a line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<String>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut lines = self.0.lock().unwrap();
        event.record(&mut Line(&mut lines));
        lines.push('\n');
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// What is logged while `fail` is answered.
fn logged(fail: fn() -> Response<Full<Bytes>>) -> String {
    let lines = Lines::default();
    let service = ExceptionLayer::default().layer(service_fn(move |_: Request<()>| async move {
        Ok::<_, Infallible>(fail())
    }));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    tracing::subscriber::with_default(lines.clone(), || {
        let request = Request::builder().header("x-request-id", "a-1");
        let answer = service.oneshot(request.body(()).unwrap());
        let answer = runtime.block_on(answer).unwrap();
        let is_inside = answer.status().is_server_error();
        assert_eq!(answer.headers().contains_key("x-request-id"), is_inside);
    });
    let lines = lines.0.lock().unwrap();
    lines.clone()
}

#[test]
fn each_5xx_is_one_event_with_the_whole_chain() {
    let lines = logged(|| {
        let inner = std::io::Error::other("the disk is full");
        refusal(
            Exception::unavailable(std::io::Error::other(inner)),
            &http::Extensions::new(),
        )
    });
    assert_eq!(lines.lines().count(), 1, "{lines}");
    assert!(lines.contains("status=503"), "{lines}");
    assert!(lines.contains("the disk is full"), "{lines}");
    assert!(lines.contains("request_id=\"a-1\""), "{lines}");
}

#[test]
fn a_panic_and_a_replaced_text_are_in_the_log() {
    let lines = logged(|| panic!("out of cheese"));
    assert_eq!(lines.lines().count(), 1, "{lines}");
    assert!(lines.contains("out of cheese"), "{lines}");

    let lines = logged(|| {
        let mut response = Response::new(Full::from("upstream said no"));
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        let plain = http::HeaderValue::from_static("text/plain");
        response.headers_mut().insert("content-type", plain);
        response
    });
    assert_eq!(lines.lines().count(), 1, "{lines}");
    assert!(lines.contains("upstream said no"), "{lines}");
}

#[test]
fn what_the_caller_did_wrong_is_not_logged() {
    let lines = logged(|| refusal(Exception::not_found(), &http::Extensions::new()));
    assert_eq!(lines, "");
}
