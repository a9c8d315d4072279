//! Where a version stands in the history of its target: the one order that pages,
//! charts and the search for changes share.

use super::VersionId;
use jiff::Timestamp;

/// A place in the order of a target's versions: commits by time, releases by
/// number as <https://semver.org> orders them, so that `2.0.0-rc.1` is before
/// `2.0.0`. The text is the version's name, a full hash or a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A release.
    Release(semver::Version, String),
    /// A commit.
    Commit(Timestamp, String),
}

impl Place {
    /// The name of the version that stands there.
    pub fn name(&self) -> &str {
        let (Self::Release(_, name) | Self::Commit(_, name)) = self;
        name
    }
}

impl VersionId {
    /// Its place; `None` of what stands in no order: given binaries, modified
    /// sources, and releases whose number cannot be read.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Commit { sha, committed_at, modified: None, .. } => {
                Some(Place::Commit(*committed_at, sha.clone()))
            }
            Self::Release { version } => {
                Some(Place::Release(version.parse().ok()?, version.clone()))
            }
            Self::Commit { .. } | Self::Binary { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_stand_by_number_and_candidates_before_them() {
        let place = |version: &str| VersionId::Release { version: version.to_owned() }.place();
        let numbers = ["9.0.2", "9.0.12", "9.1.0", "10.0.0-rc.1", "10.0.0-rc.12", "10.0.0"];
        let places: Vec<_> = numbers.into_iter().map(|number| place(number).unwrap()).collect();
        assert!(places.is_sorted(), "{places:?}");
        assert_eq!(places[3].name(), "10.0.0-rc.1");
        assert_eq!(place("1; rm -r ~"), None);
    }
}
