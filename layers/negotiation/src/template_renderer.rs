use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;
use gatefold_core::{Data, Identity, Outward, RenderContext, Renderer};
use http::{HeaderValue, Uri};
use mime::Mime;
use minijinja::{Environment, ErrorKind};
use serde::Serialize;

use crate::{HtmlRenderer, tree::Tree};

/// Renders data with a template of minijinja: `text/html`, format `html` (feature `templates`).
///
/// The route names the template, by a renderer of its own; clones share the templates. A template
/// sees `data`, `status` (a number) and `reason`, `path` and `route`, `user` (the caller's id, or
/// nothing), `formats` (the names of all forms) and `format_parameter`. Names that end in `.html`
/// escape what they print.
///
/// For a refusal the template `404.html` (its status) is taken where there is one, else
/// `api_exception.html`, else the page of the [`HtmlRenderer`], as for a route that names none.
///
/// ```
/// use gatefold_negotiation::{DefaultNegotiation, JsonRenderer, NegotiationLayer, TemplateRenderer};
/// use minijinja::Environment;
///
/// let mut environment = Environment::new();
/// environment.add_template("tasks.html", "<ul>{% for task in data %}<li>{{ task }}{% endfor %}</ul>")?;
/// let templates = TemplateRenderer::new(environment);
/// // For one route.
/// let tasks = DefaultNegotiation::new(JsonRenderer::new()).or(templates.template("tasks.html")?);
/// let layer = NegotiationLayer::new(tasks);
/// # let _ = layer;
/// # Ok::<_, minijinja::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct TemplateRenderer {
    environment: Arc<Environment<'static>>,
    template: Option<Box<str>>,
    other: HtmlRenderer,
}

impl TemplateRenderer {
    /// With these templates, and none named yet.
    pub fn new(environment: Environment<'static>) -> Self {
        Self {
            environment: Arc::new(environment),
            template: None,
            other: HtmlRenderer::new(),
        }
    }

    /// Names the template of a route.
    ///
    /// # Errors
    ///
    /// When there is no such template, or it does not compile.
    pub fn template(&self, name: &str) -> Result<Self, minijinja::Error> {
        self.environment.get_template(name)?;
        let mut named = self.clone();
        named.template = Some(name.into());
        Ok(named)
    }

    fn names(&self, context: &RenderContext<'_>) -> Vec<String> {
        let status = context.status();
        if status.is_client_error() || status.is_server_error() {
            let own = format!("{}.html", status.as_u16());
            return vec![own, "api_exception.html".to_owned()];
        }
        self.template.iter().map(|name| name.to_string()).collect()
    }
}

/// What a template sees.
#[derive(Serialize)]
struct Seen<'a> {
    data: Tree,
    status: u16,
    reason: Option<&'static str>,
    path: Option<&'a str>,
    route: Option<&'a str>,
    user: Option<&'a str>,
    formats: Vec<&'a str>,
    format_parameter: Option<&'a str>,
}

impl Renderer for TemplateRenderer {
    fn media_type(&self) -> &Mime {
        self.other.media_type()
    }

    fn format(&self) -> &str {
        self.other.format()
    }

    fn content_type(&self) -> HeaderValue {
        self.other.content_type()
    }

    fn wants_outward(&self) -> bool {
        true
    }

    fn render(
        &self,
        data: &Data<'_>,
        context: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        for name in self.names(context) {
            let template = match self.environment.get_template(&name) {
                Ok(template) => template,
                Err(error) if error.kind() == ErrorKind::TemplateNotFound => continue,
                Err(error) => return Err(error.into()),
            };
            let seen = Seen {
                data: Tree::of(data)?,
                status: context.status().as_u16(),
                reason: context.status().canonical_reason(),
                path: context.uri().map(Uri::path),
                route: context.route(),
                user: context
                    .outward()
                    .and_then(Outward::identity)
                    .map(Identity::id),
                formats: context
                    .offers()
                    .iter()
                    .map(|form| form.renderer().format())
                    .collect(),
                format_parameter: context.format_parameter(),
            };
            return Ok(template
                .render(minijinja::Value::from(minijinja::value::Serde(&seen)))?
                .into());
        }
        self.other.render(data, context)
    }
}

impl fmt::Debug for TemplateRenderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateRenderer")
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use gatefold_core::Accepted;
    use http::{HeaderMap, StatusCode};
    use serde_json::json;

    use super::*;

    fn page(status: StatusCode, templates: &[(&'static str, &'static str)]) -> String {
        let mut environment = Environment::new();
        for (name, source) in templates {
            environment.add_template(name, source).expect("a template");
        }
        let renderer = TemplateRenderer::new(environment);
        let renderer = renderer.template("task.html").unwrap_or(renderer);
        let accepted = Accepted::new(mime::TEXT_HTML, Arc::new(renderer.clone()));
        let headers = HeaderMap::new();
        let context = RenderContext::new(status, &headers, &accepted);
        let data = json!({"title": "<b>"});
        let page = renderer
            .render(&Data::new(&data), &context)
            .expect("a page");
        String::from_utf8(page.to_vec()).expect("UTF-8")
    }

    #[test]
    fn the_template_of_the_route_shows_the_data_escaped() {
        let templates = [("task.html", "{{ status }} {{ data.title }}")];
        assert_eq!(page(StatusCode::OK, &templates), "200 &lt;b&gt;");
    }

    #[test]
    fn a_refusal_has_templates_of_its_own() {
        let templates = [
            ("task.html", "never"),
            ("404.html", "{{ reason }}"),
            ("api_exception.html", "any"),
        ];
        assert_eq!(page(StatusCode::NOT_FOUND, &templates), "Not Found");
        assert_eq!(page(StatusCode::FORBIDDEN, &templates), "any");
        assert!(page(StatusCode::FORBIDDEN, &templates[..1]).contains("<h1>403 Forbidden</h1>"));
        assert!(
            page(StatusCode::OK, &[]).contains("&lt;b&gt;"),
            "the page without a template"
        );
    }

    #[test]
    fn a_template_that_is_not_there_is_an_error_at_once() {
        let renderer = TemplateRenderer::new(Environment::new());
        let error = renderer.template("tasks.html").expect_err("not there");
        assert!(error.to_string().contains("tasks.html"), "{error}");
    }
}
