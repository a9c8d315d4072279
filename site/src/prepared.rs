//! Which comparisons are prepared, for readers without JavaScript and for links
//! from other pages: releases, neighbours, and what was measured side by side. It
//! must not compare.

use crate::inputs::Inputs;
use crate::pages::Site;
use crate::versions::{Version, VersionRef};
use compare::Index;
use model::{ProfileName, VersionId};
use std::collections::{BTreeMap, BTreeSet};

/// So many of the newest neighbours and of the newest comparisons.
const MOST: usize = 40;

/// Two versions, as positions in [`Index::versions`]: the older and the newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub(crate) a: usize,
    pub(crate) b: usize,
}

/// The pairs, newest first, under what they are; none twice.
pub(crate) fn groups(site: &Site<'_>, index: &Index) -> Vec<(&'static str, Vec<Pair>)> {
    let mut seen = BTreeSet::new();
    let groups = [
        ("Releases, each with the one before", releases(site, index)),
        ("Measured side by side", side_by_side(site, index)),
        ("Neighbouring commits", neighbours(site, index)),
    ];
    groups
        .into_iter()
        .map(|(why, mut pairs)| {
            pairs.retain(|pair| seen.insert(*pair));
            (why, pairs)
        })
        .collect()
}

/// Every release that was measured, with the one before it of the same target;
/// the newest of each target first.
pub(crate) fn releases(site: &Site<'_>, index: &Index) -> Vec<Pair> {
    let places = places(index);
    let place = |version: &VersionRef| {
        let name = site.history.versions.get(*version).full_label();
        places.get(name.as_str()).copied()
    };
    let mut pairs = Vec::new();
    for target in targets(site) {
        let releases = releases_of(site, target);
        let of_target = releases.windows(2).rev();
        pairs.extend(
            of_target.filter_map(|two| Some(Pair { a: place(&two[0])?, b: place(&two[1])? })),
        );
    }
    pairs
}

/// The targets that were measured, the default one first; the anchor is none.
pub(crate) fn targets<'a>(site: &Site<'a>) -> Vec<&'a str> {
    let config = site.config();
    let names: BTreeSet<&str> = site
        .history
        .versions
        .all()
        .map(|version| site.history.versions.get(version).target.as_str())
        .filter(|target| config.anchor.as_deref() != Some(*target))
        .collect();
    let mut targets: Vec<&str> = names.into_iter().collect();
    targets.sort_by_key(|target| *target != config.default_target);
    targets
}

/// The measured releases of a target, in order: by number, or by the time of the
/// commit that a tag names.
pub(crate) fn releases_of(site: &Site<'_>, target: &str) -> Vec<VersionRef> {
    let versions = &site.history.versions;
    let mut releases: Vec<VersionRef> = versions
        .of_target(target)
        .into_iter()
        .filter(|version| release_name(site, *version).is_some())
        .collect();
    releases.sort_by_key(|version| versions.place_rank(*version));
    releases
}

/// What a version is called as a release, if it is one.
pub(crate) fn release_name(site: &Site<'_>, version: VersionRef) -> Option<String> {
    name_of(site.inputs, site.history.versions.get(version))
}

/// The same of a version that stands for itself.
pub(crate) fn name_of(inputs: &Inputs, version: &Version) -> Option<String> {
    match &version.id {
        VersionId::Release { version } => Some(version.clone()),
        VersionId::Commit { sha, modified: None, .. } => {
            Some(inputs.release(&version.target, sha)?.name.clone())
        }
        VersionId::Commit { .. } | VersionId::Binary { .. } => None,
    }
}

/// The first two versions of the newest comparisons.
fn side_by_side(site: &Site<'_>, index: &Index) -> Vec<Pair> {
    let places = places(index);
    let compared = site.entries.iter().filter(|it| it.profile == ProfileName::Compare.word());
    let pair = |entry: &crate::source::RunEntry| {
        let place = |at: usize| places.get(entry.versions.get(at)?.as_str()).copied();
        let (a, b) = (place(0)?, place(1)?);
        index.runs.iter().any(|run| run.id == entry.id.as_str()).then_some(Pair { a, b })
    };
    compared.filter_map(pair).take(MOST).collect()
}

/// The newest commits of the default target, each with the one before.
fn neighbours(site: &Site<'_>, index: &Index) -> Vec<Pair> {
    let own = format!("{}@", site.config().default_target);
    let of_target: Vec<usize> =
        (0..index.versions.len()).filter(|at| index.versions[*at].name.starts_with(&own)).collect();
    of_target.windows(2).take(MOST).map(|two| Pair { a: two[1], b: two[0] }).collect()
}

fn places(index: &Index) -> BTreeMap<&str, usize> {
    index.versions.iter().enumerate().map(|(at, version)| (version.name.as_str(), at)).collect()
}
