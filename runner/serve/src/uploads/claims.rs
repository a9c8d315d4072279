//! What a bundle claims, held against what is known: targets, suites, times, the
//! testbed that a token is for. It must not change anything.

use crate::problem::Problem;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use model::{Digest, Run, RunStatus, Suite, VersionId};
use site::Inputs;
use std::collections::HashSet;
use store::Token;

/// How far a clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Nothing was measured before: this project did not exist.
const EPOCH: i64 = 1_704_067_200; // 2024-01-01
const HASH_DIGITS: usize = 40;

/// What is known.
pub(super) struct Claims<'a> {
    pub(super) inputs: &'a Inputs,
    /// Digests of suites that are stored.
    pub(super) known: &'a HashSet<Digest>,
    pub(super) token: &'a Token,
    /// The only commits there may be.
    pub(super) commits: Option<HashSet<String>>,
    pub(super) now: Timestamp,
}

/// Commits with commas between.
pub(super) fn commits(text: &str) -> Result<HashSet<String>, Problem> {
    let is_hash =
        |part: &&str| part.len() == HASH_DIGITS && part.bytes().all(|b| b.is_ascii_hexdigit());
    match text.split(',').map(str::trim).find(|part| !is_hash(part)) {
        None => Ok(text.split(',').map(|part| part.trim().to_ascii_lowercase()).collect()),
        Some(part) => Err(Problem::bad(format!(
            "commits: `{part}` is not a full hash ({HASH_DIGITS} digits)"
        ))),
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
        self.check_times(run).map_err(refused)?;
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
            let VersionId::Commit { sha, .. } = version else { continue };
            if self.commits.as_ref().is_some_and(|commits| !commits.contains(sha)) {
                return Err(format!(
                    "version: it claims to be commit {sha}, which its sender did not vouch for"
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

    fn check_times(&self, run: &Run) -> Result<(), String> {
        let latest = self.now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
        if run.started_at.as_second() < EPOCH {
            return Err(format!("started_at: {} is before anything was measured", run.started_at));
        }
        let end = run.finished_at.unwrap_or(run.started_at);
        if end > latest {
            return Err(format!("finished_at: {end} is in the future"));
        }
        for block in &run.blocks {
            let length =
                SignedDuration::from_nanos(i64::try_from(block.duration_ns).unwrap_or(i64::MAX));
            let ended = block.started_at.checked_add(length).unwrap_or(Timestamp::MAX);
            if ended > latest || block.started_at > end {
                let ordinal = block.ordinal;
                return Err(format!(
                    "block {ordinal}: it ends at {ended}, after the run or in the future"
                ));
            }
        }
        Ok(())
    }

    fn check_suites(&self, run: &Run) -> Result<(), String> {
        for block in &run.blocks {
            let cell = &block.cell;
            let suite = self.inputs.suites.iter().find(|suite| suite.name == cell.suite);
            if let Some(suite) = suite.filter(|suite| suite.sha256 == block.suite_sha256) {
                check_arm(suite, &cell.benchmark, &cell.arm)?;
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

fn check_arm(suite: &Suite, benchmark: &str, arm: &str) -> Result<(), String> {
    let has = suite.arms.iter().any(|it| it.benchmark == benchmark && it.name == arm);
    if has { Ok(()) } else { Err(format!("suite `{}` has no arm {benchmark} {arm}", suite.name)) }
}
