//! The versions on the horizontal axis of every chart, in the order of their
//! commits. It must not know what was measured on them.

use crate::words;
use jiff::Timestamp;
use model::{Digest, Hasher, Place, VersionId};
use std::collections::{BTreeMap, BTreeSet};

/// Names a version inside one build of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct VersionRef(u32);

/// One state of one target.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// The target it is a version of.
    pub(crate) target: String,
    /// Which version.
    pub(crate) id: VersionId,
    /// When a run with it first started.
    pub(crate) first_measured: Timestamp,
    /// What was measured of it: several where a build is not reproducible.
    binaries: BTreeSet<Digest>,
}

/// Every version met so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versions {
    all: Vec<Version>,
    known: BTreeMap<(String, String), VersionRef>,
    /// By reference; made by [`Self::settle`].
    ranks: Vec<u32>,
    /// Likewise, among what stands in an order.
    place_ranks: Vec<Option<u32>>,
    /// Likewise, what is said of each at a thousand points.
    told: Vec<Told>,
}

/// What is said of a version again and again.
#[derive(Debug, Clone)]
struct Told {
    label: String,
    day: String,
    /// Of everything known of it.
    digest: Digest,
}

impl Versions {
    /// The reference of a version, which is new or known.
    pub(crate) fn intern(
        &mut self,
        target: &str,
        id: &VersionId,
        binary: Digest,
        run_started: Timestamp,
    ) -> VersionRef {
        let key = (target.to_owned(), identity(id));
        let reference = *self.known.entry(key).or_insert_with(|| {
            self.all.push(Version {
                target: target.to_owned(),
                id: id.clone(),
                first_measured: run_started,
                binaries: BTreeSet::new(),
            });
            VersionRef(self.all.len() as u32 - 1)
        });
        let version = &mut self.all[reference.0 as usize];
        version.first_measured = version.first_measured.min(run_started);
        version.binaries.insert(binary);
        reference
    }

    /// What was measured of a version, if that is one binary.
    pub(crate) fn binary(&self, reference: VersionRef) -> Option<Digest> {
        let binaries = &self.get(reference).binaries;
        binaries.first().filter(|_| binaries.len() == 1).copied()
    }

    /// Whether two versions of a target are the same binary, between which nothing can
    /// have changed.
    pub(crate) fn are_one_binary(&self, a: VersionRef, b: VersionRef) -> bool {
        let is_of_one_target = self.get(a).target == self.get(b).target;
        is_of_one_target && self.binary(a).is_some_and(|of_a| Some(of_a) == self.binary(b))
    }

    /// The version a reference of this collection stands for.
    pub(crate) fn get(&self, reference: VersionRef) -> &Version {
        &self.all[reference.0 as usize]
    }

    /// Orders all versions, once every run is known: by the time of the commit,
    /// else of the first measurement; then by names, so that the order never
    /// depends on chance. The releases of a target stand together in their own
    /// order: a backfill measures the newest first.
    pub(crate) fn settle(&mut self) {
        let mut order: Vec<u32> = (0..self.all.len() as u32).collect();
        let mut first_release: BTreeMap<&str, Timestamp> = BTreeMap::new();
        for version in self.all.iter().filter(|it| matches!(it.id, VersionId::Release { .. })) {
            let first = first_release.entry(&version.target).or_insert(version.first_measured);
            *first = version.first_measured.min(*first);
        }
        order.sort_by_cached_key(|&reference| {
            let version = self.get(VersionRef(reference));
            let target = version.target.clone();
            let (time, place) = match &version.id {
                id @ VersionId::Release { .. } => {
                    let first = first_release.get(target.as_str()).copied();
                    (first.unwrap_or(version.first_measured), id.place())
                }
                VersionId::Commit { .. } | VersionId::Binary { .. } => (version.time(), None),
            };
            (time, target, place, identity(&version.id))
        });
        self.ranks = vec![0; order.len()];
        for (rank, reference) in (0..).zip(order) {
            self.ranks[reference as usize] = rank;
        }
        let places: Vec<Option<Place>> =
            self.all.iter().map(|version| version.id.place()).collect();
        let mut order: Vec<usize> = (0..places.len()).filter(|at| places[*at].is_some()).collect();
        order.sort_by(|a, b| places[*a].cmp(&places[*b]));
        self.place_ranks = vec![None; places.len()];
        for (rank, at) in (0..).zip(order) {
            self.place_ranks[at] = Some(rank);
        }
        self.told = self.all.iter().map(Told::of).collect();
    }

    /// The short name of a version.
    pub(crate) fn label(&self, reference: VersionRef) -> &str {
        &self.told[reference.0 as usize].label
    }

    /// The day of a version: see [`Version::time`].
    pub(crate) fn day(&self, reference: VersionRef) -> &str {
        &self.told[reference.0 as usize].day
    }

    /// Differs where anything said of a version does.
    pub(crate) fn digest(&self, reference: VersionRef) -> Digest {
        self.told[reference.0 as usize].digest
    }

    /// Where a version stands among those that stand in an order; see
    /// [`VersionId::place`].
    pub(crate) fn place_rank(&self, reference: VersionRef) -> Option<u32> {
        self.place_ranks[reference.0 as usize]
    }

    /// Where a version stands among all.
    pub(crate) fn rank(&self, reference: VersionRef) -> u32 {
        self.ranks[reference.0 as usize]
    }

