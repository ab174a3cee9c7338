//! Handlers, renderers, and what changes on the way out.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use gatefold_core::{Accepted, Data, ErrorDetail, Exception, RenderContext, Renderer};
use gatefold_exceptions::{Answer, ExceptionHandler, ExceptionLayer, Problem, RequestHead};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE, ETAG, VARY},
};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use mime::Mime;
use tower::{Layer, ServiceExt, service_fn};

use crate::asked::{Reply, accepting, ask, ask_with, get, of_type, refused, text};

#[tokio::test]
async fn of_two_layers_the_inner_one_has_the_word() {
    let inner = ExceptionLayer::new(|exception: Exception, _: &RequestHead| {
        let secret = exception.with_status(StatusCode::INTERNAL_SERVER_ERROR);
        Answer::bytes(secret, HeaderValue::from_static("text/plain"), "mine")
    });
    let service =
        ExceptionLayer::default().layer(inner.layer(service_fn(|_: Request<()>| async {
            Ok::<_, Infallible>(refused(Exception::not_found()))
        })));
    let answer = service.oneshot(get()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(text(answer).await, "mine");
}

#[tokio::test]
async fn a_closure_sees_the_head_and_may_change_or_replace() {
    let changes = ExceptionLayer::new(|exception: Exception, head: &RequestHead| {
        assert_eq!(head.method(), Method::GET);
        assert_eq!(head.uri().unwrap().path(), "/tasks");
        assert_eq!(head.language().unwrap(), "de");
        assert_eq!(head.request_id(), Some("7"));
        exception
            .with_detail("Nichts da.")
            .with_header(ALLOW, HeaderValue::from_static("GET"))
    });
    let request = Request::get("/tasks")
        .header("accept-language", "de")
        .header("x-request-id", "7")
        .body(())
        .unwrap();
    let answer = ask_with(changes, refused(Exception::not_found()), request).await;
    assert_eq!(answer.headers()[ALLOW], "GET");
    assert_eq!(text(answer).await, r#"{"detail":"Nichts da."}"#);

    let replaces: Arc<dyn ExceptionHandler> = Arc::new(|exception: Exception, _: &RequestHead| {
        Answer::data(exception, [1, 2]).json_type(HeaderValue::from_static("a/b+json"))
    });
    let layer = ExceptionLayer::new(replaces);
    let answer = ask_with(layer, refused(Exception::not_found()), get()).await;
    assert_eq!(answer.headers()[CONTENT_TYPE], "a/b+json");
    assert_eq!(text(answer).await, "[1,2]");
}

#[tokio::test]
async fn data_that_cannot_be_serialized_gives_way_to_the_detail() {
    let layer = ExceptionLayer::new(|exception: Exception, _: &RequestHead| {
        Answer::data(exception, std::collections::BTreeMap::from([((1, 2), 3)]))
    });
    let answer = ask_with(layer, refused(Exception::not_found()), get()).await;
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/json");
    assert_eq!(text(answer).await, r#"{"detail":"Not found."}"#);
}

/// Renders anything as a line of stars, or nothing.
struct Stars {
    media_type: Mime,
    takes_errors: bool,
    fails: bool,
}

impl Renderer for Stars {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn format(&self) -> &'static str {
        "stars"
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_str(self.media_type.as_ref()).unwrap()
    }

    fn takes_errors(&self) -> bool {
        self.takes_errors
    }

    fn render(
        &self,
        data: &Data<'_>,
        context: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
        if self.fails {
            return Err("secret".into());
        }
        let json = String::from_utf8(data.to_json()?)?;
        Ok(format!("* {} {json} *", context.status()).into())
    }
}

fn accepted(media_type: &str, takes_errors: bool, fails: bool) -> Reply {
    let media_type: Mime = media_type.parse().unwrap();
    let stars = Stars {
        media_type: media_type.clone(),
        takes_errors,
        fails,
    };
    let accepted = Accepted::new(media_type, Arc::new(stars));
    refused(Exception::not_found().with_accepted(accepted))
}

#[tokio::test]
async fn the_routes_own_renderer_renders_what_it_takes() {
    let answer = ask(accepted("text/stars", true, false), accepting("text/html")).await;
    assert_eq!(answer.headers()[CONTENT_TYPE], "text/stars");
    assert!(
        !answer.headers().contains_key(VARY),
        "negotiation says that"
    );
    let words = r#"* 404 Not Found {"detail":"Not found."} *"#;
    assert_eq!(text(answer).await, words);

    for answer in [
        accepted("text/stars", false, false),
        accepted("text/stars", true, true),
    ] {
        let answer = ask(answer, get()).await;
        assert_eq!(text(answer).await, r#"{"detail":"Not found."}"#);
    }
}

#[tokio::test]
async fn a_json_renderer_gives_a_problem_the_type_of_problems() {
    let layer = ExceptionLayer::new(Problem::new());
    let response = accepted("application/json", true, false);
    let answer = ask_with(layer, response, get()).await;
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json");
}

#[tokio::test]
async fn a_status_that_was_changed_on_the_way_out_stays_changed() {
    let mut gone = refused(Exception::not_found());
    *gone.status_mut() = StatusCode::GONE;
    let answer = ask(gone, get()).await;
    assert_eq!(answer.status(), StatusCode::GONE);

    let mut recovered = of_type(StatusCode::OK, "text/plain", "from the cache");
    recovered.extensions_mut().insert(Exception::not_found());
    assert_eq!(text(ask(recovered, get()).await).await, "from the cache");
}

#[tokio::test]
async fn a_status_without_a_body_gets_no_words() {
    for status in [
        StatusCode::CONTINUE,
        StatusCode::NO_CONTENT,
        StatusCode::RESET_CONTENT,
        StatusCode::NOT_MODIFIED,
    ] {
        let mut response = refused(Exception::not_found().with_status(status));
        let tag = HeaderValue::from_static("\"1\"");
        response.headers_mut().insert(ETAG, tag);
        let answer = ask(response, get()).await;
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()[ETAG], "\"1\"");
        assert_eq!(answer.headers().len(), 1);
        assert_eq!(text(answer).await, "");

        let hides = ExceptionLayer::new(move |exception: Exception, _: &RequestHead| {
            exception.with_status(status)
        });
        let answer = ask_with(hides, refused(Exception::not_found()), get()).await;
        assert_eq!(answer.status(), status);
        assert!(answer.headers().is_empty());
        assert_eq!(text(answer).await, "");
    }
}

/// A text that is announced in whole and comes in two pieces.
struct Pieces(Vec<&'static str>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.0.pop();
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece.into()))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

#[tokio::test]
async fn a_text_that_does_not_come_at_once_gives_way_to_the_default_words() {
    let service = ExceptionLayer::default().layer(service_fn(|_: Request<()>| async {
        Response::builder()
            .status(StatusCode::FORBIDDEN)
            .header(CONTENT_TYPE, "text/plain")
            .body(Pieces(vec!["there", "here and "]).boxed())
    }));
    let words = text(service.oneshot(get()).await.unwrap()).await;
    assert!(words.contains("You do not have permission"), "{words}");
}

#[tokio::test]
async fn fields_keep_their_shape() {
    let fields = ErrorDetail::fields([("title", vec!["This field is required."])]);
    let answer = ask(refused(Exception::validation(fields)), get()).await;
    assert_eq!(
        text(answer).await,
        r#"{"title":["This field is required."]}"#
    );
}

#[tokio::test]
async fn an_empty_header_map_needs_no_accept() {
    let mut request = get();
    *request.headers_mut() = HeaderMap::new();
    let answer = ask(refused(Exception::permission_denied()), request).await;
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/json");
}
