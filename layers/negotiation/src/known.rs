//! The `Accept` headers of browsers and clients, word for word.

/// What each sends: documents, images and styles of browsers, then clients and their libraries.
pub(crate) static KNOWN: [&[u8]; 45] = [
    // Chrome, Edge and Opera; the second before 2023.
    b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.9",
    b"text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
    // Safari, and Firefox of all years.
    b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8",
    b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/jxl,image/webp,image/png,image/svg+xml,*/*;q=0.8",
    // Internet Explorer and the first Edge, Lynx.
    b"text/html, application/xhtml+xml, */*",
    b"text/html, application/xhtml+xml, image/jxr, */*",
    b"text/html, text/plain, text/css, text/sgml, */*;q=0.01",
    // Pictures and styles.
    b"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    b"image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    b"image/avif,image/webp,*/*",
    b"image/webp,*/*",
    b"image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    b"text/css,*/*;q=0.1",
    // axios and Angular, jQuery, HTTPie, and who writes them by hand.
    b"application/json, text/plain, */*",
    b"application/json, text/javascript, */*; q=0.01",
    b"application/json, text/javascript, */*;q=0.01",
    b"application/json, text/javascript, */*",
    b"text/html, */*; q=0.01",
    b"application/json, */*;q=0.5",
    b"application/json, */*;q=0.8",
    b"application/json, */*",
    b"application/json,*/*",
    b"application/json;q=0.9,*/*;q=0.8",
    b"application/json;q=0.9, text/plain",
    b"application/json, text/html",
    b"text/html, application/json",
    b"text/html,application/json",
    // Java's own client, RestTemplate and its like.
    b"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
    b"text/html, image/gif, image/jpeg, */*; q=0.2",
    b"application/json, application/*+json",
    b"text/plain, application/json, application/*+json, */*",
    b"application/xml, text/xml, application/json, application/*+xml, application/*+json",
    b"text/plain, */*",
    // Streams, GraphQL, JSON-LD, errors, Kubernetes and GitHub.
    b"application/json, text/event-stream",
    b"text/event-stream, application/json",
    b"application/graphql-response+json, application/json",
    b"application/graphql-response+json,application/json;q=0.9",
    b"application/ld+json, application/json",
    b"application/json, application/problem+json",
    b"application/vnd.kubernetes.protobuf,application/json",
    b"application/vnd.github+json",
    b"application/vnd.github.v3+json",
];

const SLOTS: usize = 256;
const EMPTY: u8 = u8::MAX;

/// Where each value is: no two share a slot.
static TABLE: [u8; SLOTS] = {
    let mut table = [EMPTY; SLOTS];
    let mut at = 0;
    while at < KNOWN.len() {
        let Some(slot) = slot(KNOWN[at]) else {
            panic!("a known value has eight bytes at least");
        };
        assert!(
            table[slot] == EMPTY,
            "two values share a slot: look for another factor"
        );
        table[slot] = at as u8;
        at += 1;
    }
    table
};

/// The place of `line` in [`KNOWN`].
#[inline]
pub(crate) fn find(line: &[u8]) -> Option<usize> {
    let at = usize::from(TABLE[slot(line)?]);
    (*KNOWN.get(at)? == line).then_some(at)
}

/// By its beginning, its end and its length: no two of the known have all three in common.
const fn slot(line: &[u8]) -> Option<usize> {
    /// Found by trying.
    const FACTOR: u64 = 0x39B2_1C95_0554_55E9;
    let (Some(first), Some(last)) = (line.first_chunk(), line.last_chunk()) else {
        return None;
    };
    let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    let mixed = first ^ last.rotate_left(29) ^ (line.len() as u64).rotate_left(48);
    Some((mixed.wrapping_mul(FACTOR) >> 56) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_known_value_is_found_in_its_place_and_no_other_is() {
        for (at, known) in KNOWN.iter().enumerate() {
            assert_eq!(find(known), Some(at));
            assert_eq!(find(&known[1..]), None);
            let longer = [known, &b","[..]].concat();
            assert_eq!(find(&longer), None);
        }
        for unknown in [&b""[..], b"*/*", b"image/png", b"application/json"] {
            assert_eq!(find(unknown), None);
        }
    }
}
