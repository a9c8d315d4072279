//! What a job is for that GitHub asked for: where what comes of it is told.

use crate::problem::Problem;
use github::Place;
use jiff::Timestamp;
use model::Digest;
use store::{Job, JobKind, NewJob};

/// Who asked, in the queue and in the audit log. No token has this name.
pub(crate) const GITHUB: &str = "github";
const ATTEMPTS: u32 = 3;

/// Where something is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Errand {
    pub(crate) place: Place,
    /// The pull request; 0 for none.
    pub(crate) pull: u64,
    pub(crate) sha: String,
}

impl Errand {
    /// Of a job, if GitHub asked for it: `github REPOSITORY INSTALLATION PULL SHA DIGEST`.
    pub(crate) fn of(job: &Job) -> Option<Self> {
        if job.requested_by != GITHUB {
            return None;
        }
        let mut words = job.once.as_deref()?.split(' ').skip(1);
        let repository = words.next()?.to_owned();
        let installation = words.next()?.parse().ok().filter(|it| *it != 0);
        let pull = words.next()?.parse().ok()?;
        let sha = words.next()?.to_owned();
        Some(Self { place: Place { repository, installation }, pull, sha })
    }

    /// The job of it. The digest is that of the delivery: two of the same are one job.
    pub(crate) fn job(
        &self,
        kind: JobKind,
        arguments: &[String],
        delivery: Digest,
    ) -> Result<NewJob, Problem> {
        let Self { place, pull, sha } = self;
        let installation = place.installation.unwrap_or(0);
        let priority = match kind {
            // A release waits for it.
            JobKind::Gate => 20,
            JobKind::Compare => 10,
            _ => 0,
        };
        Ok(NewJob {
            name: crate::secret::new_name(crate::jobs::NAME_DIGITS)
                .map_err(|error| Problem::internal(&error))?,
            once: Some(format!(
                "{GITHUB} {} {installation} {pull} {sha} {delivery}",
                place.repository
            )),
            kind,
            arguments: serde_json::to_string(arguments)
                .map_err(|error| Problem::internal(&error))?,
            testbed: None,
            priority,
            parents: Vec::new(),
            most_attempts: ATTEMPTS,
            requested_by: GITHUB.to_owned(),
            requested_at: Timestamp::now(),
        })
    }
}
