//! A service that answers one thing, and callers of every kind.

use std::convert::Infallible;

use bytes::Bytes;
use gatefold_core::{Exception, ReplyBody, refusal};
use gatefold_exceptions::ExceptionLayer;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};

pub(crate) type Reply = Response<Full<Bytes>>;

/// Sends `request` through `layer` to a service that answers `response`.
pub(crate) async fn ask_with<B>(
    layer: ExceptionLayer,
    response: Response<B>,
    request: Request<()>,
) -> Response<B>
where
    B: ReplyBody + Body + Clone,
{
    let service = layer.layer(service_fn(move |_: Request<()>| {
        let response = response.clone();
        async move { Ok::<_, Infallible>(response) }
    }));
    service.oneshot(request).await.unwrap()
}

pub(crate) async fn ask(response: Reply, request: Request<()>) -> Reply {
    ask_with(ExceptionLayer::default(), response, request).await
}

pub(crate) async fn text<B>(response: Response<B>) -> String
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.into()).unwrap()
}

pub(crate) fn refused(exception: Exception) -> Reply {
    refusal(exception, &http::Extensions::new())
}

pub(crate) fn get() -> Request<()> {
    Request::new(())
}

pub(crate) fn accepting(accept: &'static str) -> Request<()> {
    let mut request = get();
    let accept = HeaderValue::from_static(accept);
    request.headers_mut().insert(ACCEPT, accept);
    request
}

pub(crate) fn grpc() -> Request<()> {
    let mut request = get();
    *request.method_mut() = Method::POST;
    let content_type = HeaderValue::from_static("application/grpc");
    request.headers_mut().insert(CONTENT_TYPE, content_type);
    request
}

pub(crate) fn of_type(status: StatusCode, content_type: &'static str, body: &'static str) -> Reply {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, content_type)
        .body(Full::from(body))
        .unwrap()
}
