//! Programs that a suite needs beside the host: where they are, if they are
//! installed at all. It must not start them.

use model::{Arm, Program, Task};
use std::ffi::OsString;
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
