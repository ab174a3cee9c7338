//! What the unit tests of renderers and parsers share.

use std::sync::Arc;

use bytes::Bytes;
use gatefold_core::{Accepted, Data, Exception, RenderContext, Renderer};
use http::{HeaderMap, StatusCode};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Parser, Parsers};

pub(crate) fn rendered_bytes<T: Serialize>(renderer: impl Renderer, value: &T) -> Bytes {
    let accepted = Accepted::new(renderer.media_type().clone(), Arc::new(renderer));
    let headers = HeaderMap::new();
    let context = RenderContext::new(StatusCode::OK, &headers, &accepted);
    let bytes = accepted.renderer().render(&Data::new(value), &context);
    bytes.expect("it can be rendered")
}

pub(crate) fn rendered<T: Serialize>(renderer: impl Renderer, value: &T) -> String {
    String::from_utf8(rendered_bytes(renderer, value).to_vec()).expect("UTF-8")
}

/// Reads `body` as one of the parser's own media type.
#[allow(dead_code)] // Only parsers behind features use it.
pub(crate) fn parsed<T: DeserializeOwned>(
    parser: impl Parser,
    body: &[u8],
) -> Result<T, Exception> {
    let request = http::Request::builder().header("content-type", parser.media_type().as_ref());
    let (head, ()) = request.body(()).expect("a request").into_parts();
    Parsers::new(parser).parse(&head, &Bytes::copy_from_slice(body))
}
