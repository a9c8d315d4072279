//! One generator thread: its runtime, its connections, and their timeouts.
//!
//! A thread sleeps in ticks and looks at each connection at every tick, so
//! that a request needs no timer of its own. What the slices are is the
//! leading thread's business (`run`).

use std::{
    io,
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use hdrhistogram::Histogram;
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinHandle, yield_now},
    time::{sleep, timeout},
};

use crate::{
    awake::{Idleness, stay_awake},
    board::{Board, Phase},
    drive::{Desk, Records, Seat, drive},
    failure::Failure,
    generator_cpu::{CpuMeter, GENERATOR_BOUND_SHARE, STARVED_SHARE},
    job::Job,
    lateness::Punctuality,
    pace::Pace,
    plan::{MAX_LATENCY, Placement, Plan},
    schedule::Schedule,
};

/// How often a thread looks after its connections, the cancellation and the
/// failure of another thread; timeouts are noticed at most this much later.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// How often a thread that takes turns samples its CPU.
const SHORT_TICK: Duration = Duration::from_millis(1);

/// The run has a failure (on the board): everybody stops.
#[derive(Debug)]
pub(crate) struct Halt;

/// What every thread gets to know.
#[derive(Debug, Clone)]
pub(crate) struct Orders<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) jobs: Arc<[Job]>,
    /// Of an open loop.
    pub(crate) schedule: Option<Arc<Schedule>>,
    pub(crate) board: Arc<Board>,
    pub(crate) cancel: &'a AtomicBool,
}

impl Orders<'_> {
    /// Only a thread with a CPU of its own may keep it from sleeping.
    fn stays_awake(&self) -> bool {
        self.schedule.is_some() && matches!(self.plan.placement, Placement::Pinned(_))
    }
}

/// A thread's connections, each a task of its runtime.
#[derive(Debug)]
pub(crate) struct Crew<'a> {
    pub(crate) orders: Orders<'a>,
    desk: Arc<Desk>,
    members: Vec<(Arc<Seat>, JoinHandle<()>)>,
    pub(crate) cpu: CpuMeter,
}

/// What a thread measured.
#[derive(Debug)]
pub(crate) struct Yield {
    pub(crate) records: Records,
    pub(crate) cpu: CpuMeter,
}

/// A runtime for the calling thread.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_current_thread().enable_io().enable_time().build().map_err(|source| {
        Failure::Generator { doing: "starting the load generator".to_owned(), source }
    })
}

/// An empty histogram: 1 ns to 60 s, three significant digits.
pub(crate) fn histogram() -> Result<Histogram<u64>, Failure> {
    Histogram::new_with_bounds(1, MAX_LATENCY.as_nanos() as u64, 3).map_err(|error| {
        let doing = "making a histogram".to_owned();
        Failure::Generator { doing, source: io::Error::other(error) }
    })
}

/// Empty, for one thread or for the sum of all.
pub(crate) fn records(is_open: bool) -> Result<Records, Failure> {
    let punctuality = if is_open { Some(Punctuality::new(histogram()?)) } else { None };
    Ok(Records { latency: histogram()?, first_byte: histogram()?, punctuality })
}

