//! JSON objects read strictly: each member once, each of its type, at a bounded depth.

use std::{borrow::Cow, collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// A text, borrowed where it has no escapes.
#[derive(Debug, Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// The names of an object's members so far.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    few: Vec<Cow<'a, str>>,
    many: HashSet<Cow<'a, str>>,
}

/// So many names are compared one by one.
const FEW: usize = 24;

impl<'a> Names<'a> {
    /// Adds a name; `false` if it is there already.
    pub(crate) fn add(&mut self, name: Cow<'a, str>) -> bool {
        if self.has(&name) {
            return false;
        }
        match self.few.len() < FEW {
            true => self.few.push(name),
            false => drop(self.many.insert(name)),
        }
        true
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.few.iter().any(|known| known == name) || self.many.contains(name)
    }
}

/// The next name of an object, which must be a new one.
pub(crate) fn next_name<'de, A: MapAccess<'de>>(
    map: &mut A,
    names: &mut Names<'de>,
) -> Result<Option<Cow<'de, str>>, A::Error> {
    let Some(Text(name)) = map.next_key()? else {
        return Ok(None);
    };
    match names.add(name.clone()) {
        true => Ok(Some(name)),
        false => Err(A::Error::custom("a member stands there twice")),
    }
}

/// A value that is read and dropped. Unlike `IgnoredAny` it goes through the reader's limit of
/// depth, and its numbers are numbers that can be held.
pub(crate) struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalars).map(|_| Self)
    }
}

/// A value of which texts and whole numbers are kept.
#[derive(Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Whole(i128),
    Other,
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalars)
    }
}

struct Scalars;

impl<'de> Visitor<'de> for Scalars {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Whole(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Whole(number.into()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<Skipped>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, Skipped>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

/// Whether one of the wanted texts is the value, or in it where it is a list. What is neither a
/// text nor a list of texts is an error.
pub(crate) struct OneOf<'w>(pub(crate) &'w [Box<str>]);

impl<'de> DeserializeSeed<'de> for OneOf<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneOf<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E>(self, text: &str) -> Result<bool, E> {
        Ok(self.0.iter().any(|wanted| &**wanted == text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(Text(text)) = seq.next_element()? {
            found |= self.0.iter().any(|wanted| **wanted == text);
        }
        Ok(found)
    }
}
