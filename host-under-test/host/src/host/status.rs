//! What can be told of a workload, as the admin endpoint prints it.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Where a workload is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum State {
    /// Fetched, compiled, linked; answers nothing yet.
    Starting,
    /// Answers requests; its service, if it has one, runs.
    Running,
    /// Its service ended well, and it has nothing else.
    Completed,
    /// Gets no further requests.
    Stopping,
    /// It could not start, or its service failed too often.
    Error,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A workload at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct WorkloadStatus {
    /// `namespace/name`, or the name.
    pub workload: String,
    /// Where it is in its life.
    pub state: State,
    /// What went wrong, in the state `Error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How many times it runs.
    pub replicas: u32,
    /// As in the workload file.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// As in the workload file.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// All replicas of a component together.
    pub components: Vec<ComponentStatus>,
    /// Each replica's service.
    pub services: Vec<ServiceStatus>,
}

/// A component at one moment. The counters are those of all its replicas.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ComponentStatus {
    /// Its name in the workload.
    pub component: String,
    /// Where its bytes came from; for an image, with the digest of its manifest.
    pub source: String,
    /// Digest of its bytes.
    pub digest: String,
    /// `compiled`, `loaded` from the cache, or `shared` with another workload.
    pub code: String,
    /// The interface requests reach it through.
    pub handler: String,
    /// Requests under way.
    pub in_flight: u64,
    /// Requests that got an instance.
    pub requests: u64,
    /// Requests refused since too many were under way.
    pub refused: u64,
    /// Instances made.
    pub instances: u64,
    /// Requests served by an instance that had served before.
    pub reused: u64,
    /// Requests that found every warm instance busy and got a fresh one.
    pub fell_through: u64,
    /// Warm instances that served as often as they may.
    pub retired_worn: u64,
    /// Warm instances that trapped or went beyond their deadline.
    pub retired_trapped: u64,
    /// Warm instances whose client went away or lost patience.
    pub retired_cancelled: u64,
    /// If it is run by a schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleStatus>,
}

/// A component's runs by its schedule.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ScheduleStatus {
    /// Runs begun.
    pub fired: u64,
    /// Runs left out, since the one before had not ended.
    pub missed: u64,
    /// Runs that trapped, returned an error, or took too long.
    pub failed: u64,
    /// How much later than due all runs began together.
    pub lateness_ns_sum: u64,
    /// How much later than due the latest began.
    pub lateness_ns_max: u64,
    /// How a run last ended badly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
}

impl ScheduleStatus {
    /// Adds another replica's.
    pub(super) fn add(&mut self, other: Self) {
        self.fired += other.fired;
        self.missed += other.missed;
        self.failed += other.failed;
        self.lateness_ns_sum = self.lateness_ns_sum.saturating_add(other.lateness_ns_sum);
        self.lateness_ns_max = self.lateness_ns_max.max(other.lateness_ns_max);
        self.last_failure = other.last_failure.or(self.last_failure.take());
    }
}

/// A service at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct ServiceStatus {
    /// Whether it runs now.
    pub running: bool,
    /// How often it was started again.
    pub restarts: u32,
    /// How it last ended badly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
}
