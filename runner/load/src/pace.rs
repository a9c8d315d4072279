//! When a connection sends its next request, and how late it was.
//!
//! The only module that tells the modes apart. A closed loop is due at once. In
//! an open loop the idle connections of a thread line up; the first of them
//! takes the next arrival of the schedule and waits until it is due. So an
//! arrival takes any idle connection, and one that finds none is taken, late,
//! by the first that gets idle.

use std::{io, sync::Arc, time::Duration};

use tokio::{sync::Mutex, task::yield_now};

use crate::{
    alarm::Alarm, board::Board, crew::TICK, failure::Failure, lateness::Stall, plan::Mode,
    schedule::Schedule,
};

/// How the connections of one thread are paced.
#[derive(Debug)]
pub(crate) enum Pace {
    Closed,
    Open {
        schedule: Arc<Schedule>,
        /// Held by the connection that waits for its arrival; fair, so the one
        /// that has been idle longest is next.
        turn: Mutex<(Wait, Stall)>,
    },
}

/// How a connection waits for its arrival.
#[derive(Debug)]
pub(crate) enum Wait {
    /// The thread is kept awake (`awake`): look at the clock now and then.
    Awake,
    /// Sleep.
    Alarm(Alarm),
}

impl Wait {
    async fn at_most(&self, duration: Duration) -> Result<(), Failure> {
        match self {
            Wait::Awake => yield_now().await,
            // Not in one go: the run may end meanwhile.
            Wait::Alarm(alarm) => alarm.sleep(TICK.min(duration)).await.map_err(unusable)?,
        }
        Ok(())
    }
}

/// A request may be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Go {
    /// The instant its latency counts from.
    pub(crate) due_ns: u64,
    /// Now.
    pub(crate) sent_ns: u64,
    /// How much later than it could have been, for reasons of the generator.
    pub(crate) lateness_ns: u64,
}

/// The schedule of a run, if it has one.
pub(crate) fn schedule(mode: Mode) -> Option<Arc<Schedule>> {
    match mode {
        Mode::Closed { .. } => None,
        Mode::Open { rate_per_s, .. } => Some(Arc::new(Schedule::new(rate_per_s))),
    }
}

impl Pace {
    /// Inside a runtime.
    pub(crate) fn new(schedule: Option<&Arc<Schedule>>, is_awake: bool) -> Result<Pace, Failure> {
        let Some(schedule) = schedule else { return Ok(Pace::Closed) };
        let wait =
            if is_awake { Wait::Awake } else { Wait::Alarm(Alarm::new().map_err(unusable)?) };
        let turn = Mutex::new((wait, Stall::default()));
        Ok(Pace::Open { schedule: Arc::clone(schedule), turn })
    }

    /// Waits until an idle connection may send; `None` when the run is over.
    pub(crate) async fn go(&self, board: &Board) -> Result<Option<Go>, Failure> {
        let now_ns = board.clock.now_ns();
        match self {
            Pace::Closed if board.is_over(now_ns) => Ok(None),
            Pace::Closed => Ok(Some(Go { due_ns: now_ns, sent_ns: now_ns, lateness_ns: 0 })),
            Pace::Open { schedule, turn } => {
                let idle_since_ns = now_ns;
                let mut turn = turn.lock().await;
                let (wait, stall) = &mut *turn;
                let due_ns = schedule.take();
                loop {
                    let now_ns = board.clock.now_ns();
                    if board.is_over(due_ns) {
                        return Ok(None);
                    }
                    if now_ns >= due_ns {
                        let lateness_ns = stall.lateness_ns(due_ns, idle_since_ns, now_ns);
                        return Ok(Some(Go { due_ns, sent_ns: now_ns, lateness_ns }));
                    }
                    wait.at_most(Duration::from_nanos(due_ns - now_ns)).await?;
                }
            }
        }
    }
}

fn unusable(source: io::Error) -> Failure {
    Failure::Generator { doing: "using a timer of the kernel".to_owned(), source }
}
