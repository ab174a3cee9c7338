//! A caller who asks about one failure in every form, and checks what is said.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use gatefold::exceptions::GrpcCode;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tonic_types::StatusExt;

use crate::failing::{Fact, SECRET};

pub(crate) const FORMS: [&str; 3] = ["application/json", "application/problem+json", "text/html"];

/// Method, path, headers, body.
pub(crate) type Asked<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'static str);

pub(crate) struct Caller {
    address: SocketAddr,
    one: Client<HttpConnector, Full<Bytes>>,
    two: Client<HttpConnector, Full<Bytes>>,
    /// The server speaks HTTP/2 alone.
    only_two: bool,
}

impl Caller {
    pub(crate) fn new(address: SocketAddr, only_two: bool) -> Self {
        let builder = || Client::builder(TokioExecutor::new());
        Self {
            address,
            one: builder().build_http(),
            two: builder().http2_only(true).build_http(),
            only_two,
        }
    }

    pub(crate) async fn ask(&self, form: &str, what: Asked<'_>) -> Said {
        let (method, path, headers, body) = what;
        let uri = format!("http://{}{path}", self.address);
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let is_grpc = form == "grpc";
        if is_grpc {
            request = request
                .method("POST")
                .header("content-type", "application/grpc");
        } else {
            request = request.header("accept", form);
        }
        let client = if is_grpc || self.only_two {
            &self.two
        } else {
            &self.one
        };
        let request = request.body(Full::from(body)).unwrap();
        let (head, body) = client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap();
        assert!(body.trailers().is_none());
        Said {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8(body.to_bytes().into()).unwrap(),
        }
    }

    /// Asks in every form and checks what is said.
    pub(crate) async fn check(&self, fact: &Fact, what: Asked<'_>) {
        for form in FORMS {
            self.ask(form, what).await.check(fact, form);
        }
        self.check_grpc(fact, what).await;
    }

    pub(crate) async fn check_grpc(&self, fact: &Fact, what: Asked<'_>) {
        self.ask("grpc", what).await.check_grpc(fact);
    }
}

#[derive(Debug)]
pub(crate) struct Said {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Said {
    pub(crate) fn check(&self, fact: &Fact, form: &str) {
        let name = fact.name;
        assert_eq!(self.status, fact.status, "{name}: {self:?}");
        let content_type = self.headers["content-type"].to_str().unwrap();
        assert!(content_type.starts_with(form), "{name}: {self:?}");
        assert!(self.headers.contains_key(fact.keeps), "{name}: {self:?}");
        assert!(!format!("{self:?}").contains(SECRET), "{name}: {self:?}");
        if form == "text/html" {
            let words = fact.words.replace('"', "&quot;");
            assert!(self.body.contains(&words), "{name}: {self:?}");
            return;
        }
        let json: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        if fact.name == "validation" {
            let errors = json.get("errors").unwrap_or(&json);
            assert_eq!(errors["title"][0], "This field is required.");
            return;
        }
        let detail = json["detail"].as_str().unwrap_or_default();
        assert!(detail.starts_with(fact.words), "{name}: {self:?}");
        assert_eq!(json["code"], fact.code, "{name}: {self:?}");
        if form == "application/problem+json" {
            assert_eq!(json["status"], fact.status);
            assert!(json["title"].is_string() && json["type"].is_string());
            let id = json.get("request_id").and_then(|id| id.as_str());
            let header = self.headers.get("x-request-id");
            assert_eq!(id, header.map(|id| id.to_str().unwrap()));
            assert_eq!(id.is_some(), fact.status >= 500, "{name}: {self:?}");
        }
    }

    fn check_grpc(&self, fact: &Fact) {
        let name = fact.name;
        assert_eq!(self.status, StatusCode::OK, "{name}: {self:?}");
        assert_eq!(self.headers["content-type"], "application/grpc");
        assert_eq!(self.body, "");
        let status = tonic::Status::from_header_map(&self.headers).unwrap();
        assert_eq!(GrpcCode::from(status.code()), fact.grpc, "{name}: {self:?}");
        let words = status.message();
        assert!(
            words.starts_with(fact.words) || fact.words.is_empty(),
            "{name}: {self:?}"
        );
        let details = status.get_error_details();
        assert!(
            !format!("{self:?} {details:?}").contains(SECRET),
            "{name}: {self:?}"
        );
        if fact.name.starts_with("status-") {
            return;
        }
        let info = details.error_info().unwrap();
        assert_eq!(info.reason, fact.code.to_ascii_uppercase(), "{name}");
        match fact.name {
            "throttled" => {
                let delay = details.retry_info().unwrap().retry_delay;
                assert_eq!(delay, Some(Duration::from_millis(7300)));
            }
            "validation" => {
                let violations = &details.bad_request().unwrap().field_violations;
                assert_eq!(violations[0].field, "title");
                assert_eq!(violations[0].description, "This field is required.");
                assert_eq!(violations[1].field, "owner");
            }
            _ => {}
        }
        assert_eq!(
            details.request_info().is_some(),
            fact.status >= 500,
            "{name}: {self:?}"
        );
    }
}
