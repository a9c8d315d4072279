//! Tokens as their holders have them: `awfy_NAME_SECRET`. The secret is 256 random
//! bits, so its plain SHA-256 is all that is kept. It must not reach a log.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Digest;
use rand::TryRng as _;
use rand::rngs::SysRng;
use std::fmt;
use subtle::ConstantTimeEq as _;

const PREFIX: &str = "awfy";
const SECRET_BYTES: usize = 32;
const NAME_CHARS: usize = 12;

/// A token with its secret.
pub struct Secret {
    name: String,
    secret: [u8; SECRET_BYTES],
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.name)
    }
}

impl Secret {
    /// A new one, from the system's source of randomness.
    ///
    /// # Errors
    /// When the system has none.
    pub fn generate() -> std::io::Result<Self> {
        let mut secret = [0; SECRET_BYTES];
        SysRng.try_fill_bytes(&mut secret).map_err(std::io::Error::other)?;
        Ok(Self { name: new_name(NAME_CHARS)?, secret })
    }

    /// Reads one; `None` of what cannot be a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, secret) = text.strip_prefix(PREFIX)?.strip_prefix('_')?.split_once('_')?;
        let is_name = name.len() == NAME_CHARS && name.bytes().all(|b| b.is_ascii_hexdigit());
        let secret = URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?;
        is_name.then(|| Self { name: name.to_owned(), secret })
    }

    /// The public half.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is kept of the other half.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.secret)
    }

    /// The whole, for its holder only.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}_{}_{}", self.name, URL_SAFE_NO_PAD.encode(self.secret))
    }

    /// Whether this is the secret of that digest; takes as long whatever it is.
    pub(crate) fn is_of(&self, digest: Digest) -> bool {
        self.digest().to_bytes().ct_eq(&digest.to_bytes()).into()
    }
}

/// A random name of hexadecimal digits.
///
/// # Errors
/// When the system has no randomness.
pub fn new_name(digits: usize) -> std::io::Result<String> {
    let mut bytes = vec![0; digits.div_ceil(2)];
    SysRng.try_fill_bytes(&mut bytes).map_err(std::io::Error::other)?;
    let mut name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    name.truncate(digits);
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_shown_and_nothing_else_is_one() {
        let made = Secret::generate().unwrap();
        let read = Secret::parse(&made.reveal()).unwrap();
        assert_eq!(read.name(), made.name());
        assert!(read.is_of(made.digest()));
        assert!(!Secret::generate().unwrap().is_of(made.digest()));
        assert!(!format!("{made:?}").contains(&made.reveal()[18..]));
        for text in ["", "awfy", "awfy__", "awfy_0123456789ab_", "awfy_0123456789ab_AAAA"] {
            assert!(Secret::parse(text).is_none(), "{text}");
        }
        let mut longer = made.reveal();
        longer.push('A');
        assert!(Secret::parse(&longer).is_none());
    }
}
