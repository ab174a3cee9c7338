//! Eight bytes at a time.

const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
const COMMAS: u64 = u64::from_ne_bytes([b','; 8]);
/// What tells an ASCII letter's cases apart.
const CASE: u64 = u64::from_ne_bytes([0x20; 8]);

/// The first eight bytes, letters in lower case. What is missing reads as spaces.
///
/// Other characters may become each other too, so equal words are a hint, not a proof.
pub(crate) fn head(bytes: &[u8]) -> u64 {
    let word = match bytes.first_chunk() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => short(bytes),
    };
    word | CASE
}

/// As many of eight bytes as there are; what is missing is zero.
pub(crate) fn short(bytes: &[u8]) -> u64 {
    let bytes = bytes.iter().rev();
    bytes.fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// The bytes that are commas: the high bit of each, and no other bit.
pub(crate) fn commas(word: u64) -> u64 {
    // Adding carries into the high bit of each byte that is not zero, and never beyond it.
    const LOW: u64 = !(ONES << 7);
    let others = word ^ COMMAS;
    !(((others & LOW) + LOW) | others | LOW)
}

/// Where the first comma or quote is, or the end.
pub(crate) fn comma_or_quote(bytes: &[u8]) -> usize {
    memchr::memchr2(b',', b'"', bytes).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_have_one_case_and_short_texts_end_in_spaces() {
        assert_eq!(head(b"TEXT/HTML"), head(b"text/htm"));
        assert_eq!(head(b"A/b"), u64::from_le_bytes(*b"a/b     "));
        assert_ne!(head(b"text/htm"), head(b"text/csv"));
    }

    proptest! {
        #[test]
        fn all_commas_are_found_and_nothing_else(bytes in proptest::collection::vec(
            prop_oneof![3 => any::<u8>(), 1 => Just(b','), 1 => Just(b'-'), 1 => Just(b'\xAC')],
            0..40,
        )) {
            let mut found = Vec::new();
            for (number, chunk) in bytes.chunks(8).enumerate() {
                let mut commas = commas(short(chunk));
                while commas != 0 {
                    found.push(number * 8 + (commas.trailing_zeros() / 8) as usize);
                    commas &= commas - 1;
                }
            }
            let wanted: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at] == b',').collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