    /// Every version, in order.
    pub(crate) fn in_order(&self) -> Vec<VersionRef> {
        let mut all: Vec<VersionRef> = (0..self.all.len() as u32).map(VersionRef).collect();
        all.sort_by_key(|version| self.rank(*version));
        all
    }

    /// Every version, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = VersionRef> + use<> {
        (0..self.all.len() as u32).map(VersionRef)
    }

    /// Every version of a target, in order.
    pub(crate) fn of_target(&self, target: &str) -> Vec<VersionRef> {
        let all = self.in_order().into_iter();
        all.filter(|version| self.get(*version).target == target).collect()
    }
}

impl Told {
    fn of(version: &Version) -> Self {
        let digest = Hasher::default()
            .part("target", &version.target)
            .part("identity", identity(&version.id))
            .part("subject", version.subject())
            .part("time", version.time().to_string());
        Self { label: version.label(), day: words::day(version.time()), digest: digest.finish() }
    }
}

impl Version {
    /// The full name: a hash, a release.
    pub(crate) fn name(&self) -> String {
        match &self.id {
            VersionId::Commit { sha, .. } => sha.clone(),
            VersionId::Release { version } => version.clone(),
            VersionId::Binary { sha256 } => sha256.to_string(),
        }
    }

    /// A short name.
    pub(crate) fn label(&self) -> String {
        self.id.label()
    }

    /// Target and short name, as the command line takes them.
    pub(crate) fn full_label(&self) -> String {
        self.id.full_label(&self.target)
    }

    /// When it was committed, else when it was first measured.
    pub(crate) fn time(&self) -> Timestamp {
        match &self.id {
            VersionId::Commit { committed_at, .. } => *committed_at,
            VersionId::Release { .. } | VersionId::Binary { .. } => self.first_measured,
        }
    }

    /// What the commit says, or what kind of version it is.
    pub(crate) fn subject(&self) -> String {
        match &self.id {
            VersionId::Commit { subject, modified: None, .. } => subject.clone(),
            VersionId::Commit { subject, modified: Some(_), .. } => {
                format!("{subject} (with uncommitted changes)")
            }
            VersionId::Release { .. } => "release".to_owned(),
            VersionId::Binary { .. } => "a given binary".to_owned(),
        }
    }

    /// The command that measures it again.
    pub(crate) fn reproduce(&self, suite: &str) -> String {
        let version = match &self.id {
            VersionId::Commit { sha, .. } => sha.chars().take(12).collect(),
            VersionId::Release { version } => version.clone(),
            VersionId::Binary { .. } => "path:BINARY".to_owned(),
        };
        let what = format!("{}@{version}", self.target);
        format!("bench run {} --suite {}", shell_word(&what), shell_word(suite))
    }

    /// What the command cannot bring back, if anything.
    pub(crate) fn caveat(&self) -> Option<String> {
        match &self.id {
            VersionId::Commit { modified: Some(digest), .. } => Some(format!(
                "The measured sources had uncommitted changes (digest {}) on top of this commit.",
                digest.short()
            )),
            VersionId::Binary { sha256 } => {
                Some(format!("BINARY is the file with the SHA-256 {sha256}."))
            }
            VersionId::Commit { .. } | VersionId::Release { .. } => None,
        }
    }
}

/// A word for a shell: names come from uploads, and readers paste commands.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = !word.is_empty()
        && !word.starts_with('-')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "@._:/-".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn identity(id: &VersionId) -> String {
    match id {
        VersionId::Commit { sha, modified: None, .. } => format!("commit {sha}"),
        VersionId::Commit { sha, modified: Some(digest), .. } => format!("commit {sha} {digest}"),
        VersionId::Release { version } => format!("release {version}"),
        VersionId::Binary { sha256 } => format!("binary {sha256}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_stand_in_their_own_order_whenever_they_were_measured() {
        let mut versions = Versions::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut add = |number: &str, second| {
            let id = VersionId::Release { version: number.to_owned() };
            versions.intern("serve", &id, Digest::of(number), at(second))
        };
        let mut references = ["10.0.0", "9.1.0", "10.0.0-rc.1", "9.0.12", "9.0.2"]
            .iter()
            .zip(1..)
            .map(|(number, second)| add(number, second))
            .collect::<Vec<_>>();
        versions.settle();
        references.sort_by_key(|it| versions.rank(*it));
        let labels: Vec<String> = references.iter().map(|it| versions.get(*it).label()).collect();
        assert_eq!(labels, ["9.0.2", "9.0.12", "9.1.0", "10.0.0-rc.1", "10.0.0"]);
    }

    #[test]
    fn a_pasted_command_is_one_command() {
        let version = |version: &str| Version {
            target: "host".into(),
            id: VersionId::Release { version: version.into() },
            first_measured: Timestamp::UNIX_EPOCH,
            binaries: BTreeSet::new(),
        };
        let check = |release: &str, suite: &str, expected: &str| {
            assert_eq!(version(release).reproduce(suite), expected);
        };
        check("48.0.8", "size", "bench run host@48.0.8 --suite size");
        check("1; rm -r ~", "size", "bench run 'host@1; rm -r ~' --suite size");
        check("1", "it's $HOME", r"bench run host@1 --suite 'it'\''s $HOME'");
        check("1", "-x", "bench run host@1 --suite '-x'");
    }
}
