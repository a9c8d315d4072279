//! What is new: the versions a branch went through, or that were released since.
//! It must not build.

use crate::builder::Builder;
use crate::error::BuildError;
use crate::places::{self, Place};
use crate::repository;
use model::{Origin, ReleaseSpec, Target, TargetRange, VersionRange, VersionSpec};
use semver::Version;

/// A version in a line of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnLine {
    /// Exactly.
    pub version: VersionSpec,
    /// Whether it was released: a tag says so, or it is in a registry.
    pub is_release: bool,
}

impl Builder {
    /// The line of versions that a branch went through, or that were released:
    /// newest first, down to the oldest that is known, the newest alone where none
    /// is. Of a clone it is the branch of its origin. Of releases, the newest of each
    /// minor version.
    ///
    /// # Errors
    /// When there is no such branch, or nobody can be asked.
    pub fn line(
        &self,
        target: &Target,
        branch: Option<&str>,
        release_tags: &str,
        is_known: &dyn Fn(&VersionSpec) -> bool,
        known_releases: &[String],
    ) -> Result<Vec<OnLine>, BuildError> {
        if let Origin::Crate(_) = &target.origin {
            return self.line_of_releases(target, known_releases);
        }
        let repository = match self.places.of(target)? {
            Place::There(url) => self.places.mirrors.current(url, &self.cancel)?,
            Place::Here(repository) => match places::remote(&repository) {
                Some(url) => self.places.mirrors.current(&url, &self.cancel)?,
                None => repository,
            },
        };
        let tip = match branch {
            Some(branch) => repository::commit(&repository, branch)?,
            None => repository::head(&repository)?,
        };
        let tagged = repository::tagged(&repository, release_tags)?;
        let all = repository::first_parents(&repository, &tip)?;
        let mut line: Vec<OnLine> = all
            .into_iter()
            .map(|id| OnLine {
                version: VersionSpec::GitRef(id.to_string()),
                is_release: tagged.contains(&id),
            })
            .collect();
        let oldest = line.iter().rposition(|it| is_known(&it.version)).unwrap_or(0);
        line.truncate(oldest + 1);
        Ok(line)
    }

    fn line_of_releases(
        &self,
        target: &Target,
        known: &[String],
    ) -> Result<Vec<OnLine>, BuildError> {
        let oldest_known = known.iter().filter_map(|text| Version::parse(text).ok()).min();
        let released = |version| OnLine { version, is_release: true };
        let Some(oldest) = oldest_known else {
            let newest = self.resolve(target, &VersionSpec::Release(ReleaseSpec::Newest))?;
            let version = newest.version().label();
            return Ok(vec![released(VersionSpec::Release(ReleaseSpec::Exactly(version)))]);
        };
        let first = vec![oldest.major, oldest.minor];
        let range = VersionRange::Releases { first, last: None };
        let range = TargetRange { target: target.name.clone(), range, count: None };
        let mut found: Vec<OnLine> =
            self.expand(target, &range)?.into_iter().map(released).collect();
        found.reverse();
        Ok(found)
    }
}
