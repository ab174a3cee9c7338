use std::{fmt, sync::Arc};

use http::Extensions;

/// What the form field `csrfmiddlewaretoken` of the request's body says, for
/// [`Csrf::django`](crate::Csrf::django): the gate itself does not read bodies.
///
/// `CsrfFormLayer` leaves it. Whoever reads bodies before the gate by other means leaves it, too:
///
/// ```
/// use gatefold_authentication::CsrfField;
///
/// let mut request = http::Request::post("/").body(())?;
/// CsrfField::new("what the form says").leave(request.extensions_mut());
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Clone)]
pub struct CsrfField(Arc<str>);

impl CsrfField {
    /// The field's value.
    pub fn new(value: impl Into<Arc<str>>) -> Self {
        Self(value.into())
    }

    /// Leaves the field for the gates further in.
    pub fn leave(self, extensions: &mut Extensions) {
        extensions.insert(self);
    }

    pub(crate) fn of(extensions: &Extensions) -> Option<&str> {
        extensions.get::<Self>().map(|field| &*field.0)
    }
}

impl fmt::Debug for CsrfField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfField").finish_non_exhaustive()
    }
}