impl<'a> Crew<'a> {
    /// Puts open, non-blocking connections to work; each comes with the job it
    /// begins with. Inside a runtime.
    pub(crate) fn start(
        orders: Orders<'a>,
        thread: usize,
        streams: Vec<(usize, TcpStream)>,
    ) -> Result<Crew<'a>, Failure> {
        let board = &orders.board;
        let is_awake = orders.stays_awake();
        let desk = Arc::new(Desk::new(
            Arc::clone(board),
            Arc::clone(&orders.jobs),
            Pace::new(orders.schedule.as_ref(), is_awake)?,
            thread,
            records(orders.schedule.is_some())?,
        ));
        let mut members = Vec::with_capacity(streams.len());
        for (job, stream) in streams {
            let stream = tokio::net::TcpStream::from_std(stream).map_err(|source| {
                let doing = "registering a connection".to_owned();
                Failure::Generator { doing, source }
            })?;
            let seat = Arc::new(Seat::new(job));
            let task = drive(Arc::clone(&desk), Arc::clone(&seat), stream);
            members.push((seat, tokio::spawn(task)));
        }
        let idleness = Arc::new(Idleness::default());
        if is_awake {
            let counters = Arc::clone(board.counters(thread));
            tokio::spawn(stay_awake(Arc::clone(&idleness), counters));
        }
        Ok(Crew { orders, desk, members, cpu: CpuMeter::of_this_thread(idleness) })
    }

    /// Sleeps until an instant of the run, looking after the connections.
    pub(crate) async fn wait_until(&mut self, until_ns: u64) -> Result<(), Halt> {
        loop {
            self.look()?;
            let now_ns = self.orders.board.clock.now_ns();
            if now_ns >= until_ns {
                return Ok(());
            }
            sleep(TICK.min(Duration::from_nanos(until_ns - now_ns))).await;
        }
    }

    /// Waits for the run's turn, if it takes turns.
    pub(crate) async fn wait_for_turn(&self) -> Result<(), Halt> {
        let (Some(turn), Some(gate)) = (&self.orders.plan.turn, &self.orders.board.gate) else {
            return Ok(());
        };
        while timeout(TICK, turn.come()).await.is_err() {
            self.look()?;
        }
        gate.open();
        Ok(())
    }

    /// Ends it, once what is under way is answered; `then` comes before others are
    /// let in.
    pub(crate) async fn pass_turn(&self, then: impl FnOnce()) -> Result<(), Halt> {
        let (Some(turn), Some(gate)) = (&self.orders.plan.turn, &self.orders.board.gate) else {
            return Ok(());
        };
        gate.close();
        while gate.is_occupied() {
            self.look()?;
            yield_now().await;
        }
        then();
        turn.pass();
        Ok(())
    }

    /// Waits for the end of the run and the last answers, sampling this
    /// thread's CPU meanwhile.
    pub(crate) async fn wait_for_last_answers(&mut self) -> Result<(), Halt> {
        // A turn is as short as a tick: it would be sampled once, which is no span.
        let tick = if self.orders.plan.turn.is_some() { SHORT_TICK } else { TICK };
        while !self.members.iter().all(|(_, task)| task.is_finished()) {
            self.look()?;
            match self.orders.board.phase() {
                Phase::Measured => self.cpu.sample(self.orders.board.clock.now_ns()),
                Phase::WarmUp | Phase::Finished => self.cpu.pause(),
            }
            sleep(tick).await;
        }
        self.look()
    }

    /// The thread's measurements, once its connections have ended.
    pub(crate) async fn dismiss(self) -> Result<Yield, Failure> {
        for (_, task) in self.members {
            task.await.map_err(|_panic| Failure::Panicked)?;
        }
        let records = self.desk.records().clone();
        Ok(Yield { records, cpu: self.cpu })
    }

    /// Everything that may end a run early, in one place.
    fn look(&self) -> Result<(), Halt> {
        let Orders { plan, board, cancel, jobs, schedule } = &self.orders;
        let now_ns = board.clock.now_ns();
        if board.has_failed() {
            return Err(Halt);
        }
        let late = |seat: &&Arc<Seat>| {
            Duration::from_nanos(seat.waiting_ns(now_ns)) > plan.request_timeout
        };
        let backlog_ns = schedule
            .as_ref()
            .map_or(0, |schedule| schedule.waiting_ns(now_ns, board.measured_until_ns()));
        let failure = if cancel.load(Relaxed) {
            Failure::Cancelled
        } else if let Some(seat) = self.members.iter().map(|(seat, _)| seat).find(late) {
            Failure::NoAnswer {
                asked: jobs[seat.job()].asked.clone(),
                within: plan.request_timeout,
            }
        } else if Duration::from_nanos(backlog_ns) > plan.backlog_limit {
            self.blame_backlog()
        } else if Duration::from_nanos(now_ns) > plan.deadline() {
            Failure::Overran { within: plan.deadline() }
        } else if board.phase() != Phase::Finished
            && self.members.iter().any(|(_, task)| task.is_finished())
        {
            // A task ends by the phase, or by a failure on the board.
            Failure::Panicked
        } else {
            return Ok(());
        };
        board.fail(failure);
        Err(Halt)
    }

    /// Arrivals have waited too long: for the server, unless this thread knows
    /// better.
    fn blame_backlog(&self) -> Failure {
        let Plan { backlog_limit, lateness_limit, .. } = *self.orders.plan;
        let records = self.desk.records();
        if let Some(Err(failure)) = records.punctuality.as_ref().map(|p| p.judge(lateness_limit)) {
            return failure;
        }
        let (cpu_share, wait_share) = (self.cpu.share(), self.cpu.wait_share());
        let is_starved = wait_share.is_some_and(|share| share > STARVED_SHARE);
        if cpu_share >= GENERATOR_BOUND_SHARE || is_starved {
            return Failure::Overloaded { cpu_share, wait_share };
        }
        Failure::Saturated { waited: backlog_limit }
    }
}
