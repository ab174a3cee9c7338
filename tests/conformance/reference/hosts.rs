//! Which hosts are served.

/// Whether this `Host` is one of ours: the port is not looked at, letter case and one trailing dot
/// do not matter.
pub(crate) fn is_served(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let Some(name) = without_port(&host) else {
        return false;
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    const NAMES: [&str; 4] = ["testserver", "localhost", "127.0.0.1", "[::1]"];
    const DOMAINS: [&str; 2] = ["example.org", "example.com"];
    NAMES.contains(&name)
        || DOMAINS.iter().any(|domain| {
            name.strip_suffix(domain)
                .is_some_and(|sub| sub.is_empty() || sub.ends_with('.') && is_name(sub))
        })
}

fn without_port(host: &str) -> Option<&str> {
    let (name, port) = match host.rfind(']') {
        Some(end) => host.split_at(end + 1),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let good = match port.strip_prefix(':') {
        Some(port) => !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()),
        None => port.is_empty(),
    };
    good.then_some(name)
}

fn is_name(sub: &str) -> bool {
    sub.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}
