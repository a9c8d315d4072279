//! Repositories that are not the project's own: a folder is read where it is, a
//! URL through a bare copy below the cache. Branches, tags and pull requests are
//! fetched by the `git` program, so that proxies, SSH and credential helpers work
//! as they do for whoever calls it; what it fetched is read in-process.
//!
//! A fetch runs nothing of the repository's. It must not write anywhere else
//! than below the cache.

use crate::environment;
use crate::error::{BuildError, git, io};
use crate::layout::{Layout, hex};
use crate::lock;
use git2::Repository;
use model::Digest;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

/// Everything that people name; `--prune` forgets what is gone there.
const REFS: [&str; 2] = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
/// Git gives up a connection that is slower than this for so long, in bytes a
/// second and in seconds.
const LOW_SPEED: [(&str, &str); 2] =
    [("GIT_HTTP_LOW_SPEED_LIMIT", "1000"), ("GIT_HTTP_LOW_SPEED_TIME", "60")];

/// Copies of repositories below one cache.
#[derive(Debug, Clone)]
pub(crate) struct Mirrors {
    layout: Layout,
    /// What was fetched in this process already: asking twice could give two answers.
    fetched: Arc<Mutex<BTreeSet<(String, String)>>>,
}

impl Mirrors {
    pub(crate) fn new(layout: Layout) -> Self {
        Self { layout, fetched: Arc::default() }
    }

    /// The copy of a URL's branches and tags, brought up to date once a process.
    ///
    /// # Errors
    /// When git cannot fetch it.
    pub(crate) fn current(&self, url: &str, cancel: &AtomicBool) -> Result<Repository, BuildError> {
        self.fetch(url, "heads", &REFS, cancel)
    }

    /// As [`Mirrors::current`], but without asking when the commit is there.
    ///
    /// # Errors
    /// When git cannot fetch it.
    pub(crate) fn holding(
        &self,
        url: &str,
        commit: git2::Oid,
        cancel: &AtomicBool,
    ) -> Result<Repository, BuildError> {
        match self.stored(url)? {
            Some(repository) if repository.find_commit(commit).is_ok() => Ok(repository),
            _ => self.current(url, cancel),
        }
    }

    /// The copy with the head of a pull request, as GitHub and Gitea name it.
    ///
    /// # Errors
    /// When git cannot fetch it, or there is no such pull request.
    pub(crate) fn with_pull(
        &self,
        url: &str,
        number: u64,
        cancel: &AtomicBool,
    ) -> Result<Repository, BuildError> {
        let reference = format!("refs/pull/{number}/head");
        self.fetch(url, &reference, &[&format!("+{reference}:{reference}")], cancel)
    }

    /// The copy as it is, if there is one.
    ///
    /// # Errors
    /// When there is one that cannot be read.
    pub(crate) fn stored(&self, url: &str) -> Result<Option<Repository>, BuildError> {
        let folder = self.folder(url);
        if !folder.join("HEAD").is_file() {
            return Ok(None);
        }
        let opened = Repository::open_bare(&folder);
        opened.map(Some).map_err(git(format!("opening the copy of {url} in {}", folder.display())))
    }

    /// Forgets that something was fetched, so that the next question asks again.
    pub(crate) fn expire(&self) {
        self.fetched.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn fetch(
        &self,
        url: &str,
        what: &str,
        refs: &[&str],
        cancel: &AtomicBool,
    ) -> Result<Repository, BuildError> {
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let question = (url.to_owned(), what.to_owned());
        if fetched.contains(&question)
            && let Some(repository) = self.stored(url)?
        {
            return Ok(repository);
        }
        let folder = self.folder(url);
        std::fs::create_dir_all(&folder).map_err(io("creating", &folder))?;
        let _lock = lock::acquire(&folder.with_extension("lock"), cancel, || {})?;
        call(url, Command::new("git").args(["init", "--bare", "--quiet"]).arg(&folder))?;
        let mut fetch = within(&folder);
        fetch.args(["fetch", "--quiet", "--force", "--no-tags", "--no-auto-gc"]);
        if refs == REFS {
            fetch.arg("--prune");
        }
        call(url, fetch.args(["--", url]).args(refs))?;
        if refs == REFS {
            follow_head(url, &folder)?;
        }
        fetched.insert(question);
        let opened = Repository::open_bare(&folder);
        opened.map_err(git(format!("opening the copy of {url} in {}", folder.display())))
    }

    fn folder(&self, url: &str) -> PathBuf {
        self.layout.repositories().join(format!("{}.git", hex(&Digest::of(url), 16)))
    }
}

/// Makes HEAD of the copy what it is there: the branch a bare name means.
fn follow_head(url: &str, folder: &Path) -> Result<(), BuildError> {
    let said = call(url, within(folder).args(["ls-remote", "--symref", "--", url, "HEAD"]))?;
    let branch = said.lines().find_map(|line| line.strip_prefix("ref: ")?.strip_suffix("\tHEAD"));
    // A detached HEAD there leaves ours where it was.
    match branch {
        Some(branch) => call(url, within(folder).args(["symbolic-ref", "HEAD", branch])).map(drop),
        None => Ok(()),
    }
}

fn within(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("--git-dir").arg(folder);
    git
}

fn call(url: &str, git: &mut Command) -> Result<String, BuildError> {
    for name in environment::GIT_PLACES {
        git.env_remove(name);
    }
    // Somebody may be asleep: no question at a terminal.
    git.env("GIT_TERMINAL_PROMPT", "0").envs(LOW_SPEED).stdin(Stdio::null());
    let output = git.output().map_err(|e| BuildError::Tool {
        program: "git",
        problem: format!("{e}; install it, or name a repository on this machine by its folder"),
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Err(BuildError::Fetch { url: without_password(url), problem: said.join("; ") })
}

/// `https://user:secret@host/x` as people may see it.
fn without_password(url: &str) -> String {
    match url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?))) {
        Some((scheme, (user, rest))) if user.contains(':') && !user.contains('/') => {
            format!("{scheme}://...@{rest}")
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses_are_not_shown() {
        for (url, expected) in [
            ("https://me:secret@example.org/a", "https://...@example.org/a"),
            ("https://example.org/a@b:c", "https://example.org/a@b:c"),
            ("ssh://git@example.org/a", "ssh://git@example.org/a"),
            ("git@example.org:a/b", "git@example.org:a/b"),
        ] {
            assert_eq!(without_password(url), expected);
        }
    }
}
