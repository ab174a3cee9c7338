//! Policy files before real requests, on axum.

mod casbin;
mod cedar;

use axum::{Router, body::Body};
use gatefold::{
    Exception, Identity,
    authentication::{AuthenticationLayer, TokenAuthentication},
    exceptions::ExceptionLayer,
};
use http::{Request, StatusCode, header::AUTHORIZATION};
use http_body_util::BodyExt;
use tower::{ServiceBuilder, ServiceExt};

/// Who is behind a token: an id, or an id and a role.
async fn user(token: String) -> Result<Option<Identity>, Exception> {
    let (id, role) = token.split_once('-').unwrap_or((&token, ""));
    let roles = Some(role).filter(|role| !role.is_empty());
    Ok(Some(Identity::new(id).with_roles(roles)))
}

/// `routes` behind authentication, with words for refusals.
fn served(routes: Router) -> Router {
    let authentication = AuthenticationLayer::new(TokenAuthentication::new(user));
    let gates = ServiceBuilder::new()
        .layer(ExceptionLayer::default())
        .layer(authentication);
    routes.layer(gates)
}

async fn ask(app: &Router, method: &str, path: &str, token: Option<&str>) -> (StatusCode, String) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Token {token}"));
    }
    let request = request.body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}
