//! What can go wrong before or while serving, and the exit code it means.
//!
//! Every error is one line that says what, where and what to do: it is built
//! where that is known, and only printed in `main.rs`. It must not print or exit
//! by itself.

use std::fmt;

/// An error for the person who started the host.
#[derive(Debug)]
pub enum Error {
    /// What was given is wrong: an argument, the workload file, a component.
    Input(String),
    /// What was given is right and still failed: a port in use, a full disk.
    Runtime(String),
}

/// The result of everything that runs before the first request.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The process's exit code: part of the interface, see the README.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) => 2,
            Self::Runtime(_) => 1,
        }
    }

    /// Wraps an error of Wasmtime about something the user supplied. Its chain
    /// of causes can span lines (it quotes WIT and offsets): folded into one.
    pub(crate) fn input(what: impl fmt::Display, cause: &wasmtime::Error) -> Self {
        Self::Input(format!("{what}: {}", one_line(&format!("{cause:#}"))))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(message) | Self::Runtime(message) => f.write_str(message),
        }
    }
}

/// Why a guest failed, in one line: the cause itself. What wraps it is a
/// backtrace of addresses.
pub(crate) fn why(error: &wasmtime::Error) -> String {
    one_line(&error.root_cause().to_string())
}

/// Folds a text of several lines into one.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
