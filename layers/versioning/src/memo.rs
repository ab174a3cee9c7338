use std::{fmt, sync::OnceLock};

use gatefold_core::Version;

/// What the first few texts said, so that the same text is not read again.
///
/// Clients send few different texts in a header. The places are written once: whoever fills them
/// with odd texts makes the others be read, as they would be without this.
#[derive(Default)]
pub(crate) struct Memo {
    places: [OnceLock<Place>; PLACES],
}

const PLACES: usize = 8;
const LONGEST: usize = 200;

struct Place {
    text: Box<[u8]>,
    version: Option<Version>,
}

/// A copy may be set otherwise, so that it remembers nothing.
impl Clone for Memo {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Memo {
    /// What `text` said; `None` where it has not been read yet.
    pub(crate) fn recall(&self, text: &[u8]) -> Option<&Option<Version>> {
        let mut filled = self.places.iter().map_while(OnceLock::get);
        let place = filled.find(|place| *place.text == *text)?;
        Some(&place.version)
    }

    /// Remembers what `text` said, where there is a place left.
    pub(crate) fn keep(&self, text: &[u8], version: Option<&Version>) {
        if text.len() > LONGEST || self.places[PLACES - 1].get().is_some() {
            return;
        }
        let mut place = Place {
            text: text.into(),
            version: version.cloned(),
        };
        for empty in &self.places {
            match empty.set(place) {
                Ok(()) => return,
                Err(refused) => place = refused,
            }
        }
    }
}

/// What clients sent is shown nowhere.
impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_texts_are_remembered_and_no_more() {
        let memo = Memo::default();
        assert_eq!(memo.recall(b"a"), None);
        memo.keep(b"a", None);
        memo.keep(b"b", Some(&Version::new("2")));
        assert_eq!(memo.recall(b"a"), Some(&None));
        assert_eq!(memo.recall(b"b"), Some(&Some(Version::new("2"))));
        assert_eq!(memo.recall(b"c"), None);
        for number in 0..20 {
            memo.keep(number.to_string().as_bytes(), None);
        }
        memo.keep("x".repeat(LONGEST + 1).as_bytes(), None);
        assert_eq!(memo.recall(b"5"), Some(&None));
        assert_eq!(memo.recall(b"6"), None);
        assert_eq!(memo.clone().recall(b"a"), None);
    }
}
