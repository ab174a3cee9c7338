use mime::Mime;

use crate::{
    media_range::{Parameters, is_token, weight},
    scan,
};

/// A media type that the server has, as [`choose`](crate::choose) compares it.
///
/// It says which parameters of a media range it understands beside its own. A range with any
/// other does not match: `application/json;profile=x` is not simply JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// `type/subtype` in lower case.
    essence: Box<[u8]>,
    /// Where the slash is.
    slash: usize,
    /// The type and the slash, as far as they fit into a word, and which bytes of it they fill.
    head: u64,
    mask: u64,
    parameters: Box<[(Box<str>, Box<str>)]>,
    understood: Box<[Box<str>]>,
}

impl Offer {
    /// Offers `media_type`. A weight (`q`) on it counts for nothing.
    pub fn new(media_type: &Mime) -> Self {
        let essence = media_type.essence_str().to_ascii_lowercase().into_bytes();
        let slash = media_type.type_().as_str().len();
        let mask = match slash + 1 {
            filled @ ..8 => (1 << (filled * 8)) - 1,
            _ => u64::MAX,
        };
        Self {
            head: scan::head(&essence) & mask,
            mask,
            essence: essence.into(),
            slash,
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

    /// Whether a header's line is this type and nothing else.
    pub(crate) fn is_all_of(&self, line: &[u8]) -> bool {
        *self.essence == *line
    }

    /// The type's first word, as far as it has one.
    pub(crate) fn head(&self) -> u64 {
        self.head
    }

    /// Whether a range that begins with this word can name the type: most cannot.
    #[inline]
    pub(crate) fn may_be_named_by(&self, head: u64) -> bool {
        (head ^ self.head) & self.mask == 0
    }

    /// How precisely a range names the type, 2 for `type/*` and 3 for the type itself, and what
    /// follows it in `element`.
    #[inline]
    pub(crate) fn named_by<'a>(&self, element: &'a [u8]) -> Option<(u16, &'a [u8])> {
        if let Some((name, rest)) = element.split_at_checked(self.essence.len())
            && rest.first().is_none_or(|byte| !is_token(*byte))
            && (*name == *self.essence || name.eq_ignore_ascii_case(&self.essence))
        {
            return Some((3, rest));
        }
        let (name, rest) = element.split_at_checked(self.slash + 1)?;
        let (b'*', rest) = rest.split_first()? else {
            return None;
        };
        let ends = rest.first().is_none_or(|byte| !is_token(*byte));
        let named = name.eq_ignore_ascii_case(&self.essence[..=self.slash]);
        (ends && named).then_some((2, rest))
    }

    /// How many parameters of a range are met, and its weight; they follow its type. `None` where one is malformed,
    /// has another value or is not understood.
    #[inline]
    pub(crate) fn weigh(&self, rest: &[u8]) -> Option<(u16, u16)> {
        lone_weight(rest).or_else(|| self.weigh_each(rest))
    }

    fn weigh_each(&self, rest: &[u8]) -> Option<(u16, u16)> {
        let (mut met, mut weight) = (0u16, None);
        for parameter in Parameters::of(rest) {
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

/// What every offer makes of a range without parameters, or with a weight alone; `None` for
/// others.
#[inline]
pub(crate) fn lone_weight(rest: &[u8]) -> Option<(u16, u16)> {
    match rest {
        [] => Some((0, 1000)),
        [b';', b'q', b'=', text @ ..] => Some((0, weight(text)?)),
        _ => None,
    }
}

/// An offer by its media type.
impl From<&Mime> for Offer {
    fn from(media_type: &Mime) -> Self {
        Self::new(media_type)
    }
}
