use gatefold::permissions::PermissionLayer;

fn main() {
    let _ = PermissionLayer::new("staff");
}
