//! What is said, in which form, and what is left alone.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use gatefold_core::{
    Accepted, Data, ErrorDetail, Exception, RenderContext, Renderer, ReplyBody, Wrapped, refusal,
};
use gatefold_exceptions::{Answer, Detail, ExceptionHandler, ExceptionLayer, Problem, RequestHead};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{
        ACCEPT, ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, RETRY_AFTER,
        SET_COOKIE, VARY, WWW_AUTHENTICATE,
    },
};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full};
use mime::Mime;
use tower::{Layer, ServiceExt, service_fn};

type Reply = Response<Full<Bytes>>;

/// Sends `request` through `layer` to a service that answers `response`.
async fn ask_with<B>(
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

async fn ask(response: Reply, request: Request<()>) -> Reply {
    ask_with(ExceptionLayer::default(), response, request).await
}

async fn text<B>(response: Response<B>) -> String
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.into()).unwrap()
}

fn refused(exception: Exception) -> Reply {
    refusal(exception, &http::Extensions::new())
}

fn get() -> Request<()> {
    Request::new(())
}

fn accepting(accept: &'static str) -> Request<()> {
    let mut request = get();
    let accept = HeaderValue::from_static(accept);
    request.headers_mut().insert(ACCEPT, accept);
    request
}

fn grpc() -> Request<()> {
    let mut request = get();
    *request.method_mut() = Method::POST;
    let content_type = HeaderValue::from_static("application/grpc");
    request.headers_mut().insert(CONTENT_TYPE, content_type);
    request
}

fn of_type(status: StatusCode, content_type: &'static str, body: &'static str) -> Reply {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, content_type)
        .body(Full::from(body))
        .unwrap()
}

