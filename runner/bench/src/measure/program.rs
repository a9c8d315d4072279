//! What a suite needs beside the host and may not be here: installed programs,
//! and components that come out of a recipe. It must not start or build them.

use model::{Arm, Component, Digest, Program, Task};
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

/// Where distributions put servers, though a user's PATH may not have it.
const FOR_SERVERS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Where an installed program is.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(FOR_SERVERS.map(PathBuf::from));
    let path: Option<OsString> = std::env::join_paths(folders).ok();
    which::which_in(name, path, ".").ok()
}

/// What an arm needs and this machine does not have.
pub(crate) fn missing(arm: &Arm, has_anchor: bool) -> Option<String> {
    let missing = arm.processes.iter().filter_map(|process| match &process.program {
        Program::Installed(name) => find(name).is_none().then_some(name.as_str()),
        Program::Anchor => (!has_anchor).then_some("an anchor in bench.toml"),
        Program::Own(_) => None,
    });
    // A command that is no path and no placeholder has to be installed too.
    let command = match &arm.task {
        Task::Command { words } => words.first().map(String::as_str),
        _ => None,
    };
    let command = command.filter(|word| !word.contains(['/', '{']) && find(word).is_none());
    let mut missing: Vec<&str> = missing.chain(command).collect();
    missing.dedup();
    (!missing.is_empty()).then(|| format!("needs {}", missing.join(", ")))
}

/// Why a component cannot be used, if it comes out of a recipe and has not been
/// built here, or is another one than the recorded.
pub(crate) fn unusable(component: &Component) -> Option<String> {
    let recorded = component.recorded()?;
    let file = component.path();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    match fs::read(file) {
        Ok(bytes) if Digest::of(&bytes) == recorded => None,
        Ok(_) => Some(format!("needs {name} as recorded; {} is another one", file.display())),
        Err(_) => Some(format!("needs {name}, which `make components-large` builds")),
    }
}
