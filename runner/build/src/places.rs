//! Which repository a target's commits are in, and the commit people name. It
//! only reads, but for copies of other repositories below the cache.

use crate::error::{BuildError, git};
use crate::mirrors::Mirrors;
use crate::repository::{self, Project};
use git2::{Oid, Repository};
use model::{Origin, Target};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Finds repositories and commits.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) project: Project,
    pub(crate) mirrors: Mirrors,
}

/// Where a target's commits are.
pub(crate) enum Place<'t> {
    /// In a repository on this machine.
    Here(Repository),
    /// Behind a URL.
    There(&'t str),
}

impl Places {
    /// Where a target's commits are.
    ///
    /// # Errors
    /// When there is no repository, or it cannot be read.
    pub(crate) fn of<'t>(&self, target: &'t Target) -> Result<Place<'t>, BuildError> {
        match &target.origin {
            Origin::Folder { repository: Some(place), .. } => {
                let folder = self.project.folder().join(place);
                if !folder.exists() && is_url(place) {
                    return Ok(Place::There(place));
                }
                let opened = Repository::open(&folder);
                opened.map(Place::Here).map_err(git(format!("opening {}", folder.display())))
            }
            _ => self.project.open().map(Place::Here),
        }
    }

    /// The repository as it is now, to look for branches and tags.
    ///
    /// # Errors
    /// When it cannot be read or fetched.
    pub(crate) fn open(
        &self,
        target: &Target,
        cancel: &AtomicBool,
    ) -> Result<Repository, BuildError> {
        match self.of(target)? {
            Place::Here(repository) => Ok(repository),
            Place::There(url) => self.mirrors.current(url, cancel),
        }
    }

    /// The repository that holds the commit people name, and which that is.
    ///
    /// # Errors
    /// When there is none of that name.
    pub(crate) fn find(
        &self,
        target: &Target,
        reference: &str,
        cancel: &AtomicBool,
    ) -> Result<(Repository, Oid), BuildError> {
        if let Some(number) = pull(reference) {
            return self.find_pull(target, number, cancel);
        }
        let repository = match (self.of(target)?, Oid::from_str(reference)) {
            (Place::There(url), Ok(id)) if reference.len() == 40 => {
                self.mirrors.holding(url, id, cancel)?
            }
            (Place::There(url), _) => self.mirrors.current(url, cancel)?,
            (Place::Here(repository), Ok(id))
                if reference.len() == 40 && repository.find_commit(id).is_err() =>
            {
                // A pull request's, fetched earlier.
                let url = remote(&repository).unwrap_or_default();
                self.mirrors.stored(&url)?.unwrap_or(repository)
            }
            (Place::Here(repository), _) => repository,
        };
        let id = repository::commit(&repository, reference)?.id();
        Ok((repository, id))
    }

    /// The head of a pull request where the target's commits come from.
    fn find_pull(
        &self,
        target: &Target,
        number: u64,
        cancel: &AtomicBool,
    ) -> Result<(Repository, Oid), BuildError> {
        let reference = format!("refs/pull/{number}/head");
        let url = match self.of(target)? {
            Place::There(url) => url.to_owned(),
            Place::Here(repository) => match remote(&repository) {
                Some(url) => url,
                None => {
                    // Without a remote, what somebody fetched by hand.
                    let id = repository::commit(&repository, &reference)?.id();
                    return Ok((repository, id));
                }
            },
        };
        let repository = self.mirrors.with_pull(&url, number, cancel)?;
        let id = repository::commit(&repository, &reference)?.id();
        Ok((repository, id))
    }
}

/// `pull/12`.
fn pull(reference: &str) -> Option<u64> {
    reference.strip_prefix("pull/")?.parse().ok()
}

/// Where a clone came from; a relative address is relative to it.
pub(crate) fn remote(repository: &Repository) -> Option<String> {
    let remote = repository.find_remote("origin").ok()?;
    let url = remote.url().ok()?.to_owned();
    let folder = repository::folder(repository);
    match Path::new(&url).is_relative() && folder.join(&url).exists() {
        true => Some(folder.join(url).to_string_lossy().into_owned()),
        false => Some(url),
    }
}

/// Whether this is an address and no folder: `https://..`, `git@host:path`.
fn is_url(text: &str) -> bool {
    text.contains("://") || text.split_once(':').is_some_and(|(host, _)| !host.contains('/'))
}
