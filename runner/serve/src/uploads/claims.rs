//! What a bundle claims, held against what is known: targets, suites, times, the
//! testbed that a token is for. It must not change anything.

use crate::problem::Problem;
use axum::http::StatusCode;
use jiff::Timestamp;
use model::{Digest, Run, RunStatus, VersionId};
use site::Inputs;
use std::collections::HashSet;
use store::Token;

/// What is known.
pub(super) struct Claims<'a> {
    pub(super) inputs: &'a Inputs,
    /// Digests of suites that are stored.
    pub(super) known: &'a HashSet<Digest>,
    pub(super) token: &'a Token,
    /// The only versions there may be: these commits, as they were committed.
    pub(super) commits: Option<HashSet<String>>,
    pub(super) now: Timestamp,
}

/// Commits with commas between.
pub(super) fn commits(text: &str) -> Result<HashSet<String>, Problem> {
    match text.split(',').map(str::trim).find(|part| !VersionId::is_commit_hash(part)) {
        None => Ok(text.split(',').map(|part| part.trim().to_ascii_lowercase()).collect()),
        Some(part) => {
            Err(Problem::bad(format!("commits: `{part}` is not a full hash (40 digits)")))
        }
    }
}

impl Claims<'_> {
    /// Refuses a run that claims something that cannot be.
    pub(super) fn check(&self, run: &Run) -> Result<(), Problem> {
        let refused = |what: String| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("run {}: {what}", run.id))
        };
        self.check_head(run).map_err(refused)?;
        self.check_testbed(run)?;
        run.check_times(self.now).map_err(refused)?;
        self.check_suites(run).map_err(refused)
    }

    fn check_head(&self, run: &Run) -> Result<(), String> {
        if run.status != RunStatus::Complete {
            return Err("status: only complete runs are taken in".to_owned());
        }
        let built = run.artifacts.iter().map(|artifact| (&artifact.target, &artifact.version));
        let failed = run.failed_builds.iter().map(|failed| (&failed.target, &failed.version));
        for (target, version) in built.chain(failed) {
            if self.inputs.config.target(target).is_none() {
                return Err(format!("target: bench.toml here declares no `{target}`"));
            }
            let is_vouched = |commits| is_one_of(version, commits) || is_beside(run, target);
            if !self.commits.as_ref().is_none_or(is_vouched) {
                let label = version.label();
                return Err(format!(
                    "version: it claims to be {target} {label}, which its sender did not vouch for"
                ));
            }
        }
        if let Some(anchor) = &run.anchor
            && self.inputs.config.anchor.as_ref() != Some(anchor)
        {
            return Err(format!("anchor: `{anchor}` is not the anchor of bench.toml here"));
        }
        Ok(())
    }

    fn check_testbed(&self, run: &Run) -> Result<(), Problem> {
        let epoch = run.testbed.epoch();
        let Some(bound) = &self.token.testbed else { return Ok(()) };
        if *bound == epoch {
            return Ok(());
        }
        let text =
            format!("run {}: the token is for testbed {bound}, the run is of {epoch}", run.id);
        Err(Problem::new(StatusCode::FORBIDDEN, text))
    }

    fn check_suites(&self, run: &Run) -> Result<(), String> {
        for block in &run.blocks {
            let cell = &block.cell;
            let suite = self.inputs.suites.iter().find(|suite| suite.name == cell.suite);
            if let Some(suite) = suite.filter(|suite| suite.sha256 == block.suite_sha256) {
                let (benchmark, arm) = (&cell.benchmark, &cell.arm);
                if suite.arm(benchmark, arm).is_none() {
                    return Err(format!("suite `{}` has no arm {benchmark} {arm}", suite.name));
                }
            } else if !self.known.contains(&block.suite_sha256) {
                return Err(format!(
                    "block {}: suite `{}` of digest {} is neither in the checkout here nor stored",
                    block.ordinal,
                    cell.suite,
                    block.suite_sha256.short()
                ));
            }
        }
        Ok(())
    }
}

fn is_one_of(version: &VersionId, commits: &HashSet<String>) -> bool {
    matches!(version, VersionId::Commit { sha, modified: None, .. }
        if commits.contains(&sha.to_ascii_lowercase()))
}

/// The anchor, measured beside what was asked for: nobody vouches for that.
fn is_beside(run: &Run, target: &str) -> bool {
    let of_target = run.artifacts.iter().filter(|artifact| artifact.target == target).count();
    run.anchor.as_deref() == Some(target) && of_target == 1 && run.artifacts.len() > 1
}
