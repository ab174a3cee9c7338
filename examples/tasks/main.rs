//! A task-tracking API behind all gates, different per route.
//!
//! ```text
//! cargo run --example tasks [-- --port N]
//! ```
//!
//! It prints its address and a walk to try by hand, with the status of each answer.

mod app;
mod store;
mod walk;

use std::{env, error::Error, net::SocketAddr, time::UNIX_EPOCH};

use gatefold::tokens::{JwtAlgorithm, JwtKey, JwtSigner, JwtVerifier};
use store::Store;
use tokio::net::TcpListener;
use walk::Step;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", port()?)).await?;
    let base = format!("http://{}", listener.local_addr()?);
    let store = Store::new([secret()?, secret()?, secret()?]);

    println!("{base}\n");
    for user in store.users() {
        println!(
            "{:<6} password {:<11} token {}",
            user.name, user.password, user.token
        );
    }
    // A login service would do this; here it is a new key with each start.
    let key = secret()?;
    let signer = JwtSigner::hmac(JwtAlgorithm::Hs256, &key)?;
    let signed = JwtVerifier::new(JwtKey::hmac(JwtAlgorithm::Hs256, &key)?);
    let hour = UNIX_EPOCH.elapsed()?.as_secs() + 60 * 60;
    let token = signer.sign(format!(r#"{{"sub":"alice","exp":{hour}}}"#))?;
    println!("alice, signed, for an hour: Authorization: Bearer {token}");
    println!();
    let [alice, bob, _] = store.users() else {
        return Err("three users are wanted".into());
    };
    for step in walk::walk(&alice.token, &bob.token) {
        println!("# {}: {}\n{}", step.what, step.status, curl(&step, &base));
    }

    let service = app::app(store, signed)?.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).await?)
}

/// The command that takes one step of the walk.
fn curl(step: &Step, base: &str) -> String {
    let mut command = "curl -i".to_owned();
    if step.method != "GET" {
        command += &format!(" -X {}", step.method);
    }
    for (name, value) in &step.headers {
        command += &format!(" -H '{name}: {value}'");
    }
    if !step.body.is_empty() {
        command += &format!(" -d '{}'", step.body);
    }
    format!("{command} '{base}{}'", step.path)
}

fn port() -> Result<u16, Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(8000),
        (Some("--port"), Some(port)) => Ok(port.parse()?),
        _ => Err("usage: tasks [--port N]".into()),
    }
}

/// 160 random bits, as Django REST Framework's tokens have.
fn secret() -> Result<String, Box<dyn Error>> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
