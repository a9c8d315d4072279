//! From a range to its versions, oldest first. Commits are those a branch went
//! through; releases are asked of the registry through cargo, one by one from
//! the newest down, so that mirrors and credentials work as they do everywhere.
//! It must not build.

use crate::builder::Builder;
use crate::error::BuildError;
use crate::releases::{self, Release};
use crate::repository;
use crate::resolve::crate_of;
use model::{CrateSource, ReleaseSpec, Target, TargetRange, VersionRange, VersionSpec};
use semver::Version;

/// Most releases of one range: a typing error should not ask for ever.
const MOST_RELEASES: usize = 500;

impl Builder {
    /// The versions of a range, oldest first, both ends included. Of releases the
    /// newest of each major version, where the older end names one; of each minor
    /// version, where it names that; else every one. Yanked ones and pre-releases
    /// are none.
    ///
    /// # Errors
    /// When the target has no such range, or the registry cannot be asked.
    pub fn expand(
        &self,
        target: &Target,
        range: &TargetRange,
    ) -> Result<Vec<VersionSpec>, BuildError> {
        let all = match &range.range {
            VersionRange::Commits { first, last } => self.commits(target, first, last)?,
            VersionRange::Releases { first, last } => {
                self.releases(target, first, last.as_deref())?
            }
        };
        Ok(range.thin(all))
    }

    fn commits(
        &self,
        target: &Target,
        first: &str,
        last: &str,
    ) -> Result<Vec<VersionSpec>, BuildError> {
        let repository = self.places.open(target, &self.cancel)?;
        let [first_commit, last_commit] =
            [first, last].map(|name| repository::commit(&repository, name));
        let first_commit = first_commit?;
        let Some(after) = repository::path(&repository, &first_commit, &last_commit?)? else {
            return Err(BuildError::NoRange {
                first: first.to_owned(),
                last: last.to_owned(),
                repository: repository::folder(&repository),
            });
        };
        let all = std::iter::once(first_commit.id().to_string()).chain(after);
        Ok(all.map(VersionSpec::GitRef).collect())
    }

    fn releases(
        &self,
        target: &Target,
        first: &[u64],
        last: Option<&[u64]>,
    ) -> Result<Vec<VersionSpec>, BuildError> {
        let source = crate_of(target)?;
        let exactly = |version: String| VersionSpec::Release(ReleaseSpec::Exactly(version));
        let lowest = whole(first);
        if source.adapter.is_some() {
            // There is one release, or none.
            let release = self.resolve(target, &VersionSpec::Release(ReleaseSpec::Newest))?;
            let label = release.version().label();
            let fits = Version::parse(&label).is_ok_and(|version| {
                version >= lowest && last.is_none_or(|last| version < after(last, last.len()))
            });
            return Ok(if fits { vec![exactly(label)] } else { Vec::new() });
        }
        let mut found: Vec<Version> = Vec::new();
        let mut below = last.map(|last| after(last, last.len()));
        while found.len() < MOST_RELEASES {
            let Some(newest) = self.newest(source, &lowest, below.as_ref())? else { break };
            // The next one is older than the group this one is the newest of.
            let parts = [newest.major, newest.minor, newest.patch];
            below = Some(whole(&parts[..first.len().min(parts.len())]));
            found.push(newest);
        }
        found.reverse();
        Ok(found.into_iter().map(|version| exactly(version.to_string())).collect())
    }

    /// The newest release from `lowest` up and below `below`.
    fn newest(
        &self,
        source: &CrateSource,
        lowest: &Version,
        below: Option<&Version>,
    ) -> Result<Option<Version>, BuildError> {
        let range = match below {
            Some(below) if below <= lowest => return Ok(None),
            Some(below) => format!(">={lowest}, <{below}"),
            None => format!(">={lowest}"),
        };
        match Release::find(&self.layout, source, &ReleaseSpec::Within(range)) {
            Ok(release) => Ok(Version::parse(&release.version).ok()),
            Err(BuildError::Release { problem, .. }) if releases::is_none(&problem) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

/// `[48]` as 48.0.0.
fn whole(numbers: &[u64]) -> Version {
    let at = |index: usize| numbers.get(index).copied().unwrap_or(0);
    Version::new(at(0), at(1), at(2))
}

/// The first version after all that begin with `numbers`.
fn after(numbers: &[u64], length: usize) -> Version {
    let mut next = numbers.to_vec();
    if let Some(last) = next.get_mut(length.saturating_sub(1)) {
        *last = last.saturating_add(1);
    }
    whole(&next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_end_is_included_as_finely_as_it_is_written() {
        for (last, expected) in
            [(&[48][..], "49.0.0"), (&[48, 0], "48.1.0"), (&[48, 0, 7], "48.0.8")]
        {
            assert_eq!(after(last, last.len()).to_string(), expected);
        }
    }
}
