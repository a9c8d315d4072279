//! Jobs as they are told over HTTP, to people and to workers.

use serde::{Deserialize, Serialize};
use store::Job;
use utoipa::ToSchema;

/// A job to be queued.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobIn {
    /// `run`, `compare`, `gate`, `backfill`, `bisect` or `calibrate`.
    pub(crate) kind: String,
    /// Words for that command, e.g. `["v1", "v2", "--suite", "size"]`.
    #[serde(default)]
    pub(crate) arguments: Vec<String>,
    /// The epoch it must be measured on [default: any].
    #[serde(default)]
    pub(crate) testbed: Option<String>,
    /// Higher goes first [default: 0].
    #[serde(default)]
    pub(crate) priority: Option<i32>,
    /// Names of jobs that must be done before.
    #[serde(default)]
    pub(crate) parents: Vec<String>,
    /// Attempts until it is given up, 1 to 10 [default: 3].
    #[serde(default)]
    pub(crate) most_attempts: Option<u32>,
    /// What asks for it, if that must not ask twice.
    #[serde(default)]
    pub(crate) once: Option<String>,
}

/// A job.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobOut {
    /// Its name.
    pub job: String,
    /// Its command.
    pub kind: String,
    /// Words for that command.
    pub arguments: Vec<String>,
    /// The epoch it must be measured on.
    pub testbed: Option<String>,
    /// Higher goes first.
    pub priority: i32,
    /// `queued`, `leased`, `done`, `failed` or `cancelled`.
    pub status: String,
    /// Attempts so far.
    pub attempts: u32,
    /// Attempts until it is given up.
    pub most_attempts: u32,
    /// Nobody gets it before.
    pub not_before: String,
    /// Who had it last.
    pub worker: Option<String>,
    /// Who wants it.
    pub requested_by: String,
    /// Since when.
    pub requested_at: String,
    /// When the last attempt began.
    pub started_at: Option<String>,
    /// When it ended.
    pub finished_at: Option<String>,
    /// Of its command.
    pub exit_code: Option<i64>,
    /// What its command said, or why it failed.
    pub outcome: Option<String>,
}

impl From<Job> for JobOut {
    fn from(job: Job) -> Self {
        let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
        Self {
            kind: job.kind.word().to_owned(),
            arguments: serde_json::from_str(&job.arguments).unwrap_or_default(),
            status: job.status.word().to_owned(),
            not_before: job.not_before.to_string(),
            requested_at: job.requested_at.to_string(),
            started_at: time(job.started_at),
            finished_at: time(job.finished_at),
            job: job.name,
            testbed: job.testbed,
            priority: job.priority,
            attempts: job.attempts,
            most_attempts: job.most_attempts,
            worker: job.worker,
            requested_by: job.requested_by,
            exit_code: job.exit_code,
            outcome: job.outcome,
        }
    }
}

impl JobOut {
    /// The same with so much of what its command said.
    pub(crate) fn shortened(mut self, chars: usize) -> Self {
        self.outcome = self.outcome.map(|text| text.chars().take(chars).collect());
        self
    }
}

/// A part of the list of jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobPage {
    pub(crate) items: Vec<JobOut>,
    /// The cursor of the next part; null after the last.
    pub(crate) next: Option<String>,
}

/// A worker that asks for something to do.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaseIn {
    /// The machine, in words.
    pub worker: String,
    /// The epoch of its testbed: one job at a time on each.
    pub testbed: String,
}

/// A job for a worker.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LeaseOut {
    /// The job.
    pub job: JobOut,
    /// The secret that it is gone on with.
    pub lease: String,
    /// After so long at the latest the worker should be heard of.
    pub renew_within_s: f64,
}

/// A worker that is at it still.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewIn {
    /// The secret of its lease.
    pub lease: String,
    /// What happened since it was last heard of, line by line.
    #[serde(default)]
    pub told: Vec<String>,
}

/// Whether it should go on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RenewOut {
    /// False when somebody took the job back.
    pub go_on: bool,
    /// Until when the job is this worker's.
    pub until: Option<String>,
}

/// A worker whose command has ended.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishIn {
    /// The secret of its lease.
    pub lease: String,
    /// The command's exit code; null when it did not end by itself.
    pub exit_code: Option<i64>,
    /// What it said.
    pub outcome: String,
    /// Whether trying again may help.
    #[serde(default)]
    pub retry: bool,
}
