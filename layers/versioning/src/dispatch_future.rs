use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

pin_project! {
    /// A request on its way to the service of its version. It boxes nothing.
    pub struct DispatchFuture<S, ReqBody>
    where
        S: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<S, ReqBody>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, ReqBody>
    where
        S: Service<Request<ReqBody>>,
    {
        Readying { service: S, request: Option<Request<ReqBody>> },
        Inside { #[pin] future: S::Future },
        Refused { response: Option<S::Response> },
    }
}

impl<S, ReqBody> DispatchFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>>,
{
    pub(crate) fn chosen(service: S, request: Request<ReqBody>) -> Self {
        let request = Some(request);
        let state = State::Readying { service, request };
        Self { state }
    }

    pub(crate) fn refused(response: S::Response) -> Self {
        let response = Some(response);
        let state = State::Refused { response };
        Self { state }
    }
}

impl<S, ReqBody, ResBody> Future for DispatchFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Output = Result<Response<ResBody>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let future = match state.as_mut().project() {
                StateProj::Inside { future } => return future.poll(cx),
                StateProj::Refused { response } => {
                    let response = response.take().expect("polled after completion");
                    return Poll::Ready(Ok(response));
                }
                StateProj::Readying { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    let request = request.take().expect("polled after completion");
                    service.call(request)
                }
            };
            state.set(State::Inside { future });
        }
    }
}

impl<S, ReqBody> fmt::Debug for DispatchFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DispatchFuture").finish_non_exhaustive()
    }
}
