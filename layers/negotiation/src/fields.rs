use std::{borrow::Cow, collections::HashMap};

use serde::{
    Deserializer,
    de::{
        DeserializeSeed, EnumAccess, IntoDeserializer, VariantAccess, Visitor,
        value::{BytesDeserializer, Error, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

/// The fields of a form, in the order of their first occurrence.
///
/// A name that is repeated, or ends in `[]`, is a list.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    groups: Vec<(Cow<'a, str>, Group<'a>)>,
    /// Where each name is: a hostile form has hundreds of thousands of them.
    places: HashMap<Cow<'a, str>, usize>,
}

/// All values of one name.
#[derive(Clone, Debug, Default)]
struct Group<'a> {
    values: Vec<Value<'a>>,
}

#[derive(Clone, Debug)]
enum Value<'a> {
    Text(Cow<'a, str>),
    #[cfg_attr(not(feature = "multipart"), allow(dead_code))]
    File(File<'a>),
}

/// A file, as [`Upload`](crate::Upload) reads it.
#[derive(Clone, Debug)]
pub(crate) struct File<'a> {
    pub(crate) name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content: Cow<'a, [u8]>,
}

impl<'a> Fields<'a> {
    pub(crate) fn text(&mut self, name: Cow<'a, str>, text: Cow<'a, str>) {
        self.add(name, Value::Text(text));
    }

    #[cfg(feature = "multipart")]
    pub(crate) fn file(&mut self, name: Cow<'a, str>, file: File<'a>) {
        self.add(name, Value::File(file));
    }

    fn add(&mut self, name: Cow<'a, str>, value: Value<'a>) {
        let name = match name {
            Cow::Borrowed(name) => Cow::Borrowed(name.strip_suffix("[]").unwrap_or(name)),
            Cow::Owned(mut name) => {
                let kept = name.strip_suffix("[]").map(str::len);
                name.truncate(kept.unwrap_or(name.len()));
                Cow::Owned(name)
            }
        };
        let place = *self.places.entry(name).or_insert_with_key(|name| {
            self.groups.push((name.clone(), Group::default()));
            self.groups.len() - 1
        });
        self.groups[place].1.values.push(value);
    }
}

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        MapDeserializer::new(self.groups.into_iter()).deserialize_any(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        MapDeserializer::new(self.groups.into_iter()).deserialize_seq(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit_struct newtype_struct tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, 'a> IntoDeserializer<'de, Error> for Group<'a> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'a> Group<'a> {
    /// Where one value is wanted, the last counts, as in Django.
    fn last(mut self) -> Value<'a> {
        self.values.pop().unwrap_or(Value::Text(Cow::Borrowed("")))
    }

    fn last_text(self) -> Result<Cow<'a, str>, Error> {
        match self.last() {
            Value::Text(text) => Ok(text),
            Value::File(_) => Err(serde::de::Error::custom("a file, expected a text")),
        }
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $what:literal),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let text = self.last_text()?;
            match text.trim().parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(serde::de::Error::custom(format_args!("{text:?} is no {}", $what))),
            }
        }
    )*};
}

/// From its text each value is read as what is wanted.
impl<'de> Deserializer<'de> for Group<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        match self.values.len() {
            1 => match self.values.remove(0) {
                Value::Text(text) => visitor.visit_str(&text),
                Value::File(file) => file.visited_by(visitor),
            },
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let single = |value| Group {
            values: vec![value],
        };
        visitor.visit_seq(SeqDeserializer::new(self.values.into_iter().map(single)))
    }

    /// No text is nothing: what browsers send for a field that was left empty.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.values[..] {
            [Value::Text(text)] if text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.last_text()?;
        match text.trim() {
            // What a checkbox sends.
            "true" | "True" | "on" | "1" => visitor.visit_bool(true),
            "false" | "False" | "off" | "0" => visitor.visit_bool(false),
            _ => Err(serde::de::Error::custom(format_args!(
                "{text:?} is no boolean"
            ))),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(&self.last_text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.last_text()?.into_owned())
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.last() {
            Value::Text(text) => visitor.visit_bytes(text.as_bytes()),
            Value::File(file) => visitor.visit_bytes(&file.content),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.last() {
            Value::Text(text) => visitor.visit_str(&text),
            Value::File(file) => file.visited_by(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(Named(self.last_text()?))
    }

    parsed! {
        deserialize_i8 visit_i8 "integer", deserialize_i16 visit_i16 "integer",
        deserialize_i32 visit_i32 "integer", deserialize_i64 visit_i64 "integer",
        deserialize_i128 visit_i128 "integer", deserialize_u8 visit_u8 "integer that fits",
        deserialize_u16 visit_u16 "integer that fits", deserialize_u32 visit_u32 "integer that fits",
        deserialize_u64 visit_u64 "integer that fits",
        deserialize_u128 visit_u128 "integer that fits", deserialize_f32 visit_f32 "number",
        deserialize_f64 visit_f64 "number", deserialize_char visit_char "single character"
    }

    forward_to_deserialize_any! { unit_struct tuple tuple_struct map identifier ignored_any }
}

impl File<'_> {
    fn visited_by<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let part = |name, part: FilePart| (name, part);
        let parts = [
            part("file_name", FilePart::Text(self.name)),
            part("content_type", FilePart::Text(self.content_type)),
            part("content", FilePart::Content(self.content.into_owned())),
        ];
        visitor.visit_map(MapDeserializer::new(parts.into_iter()))
    }
}

enum FilePart {
    Text(Option<String>),
    Content(Vec<u8>),
}

impl<'de> IntoDeserializer<'de, Error> for FilePart {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for FilePart {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Text(None) => visitor.visit_none(),
            Self::Text(Some(text)) => visitor.visit_some(text.into_deserializer()),
            Self::Content(bytes) => BytesDeserializer::new(&bytes).deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf seq
        option unit unit_struct newtype_struct tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

/// A variant by its name.
struct Named<'a>(Cow<'a, str>);

impl<'de> EnumAccess<'de> for Named<'_> {
    type Error = Error;
    type Variant = Alone;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Alone), Error> {
        let name: serde::de::value::StrDeserializer<'_, Error> = (*self.0).into_deserializer();
        Ok((seed.deserialize(name)?, Alone))
    }
}

struct Alone;

impl<'de> VariantAccess<'de> for Alone {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, Error> {
        Err(serde::de::Error::custom("a form has no variants with data"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("a form has no variants with data"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("a form has no variants with data"))
    }
}
