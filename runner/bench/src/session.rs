//! From a request to a stored run: build every version first, then plan, then
//! measure block by block, each stored as soon as it is done.

use crate::measure::{self, Awake, Bench, Placement, Subject};
use crate::obtain::{self, FailedBuilds, Obtained};
use crate::output;
use crate::plan::{self, Entry, Interleaving, Part};
use crate::project::Project;
use anyhow::{Context, Result, bail};
use build::{Builder, Hold};
use jiff::Timestamp;
use model::{
    Arm, Cell, Component, FailedBuild, Metric, ProfileName, Run, RunId, RunStatus, Suite,
    TargetVersion, Testbed, VersionId, VersionSpec,
};
use rand::TryRng;
use rand::rngs::SysRng;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use store::Store;
use tokio::runtime::Runtime;

mod rounds;
pub(crate) use rounds::{ArmName, Next, Steer, Straight, name_of};

/// With a time budget no comparison measures more pairs of an arm.
pub(crate) const MOST_ROUNDS: u32 = 400;

/// What was asked for, stored with the run; enough to plan it again.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Versions, the anchor last when it was added.
    pub(crate) versions: Vec<String>,
    /// Suites, or suite/benchmark where not all of one are measured.
    pub(crate) suites: Vec<String>,
    /// Whether only quick arms.
    pub(crate) quick: bool,
    /// Blocks of every arm on every version.
    pub(crate) blocks: u32,
    /// Overrides the measured part of a block, in milliseconds.
    pub(crate) measure_ms: Option<u64>,
    /// The profile's name.
    pub(crate) profile: String,
    /// The time a comparison may take to measure, in seconds.
    #[serde(default)]
    pub(crate) budget_s: Option<u64>,
    /// How many of the versions, from the first, are compared with each other.
    #[serde(default)]
    pub(crate) compared: usize,
    /// What was done to each of them, in a calibration.
    #[serde(default)]
    pub(crate) variants: Vec<String>,
}

/// How much to measure, as the user put it.
pub(crate) struct Amount {
    /// Where the defaults come from.
    pub(crate) profile: ProfileName,
    /// Whether only quick arms.
    pub(crate) quick: bool,
    /// Blocks of every arm on every version, if not the profile's.
    pub(crate) blocks: Option<u32>,
    /// Seed of the order, if not drawn.
    pub(crate) seed: Option<u64>,
    /// The time it may take, if that and not the blocks is the limit.
    pub(crate) budget: Option<Duration>,
    /// How many of the versions are compared with each other; 0 if none.
    pub(crate) compared: usize,
    /// What was done to each of them, in a calibration.
    pub(crate) variants: Vec<String>,
}

/// Versions that are built, suites that are read, and where to measure.
pub(crate) struct Session<'a> {
    pub(crate) project: &'a Project,
    pub(crate) suites: Vec<Suite>,
    pub(crate) subjects: Vec<Subject>,
    /// Versions that could not be built, which is their result.
    pub(crate) failed: Vec<(TargetVersion, FailedBuild)>,
    pub(crate) placement: Placement,
    pub(crate) cancel: Arc<AtomicBool>,
    harness: String,
    /// What is measured stays in the cache meanwhile.
    _hold: Hold,
    _awake: Awake,
    /// Components that cannot be used here, with the reason.
    unusable: BTreeMap<Component, String>,
}

/// Where blocks go. Storing is asynchronous and measuring is not: hosts die
/// with the thread that started them, and a measurement shares it with nothing.
pub(crate) struct Sink {
    pub(crate) runtime: Runtime,
    pub(crate) store: Store,
}

/// What came of measuring.
pub(crate) struct Measured {
    pub(crate) run: RunId,
    pub(crate) finished: bool,
}

impl<'a> Session<'a> {
    /// Builds every version. Ctrl-C from here on ends in good order.
    pub(crate) fn prepare(
        project: &'a Project,
        suites: Vec<Suite>,
        versions: &[TargetVersion],
    ) -> Result<Self> {
        Self::with(project, suites, versions, FailedBuilds::Refused)
    }

