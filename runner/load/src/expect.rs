//! What the answer must be: status, headers and the whole body.
//!
//! Values only; `checker` compares an answer with them.

use sha2::{Digest, Sha256};

/// The right answer to a request. Every answer of a run is compared with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// Status code.
    pub status: u16,
    /// The whole body.
    pub body: ExpectBody,
    /// Headers that must be present: the name in any case, the value exactly.
    /// A header sent several times is right if one of its values is.
    pub headers: Vec<(String, String)>,
}

/// The right body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectBody {
    /// These bytes, compared as they stream in.
    Exactly(Vec<u8>),
    /// A body with this SHA-256, for one too long to keep in a suite file.
    /// Hashing counts as the generator's CPU time.
    Sha256 {
        /// The digest.
        digest: [u8; 32],
        /// Length in bytes if known; a longer body is then refused at once.
        length: Option<u64>,
    },
    /// Generated, as `RequestBody::Pattern`: byte `i` is `i` modulo 251. Compared
    /// at the speed of memory, however long.
    Pattern {
        /// Bytes.
        length: u64,
    },
    /// Any body, still framed correctly. For bodies that differ each time.
    Any,
}

impl Expect {
    /// Status 200 with exactly this body.
    pub fn ok(body: impl Into<Vec<u8>>) -> Expect {
        Expect { status: 200, body: ExpectBody::Exactly(body.into()), headers: Vec::new() }
    }
}

impl ExpectBody {
    /// From a digest in hexadecimal, 64 digits; `None` if it isn't that.
    pub fn from_sha256_hex(hex: &str, length: Option<u64>) -> Option<ExpectBody> {
        let mut digest = [0; 32];
        if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (at, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(ExpectBody::Sha256 { digest, length })
    }

    /// The SHA-256 and length of a body at hand.
    pub fn sha256_of(body: &[u8]) -> ExpectBody {
        let digest = Sha256::digest(body).into();
        ExpectBody::Sha256 { digest, length: Some(body.len() as u64) }
    }
}
