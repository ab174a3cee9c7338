use std::fmt;

use bytes::Bytes;
use gatefold_core::{Data, Exception};
use http::HeaderValue;
use serde::Serialize;

use crate::{
    Detail, Problem,
    detail::DetailDocument,
    problem::{PROBLEM, ProblemDocument},
    told::Told,
};

/// What an [`ExceptionHandler`](crate::ExceptionHandler) answers: the exception, whose status and
/// headers the answer has, and the words.
///
/// A gRPC caller is told the exception's code and detail, whatever the words are.
pub struct Answer {
    pub(crate) exception: Exception,
    pub(crate) words: Words,
}

pub(crate) enum Words {
    Detail(Detail),
    Problem(Problem),
    Data {
        data: Box<dyn Document>,
        json_type: HeaderValue,
    },
    Bytes {
        content_type: HeaderValue,
        bytes: Bytes,
    },
}

/// Any data, its type forgotten until it is rendered.
pub(crate) trait Document {
    fn data(&self) -> Data<'_>;
}

impl<T: Serialize> Document for T {
    fn data(&self) -> Data<'_> {
        Data::new(self)
    }
}

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Answer {
    /// Answers with `data`, rendered by the route's renderer or as JSON. A caller who wants a page
    /// or a text gets the exception's detail as one.
    pub fn data(exception: Exception, data: impl Serialize + 'static) -> Self {
        let words = Words::Data {
            data: Box::new(data),
            json_type: JSON,
        };
        Self { exception, words }
    }

    /// Says that the data is JSON of this type: `application/vnd.error+json`.
    #[must_use]
    pub fn json_type(mut self, content_type: HeaderValue) -> Self {
        if let Words::Data { json_type, .. } = &mut self.words {
            *json_type = content_type;
        }
        self
    }

    /// Answers with these bytes, whatever the caller accepts.
    pub fn bytes(exception: Exception, content_type: HeaderValue, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let words = Words::Bytes {
            content_type,
            bytes,
        };
        Self { exception, words }
    }

    /// The exception whose status and headers the answer has.
    pub fn exception(&self) -> &Exception {
        &self.exception
    }

    /// Shows the data and its JSON's type; bytes have none.
    pub(crate) fn with_data<R>(
        &self,
        told: &Told,
        show: impl FnOnce(Data<'_>, HeaderValue) -> R,
    ) -> Option<R> {
        match &self.words {
            Words::Detail(detail) => {
                let document = DetailDocument::new(&self.exception, detail, told);
                Some(show(Data::new(&document), JSON))
            }
            Words::Problem(problem) => {
                let document = ProblemDocument::new(&self.exception, problem, told);
                Some(show(Data::new(&document), PROBLEM))
            }
            Words::Data { data, json_type } => Some(show((**data).data(), json_type.clone())),
            Words::Bytes { .. } => None,
        }
    }
}

/// The words of [`Detail`].
impl From<Exception> for Answer {
    fn from(exception: Exception) -> Self {
        let words = Words::Detail(Detail::new());
        Self { exception, words }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("exception", &self.exception)
            .finish_non_exhaustive()
    }
}
