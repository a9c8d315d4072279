//! Machine code with a seal: what Wasmtime serialized, then a trailer that ties
//! it to the component it was made from and to the engine it was made for.
//!
//! Loading runs what the bytes say, so the seal is checked before Wasmtime sees
//! them. It proves nothing against an author with bad intentions (`trust.rs`
//! keeps those away); it tells damage, mix-ups and leftovers. The only module
//! with `unsafe` code.

use crate::digest::Sha256Digest;
use crate::error::one_line;
use sha2::{Digest, Sha256};
use std::fmt;
use std::hash::{Hash, Hasher};
use wasmtime::component::Component;
use wasmtime::{Engine, Precompiled};

const MAGIC: &[u8; 8] = b"HUT-AOT2";
const DIGEST: usize = Sha256Digest::BYTES;
/// Magic, digest of the machine code, of the component, of the engine.
const TRAILER: usize = MAGIC.len() + 3 * DIGEST;

/// Why sealed code was not loaded.
#[derive(Debug)]
pub(super) enum Broken {
    NoCode,
    Damaged,
    OtherComponent,
    OtherEngine,
    Unfit(String),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCode => f.write_str("is not the output of `compile`"),
            Self::Damaged => f.write_str("is damaged"),
            Self::OtherComponent => {
                f.write_str("was made from another component than the workload names")
            }
            Self::OtherEngine => f.write_str(
                "was made for other engine settings (compiler, kind of CPU) or by another version \
                 of this host",
            ),
            Self::Unfit(cause) => write!(f, "does not fit this host ({cause})"),
        }
    }
}

/// Everything about an engine and this host that code depends on.
pub(super) fn engine_digest(engine: &Engine) -> Sha256Digest {
    let mut hash = ShaHasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hash);
    let settings: [u8; DIGEST] = hash.0.finalize().into();
    Sha256Digest::of_parts(&[env!("CARGO_PKG_VERSION").as_bytes(), &settings])
}

/// The trailer for `code`.
pub(super) fn seal(engine: &Engine, component: Sha256Digest, code: &[u8]) -> Vec<u8> {
    let code = Sha256Digest::of(code);
    let engine = engine_digest(engine);
    [MAGIC.as_slice(), code.as_bytes(), component.as_bytes(), engine.as_bytes()].concat()
}

/// Loads sealed code made from this component for this engine.
pub(super) fn load(
    engine: &Engine,
    component: Sha256Digest,
    sealed: &[u8],
) -> Result<Component, Broken> {
    let (code, trailer) = sealed.split_last_chunk::<TRAILER>().ok_or(Broken::NoCode)?;
    let (magic, digests) = trailer.split_at(MAGIC.len());
    let (of_code, digests) = digests.split_at(DIGEST);
    let (of_component, of_engine) = digests.split_at(DIGEST);
    if magic != MAGIC || Engine::detect_precompiled(code) != Some(Precompiled::Component) {
        return Err(Broken::NoCode);
    }
    if of_code != Sha256Digest::of(code).as_bytes() {
        return Err(Broken::Damaged);
    }
    if of_component != component.as_bytes() {
        return Err(Broken::OtherComponent);
    }
    if of_engine != engine_digest(engine).as_bytes() {
        return Err(Broken::OtherEngine);
    }
    // SAFETY: the bytes must be what Wasmtime serialized, which nothing can prove
    // of a file. What is known: only this user or root could have written it
    // (`trust.rs`), it was complete when this program wrote it and has not
    // changed since (digest of the very bytes passed here, read once), it was
    // made by this version of the host with these settings, and Wasmtime itself
    // compares its version, the target and every setting before it runs a byte.
    // Who can forge all that can replace this binary as well.
    #[allow(unsafe_code, reason = "loading machine code is inherently a matter of trust")]
    let loaded = unsafe { Component::deserialize(engine, code) };
    loaded.map_err(|e| Broken::Unfit(one_line(&format!("{e:#}"))))
}

/// Feeds what is hashed to SHA-256: the hash is a file's name on disk, which the
/// 64 bits of the standard hashers are too few for.
struct ShaHasher(Sha256);

impl Hasher for ShaHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Of no use here, and right all the same: the start of the digest so far.
    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest.iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte))
    }
}
