//! `bench bisect GOOD BAD`: which commit changed a series.

use super::run::open;
use crate::adaptive::UntilDecided;
use crate::bisect::{Range, ask};
use crate::cli::Bisect;
use crate::exit::Exit;
use crate::obtain::{self, FailedBuilds};
use crate::output::{STRONG, note};
use crate::project::Project;
use crate::report::cells::change;
use crate::session::{Amount, Session, Sink};
use crate::verdicts::{self, Comparison, Earlier, Known, Pairs, Side};
use anyhow::{Context, Result, bail};
use model::{ProfileName, Run, Suite, TargetVersion, VersionSpec};
use serde::Serialize;
use stats::Verdict;
use tokio::runtime::Runtime;

#[derive(Serialize)]
struct Outcome {
    /// The commit that made the change; null if the range could not be narrowed
    /// to one.
    culprit: Option<String>,
    good: String,
    bad: String,
    /// Commits after `good` up to `bad`.
    commits_left: usize,
    /// Bad over good, less 1.
    effect: f64,
    /// The chance that the change is not in that range.
    error_probability: f64,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    commit: String,
    /// `has the change`, `has it not` or `undecided`.
    answer: &'static str,
    /// Commit over good, less 1; null where the binary told.
    effect: Option<f64>,
}

/// What all steps share.
struct Search<'a> {
    sink: &'a Sink,
    session: Session<'a>,
    earlier: Earlier,
    arguments: &'a Bisect,
    target: String,
    /// The good commit first.
    commits: Vec<String>,
}

pub(super) fn run(project: &Project, arguments: &Bisect, runtime: Runtime) -> Result<Exit> {
    let (target, good, bad) = ends(project, arguments)?;
    let builder = project.builder()?;
    let declared = project.config.target(&target).context("an undeclared target")?;
    let between = builder.commits_between(declared, &good, &bad)?;
    let Some(between) = between.filter(|commits| !commits.is_empty()) else {
        bail!("`{good}` does not lie before `{bad}` in its history, so there is nothing between");
    };
    let suite = chosen(project.suite(&arguments.suite)?, arguments)?;
    let sink = open(project, runtime)?;
    let commits: Vec<String> = std::iter::once(good).chain(between).collect();
    let version = |commit: &String| TargetVersion {
        target: target.clone(),
        version: VersionSpec::GitRef(commit.clone()),
    };
    let range = Range { good: 0, bad: commits.len() - 1 };
    let ends = [&commits[range.good], &commits[range.bad]].map(version);
    let session = Session::prepare(project, vec![suite], &ends)?;
    let earlier = Earlier::read(&sink, &session)?;
    let mut search = Search { sink: &sink, session, earlier, arguments, target, commits };
    let Some(outcome) = search.narrow(range)? else {
        note("interrupted; `bench bisect` starts anew, with what was built in the cache");
        return Ok(Exit::Incomplete);
    };
    let exit = if outcome.culprit.is_some() { Exit::Fine } else { Exit::Undecided };
    tell(&outcome, arguments.json)?;
    Ok(exit)
}

/// The target, and both ends as git refs.
fn ends(project: &Project, arguments: &Bisect) -> Result<(String, String, String)> {
    let reference = |version: TargetVersion| match version.version {
        VersionSpec::GitRef(reference) => Ok((version.target, reference)),
        _ => bail!("`{version}` is no commit; both ends of a bisection are"),
    };
    let [good, bad] = obtain::two(project, &arguments.good, arguments.bad.as_deref())?;
    let (good, bad) = (reference(good)?, reference(bad)?);
    if good.0 != bad.0 {
        bail!("`{}` and `{}` are different targets", good.0, bad.0);
    }
    Ok((good.0, good.1, bad.1))
}

/// The suite with nothing but the arm that is asked about.
fn chosen(mut suite: Suite, arguments: &Bisect) -> Result<Suite> {
    let names: Vec<String> =
        suite.arms.iter().map(|arm| format!("{} {}", arm.benchmark, arm.name)).collect();
    let fits = |asked: &Option<String>, name: &String| asked.as_ref().is_none_or(|it| it == name);
    suite.arms.retain(|arm| {
        fits(&arguments.benchmark, &arm.benchmark)
            && fits(&arguments.arm, &arm.name)
            && arm.metrics.iter().any(|metric| metric.name == arguments.metric)
    });
    if suite.arms.len() != 1 {
        bail!(
            "{} arms of suite {} fit, and one is needed: choose it with --benchmark, --arm and \
             --metric; there are {}",
            suite.arms.len(),
            suite.name,
            names.join(", ")
        );
    }
    Ok(suite)
}

