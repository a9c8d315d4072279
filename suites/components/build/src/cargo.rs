//! How cargo and rustc are started, so that nothing but the checkout and the toolchain decides the
//! bytes. It must not choose the toolchain.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};

/// A program of the Rust toolchain that `rust-toolchain.toml` in `folder` pins.
///
/// The caller's own settings are taken out of its environment: those that cargo and rustup set for
/// this program and its children, and those of the user (flags, profiles, wrappers) that would
/// change what is built. Where things are stored and downloaded from stays as it is.
pub(crate) fn pinned(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    for name in foreign_settings() {
        command.env_remove(name);
    }
    command
}

/// What cargo knows about a workspace and every dependency in its lockfile (all are downloaded).
pub(crate) fn metadata(manifest: &Path, folder: &Path) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command
        .cargo_path("cargo")
        .manifest_path(manifest)
        .current_dir(folder)
        .other_options(["--locked".to_owned()]);
    for name in foreign_settings() {
        command.env_remove(name);
    }
    command.exec().with_context(|| {
        format!(
            "reading the dependencies of {} (needs the registry the first time)",
            manifest.display()
        )
    })
}

fn foreign_settings() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| is_foreign(name)).collect()
}

fn is_foreign(name: &str) -> bool {
    const KEPT: [&str; 6] = [
        "CARGO_BUILD_JOBS",
        "CARGO_HOME",
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTRIES_",
        "CARGO_REGISTRY_",
    ];
    const TAKEN: [&str; 4] = ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS"];
    // `cargo run` puts its own libraries first, where another compiler would find the wrong ones.
    const TAKEN_WHOLE: [&str; 2] = ["RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"];
    TAKEN_WHOLE.contains(&name)
        || TAKEN.iter().any(|start| name.starts_with(start))
            && !KEPT.iter().any(|start| name.starts_with(start))
}

/// Joins compiler flags the way cargo takes them whatever characters they contain.
pub(crate) fn encoded_flags(flags: &[impl AsRef<OsStr>]) -> std::ffi::OsString {
    let flags: Vec<&OsStr> = flags.iter().map(AsRef::as_ref).collect();
    flags.join(OsStr::new("\x1f"))
}

#[cfg(test)]
mod tests {
    use super::is_foreign;

    #[test]
    fn only_settings_that_change_the_build_are_taken_out() {
        for (name, foreign) in [
            ("CARGO", true),
            ("CARGO_BUILD_RUSTFLAGS", true),
            ("CARGO_ENCODED_RUSTFLAGS", true),
            ("CARGO_INCREMENTAL", true),
            ("CARGO_PROFILE_RELEASE_LTO", true),
            ("CARGO_TARGET_DIR", true),
            ("LD_LIBRARY_PATH", true),
            ("RUSTC_WRAPPER", true),
            ("RUSTFLAGS", true),
            ("RUSTUP_TOOLCHAIN", true),
            ("CARGO_BUILD_JOBS", false),
            ("CARGO_HOME", false),
            ("CARGO_HTTP_PROXY", false),
            ("CARGO_NET_OFFLINE", false),
            ("CARGO_REGISTRIES_CRATES_IO_PROTOCOL", false),
            ("HOME", false),
            ("PATH", false),
            ("RUSTUP_HOME", false),
        ] {
            assert_eq!(is_foreign(name), foreign, "{name}");
        }
    }
}
