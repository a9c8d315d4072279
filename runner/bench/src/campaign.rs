//! Measuring many versions one after the other, each as a run of its own beside
//! the anchor: what `bench backfill` and `bench watch` share. What is stored
//! already is not measured again. It must not choose the order.

use crate::obtain::FailedBuilds;
use crate::output::note;
use crate::project::Project;
use crate::session::{Amount, Asked, Session, Sink, Straight, with_anchor};
use anyhow::{Context, Result};
use model::{
    Arm, Digest, Origin, ProfileName, ReleaseSpec, RunId, RunStatus, Suite, Target, TargetVersion,
    VersionId, VersionSpec,
};
use std::collections::BTreeSet;
use store::VersionSummary;

/// How much of each version is measured.
pub(crate) struct Extent {
    pub(crate) suites: Vec<Suite>,
    pub(crate) quick: bool,
    pub(crate) blocks: Option<u32>,
    pub(crate) seed: Option<u64>,
}

/// Versions of one target, to be measured alike.
pub(crate) struct Campaign<'a> {
    pub(crate) session: Session<'a>,
    sink: &'a Sink,
    target: &'a Target,
    quick: bool,
    blocks: Option<u32>,
    seed: Option<u64>,
    /// The testbed as it is now.
    fingerprint: Digest,
}

/// What came of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Came {
    /// It was there, with all that is asked for.
    Stored,
    /// It was measured, in this run; blocks that failed are counted.
    Measured { run: RunId, failed: usize },
    /// It could not be built; that is stored in this run.
    NotBuilt { run: RunId, reason: String },
    /// Somebody wants out.
    Interrupted { run: RunId },
}

impl<'a> Campaign<'a> {
    pub(crate) fn new(
        project: &'a Project,
        sink: &'a Sink,
        target: &'a Target,
        extent: Extent,
    ) -> Result<Self> {
        let Extent { mut suites, quick, blocks, seed } = extent;
        suites.retain(|suite| target.takes_part(&suite.name, &project.config.targets));
        let session = Session::with(project, suites, &[], FailedBuilds::Stored)?;
        let fingerprint = session.testbed().fingerprint();
        Ok(Self { session, sink, target, quick, blocks, seed, fingerprint })
    }

    /// Which of these versions need nothing more. What is stored counts if it is
    /// of the same profile, definitions and testbed; a build that failed, if the
    /// compiler is the same.
    pub(crate) fn are_done(&self, versions: &[VersionSpec]) -> Result<Vec<bool>> {
        let Sink { runtime, store } = self.sink;
        let stored = runtime.block_on(store.stored_arms(&self.target.name))?;
        let summaries = runtime.block_on(store.versions())?;
        let profile = self.profile().word();
        versions
            .iter()
            .map(|spec| {
                let arms: BTreeSet<_> = stored
                    .iter()
                    .filter(|it| it.profile == profile && it.fingerprint == self.fingerprint)
                    .filter(|it| is(spec, &it.version))
                    .map(|it| (it.arm.clone(), it.definition_sha256.to_string()))
                    .collect();
                if self.is_covered(&arms) {
                    return Ok(true);
                }
                let is_it =
                    |it: &&VersionSummary| it.target == self.target.name && is(spec, &it.version);
                match summaries.iter().find(is_it).and_then(|it| it.failed_build.as_ref()) {
                    Some(failed) if arms.is_empty() => self.would_fail_again(spec, failed),
                    _ => Ok(false),
                }
            })
            .collect()
    }

    /// Measures a version, or goes on where it was interrupted.
    pub(crate) fn measure(&mut self, version: &VersionSpec, resume: Resume) -> Result<Came> {
        let version = TargetVersion { target: self.target.name.clone(), version: version.clone() };
        if resume == Resume::Interrupted
            && let Some((run, asked)) = self.interrupted(&version)?
            && let Some(came) = self.go_on(&run, &asked)?
        {
            return Ok(came);
        }
        let versions = with_anchor(self.session.project, vec![version]);
        self.session.replace_versions(&versions, FailedBuilds::Stored)?;
        let amount = Amount {
            profile: self.profile(),
            quick: self.quick,
            blocks: self.blocks,
            seed: self.seed,
            budget: None,
            compared: 0,
            variants: Vec::new(),
        };
        let measured = self.session.measure(self.sink, &versions, &amount, &mut Straight)?;
        self.came(measured.run, measured.finished)
    }

    fn profile(&self) -> ProfileName {
        if self.quick { ProfileName::Quick } else { ProfileName::Full }
    }

