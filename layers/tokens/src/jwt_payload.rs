use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use crate::{
    jwt_json::{Names, OneOf, Scalar, Skipped, Text, next_name},
    jwt_rules::Rules,
};

/// A token's claims, as far as the verifier itself looks at them.
#[derive(Debug, Default)]
pub(crate) struct Payload<'a> {
    pub(crate) iss: Option<Cow<'a, str>>,
    pub(crate) jti: Option<Cow<'a, str>>,
    pub(crate) exp: Option<f64>,
    pub(crate) nbf: Option<f64>,
    pub(crate) iat: Option<f64>,
    /// Whether one of the wanted audiences is in `aud`, where there is one.
    pub(crate) aud: Option<bool>,
    pub(crate) token_type: Option<Cow<'a, str>>,
    pub(crate) user: Option<Cow<'a, str>>,
    pub(crate) epoch: Option<u64>,
    pub(crate) names: Names<'a>,
}

impl<'a> Payload<'a> {
    pub(crate) fn read(bytes: &'a [u8], rules: &Rules) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let payload = Members(rules).deserialize(&mut reader)?;
        reader.end()?;
        Ok(payload)
    }
}

struct Members<'r>(&'r Rules);

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = Payload<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Payload<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a set of claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let rules = self.0;
        let mut names = Names::default();
        let mut claims = Payload::default();
        while let Some(name) = next_name(&mut map, &mut names)? {
            match &*name {
                "iss" => claims.iss = Some(map.next_value::<Text<'_>>()?.0),
                "jti" => claims.jti = Some(map.next_value::<Text<'_>>()?.0),
                "exp" => claims.exp = Some(map.next_value()?),
                "nbf" => claims.nbf = Some(map.next_value()?),
                "iat" => claims.iat = Some(map.next_value()?),
                "aud" => claims.aud = Some(map.next_value_seed(OneOf(&rules.audiences))?),
                "sub" => {
                    let sub = map.next_value::<Text<'_>>()?.0;
                    if sub.is_empty() {
                        return Err(A::Error::custom("`sub` is empty"));
                    }
                    if &*rules.user == "sub" {
                        claims.user = Some(sub);
                    }
                }
                name => {
                    let value: Scalar<'_> = match rules.reads(name) {
                        true => map.next_value()?,
                        false => {
                            map.next_value::<Skipped>()?;
                            continue;
                        }
                    };
                    if *name == *rules.user {
                        claims.user = match &value {
                            Scalar::Text(text) if !text.is_empty() => Some(text.clone()),
                            Scalar::Whole(number) => Some(number.to_string().into()),
                            _ => None,
                        };
                    }
                    match value {
                        Scalar::Whole(number) if *name == *rules.epoch => {
                            claims.epoch = u64::try_from(number).ok();
                        }
                        Scalar::Text(text) if rules.is_token_type(name) => {
                            claims.token_type = Some(text);
                        }
                        _ => {}
                    }
                }
            }
        }
        claims.names = names;
        Ok(claims)
    }
}

impl Rules {
    fn is_token_type(&self, name: &str) -> bool {
        self.token_type
            .as_ref()
            .is_some_and(|(claim, _)| **claim == *name)
    }

    fn reads(&self, name: &str) -> bool {
        *self.user == *name || *self.epoch == *name || self.is_token_type(name)
    }
}
