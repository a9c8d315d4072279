//! Samples by stack, in the folded form that flame graphs are made of: a line for each
//! stack, outermost function first, and how often it was seen.

use crate::measure;
use anyhow::{Context, Result, bail};
use inferno::collapse::Collapse;
use inferno::collapse::perf::{Folder, Options};
use std::collections::BTreeMap;
use std::path::Path;

/// What inferno puts behind functions of the kernel, of guests, and of others' insides.
const KERNEL: &str = "_[k]";
const GUEST: &str = "_[j]";
const INSIDE: &str = "_[i]";
/// Stands above guests: perf cannot see through their code to what called them.
const GUESTS: &str = "[guest]";

/// How often each stack was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stacks(BTreeMap<String, u64>);

/// Samples in a function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// In the function itself.
    pub(crate) own: u64,
    /// In it and in what it called.
    pub(crate) all: u64,
}

impl Stacks {
    /// The stacks in a file of `perf record`.
    ///
    /// # Errors
    /// When perf cannot read it, or it holds no sample.
    pub(crate) fn of_recording(data: &Path) -> Result<Self> {
        let script = measure::script(data).map_err(anyhow::Error::msg)?;
        Self::of_script(&script)
    }

    /// The stacks in what `perf script` prints.
    fn of_script(script: &[u8]) -> Result<Self> {
        let mut options = Options::default();
        options.annotate_jit = true;
        options.annotate_kernel = true;
        let mut folded = Vec::new();
        Folder::from(options).collapse(script, &mut folded).context("reading perf's samples")?;
        let text = String::from_utf8(folded).context("reading perf's samples")?;
        let stacks = Self::of_folded(&text)?;
        if stacks.0.is_empty() {
            bail!(
                "perf took no sample: the host did not run long enough, or is not permitted to be looked at"
            );
        }
        Ok(stacks)
    }

    /// The stacks in folded text; names become those that people read.
    ///
    /// # Errors
    /// Names the first line that is none.
    pub(crate) fn of_folded(text: &str) -> Result<Self> {
        let mut stacks = Self::default();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let parts = line.rsplit_once(' ').and_then(|(stack, count)| {
                Some((stack, count.parse::<u64>().ok()?)).filter(|(stack, _)| !stack.is_empty())
            });
            let Some((stack, count)) = parts else {
                bail!("line {} is no stack with a number behind it: `{line}`", index + 1);
            };
            *stacks.0.entry(named(stack)).or_default() += count;
        }
        Ok(stacks)
    }

    /// Adds what another recording saw.
    pub(crate) fn add(&mut self, other: &Self) {
        for (stack, count) in &other.0 {
            *self.0.entry(stack.clone()).or_default() += count;
        }
    }

    /// How many samples there are.
    pub(crate) fn samples(&self) -> u64 {
        self.0.values().sum()
    }

    /// How many of them are inside of guests.
    pub(crate) fn in_guests(&self) -> u64 {
        let is_guest = |stack: &&String| stack.contains(GUEST);
        self.0.iter().filter(|(stack, _)| is_guest(stack)).map(|(_, count)| count).sum()
    }

    /// Folded text.
    pub(crate) fn to_text(&self) -> String {
        self.0.iter().map(|(stack, count)| format!("{stack} {count}\n")).collect()
    }

    /// Samples by function. A function that calls itself counts once.
    pub(crate) fn functions(&self) -> BTreeMap<&str, Place> {
        let mut functions: BTreeMap<&str, Place> = BTreeMap::new();
        for (stack, count) in &self.0 {
            // The first is the thread's name.
            let frames: Vec<&str> = stack.split(';').skip(1).collect();
            if let Some(innermost) = frames.last() {
                functions.entry(innermost).or_default().own += count;
            }
            let mut seen = frames.clone();
            seen.sort_unstable();
            seen.dedup();
            for frame in seen {
                functions.entry(frame).or_default().all += count;
            }
        }
        functions
    }
}

