//! Finds the repository and the commits people name. It only reads, and it
//! must not look at the content of a commit; that is for `source`.

use crate::error::{BuildError, git};
use git2::{Commit, ErrorCode, ObjectType, Oid, Repository};
use jiff::Timestamp;
use model::VersionId;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The project's repository, if it is in one. Opened anew for every question,
/// since git's handle cannot be shared between threads.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    folder: PathBuf,
    git_folder: Option<PathBuf>,
}

impl Project {
    /// Looks for a repository at `folder` and above.
    pub(crate) fn discover(folder: &Path) -> Result<Self, BuildError> {
        let git_folder = match Repository::discover(folder) {
            Ok(repository) => Some(repository.path().to_owned()),
            Err(e) if e.code() == ErrorCode::NotFound => None,
            Err(e) => {
                return Err(git(format!("opening the repository of {}", folder.display()))(e));
            }
        };
        Ok(Self { folder: folder.to_owned(), git_folder })
    }

    /// The folder of the project.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens the repository.
    pub(crate) fn open(&self) -> Result<Repository, BuildError> {
        let Some(folder) = &self.git_folder else {
            return Err(BuildError::NoRepository { project: self.folder.clone() });
        };
        Repository::open(folder).map_err(git(format!("opening {}", folder.display())))
    }
}

/// The folder people know the repository by.
pub(crate) fn folder(repository: &Repository) -> PathBuf {
    // Git's paths end in a slash; people's do not.
    repository.workdir().unwrap_or(repository.path()).components().collect()
}

/// The commit that is checked out.
pub(crate) fn head(repository: &Repository) -> Result<Commit<'_>, BuildError> {
    let no_commit = || BuildError::NoCommit { repository: folder(repository) };
    match repository.head().and_then(|head| head.peel_to_commit()) {
        Ok(commit) => Ok(commit),
        Err(e) if matches!(e.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => {
            Err(no_commit())
        }
        Err(e) => Err(git(format!("reading HEAD of {}", folder(repository).display()))(e)),
    }
}

/// The commit that a branch, tag, hash or expression names.
pub(crate) fn commit<'r>(
    repository: &'r Repository,
    reference: &str,
) -> Result<Commit<'r>, BuildError> {
    let refused = |problem: String| BuildError::NotACommit {
        reference: reference.to_owned(),
        repository: folder(repository),
        problem,
    };
    let object = match repository.revparse_single(reference) {
        Ok(object) => object,
        Err(e) if e.code() == ErrorCode::NotFound => {
            // An empty repository knows no ref at all; say that instead.
            if repository.is_empty().unwrap_or(false) {
                head(repository)?;
            }
            return Err(BuildError::UnknownRef {
                reference: reference.to_owned(),
                repository: folder(repository),
                remedy: remedy(repository, reference),
            });
        }
        Err(e) if e.code() == ErrorCode::Ambiguous => {
            return Err(refused("several objects begin like that; write more digits".to_owned()));
        }
        Err(e) => return Err(refused(e.message().to_owned())),
    };
    let kind = object.kind().map_or("something else", |kind: ObjectType| kind.str());
    object.peel_to_commit().map_err(|_| refused(format!("it is a {kind}")))
}

/// The commit of that hash, resolved earlier.
pub(crate) fn commit_of(repository: &Repository, id: Oid) -> Result<Commit<'_>, BuildError> {
    repository
        .find_commit(id)
        .map_err(git(format!("reading commit {id} of {}", folder(repository).display())))
}

/// The commits after `first` up to and including `last`, oldest first, along the
/// first parents of merges: what a branch went through. `None` if `first` does not
/// lie there.
pub(crate) fn path(
    repository: &Repository,
    first: &Commit<'_>,
    last: &Commit<'_>,
) -> Result<Option<Vec<String>>, BuildError> {
    let mut commits = Vec::new();
    let mut at = last.clone();
    while at.id() != first.id() {
        commits.push(at.id().to_string());
        if at.parent_count() == 0 {
            return Ok(None);
        }
        at = at
            .parent(0)
            .map_err(git(format!("reading the history of {}", folder(repository).display())))?;
    }
    commits.reverse();
    Ok(Some(commits))
}

/// A commit and its first parents, newest first.
pub(crate) fn first_parents(
    repository: &Repository,
    newest: &Commit<'_>,
) -> Result<Vec<Oid>, BuildError> {
    let doing = || format!("reading the history of {}", folder(repository).display());
    let mut commits = vec![newest.id()];
    let mut at = newest.clone();
    while at.parent_count() > 0 {
        at = at.parent(0).map_err(git(doing()))?;
        commits.push(at.id());
    }
    Ok(commits)
}

/// The commits of all tags that match a pattern of git's.
pub(crate) fn tagged(repository: &Repository, pattern: &str) -> Result<BTreeSet<Oid>, BuildError> {
    let doing = || format!("reading the tags of {}", folder(repository).display());
    let names = repository.tag_names(Some(pattern)).map_err(git(doing()))?;
    let commits = names.iter().flatten().flatten().filter_map(|name| {
        let tagged = repository.revparse_single(&format!("refs/tags/{name}")).ok()?;
        Some(tagged.peel_to_commit().ok()?.id())
    });
    Ok(commits.collect())
}

