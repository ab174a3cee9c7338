use gatefold_core::Exception;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Bytes from the operating system. It may have none, early after a start.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), Exception> {
    getrandom::fill(bytes).map_err(Exception::unavailable)
}

/// `length` letters and digits, each of them equally likely.
pub(crate) fn letters(length: usize) -> Result<String, Exception> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 64];
    loop {
        fill(&mut bytes)?;
        // 62 * 4; the rest would make the first letters likelier.
        for byte in bytes.into_iter().filter(|byte| *byte < 248) {
            if text.len() == length {
                return Ok(text);
            }
            text.push(char::from(ALPHABET[usize::from(byte % 62)]));
        }
    }
}

/// `number` in six letters and digits, which 32 bits fit in.
pub(crate) fn six_letters(mut number: u32) -> [u8; 6] {
    let mut text = [b'0'; 6];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(number % 62) as usize];
        number /= 62;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_as_many_as_asked_for_and_all_occur() {
        for length in [0, 1, 43, 200] {
            assert_eq!(letters(length).expect("random").len(), length);
        }
        let many = letters(10_000).expect("random");
        assert!(
            ALPHABET
                .iter()
                .all(|letter| many.as_bytes().contains(letter))
        );
        assert!(many.bytes().all(|letter| letter.is_ascii_alphanumeric()));
    }

    #[test]
    fn any_32_bits_fit_in_six_letters() {
        assert_eq!(&six_letters(0), b"000000");
        assert_eq!(&six_letters(61), b"00000z");
        assert_eq!(&six_letters(62), b"000010");
        assert_eq!(&six_letters(u32::MAX), b"4gfFC3");
    }
}