    /// Whether every arm that is asked for is among those.
    fn is_covered(&self, stored: &BTreeSet<((String, String, String), String)>) -> bool {
        let is_anchor = self.session.project.config.anchor.as_ref() == Some(&self.target.name);
        let wanted = |arm: &&Arm| (arm.quick || !self.quick) && (!arm.floor || is_anchor);
        self.session.suites.iter().all(|suite| {
            let mut arms = suite.arms.iter().filter(wanted);
            let is_stored = |arm: &Arm| {
                let name = (suite.name.clone(), arm.benchmark.clone(), arm.name.clone());
                stored.contains(&(name, arm.definition_sha256.to_string()))
            };
            // What the anchor cannot do is not stored, so that it has to have something.
            if is_anchor { arms.any(is_stored) } else { arms.all(is_stored) }
        })
    }

    fn would_fail_again(
        &self,
        version: &VersionSpec,
        failed: &store::FailedBuildSummary,
    ) -> Result<bool> {
        // Without a compiler it was the sources, which never change.
        let Some(then) = &failed.rustc else { return Ok(true) };
        let resolved = self.session.project.builder()?.resolve(self.target, version)?;
        Ok(resolved.rustc() == Some(then.as_str()))
    }

    /// The newest interrupted run that measures this version alike.
    fn interrupted(&self, version: &TargetVersion) -> Result<Option<(RunId, Asked)>> {
        let Sink { runtime, store } = self.sink;
        let suites = self.session.project.patterns(&self.session.suites)?;
        let runs = runtime.block_on(store.runs())?;
        for summary in runs.iter().filter(|run| run.status == RunStatus::Interrupted) {
            let run = runtime.block_on(store.run(summary.id.as_str()))?;
            // Another program's plan is none of ours.
            let Ok(asked) = serde_json::from_str::<Asked>(&run.plan) else { continue };
            let is_alike = asked.quick == self.quick
                && asked.profile == self.profile().word()
                && self.blocks.is_none_or(|blocks| asked.blocks == blocks)
                && asked.suites == suites;
            let failed = run.failed_builds.first();
            let is_it = asked.versions.first() == Some(&version.to_string())
                || failed.is_some_and(|it| {
                    it.target == version.target && is(&version.version, &it.version)
                });
            if is_alike && is_it {
                return Ok(Some((run.id, asked)));
            }
        }
        Ok(None)
    }

    /// `None` if the run cannot go on.
    fn go_on(&mut self, run: &RunId, asked: &Asked) -> Result<Option<Came>> {
        let config = &self.session.project.config;
        let versions = asked.versions.iter().map(|text| config.parse_version(text));
        let versions = versions.collect::<Result<Vec<_>, _>>()?;
        self.session.replace_versions(&versions, FailedBuilds::Refused)?;
        match self.session.resume(self.sink, run, asked) {
            Ok(measured) => self.came(measured.run, measured.finished).map(Some),
            Err(error) => {
                note(&format!("{error:#}"));
                Ok(None)
            }
        }
    }

    fn came(&self, run: RunId, is_finished: bool) -> Result<Came> {
        if !is_finished {
            return Ok(Came::Interrupted { run });
        }
        let Sink { runtime, store } = self.sink;
        let stored =
            runtime.block_on(store.run(run.as_str())).context("reading what was stored")?;
        if let Some(failed) = stored.failed_builds.first() {
            return Ok(Came::NotBuilt { run, reason: failed.reason.clone() });
        }
        let is_failed =
            |block: &&model::Block| matches!(block.outcome, model::Outcome::Failed { .. });
        Ok(Came::Measured { run, failed: stored.blocks.iter().filter(is_failed).count() })
    }
}

/// Whether interrupted runs are gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resume {
    Nothing,
    Interrupted,
}

/// Whether an exact version is that one.
pub(crate) fn is(spec: &VersionSpec, id: &VersionId) -> bool {
    match (spec, id) {
        (VersionSpec::GitRef(reference), VersionId::Commit { sha, modified: None, .. }) => {
            reference == sha
        }
        (VersionSpec::Release(ReleaseSpec::Exactly(release)), VersionId::Release { version }) => {
            release == version
        }
        _ => false,
    }
}

/// A short name of an exact version: eight digits of a hash, a release.
pub(crate) fn short(target: &Target, spec: &VersionSpec) -> String {
    match (spec, &target.origin) {
        (VersionSpec::GitRef(reference), Origin::Folder { .. }) => {
            reference.chars().take(8).collect()
        }
        (VersionSpec::Release(ReleaseSpec::Exactly(release)), _) => release.clone(),
        _ => "?".to_owned(),
    }
}
