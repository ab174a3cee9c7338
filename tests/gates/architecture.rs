//! The doors between the rooms: who may depend on whom.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// Every edge between two packages of the house that a user builds, beside the facade's and those
/// to core.
const RECORDED_EXCEPTIONS: [(&str, &str); 1] = [("gatefold-authentication", "gatefold-tokens")];

fn published() -> Vec<Package> {
    let metadata = MetadataCommand::new().exec().expect("cargo metadata");
    let is_published =
        |package: &&Package| package.publish.as_ref().is_none_or(|to| !to.is_empty());
    let packages = metadata.workspace_packages().into_iter();
    packages.filter(is_published).cloned().collect()
}

fn house_edges() -> BTreeSet<(String, String)> {
    let packages = published();
    let ours: BTreeSet<_> = packages
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let edges = packages.iter().flat_map(|package| {
        let built = |kind: DependencyKind| kind != DependencyKind::Development;
        package
            .dependencies
            .iter()
            .filter(move |dependency| built(dependency.kind))
            .map(|dependency| (package.name.to_string(), dependency.name.clone()))
    });
    edges.filter(|(_, to)| ours.contains(to)).collect()
}

#[test]
fn no_layer_depends_on_another() {
    let edges = house_edges();
    assert!(edges.len() >= 7, "the layers depend on core: {edges:?}");
    for (from, to) in edges {
        let allowed = from == "gatefold"
            || (to == "gatefold-core" && from != "gatefold-core")
            || RECORDED_EXCEPTIONS.contains(&(from.as_str(), to.as_str()));
        assert!(allowed, "{from} depends on {to}");
    }
}

#[test]
fn frameworks_are_optional() {
    const FRAMEWORKS: [&str; 6] = ["axum", "axum-core", "hyper", "tokio", "tonic", "tower"];
    for package in published() {
        for dependency in &package.dependencies {
            let built = dependency.kind != DependencyKind::Development;
            let framework = FRAMEWORKS.contains(&dependency.name.as_str());
            assert!(
                !built || !framework || dependency.optional,
                "{} needs {}",
                package.name,
                dependency.name
            );
        }
    }
}
