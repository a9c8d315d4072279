//! Where the site's numbers come from. The only file that reads the store,
//! and nothing here ever writes to it.

use crate::Error;
use jiff::Timestamp;
use model::{Run, RunId, RunStatus};
use store::Store;

/// A run at a glance, whether its results are shown or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEntry {
    /// Its name.
    pub id: RunId,
    /// When its first block was about to start.
    pub started_at: Timestamp,
    /// How far it has come.
    pub status: RunStatus,
    /// Which rules chose the number of blocks.
    pub profile: String,
    /// What it measures, e.g. `host@3fa9c1e2`.
    pub versions: Vec<String>,
    /// Blocks with values.
    pub measured: u32,
    /// Blocks that failed.
    pub failed: u32,
    /// Blocks that ask for what the version cannot do.
    pub unsupported: u32,
    /// Blocks of the plan.
    pub planned: u32,
}

/// Every run, newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn entries(store: &Store) -> Result<Vec<RunEntry>, Error> {
    let summaries = store.runs().await?;
    Ok(summaries
        .into_iter()
        .map(|run| RunEntry {
            id: run.id,
            started_at: run.started_at,
            status: run.status,
            profile: run.profile,
            versions: run.versions.iter().map(ToString::to_string).collect(),
            measured: run.measured,
            failed: run.failed,
            unsupported: run.unsupported,
            planned: run.planned,
        })
        .collect())
}

/// The runs whose results may be shown, oldest first.
pub(crate) async fn visible(store: &Store) -> Result<Vec<RunId>, Error> {
    Ok(store.visible_runs().await?)
}

/// One run with its samples.
pub(crate) async fn run(store: &Store, id: &RunId) -> Result<Run, Error> {
    Ok(store.run(id.as_str()).await?)
}
