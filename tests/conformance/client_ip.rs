//! `throttle/client_ip.jsonl`: the client's address behind trusted proxies.

use std::net::{IpAddr, SocketAddr};

use gatefold::{Connection, TrustedProxies};
use http::{HeaderName, HeaderValue, Request};
use serde::Deserialize;

use crate::{lines, report::Outcome};

#[derive(Deserialize)]
struct Case {
    id: String,
    peer: String,
    trusted: Vec<String>,
    headers: Vec<(String, String)>,
    expect: Option<String>,
}

pub(crate) fn judge(line: &str) -> (String, Option<Outcome>) {
    let case: Case = match lines::read(line) {
        Ok(case) => case,
        Err(failed) => return failed,
    };
    let outcome = match address(&case) {
        Ok(got) => Outcome::equal(&case.expect, &got),
        Err(unknown) => Outcome::unknown(unknown),
    };
    let title = format!("{} {} {:?}", case.id, case.peer, case.headers);
    (title.chars().take(300).collect(), Some(outcome))
}

fn address(case: &Case) -> Result<Option<String>, String> {
    let proxies = TrustedProxies::networks(&case.trusted).map_err(|e| e.to_string())?;
    let peer: IpAddr = case.peer.parse().map_err(|e| format!("the peer: {e}"))?;
    let mut head = Request::new(()).into_parts().0;
    for (name, value) in &case.headers {
        let name = HeaderName::try_from(name.as_str()).map_err(|e| e.to_string())?;
        let bytes: Vec<u8> = value.chars().map(|c| c as u8).collect();
        let value = HeaderValue::from_bytes(&bytes).map_err(|e| e.to_string())?;
        head.headers.append(name, value);
    }
    Connection::new(SocketAddr::new(peer, 0)).leave(&mut head.extensions);
    let client = proxies.peer(&head).address();
    Ok(client.map(|address| address.to_string()))
}
