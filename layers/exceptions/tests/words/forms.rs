//! What is said, in which form, and what is left alone.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use gatefold_core::{Exception, Wrapped, refusal};
use gatefold_exceptions::{Detail, ExceptionLayer, Problem};
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{
        ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, RETRY_AFTER, SET_COOKIE, VARY,
        WWW_AUTHENTICATE,
    },
};
use http_body::Body;
use http_body_util::{BodyExt, Empty, Full};
use tower::{Layer, ServiceExt, service_fn};

use crate::asked::{Reply, accepting, ask, ask_with, get, grpc, of_type, refused, text};

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
