//! Code of components: compiled, kept in files, loaded from files.
//!
//! Loading executes what a file says. So a file has to be one that only this
//! user or root could have written (`trust`), complete, and made from this very
//! component for this very engine (`sealed`). Which engine that is, is decided
//! elsewhere.

mod compiler;
mod sealed;
#[cfg(test)]
mod tests;
mod trust;

pub use compiler::Compiler;

use crate::digest::Sha256Digest;
use crate::error::{Error, Result};
use std::fs::{DirBuilder, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use trust::{Sharing, Unread};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Far more than any component's code.
const MAX_CODE_BYTES: u64 = 1 << 30;

/// How a component's code was had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was compiled just now.
    Compiled,
    /// It was loaded from a file.
    Loaded,
}

/// Compiles components, each once if it has a folder to keep code in.
#[derive(Debug)]
pub struct CodeStore {
    folder: Option<PathBuf>,
}

impl CodeStore {
    /// A store in this folder, which is made if there is none; `None` keeps
    /// nothing. A folder that others can write to is refused.
    ///
    /// Files are never removed: the folder may be emptied at any time.
    pub fn new(folder: Option<PathBuf>) -> Result<Self> {
        let Some(folder) = folder else { return Ok(Self { folder: None }) };
        let name = folder.display();
        let created = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        created.map_err(|e| Error::Runtime(format!("creating the code cache {name}: {e}")))?;
        let folder = trust::folder(&folder, Sharing::Nobody).map_err(|unread| match unread {
            Unread::Refused(what) => Error::Input(format!("code cache {name}: {what}")),
            Unread::Absent => Error::Input(format!("code cache {name}: there is no such folder")),
            Unread::Failed(e) => Error::Input(format!("code cache {name}: {e}")),
        })?;
        Ok(Self { folder: Some(folder) })
    }

    /// The code of a component, for `engine`. `name` is what errors call it.
    ///
    /// A kept file that cannot be trusted or is damaged is told on stderr and
    /// replaced; it never stops the host. Neither does a full disk.
    pub fn component(
        &self,
        engine: &Engine,
        bytes: &[u8],
        name: &str,
    ) -> Result<(Component, Origin)> {
        let Some(folder) = &self.folder else {
            return Ok((compile(engine, bytes, name)?, Origin::Compiled));
        };
        let digest = Sha256Digest::of(bytes);
        let path = folder.join(file_name(engine, digest));
        match kept(engine, digest, &path) {
            Ok(Some(component)) => return Ok((component, Origin::Loaded)),
            Ok(None) => {}
            Err(what) => eprintln!("host-under-test: {what}: compiling {name} again"),
        }
        let component = compile(engine, bytes, name)?;
        let written = component
            .serialize()
            .map_err(|e| io::Error::other(format!("{e:#}")))
            .and_then(|code| write_sealed(engine, digest, &code, &path, 0o600));
        if let Err(e) = written {
            eprintln!("host-under-test: keeping the code of {name} in {}: {e}", path.display());
        }
        Ok((component, Origin::Compiled))
    }
}

/// Compiles a component into a file, which appears complete or not at all.
pub fn compile_to_file(engine: &Engine, bytes: &[u8], name: &str, out: &Path) -> Result<()> {
    let code = engine
        .precompile_component(bytes)
        .map_err(|e| Error::input(format_args!("compiling {name}"), &e))?;
    write_sealed(engine, Sha256Digest::of(bytes), &code, out, 0o644)
        .map_err(|e| Error::Runtime(format!("writing {}: {e}", out.display())))
}

/// Loads a file written by [`compile_to_file`], made from the component in
/// `bytes` with an engine like this one.
pub fn load(engine: &Engine, path: &Path, bytes: &[u8]) -> Result<Component> {
    let name = path.display();
    let unread = |unread: Unread| match unread {
        Unread::Refused(what) => Error::Input(what),
        Unread::Failed(e) => Error::Input(format!("reading machine code {name}: {e}")),
        Unread::Absent => {
            let e = io::Error::from_raw_os_error(rustix::io::Errno::NOENT.raw_os_error());
            Error::Input(format!("reading machine code {name}: {e}"))
        }
    };
    // The file in the real folder: what leads there may change after the check.
    let folder = path.parent().unwrap_or(Path::new(""));
    let folder = trust::folder(folder, Sharing::Sticky).map_err(unread)?;
    let Some(file) = path.file_name() else {
        return Err(Error::Input(format!("{name} is not a regular file")));
    };
    let sealed =
        trust::read(&folder.join(file), &name.to_string(), MAX_CODE_BYTES).map_err(unread)?;
    sealed::load(engine, Sha256Digest::of(bytes), &sealed).map_err(|broken| {
        Error::Input(format!(
            "{name} {broken}: write it again with `host-under-test compile COMPONENT --out {name}`"
        ))
    })
}

fn compile(engine: &Engine, bytes: &[u8], name: &str) -> Result<Component> {
    Component::from_binary(engine, bytes)
        .map_err(|e| Error::input(format_args!("compiling {name}"), &e))
}

/// One file for each component and engine.
fn file_name(engine: &Engine, component: Sha256Digest) -> String {
    let engine = sealed::engine_digest(engine);
    let key = Sha256Digest::of_parts(&[component.as_bytes(), engine.as_bytes()]);
    format!("{}.cwasm", key.hex())
}

/// What is in the file; `None` if there is none. Otherwise, what is wrong.
fn kept(
    engine: &Engine,
    component: Sha256Digest,
    path: &Path,
) -> std::result::Result<Option<Component>, String> {
    let name = path.display().to_string();
    let sealed = match trust::read(path, &name, MAX_CODE_BYTES) {
        Ok(sealed) => sealed,
        Err(Unread::Absent) => return Ok(None),
        Err(Unread::Refused(what)) => return Err(what),
        Err(Unread::Failed(e)) => return Err(format!("reading {name}: {e}")),
    };
    let loaded = sealed::load(engine, component, &sealed);
    loaded.map(Some).map_err(|broken| format!("{name} {broken}"))
}

/// Written aside, then renamed.
fn write_sealed(
    engine: &Engine,
    component: Sha256Digest,
    code: &[u8],
    path: &Path,
    mode: u32,
) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(code)?;
    file.write_all(&sealed::seal(engine, component, code))?;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}
