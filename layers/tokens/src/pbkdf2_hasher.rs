use std::hint::black_box;

use base64::{Engine, engine::general_purpose::STANDARD};
use pbkdf2::pbkdf2_hmac_array;
use sha2::Sha256;

use crate::{PasswordCheck, PasswordError, PasswordHasher, random};

/// Reads and makes the hashes that Django makes by default:
/// `pbkdf2_sha256$<iterations>$<salt>$<base64>`.
///
/// For [`Passwords::reads`](crate::Passwords::reads), and for services that share their users with
/// a Django that still runs. PBKDF2 needs no memory, which makes guessing cheap on graphics cards:
/// a service of its own takes `Argon2Hasher`.
#[derive(Clone, Debug)]
#[must_use]
pub struct Pbkdf2Hasher {
    iterations: u32,
}

impl Pbkdf2Hasher {
    /// Hashes in 1,000,000 iterations, as Django 5.2 does. Fewer are outdated.
    pub fn new() -> Self {
        Self {
            iterations: 1_000_000,
        }
    }

    /// Hashes in another number of iterations, at least one. Fewer are outdated.
    pub fn iterations(mut self, iterations: u32) -> Self {
        self.iterations = iterations.max(1);
        self
    }
}

impl Default for Pbkdf2Hasher {
    fn default() -> Self {
        Self::new()
    }
}

fn hashed(password: &str, salt: &str, iterations: u32) -> [u8; 32] {
    pbkdf2_hmac_array::<Sha256, 32>(password.as_bytes(), salt.as_bytes(), iterations)
}

impl PasswordHasher for Pbkdf2Hasher {
    fn hash(&self, password: &str) -> Result<String, PasswordError> {
        // As many as Django's: 131 bits.
        let salt = random::letters(22).map_err(PasswordError::new)?;
        let hash = STANDARD.encode(hashed(password, &salt, self.iterations));
        Ok(format!("pbkdf2_sha256${}${salt}${hash}", self.iterations))
    }

    fn verify(&self, password: &str, hash: &str) -> Option<PasswordCheck> {
        let mut parts = hash.strip_prefix("pbkdf2_sha256$")?.split('$');
        let iterations = parts.next()?.parse().ok().filter(|count| *count > 0)?;
        let (salt, wanted) = (parts.next()?, STANDARD.decode(parts.next()?).ok()?);
        if parts.next().is_some() || wanted.len() != 32 {
            return None;
        }
        let right = are_equal(&hashed(password, salt, iterations), &wanted);
        Some(match right {
            false => PasswordCheck::Wrong,
            true if iterations < self.iterations => PasswordCheck::Outdated,
            true => PasswordCheck::Right,
        })
    }
}

/// Looks at all bytes, wherever the first difference is.
fn are_equal(one: &[u8; 32], other: &[u8]) -> bool {
    let differences = one.iter().zip(other).map(|(one, other)| one ^ other);
    one.len() == other.len() && differences.fold(0, |all, next| black_box(all | next)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Pbkdf2Hasher {
        Pbkdf2Hasher::new().iterations(10)
    }

    #[test]
    fn a_hash_is_salted_and_its_password_right() {
        let (one, two) = (cheap().hash("a"), cheap().hash("a"));
        let (one, two) = (one.expect("hashed"), two.expect("hashed"));
        assert_ne!(one, two);
        assert!(one.starts_with("pbkdf2_sha256$10$"), "{one}");
        assert_eq!(cheap().verify("a", &one), Some(PasswordCheck::Right));
        assert_eq!(cheap().verify("b", &one), Some(PasswordCheck::Wrong));
        let dearer = Pbkdf2Hasher::new();
        assert_eq!(dearer.verify("a", &one), Some(PasswordCheck::Outdated));
    }

    // From Django's own tests, auth_tests/test_hashers.py (release 1.6).
    #[test]
    fn djangos_hash_is_read() {
        let hash = "pbkdf2_sha256$12000$seasalt$Ybw8zsFxqja97tY/o6G+Fy1ksY4U/Hw3DRrGED6Up4s=";
        let check = |password| cheap().verify(password, hash);
        assert_eq!(check("l\u{e8}tmein"), Some(PasswordCheck::Right));
        assert_eq!(check("letmein"), Some(PasswordCheck::Wrong));
    }

    #[test]
    fn other_formats_are_not_mine() {
        let hash = cheap().hash("a").expect("hashed");
        for hash in [
            "",
            "!",
            "pbkdf2_sha256$",
            "pbkdf2_sha256$10$salt$",
            "pbkdf2_sha256$0$salt$AAAA",
            "pbkdf2_sha1$10$salt$AAAA",
            &hash.replace("$10$", "$-1$"),
            &hash.replace("$10$", "$4294967296$"),
            &format!("{hash}$"),
            &hash[..hash.len() - 4],
        ] {
            assert_eq!(cheap().verify("a", hash), None, "{hash:?}");
        }
    }
}
