//! Data on its way out through the layer.

use std::{
    convert::Infallible,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use gatefold_core::{Accepted, Data, Exception, Identity, Outward, RenderContext, Renderer};
use gatefold_negotiation::{
    DefaultNegotiation, HtmlRenderer, JsonRenderer, NegotiationLayer, Rendered, Reply,
};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use mime::Mime;
use serde::{Serialize, Serializer};
use tower::{Layer, ServiceExt, service_fn};

async fn through<F>(request: Request<()>, handler: F) -> Response<Rendered>
where
    F: Fn(Request<()>) -> Response<Rendered> + Clone,
{
    let negotiation = DefaultNegotiation::default().or(Head::new());
    let service = service_fn(move |request| {
        let response = handler(request);
        async move { Ok::<_, Infallible>(response) }
    });
    let layer = NegotiationLayer::new(negotiation);
    layer.layer(service).oneshot(request).await.unwrap()
}

fn get(accept: &str) -> Request<()> {
    let request = Request::builder().uri("/tasks").header("accept", accept);
    request.body(()).expect("a request")
}

async fn text(response: Response<Rendered>) -> String {
    let bytes = response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Shows what a renderer can be told.
struct Head(Mime);

impl Head {
    fn new() -> Self {
        Self("text/x-head".parse().expect("a media type"))
    }
}

impl Renderer for Head {
    fn media_type(&self) -> &Mime {
        &self.0
    }

    fn format(&self) -> &str {
        "head"
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("text/x-head; charset=utf-8")
    }

    fn wants_head(&self) -> bool {
        true
    }

    fn wants_outward(&self) -> bool {
        true
    }

    fn render(
        &self,
        _: &Data<'_>,
        context: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        let path = context.head().expect("asked for").uri.path();
        let identity = context.outward().expect("asked for").identity();
        let id = identity.map_or("nobody", Identity::id);
        Ok(format!("{id} at {path}").into())
    }
}

#[tokio::test]
async fn the_client_gets_the_form_that_it_asked_for_with_its_length() {
    let response = through(get("text/html"), |_| Reply([1, 2]).respond()).await;
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    assert_eq!(response.headers()["vary"], "Accept");
    assert!(response.headers().get("content-length").is_none());
    let length = response.body().size_hint().exact().expect("rendered");
    assert_eq!(length, text(response).await.len() as u64);

    let response = through(get("application/json; indent=1"), |_| Reply([1]).respond()).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(text(response).await, "[\n 1\n]");
}

#[tokio::test]
async fn status_headers_and_the_handlers_own_type_stay() {
    let response = through(get("application/json"), |_| {
        let mut response = Reply([1]).respond();
        *response.status_mut() = StatusCode::CREATED;
        let headers = response.headers_mut();
        headers.insert("location", HeaderValue::from_static("/tasks/1"));
        headers.insert("vary", HeaderValue::from_static("Cookie"));
        let own = HeaderValue::from_static("application/problem+json");
        headers.insert("content-type", own);
        response
    })
    .await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["location"], "/tasks/1");
    assert_eq!(response.headers()["vary"], "Cookie, Accept");
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
}

#[tokio::test]
async fn the_value_is_dropped_once_it_is_rendered() {
    #[derive(Clone)]
    struct Counted(Arc<AtomicUsize>);
    impl Serialize for Counted {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str("counted")
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let value = Counted(Arc::clone(&drops));
    let response = through(get("*/*"), move |_| Reply(value.clone()).respond()).await;
    // The handler's own went with the service.
    assert_eq!(drops.load(Ordering::Relaxed), 2);
    assert_eq!(text(response).await, "\"counted\"");
}

#[tokio::test]
async fn a_value_that_cannot_be_rendered_is_a_500() {
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no form for this"))
        }
    }
    let response = through(get("text/html"), |_| Reply(Broken).respond()).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(response.headers().get("content-type").is_none());
    assert_eq!(response.headers()["vary"], "Accept");
    let exception = response
        .extensions()
        .get::<Exception>()
        .expect("left there");
    assert!(
        exception
            .source()
            .expect("for the log")
            .to_string()
            .contains("no form for this")
    );
    let accepted = exception.accepted().expect("it goes along");
    assert_eq!(accepted.renderer().format(), "html");
    assert_eq!(text(response).await, "");
}

#[tokio::test]
async fn head_and_bodiless_statuses_render_nothing() {
    struct Untouchable;
    impl Serialize for Untouchable {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("rendered")
        }
    }
    let mut head = get("text/html");
    *head.method_mut() = Method::HEAD;
    let response = through(head, |_| Reply(Untouchable).respond()).await;
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    assert_eq!(
        response.body().size_hint().exact(),
        None,
        "not known, and not 0"
    );
    assert!(response.body().is_end_stream());
    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED] {
        let response = through(get("text/html"), move |_| {
            let mut response = Reply(Untouchable).respond();
            *response.status_mut() = status;
            response
        })
        .await;
        assert!(response.headers().get("content-type").is_none());
        assert_eq!(text(response).await, "");
    }
}

