use std::{fmt, sync::Arc};

use http::Extensions;
use mime::Mime;

use crate::{Renderer, journey::Journey};

/// The form that the client accepted: a media type and the renderer that produces it.
///
/// Negotiation leaves it. A clone is one reference count.
#[derive(Clone)]
pub struct Accepted {
    shared: Arc<Shared>,
}

struct Shared {
    media_type: Mime,
    written: Option<Box<str>>,
    renderer: Arc<dyn Renderer>,
}

impl Accepted {
    /// `media_type` as chosen, with the client's parameters, and the renderer for it.
    pub fn new(media_type: Mime, renderer: Arc<dyn Renderer>) -> Self {
        Self {
            shared: Arc::new(Shared {
                media_type,
                written: None,
                renderer,
            }),
        }
    }

    /// Keeps the media type as the client wrote it, where that differs: case, spaces, weight.
    #[must_use]
    pub fn with_written(self, written: impl Into<Box<str>>) -> Self {
        Self {
            shared: Arc::new(Shared {
                media_type: self.shared.media_type.clone(),
                written: Some(written.into()),
                renderer: Arc::clone(&self.shared.renderer),
            }),
        }
    }

    /// The accepted media type, with the parameters that the client asked for.
    pub fn media_type(&self) -> &Mime {
        &self.shared.media_type
    }

    /// The media type in the client's own words, where negotiation kept them; else the same as
    /// [`media_type`](Self::media_type).
    pub fn as_written(&self) -> &str {
        let Shared {
            written,
            media_type,
            ..
        } = &*self.shared;
        written.as_deref().unwrap_or(media_type.as_ref())
    }

    /// The renderer that produces the accepted form.
    pub fn renderer(&self) -> &Arc<dyn Renderer> {
        &self.shared.renderer
    }

    /// What negotiation left in this request.
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        Journey::of(extensions)?.accepted.as_ref()
    }

    /// Leaves the accepted form for the gates further in, and for whoever reads on the way out.
    pub fn leave(self, extensions: &mut Extensions) {
        let journey = Journey::edit(extensions);
        if let Some(outward) = &journey.outward {
            outward.publish_accepted(&self);
        }
        journey.accepted = Some(self);
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted")
            .field("media_type", &self.shared.media_type)
            .field("format", &self.shared.renderer.format())
            .finish()
    }
}
