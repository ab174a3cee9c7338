//! Short texts as numbers, so that comparing them is no call.

/// A text of one to seven bytes, with its length in the highest byte.
pub(crate) fn of(text: impl AsRef<[u8]>) -> Option<u64> {
    let bytes = text.as_ref();
    if bytes.is_empty() || bytes.len() > 7 {
        return None;
    }
    let length = (bytes.len() as u64) << 56;
    let fold = |word, byte: &u8| word << 8 | u64::from(*byte);
    Some(bytes.iter().rev().fold(0, fold) | length)
}

/// The key of what stands before the first slash of `bytes`, if that is short enough.
pub(crate) fn of_segment(bytes: &[u8]) -> Option<u64> {
    let word = match bytes.first_chunk() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => {
            let fold = |word, byte: &u8| word << 8 | u64::from(*byte);
            bytes.iter().rev().fold(0, fold)
        }
    };
    let marks = marks(word, b'/');
    let bits = marks.trailing_zeros() & !7;
    if marks == 0 || bits == 0 {
        return None;
    }
    Some(word & ((1 << bits) - 1) | u64::from(bits / 8) << 56)
}

/// The place of the first of three bytes.
pub(crate) fn position(bytes: &[u8], [a, b, c]: [u8; 3]) -> Option<usize> {
    let (words, tail) = bytes.as_chunks();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let marks = marks(word, a) | marks(word, b) | marks(word, c);
        if marks != 0 {
            return Some(place * 8 + marks.trailing_zeros() as usize / 8);
        }
    }
    let is_one = |byte: &u8| [a, b, c].contains(byte);
    Some(bytes.len() - tail.len() + tail.iter().position(is_one)?)
}

/// Sets the high bit of the lowest byte that is `byte`; those above it may be set wrongly.
fn marks(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    let others = word ^ (ONES * u64::from(byte));
    others.wrapping_sub(ONES) & !others & (ONES << 7)
}

/// Whether a text has a character that some place encodes or refuses.
pub(crate) fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"%+&/,=".contains(&byte);
    text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn different_texts_have_different_keys() {
        assert_eq!(of(""), None);
        assert_eq!(of("12345678"), None);
        assert_ne!(of("1"), of("1\0"));
        assert_ne!(of("12"), of("21"));
    }

    proptest! {
        #[test]
        fn the_first_of_the_bytes_is_found(text in "[ab&%+]{0,20}|a{0,20}[&%+]?[%-'*-,]*") {
            let wanted = text.bytes().position(|byte| b"&%+".contains(&byte));
            prop_assert_eq!(position(text.as_bytes(), *b"&%+"), wanted);
        }

        #[test]
        fn a_segments_key_is_its_texts(path in "[a-z0-9./]{0,12}") {
            let key = path.split_once('/').and_then(|(segment, _)| of(segment));
            prop_assert_eq!(of_segment(path.as_bytes()), key);
        }
    }
}
