//! Which commits are releases: all tags of a pattern. It only reads.

use crate::Builder;
use crate::error::{BuildError, git};
use crate::repository;
use model::VersionId;

impl Builder {
    /// Every tag matching `tags` (a pattern as `git tag --list` takes it) with the
    /// commit it names, oldest commit first.
    ///
    /// # Errors
    /// When there is no repository, or its tags cannot be read.
    pub fn tagged(&self, tags: &str) -> Result<Vec<(String, VersionId)>, BuildError> {
        let repository = self.project().open()?;
        let folder = repository::folder(&repository);
        let names = repository
            .tag_names(Some(tags))
            .map_err(git(format!("reading the tags of {}", folder.display())))?;
        let mut tagged = Vec::new();
        for name in names.iter().flatten().flatten() {
            // A tag may name something else than a commit.
            let object = repository.revparse_single(&format!("refs/tags/{name}"));
            let Ok(commit) = object.and_then(|object| object.peel_to_commit()) else { continue };
            tagged.push((commit.time().seconds(), name.to_owned(), repository::version(&commit)));
        }
        tagged.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        Ok(tagged.into_iter().map(|(_, name, version)| (name, version)).collect())
    }
}
