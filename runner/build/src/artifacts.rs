//! The cache of built binaries, by key. Entries are written aside and renamed,
//! and the binary's digest is checked on every use, so that neither a crash
//! nor a meddling hand is ever measured. It must not build anything.

use crate::error::{BuildError, io};
use model::{Digest, Hasher};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(crate) const RECORD: &str = "artifact.json";

/// What is known of a cached binary. Target and version are not: several
/// versions with the same sources share one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// Digest of the binary.
    pub(crate) binary_sha256: Digest,
    /// Its size.
    pub(crate) binary_bytes: u64,
    /// Digest of the sources it was built from.
    pub(crate) source_sha256: Digest,
    /// Digest of their lockfile.
    pub(crate) lockfile_sha256: Digest,
    /// The compiler.
    pub(crate) rustc: String,
    /// Profile and flags.
    pub(crate) build_flags: String,
}

/// What the cache has under a key.
pub(crate) enum Lookup {
    Hit {
        binary: PathBuf,
        record: Record,
    },
    Miss,
    /// Something that cannot be trusted, and why.
    Corrupt(String),
}

/// The key of an artifact.
pub(crate) fn key(
    source: &Digest,
    toolchain: impl FnOnce(Hasher) -> Hasher,
    binary: &str,
) -> Digest {
    let hasher = Hasher::default().part("source", source.to_string());
    toolchain(hasher).part("binary", binary).finish()
}

/// Looks up and checks an entry.
///
/// # Errors
/// When the system refuses to read what is there.
pub(crate) fn lookup(
    artifacts: &Path,
    key: &Digest,
    binary_name: &str,
) -> Result<Lookup, BuildError> {
    let folder = artifacts.join(key.to_string());
    let file = folder.join(RECORD);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound && !folder.exists() => return Ok(Lookup::Miss),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) => {
            return Ok(Lookup::Corrupt(format!("there is no readable {RECORD}")));
        }
        Err(e) => return Err(io("reading", &file)(e)),
    };
    let record: Record = match serde_json::from_str(&text) {
        Ok(record) => record,
        Err(e) => return Ok(Lookup::Corrupt(format!("{RECORD} cannot be read: {e}"))),
    };
    let binary = folder.join(binary_name);
    let content = match fs::read(&binary) {
        Ok(content) => content,
        Err(e) if e.kind() == ErrorKind::NotFound => {
            return Ok(Lookup::Corrupt("the binary is missing".to_owned()));
        }
        Err(e) => return Err(io("reading", &binary)(e)),
    };
    let found = Digest::of(&content);
    if found != record.binary_sha256 {
        return Ok(Lookup::Corrupt(format!(
            "the binary has SHA-256 {}, {RECORD} says {}",
            found.short(),
            record.binary_sha256.short()
        )));
    }
    crate::cache::touch(&file);
    Ok(Lookup::Hit { binary, record })
}

/// Moves an entry away for whoever wants to know what happened to it, over an
/// earlier one of the same key. Returns where it is now.
///
/// # Errors
/// When the system refuses.
pub(crate) fn move_away(artifacts: &Path, key: &Digest) -> Result<PathBuf, BuildError> {
    let folder = artifacts.join(key.to_string());
    let away = artifacts.join(format!("{key}.corrupt"));
    match fs::remove_dir_all(&away) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(io("removing", &away)(e)),
        _ => {}
    }
    fs::rename(&folder, &away).map_err(io("moving away", &folder))?;
    Ok(away)
}

/// Copies a binary into the cache and returns where it is; `describe` makes
/// its record out of its digest and size.
///
/// # Errors
/// When the system refuses.
pub(crate) fn insert(
    artifacts: &Path,
    key: &Digest,
    built: &Path,
    binary_name: &str,
    describe: impl FnOnce(Digest, u64) -> Record,
) -> Result<(PathBuf, Record), BuildError> {
    fs::create_dir_all(artifacts).map_err(io("creating", artifacts))?;
    let aside = tempfile::Builder::new()
        .prefix("writing-")
        .tempdir_in(artifacts)
        .map_err(io("creating a folder in", artifacts))?;
    let binary = aside.path().join(binary_name);
    fs::copy(built, &binary).map_err(io("copying", built))?;
    // Digest of the copy: what will be run.
    let content = fs::read(&binary).map_err(io("reading", &binary))?;
    let record = describe(Digest::of(&content), content.len() as u64);
    let file = aside.path().join(RECORD);
    let text = serde_json::to_string_pretty(&record)
        .map_err(|e| io("writing", &file)(std::io::Error::other(e)))?;
    fs::write(&file, text + "\n").map_err(io("writing", &file))?;
    let folder = artifacts.join(key.to_string());
    fs::rename(aside.path(), &folder).map_err(io("renaming to", &folder))?;
    // Renamed, so nothing is left to clean up.
    let _ = aside.keep();
    Ok((folder.join(binary_name), record))
}
