//! A component that is run by the clock, in a fresh instance each time. One run
//! at a time: what is due while another runs is missed, and counted.

use super::status::ScheduleStatus;
use crate::guest::{Ended, ServiceRun};
use crate::workload::Schedule;
use chrono::Utc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A component of one replica that will be run by the clock.
pub(super) struct Planned {
    /// For messages.
    pub(super) name: String,
    pub(super) schedule: Schedule,
    pub(super) run: ServiceRun,
}

/// A component of one replica that is being run by the clock.
pub(super) struct Scheduled {
    task: JoinHandle<()>,
    status: Arc<Mutex<ScheduleStatus>>,
}

impl Scheduled {
    /// From now on.
    pub(super) fn start(planned: Planned) -> Self {
        let Planned { name, schedule, run } = planned;
        let status = Arc::<Mutex<ScheduleStatus>>::default();
        let log = Log { name, status: Arc::clone(&status) };
        let task = match schedule {
            Schedule::Every(interval) => tokio::spawn(every(interval, run, log)),
            Schedule::Calendar(_) => tokio::spawn(by_calendar(schedule, run, log)),
        };
        Self { task, status }
    }

    pub(super) fn status(&self) -> ScheduleStatus {
        locked(&self.status).clone()
    }
}

impl Drop for Scheduled {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn every(interval: Duration, run: ServiceRun, log: Log) {
    let start = Instant::now();
    let mut turn = 1;
    loop {
        let due = start + interval.saturating_mul(turn);
        tokio::time::sleep_until(due).await;
        log.fire(&run, due.elapsed()).await;
        let passed = start.elapsed().as_nanos() / interval.as_nanos();
        // After more than four thousand million turns it is always due.
        let next = u32::try_from(passed + 1).unwrap_or(u32::MAX).max(turn.saturating_add(1));
        log.miss(u64::from(next - turn - 1));
        turn = next;
    }
}

async fn by_calendar(schedule: Schedule, run: ServiceRun, log: Log) {
    let mut after = Utc::now();
    while let Some(due) = schedule.next_after(after) {
        // The clock may be set meanwhile, so it is looked at again and again.
        while let Ok(wait) = (due - Utc::now()).to_std()
            && !wait.is_zero()
        {
            tokio::time::sleep(wait.min(Duration::from_secs(1))).await;
        }
        log.fire(&run, (Utc::now() - due).to_std().unwrap_or_default()).await;
        after = due;
        let now = Utc::now();
        while let Some(next) = schedule.next_after(after)
            && next <= now
        {
            log.miss(1);
            after = next;
        }
    }
}

struct Log {
    name: String,
    status: Arc<Mutex<ScheduleStatus>>,
}

impl Log {
    async fn fire(&self, run: &ServiceRun, lateness: Duration) {
        {
            let mut status = locked(&self.status);
            let lateness_ns = u64::try_from(lateness.as_nanos()).unwrap_or(u64::MAX);
            status.fired += 1;
            status.lateness_ns_sum = status.lateness_ns_sum.saturating_add(lateness_ns);
            status.lateness_ns_max = status.lateness_ns_max.max(lateness_ns);
        }
        if let Ended::Badly(failure) = run.once().await {
            eprintln!("host-under-test: a scheduled run of {} failed: {failure}", self.name);
            let mut status = locked(&self.status);
            status.failed += 1;
            status.last_failure = Some(failure);
        }
    }

    fn miss(&self, times: u64) {
        locked(&self.status).missed += times;
    }
}

fn locked(status: &Mutex<ScheduleStatus>) -> MutexGuard<'_, ScheduleStatus> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}
