//! What every run must satisfy before it is stored or exported, whoever made
//! it: a driver, a bundle from elsewhere, an upload.

use super::{Artifact, Block, Cell, FailedBuild, Measurements, Outcome, Run, VersionId};
use crate::metric::{Direction, Metric, Source};
use std::collections::BTreeSet;
use thiserror::Error;

/// Why a run is refused: the field, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {problem}")]
pub struct Invalid {
    /// Path of the field, e.g. `block 3, samples.cpu_ns[2]`.
    pub field: String,
    /// What is wrong.
    pub problem: String,
}

const MAX_NAME_CHARS: usize = 100;
const MAX_TEXT_CHARS: usize = 64 * 1024;
const MAX_SAMPLES: usize = 100_000;
const MAX_BLOCKS: usize = 1_000_000;
const MAX_ARTIFACTS: usize = 10_000;

fn invalid<T>(field: impl Into<String>, problem: impl Into<String>) -> Result<T, Invalid> {
    Err(Invalid { field: field.into(), problem: problem.into() })
}

impl Run {
    /// Checks the run's own fields; blocks are checked one by one with
    /// [`Block::validate`] as they arrive.
    ///
    /// # Errors
    /// Names the first field that is wrong.
    pub fn validate_head(&self) -> Result<(), Invalid> {
        let versions = self.artifacts.len() + self.failed_builds.len();
        if versions == 0 || versions > MAX_ARTIFACTS {
            return invalid(
                "artifacts",
                format!("{versions} of them, 1 to {MAX_ARTIFACTS} are stored"),
            );
        }
        for (index, artifact) in self.artifacts.iter().enumerate() {
            artifact
                .validate()
                .map_err(|e| Invalid { field: format!("artifacts[{index}].{}", e.field), ..e })?;
        }
        for (index, failed) in self.failed_builds.iter().enumerate() {
            failed.validate().map_err(|e| Invalid {
                field: format!("failed_builds[{index}].{}", e.field),
                ..e
            })?;
        }
        if self.planned_blocks as usize > MAX_BLOCKS {
            return invalid(
                "planned_blocks",
                format!("{} of them, at most {MAX_BLOCKS} are stored", self.planned_blocks),
            );
        }
        if self.finished_at.is_some_and(|finished| finished < self.started_at) {
            return invalid("finished_at", "is before started_at");
        }
        name("profile", &self.profile)?;
        text("harness", &self.harness)?;
        text("plan", &self.plan)?;
        if let Some(anchor) = &self.anchor {
            name("anchor", anchor)?;
        }
        for (field, value) in self.testbed.fields() {
            text(&format!("testbed.{field}"), &value)?;
        }
        Ok(())
    }

    /// Checks the whole run.
    ///
    /// # Errors
    /// Names the first field that is wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        self.validate_head()?;
        let mut seen = BTreeSet::new();
        let published = self.is_published();
        for block in &self.blocks {
            block.validate(self)?;
            if let Outcome::Measured(measurements) = &block.outcome
                && published
                && !measurements.samples.is_empty()
            {
                return invalid(
                    format!("block {}", block.ordinal),
                    "has samples in a run of summaries; a run is all full or all published",
                );
            }
            if !seen.insert(block.ordinal) {
                return invalid(format!("block {}", block.ordinal), "stands twice");
            }
        }
        Ok(())
    }
}

