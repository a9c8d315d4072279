//! The environment of `cargo` and `rustc`: the caller's, less what would
//! change the output unseen and less obvious credentials.
//!
//! Dropped are variables whose name contains TOKEN, SECRET, PASSWORD, PASSWD,
//! CREDENTIAL or KEY, so a private registry's token must be in cargo's own
//! credentials file. Proxies (whose address may contain a password) and
//! `SSH_AUTH_SOCK` stay, since fetching dependencies may need them: this keeps
//! secrets out of build scripts and logs by accident, not by force.
//! `CC` and its like stay too: some systems have no compiler without them, and
//! the artifact's key does not tell C compilers apart.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

const CREDENTIALS: [&str; 6] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "KEY"];

/// Of cargo's and rustup's own, those that say where things are fetched from.
const KEPT_PREFIXES: [&str; 4] = ["CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTRIES_", "RUSTUP_"];

/// Cargo, rustc and make read these; an outer `cargo run` or `make` sets them.
const DROPPED_PREFIXES: [&str; 4] = ["CARGO_", "RUSTC", "RUSTDOC", "RUSTFLAGS"];
const DROPPED: [&str; 8] = [
    "CARGO",
    "RUSTUP_TOOLCHAIN",
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
    // Set in git's hooks: build scripts would ask the wrong repository.
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
];
const DROPPED_PARTS: [&str; 4] = ["CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS"];

/// A command in the cleaned environment. Build scripts that ask git for a
/// version get none, even if the cache lies in a repository: the artifact is
/// shared by every commit with the same sources.
pub(crate) fn command(program: &str, cache: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(cleaned(std::env::vars_os()));
    command.env("GIT_CEILING_DIRECTORIES", cache);
    command
}

fn cleaned(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (OsString, OsString)> {
    variables.filter(|(name, _)| stays(&name.to_string_lossy()))
}

fn stays(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let contains = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if contains(&CREDENTIALS) || contains(&DROPPED_PARTS) || DROPPED.contains(&name.as_str()) {
        return false;
    }
    name == "CARGO_HOME" || begins(&KEPT_PREFIXES) || !begins(&DROPPED_PREFIXES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_the_output_or_is_secret_goes() {
        let stay = [
            "PATH",
            "HOME",
            "LANG",
            "https_proxy",
            "CARGO_HOME",
            "CARGO_HTTP_CAINFO",
            "CARGO_NET_OFFLINE",
            "CARGO_REGISTRIES_MINE_INDEX",
            "RUSTUP_HOME",
            "CC",
            "RUST_BACKTRACE",
            "SSL_CERT_FILE",
        ];
        let go = [
            "CARGO",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_INCREMENTAL",
            "CARGO_MANIFEST_DIR",
            "CARGO_MAKEFLAGS",
            "CARGO_PKG_NAME",
            "CARGO_PROFILE_RELEASE_LTO",
            "CARGO_REGISTRIES_MINE_TOKEN",
            "CARGO_TERM_COLOR",
            "CARGO_UNSTABLE_BUILD_STD",
            "MAKEFLAGS",
            "RUSTC",
            "RUSTC_WRAPPER",
            "RUSTC_BOOTSTRAP",
            "RUSTDOCFLAGS",
            "RUSTFLAGS",
            "RUSTUP_TOOLCHAIN",
            "TARGET_CFLAGS",
            "LDFLAGS",
            "GIT_DIR",
            "GITHUB_TOKEN",
            "aws_secret_access",
            "DB_PASSWORD",
            "SIGNING_KEY",
        ];
        for name in stay {
            assert!(stays(name), "{name} must stay");
        }
        for name in go {
            assert!(!stays(name), "{name} must go");
        }
    }
}
