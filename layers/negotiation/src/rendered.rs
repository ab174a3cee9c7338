use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use gatefold_core::ReplyBody;
use http::{Response, header::CONTENT_TYPE};
use http_body::{Body, Frame, SizeHint};

use crate::{
    choice::{BoxError, Choice, Progress},
    deferred::Deferred,
    reply::JSON,
};

/// The body of a [`Reply`](crate::Reply), or a few words.
///
/// Its size is unknown until the form is chosen: asking does not choose.
#[derive(Debug, Default)]
pub struct Rendered(Content);

#[derive(Debug, Default)]
enum Content {
    #[default]
    Nothing,
    Words(Bytes),
    Reply(Choice),
    Deferred(Deferred),
}

impl Rendered {
    /// A response 200 whose form is still to be chosen, and which is JSON if nobody does.
    pub(crate) fn put_off(deferred: Deferred) -> Response<Self> {
        let mut response = Response::new(Self(Content::Deferred(deferred.clone())));
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        response.extensions_mut().insert(deferred);
        response
    }

    pub(crate) fn chosen(choice: Choice) -> Self {
        Self(Content::Reply(choice))
    }
}

impl ReplyBody for Rendered {
    fn from_words(words: Bytes) -> Self {
        if words.is_empty() {
            return Self::default();
        }
        Self(Content::Words(words))
    }
}

/// For answers beside replies: text that is ready.
impl From<Bytes> for Rendered {
    fn from(words: Bytes) -> Self {
        Self::from_words(words)
    }
}

/// For answers beside replies: text that is ready.
impl From<String> for Rendered {
    fn from(words: String) -> Self {
        Self::from_words(words.into())
    }
}

/// For answers beside replies: text that is ready.
impl From<&'static str> for Rendered {
    fn from(words: &'static str) -> Self {
        Self::from_words(Bytes::from_static(words.as_bytes()))
    }
}

impl Body for Rendered {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Content::Deferred(deferred) = &self.0 {
            let next = deferred.poll_bytes(cx);
            return next.map(|next| next.map(|next| next.map(Frame::data)));
        }
        let next = match std::mem::take(&mut self.0) {
            Content::Nothing => None,
            Content::Words(words) => Some(Ok(words)),
            Content::Reply(choice) => choice.take(),
            Content::Deferred(_) => None,
        };
        let next = next.filter(|next| !matches!(next, Ok(bytes) if bytes.is_empty()));
        Poll::Ready(next.map(|next| next.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Content::Nothing => true,
            Content::Words(_) => false,
            Content::Reply(choice) => {
                matches!(choice.progress(), Progress::Over | Progress::Rendered(0))
            }
            Content::Deferred(deferred) => deferred.is_over(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Nothing => SizeHint::with_exact(0),
            Content::Words(words) => SizeHint::with_exact(words.len() as u64),
            Content::Reply(choice) => match choice.progress() {
                Progress::Open => SizeHint::default(),
                Progress::Rendered(length) => SizeHint::with_exact(length),
                // Of an answer to HEAD the length is not known, and it is not 0.
                Progress::Over => SizeHint::default(),
            },
            Content::Deferred(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde::Serialize;

    use super::*;
    use crate::Reply;

    struct Unserializable;

    impl Serialize for Unserializable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no form for this"))
        }
    }

    #[tokio::test]
    async fn asking_for_the_size_does_not_choose() {
        let body = Reply(Unserializable).respond().into_body();
        assert_eq!(body.size_hint().exact(), None);
        assert!(!body.is_end_stream());
        assert!(body.collect().await.is_err(), "only reading renders");
    }

    #[tokio::test]
    async fn words_are_read_once() {
        let mut body = Rendered::from("words");
        assert_eq!(body.size_hint().exact(), Some(5));
        let frame = body.frame().await.expect("one frame").expect("no error");
        assert_eq!(frame.into_data().expect("data"), "words");
        assert!(body.is_end_stream());
        assert!(body.frame().await.is_none());
        assert!(Rendered::from("").is_end_stream());
    }
}