#[tokio::test]
async fn nothing_rendered_has_no_type_unless_it_is_text() {
    let negotiation = DefaultNegotiation::new(JsonRenderer::new().drf()).or(HtmlRenderer::new());
    let service = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Reply(()).respond()) });
    let layer = NegotiationLayer::new(negotiation);
    let response = layer.layer(service).oneshot(get("*/*")).await.unwrap();
    assert!(response.headers().get("content-type").is_none());
    assert_eq!(text(response).await, "");
}

#[tokio::test]
async fn other_answers_pass_untouched() {
    let response = through(get("text/html"), |_| Response::new("ready".into())).await;
    assert!(response.headers().get("content-type").is_none());
    assert_eq!(response.headers()["vary"], "Accept");
    assert_eq!(text(response).await, "ready");
}

#[tokio::test]
async fn a_body_that_somebody_put_in_its_place_keeps_its_type() {
    let response = through(get("text/html"), |_| {
        Reply([1]).respond().map(|_| Rendered::from("[2]"))
    })
    .await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(text(response).await, "[2]");
}

#[tokio::test]
async fn a_body_that_somebody_read_before_is_json_and_says_so() {
    let early = service_fn(|_: Request<()>| async {
        let (head, body) = Reply([1]).respond().into_parts();
        let bytes = body.collect().await.expect("it serializes").to_bytes();
        Ok::<_, Infallible>(Response::from_parts(head, Rendered::from(bytes)))
    });
    let layer = NegotiationLayer::default();
    let response = layer.layer(early).oneshot(get("text/html")).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(text(response).await, "[1]");
}

#[tokio::test]
async fn an_exception_of_the_handler_learns_form_and_identity() {
    let mut request = get("text/html");
    // As an access log does.
    Outward::leave(request.extensions_mut());
    let response = through(request, |mut request| {
        Identity::new("42").leave(request.extensions_mut());
        Reply::<()>::respond_or(Err(Exception::not_found()))
    })
    .await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let exception = response
        .extensions()
        .get::<Exception>()
        .expect("left there");
    assert_eq!(exception.identity().map(Identity::id), Some("42"));
    let accepted = exception.accepted().expect("it goes along");
    assert_eq!(accepted.media_type(), &mime::TEXT_HTML);
}

#[tokio::test]
async fn a_renderer_is_told_what_it_asked_for() {
    let response = through(get("text/x-head"), |mut request| {
        Identity::new("42").leave(request.extensions_mut());
        Reply(()).respond()
    })
    .await;
    assert_eq!(text(response).await, "42 at /tasks");
}

#[tokio::test]
async fn a_page_names_the_caller_and_links_to_the_other_forms() {
    let mut request = get("text/html");
    *request.uri_mut() = "/tasks?page=2".parse().expect("a URI");
    gatefold_core::Route::new("/<tasks>").leave(request.extensions_mut());
    let response = through(request, |mut request| {
        Identity::new("<alice>").leave(request.extensions_mut());
        Reply(()).respond()
    })
    .await;
    let page = text(response).await;
    for part in [
        "<b>&lt;alice&gt;</b>",
        "type=\"application/json\" href=\"/tasks?page=2&amp;format=json\">json</a>",
        "href=\"/tasks?page=2&amp;format=head\">head</a>",
        "<title>/&lt;tasks&gt; ",
        "<dt>content-type</dt><dd>text/html; charset=utf-8</dd>",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("format=html"), "no link to itself");
}

#[tokio::test]
async fn the_handler_can_read_what_was_accepted() {
    let response = through(get("text/html"), |request| {
        let accepted = Accepted::of(request.extensions()).expect("the layer left it");
        Response::new(accepted.media_type().to_string().into())
    })
    .await;
    assert_eq!(text(response).await, "text/html");
}

#[tokio::test]
async fn a_closure_negotiates_and_says_whether_it_looked_at_accept() {
    use gatefold_negotiation::Selection;
    let html: Arc<dyn Renderer> = Arc::new(HtmlRenderer::new());
    let html = Accepted::new(mime::TEXT_HTML, html);
    let pages = NegotiationLayer::new(move |head: &http::request::Parts| {
        match head.uri.path().starts_with("/pages") {
            true => Selection::from(html.clone()).varies(false),
            false => Exception::not_acceptable().into(),
        }
    });
    let service = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Reply(1).respond()) });
    let page = Request::get("/pages/1").body(()).unwrap();
    let response = pages.clone().layer(service).oneshot(page).await.unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    assert!(response.headers().get("vary").is_none());
    let response = pages.layer(service).oneshot(get("*/*")).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_ACCEPTABLE);
    assert_eq!(response.headers()["vary"], "Accept");
}
