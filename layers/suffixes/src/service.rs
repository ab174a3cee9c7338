use std::{
    sync::Arc,
    task::{Context, Poll},
};

use gatefold_core::is_grpc;
use http::Request;
use tower_service::Service;

use crate::formats::Formats;

/// The service that [`SuffixLayer`](crate::SuffixLayer) makes.
#[derive(Clone, Debug)]
pub struct SuffixService<S> {
    inner: S,
    formats: Arc<Formats>,
}

impl<S> SuffixService<S> {
    pub(crate) fn new(inner: S, formats: Arc<Formats>) -> Self {
        Self { inner, formats }
    }
}

/// The answer is the inner service's, and so is the future.
impl<S, ReqBody> Service<Request<ReqBody>> for SuffixService<S>
where
    S: Service<Request<ReqBody>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> S::Future {
        self.inner.call(rewritten(&self.formats, request))
    }
}

/// The common request has no suffix and is neither taken apart nor copied.
fn rewritten<B>(formats: &Formats, request: Request<B>) -> Request<B> {
    let Some((uri, format)) = formats.rewrite(request.uri()) else {
        return request;
    };
    if is_grpc(request.headers()) {
        return request;
    }
    let (mut head, body) = request.into_parts();
    #[cfg(feature = "axum")]
    gatefold_core::keep_original_uri(&mut head);
    head.uri = uri;
    format.leave(&mut head.extensions);
    Request::from_parts(head, body)
}

#[cfg(test)]
mod tests {
    use gatefold_core::Format;
    use http::header::CONTENT_TYPE;

    use super::*;

    #[test]
    fn a_grpc_request_is_never_rewritten() {
        let formats = Formats::known(["json"]).expect("a good name");
        let request = |content_type: &str| {
            let request = Request::post("/pkg.Service.json").header(CONTENT_TYPE, content_type);
            rewritten(&formats, request.body(()).expect("a request"))
        };
        let grpc = request("application/grpc+proto");
        assert_eq!(grpc.uri().path(), "/pkg.Service.json");
        assert!(Format::of(grpc.extensions()).is_none());
        let plain = request("application/json");
        assert_eq!(plain.uri().path(), "/pkg.Service");
        assert_eq!(
            Format::of(plain.extensions()).map(Format::as_str),
            Some("json")
        );
    }

    #[cfg(feature = "axum")]
    #[test]
    fn the_uri_as_sent_is_kept_for_axum() {
        use gatefold_core::original_uri;

        let formats = Formats::known(["json"]).expect("a good name");
        let request = Request::get("/tasks.json?x").body(()).expect("a request");
        let (head, ()) = rewritten(&formats, request).into_parts();
        assert_eq!(head.uri, "/tasks?x");
        assert_eq!(*original_uri(&head), "/tasks.json?x");
    }
}
