use gatefold_core::{Format, original_uri};
use http::request::Parts;

/// The path that a router compares: as the client sent it, without the suffix that a suffix layer
/// has cut off. `None` if it was rewritten in a way that is not understood.
pub(crate) fn routed_path(head: &Parts) -> Option<&str> {
    let format = Format::of(&head.extensions).map(Format::as_str);
    choose(original_uri(head).path(), head.uri.path(), format)
}

fn choose<'a>(original: &'a str, current: &'a str, format: Option<&str>) -> Option<&'a str> {
    // The same, or shortened by a nested router, whose root is `/` also where nothing is left.
    if original.ends_with(current) || (current == "/" && format.is_none()) {
        return Some(original);
    }
    // `/admin.json` is the route `/admin` and not `/{page}`.
    is_cut(original, current, format?).then_some(current)
}

/// Whether `current` is `original` without the suffix `format`.
fn is_cut(original: &str, current: &str, format: &str) -> bool {
    let (original, current) = (original.as_bytes(), current.as_bytes());
    let pairs = original.iter().zip(current);
    let common = pairs.take_while(|(a, b)| a == b).count();
    let Some(suffix) = original[common..].strip_suffix(&current[common..]) else {
        return false;
    };
    let suffix = suffix.strip_suffix(b"/").unwrap_or(suffix);
    let Some(dot) = suffix.strip_suffix(format.as_bytes()) else {
        return false;
    };
    matches!(dot, b"." | b"%2E" | b"%2e")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_the_whole_one_without_the_suffix() {
        let json = Some("json");
        for (original, current, format, path) in [
            ("/tasks", "/tasks", None, Some("/tasks")),
            ("/tasks", "/tasks", json, Some("/tasks")),
            ("/v1/tasks/1", "/1", None, Some("/v1/tasks/1")),
            ("/v1", "/", None, Some("/v1")),
            ("/admin.json", "/admin", json, Some("/admin")),
            ("/tasks/4.json/", "/tasks/4/", json, Some("/tasks/4/")),
            ("/tasks/4%2Ejson", "/tasks/4", json, Some("/tasks/4")),
            ("/api/.json/", "/api/", json, Some("/api/")),
            ("/", "/", None, Some("/")),
            // Without a word from the suffix layer, or with another, it is no suffix.
            ("/admin.json", "/admin", None, None),
            ("/admin.html", "/admin", json, None),
            ("/admin/json", "/admin", json, None),
            // A nested router under a suffix layer: the whole path is not known.
            ("/v1/admin.json", "/admin", json, None),
            ("/a/a.json", "/a", json, None),
        ] {
            assert_eq!(
                choose(original, current, format),
                path,
                "{original} {current}"
            );
        }
    }
}
