use std::sync::Arc;

use gatefold_core::Format;
use http::Uri;
use tower_layer::Layer;

use crate::{SuffixError, SuffixService, formats::Formats};

/// Cuts a known format suffix off each request's path and leaves it as a [`Format`].
///
/// It never refuses: a path without a suffix, or with one that is not known, goes on as it came.
/// It wraps the router from outside, because a router's own layers run after the route was
/// chosen; see the [crate docs](crate).
#[derive(Clone, Debug)]
#[must_use]
pub struct SuffixLayer {
    formats: Arc<Formats>,
}

impl SuffixLayer {
    /// Cuts off these suffixes, written without the dot.
    ///
    /// # Errors
    ///
    /// A name that does not consist of `a-z0-9`, or none at all.
    pub fn new<I>(formats: I) -> Result<Self, SuffixError>
    where
        I: IntoIterator,
        I::Item: Into<Arc<str>>,
    {
        Formats::known(formats).map(Self::from)
    }

    /// Cuts off as Django REST Framework's `format_suffix_patterns` does without `allowed`: any
    /// suffix of `a-z0-9`, and after a percent-encoded dot too.
    ///
    /// A suffix that no renderer has is then negotiation's 404, and no route can take a dot in
    /// its last segment.
    pub fn drf() -> Self {
        Self::from(Formats {
            encoded_dot: true,
            ..Formats::any()
        })
    }

    /// Leaves every path under `prefix` alone, whole segments compared: for routes that take file
    /// names, such as `/files/{*rest}`.
    pub fn except(mut self, prefix: impl AsRef<str>) -> Self {
        let prefix = prefix.as_ref().trim_matches('/');
        let formats = Arc::make_mut(&mut self.formats);
        formats.except.push(match prefix {
            "" => "".into(),
            prefix => format!("/{prefix}").into(),
        });
        self
    }

    /// Gives the API root at `path` a suffix too: `/api/.json` becomes `/api/`.
    ///
    /// Elsewhere a name that begins with the dot is a hidden file's, and is kept.
    pub fn root(mut self, path: impl AsRef<str>) -> Self {
        let path = path.as_ref().trim_matches('/');
        let formats = Arc::make_mut(&mut self.formats);
        formats.roots.push(match path {
            "" => "/".into(),
            path => format!("/{path}/").into(),
        });
        self
    }

    /// What the layer makes of `uri`: the URI that the router sees, and the format; `None` where
    /// it is left alone.
    ///
    /// ```
    /// use gatefold_suffixes::SuffixLayer;
    ///
    /// let layer = SuffixLayer::new(["json"])?;
    /// let (uri, format) = layer.rewrite(&"/tasks/4.json?page=2".parse()?).expect("a suffix");
    /// assert_eq!((uri.to_string().as_str(), format.as_str()), ("/tasks/4?page=2", "json"));
    /// assert!(layer.rewrite(&"/report.pdf".parse()?).is_none());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn rewrite(&self, uri: &Uri) -> Option<(Uri, Format)> {
        self.formats.rewrite(uri)
    }
}

impl From<Formats> for SuffixLayer {
    fn from(formats: Formats) -> Self {
        Self {
            formats: Arc::new(formats),
        }
    }
}

impl<S> Layer<S> for SuffixLayer {
    type Service = SuffixService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SuffixService::new(inner, self.formats.clone())
    }
}
