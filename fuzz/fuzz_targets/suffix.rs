//! Any path: cut at most once, and still a path.
#![no_main]

use gatefold::suffixes::SuffixLayer;
use http::Uri;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|path: &str| {
    let Ok(uri) = path.parse::<Uri>() else {
        return;
    };
    let layer = SuffixLayer::new(["json", "html"]).expect("formats");
    if let Some((cut, format)) = layer.rewrite(&uri) {
        assert!(["json", "html"].contains(&format.as_str()));
        assert!(cut.path().starts_with('/'));
        assert_eq!(cut.query(), uri.query());
        assert!(cut.path().len() < uri.path().len());
    }
});
