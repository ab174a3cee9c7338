use gatefold::permissions::PermissionLayer;
use http::request::Parts;

fn main() {
    let _ = PermissionLayer::new(async |head: &Parts| head.headers.contains_key("x-office"));
}
