use std::{any::Any, borrow::Cow, fmt, sync::Arc};

use http::Extensions;

use crate::{Credential, journey::Journey};

/// Who is calling: an id, the scheme that proved it, scopes and roles, and the application's own
/// user.
///
/// Authentication leaves it; its absence means nobody. A clone is a few reference counts.
///
/// Users of an application's own type are turned into it with `From`:
///
/// ```
/// use gatefold_core::Identity;
///
/// #[derive(Clone)]
/// struct User { id: u64, staff: bool }
///
/// impl From<User> for Identity {
///     fn from(user: User) -> Self {
///         Identity::new(user.id.to_string()).with_admin(user.staff).with_user(user)
///     }
/// }
///
/// let identity = Identity::from(User { id: 7, staff: true });
/// assert!(identity.is_admin());
/// assert_eq!(identity.user::<User>().map(|user| user.id), Some(7));
/// assert!(identity.user::<String>().is_none());
/// ```
#[derive(Clone)]
pub struct Identity {
    // What belongs to the user is shared between requests; what belongs to one request's proof
    // lies beside it, so that setting it does not copy a cached user.
    person: Arc<Person>,
    scheme: Cow<'static, str>,
    credential: Option<Arc<Credential>>,
    claims: Option<Arc<dyn Any + Send + Sync>>,
}

#[derive(Clone, Default)]
struct Person {
    id: Arc<str>,
    admin: bool,
    inactive: bool,
    scopes: Vec<Box<str>>,
    roles: Vec<Box<str>>,
    user: Option<Arc<dyn Any + Send + Sync>>,
}

impl Identity {
    /// An identity by its stable id: what throttles count by and logs name.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self {
            person: Arc::new(Person {
                id: id.into(),
                ..Person::default()
            }),
            scheme: Cow::Borrowed(""),
            credential: None,
            claims: None,
        }
    }

    /// Says whether this is an administrator (Django REST Framework's `is_staff`).
    #[must_use]
    pub fn with_admin(mut self, admin: bool) -> Self {
        Arc::make_mut(&mut self.person).admin = admin;
        self
    }

    /// Says whether the user may log in at all (Django's `is_active`). Whoever is not active is
    /// refused by the authentication layer, whichever way the identity was found.
    #[must_use]
    pub fn with_active(mut self, active: bool) -> Self {
        Arc::make_mut(&mut self.person).inactive = !active;
        self
    }

    /// Replaces the scopes: what the credential was granted.
    #[must_use]
    pub fn with_scopes<I>(mut self, scopes: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        Arc::make_mut(&mut self.person).scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Replaces the roles: what the user is (Django's groups).
    #[must_use]
    pub fn with_roles<I>(mut self, roles: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        Arc::make_mut(&mut self.person).roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// Takes the application's own user along.
    #[must_use]
    pub fn with_user<U: Any + Send + Sync>(mut self, user: U) -> Self {
        Arc::make_mut(&mut self.person).user = Some(Arc::new(user));
        self
    }

    /// Names the scheme that proved the identity. The authenticators do this.
    #[must_use]
    pub fn with_scheme(mut self, scheme: impl Into<Cow<'static, str>>) -> Self {
        self.scheme = scheme.into();
        self
    }

    /// Says what is known of the credential.
    #[must_use]
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = Some(Arc::new(credential));
        self
    }

    /// Takes the token's claims along, in the application's own type.
    #[must_use]
    pub fn with_claims<C: Any + Send + Sync>(mut self, claims: C) -> Self {
        self.claims = Some(Arc::new(claims));
        self
    }

    /// The stable id.
    pub fn id(&self) -> &str {
        &self.person.id
    }

    /// Whether this is an administrator.
    pub fn is_admin(&self) -> bool {
        self.person.admin
    }

    /// Whether the user may log in at all. By default everybody may.
    pub fn is_active(&self) -> bool {
        !self.person.inactive
    }

    /// The scheme that proved the identity, as the challenge spells it: `Basic`, `Token`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The granted scopes, in the order given.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.person.scopes.iter().map(|scope| &**scope)
    }

    /// Whether `scope` was granted. Scopes are compared byte by byte (RFC 6749, section 3.3).
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|granted| granted == scope)
    }

    /// The roles, in the order given.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.person.roles.iter().map(|role| &**role)
    }

    /// Whether the user has `role`.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|had| had == role)
    }

    /// The application's own user, where there is one and it is a `U`.
    pub fn user<U: Any>(&self) -> Option<&U> {
        self.person.user.as_deref()?.downcast_ref()
    }

    /// The token's claims, where there are any and they are a `C`.
    pub fn claims<C: Any>(&self) -> Option<&C> {
        self.claims.as_deref()?.downcast_ref()
    }

    /// What is known of the credential (Django REST Framework's `request.auth`).
    pub fn credential(&self) -> Option<&Credential> {
        self.credential.as_deref()
    }

    /// Who is calling, as authentication left it in this request; `None` is nobody.
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        Journey::of(extensions)?.identity.as_ref()
    }

    /// Leaves the identity for the gates further in, and for whoever reads on the way out.
    pub fn leave(self, extensions: &mut Extensions) {
        let journey = Journey::edit(extensions);
        if let Some(outward) = &journey.outward {
            outward.publish_identity(&self);
        }
        journey.identity = Some(self);
    }

    /// Makes the caller of this request nobody.
    pub fn forget(extensions: &mut Extensions) {
        if let Some(journey) = extensions.get_mut::<Journey>() {
            journey.identity = None;
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("id", &self.person.id)
            .field("scheme", &self.scheme)
            .field("admin", &self.person.admin)
            .field("scopes", &self.person.scopes)
            .field("roles", &self.person.roles)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_user_nor_claims() {
        let identity = Identity::new("1")
            .with_user("hunter2")
            .with_claims("s3cret");
        let shown = format!("{identity:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("s3cret"),
            "{shown}"
        );
    }

    #[test]
    fn a_cached_identity_is_not_copied_for_its_scheme() {
        let cached = Identity::new("1").with_scopes(["a"]);
        let proved = cached.clone().with_scheme("Token");
        assert!(Arc::ptr_eq(&cached.person, &proved.person));
        assert_eq!(cached.scheme(), "");
    }
}
