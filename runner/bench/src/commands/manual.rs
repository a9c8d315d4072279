//! `bench completions`, `bench man` and `bench schema`: derived from the same definitions as
//! the help, and from the types that read files.

use crate::cli::Cli;
use crate::exit::Exit;
use anyhow::{Context, Result};
use clap::CommandFactory;
use std::path::Path;

/// Columns of help that is not for this terminal.
const WIDTH: usize = 100;

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

pub(super) fn schema(name: &str) -> Result<Exit> {
    let schema = model::schema(name).with_context(|| format!("there is no schema `{name}`"))?;
    print!("{schema}");
    Ok(Exit::Fine)
}

/// The help of every command, as one document.
pub(super) fn markdown() -> String {
    let mut command = Cli::command().term_width(WIDTH);
    command.build();
    let mut text = "# Commands\n\nWhat `--help` says of each.\n".to_owned();
    describe(&command, "bench", &mut text);
    text
}

fn describe(command: &clap::Command, name: &str, text: &mut String) {
    let help = command.clone().render_long_help().to_string();
    text.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", help.trim_end()));
    for part in command.get_subcommands().filter(|part| part.get_name() != "help") {
        describe(part, &format!("{name} {}", part.get_name()), text);
    }
}
