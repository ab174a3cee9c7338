use std::{borrow::Cow, sync::Arc};

use gatefold_core::{Decision, Identity, Mark};
use gatefold_tokens::{Jwt, JwtClaims, JwtError};

use crate::{jwt_words::Words, look_up::Answer};

/// What an application makes of a token.
pub(crate) type Find = dyn Fn(&Jwt) -> Result<Found, JwtError> + Send + Sync;

/// An identity, by what it is made of.
pub(crate) enum Found {
    /// Of the claims alone.
    Made(Identity),
    /// Of what somebody was asked.
    Asked(Decision<Answer>),
    /// Of a token that says nothing about whom it is for.
    Nobody,
}

/// How claims become an identity.
#[derive(Clone)]
pub(crate) struct Claims {
    pub(crate) find: Arc<Find>,
    pub(crate) roles: Option<Arc<[Box<str>]>>,
    pub(crate) scheme: Cow<'static, str>,
    /// Who it is that keeps an identity beside a remembered token.
    pub(crate) mark: Mark,
}

impl Claims {
    /// The subject is the id.
    pub(crate) fn new() -> Self {
        let find: Arc<Find> = Arc::new(|jwt: &Jwt| match jwt.user() {
            Some(user) => {
                let claims: JwtClaims = jwt.claims()?;
                Ok(Found::Made(Identity::new(user).with_claims(claims)))
            }
            None => Ok(Found::Nobody),
        });
        Self {
            find,
            roles: None,
            scheme: Cow::Borrowed("Bearer"),
            mark: Mark::new(),
        }
    }

    pub(crate) fn of(&self, jwt: &Jwt, words: &Words) -> Result<Decision<Answer>, JwtError> {
        if let Some(kept) = jwt.kept::<Identity>(self.mark) {
            return Ok(Decision::Now(Ok(Some(kept.clone()))));
        }
        let found = match (self.find)(jwt) {
            // Claims that do not fit because the one that matters is not there.
            Err(_) if jwt.user().is_none() => Found::Nobody,
            found => found?,
        };
        let found = match found {
            Found::Nobody => return Ok(Decision::Now(Err(words.nobody()))),
            Found::Made(identity) if !identity.is_active() => {
                return Ok(Decision::Now(Err(words.inactive())));
            }
            Found::Made(identity) => {
                let identity = self.granted(identity, jwt)?;
                jwt.keep(self.mark, identity.clone());
                return Ok(Decision::Now(Ok(Some(identity))));
            }
            Found::Asked(found) => found,
        };
        let (this, jwt, words) = (self.clone(), jwt.clone(), words.clone());
        Ok(found.map(move |found| match found? {
            None => Err(words.unknown()),
            Some(identity) if !identity.is_active() => Err(words.inactive()),
            Some(identity) => match this.granted(identity, &jwt) {
                Ok(identity) => Ok(Some(identity)),
                Err(error) => Err(words.refused(&error)),
            },
        }))
    }

    /// The identity with what the token says of itself.
    fn granted(&self, mut identity: Identity, jwt: &Jwt) -> Result<Identity, JwtError> {
        if identity.scheme().is_empty() {
            identity = identity.with_scheme(self.scheme.clone());
        }
        if identity.credential().is_none()
            && let Some(credential) = jwt.credential()
        {
            identity = identity.with_credential(credential);
        }
        let claims: JwtClaims = jwt.claims()?;
        if identity.scopes().next().is_none() {
            let scopes = claims.scopes();
            if !scopes.is_empty() {
                identity = identity.with_scopes(scopes);
            }
        }
        if let Some(path) = &self.roles
            && identity.roles().next().is_none()
        {
            identity = identity.with_roles(claims.list(path));
        }
        Ok(identity)
    }
}
