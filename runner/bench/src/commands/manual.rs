//! `bench completions` and `bench man`: derived from the same definitions as
//! the help.

use crate::cli::Cli;
use crate::exit::Exit;
use anyhow::{Context, Result};
use clap::CommandFactory;
use std::path::Path;

pub(super) fn completions(shell: clap_complete::Shell) -> Exit {
    clap_complete::generate(shell, &mut Cli::command(), "bench", &mut std::io::stdout());
    Exit::Fine
}

pub(super) fn pages(out: &Path) -> Result<Exit> {
    std::fs::create_dir_all(out).with_context(|| format!("creating {}", out.display()))?;
    clap_mangen::generate_to(Cli::command(), out)
        .with_context(|| format!("writing manual pages to {}", out.display()))?;
    Ok(Exit::Fine)
}
