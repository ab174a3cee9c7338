use bytes::Bytes;
use gatefold_core::{ErrorDetail, Exception};
use http::request::Parts;
use mime::Mime;
use serde::{Deserializer, de::DeserializeOwned};

/// Reads a request's body of one media type into a value of whatever type the handler wants.
///
/// ```
/// use bytes::Bytes;
/// use gatefold_core::Exception;
/// use gatefold_negotiation::{Parser, Target};
/// use http::request::Parts;
/// use mime::Mime;
/// use serde::de::{IntoDeserializer, value::Error};
///
/// /// The text in capitals.
/// struct UpperCaseParser(Mime);
///
/// impl Parser for UpperCaseParser {
///     fn media_type(&self) -> &Mime {
///         &self.0
///     }
///
///     fn parse(&self, _: &Parts, body: &Bytes, target: &mut Target<'_>) -> Result<(), Exception> {
///         let text = str::from_utf8(body)
///             .map_err(|error| Exception::parse_error().with_source(error))?;
///         target
///             .read::<_>(IntoDeserializer::<Error>::into_deserializer(text.to_uppercase()))
///             .map_err(|error| Target::misfit(&error))
///     }
/// }
/// # let parser = UpperCaseParser(mime::TEXT_PLAIN);
/// # let request = http::Request::post("/").header("content-type", "text/plain").body(());
/// # let (head, ()) = request.unwrap().into_parts();
/// # let parsers = gatefold_negotiation::Parsers::new(parser);
/// # assert_eq!(parsers.parse::<String>(&head, &"hello".into()).unwrap(), "HELLO");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not parse",
    label = "not a `Parser`",
    note = "implement `media_type` and `parse`, which hands the body to `Target::read`"
)]
pub trait Parser: Send + Sync + 'static {
    /// The media type of the bodies that it reads. It may be a range, and its parameters must be
    /// on the request's type.
    fn media_type(&self) -> &Mime;

    /// Reads the body into `target`.
    ///
    /// # Errors
    ///
    /// [`Exception::parse_error`] for a malformed body, [`Target::misfit`] for one that does not
    /// fit the type.
    fn parse(&self, head: &Parts, body: &Bytes, target: &mut Target<'_>) -> Result<(), Exception>;
}

/// The value that a body is read into, its type forgotten.
pub struct Target<'a>(&'a mut dyn Slot);

impl Target<'_> {
    /// Reads the value from any of serde's deserializers.
    ///
    /// # Errors
    ///
    /// What the deserializer says, or the value's type.
    pub fn read<'de, D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        let mut deserializer = <dyn erased_serde::Deserializer<'_>>::erase(deserializer);
        let read = self.0.read(&mut deserializer);
        read.map_err(serde::de::Error::custom)
    }

    /// Reads the value from JSON with the type's own deserializer, which is faster.
    ///
    /// # Errors
    ///
    /// When the text is no JSON, or does not fit.
    pub fn read_json(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        self.0.read_json(json)
    }

    /// Reads the value from the CBOR at the beginning of `cbor`, which is what is left of it then.
    #[cfg(feature = "cbor")]
    pub(crate) fn read_cbor(&mut self, cbor: &mut &[u8]) -> Result<(), CborError> {
        self.0.read_cbor(cbor)
    }

    /// The answer to a body that is well-formed and does not fit: 400, code `invalid`, with what
    /// is wrong under `non_field_errors`, as Django REST Framework has it.
    pub fn misfit(error: &impl std::fmt::Display) -> Exception {
        let detail = ErrorDetail::fields([("non_field_errors", vec![error.to_string()])]);
        Exception::validation(detail)
    }

    /// Calls `parse` with a target of type `T` and returns what was read.
    pub(crate) fn fill<T: DeserializeOwned>(
        parse: impl FnOnce(&mut Target<'_>) -> Result<(), Exception>,
    ) -> Result<T, Exception> {
        let mut slot = Empty(None::<T>);
        parse(&mut Target(&mut slot))?;
        slot.0
            .ok_or_else(|| Exception::internal("the parser has not read the body into its target"))
    }
}

impl std::fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Target").finish_non_exhaustive()
    }
}

trait Slot {
    fn read(
        &mut self,
        from: &mut dyn erased_serde::Deserializer<'_>,
    ) -> Result<(), erased_serde::Error>;
    fn read_json(&mut self, json: &[u8]) -> Result<(), serde_json::Error>;
    #[cfg(feature = "cbor")]
    fn read_cbor(&mut self, cbor: &mut &[u8]) -> Result<(), CborError>;
}

#[cfg(feature = "cbor")]
type CborError = ciborium::de::Error<std::io::Error>;

struct Empty<T>(Option<T>);

impl<T: DeserializeOwned> Slot for Empty<T> {
    fn read(
        &mut self,
        from: &mut dyn erased_serde::Deserializer<'_>,
    ) -> Result<(), erased_serde::Error> {
        self.0 = Some(T::deserialize(from)?);
        Ok(())
    }

    fn read_json(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        let mut from = serde_json::Deserializer::from_slice(json);
        let value = T::deserialize(&mut from)?;
        from.end()?;
        self.0 = Some(value);
        Ok(())
    }

    #[cfg(feature = "cbor")]
    fn read_cbor(&mut self, cbor: &mut &[u8]) -> Result<(), CborError> {
        self.0 = Some(ciborium::from_reader(cbor)?);
        Ok(())
    }
}
