use std::{fmt, sync::Arc};

use crate::{PasswordCheck, PasswordError, PasswordHasher};

/// Hashes new passwords in one format and verifies those of others too, so that users move over as
/// they log in.
///
/// Whoever has no hash costs as much as a wrong password: it is verified against one that nobody
/// has. A hash of an older format that takes another time shows by that, until its user has logged
/// in once.
///
/// ```
/// # #[cfg(all(feature = "argon2", feature = "pbkdf2"))]
/// # fn main() -> Result<(), gatefold_tokens::PasswordError> {
/// use gatefold_tokens::{Argon2Hasher, PasswordCheck, Passwords, Pbkdf2Hasher};
///
/// // As Django stores "wonderland", with few iterations.
/// let django = "pbkdf2_sha256$1000$seasalt$3h+vbuJq4nmuyHY0GIm412DRLKOyb3/dScbPa72X1pY=";
/// let passwords = Passwords::new(Argon2Hasher::new())?.reads(Pbkdf2Hasher::new());
/// assert_eq!(passwords.verify("wonderland", Some(django)), PasswordCheck::Outdated);
///
/// let new = passwords.hash("wonderland")?;
/// assert!(new.starts_with("$argon2id$"));
/// assert_eq!(passwords.verify("wonderland", Some(&new)), PasswordCheck::Right);
/// assert_eq!(passwords.verify("looking glass", Some(&new)), PasswordCheck::Wrong);
/// assert_eq!(passwords.verify("wonderland", None), PasswordCheck::Wrong);
/// # Ok(())
/// # }
/// # #[cfg(not(all(feature = "argon2", feature = "pbkdf2")))]
/// # fn main() {}
/// ```
#[derive(Clone)]
#[must_use]
pub struct Passwords {
    hasher: Arc<dyn PasswordHasher>,
    others: Vec<Arc<dyn PasswordHasher>>,
    nobodys: Arc<str>,
}

impl Passwords {
    /// Hashes with `hasher`, and reads its hashes. It makes one hash at once, which takes its time.
    ///
    /// # Errors
    ///
    /// If `hasher` cannot make a hash.
    pub fn new(hasher: impl PasswordHasher) -> Result<Self, PasswordError> {
        let unknown = crate::random::letters(32).map_err(PasswordError::new)?;
        Ok(Self {
            nobodys: hasher.hash(&unknown)?.into(),
            hasher: Arc::new(hasher),
            others: Vec::new(),
        })
    }

    /// Reads the hashes of `other` too, and calls them outdated.
    pub fn reads(mut self, other: impl PasswordHasher) -> Self {
        self.others.push(Arc::new(other));
        self
    }

    /// A hash of a new password.
    ///
    /// # Errors
    ///
    /// If the operating system has no random bytes, or no memory is left.
    pub fn hash(&self, password: &str) -> Result<String, PasswordError> {
        self.hasher.hash(password)
    }

    /// What `password` is to whoever has `hash`; `None` is nobody's hash. A hash that none of the
    /// hashers reads, such as Django's `!` for no password, is nobody's too.
    pub fn verify(&self, password: &str, hash: Option<&str>) -> PasswordCheck {
        if let Some(hash) = hash {
            if let Some(check) = self.hasher.verify(password, hash) {
                return check;
            }
            let mut others = self.others.iter();
            if let Some(check) = others.find_map(|other| other.verify(password, hash)) {
                return match check {
                    PasswordCheck::Wrong => PasswordCheck::Wrong,
                    PasswordCheck::Right | PasswordCheck::Outdated => PasswordCheck::Outdated,
                };
            }
        }
        let check = self.hasher.verify(password, &self.nobodys);
        // What it was made of is forgotten; it is wrong even for whoever guessed it.
        std::hint::black_box(check);
        PasswordCheck::Wrong
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("others", &self.others.len())
            .finish_non_exhaustive()
    }
}
