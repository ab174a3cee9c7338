//! An endpoint as a service: gatefold's layers around its handler, in DRF's order.

use std::{convert::Infallible, error::Error, sync::Arc};

use bytes::Bytes;
use gatefold::authentication::CsrfField;
use gatefold::exceptions::{Answer as Words, Detail, ExceptionLayer, RequestHead};
use gatefold::negotiation::{DefaultNegotiation, NegotiationLayer, Rendered, Reply};
use gatefold::permissions::PermissionLayer;
use gatefold::suffixes::SuffixLayer;
use gatefold::{Attempt, Exception};
use gatefold_core::refusal;
use http::{Request, Response};
use tower::{Layer, Service, ServiceExt, service_fn, util::BoxCloneSyncService};

use super::{
    answer::{self, Answer},
    authenticators,
    call::{Call, Place},
    cases,
    config::Typed,
    handlers,
    json::Json,
    notes, parse, permissions, render,
    routes::Match,
    throttles::{self, Mistake},
    versions,
};

type BoxError = Box<dyn Error + Send + Sync>;
type Inside = BoxCloneSyncService<Request<Bytes>, Response<Rendered>, BoxError>;
/// An endpoint behind all its gates.
pub(crate) type Stack = BoxCloneSyncService<Request<Bytes>, Response<Rendered>, Infallible>;

/// Builds the endpoint, or says what of it is not known or not built.
pub(crate) fn build(place: &Place, hit: &Match) -> Result<Stack, Vec<String>> {
    let endpoint = &place.endpoint;
    let mut missing: Vec<String> = endpoint
        .unknown
        .keys()
        .map(|key| format!("setting `{key}`"))
        .collect();
    let mut stack = handler(place.clone());

    match throttles::layer(&place.world, endpoint) {
        Ok(Some(layer)) => stack = around(&layer, stack),
        Ok(None) => {}
        Err(Mistake::Unknown(what)) => missing.push(what),
        Err(Mistake::Setting(why)) => {
            eprintln!("{}: {why}", endpoint.id);
            stack = misconfigured();
        }
    }
    match permissions::all(&place.world, &endpoint.permissions) {
        Ok(Some(permission)) => stack = around(&PermissionLayer::new(permission), stack),
        Ok(None) => {}
        Err(what) => missing.push(what),
    }
    // The router's root is a view of its own, with the defaults of the project.
    let authenticators = match hit.view {
        "root" => &[Typed::plain("session"), Typed::plain("basic")],
        _ => &endpoint.authenticators[..],
    };
    match authenticators::layer(&place.world, authenticators) {
        Ok(Some(layer)) => stack = with_field(place.clone(), around(&layer, stack)),
        Ok(None) => {}
        Err(what) => missing.push(what),
    }
    match versions::layer(endpoint, &hit.template) {
        Ok(Some(layer)) => stack = around(&layer, stack),
        Ok(None) => {}
        Err(what) => missing.push(what),
    }
    match negotiation(place) {
        Ok(layer) => stack = around(&layer, stack),
        Err(what) => missing.push(what),
    }
    match exceptions(place) {
        Ok(_) | Err(_) if !missing.is_empty() => {}
        Ok(layer) => {
            let stack = Stack::new(layer.layer(stack));
            return suffixed(place, hit, stack);
        }
        Err(what) => missing.push(what),
    }
    Err(missing)
}

/// Reads the form field that the session authenticator compares, as this server's parsers do.
fn with_field(place: Place, inside: Inside) -> Inside {
    let mut authenticators = place.endpoint.authenticators.iter();
    if !authenticators.any(|one| one.kind == "session") {
        return inside;
    }
    Inside::new(inside.map_request(move |request: Request<Bytes>| {
        let (mut head, body) = request.into_parts();
        if let Some(field) = parse::field(&place.endpoint, &head, &body, "csrfmiddlewaretoken") {
            CsrfField::new(field).leave(&mut head.extensions);
        }
        Request::from_parts(head, body)
    }))
}

fn around<L>(layer: &L, inside: Inside) -> Inside
where
    L: Layer<Inside>,
    L::Service: Service<Request<Bytes>, Response = Response<Rendered>, Error = BoxError>
        + Clone
        + Send
        + Sync
        + 'static,
    <L::Service as Service<Request<Bytes>>>::Future: Send + 'static,
{
    Inside::new(layer.layer(inside))
}

