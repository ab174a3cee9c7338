use gatefold::permissions::PermissionLayer;
use http::request::Parts;

async fn from_office(head: &Parts) -> bool {
    head.headers.contains_key("x-office")
}

fn main() {
    let _ = PermissionLayer::new(from_office);
}
