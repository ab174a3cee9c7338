use mime::Mime;

use crate::media_range::{MediaRange, Parameters};

/// A media type that the server has, as [`choose`](crate::choose) compares it.
///
/// It says which parameters of a media range it understands beside its own. A range with any
/// other does not match: `application/json;profile=x` is not simply JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    main: Box<str>,
    sub: Box<str>,
    parameters: Box<[(Box<str>, Box<str>)]>,
    understood: Box<[Box<str>]>,
}

impl Offer {
    /// Offers `media_type`. A weight (`q`) on it counts for nothing.
    pub fn new(media_type: &Mime) -> Self {
        let essence = media_type.essence_str();
        let (main, sub) = essence.split_once('/').unwrap_or((essence, ""));
        Self {
            main: main.to_ascii_lowercase().into(),
            sub: sub.to_ascii_lowercase().into(),
            parameters: media_type
                .params()
                .filter(|(name, _)| *name != "q")
                .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                .collect(),
            understood: Box::default(),
        }
    }

    /// Adds parameters that a range may have although they are not on the type.
    #[must_use]
    pub fn understanding<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut understood = self.understood.into_vec();
        understood.extend(names.into_iter().map(Box::from));
        self.understood = understood.into();
        self
    }

    /// How precisely the range names the type; `None` where it names another.
    pub(crate) fn precision(&self, range: &MediaRange<'_>) -> Option<u16> {
        range.precision(&self.main, &self.sub)
    }

    /// How many parameters of the range are met, and its weight. `None` where one is malformed,
    /// has another value or is not understood.
    pub(crate) fn weigh(&self, parameters: Parameters<'_>) -> Option<(u16, u16)> {
        let (mut met, mut weight) = (0u16, None);
        for parameter in parameters {
            let parameter = parameter.ok()?;
            if parameter.is("q") {
                if weight.is_some() {
                    return None;
                }
                weight = Some(parameter.weight()?);
                continue;
            }
            match self.parameter(parameter.name) {
                Some(value) if parameter.has_value(value) => {}
                Some(_) => return None,
                None if self.understands(parameter.name) => {}
                None => return None,
            }
            met = met.saturating_add(1);
        }
        Some((met, weight.unwrap_or(1000)))
    }

    /// What the type itself says for a parameter.
    pub(crate) fn parameter(&self, name: &[u8]) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(own, _)| own.as_bytes().eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    fn understands(&self, name: &[u8]) -> bool {
        self.understood
            .iter()
            .any(|known| known.as_bytes().eq_ignore_ascii_case(name))
    }
}

/// An offer by its media type.
impl From<&Mime> for Offer {
    fn from(media_type: &Mime) -> Self {
        Self::new(media_type)
    }
}
