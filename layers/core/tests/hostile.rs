//! Headers that clients write: nothing panics, and no client chooses its address.

use std::net::{IpAddr, SocketAddr};

use gatefold_core::{Connection, TrustedProxies};
use http::{HeaderValue, Request, request::Parts};
use proptest::prelude::*;

fn head(peer: IpAddr, name: &'static str, lines: &[Vec<u8>]) -> Parts {
    let mut head = Request::new(()).into_parts().0;
    for line in lines {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            head.headers.append(name, value);
        }
    }
    Connection::new(SocketAddr::new(peer, 1)).leave(&mut head.extensions);
    head
}

fn header_line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        "[0-9a-f:.,;= \"\\[\\]%for]{0,200}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn a_stranger_is_itself_whatever_it_sends(
        peer in any::<[u8; 4]>().prop_filter("a stranger", |peer| peer[0] != 10),
        lines in proptest::collection::vec(header_line(), 0..5),
    ) {
        let peer = IpAddr::from(peer);
        let networks = TrustedProxies::networks(["10.0.0.0/8"]).unwrap();
        let found = networks.peer(&head(peer, "x-forwarded-for", &lines));
        prop_assert_eq!(found.address(), Some(peer));
        let found = networks.forwarded().peer(&head(peer, "forwarded", &lines));
        prop_assert_eq!(found.address(), Some(peer));
    }

    #[test]
    fn what_a_client_sends_does_not_change_what_its_proxy_appends(
        client in any::<[u8; 4]>().prop_filter("a stranger", |client| client[0] != 10),
        lines in proptest::collection::vec(header_line(), 0..5),
    ) {
        let client = IpAddr::from(client);
        let mut lines = lines;
        lines.push(client.to_string().into_bytes());
        let proxy = IpAddr::from([10, 0, 0, 1]);
        for proxies in [TrustedProxies::networks(["10.0.0.0/8"]).unwrap(), TrustedProxies::count(1)] {
            let found = proxies.peer(&head(proxy, "x-forwarded-for", &lines));
            prop_assert_eq!(found.address(), Some(client));
        }
    }
}

#[test]
fn a_long_header_is_read_no_further_than_needed() {
    let lines = [vec![b','; 100_000], b"198.51.100.4".to_vec()];
    let proxies = TrustedProxies::networks(["10.0.0.0/8"]).unwrap();
    let found = proxies.peer(&head(
        IpAddr::from([10, 0, 0, 1]),
        "x-forwarded-for",
        &lines,
    ));
    assert_eq!(found.address(), Some(IpAddr::from([198, 51, 100, 4])));
}