/// A stack with names for people, and guests where they can be seen.
fn named(stack: &str) -> String {
    let mut frames: Vec<String> = stack.split(';').map(function).collect();
    let is_at_root = frames.get(1).is_some_and(|frame| frame.ends_with(GUEST));
    if is_at_root {
        frames.insert(1, GUESTS.to_owned());
    }
    frames.join(";")
}

/// A function's name as it is written in Rust, without the compiler's digest. One that
/// was put into another is the same function.
fn function(frame: &str) -> String {
    let bare = frame.strip_suffix(INSIDE).unwrap_or(frame);
    if let Ok(name) = rustc_demangle::try_demangle(bare) {
        return format!("{name:#}").replace(';', ":");
    }
    match bare.rsplit_once("::h") {
        Some((name, digest)) if digest.len() == 16 && is_hex(digest) => name.to_owned(),
        _ => bare.to_owned(),
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A function's name in so many columns: where it ends says more than where it begins.
pub(crate) fn short(name: &str, columns: usize) -> String {
    let name = match (name.strip_suffix(KERNEL), name.strip_suffix(GUEST)) {
        (Some(name), _) => format!("{name} (kernel)"),
        (_, Some(name)) => format!("{name} (guest)"),
        _ => name.to_owned(),
    };
    let length = name.chars().count();
    if length <= columns {
        return name;
    }
    let end: String = name.chars().skip(length - columns.saturating_sub(1)).collect();
    format!("…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "\
worker 11 1.0: cpu-clock:pppH: \n\
\tffffffff813a4413 tcp_sendmsg+0x93 ([kernel.kallsyms])\n\
\t           fde9d __GI___writev+0x4d (/usr/lib/libc.so.6)\n\
\t           7826a native::churn (inlined)\n\
\t           78262 native::answer::h0123456789abcdef+0x51a (/cache/native)\n\
\t           13f11 tokio::run+0x10 (/cache/native)\n\n\
worker 11 1.1: cpu-clock:pppH: \n\
\t    7f40e5ed55e6 wasm[0]::function[33]+0x306 (/tmp/perf-11.map)\n\n\
worker 11 1.2: cpu-clock:pppH: \n\
\t           78262 native::answer::h0123456789abcdef+0x51a (/cache/native)\n\
\t           13f11 tokio::run+0x10 (/cache/native)\n\n";

    #[test]
    fn stacks_are_read_off_perf_and_named() {
        let stacks = Stacks::of_script(SCRIPT.as_bytes()).unwrap();
        let expected = "\
worker;[guest];wasm[0]::function[33]_[j] 1\n\
worker;tokio::run;native::answer 1\n\
worker;tokio::run;native::answer;native::churn;__GI___writev;tcp_sendmsg_[k] 1\n";
        assert_eq!(stacks.to_text(), expected);
        assert_eq!((stacks.samples(), stacks.in_guests()), (3, 1));
        assert_eq!(Stacks::of_folded(&stacks.to_text()).unwrap(), stacks);
        let functions = stacks.functions();
        assert_eq!(functions["native::answer"], Place { own: 1, all: 2 });
        assert_eq!(functions["tcp_sendmsg_[k]"], Place { own: 1, all: 1 });
    }

    #[test]
    fn recursion_counts_once_and_nonsense_is_told() {
        let stacks = Stacks::of_folded("t;a;b;a;b 3\n").unwrap();
        assert_eq!(stacks.functions()["a"], Place { own: 0, all: 3 });
        assert_eq!(stacks.functions()["b"], Place { own: 3, all: 3 });
        for text in ["a;b\n", "a;b x\n", " 3\n"] {
            assert!(Stacks::of_folded(text).is_err(), "{text}");
        }
        assert!(Stacks::of_script(b"").is_err());
    }

    #[test]
    fn long_names_lose_their_beginning() {
        assert_eq!(short("tcp_sendmsg_[k]", 30), "tcp_sendmsg (kernel)");
        assert_eq!(short("hyper::proto::h1::dispatch", 10), "…:dispatch");
    }
}
