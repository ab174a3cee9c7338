//! Any text as a rate: a rate or an error.
#![no_main]

use gatefold::throttling::Rate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = text.parse::<Rate>() {
        assert!(!error.to_string().is_empty());
    }
});
