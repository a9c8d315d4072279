//! `hosts` and `processes` of a benchmark as they are written, checked.

use super::filling::{Filling, WireCount};
use crate::config::Ready;
use crate::diagnostic::Diagnostic;
use crate::spanned::Spanned;
use crate::suite::{InputFile, ProcessSpec, Program, Role};
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::Path;

const MAX_HOSTS: u32 = 1000;

/// What fills a process's command when it is started.
const PLACEHOLDERS: [&str; 6] = ["program", "config", "addr", "port", "scratch", "suite"];

#[derive(Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "`hosts` must be a list of workload files, or a table with `count` and `workload`"
)]
pub(super) enum WireHosts {
    Files(Vec<String>),
    Same(SameHosts),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SameHosts {
    count: WireCount,
    workload: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireProcess {
    name: Spanned<String>,
    role: Role,
    program: Spanned<String>,
    config: Option<Spanned<String>>,
    #[serde(default)]
    start: Vec<Spanned<String>>,
    ready: Option<Spanned<String>>,
}

/// The workload of every host.
pub(super) fn hosts(
    filling: Filling<'_>,
    dir: &Path,
    workload: Option<&Spanned<String>>,
    hosts: Option<&Spanned<WireHosts>>,
) -> Result<Vec<Option<InputFile>>, Diagnostic> {
    let Some(hosts) = hosts else {
        let file = workload.map(|text| filling.file(text.span(), dir, text.get_ref())).transpose();
        return Ok(vec![file?]);
    };
    let refused = |problem: &str| Err(filling.source.at(hosts.span(), problem));
    if workload.is_some() {
        return refused("`hosts` says what each host runs; drop `workload`");
    }
    let file = |text: &String| filling.file(hosts.span(), dir, text);
    let files = match hosts.get_ref() {
        WireHosts::Files(files) => files.iter().map(file).collect::<Result<Vec<_>, _>>()?,
        WireHosts::Same(SameHosts { count, workload }) => {
            let count = filling.count(hosts.span(), count)?;
            vec![file(workload)?; count.min(MAX_HOSTS + 1) as usize]
        }
    };
    if files.is_empty() || files.len() > MAX_HOSTS as usize {
        return refused("`hosts` must be 1 to 1000 of them");
    }
    Ok(files.into_iter().map(Some).collect())
}

/// The processes beside the hosts.
pub(super) fn processes(
    filling: Filling<'_>,
    dir: &Path,
    hosts: usize,
    wire: &[Spanned<WireProcess>],
    benchmark: &Spanned<String>,
) -> Result<Vec<ProcessSpec>, Diagnostic> {
    let mut processes: Vec<ProcessSpec> = Vec::new();
    for entry in wire {
        let read = process(filling, dir, entry)?;
        let twice = |problem: String| Err(filling.source.at(entry.span(), problem));
        if processes.iter().any(|other| other.name == read.name) {
            return twice(format!("two processes are called `{}`", read.name));
        }
        if read.role == Role::Front && processes.iter().any(|other| other.role == Role::Front) {
            return twice("there can be only one process with the role front".to_owned());
        }
        processes.push(read);
    }
    let has_front = processes.iter().any(|process| process.role == Role::Front);
    if hosts > 1 && !has_front {
        let problem = format!("{hosts} hosts, and nothing that is asked in their place");
        return Err(filling
            .source
            .at(benchmark.span(), problem)
            .with_remedy("add a process with the role front"));
    }
    Ok(processes)
}

fn process(
    filling: Filling<'_>,
    dir: &Path,
    entry: &Spanned<WireProcess>,
) -> Result<ProcessSpec, Diagnostic> {
    let wire = entry.get_ref();
    let at = |text: &Spanned<String>, problem: String| filling.source.at(text.span(), problem);
    let name = wire.name.get_ref();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
        return Err(at(&wire.name, format!("`{name}` cannot name a process"))
            .with_remedy("templates call it by its name: use a-z, 0-9 and _"));
    }
    let config = wire.config.as_ref();
    let config = config.map(|text| filling.file(text.span(), dir, text.get_ref())).transpose()?;
    let program = match filling.fill(&wire.program)? {
        text if text == "anchor" => Program::Anchor,
        text if text.contains('/') => {
            let file = filling.file(wire.program.span(), dir, wire.program.get_ref())?;
            Program::Own(file.path().to_owned())
        }
        text if text.is_empty() => return Err(at(&wire.program, "`program` is empty".to_owned())),
        text => Program::Installed(text),
    };
    let is_anchor = program == Program::Anchor;
    if (!is_anchor && wire.start.is_empty()) || (is_anchor && wire.ready.is_some()) {
        let problem = "any program but the anchor needs `start`; the anchor is ready as bench.toml \
                       says, so it has no `ready`";
        return Err(at(&wire.program, problem.to_owned()));
    }
    let start = wire.start.iter().map(|word| filling.fill_or_keep(word, &PLACEHOLDERS));
    let ready = match (&wire.ready, wire.role) {
        (None, Role::Front) => Ready::Http { path: "/".to_owned() },
        (None, _) => Ready::Tcp,
        (Some(text), _) => match text.get_ref().as_str() {
            "tcp" => Ready::Tcp,
            "line" => Ready::JsonLine,
            path if path.starts_with('/') => Ready::Http { path: path.to_owned() },
            other => {
                return Err(at(text, format!("`{other}` is no way to be ready")).with_remedy(
                    "`tcp` waits for the port, `line` for the contract's JSON line, \
                     a path for an answer to it",
                ));
            }
        },
    };
    Ok(ProcessSpec {
        name: name.clone(),
        role: wire.role,
        program,
        config,
        start: start.collect::<Result<_, _>>()?,
        ready,
    })
}
