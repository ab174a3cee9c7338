use gatefold::later;
use gatefold::permissions::PermissionLayer;
use http::request::Parts;

fn main() {
    let _ = PermissionLayer::new(|head: &Parts| {
        later(async move { head.headers.contains_key("x-office") })
    });
}
