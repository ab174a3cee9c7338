//! Token formats, token stores and password hashes: what authentication looks credentials up in.
//!
//! [`Tokens`] issues, verifies and revokes opaque tokens, of which a [`TokenStore`] keeps the
//! digests alone:
//!
//! ```
//! use gatefold_tokens::{Digest, MemoryTokenStore, NewToken, TokenStore, Tokens};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), gatefold_core::Exception> {
//! let store = MemoryTokenStore::new();
//! let tokens = Tokens::new(store.clone());
//! let (secret, _) = tokens.issue(NewToken::of("alice").device("laptop")).await?;
//!
//! // Once shown, the secret is gone; what is kept finds it again.
//! assert!(store.find(&Digest::of(secret.reveal())).wait().await?.is_some());
//!
//! let identity = tokens.verify(secret.reveal()).wait().await?.map(|t| t.identity().clone());
//! let identity = identity.expect("just issued");
//! assert_eq!(identity.id(), "alice");
//! assert_eq!(identity.credential().and_then(|c| c.device()), Some("laptop"));
//! # Ok(())
//! # }
//! ```
//!
//! With a prefix of one's own, for a day, renewed by each use but for a week at most, and with two
//! devices, of which one is logged out:
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use gatefold_core::ManualClock;
//! use gatefold_tokens::{MemoryTokenStore, NewToken, TokenFormat, Tokens};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! const DAY: Duration = Duration::from_secs(24 * 60 * 60);
//!
//! let hand = ManualClock::new(SystemTime::now());
//! let tokens = Tokens::new(MemoryTokenStore::new())
//!     .format(TokenFormat::new("acme")?)
//!     .lifetime(DAY)
//!     .renewing(7 * DAY)
//!     .clock(hand.clock());
//! let (phone, token) = tokens.issue(NewToken::of("alice").device("phone")).await?;
//! let (laptop, _) = tokens.issue(NewToken::of("alice").device("laptop")).await?;
//!
//! assert!(tokens.revoke("alice", token.id()).await?);
//! assert!(tokens.verify(phone.reveal()).wait().await?.is_none());
//!
//! for _ in 0..9 {
//!     hand.advance(DAY * 3 / 4);
//!     assert!(tokens.verify(laptop.reveal()).wait().await?.is_some());
//! }
//! hand.advance(DAY * 3 / 4);
//! assert!(tokens.verify(laptop.reveal()).wait().await?.is_none());
//! # Ok(())
//! # }
//! ```
//!
//! [`Passwords`] hashes and verifies passwords (`Argon2Hasher` and `Pbkdf2Hasher` behind the
//! features `argon2` and `pbkdf2`). [`UserEpochs`] says when all that a user has proved is called
//! back. There is no gate here, no HTTP and no async runtime.
//!
//! `JwtVerifier` (feature `jwt`) verifies signed tokens with HMAC, RSA, ECDSA and Ed25519 keys, from
//! PEM, DER and JWK, several by their names, and remembers what it has verified; `Jwks` (features
//! `jwks`, `jwks-http`) fetches the keys that an identity provider publishes. `JwtSigner` and
//! `JwtIssuer` make tokens.
//!
//! # How this differs from Django REST Framework
//!
//! * A token is kept as a digest. Django REST Framework keeps it in the clear, so whoever reads the
//!   table is everybody.
//! * A user may have several tokens, one for each device. They end after 30 days by default
//!   ([`Tokens::lifetime`]); Django REST Framework's never do ([`Tokens::everlasting`]).
//! * A token has a prefix and a checksum, and 256 random bits in the place of 160. Tokens that
//!   Django REST Framework made stay good: put their digests into the store.
//! * Sessions are kept as digests of their ids, too, end when they are idle, and can be listed and
//!   ended by user ([`Sessions`]). Each change of their data is written at once.
//! * Passwords are hashed with argon2id. Django's hashes are read, and outdated.
//! * Signed tokens are simplejwt's where `JwtVerifier::simplejwt` reads them. By default more is
//!   wanted: an `aud` is refused unless it was named, padding, members that stand twice and `crit`
//!   are refused, secrets shorter than their hash and RSA keys under 2048 bits are errors when they
//!   are configured. What costs little is tested before the signature, so a forged token that has
//!   also expired is told that it has expired; the preset tells the forgery first, as simplejwt does.
//! * A key belongs to one algorithm. simplejwt has one key; here there may be several, chosen by `kid`,
//!   and one may vouch for one issuer.
//! * Access tokens can be called back, by `jti` and all of a user's at once; simplejwt's blacklist
//!   holds refresh tokens alone. A verified token is remembered for five minutes at most, and what
//!   may have changed is asked each time.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "argon2")]
mod argon2_hasher;
mod digest;
#[cfg(feature = "jwks")]
mod jwks;
#[cfg(feature = "jwks")]
mod jwks_fetcher;
#[cfg(feature = "jwks-http")]
mod jwks_http;
#[cfg(feature = "jwks-http")]
mod jwks_http_error;
#[cfg(feature = "jwks")]
mod jwks_look;
#[cfg(feature = "jwt")]
mod jwt;
#[cfg(feature = "jwt")]
mod jwt_algorithm;
#[cfg(feature = "jwt")]
mod jwt_cache;
#[cfg(feature = "jwt")]
mod jwt_check;
#[cfg(feature = "jwt")]
mod jwt_claims;
#[cfg(feature = "jwt")]
mod jwt_error;
#[cfg(feature = "jwt")]
mod jwt_header;
#[cfg(feature = "jwt")]
mod jwt_issuer;
#[cfg(feature = "jwt")]
mod jwt_json;
#[cfg(feature = "jwt")]
mod jwt_jwk;
#[cfg(feature = "jwt")]
mod jwt_key;
#[cfg(feature = "jwt")]
mod jwt_key_error;
#[cfg(feature = "jwt")]
mod jwt_key_source;
#[cfg(feature = "jwt")]
mod jwt_keys;
#[cfg(feature = "jwt")]
mod jwt_payload;
#[cfg(feature = "jwt")]
mod jwt_revocations;
#[cfg(feature = "jwt")]
mod jwt_rules;
#[cfg(feature = "jwt")]
mod jwt_signer;
#[cfg(feature = "jwt")]
mod jwt_verifier;
#[cfg(feature = "sessions")]
mod memory_session_store;
mod memory_token_store;
mod memory_user_epochs;
mod new_token;
mod password_hasher;
mod passwords;
#[cfg(feature = "pbkdf2")]
mod pbkdf2_hasher;
mod random;
mod session_record;
mod session_store;
mod sessions;
mod token;
mod token_format;
#[cfg(feature = "serde")]
mod token_snapshot;
mod token_store;
mod tokens;
mod user_epochs;