impl Search<'_> {
    /// Halves the range until one commit is left; `None` if it was interrupted.
    fn narrow(&mut self, whole: Range) -> Result<Option<Outcome>> {
        let alpha = self.arguments.error / f64::from(whole.steps() + 1);
        let Some(first) = self.measured(alpha, |_| {})? else { return Ok(None) };
        if ![Verdict::Regressed, Verdict::Improved].map(Verdict::word).contains(&first.verdict) {
            bail!(
                "{} and {} do not differ for sure in {} ({}); measure more with --blocks, or look \
                 elsewhere",
                self.commits[whole.good],
                self.commits[whole.bad],
                self.arguments.metric,
                change(first.ratio)
            );
        }
        let binary = |search: &Self, at: usize| search.session.subjects[at].artifact.binary_sha256;
        let (mut good, mut bad) = (binary(self, 0), binary(self, 1));
        let (mut range, mut steps) = (whole, Vec::new());
        while let Some(middle) = range.middle() {
            let commit = self.commits[middle].clone();
            let versions = [&self.commits[whole.good], &commit].map(|commit| TargetVersion {
                target: self.target.clone(),
                version: VersionSpec::GitRef(commit.clone()),
            });
            self.session.replace_versions(&versions, FailedBuilds::Refused)?;
            let own = binary(self, 1);
            let (has_change, effect) = if own == good || own == bad {
                (Some(own == bad), None)
            } else {
                let Some(step) = self.measured(alpha, |pairs| ask(pairs, first.ratio))? else {
                    return Ok(None);
                };
                let known = [Verdict::Regressed, Verdict::Equivalent].map(Verdict::word);
                let has_change = known.contains(&step.verdict).then_some(step.verdict == known[0]);
                (has_change, Some(step.ratio - 1.0))
            };
            let answer = match has_change {
                Some(true) => "has the change",
                Some(false) => "has it not",
                None => "undecided",
            };
            note(&format!("{commit} {answer}"));
            steps.push(Step { commit, answer, effect });
            let Some(has_change) = has_change else { break };
            if has_change {
                bad = own;
            } else {
                good = own;
            }
            range = range.narrowed(middle, has_change);
        }
        let commit = |at: usize| self.commits[at].clone();
        Ok(Some(Outcome {
            culprit: range.middle().is_none().then(|| commit(range.bad)),
            good: commit(range.good),
            bad: commit(range.bad),
            commits_left: range.bad - range.good,
            effect: first.ratio - 1.0,
            error_probability: self.arguments.error,
            steps,
        }))
    }

    /// Compares the session's two versions; `None` if it was interrupted.
    fn measured(&self, alpha: f64, ask: impl Fn(&mut Pairs)) -> Result<Option<Comparison>> {
        let question = |run: &Run| -> Vec<Pairs> {
            let side = |artifact| Side { run, artifact };
            let config = &self.session.project.config;
            let known = Known { suites: &self.session.suites, config, earlier: &self.earlier };
            let mut pairs = verdicts::collect(side(0), side(1), known).pairs;
            pairs.retain(|pairs| pairs.metric.name == self.arguments.metric);
            for pairs in &mut pairs {
                // What does not matter to a release still has a cause.
                pairs.series.margin = 0.0;
                ask(pairs);
            }
            pairs
        };
        let amount = Amount {
            profile: ProfileName::Compare,
            quick: false,
            blocks: Some(self.arguments.blocks),
            seed: self.arguments.seed,
            budget: None,
            compared: 2,
            variants: Vec::new(),
        };
        let versions: Vec<TargetVersion> = self
            .session
            .subjects
            .iter()
            .map(|subject| TargetVersion {
                target: self.target.clone(),
                version: VersionSpec::GitRef(subject.artifact.version.label()),
            })
            .collect();
        let mut steer = UntilDecided::new(question).with_alpha(alpha);
        let measured = self.session.measure(self.sink, &versions, &amount, &mut steer)?;
        if !measured.finished {
            return Ok(None);
        }
        let run = self.sink.store.run(measured.run.as_str());
        let run = self.sink.runtime.block_on(run)?;
        let looks = verdicts::looks_of_finished(&run);
        let found = verdicts::judge(question(&run), &looks, alpha)?.into_iter().next();
        let found = found.with_context(|| {
            format!("run {} has no pair with {}", run.id, self.arguments.metric)
        })?;
        Ok(Some(found))
    }
}

fn tell(outcome: &Outcome, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(outcome)?);
        return Ok(());
    }
    let Outcome { good, bad, commits_left, effect, error_probability, .. } = outcome;
    let effect = change(1.0 + effect);
    match &outcome.culprit {
        Some(culprit) => {
            anstream::println!("{STRONG}{culprit}{STRONG:#} made the change, {effect}");
        }
        None => anstream::println!(
            "one of the {commits_left} commits after {good} up to {STRONG}{bad}{STRONG:#} made the \
             change, {effect}; measure more with --blocks to narrow it"
        ),
    }
    anstream::println!(
        "The chance that this is wrong is at most {:.0} %, if there is one change in the range.",
        error_probability * 100.0
    );
    Ok(())
}
