//! Sessions of a tool to runs. A process is a block; what the tool did not tell is unknown
//! and not guessed, so that its results stand on a testbed, and in an epoch, of their own.
//! It must not ask git or the clock: who calls it hands in what they say.

use crate::session::{Row, Session, Told, Value};
use jiff::Timestamp;
use model::{
    Artifact, Block, Cell, Diagnostic, Digest, Hasher, Label, Measurements, Outcome, Run, RunId,
    RunStatus, Testbed, VersionId,
};
use std::path::Path;

/// What the person who imports says of the results.
pub struct Given<'a> {
    /// The format's name.
    pub format: &'a str,
    /// What was measured; it need not be declared.
    pub target: &'a str,
    /// The suite that the results are shown under.
    pub suite: &'a str,
    /// Which version; a commit that a session tells itself goes first.
    pub version: Option<VersionId>,
    /// The binary that was measured: digest and bytes.
    pub binary: Option<(Digest, u64)>,
    /// When, of sessions that do not tell.
    pub at: Timestamp,
    /// Which tools imported it.
    pub harness: &'a str,
    /// The machine, where it is known.
    pub testbed: Option<Testbed>,
    /// The digest of all that was read.
    pub source: Digest,
    /// How many bytes that was.
    pub source_bytes: u64,
    /// Asks git for a commit.
    pub commit: &'a dyn Fn(&str) -> Option<Commit>,
}

/// What git says of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// First line of its message.
    pub subject: String,
    /// When it was committed.
    pub at: Timestamp,
}

/// Whether a run holds samples or what is left of them.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Samples,
    Summaries,
}

/// The runs of sessions, one each; two where a tool kept samples of some benchmarks and
/// summaries of others, since a run is of one kind.
///
/// # Errors
/// When a session has no version, or a value stands twice, or what it makes is no run.
pub fn runs(file: &Path, sessions: &[Session], given: &Given<'_>) -> Result<Vec<Run>, Diagnostic> {
    let refused = |problem: String| Diagnostic::new(file, None, problem);
    let mut runs = Vec::new();
    for (index, session) in sessions.iter().enumerate() {
        for kind in [Kind::Samples, Kind::Summaries] {
            let rows: Vec<&Row> =
                session.rows.iter().filter(|row| row.kind(session) == kind).collect();
            if rows.is_empty() {
                continue;
            }
            let Some(version) = version(&session.told, given) else {
                let problem = "nothing tells which version was measured".to_owned();
                return Err(refused(problem)
                    .with_remedy("add --commit REV, --release VERSION or --binary FILE"));
            };
            let mut run = head(&session.told, version, index, kind, given);
            for row in rows {
                add(&mut run, row, given).map_err(&refused)?;
            }
            run.planned_blocks = run.blocks.len() as u32;
            run.validate().map_err(|invalid| refused(invalid.to_string()))?;
            runs.push(run);
        }
    }
    Ok(runs)
}

impl Row {
    /// A failure goes with what the rest of its session is.
    fn kind(&self, session: &Session) -> Kind {
        let has_samples = |row: &Row| matches!(row.value, Value::Samples(..));
        match self.value {
            Value::Samples(..) => Kind::Samples,
            Value::Summary(..) => Kind::Summaries,
            Value::Failed(_) if session.rows.iter().any(has_samples) => Kind::Samples,
            Value::Failed(_) => Kind::Summaries,
        }
    }
}

fn version(told: &Told, given: &Given<'_>) -> Option<VersionId> {
    let Some(sha) = told.commit.clone().filter(|_| given.version.is_none()) else {
        return given.version.clone();
    };
    let known = (given.commit)(&sha);
    // A commit of another repository has no subject here; when it was measured is then the
    // best that is known of when it was made.
    let (subject, committed_at) = known.map_or_else(
        || (String::new(), told.at.unwrap_or(given.at)),
        |commit| (commit.subject, commit.at),
    );
    Some(VersionId::Commit { sha, subject, committed_at, modified: None })
}

