use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::HeaderValue;
use mime::Mime;
use serde::{Serialize, Serializer};

use crate::RenderContext;

/// Turns data into the bytes of one media type.
///
/// Negotiation chooses one for what a handler returns; the exceptions layer uses the route's own
/// for a refusal, if it [takes errors](Renderer::takes_errors).
pub trait Renderer: Send + Sync + 'static {
    /// The media type that is offered, with the parameters that tell it from its like.
    fn media_type(&self) -> &Mime;

    /// The short name: what `?format=` and a suffix ask for.
    fn format(&self) -> &str;

    /// The `Content-Type` of what it renders, with a charset where it has one.
    fn content_type(&self) -> HeaderValue;

    /// The parameters of a media range that it understands beside those of its media type, as
    /// JSON does `indent`. A range with any other parameter does not match it.
    fn parameters(&self) -> &[&str] {
        &[]
    }

    /// Whether it can render the data of an [`Exception`](crate::Exception).
    fn takes_errors(&self) -> bool {
        true
    }

    /// Whether it wants a copy of the request's head. That costs six allocations a request.
    fn wants_head(&self) -> bool {
        false
    }

    /// Whether it wants to know the rest: what the gates further in found out (identity, version),
    /// the other forms, the URI and the route. That costs a few allocations a request.
    fn wants_outward(&self) -> bool {
        false
    }

    /// Renders `data`.
    ///
    /// # Errors
    ///
    /// What the data's serializer says, or the renderer where the data does not fit its form.
    fn render(
        &self,
        data: &Data<'_>,
        context: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>>;

    /// How it writes a stream of items one by one; `None` where it needs all of them first.
    fn items(&self) -> Option<Box<dyn ItemWriter>> {
        None
    }
}

/// Writes a stream of items in a renderer's form, without holding more than one.
pub trait ItemWriter: Send {
    /// Writes the next item, with what stands before it.
    ///
    /// # Errors
    ///
    /// What the item's serializer says, or the writer where the item does not fit its form.
    fn item(
        &mut self,
        item: &Data<'_>,
        to: &mut Vec<u8>,
    ) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// Writes what stands after the last item.
    fn end(&mut self, to: &mut Vec<u8>);
}

impl<T: ?Sized + Renderer> Renderer for Arc<T> {
    fn media_type(&self) -> &Mime {
        (**self).media_type()
    }

    fn format(&self) -> &str {
        (**self).format()
    }

    fn content_type(&self) -> HeaderValue {
        (**self).content_type()
    }

    fn parameters(&self) -> &[&str] {
        (**self).parameters()
    }

    fn takes_errors(&self) -> bool {
        (**self).takes_errors()
    }

    fn wants_head(&self) -> bool {
        (**self).wants_head()
    }

    fn wants_outward(&self) -> bool {
        (**self).wants_outward()
    }

    fn render(
        &self,
        data: &Data<'_>,
        context: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        (**self).render(data, context)
    }

    fn items(&self) -> Option<Box<dyn ItemWriter>> {
        (**self).items()
    }
}

/// A value to be rendered, its type forgotten.
///
/// It serializes as the value does. [`to_json`](Self::to_json) goes through the value's own
/// serializer, which takes about a third of the time.
#[derive(Clone, Copy)]
pub struct Data<'a>(&'a dyn Value);

impl<'a> Data<'a> {
    /// Forgets the type of `value`.
    pub fn new<T: Serialize>(value: &'a T) -> Self {
        Self(value)
    }

    pub(crate) fn of(value: &'a dyn Value) -> Self {
        Self(value)
    }

    /// The value as compact JSON.
    ///
    /// # Errors
    ///
    /// When the value's `Serialize` fails.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut json = Vec::with_capacity(128);
        self.write_json(&mut json)?;
        Ok(json)
    }

    /// Appends the value as compact JSON.
    ///
    /// # Errors
    ///
    /// When the value's `Serialize` fails. What it wrote until then stays.
    pub fn write_json(&self, to: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        self.0.json(to)
    }
}

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        erased_serde::serialize(self.0.erased(), serializer)
    }
}

impl fmt::Debug for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Data").finish_non_exhaustive()
    }
}

pub(crate) trait Value {
    fn json(&self, to: &mut Vec<u8>) -> Result<(), serde_json::Error>;
    fn erased(&self) -> &dyn erased_serde::Serialize;
}

impl<T: Serialize> Value for T {
    fn json(&self, to: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        serde_json::to_writer(to, self)
    }

    fn erased(&self) -> &dyn erased_serde::Serialize {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_json_agree() {
        let value = ("a", 1, [true, false]);
        let data = Data::new(&value);
        assert_eq!(data.to_json().unwrap(), serde_json::to_vec(&data).unwrap());
    }
}
