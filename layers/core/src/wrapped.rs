use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::ReplyBody;

pin_project! {
    /// A body that is the service's own or a few words, for services whose body cannot hold words.
    ///
    /// Put it on at the service, inside the gates, with tower's
    /// `map_response(|response| response.map(Wrapped::from))`.
    #[derive(Debug)]
    pub struct Wrapped<B> {
        #[pin]
        own: Option<B>,
        words: Option<Bytes>,
    }
}

impl<B> From<B> for Wrapped<B> {
    fn from(own: B) -> Self {
        Self {
            own: Some(own),
            words: None,
        }
    }
}

impl<B> Default for Wrapped<B> {
    fn default() -> Self {
        Self {
            own: None,
            words: None,
        }
    }
}

impl<B> ReplyBody for Wrapped<B> {
    fn from_words(words: Bytes) -> Self {
        Self {
            own: None,
            words: Some(words).filter(|words| !words.is_empty()),
        }
    }
}

impl<B: Body<Data = Bytes>> Body for Wrapped<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        match this.own.as_pin_mut() {
            Some(own) => own.poll_frame(cx),
            None => Poll::Ready(this.words.take().map(|words| Ok(Frame::data(words)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.own {
            Some(own) => own.is_end_stream(),
            None => self.words.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.own {
            Some(own) => own.size_hint(),
            None => SizeHint::with_exact(self.words.as_ref().map_or(0, |words| words.len() as u64)),
        }
    }
}
