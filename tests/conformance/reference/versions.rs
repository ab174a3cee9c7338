//! The versioning schemes of the table, as gatefold's.

use std::sync::Arc;

use gatefold::versioning::{
    AcceptHeaderVersioning, HostNameVersioning, NamespaceVersioning, QueryParameterVersioning,
    UrlPathVersioning, Versioning, VersioningLayer,
};

use super::config::Endpoint;

/// The endpoint's scheme; `None` where it has none.
pub(crate) fn layer(
    endpoint: &Endpoint,
    template: &str,
) -> Result<Option<VersioningLayer>, String> {
    let Some(written) = &endpoint.versioning else {
        return Ok(None);
    };
    let allowed = || written.allowed.clone().unwrap_or_default();
    let default = written.default.clone();
    let scheme: Arc<dyn Versioning> = match written.scheme.as_str() {
        "accept_header" => {
            let mut scheme = AcceptHeaderVersioning::new(allowed())
                .param(&written.param)
                .drf();
            if let Some(default) = default {
                scheme = scheme.default_version(default);
            }
            Arc::new(scheme)
        }
        "query_parameter" => {
            let mut scheme = QueryParameterVersioning::new(allowed())
                .param(&written.param)
                .drf();
            if let Some(default) = default {
                scheme = scheme.default_version(default);
            }
            Arc::new(scheme)
        }
        "url_path" => {
            // A route without the parameter: a place that its path does not reach.
            let template = if template.contains('{') {
                template.to_owned()
            } else {
                format!("{}/{{{}}}", template.trim_end_matches('/'), written.param)
            };
            let scheme = UrlPathVersioning::new(allowed()).drf();
            let mut scheme = scheme.template(template).map_err(|e| e.to_string())?;
            if let Some(default) = default {
                scheme = scheme.default_version(default);
            }
            Arc::new(scheme)
        }
        "host_name" => {
            let mut scheme = HostNameVersioning::new(allowed()).drf();
            if let Some(default) = default {
                scheme = scheme.default_version(default);
            }
            Arc::new(scheme)
        }
        "namespace" => {
            let mut scheme = NamespaceVersioning::new(allowed());
            if let Some(default) = default {
                scheme = scheme.default_version(default);
            }
            if let Some(namespace) = &endpoint.namespace {
                scheme = scheme.namespace(namespace, &endpoint.path);
            }
            Arc::new(scheme)
        }
        other => return Err(format!("versioning scheme `{other}`")),
    };
    Ok(Some(VersioningLayer::new(scheme)))
}