/// The newest tag that matches a pattern of git's and whose commit lies before
/// `commit` in its history.
pub(crate) fn newest_tag_before(
    repository: &Repository,
    pattern: &str,
    commit: &Commit<'_>,
) -> Result<Option<String>, BuildError> {
    let doing = || format!("reading the tags of {}", folder(repository).display());
    let names = repository.tag_names(Some(pattern)).map_err(git(doing()))?;
    let mut newest = None;
    for name in names.iter().flatten().flatten() {
        // A tag may name something else than a commit.
        let tagged = repository.revparse_single(&format!("refs/tags/{name}"));
        let Ok(tagged) = tagged.and_then(|object| object.peel_to_commit()) else { continue };
        let before = repository.graph_descendant_of(commit.id(), tagged.id());
        if before.map_err(git(doing()))? {
            let at = tagged.time().seconds();
            newest = newest.max(Some((at, name.to_owned())));
        }
    }
    Ok(newest.map(|(_, name)| name))
}

/// The identity of an unmodified commit.
pub(crate) fn version(commit: &Commit<'_>) -> VersionId {
    let subject = String::from_utf8_lossy(commit.summary_bytes().unwrap_or_default())
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    VersionId::Commit {
        sha: commit.id().to_string(),
        subject,
        committed_at: committed_at(commit),
        modified: None,
    }
}

/// Git stores seconds, and a rebase commits many in one: a nanosecond is added for
/// each commit of that second before it, so that their times have their order.
fn committed_at(commit: &Commit<'_>) -> Timestamp {
    let before = std::iter::successors(parent_in_second(commit), parent_in_second).count();
    // Seconds outside of the calendar are nonsense.
    Timestamp::new(commit.time().seconds(), i32::try_from(before).unwrap_or_default())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

fn parent_in_second<'r>(commit: &Commit<'r>) -> Option<Commit<'r>> {
    let parent = commit.parent(0).ok()?;
    (parent.time().seconds() == commit.time().seconds()).then_some(parent)
}

fn remedy(repository: &Repository, reference: &str) -> String {
    let fetch = if repository.is_shallow() {
        "this clone is shallow, so `git fetch --unshallow --tags` may bring it"
    } else {
        "if it is elsewhere, `git fetch --all --tags` brings it"
    };
    // `HEAD~9`: the name is known, its history is too short.
    if let Some(base) = reference.split(['~', '^']).next()
        && base != reference
        && repository.revparse_single(base).is_ok()
    {
        return format!("`{base}` exists, but nothing lies there in its history ({fetch})");
    }
    let known = names(repository);
    let close = close_names(reference, &known);
    if close.is_empty() {
        return fetch.to_owned();
    }
    let close: Vec<String> = close.iter().map(|name| format!("`{name}`")).collect();
    format!("did you mean {}? ({fetch})", close.join(" or "))
}

fn names(repository: &Repository) -> Vec<String> {
    let Ok(references) = repository.references() else { return Vec::new() };
    references
        .flatten()
        .filter(|one| one.is_branch() || one.is_tag() || one.is_remote())
        .filter_map(|one| one.shorthand().ok().map(str::to_owned))
        .collect()
}

/// At most three known names that differ from the asked one in at most a third
/// of its letters; `mian~2` finds `main`, `feature` finds `origin/feature`.
fn close_names<'n>(reference: &str, known: &'n [String]) -> Vec<&'n str> {
    let asked = reference.split(['~', '^', '@', ':']).next().unwrap_or_default();
    let allowed = asked.chars().count().div_ceil(3);
    let mut close: Vec<(usize, &str)> = known
        .iter()
        .filter_map(|name| {
            let local = name.split_once('/').map_or(name.as_str(), |(_, local)| local);
            let distance = strsim::damerau_levenshtein(asked, name)
                .min(strsim::damerau_levenshtein(asked, local));
            (distance <= allowed).then_some((distance, name.as_str()))
        })
        .collect();
    close.sort_unstable();
    close.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_found() {
        let known =
            ["main", "origin/feature", "v1.2", "v1.3", "release"].map(str::to_owned).to_vec();
        let check = |asked: &str, expected: &[&str]| {
            assert_eq!(close_names(asked, &known), expected, "{asked}");
        };
        check("mian", &["main"]);
        check("mian~2", &["main"]);
        check("feature", &["origin/feature"]);
        check("v1.4", &["v1.2", "v1.3"]);
        check("something-else", &[]);
        check("~1", &[]);
    }

    #[test]
    fn commits_of_one_second_have_their_order() {
        let folder = tempfile::TempDir::new().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        let tree = repository.treebuilder(None).unwrap().write().unwrap();
        let tree = repository.find_tree(tree).unwrap();
        let mut last = None;
        let times = [50, 50, 50, 60, 60, 40].map(|second| {
            let time = git2::Time::new(second, 0);
            let who = git2::Signature::new("Test", "test@example.org", &time).unwrap();
            let parents: Vec<&Commit<'_>> = last.iter().collect();
            let id = repository.commit(None, &who, &who, "Go on", &tree, &parents).unwrap();
            last = Some(repository.find_commit(id).unwrap());
            committed_at(last.as_ref().unwrap()).as_nanosecond()
                - i128::from(second) * 1_000_000_000
        });
        assert_eq!(times, [0, 1, 2, 0, 1, 0]);
    }
}