#[tokio::test]
async fn a_refusal_is_worded_in_the_form_that_the_caller_accepts() {
    for (accept, content_type, words) in [
        ("*/*", "application/json", r#"{"detail":"Not found."}"#),
        (
            "image/png",
            "application/json",
            r#"{"detail":"Not found."}"#,
        ),
        ("text/plain", "text/plain; charset=utf-8", "Not found.\n"),
        (
            "application/problem+json",
            "application/problem+json",
            r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"Not found.","code":"not_found"}"#,
        ),
    ] {
        let answer = ask(refused(Exception::not_found()), accepting(accept)).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert_eq!(answer.headers()[CONTENT_TYPE], content_type);
        assert_eq!(answer.headers()[VARY], "accept");
        assert!(answer.extensions().get::<Exception>().is_none());
        assert_eq!(text(answer).await, words);
    }
    let answer = ask(refused(Exception::not_found()), accepting("text/html")).await;
    assert_eq!(answer.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
    let page = text(answer).await;
    assert!(
        page.contains("<h1>404 Not Found</h1>\n<p>Not found.</p>"),
        "{page}"
    );
}

#[tokio::test]
async fn a_problem_handler_speaks_rfc_9457_to_those_who_take_json() {
    let layer = ExceptionLayer::new(Problem::new().instance());
    let mut request = accepting("application/json");
    *request.uri_mut() = "/tasks/4?token=secret".parse().unwrap();
    let answer = ask_with(layer, refused(Exception::not_found()), request).await;
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json");
    let words = text(answer).await;
    assert!(words.contains(r#""instance":"/tasks/4","#), "{words}");
}

#[tokio::test]
async fn a_grpc_caller_gets_status_and_message_in_headers() {
    let wait = Some(Duration::from_secs(3));
    let answer = ask(refused(Exception::throttled(wait)), grpc()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/grpc");
    assert_eq!(answer.headers()["grpc-status"], "8");
    assert_eq!(
        answer.headers()["grpc-message"],
        "Request was throttled. Expected available in 3 seconds."
    );
    assert_eq!(answer.headers()[RETRY_AFTER], "3");
    assert!(answer.body().is_end_stream());
}

#[tokio::test]
async fn a_bare_404_is_unimplemented_to_grpc_and_an_exceptions_is_not_found() {
    let mut bare = Reply::default();
    *bare.status_mut() = StatusCode::NOT_FOUND;
    let answer = ask(bare, grpc()).await;
    assert_eq!(answer.headers()["grpc-status"], "12");
    let answer = ask(refused(Exception::not_found()), grpc()).await;
    assert_eq!(answer.headers()["grpc-status"], "5");
}

#[tokio::test]
async fn a_bare_status_gets_the_default_words_and_keeps_allow() {
    let mut bare = Reply::default();
    *bare.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    let allow = HeaderValue::from_static("GET,HEAD");
    bare.headers_mut().insert(ALLOW, allow);
    let mut request = get();
    *request.method_mut() = Method::PATCH;
    let answer = ask(bare, request).await;
    assert_eq!(answer.headers()[ALLOW], "GET,HEAD");
    assert_eq!(
        text(answer).await,
        r#"{"detail":"Method \"PATCH\" not allowed."}"#
    );
}

#[tokio::test]
async fn a_plain_text_of_the_4xx_is_the_detail_if_it_is_short() {
    let layer = || ExceptionLayer::new(Detail::new().codes());
    let short = of_type(
        StatusCode::UNPROCESSABLE_ENTITY,
        "text/plain; charset=utf-8",
        "No such field.",
    );
    let answer = ask_with(layer(), short, get()).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        text(answer).await,
        r#"{"detail":"No such field.","code":"invalid"}"#
    );

    let document: &'static str = "a".repeat(8193).leak();
    let long = of_type(StatusCode::BAD_REQUEST, "text/plain", document);
    let answer = ask_with(layer(), long.clone(), get()).await;
    assert_eq!(answer.headers()[CONTENT_TYPE], "text/plain");
    assert_eq!(text(answer).await, document);
    let answer = ask_with(layer(), long, grpc()).await;
    assert_eq!(answer.headers()["grpc-message"], "Malformed request.");

    let mut packed = of_type(StatusCode::BAD_REQUEST, "text/plain", "\u{1f}");
    let encoding = HeaderValue::from_static("gzip");
    packed.headers_mut().insert(CONTENT_ENCODING, encoding);
    let answer = ask_with(layer(), packed, get()).await;
    assert_eq!(text(answer).await, "\u{1f}");
}

#[tokio::test]
async fn a_plain_text_of_the_5xx_is_replaced_at_any_length() {
    for length in [6, 10_000] {
        let secret = "secret".repeat(length / 6).leak();
        let answer = of_type(StatusCode::BAD_GATEWAY, "text/plain", secret);
        let answer = ask(answer, get()).await;
        assert_eq!(text(answer).await, r#"{"detail":"Bad Gateway."}"#);
    }
}

#[tokio::test]
async fn what_has_words_of_its_own_passes_as_it_is() {
    let json = "application/json";
    for (status, content_type, body) in [
        (StatusCode::OK, "text/plain", "fine"),
        (StatusCode::BAD_REQUEST, json, r#"{"mine":1}"#),
        (StatusCode::BAD_REQUEST, json, ""),
        (StatusCode::INTERNAL_SERVER_ERROR, json, r#"{"mine":1}"#),
        (StatusCode::NOT_FOUND, "text/html", "<p>Lost"),
        (StatusCode::FOUND, "text/plain", "there"),
        (StatusCode::NOT_MODIFIED, "text/plain", ""),
        (StatusCode::CONFLICT, "application/octet-stream", "\u{0}"),
    ] {
        let mut response = of_type(status, content_type, body);
        let tag = HeaderValue::from_static("\"1\"");
        response.headers_mut().insert(ETAG, tag);
        let headers = response.headers().clone();
        let answer = ask(response, get()).await;
        assert_eq!(answer.status(), status);
        assert_eq!(*answer.headers(), headers);
        assert_eq!(text(answer).await, body);
    }
    // Without a type there is still a body.
    let untyped = Response::builder()
        .status(400)
        .body(Full::from("raw"))
        .unwrap();
    assert_eq!(text(ask(untyped, get()).await).await, "raw");
}

#[tokio::test]
async fn headers_with_a_meaning_survive_and_those_of_the_old_body_do_not() {
    let mut response = refused(
        Exception::not_authenticated()
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
    );
    let mut add = |name: &'static str, value| {
        response
            .headers_mut()
            .append(name, HeaderValue::from_static(value));
    };
    for (name, value) in [
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("vary", "Origin"),
        ("access-control-allow-origin", "*"),
        ("x-request-id", "7"),
        ("etag", "\"1\""),
        ("content-length", "0"),
        ("content-range", "bytes 0-1/2"),
        ("accept-ranges", "bytes"),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ] {
        add(name, value);
    }
    let answer = ask(response, get()).await;
    let all = |name: &str| -> Vec<&str> {
        let values = answer.headers().get_all(name).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    };
    assert_eq!(all("www-authenticate"), ["Bearer"]);
    assert_eq!(all(SET_COOKIE.as_str()), ["a=1", "b=2"]);
    assert_eq!(all("vary"), ["Origin", "accept"]);
    assert_eq!(all("access-control-allow-origin"), ["*"]);
    assert_eq!(all("x-request-id"), ["7"]);
    for name in [
        "etag",
        "content-length",
        "content-range",
        "accept-ranges",
        "last-modified",
    ] {
        assert!(all(name).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn on_head_there_are_the_headers_of_get_and_no_body() {
    let mut request = get();
    *request.method_mut() = Method::HEAD;
    let answer = ask(refused(Exception::not_found()), request).await;
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/json");
    let length = r#"{"detail":"Not found."}"#.len().to_string();
    assert_eq!(answer.headers()[CONTENT_LENGTH], length.as_str());
    assert_eq!(text(answer).await, "");
}

#[tokio::test]
async fn every_kind_of_body_can_hold_the_words() {
    let words = r#"{"detail":"Not found."}"#;
    let exception = Exception::not_found;
    let none = http::Extensions::new();
    let layer = ExceptionLayer::default;

    let string: Response<String> = refusal(exception(), &none);
    assert_eq!(ask_with(layer(), string, get()).await.body(), words);

    let foreign = |_: Request<()>| async {
        let none = http::Extensions::new();
        let refused: Response<Wrapped<Empty<Bytes>>> = refusal(Exception::not_found(), &none);
        Ok::<_, Infallible>(refused)
    };
    let service = layer().layer(service_fn(foreign));
    assert_eq!(text(service.oneshot(get()).await.unwrap()).await, words);

    // A body of its own kind, turned into one of these by a closure at the service.
    let own = |_: Request<()>| async {
        let mut lost = Response::new(Empty::<Bytes>::new());
        *lost.status_mut() = StatusCode::NOT_FOUND;
        Ok::<_, Infallible>(lost)
    };
    let boxed = service_fn(own).map_response(|lost| lost.map(BodyExt::boxed_unsync));
    let service = layer().layer(boxed);
    assert_eq!(text(service.oneshot(get()).await.unwrap()).await, words);

    let tonics = |_: Request<()>| async {
        let none = http::Extensions::new();
        let refused: Response<tonic::body::Body> = refusal(Exception::not_found(), &none);
        Ok::<_, Infallible>(refused)
    };
    let service = layer().layer(service_fn(tonics));
    let answer = service.clone().oneshot(get()).await.unwrap();
    assert_eq!(text(answer).await, words);
    let answer = service.oneshot(grpc()).await.unwrap();
    assert!(answer.body().is_end_stream());
}

#[tokio::test]
async fn a_status_of_tonics_passes_untouched() {
    let service = ExceptionLayer::default().layer(service_fn(|_: Request<()>| async {
        let status = tonic::Status::not_found("no task 4");
        Ok::<_, Infallible>(status.into_http::<tonic::body::Body>())
    }));
    let answer = service.oneshot(grpc()).await.unwrap();
    assert_eq!(answer.headers()["grpc-status"], "5");
    assert_eq!(answer.headers()["grpc-message"], "no%20task%204");
}

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