fn head(told: &Told, version: VersionId, index: usize, kind: Kind, given: &Given<'_>) -> Run {
    let identity = Hasher::default()
        .part("imported", given.source.to_string())
        .part("format", given.format)
        .part("target", given.target)
        .part("suite", given.suite)
        .part("version", version.label())
        .part("session", index.to_string())
        .part("kind", if kind == Kind::Samples { "samples" } else { "summaries" })
        .finish();
    let bits = identity.to_bytes();
    let bits = u64::from_be_bytes([
        bits[0], bits[1], bits[2], bits[3], bits[4], bits[5], bits[6], bits[7],
    ]);
    let at = told.at.unwrap_or(given.at);
    let plan = serde_json::json!({ "imported": given.format, "sha256": given.source.to_string() });
    Run {
        id: RunId::from_bits(bits),
        started_at: at,
        finished_at: Some(at),
        status: RunStatus::Complete,
        profile: "imported".to_owned(),
        seed: 0,
        harness: given.harness.to_owned(),
        plan: plan.to_string(),
        planned_blocks: 0,
        anchor: None,
        testbed: testbed(told, given),
        artifacts: vec![artifact(told, version, given)],
        failed_builds: Vec::new(),
        blocks: Vec::new(),
    }
}

/// The machine as it is told, in an epoch that none of our own runs can be in.
fn testbed(told: &Told, given: &Given<'_>) -> Testbed {
    let unknown = || Testbed {
        cpu_model: told.cpu_model.clone(),
        cpus: told.cpus.unwrap_or_default(),
        kernel: told.kernel.clone().unwrap_or_else(|| "unknown".to_owned()),
        pinning: "unknown".to_owned(),
        ..Testbed::default()
    };
    Testbed {
        harness: Some(given.format.to_owned()),
        load_generator: None,
        pinning: "unknown".to_owned(),
        ..given.testbed.clone().unwrap_or_else(unknown)
    }
}

fn artifact(told: &Told, version: VersionId, given: &Given<'_>) -> Artifact {
    let of_file = || {
        let hasher = Hasher::default().part("imported", given.source.to_string());
        (hasher.part("version", version.label()).finish(), given.source_bytes)
    };
    let (binary_sha256, binary_bytes) = given.binary.unwrap_or_else(of_file);
    let tool = told.tool_version.as_ref().map(|it| format!(" {it}")).unwrap_or_default();
    Artifact {
        target: given.target.to_owned(),
        version,
        binary_sha256,
        binary_bytes,
        source_sha256: None,
        lockfile_sha256: None,
        rustc: None,
        build_flags: Some(format!("{}{}{tool}", Artifact::IMPORTED, given.format)),
    }
}

fn add(run: &mut Run, row: &Row, given: &Given<'_>) -> Result<(), String> {
    let cell = Cell {
        target: given.target.to_owned(),
        suite: given.suite.to_owned(),
        benchmark: row.benchmark.clone(),
        arm: row.arm.clone(),
    };
    let known = run.blocks.iter_mut().rev().find(|it| it.cell == cell && it.round == row.process);
    if let Some(block) = known {
        return extend(block, row);
    }
    let mut block = Block {
        ordinal: run.blocks.len() as u32,
        suite_sha256: given.source,
        definition_sha256: Hasher::default()
            .part("imported", given.format)
            .part("suite", given.suite)
            .part("benchmark", &row.benchmark)
            .part("arm", &row.arm)
            .finish(),
        cell,
        artifact: 0,
        round: row.process,
        started_at: run.started_at,
        duration_ns: 0,
        labels: if row.generator_bound { vec![Label::GeneratorBound] } else { Vec::new() },
        outcome: Outcome::Measured(Measurements::default()),
    };
    extend(&mut block, row)?;
    run.blocks.push(block);
    Ok(())
}

/// One failure makes its block one.
fn extend(block: &mut Block, row: &Row) -> Result<(), String> {
    let twice = |metric| Err(format!("{} {} has {metric} twice", row.benchmark, row.arm));
    let Outcome::Measured(measurements) = &mut block.outcome else { return Ok(()) };
    match &row.value {
        Value::Failed(reason) => {
            block.outcome = Outcome::Failed { reason: reason.clone(), log_tail: String::new() };
        }
        Value::Samples(metric, values) => {
            if measurements.samples.insert((*metric).to_owned(), values.clone()).is_some() {
                return twice(metric);
            }
            if *metric == "program_ns" {
                block.duration_ns = values.iter().sum::<f64>() as u64;
            }
        }
        Value::Summary(metric, value) => {
            if measurements.summaries.insert((*metric).to_owned(), *value).is_some() {
                return twice(metric);
            }
        }
    }
    Ok(())
}
