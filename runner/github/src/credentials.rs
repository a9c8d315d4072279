//! How the service signs in: with a token, or as an App, which signs its own words with
//! its key and is given a token of an hour for each place where it is installed. None of
//! it must reach a log.

use crate::client::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::json;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Clocks differ; GitHub refuses words from its future.
const EARLIER: SignedDuration = SignedDuration::from_secs(60);
/// It takes at most ten minutes.
const LIFETIME: SignedDuration = SignedDuration::from_mins(8);
/// A token this near its end is not used any more.
const SPARE: SignedDuration = SignedDuration::from_mins(2);

/// How the service signs in.
pub enum Credentials {
    /// A token of a user.
    Token(String),
    /// An App: its number, and its private key in PEM.
    App(u64, String),
}

/// Credentials that were read, and what was given for them.
pub(crate) enum Identity {
    Token(String),
    App(Box<App>),
}

pub(crate) struct App {
    id: u64,
    key: RsaKeyPair,
    random: SystemRandom,
    /// Of installations: the token and its end.
    tokens: Mutex<HashMap<u64, (String, Timestamp)>>,
    /// Of repositories: the App's installation there.
    pub(crate) installations: Mutex<HashMap<String, u64>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token"),
            Self::App(id, _) => write!(f, "App({id})"),
        }
    }
}

impl Identity {
    pub(crate) fn of(credentials: Credentials) -> Result<Self, Failure> {
        let (id, pem) = match credentials {
            Credentials::Token(token) => return Ok(Self::Token(token)),
            Credentials::App(id, pem) => (id, pem),
        };
        let unusable = |what: String| Failure::Unusable(format!("the App's private key {what}"));
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| unusable(format!("is no PEM: {error}")))?;
        let key = match &key {
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            _ => return Err(unusable("is no RSA key".to_owned())),
        };
        let key = key.map_err(|error| unusable(format!("cannot be used: {error}")))?;
        let (tokens, installations) = (Mutex::default(), Mutex::default());
        Ok(Self::App(Box::new(App { id, key, random: SystemRandom::new(), tokens, installations })))
    }
}

impl App {
    /// A JSON Web Token (RFC 7519) that says who asks, signed RS256.
    pub(crate) fn words(&self, now: Timestamp) -> Result<String, Failure> {
        let claims = json!({
            "iat": (now - EARLIER).as_second(),
            "exp": (now + LIFETIME).as_second(),
            "iss": self.id.to_string(),
        });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let words = format!("{}.{}", part(json!({ "alg": "RS256", "typ": "JWT" })), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        let signed =
            self.key.sign(&RSA_PKCS1_SHA256, &self.random, words.as_bytes(), &mut signature);
        signed.map_err(|_| Failure::Unusable("the App's private key cannot sign".to_owned()))?;
        Ok(format!("{words}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The token of an installation, if there is one that is good for a while.
    pub(crate) fn token(&self, installation: u64, now: Timestamp) -> Option<String> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, end) = tokens.get(&installation)?;
        (now + SPARE < *end).then(|| token.clone())
    }

    pub(crate) fn keep(&self, installation: u64, token: String, end: Timestamp) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(installation, (token, end));
    }

    /// It was refused, whatever its end.
    pub(crate) fn forget(&self, installation: u64) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&installation);
    }
}
