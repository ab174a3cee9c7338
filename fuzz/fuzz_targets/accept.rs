//! Any bytes as `Accept`: a choice or none, the same for one line and for several.
#![no_main]

use gatefold::negotiation::{Offer, choose};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &[u8]| {
    let types = ["application/json", "text/html", "application/vnd.example+json; v=2"];
    let offers = types.map(|offer| Offer::new(&offer.parse().expect("an offer")));
    let line = value.to_vec();
    let chosen = choose([&line], &offers);
    if let Some(chosen) = chosen {
        assert!(chosen.offer() < offers.len());
        assert!(chosen.weight() > 0);
    }
});
