//! Compilers for processors that the installed Rust has no standard library for:
//! WebAssembly and boards. The builder of the guests uses it as well as that of
//! firmware. It must not compile anything.

pub mod debian;
pub mod process;

/// No usable compiler here: nothing is wrong with what is to be compiled.
#[derive(Debug, thiserror::Error)]
#[error("{reason}\n  to do: {remedy}")]
pub struct Unavailable {
    /// Why not.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl Unavailable {
    /// As an error that can be told from others.
    pub fn error(reason: impl Into<String>, remedy: impl Into<String>) -> anyhow::Error {
        Self { reason: reason.into(), remedy: remedy.into() }.into()
    }
}
