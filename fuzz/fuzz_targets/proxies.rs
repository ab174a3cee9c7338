//! Any bytes as a forwarding header: a stranger stays itself.
#![no_main]

use std::net::{IpAddr, SocketAddr};

use gatefold::{Connection, TrustedProxies};
use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(value) else {
        return;
    };
    let stranger = IpAddr::from([203, 0, 113, 9]);
    let networks = TrustedProxies::networks(["10.0.0.0/8"]).expect("a network");
    for (name, proxies) in [
        ("x-forwarded-for", networks.clone()),
        ("forwarded", networks.forwarded()),
    ] {
        let mut head = Request::new(()).into_parts().0;
        head.headers.insert(name, value.clone());
        Connection::new(SocketAddr::new(stranger, 1)).leave(&mut head.extensions);
        assert_eq!(proxies.peer(&head).address(), Some(stranger));
        let near = SocketAddr::from(([10, 0, 0, 1], 1));
        Connection::new(near).leave(&mut head.extensions);
        assert!(proxies.peer(&head).address().is_some());
    }
});