    /// As [`Session::prepare`]; what is to be done with failed builds is said.
    pub(crate) fn with(
        project: &'a Project,
        mut suites: Vec<Suite>,
        versions: &[TargetVersion],
        failed_builds: FailedBuilds,
    ) -> Result<Self> {
        obtain::keep_concerned(project, &mut suites, versions);
        let cancel = crate::interruption::flag()?;
        let builder = project.builder()?.with_cancel(Arc::clone(&cancel));
        let Obtained { subjects, failed } =
            obtain::all(project, &builder, versions, &suites, failed_builds)?;
        let hold = builder.hold()?;
        // After the builds, which may use every CPU.
        let placement = Placement::of_this_process().context("reading the CPUs of this process")?;
        placement.pin_runner().context("moving the runner off the host's CPUs")?;
        let harness = harness(&builder);
        let arms = suites.iter().flat_map(|suite| &suite.arms);
        let components: BTreeSet<&Component> = arms.flat_map(|arm| &arm.components).collect();
        let reason = |it: &Component| Some((it.clone(), measure::unusable(it)?));
        let unusable = components.into_iter().filter_map(reason).collect();
        Ok(Self {
            project,
            suites,
            subjects,
            failed,
            placement,
            cancel,
            harness,
            unusable,
            _hold: hold,
            _awake: Awake::keep(),
        })
    }

    /// Builds other versions in place of the ones so far.
    ///
    /// # Errors
    /// As [`Session::with`].
    pub(crate) fn replace_versions(
        &mut self,
        versions: &[TargetVersion],
        failed_builds: FailedBuilds,
    ) -> Result<()> {
        let project = self.project;
        let builder = project.builder()?;
        let builder = builder.with_cancel(Arc::clone(&self.cancel));
        self.placement.unpin_runner().context("giving a build every CPU")?;
        let obtained = obtain::all(project, &builder, versions, &self.suites, failed_builds)?;
        (self.subjects, self.failed) = (obtained.subjects, obtained.failed);
        self.placement.pin_runner().context("moving the runner off the host's CPUs")?;
        Ok(())
    }

    /// A version built otherwise: see [`Builder::with_shuffled_layout`] and
    /// [`Builder::with_line_tables`].
    ///
    /// # Errors
    /// When it cannot be built.
    pub(crate) fn built_otherwise(
        &self,
        version: &TargetVersion,
        how: impl FnOnce(Builder) -> Builder,
    ) -> Result<Subject> {
        let builder = how(self.project.builder()?.with_cancel(Arc::clone(&self.cancel)));
        self.placement.unpin_runner().context("giving a build every CPU")?;
        let versions = std::slice::from_ref(version);
        let refused = FailedBuilds::Refused;
        let built = obtain::all(self.project, &builder, versions, &self.suites, refused);
        self.placement.pin_runner().context("moving the runner off the host's CPUs")?;
        built?.subjects.pop().context("no version was built")
    }

