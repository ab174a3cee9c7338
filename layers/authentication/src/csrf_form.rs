use std::task::{Context, Poll};

use bytes::Bytes;
use http::{
    Method, Request, Response,
    header::{CONTENT_TYPE, COOKIE},
    request::Parts,
};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use crate::{CsrfField, CsrfFormFuture};

/// Reads the form field `csrfmiddlewaretoken` for [`Csrf::django`](crate::Csrf::django), which
/// does not read bodies.
///
/// It stands around the authentication layer. A POST of `application/x-www-form-urlencoded` with
/// cookies, and without the header `X-CSRFToken`, is read to its end and handed on in one piece;
/// beyond the limit it is refused with 413. All other requests pass as they are, multipart bodies
/// too: their pages send the header.
///
/// ```
/// use bytes::Bytes;
/// use gatefold_authentication::{Csrf, CsrfFormLayer};
/// use gatefold_core::Exception;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = ServiceBuilder::new()
///     .layer(CsrfFormLayer::new(64 * 1024))
///     .service(service_fn(|request: Request<Full<Bytes>>| async move {
///         Csrf::django().check(&request.into_parts().0)?;
///         Ok::<_, Exception>(Response::new(String::new()))
///     }));
///
/// let secret = "abcdefghijklmnopqrstuvwxyzABCDEF";
/// let request = Request::post("/")
///     .header("cookie", format!("csrftoken={secret}"))
///     .header("content-type", "application/x-www-form-urlencoded")
///     .body(Full::from(format!("title=Tea&csrfmiddlewaretoken={secret}")))?;
/// assert_eq!(service.oneshot(request).await?.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct CsrfFormLayer {
    limit: usize,
    always: bool,
}

impl CsrfFormLayer {
    /// Reads forms of at most `limit` bytes.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            always: false,
        }
    }

    /// Reads forms beside a header too, as Django does: a wrong field is then not saved by a good
    /// header.
    pub const fn drf(mut self) -> Self {
        self.always = true;
        self
    }

    /// Whether the field decides about this request.
    fn is_wanted(self, head: &Parts) -> bool {
        let kind = head.headers.get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.as_bytes().split(|byte| *byte == b';').next());
        let is_form = kind.is_some_and(|kind| {
            let form = b"application/x-www-form-urlencoded";
            kind.trim_ascii().eq_ignore_ascii_case(form)
        });
        is_form
            && head.method == Method::POST
            && head.headers.contains_key(COOKIE)
            && (self.always || !head.headers.contains_key("x-csrftoken"))
            && CsrfField::of(&head.extensions).is_none()
    }
}

impl<S> Layer<S> for CsrfFormLayer {
    type Service = CsrfFormService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CsrfFormService {
            inner,
            layer: *self,
        }
    }
}

/// The service that [`CsrfFormLayer`] makes: reads forms before `S` sees them.
#[derive(Clone, Debug)]
pub struct CsrfFormService<S> {
    inner: S,
    layer: CsrfFormLayer,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for CsrfFormService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ReqBody: Body + From<Bytes>,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = CsrfFormFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (head, body) = request.into_parts();
        match self.layer.is_wanted(&head) {
            true => CsrfFormFuture::read(&mut self.inner, head, body, self.layer.limit),
            false => CsrfFormFuture::pass(self.inner.call(Request::from_parts(head, body))),
        }
    }
}
