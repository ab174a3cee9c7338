//! Django REST Framework's order: who is asked first, and who is not asked at all.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use gatefold::{Accepted, Exception, Identity, Policy, Version};
use http::{Request, Response, StatusCode, request::Parts};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

/// What was asked, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A policy whose gates write themselves into `log` and refuse when the header names them.
fn policy(log: &Log) -> Policy {
    let gate = |name: &'static str| {
        let log = log.clone();
        move |head: &Parts| {
            log.note(name);
            head.headers
                .get("x-refuse")
                .is_none_or(|value| value != name)
        }
    };
    let (negotiate, version) = (gate("negotiation"), gate("versioning"));
    let (authenticate, permit) = (gate("authentication"), gate("permission"));
    let throttle = gate("throttle");
    let renderer: Arc<dyn gatefold::Renderer> =
        Arc::new(gatefold::negotiation::JsonRenderer::new());
    Policy::new()
        .throttle(
            move |head: &Parts, claims: &mut gatefold::throttling::Claims<'_>| {
                throttle(head);
                let _ = claims;
            },
        )
        .unwrap()
        .permission(move |head: &Parts| permit(head))
        .authentication(move |head: &Parts| match authenticate(head) {
            true => Ok(Some(Identity::new("ada"))),
            false => Err(Exception::authentication_failed()),
        })
        .versioning(move |head: &Parts| match version(head) {
            true => Ok(Some(Version::new("1"))),
            false => Err(Exception::not_found()),
        })
        .negotiation(move |head: &Parts| match negotiate(head) {
            true => Ok(Accepted::new(
                "application/json".parse().unwrap(),
                renderer.clone(),
            )),
            false => Err(Exception::not_acceptable()),
        })
}

async fn status(log: &Log, refuse: &str) -> StatusCode {
    let handler = {
        let log = log.clone();
        service_fn(move |_: Request<()>| {
            log.note("handler");
            async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())) }
        })
    };
    let request = Request::builder()
        .header("x-refuse", refuse)
        .body(())
        .unwrap();
    policy(log)
        .layer(handler)
        .oneshot(request)
        .await
        .unwrap()
        .status()
}

#[tokio::test]
async fn the_order_is_that_of_initial_however_the_policy_was_written() {
    let log = Log::default();
    assert_eq!(status(&log, "nobody").await, StatusCode::OK);
    let order = [
        "negotiation",
        "versioning",
        "authentication",
        "permission",
        "throttle",
        "handler",
    ];
    assert_eq!(log.take(), order);
}

#[tokio::test]
async fn a_gate_that_refuses_is_the_last_that_is_asked() {
    let log = Log::default();
    for (refuse, expected, asked) in [
        ("negotiation", StatusCode::NOT_ACCEPTABLE, 1),
        ("versioning", StatusCode::NOT_FOUND, 2),
        ("authentication", StatusCode::FORBIDDEN, 3),
        ("permission", StatusCode::FORBIDDEN, 4),
    ] {
        assert_eq!(status(&log, refuse).await, expected, "{refuse}");
        assert_eq!(log.take().len(), asked, "{refuse}");
    }
}