    /// The parts of measuring that all blocks share.
    pub(crate) fn bench(&self, measure_ms: Option<u64>) -> Bench<'_> {
        Bench {
            placement: self.placement.clone(),
            cache: self.project.cache.clone(),
            cancel: &self.cancel,
            measure_ms,
            anchor: self.subjects.iter().find(|subject| self.is_anchor(subject)),
        }
    }

    /// What is measured on, as it is now.
    pub(crate) fn testbed(&self) -> Testbed {
        crate::testbed::read(self.project.config.measurement_protocol, &self.placement)
    }

    fn is_anchor(&self, subject: &Subject) -> bool {
        self.project.config.anchor.as_ref() == Some(&subject.artifact.target)
    }

    /// Why a version cannot be measured on an arm here, if it cannot.
    pub(crate) fn unsupported(&self, arm: &Arm, subject: &Subject) -> Option<String> {
        let has_anchor = || self.subjects.iter().any(|subject| self.is_anchor(subject));
        let unusable = || arm.components.iter().find_map(|it| self.unusable.get(it)).cloned();
        subject.unsupported(arm).or_else(unusable).or_else(|| measure::missing(arm, has_anchor()))
    }

    /// What a version has to do with an arm: a target's own suites are nobody else's,
    /// the floor is the anchor's alone, and what the anchor cannot do is no news.
    pub(crate) fn part(&self, suite: &Suite, arm: &Arm, subject: &Subject) -> Part {
        let is_anchor = self.is_anchor(subject);
        let config = &self.project.config;
        let target = config.target(&subject.artifact.target);
        let takes_part = target.is_none_or(|it| it.takes_part(&suite.name, &config.targets));
        match self.unsupported(arm, subject) {
            _ if !takes_part || arm.floor && !is_anchor => Part::None,
            None => Part::Measured,
            Some(_) if is_anchor => Part::None,
            Some(_) => Part::Unsupported,
        }
    }

    /// Whether a metric is among those the suite reports of an arm.
    pub(crate) fn reports(&self, cell: &Cell, metric: &Metric) -> bool {
        let of_suite = self.suites.iter().filter(|suite| suite.name == cell.suite);
        of_suite
            .flat_map(|suite| suite.arms_of(&cell.benchmark))
            .any(|arm| arm.name == cell.arm && arm.metrics.contains(&metric))
    }

    fn entries(&self, asked: &Asked, seed: u64, failed_builds: &[FailedBuild]) -> Vec<Entry> {
        // Where nothing else could be built, the anchor alone would be nobody's result.
        if !failed_builds.is_empty() && self.subjects.iter().all(|it| self.is_anchor(it)) {
            return Vec::new();
        }
        let request = plan::Request {
            suites: &self.suites,
            subjects: self.subjects.len(),
            quick: asked.quick,
            blocks: asked.blocks,
            seed,
            interleaving: match asked.compared {
                0 => Interleaving::Shuffled,
                compared => Interleaving::Together(compared),
            },
        };
        plan::plan(&request, |suite, arm, subject| {
            let suite = &self.suites[suite];
            self.part(suite, &suite.arms[arm], &self.subjects[subject])
        })
    }

    /// Measures a new run of the versions this session was prepared with.
    pub(crate) fn measure(
        &self,
        sink: &Sink,
        versions: &[TargetVersion],
        amount: &Amount,
        steer: &mut dyn Steer,
    ) -> Result<Measured> {
        let profile = self.project.config.profile(amount.profile);
        let built = self.subjects.iter().map(|subject| &subject.artifact.version);
        let is_built = |version: &&TargetVersion| self.failed.iter().all(|(it, _)| it != *version);
        let named = versions.iter().filter(is_built).zip(built);
        let asked = Asked {
            versions: named.map(|(asked, id)| exactly(asked, id)).collect(),
            suites: self.project.patterns(&self.suites)?,
            quick: amount.quick,
            blocks: amount.blocks.unwrap_or(match amount.budget {
                Some(_) => MOST_ROUNDS,
                None => profile.blocks,
            }),
            measure_ms: profile.measure_ms,
            profile: amount.profile.word().to_owned(),
            budget_s: amount.budget.map(|budget| budget.as_secs().max(1)),
            compared: amount.compared,
            variants: amount.variants.clone(),
        };
        let seed = match amount.seed {
            Some(seed) => seed,
            None => random_seed()?,
        };
        let failed_builds: Vec<_> = self.failed.iter().map(|(_, failed)| failed.clone()).collect();
        let entries = self.entries(&asked, seed, &failed_builds);
        if failed_builds.is_empty() && entries.iter().all(|entry| !entry.supported) {
            bail!("nothing to measure: no version supports any arm of these suites");
        }
        let mut run = Run {
            id: RunId::from_bits(SysRng.try_next_u64().context("drawing a run's name")?),
            started_at: Timestamp::now(),
            finished_at: None,
            status: RunStatus::Running,
            profile: asked.profile.clone(),
            seed,
            harness: self.harness.clone(),
            plan: serde_json::to_string(&asked)?,
            planned_blocks: entries.len() as u32,
            anchor: self.project.config.anchor.clone(),
            testbed: self.testbed(),
            artifacts: self.subjects.iter().map(|subject| subject.artifact.clone()).collect(),
            failed_builds,
            blocks: Vec::new(),
        };
        let writer = sink.runtime.block_on(sink.store.begin_run(&run))?;
        self.blocks(sink, writer, &entries, &mut run, steer)
    }

    /// Goes on with an interrupted run, if everything it stands on is as it was.
    pub(crate) fn resume(&self, sink: &Sink, id: &RunId, asked: &Asked) -> Result<Measured> {
        let refuse =
            |what: String| anyhow::anyhow!("run {id} cannot go on: {what}; start a new one");
        if asked.compared > 0 || asked.profile == ProfileName::Compare.word() {
            let what = "a comparison ends when it has decided, in one go".to_owned();
            return Err(refuse(what));
        }
        let (writer, mut run) = sink.runtime.block_on(sink.store.resume_run(id))?;
        let testbed = self.testbed();
        if let Some((field, then, now)) = run.testbed.differences(&testbed).into_iter().next() {
            return Err(refuse(format!("{field} was `{then}` and is `{now}`")));
        }
        for (then, now) in run.artifacts.iter().zip(&self.subjects) {
            if then.binary_sha256 != now.artifact.binary_sha256 {
                return Err(refuse(format!("{} is not the binary it began with", now.label())));
            }
        }
        let entries = self.entries(asked, run.seed, &run.failed_builds);
        let cell_of = |entry: &Entry| self.cell(entry);
        // What was measured again has a number behind the plan's.
        for block in run.blocks.iter().filter(|block| block.ordinal < run.planned_blocks) {
            let entry = entries.get(block.ordinal as usize);
            let same = entry.is_some_and(|entry| {
                cell_of(entry) == block.cell
                    && self.suites[entry.suite].sha256 == block.suite_sha256
            });
            if !same {
                return Err(refuse(format!("suite {} changed since", block.cell.suite)));
            }
        }
        output::note(&format!(
            "going on with run {id}: {} of {} blocks are stored",
            run.blocks.len(),
            entries.len()
        ));
        self.blocks(sink, writer, &entries, &mut run, &mut Straight)
    }
}

