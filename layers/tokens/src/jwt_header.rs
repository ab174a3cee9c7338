use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use crate::jwt_json::{Names, Skipped, Text, next_name};

/// What a token's header says (RFC 7515, section 4.1). Keys that it brings or names (`jwk`, `jku`,
/// `x5c`, `x5u`) are never looked at.
#[derive(Debug, Default)]
pub(crate) struct JwtHeader<'a> {
    pub(crate) alg: Option<Cow<'a, str>>,
    pub(crate) kid: Option<Cow<'a, str>>,
    pub(crate) typ: Option<Cow<'a, str>>,
    pub(crate) critical: bool,
}

impl<'de> Deserialize<'de> for JwtHeader<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = JwtHeader<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JOSE header")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut names = Names::default();
                let mut header = JwtHeader::default();
                while let Some(name) = next_name(&mut map, &mut names)? {
                    match &*name {
                        "alg" => header.alg = Some(map.next_value::<Text<'_>>()?.0),
                        "kid" => header.kid = Some(map.next_value::<Text<'_>>()?.0),
                        "typ" => header.typ = Some(map.next_value::<Text<'_>>()?.0),
                        other => {
                            // No extension is known here, so whatever it names is not understood
                            // (RFC 7515, section 4.1.11).
                            header.critical |= other == "crit";
                            map.next_value::<Skipped>()?;
                        }
                    }
                }
                Ok(header)
            }
        }

        deserializer.deserialize_map(Members)
    }
}
