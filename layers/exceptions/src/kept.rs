use http::HeaderValue;

/// A header's value that is kept in case that something fails.
///
/// A short one is copied: another reference to it would cost an allocation where it does not share
/// its memory yet. A long one is another reference.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    Short([u8; SHORT], u8),
    Long(HeaderValue),
}

/// Up to here the type is no longer than a reference.
const SHORT: usize = 31;

impl Kept {
    pub(crate) fn of(value: &HeaderValue) -> Self {
        let mut bytes = [0; SHORT];
        match bytes.get_mut(..value.len()) {
            Some(place) => {
                place.copy_from_slice(value.as_bytes());
                Self::Short(bytes, value.len() as u8)
            }
            None => Self::Long(value.clone()),
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short(bytes, length) => &bytes[..usize::from(*length)],
            Self::Long(value) => value.as_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_ones_are_the_same() {
        for length in [0, 1, SHORT - 1, SHORT, SHORT + 1, 500] {
            let text = "a".repeat(length);
            let kept = Kept::of(&HeaderValue::from_str(&text).unwrap());
            assert_eq!(matches!(kept, Kept::Short(..)), length <= SHORT);
            assert_eq!(kept.as_bytes(), text.as_bytes());
            assert_eq!(size_of::<Kept>(), size_of::<HeaderValue>());
        }
    }
}