/// The versions asked for, and the anchor beside them.
pub(crate) fn with_anchor(
    project: &Project,
    mut versions: Vec<TargetVersion>,
) -> Vec<TargetVersion> {
    if let Some(anchor) = &project.config.anchor
        && !versions.iter().any(|version| version.target == *anchor)
    {
        // It is declared, so its bare name is one.
        versions.extend(project.config.parse_version(anchor));
    }
    versions
}

/// A seed nobody chose.
pub(crate) fn random_seed() -> Result<u64> {
    // 53 bits, so that the seed survives readers that keep numbers as doubles.
    Ok(SysRng.try_next_u64().context("drawing a seed")? >> 11)
}

/// How to ask for exactly this version again.
fn exactly(asked: &TargetVersion, id: &VersionId) -> String {
    match (id, &asked.version) {
        (VersionId::Commit { sha, modified: None, .. }, _) => format!("{}@{sha}", asked.target),
        (VersionId::Release { version }, _) => format!("{}@{version}", asked.target),
        (_, VersionSpec::Path(path)) => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            format!("{}@path:{}", asked.target, path.display())
        }
        _ => asked.to_string(),
    }
}

/// Which tools measured: version, and commit of the checkout if there is one.
pub(crate) fn harness(builder: &Builder) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match builder.checked_out() {
        Some(commit) => format!("bench {version} ({})", commit.label()),
        None => format!("bench {version}"),
    }
}
