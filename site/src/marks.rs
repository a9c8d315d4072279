//! The versions of the default target that everything is told about: its
//! releases, and its newest.

use crate::histories;
use crate::inputs::Inputs;
use crate::series::History;
use crate::versions::VersionRef;
use model::VersionId;
use std::collections::{BTreeSet, HashMap};

/// A release that was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReleaseMark {
    pub(crate) version: VersionRef,
    pub(crate) name: String,
}

/// Versions with a meaning.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Measured releases of the default target, in order.
    pub(crate) releases: Vec<ReleaseMark>,
    /// Their positions.
    names: HashMap<VersionRef, usize>,
    /// The newest version of the default target that stands in the order.
    pub(crate) newest: Option<VersionRef>,
    /// The one before.
    pub(crate) before_newest: Option<VersionRef>,
}

impl Marks {
    /// Finds them.
    pub(crate) fn of(history: &History, inputs: &Inputs) -> Self {
        let target = &inputs.config.default_target;
        let mut versions = history.versions.of_target(target);
        let lines = history.suites.values().flatten().filter(|(key, _)| key.target == *target);
        let measured: BTreeSet<VersionRef> = lines
            .flat_map(|(_, line)| histories::points(history, line))
            .map(|point| point.measured)
            .collect();
        // A version that only quick runs measured is told of where there is no other.
        let is_whole = |version: &VersionRef| measured.is_empty() || measured.contains(version);
        let stands = |version: &VersionRef| history.versions.place_rank(*version).is_some();
        versions.retain(|version| stands(version) && is_whole(version));
        versions.sort_by_key(|version| history.versions.place_rank(*version));
        let releases = versions.iter().filter_map(|&version| {
            let name = match &history.versions.get(version).id {
                VersionId::Commit { sha, modified: None, .. } => {
                    inputs.release(target, sha)?.name.clone()
                }
                VersionId::Release { version } => version.clone(),
                VersionId::Commit { .. } | VersionId::Binary { .. } => return None,
            };
            Some(ReleaseMark { version, name })
        });
        let releases: Vec<ReleaseMark> = releases.collect();
        let positions = releases.iter().enumerate();
        Self {
            names: positions.map(|(at, release)| (release.version, at)).collect(),
            releases,
            newest: versions.last().copied(),
            before_newest: versions.iter().rev().nth(1).copied(),
        }
    }

    /// The last release.
    pub(crate) fn last_release(&self) -> Option<&ReleaseMark> {
        self.releases.last()
    }

    /// What the newest version is held against: the last release, or without one
    /// the version before.
    pub(crate) fn since_release(&self) -> Option<[VersionRef; 2]> {
        let newest = self.newest?;
        let mut earlier = self.releases.iter().rev().map(|release| release.version);
        let base = earlier.find(|version| *version != newest).or(self.before_newest)?;
        Some([base, newest])
    }

    /// The last release and the one before.
    pub(crate) fn of_release(&self) -> Option<[VersionRef; 2]> {
        let [.., before, last] = self.releases.as_slice() else { return None };
        Some([before.version, last.version])
    }

    /// What a version is called: its release, if it is one.
    pub(crate) fn name(&self, history: &History, version: VersionRef) -> String {
        self.named(history, version).to_owned()
    }

    /// The same, where it is said of thousands.
    pub(crate) fn named<'a>(&'a self, history: &'a History, version: VersionRef) -> &'a str {
        let release = self.names.get(&version).map(|at| self.releases[*at].name.as_str());
        release.unwrap_or_else(|| history.versions.label(version))
    }
}
