//! A workload on a host, from its start to its end.

use super::bind::Bound;
use super::schedule::{Planned, Scheduled};
use super::status::{ComponentStatus, ServiceStatus, State, WorkloadStatus};
use crate::guest::{Ended, Guest, ServiceRun};
use crate::provider::ProviderStore;
use crate::restart::Pauses;
use crate::route::{Key, Table};
use crate::workload::WorkloadSpec;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// How often the end of requests under way is looked for.
const DRAIN_PAUSE: Duration = Duration::from_millis(2);

/// A service that ran so long begins with the first wait again.
const STEADY: Duration = Duration::from_secs(10);

/// A workload that a host was asked to run.
pub struct Workload {
    spec: WorkloadSpec,
    life: Mutex<Life>,
}

struct Life {
    state: State,
    message: Option<String>,
    running: Running,
}

/// What a started workload consists of.
#[derive(Default)]
pub(super) struct Running {
    pub(super) components: Vec<RunningComponent>,
    pub(super) routes: Vec<(Key, Arc<Guest>)>,
    pub(super) services: Vec<RunningService>,
    /// What plugins provide for it, which they do as long as it runs.
    pub(super) bound: Bound,
    /// Ephemeral volumes, removed when the workload ends.
    pub(super) folders: Vec<TempDir>,
}

/// A component and all its replicas.
pub(super) struct RunningComponent {
    pub(super) about: ComponentStatus,
    /// If requests reach it.
    pub(super) replicas: Vec<Arc<Guest>>,
    /// If other components do.
    pub(super) providers: Vec<Arc<ProviderStore>>,
    /// If the clock runs it: until the workload runs, and from then on.
    pub(super) planned: Vec<Planned>,
    scheduled: Vec<Scheduled>,
}

/// One replica's service.
pub(super) struct RunningService {
    task: JoinHandle<()>,
    status: Arc<Mutex<ServiceStatus>>,
}

impl Workload {
    pub(super) fn new(spec: WorkloadSpec) -> Self {
        let running = Running::default();
        Self { spec, life: Mutex::new(Life { state: State::Starting, message: None, running }) }
    }

    /// What it was made from.
    pub fn spec(&self) -> &WorkloadSpec {
        &self.spec
    }

    /// Where it is in its life.
    pub fn state(&self) -> State {
        self.life().state
    }

    /// Everything that can be told of it.
    pub fn status(&self) -> WorkloadStatus {
        let life = self.life();
        WorkloadStatus {
            workload: self.spec.title(),
            state: life.state,
            message: life.message.clone(),
            replicas: self.spec.replicas.get(),
            labels: self.spec.labels.clone(),
            annotations: self.spec.annotations.clone(),
            components: life.running.components.iter().map(RunningComponent::status).collect(),
            services: life.running.services.iter().map(|s| locked(&s.status).clone()).collect(),
        }
    }

    pub(super) fn fail(&self, message: &str) {
        let mut life = self.life();
        life.state = State::Error;
        life.message = Some(message.to_owned());
    }

    /// Everything is there; routes are added while nobody can stop it.
    pub(super) fn run(
        self: &Arc<Self>,
        table: &Table<Arc<Guest>>,
        mut running: Running,
        services: Vec<ServiceRun>,
    ) {
        let mut life = self.life();
        if life.state != State::Starting {
            return;
        }
        table.add(&running.routes);
        life.state = State::Running;
        for component in &mut running.components {
            let planned = component.planned.drain(..);
            component.scheduled.extend(planned.map(Scheduled::start));
        }
        running.services = services.into_iter().map(|service| self.supervise(service)).collect();
        life.running = running;
    }

    /// Runs a service and starts it again when it fails, as often as it may.
    fn supervise(self: &Arc<Self>, service: ServiceRun) -> RunningService {
        let status = ServiceStatus { running: true, restarts: 0, last_failure: None };
        let status = Arc::new(Mutex::new(status));
        let (shared, workload) = (Arc::clone(&status), Arc::downgrade(self));
        let max_restarts = self.spec.service.as_ref().map_or(0, |service| service.max_restarts);
        let title = self.spec.title();
        let task = tokio::spawn(async move {
            let mut pauses = Pauses::new();
            let ended = loop {
                let started = Instant::now();
                let Ended::Badly(failure) = service.once().await else { break Ended::Well };
                if started.elapsed() > STEADY {
                    pauses = Pauses::new();
                }
                eprintln!("host-under-test: the service of {title} failed: {failure}");
                {
                    let mut status = locked(&shared);
                    status.last_failure = Some(failure.clone());
                    if status.restarts >= max_restarts {
                        break Ended::Badly(failure);
                    }
                    status.restarts += 1;
                }
                pauses.pass().await;
            };
            locked(&shared).running = false;
            if let Some(workload) = workload.upgrade() {
                workload.service_ended(&ended);
            }
        });
        RunningService { task, status }
    }

    fn service_ended(&self, ended: &Ended) {
        let mut life = self.life();
        let others_run =
            life.running.services.iter().any(|service| locked(&service.status).running);
        match ended {
            _ if life.state != State::Running => {}
            Ended::Badly(failure) => {
                life.state = State::Error;
                life.message = Some(format!("its service failed too often: {failure}"));
            }
            Ended::Well if !others_run && life.running.components.is_empty() => {
                life.state = State::Completed;
            }
            Ended::Well => {}
        }
    }

    /// Takes it off the table and waits for the requests under way.
    pub(super) async fn stop(&self, table: &Table<Arc<Guest>>, grace: Duration) -> bool {
        let running = {
            let mut life = self.life();
            life.state = State::Stopping;
            for component in &mut life.running.components {
                component.scheduled.clear();
            }
            table.remove(&life.running.routes);
            for service in &life.running.services {
                service.task.abort();
            }
            std::mem::take(&mut life.running)
        };
        let until = Instant::now() + grace;
        let busy = || running.components.iter().any(|component| component.in_flight() > 0);
        while busy() && Instant::now() < until {
            tokio::time::sleep(DRAIN_PAUSE).await;
        }
        !busy()
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        locked(&self.life)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RunningComponent {
    pub(super) fn new(about: ComponentStatus) -> Self {
        Self {
            about,
            replicas: Vec::new(),
            providers: Vec::new(),
            planned: Vec::new(),
            scheduled: Vec::new(),
        }
    }

    fn in_flight(&self) -> u64 {
        self.replicas.iter().map(|guest| u64::from(guest.counters.in_flight.load(Relaxed))).sum()
    }

    fn status(&self) -> ComponentStatus {
        let mut status = self.about.clone();
        status.in_flight = self.in_flight();
        status.retired_trapped = self.providers.iter().map(|provider| provider.traps()).sum();
        for scheduled in &self.scheduled {
            status.schedule.get_or_insert_default().add(scheduled.status());
        }
        for guest in &self.replicas {
            let counters = &guest.counters;
            for (total, counter) in [
                (&mut status.requests, &counters.requests),
                (&mut status.refused, &counters.refused),
                (&mut status.instances, &counters.instances),
                (&mut status.reused, &counters.reused),
                (&mut status.fell_through, &counters.fell_through),
                (&mut status.retired_worn, &counters.retired_worn),
                (&mut status.retired_trapped, &counters.retired_trapped),
                (&mut status.retired_cancelled, &counters.retired_cancelled),
            ] {
                *total += counter.load(Relaxed);
            }
        }
        status
    }
}
