//! The workload file: wasmCloud's WorkloadDeployment, as far as one host can
//! serve it, with a few extensions. Everything in it works or is refused with
//! file, line and path; nothing is silently ignored.
//!
//! `wire` is what may be written, `spec` is what it means; only the latter
//! leaves this module. Nothing here opens a component, a folder or a connection.

mod check;
mod http;
mod interfaces;
mod offered;
mod resources;
mod schedule;
mod source;
mod spec;
mod syntax;
#[cfg(test)]
mod tests;
mod wire;
mod wire_environment;

pub use schedule::Schedule;
pub use spec::{
    ComponentSource, ComponentSpec, HttpSpec, InterfaceSpec, MountSpec, PoolSpec, Resources,
    ServiceSpec, VolumeKind, VolumeSpec, WasiVersion, WorkloadSpec,
};

use crate::error::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Reads and checks a workload file.
pub fn read(path: &Path) -> Result<Vec<WorkloadSpec>> {
    let failed =
        |e: std::io::Error| Error::Input(format!("reading workload file {}: {e}", path.display()));
    let mut text = String::new();
    // One byte more than fits is enough for `parse` to refuse it.
    let mut file = File::open(path).map_err(failed)?.take(source::MAX_FILE_BYTES as u64 + 1);
    file.read_to_string(&mut text).map_err(failed)?;
    parse(&text, path)
}

/// Checks the text of a workload file; one workload for each document. `path` is
/// named in errors, and relative paths in the file start at its folder.
pub fn parse(text: &str, path: &Path) -> Result<Vec<WorkloadSpec>> {
    let file = source::File::named(path);
    let wire = file.parse(text)?;
    check::check(&file.root(), wire, path.parent().unwrap_or(Path::new("")))
}
