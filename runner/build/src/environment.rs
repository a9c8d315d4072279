//! The environment of `cargo` and `rustc`: of the caller's no more than what is
//! known to be needed and to be no secret. Build scripts of whatever version is
//! asked for see it, and with them whoever wrote that version.
//!
//! It is a list of what stays, since nobody can list every name that a secret
//! hides behind (`DATABASE_URL`, `KUBECONFIG`, `SSH_AUTH_SOCK`, a CI system's own).
//! A value with a password in an address is dropped as well: a proxy's belongs
//! into cargo's configuration, and so does a private registry's token.
//! Dependencies that only an SSH agent can fetch are fetched by `cargo fetch`
//! before. `CC` and its like stay, as some systems have no compiler without them,
//! and the artifact's key does not tell C compilers apart.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// What programs need to run, find one another and speak to people.
const KEPT: [&str; 42] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TERM",
    "TMPDIR",
    "TEMP",
    "TMP",
    "TZ",
    "NO_COLOR",
    "SOURCE_DATE_EPOCH",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "RUST_BACKTRACE",
    // Compilers and where they look.
    "AR",
    "CC",
    "CPP",
    "CXX",
    "LD",
    "NM",
    "RANLIB",
    "LD_LIBRARY_PATH",
    "LIBRARY_PATH",
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "PROTOC",
    "CMAKE",
    "LIBCLANG_PATH",
    // Where things are fetched from, and whom to trust.
    "CARGO_HOME",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
];

/// The same by their beginning; a token is none of them.
const KEPT_PREFIXES: [&str; 9] = [
    "LC_",
    "CARGO_NET_",
    "CARGO_HTTP_",
    "CARGO_REGISTRIES_",
    "CARGO_SOURCE_",
    "RUSTUP_",
    "PKG_CONFIG",
    "NIX_",
    "OPENSSL_",
];

const CREDENTIALS: [&str; 6] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "KEY"];

/// Flags change the output unseen, and an outer `cargo run` may have chosen another compiler.
const DROPPED: [&str; 6] =
    ["RUSTUP_TOOLCHAIN", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "NIX_ENFORCE_PURITY"];

/// Set in git's hooks: whoever asks git would ask the wrong repository.
pub(crate) const GIT_PLACES: [&str; 3] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"];

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
    variables.filter(|(name, value)| {
        stays(&name.to_string_lossy()) && !holds_password(&value.to_string_lossy())
    })
}

fn stays(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let contains = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let kept = KEPT.contains(&name.as_str()) || KEPT_PREFIXES.iter().any(|it| name.starts_with(it));
    kept && !contains(&CREDENTIALS) && !contains(&DROPPED)
}

/// `http://user:password@host`.
fn holds_password(value: &str) -> bool {
    let mut addresses = value.split("://").skip(1);
    addresses.any(|rest| {
        let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
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
            "PKG_CONFIG_PATH",
            "LC_ALL",
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
            // Secrets whose names do not say so.
            "DATABASE_URL",
            "SSH_AUTH_SOCK",
            "KUBECONFIG",
            "NETRC",
            "DOCKER_CONFIG",
            "ACTIONS_RUNTIME_URL",
            "AWS_PROFILE",
            "GH_PAT",
        ];
        assert!(holds_password("http://me:secret@proxy:3128"));
        for value in ["http://proxy:3128/a@b:c", "https://me@proxy", "/a:b@c"] {
            assert!(!holds_password(value), "{value}");
        }
        for name in stay {
            assert!(stays(name), "{name} must stay");
        }
        for name in go {
            assert!(!stays(name), "{name} must go");
        }
    }
}
