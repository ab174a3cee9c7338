use gatefold::permissions::PermissionLayer;
use http::request::Parts;

fn main() {
    let _ = PermissionLayer::new(|head: &Parts| {
        let office = head.headers.contains_key("x-office");
        async move { office }
    });
}
