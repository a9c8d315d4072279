//! Machine code in files: written by `compile`, loaded by `serve --aot`.
//!
//! Loading runs what the file says, so everything that can be verified is
//! verified first. Layout: what Wasmtime serialized, then a trailer that ties it
//! to the component it was made from. The only module with `unsafe` code.

use crate::component;
use crate::error::{Error, Result};
use crate::{engine, error::one_line};
use rustix::process::geteuid;
use sha2::{Digest, Sha256};
use std::fs::{File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use wasmtime::component::Component;
use wasmtime::{Engine, Precompiled};

const MAGIC: &[u8; 8] = b"HUT-AOT1";
const SHA_BYTES: usize = 32;
/// Magic, digest of the machine code, digest of the component.
const TRAILER_BYTES: usize = MAGIC.len() + 2 * SHA_BYTES;

/// Compiles a component into a file, which appears complete or not at all.
pub(crate) fn compile_to_file(path: &Path, out: &Path) -> Result<()> {
    let bytes = component::read(path)?;
    // The number of slots is no property of the code: any will do.
    let engine = engine::new(1)?;
    let code = engine
        .precompile_component(&bytes)
        .map_err(|e| Error::input(format_args!("compiling {}", path.display()), &e))?;
    let failed = |e: std::io::Error| Error::Runtime(format!("writing {}: {e}", out.display()));
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(&code).map_err(failed)?;
    file.write_all(MAGIC).map_err(failed)?;
    file.write_all(&Sha256::digest(&code)).map_err(failed)?;
    file.write_all(&Sha256::digest(&bytes)).map_err(failed)?;
    file.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(out).map_err(|e| failed(e.error))?;
    Ok(())
}

/// Loads a file written by `compile`, made from the component in `bytes`.
pub(crate) fn load(engine: &Engine, path: &Path, bytes: &[u8]) -> Result<Component> {
    let file = read_trusted(path)?;
    let refuse = |what: &str| {
        let name = path.display();
        Err(Error::Input(format!(
            "{name} {what}: write it again with `host-under-test compile COMPONENT --out {name}`"
        )))
    };
    let Some((code, trailer)) = file.split_last_chunk::<TRAILER_BYTES>() else {
        return refuse("is not the output of `compile`");
    };
    let (magic, digests) = trailer.split_at(MAGIC.len());
    let (code_sha, component_sha) = digests.split_at(SHA_BYTES);
    if magic != MAGIC || Engine::detect_precompiled(code) != Some(Precompiled::Component) {
        return refuse("is not the output of `compile`");
    }
    if code_sha != Sha256::digest(code).as_slice() {
        return refuse("is damaged");
    }
    if component_sha != Sha256::digest(bytes).as_slice() {
        return refuse("was made from another component than the workload names");
    }
    // SAFETY: the bytes must be what Wasmtime serialized, which nothing can prove
    // of a file. What is known: only this user or root could have written it, it
    // was complete when `compile` wrote it and has not changed since (digest of
    // the very bytes passed here, read once), and Wasmtime itself compares its
    // version, the target and every setting before it runs a byte. Who can forge
    // all that can replace this binary as well.
    #[allow(unsafe_code, reason = "loading machine code is inherently a matter of trust")]
    let loaded = unsafe { Component::deserialize(engine, code) };
    loaded.or_else(|e| {
        let cause = one_line(&format!("{e:#}"));
        refuse(&format!("does not fit this host ({cause})"))
    })
}

/// Reads a regular file that nobody but its owner can change, owned by this user
/// or root. Checked on the open file, so that it cannot be swapped in between.
fn read_trusted(path: &Path) -> Result<Vec<u8>> {
    let name = path.display();
    let failed = |e: std::io::Error| Error::Input(format!("reading machine code {name}: {e}"));
    let mut file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(Error::Input(format!("{name} is not a regular file")));
    }
    let owner = metadata.uid();
    if owner != 0 && owner != geteuid().as_raw() {
        return Err(Error::Input(format!(
            "{name} belongs to user {owner}: machine code is only loaded from files of this user \
             or root, so copy it"
        )));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(Error::Input(format!(
            "{name} can be changed by other users: run `chmod go-w {name}`, or compile again if \
             that was not intended"
        )));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    file.read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
