//! What belongs to later work: it is replayed and counted, and not yet expected to be right.

/// Areas of the corpus, and groups of them.
const EXCHANGES: &[(&str, Option<&str>)] = &[
    ("authn", Some("obtain")),
    ("jwt", Some("endpoints")),
    ("jwt", Some("flow")),
    ("listing", None),
];

/// Files of cases.
const FILES: &[&str] = &["auth/token_endpoints"];

/// The name under which a recorded exchange of later work is counted.
pub(crate) fn exchange(area: &str, group: &str) -> Option<String> {
    let (_, found) = EXCHANGES
        .iter()
        .find(|(later, part)| *later == area && part.is_none_or(|part| part == group))?;
    Some(match found {
        Some(group) => format!("drf/{area}/{group}"),
        None => format!("drf/{area}"),
    })
}

/// Whether a file of cases belongs to later work.
pub(crate) fn file(name: &str) -> bool {
    FILES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_later_without_its_area() {
        assert_eq!(exchange("jwt", "flow").as_deref(), Some("drf/jwt/flow"));
        assert_eq!(
            exchange("listing", "cursor").as_deref(),
            Some("drf/listing")
        );
        assert_eq!(exchange("jwt", "header"), None);
        assert!(file("auth/token_endpoints") && !file("auth/jwt_attacks"));
    }
}