/// A path with a suffix goes through gatefold's suffix layer.
fn suffixed(place: &Place, hit: &Match, stack: Stack) -> Result<Stack, Vec<String>> {
    if hit.found.format.is_none() {
        return Ok(stack);
    }
    let allowed = place
        .endpoint
        .suffix
        .as_ref()
        .and_then(|s| s.allowed.clone());
    let mut layer = match allowed {
        Some(allowed) => SuffixLayer::new(allowed).map_err(|e| vec![e.to_string()])?,
        None => SuffixLayer::drf(),
    };
    if hit.view == "root" {
        layer = layer.root(&place.endpoint.path);
    }
    Ok(Stack::new(layer.layer(stack)))
}

fn handler(place: Place) -> Inside {
    Inside::new(service_fn(move |request: Request<Bytes>| {
        let place = place.clone();
        async move {
            let (mut head, body) = request.into_parts();
            let Some(hit) = head.extensions.remove::<Arc<Match>>() else {
                return Err("the route is missing".into());
            };
            let call = Call {
                place,
                hit,
                head,
                body,
            };
            let answer = handlers::handle(&call).await;
            if call.place.endpoint.handler != "note" || call.method() == "OPTIONS" {
                notes::settle(&call);
            }
            respond(&call, answer)
        }
    }))
}

fn respond(call: &Call, answer: Answer) -> Result<Response<Rendered>, BoxError> {
    match answer {
        Answer::Data {
            status,
            headers,
            data,
        } => {
            let mut response = Reply(data).respond();
            *response.status_mut() = status;
            for (name, value) in &headers {
                response.headers_mut().insert(name, value.clone());
            }
            Ok(response)
        }
        Answer::Raw(response) => Ok(response.map(Rendered::from)),
        Answer::Raise(exception) => {
            // Where nobody authenticates there is nothing to challenge with.
            let exception = match Attempt::of(&call.head.extensions) {
                Some(_) => exception,
                None => Attempt::new(Arc::new([])).challenge(exception),
            };
            Ok(refusal(exception, &call.head.extensions))
        }
        Answer::Crash(why) => Err(why.into()),
    }
}

/// gatefold does not build such a throttle, so the server would not start. Here a request that
/// comes this far is answered with the framework's 500.
fn misconfigured() -> Inside {
    Inside::new(service_fn(|_: Request<Bytes>| async {
        Ok::<_, BoxError>(answer::server_error().map(Rendered::from))
    }))
}

fn negotiation(place: &Place) -> Result<NegotiationLayer, String> {
    let mut negotiation: Option<DefaultNegotiation> = None;
    for name in &place.endpoint.renderers {
        let renderer = render::named(name).ok_or_else(|| format!("renderer `{name}`"))?;
        negotiation = Some(match negotiation {
            Some(before) => before.or(renderer),
            None => DefaultNegotiation::new(renderer),
        });
    }
    let negotiation = negotiation.ok_or("an endpoint without renderers")?.drf();
    Ok(NegotiationLayer::new(
        match place.endpoint.negotiator.as_str() {
            "default" => negotiation,
            "ignore_client" => negotiation.ignore_client(),
            other => return Err(format!("negotiator `{other}`")),
        },
    ))
}

fn exceptions(place: &Place) -> Result<ExceptionLayer, String> {
    Ok(match place.endpoint.exception_handler.as_deref() {
        None => ExceptionLayer::new(Detail::new()),
        Some("custom") => ExceptionLayer::new(custom),
        Some("none") => ExceptionLayer::new(|exception: Exception, _: &RequestHead| {
            Exception::internal(exception)
        }),
        Some(other) => return Err(format!("exception handler `{other}`")),
    })
}

/// The usual body in a frame of our own.
fn custom(exception: Exception, _: &RequestHead) -> Words {
    let usual = serde_json::to_value(exception.detail()).unwrap_or_default();
    let usual = match exception.detail().text() {
        Some(text) => Json::object([("detail", Json::text(text))]),
        None => Json::from(usual),
    };
    let frame = Json::object([
        ("status", Json::number(exception.status().as_u16())),
        ("kind", Json::text(cases::kind(&exception))),
        ("body", usual),
    ]);
    Words::data(exception, Json::object([("error", frame)]))
}