impl Artifact {
    fn validate(&self) -> Result<(), Invalid> {
        name("target", &self.target)?;
        let built = [
            ("source_sha256", self.source_sha256.is_some()),
            ("lockfile_sha256", self.lockfile_sha256.is_some()),
            ("rustc", self.rustc.is_some()),
            ("build_flags", self.build_flags.is_some()),
        ];
        if let VersionId::Binary { sha256 } = &self.version
            && *sha256 != self.binary_sha256
        {
            return invalid("version.sha256", "differs from binary_sha256");
        }
        self.version.validate()?;
        if !matches!(self.version, VersionId::Binary { .. })
            && !self.is_imported()
            && let Some((field, _)) = built.iter().find(|(_, present)| !present)
        {
            return invalid(
                *field,
                "is missing; only a given binary, or what was imported from another tool, may lack it",
            );
        }
        for (field, value) in [("rustc", &self.rustc), ("build_flags", &self.build_flags)] {
            text(field, value.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }
}

impl FailedBuild {
    fn validate(&self) -> Result<(), Invalid> {
        name("target", &self.target)?;
        self.version.validate()?;
        if self.reason.is_empty() {
            return invalid("reason", "is empty");
        }
        text("reason", &self.reason)?;
        text("log_tail", &self.log_tail)?;
        text("rustc", self.rustc.as_deref().unwrap_or_default())
    }
}

impl VersionId {
    fn validate(&self) -> Result<(), Invalid> {
        match self {
            Self::Binary { .. } => Ok(()),
            Self::Commit { sha, subject, .. } => {
                if !Self::is_commit_hash(sha) {
                    return invalid(
                        "version.sha",
                        "is not a full git commit hash (40 hexadecimal digits)",
                    );
                }
                text("version.subject", subject)
            }
            Self::Release { version } => name("version.version", version),
        }
    }
}

impl Block {
    /// Checks a block against the run it belongs to.
    ///
    /// # Errors
    /// Names the first field that is wrong.
    pub fn validate(&self, run: &Run) -> Result<(), Invalid> {
        self.validate_fields(run)
            .map_err(|e| Invalid { field: format!("block {}, {}", self.ordinal, e.field), ..e })
    }

    fn validate_fields(&self, run: &Run) -> Result<(), Invalid> {
        if self.ordinal >= Run::most_blocks(run.planned_blocks) {
            return invalid(
                "ordinal",
                format!(
                    "the run has only {} planned blocks, and a fifth may be repeated",
                    run.planned_blocks
                ),
            );
        }
        let Some(artifact) = run.artifacts.get(self.artifact) else {
            return invalid("artifact", format!("there is no artifact {}", self.artifact));
        };
        let Cell { target, suite, benchmark, arm } = &self.cell;
        if *target != artifact.target {
            return invalid(
                "cell.target",
                format!("is `{target}`, its artifact is of `{}`", artifact.target),
            );
        }
        for (field, value) in [
            ("cell.target", target),
            ("cell.suite", suite),
            ("cell.benchmark", benchmark),
            ("cell.arm", arm),
        ] {
            name(field, value)?;
        }
        if self.started_at < run.started_at {
            return invalid("started_at", "is before the run's");
        }
        match &self.outcome {
            Outcome::Measured(measurements) => measurements.validate(),
            Outcome::Failed { reason, log_tail } => {
                text("reason", reason).and_then(|()| text("log_tail", log_tail))
            }
            Outcome::Unsupported { reason } => text("reason", reason),
        }
    }
}

impl Measurements {
    fn validate(&self) -> Result<(), Invalid> {
        match (self.samples.is_empty(), self.summaries.is_empty()) {
            // A published block may be left with nothing but what could not be compared.
            (true, true) if self.histograms.is_empty() && self.absent.is_empty() => {
                return invalid("samples", "a measured block without a single value");
            }
            (false, false) => {
                return invalid("summaries", "stand beside samples; a block has one or the other");
            }
            _ => {}
        }
        self.validate_summaries()?;
        for (metric, values) in &self.samples {
            let field = format!("samples.{metric}");
            if !Metric::named(metric).is_some_and(|m| m.source == Source::Samples) {
                return invalid(field, "is not a metric that is stored as samples");
            }
            if values.is_empty() || values.len() > MAX_SAMPLES {
                return invalid(
                    field,
                    format!("{} values, 1 to {MAX_SAMPLES} are stored", values.len()),
                );
            }
            if let Some(index) = values.iter().position(|v| !v.is_finite() || *v < 0.0) {
                return invalid(
                    format!("{field}[{index}]"),
                    format!("{} is not a finite number of at least 0", values[index]),
                );
            }
        }
        for metric in self.histograms.keys() {
            if !Metric::named(metric).is_some_and(|m| m.source == Source::Histogram) {
                return invalid(
                    format!("histograms.{metric}"),
                    "is not a metric that is stored as a histogram",
                );
            }
        }
        for absent in &self.absent {
            let Some(metric) =
                Metric::named(&absent.metric).filter(|m| m.direction != Direction::Neither)
            else {
                return invalid(format!("absent.{}", absent.metric), "is not a metric");
            };
            if self.values(metric).is_some() {
                return invalid(format!("absent.{metric}"), "has values all the same");
            }
            text(&format!("absent.{metric}"), &absent.reason)?;
        }
        Ok(())
    }
}

impl Measurements {
    fn validate_summaries(&self) -> Result<(), Invalid> {
        for (metric, value) in &self.summaries {
            let field = format!("summaries.{metric}");
            if !Metric::named(metric).is_some_and(Metric::is_comparable) {
                return invalid(field, "is not a metric that is compared");
            }
            if !value.is_finite() || *value < 0.0 {
                return invalid(field, format!("{value} is not a finite number of at least 0"));
            }
        }
        Ok(())
    }
}

fn name(field: &str, value: &str) -> Result<(), Invalid> {
    let count = value.chars().count();
    if count == 0 || count > MAX_NAME_CHARS {
        return invalid(
            field,
            format!("has {count} characters, 1 to {MAX_NAME_CHARS} are allowed"),
        );
    }
    match value.chars().find(|c| c.is_control()) {
        Some(c) => invalid(field, format!("holds the control character {c:?}")),
        None => Ok(()),
    }
}

fn text(field: &str, value: &str) -> Result<(), Invalid> {
    let count = value.chars().count();
    if count > MAX_TEXT_CHARS {
        return invalid(
            field,
            format!("has {count} characters, at most {MAX_TEXT_CHARS} are stored"),
        );
    }
    match value.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        Some(c) => invalid(field, format!("holds the control character {c:?}")),
        None => Ok(()),
    }
}
