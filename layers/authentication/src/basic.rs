use std::{borrow::Cow, fmt, future::Future, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use gatefold_core::{Decision, Exception, Identity, IntoDecision};
use http::{HeaderValue, request::Parts};

use crate::{
    Authentication, ConfigurationError,
    authorization::{Authorization, read},
    configuration_error::quoted,
    look_up::{Answer, Inactive, failed, look_up},
};

/// A longer password is not looked up: a slow hash of it would be work for anybody to ask for.
const LONGEST_PASSWORD: usize = 4096;

type Verify = dyn Fn(String, String) -> Decision<Answer> + Send + Sync;

/// Identifies a request by the user name and password in `Authorization: Basic ..` (RFC 7617).
///
/// The function it is made of gets both as the client sent them, and answers with the user, with
/// `None`, which refuses the request with 401 `Invalid username/password.`, or with an error of
/// the application's own. It refuses what cannot be right before it asks: base64 that is not
/// strict, text that is not UTF-8, control characters, passwords over 4096 bytes.
///
/// ```
/// use gatefold_authentication::{AuthenticationLayer, BasicAuthentication};
/// use gatefold_core::{Exception, Identity};
///
/// # #[derive(Clone)] struct Users;
/// # impl Users {
/// #     async fn verified(&self, _: &str, _: String) -> Result<bool, std::io::Error> { Ok(true) }
/// # }
/// # let users = Users;
/// let basic = BasicAuthentication::new(move |name: String, password: String| {
///     let users = users.clone();
///     async move {
///         let verified = users.verified(&name, password).await.map_err(Exception::unavailable)?;
///         Ok::<_, Exception>(verified.then(|| Identity::new(name)))
///     }
/// });
/// let layer = AuthenticationLayer::new(basic.realm("intranet")?);
/// # Ok::<_, gatefold_authentication::ConfigurationError>(())
/// ```
///
/// # Passwords
///
/// `accounts` (feature `passwords`) does all of this: store them with a slow, salted hash
/// (argon2id), verify away from the async threads, and verify against some hash for an unknown name
/// too: who answers at once for unknown names tells everybody which names are known. Say `None` for
/// a wrong password and an unknown name alike; a user who is [not active](Identity::with_active) is
/// told the same. Offer this over https alone: base64 hides nothing.
#[derive(Clone)]
#[must_use]
pub struct BasicAuthentication {
    verify: Arc<Verify>,
    challenge: HeaderValue,
    realm: Cow<'static, str>,
    drf: bool,
}

impl BasicAuthentication {
    /// Asks `verify` for the user with this name and password.
    pub fn new<F, V>(verify: V) -> Self
    where
        V: Fn(String, String) -> F + Send + Sync + 'static,
        F: Future + Send + 'static,
        F::Output: IntoDecision<Result<Option<Identity>, Exception>>,
    {
        let verify = move |name, password| {
            let found = verify(name, password);
            let scheme = Cow::Borrowed("Basic");
            look_up(found, scheme, || Err(wrong()), Inactive::IsUnknown)
        };
        Self {
            verify: Arc::new(verify),
            challenge: HeaderValue::from_static("Basic realm=\"api\", charset=\"UTF-8\""),
            realm: Cow::Borrowed("\"api\""),
            drf: false,
        }
    }

    /// Asks `accounts`, which verifies passwords away from the async threads, remembers for a short
    /// while what it has verified, and takes as long for an unknown name as for a wrong password.
    #[cfg(feature = "passwords")]
    pub fn accounts(accounts: crate::Accounts) -> Self {
        Self::new(move |name, password| {
            let accounts = accounts.clone();
            async move { accounts.verify(name, password).await }
        })
    }

    /// Names the realm in the challenge: what the credentials are for. The default is `api`.
    ///
    /// # Errors
    ///
    /// If `realm` holds anything but printable ASCII characters and spaces.
    pub fn realm(mut self, realm: &str) -> Result<Self, ConfigurationError> {
        self.realm = Cow::Owned(quoted(realm)?);
        Ok(self.rewritten())
    }

    /// Reads credentials as Django REST Framework does: as Latin-1 where they are not UTF-8, and
    /// after a tab as well as after a space. Base64 stays strict. The challenge names the realm
    /// alone: by default it says `charset="UTF-8"` too (RFC 7617, section 2.1), so that clients who
    /// would use another encoding use this one.
    pub fn drf(mut self) -> Self {
        self.drf = true;
        self.rewritten()
    }

    fn rewritten(mut self) -> Self {
        let charset = if self.drf { "" } else { ", charset=\"UTF-8\"" };
        let challenge = format!("Basic realm={}{charset}", self.realm);
        self.challenge = HeaderValue::try_from(challenge).expect("a quoted realm is visible ASCII");
        self
    }
}

impl Authentication for BasicAuthentication {
    fn authenticate(&self, head: &Parts) -> Decision<Result<Option<Identity>, Exception>> {
        let word = match read(head, "Basic", self.drf) {
            Authorization::Other => return Decision::Now(Ok(None)),
            Authorization::Word(word) => Ok(word),
            Authorization::Bare => Err(failed("Invalid basic header. No credentials provided.")),
            Authorization::Several => Err(failed(
                "Invalid basic header. Credentials string should not contain spaces.",
            )),
            Authorization::Long => Err(wrong()),
        };
        match word.and_then(|word| decode(word, self.drf)) {
            Ok((name, password)) => (self.verify)(name, password),
            Err(exception) => Decision::Now(Err(exception)),
        }
    }

    fn challenge(&self) -> Option<HeaderValue> {
        Some(self.challenge.clone())
    }
}

/// User name and password (RFC 7617, section 2): the name ends at the first colon.
fn decode(word: &[u8], latin1: bool) -> Result<(String, String), Exception> {
    let unreadable = || failed("Invalid basic header. Credentials not correctly base64 encoded.");
    let decoded = STANDARD.decode(word).map_err(|_| unreadable())?;
    let mut name = match String::from_utf8(decoded) {
        Ok(text) => text,
        Err(error) if latin1 => error.as_bytes().iter().copied().map(char::from).collect(),
        Err(_) => return Err(unreadable()),
    };
    let colon = name.find(':').ok_or_else(unreadable)?;
    let password = name.split_off(colon + 1);
    name.truncate(colon);
    let control = |text: &str| text.chars().any(char::is_control);
    if password.len() > LONGEST_PASSWORD || control(&name) || control(&password) {
        return Err(wrong());
    }
    Ok((name, password))
}

fn wrong() -> Exception {
    failed("Invalid username/password.")
}

impl fmt::Debug for BasicAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicAuthentication")
            .field("challenge", &self.challenge)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::{Request, header::AUTHORIZATION};
    use proptest::prelude::*;

    use super::*;

    /// What the function was asked, or why it was not.
    async fn asked(basic: BasicAuthentication, header: &[u8]) -> Result<Option<Identity>, String> {
        let mut request = Request::new(());
        let value = HeaderValue::from_bytes(header).expect("a header value");
        request.headers_mut().insert(AUTHORIZATION, value);
        let (head, ()) = request.into_parts();
        let answer = match basic.authenticate(&head) {
            Decision::Now(answer) => answer,
            Decision::Later(answer) => answer.await,
        };
        answer.map_err(|exception| {
            assert_eq!(exception.code(), "authentication_failed");
            exception.detail().text().unwrap_or_default().to_owned()
        })
    }

    /// Knows everybody whose password is not `wrong`, and gives them both for an id.
    fn everybody() -> BasicAuthentication {
        BasicAuthentication::new(|name: String, password: String| async move {
            let known = password != "wrong";
            known.then(|| Identity::new(format!("{name}|{password}")))
        })
    }

    async fn plain(credentials: impl AsRef<[u8]>) -> Result<String, String> {
        let header = format!("Basic {}", STANDARD.encode(credentials));
        let found = asked(everybody(), header.as_bytes()).await?;
        Ok(found.expect("mine").id().to_owned())
    }

    #[tokio::test]
    async fn name_and_password_are_handed_on_as_they_are() {
        // The example of RFC 7617, section 2.
        let found = asked(everybody(), b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").await;
        let found = found.expect("good").expect("known");
        assert_eq!(found.id(), "Aladdin|open sesame");
        assert_eq!(found.scheme(), "Basic");

        for (credentials, id) in [
            ("user:pa:ss::word:", "user|pa:ss::word:"),
            ("user:", "user|"),
            (":pass", "|pass"),
            ("User : pass ", "User | pass "),
            (
                "t\u{e9}st:\u{43f}\u{430}\u{1f600}",
                "t\u{e9}st|\u{43f}\u{430}\u{1f600}",
            ),
            ("\u{feff}user:pass", "\u{feff}user|pass"),
        ] {
            assert_eq!(plain(credentials).await.as_deref(), Ok(id));
        }
    }

    #[tokio::test]
    async fn bad_credentials_are_refused_in_django_rest_frameworks_words() {
        let encoding = "Invalid basic header. Credentials not correctly base64 encoded.";
        for (header, words) in [
            ("Basic", "Invalid basic header. No credentials provided."),
            (
                "Basic foo bar",
                "Invalid basic header. Credentials string should not contain spaces.",
            ),
            ("Basic !!!!", encoding),
            ("Basic A", encoding),
            ("Basic dXNlcjpwYXM", encoding),
            ("Basic dXNlcjpwYXNz=", encoding),
            ("Basic dXNl==cjpwYXNz", encoding),
            ("Basic dT4-PzrDv8O-Pg==", encoding),
            ("Basic \"dXNlcjpwYXNz\"", encoding),
            // The last character's spare bits are not zero.
            ("Basic dXNlcjpwYXN=", encoding),
        ] {
            let refused = asked(everybody(), header.as_bytes()).await;
            assert_eq!(refused.expect_err(header), words, "{header}");
        }
        assert_eq!(plain("no colon").await, Err(encoding.to_owned()));
        assert_eq!(plain(b"\xe9rica:x").await, Err(encoding.to_owned()));
    }

    #[tokio::test]
    async fn what_no_store_should_see_is_wrong_at_once() {
        let wrong = || Err("Invalid username/password.".to_owned());
        assert_eq!(plain("user:wrong").await, wrong());
        for character in ['\0', '\t', '\n', '\u{7f}', '\u{85}'] {
            assert_eq!(plain(format!("us{character}er:pass")).await, wrong());
            assert_eq!(plain(format!("user:pa{character}ss")).await, wrong());
        }
        let long = |length| format!("user:{}", "p".repeat(length));
        assert!(plain(long(LONGEST_PASSWORD)).await.is_ok());
        assert_eq!(plain(long(LONGEST_PASSWORD + 1)).await, wrong());
        assert_eq!(plain(long(1024 * 1024)).await, wrong());
    }

    #[tokio::test]
    async fn other_schemes_are_not_mine() {
        for header in [
            "Bearer abc",
            "Basicc dXNlcjpwYXNz",
            "Basic,dXNlcjpwYXNz",
            "",
        ] {
            let found = asked(everybody(), header.as_bytes()).await;
            assert!(found.expect(header).is_none(), "{header}");
        }
    }

    #[tokio::test]
    async fn the_preset_reads_latin_1_and_tabs() {
        let header = format!("Basic\t{}", STANDARD.encode(b"\xe9rica:p\xe4ss"));
        let found = asked(everybody().drf(), header.as_bytes()).await;
        let found = found.expect("good").expect("known");
        assert_eq!(found.id(), "\u{e9}rica|p\u{e4}ss");
    }

    #[tokio::test]
    async fn a_scheme_that_the_application_named_stays() {
        let basic = BasicAuthentication::new(|name: String, _| async move {
            Ok::<_, Exception>(Some(Identity::new(name).with_scheme("Directory")))
        });
        let found = asked(basic, b"Basic dXNlcjpwYXNz").await.expect("good");
        assert_eq!(found.expect("known").scheme(), "Directory");
    }

    #[test]
    fn the_challenge_names_the_realm() {
        let challenge = |basic: BasicAuthentication| basic.challenge().expect("always");
        let default = "Basic realm=\"api\", charset=\"UTF-8\"";
        assert_eq!(challenge(everybody()), default);
        assert_eq!(challenge(everybody().drf()), "Basic realm=\"api\"");
        let realm = everybody().realm("a\"b\\c").expect("printable");
        assert_eq!(
            challenge(realm.clone().drf()),
            "Basic realm=\"a\\\"b\\\\c\""
        );
        assert_eq!(
            challenge(realm),
            "Basic realm=\"a\\\"b\\\\c\", charset=\"UTF-8\""
        );
        assert!(everybody().realm("a\nb").is_err());
    }

    proptest! {
        #[test]
        fn credentials_read_back(name in "[^:\\p{Cc}]{0,20}", password in "\\P{Cc}{0,20}") {
            let word = STANDARD.encode(format!("{name}:{password}"));
            let read = decode(word.as_bytes(), false).expect("well made");
            prop_assert_eq!(read, (name, password));
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
            encode in any::<bool>(),
            latin1 in any::<bool>(),
        ) {
            let word = if encode { STANDARD.encode(&bytes).into_bytes() } else { bytes };
            match decode(&word, latin1) {
                Ok((name, password)) => {
                    prop_assert!(!name.contains(':'));
                    prop_assert!(!(name + &password).chars().any(char::is_control));
                }
                Err(exception) => prop_assert_eq!(exception.code(), "authentication_failed"),
            }
        }
    }
}
