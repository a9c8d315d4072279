//! Running other programs and telling what they said when they fail. It must not know which
//! programs.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs the command and returns what it printed; its complaints become part of the error.
pub fn capture(command: &mut Command) -> Result<String> {
    let shown = show(command);
    // A program's own stack is no part of what it complains about.
    let output = command
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting `{shown}`"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{shown}` failed ({}): {}", output.status, complaint.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("reading what `{shown}` printed"))
}

/// The command as one would type it, without its environment.
pub fn show(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
