use std::{error::Error, fmt};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};

use crate::{PasswordCheck, PasswordError, PasswordHasher, random};

/// Hashes passwords with argon2id (RFC 9106), as `$argon2id$v=19$m=..,t=..,p=..$<salt>$<hash>`.
///
/// The parameters are those that OWASP asks for at least: 19 MiB, two passes, one lane. It reads
/// hashes of other parameters and of argon2i and argon2d as well, and Django's, which have another
/// word before them (`argon2$argon2id$..`); they are outdated.
#[derive(Clone)]
#[must_use]
pub struct Argon2Hasher {
    argon2: Argon2<'static>,
}

impl Argon2Hasher {
    /// Hashes in 19 MiB, two passes and one lane.
    pub fn new() -> Self {
        Self {
            argon2: Argon2::default(),
        }
    }

    /// Hashes in `memory` KiB, `passes` and `lanes`.
    ///
    /// # Errors
    ///
    /// If argon2 is not defined for these numbers: less than 8 KiB for each lane, no pass, no lane.
    pub fn cost(memory: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        let given = CostError {
            memory,
            passes,
            lanes,
        };
        let params = Params::new(memory, passes, lanes, None).map_err(|_| given)?;
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
        })
    }

    fn is_current(&self, hash: &PasswordHash) -> bool {
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        let current = cost(self.argon2.params());
        hash.algorithm.as_str() == Algorithm::Argon2id.as_str()
            && hash.version == Some(Version::V0x13.into())
            && Params::try_from(hash).is_ok_and(|params| cost(&params) == current)
    }
}

impl Default for Argon2Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl PasswordHasher for Argon2Hasher {
    fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let mut salt = [0; 16];
        random::fill(&mut salt).map_err(PasswordError::new)?;
        let hash = self
            .argon2
            .hash_password_with_salt(password.as_bytes(), &salt);
        Ok(hash.map_err(PasswordError::new)?.to_string())
    }

    fn verify(&self, password: &str, hash: &str) -> Option<PasswordCheck> {
        let django = hash
            .strip_prefix("argon2")
            .filter(|rest| rest.starts_with('$'));
        let hash = PasswordHash::new(django.unwrap_or(hash)).ok()?;
        if !hash.algorithm.as_str().starts_with("argon2") || hash.hash.is_none() {
            return None;
        }
        let right = self.argon2.verify_password(password.as_bytes(), &hash);
        Some(match right {
            Err(_) => PasswordCheck::Wrong,
            Ok(()) if django.is_none() && self.is_current(&hash) => PasswordCheck::Right,
            Ok(()) => PasswordCheck::Outdated,
        })
    }
}

impl fmt::Debug for Argon2Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = self.argon2.params();
        f.debug_struct("Argon2Hasher")
            .field("memory", &params.m_cost())
            .field("passes", &params.t_cost())
            .field("lanes", &params.p_cost())
            .finish()
    }
}

/// Numbers that argon2 is not defined for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostError {
    memory: u32,
    passes: u32,
    lanes: u32,
}

impl fmt::Display for CostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            memory,
            passes,
            lanes,
        } = self;
        write!(
            f,
            "argon2 cannot hash in {memory} KiB, {passes} passes and {lanes} lanes: wanted are at least 8 KiB for each lane, one pass and one lane"
        )
    }
}

impl Error for CostError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Argon2Hasher {
        Argon2Hasher::cost(64, 1, 1).expect("defined")
    }

    #[test]
    fn a_hash_is_salted_and_its_password_right() {
        let (one, two) = (cheap().hash("a"), cheap().hash("a"));
        let (one, two) = (one.expect("hashed"), two.expect("hashed"));
        assert_ne!(one, two);
        assert!(one.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{one}");
        assert_eq!(cheap().verify("a", &one), Some(PasswordCheck::Right));
        assert_eq!(cheap().verify("b", &one), Some(PasswordCheck::Wrong));
    }

    #[test]
    fn other_costs_and_djangos_word_are_outdated() {
        let hash = cheap().hash("a").expect("hashed");
        let dearer = Argon2Hasher::cost(64, 2, 1).expect("defined");
        let outdated = Some(PasswordCheck::Outdated);
        assert_eq!(dearer.verify("a", &hash), outdated);
        let django = format!("argon2{hash}");
        assert_eq!(cheap().verify("a", &django), outdated);
        assert_eq!(cheap().verify("b", &django), Some(PasswordCheck::Wrong));
    }

    // The test vector of the reference implementation, src/test.c, version 19: 2^16 KiB, 2 passes.
    #[test]
    fn the_reference_implementations_hash_is_read() {
        let hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let check = Argon2Hasher::new().verify("password", hash);
        assert_eq!(check, Some(PasswordCheck::Outdated));
    }

    #[test]
    fn other_formats_are_not_mine() {
        for hash in [
            "",
            "!",
            "argon2",
            "$argon2id$",
            "$pbkdf2$x",
            "pbkdf2_sha256$1$a$b",
        ] {
            assert_eq!(cheap().verify("a", hash), None, "{hash:?}");
        }
    }

    #[test]
    fn costs_that_are_none_are_refused() {
        for (memory, passes, lanes) in [(0, 1, 1), (64, 0, 1), (64, 1, 0), (64, 1, 9)] {
            let error = Argon2Hasher::cost(memory, passes, lanes).expect_err("undefined");
            assert!(
                error
                    .to_string()
                    .contains(&format!("{memory} KiB, {passes} passes"))
            );
        }
    }
}