#[cfg(feature = "argon2")]
pub use argon2_hasher::{Argon2Hasher, CostError};
pub use digest::{Digest, DigestError};
#[cfg(feature = "jwks")]
pub use jwks::Jwks;
#[cfg(feature = "jwks")]
pub use jwks_fetcher::JwksFetcher;
#[cfg(feature = "jwks-http")]
pub use jwks_http::HttpFetcher;
#[cfg(feature = "jwks-http")]
pub use jwks_http_error::HttpFetcherError;
#[cfg(feature = "jwt")]
pub use jwt::Jwt;
#[cfg(feature = "jwt")]
pub use jwt_algorithm::JwtAlgorithm;
#[cfg(feature = "jwt")]
pub use jwt_claims::JwtClaims;
#[cfg(feature = "jwt")]
pub use jwt_error::{JwtError, JwtErrorKind};
#[cfg(feature = "jwt")]
pub use jwt_issuer::{JwtIssuer, JwtPair};
#[cfg(feature = "jwt")]
pub use jwt_key::JwtKey;
#[cfg(feature = "jwt")]
pub use jwt_key_error::{JwtKeyError, JwtKeyErrorKind};
#[cfg(feature = "jwt")]
pub use jwt_key_source::JwtKeySource;
#[cfg(feature = "jwt")]
pub use jwt_keys::JwtKeys;
#[cfg(feature = "jwt")]
pub use jwt_revocations::{JwtRevocations, MemoryJwtRevocations};
#[cfg(feature = "jwt")]
pub use jwt_signer::JwtSigner;
#[cfg(feature = "jwt")]
pub use jwt_verifier::JwtVerifier;
#[cfg(feature = "sessions")]
pub use memory_session_store::MemorySessionStore;
pub use memory_token_store::MemoryTokenStore;
#[cfg(feature = "serde")]
pub use memory_user_epochs::EpochSnapshot;
pub use memory_user_epochs::MemoryUserEpochs;
pub use new_token::NewToken;
pub use password_hasher::{PasswordCheck, PasswordError, PasswordHasher};
pub use passwords::Passwords;
#[cfg(feature = "pbkdf2")]
pub use pbkdf2_hasher::Pbkdf2Hasher;
pub use session_record::SessionRecord;
pub use session_store::SessionStore;
pub use sessions::Sessions;
pub use token::Token;
pub use token_format::{OpaqueToken, TokenFormat, TokenFormatError};
#[cfg(feature = "serde")]
pub use token_snapshot::TokenSnapshot;
pub use token_store::TokenStore;
pub use tokens::Tokens;
pub use user_epochs::UserEpochs;
