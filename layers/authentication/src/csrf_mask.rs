//! Django's CSRF secrets: 32 letters and digits, plain or under a mask.

const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
pub(crate) const SECRET: usize = 32;

/// Takes the mask off a token that has one: 32 characters of mask and 32 of cipher.
pub(crate) fn plain(token: &[u8]) -> Result<[u8; SECRET], &'static str> {
    if ![SECRET, 2 * SECRET].contains(&token.len()) {
        return Err("has incorrect length");
    }
    if !token.iter().all(u8::is_ascii_alphanumeric) {
        return Err("has invalid characters");
    }
    let mut secret = [0; SECRET];
    let (first, rest) = token.split_at(SECRET);
    if rest.is_empty() {
        secret.copy_from_slice(first);
        return Ok(secret);
    }
    for ((place, mask), cipher) in secret.iter_mut().zip(first).zip(rest) {
        *place = ALPHABET[(62 + number(*cipher) - number(*mask)) % 62];
    }
    Ok(secret)
}

/// A new secret, or a mask.
#[cfg(feature = "sessions")]
pub(crate) fn random() -> Result<[u8; SECRET], gatefold_core::Exception> {
    // 43 random letters and digits behind a prefix, of which 32 are 190 bits.
    let token = gatefold_tokens::TokenFormat::default().generate()?;
    let letters = token.reveal().as_bytes().get(3..3 + SECRET);
    let letters = letters.and_then(|letters| letters.try_into().ok());
    letters.ok_or_else(|| gatefold_core::Exception::internal("a token without its letters"))
}

/// A token for pages: the secret under a mask, so that no two pages say the same.
#[cfg(feature = "sessions")]
pub(crate) fn masked(secret: &[u8; SECRET], mask: &[u8; SECRET]) -> String {
    let cipher = secret.iter().zip(mask);
    let cipher = cipher.map(|(letter, mask)| ALPHABET[(number(*letter) + number(*mask)) % 62]);
    let mask = mask.iter().copied();
    mask.chain(cipher).map(char::from).collect()
}

fn number(letter: u8) -> usize {
    usize::from(match letter {
        b'a'..=b'z' => letter - b'a',
        b'A'..=b'Z' => letter - b'A' + 26,
        _ => letter.wrapping_sub(b'0') % 10 + 52,
    })
}

/// Compares without telling by the time where the difference is.
pub(crate) fn same(one: &[u8; SECRET], other: &[u8; SECRET]) -> bool {
    let pairs = one.iter().zip(other);
    std::hint::black_box(pairs.fold(0, |all, (one, other)| all | (one ^ other))) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: &str = "csrfsecretABCDEFGHIJKLMNOPQRSTUV";

    #[test]
    fn a_masked_token_is_the_secret() {
        // From a running Django.
        for masked in [
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345CTTIWJIYM2acegikmoqsuwyACEGIKMOQ",
            "zyxwvutsrqponmlkjihgfedcba987654BQOBNyvJvJPPPPPPPPPPPPPPPPPPPPPP",
        ] {
            assert_eq!(
                plain(masked.as_bytes()).as_ref().map(|s| &s[..]),
                Ok(PLAIN.as_bytes())
            );
        }
    }

    proptest! {
        #[test]
        fn any_token_is_read_without_a_panic(token in proptest::collection::vec(any::<u8>(), 0..70)) {
            let _ = plain(&token);
        }

        #[cfg(feature = "sessions")]
        #[test]
        fn a_mask_comes_off_again(secret in "[a-zA-Z0-9]{32}", mask in "[a-zA-Z0-9]{32}") {
            let array = |text: &str| -> [u8; SECRET] { text.as_bytes().try_into().expect("32") };
            let masked = masked(&array(&secret), &array(&mask));
            prop_assert_eq!(plain(masked.as_bytes()), Ok(array(&secret)));
        }
    }
}
