//! Absolute URLs of other endpoints.

use gatefold::{
    Format, Version,
    versioning::{ReverseError, RouteTable},
};

use super::{
    answer::Answer,
    call::Call,
    config::{Config, Endpoint},
    json::Json,
    paths::Pattern,
};

/// The version and the URL of the endpoint that `link_to` names.
pub(crate) fn link(call: &Call) -> Answer {
    let to = call.place.endpoint.link_to.as_deref().unwrap_or_default();
    let version = Version::of(&call.head.extensions);
    match url(call, to) {
        Ok(url) => Answer::ok(Json::object([
            (
                "version",
                version.map_or(Json::Null, |v| Json::text(v.as_str())),
            ),
            ("url", Json::text(url)),
        ])),
        Err(error) => Answer::Crash(error),
    }
}

/// The router's root: the URL of its list, with the suffix that was asked for.
pub(crate) fn root(call: &Call) -> Answer {
    let name = match Format::of(&call.head.extensions) {
        Some(_) => SUFFIXED,
        None => LIST,
    };
    match url(call, name) {
        Ok(url) => Answer::ok(Json::object([("notes", Json::text(url))])),
        Err(error) => Answer::Crash(error),
    }
}

const LIST: &str = "sfx.router notes";
// Django leaves the slash out of a link whose pattern makes it optional.
const SUFFIXED: &str = "sfx.router notes, suffixed";

fn url(call: &Call, name: &str) -> Result<String, String> {
    let table = table(&call.place.world.config, &call.place.endpoint)?;
    let url = table.reverse(&call.head, name).with_suffix().url();
    url.map_err(|error: ReverseError| error.to_string())
}

/// All endpoints by id, and by local name where they have a namespace.
fn table(config: &Config, endpoint: &Endpoint) -> Result<RouteTable, String> {
    let mut routes = Vec::new();
    for endpoint in &config.endpoints {
        let Ok(pattern) = Pattern::path(&endpoint.path) else {
            continue;
        };
        let template = pattern.template();
        if endpoint.builtin.as_deref() == Some("notes_router") {
            routes.push((LIST.to_owned(), format!("{template}notes/")));
            routes.push((SUFFIXED.to_owned(), format!("{template}notes")));
        }
        if let (Some(namespace), Some(local)) = (&endpoint.namespace, &endpoint.local) {
            routes.push((format!("{namespace}:{local}"), template.clone()));
        }
        routes.push((endpoint.id.clone(), template));
    }
    let table = RouteTable::new(routes).map_err(|error| error.to_string())?;
    let table = table.carry("format");
    Ok(match &endpoint.versioning {
        Some(written) if written.scheme == "query_parameter" => {
            table.query_parameter(&written.param)
        }
        Some(written) => table.version_param(&written.param),
        None => table,
    })
}
