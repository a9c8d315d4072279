//! One generator thread: its runtime, its connections, and their timeouts.
//!
//! A thread sleeps in ticks and looks at each connection at every tick, so
//! that a request needs no timer of its own. What the slices are is the
//! leading thread's business (`run`).

use std::{
    io,
    net::TcpStream,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use hdrhistogram::Histogram;
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::sleep,
};

use crate::{
    board::{Board, Phase},
    drive::{Desk, Seat, drive},
    failure::Failure,
    generator_cpu::CpuMeter,
    plan::{Job, MAX_LATENCY, Plan},
};

/// How often a thread looks after its connections, the cancellation and the
/// failure of another thread; timeouts are noticed at most this much later.
const TICK: Duration = Duration::from_millis(10);

/// The run has a failure (on the board): everybody stops.
#[derive(Debug)]
pub(crate) struct Halt;

/// What every thread gets to know.
#[derive(Debug, Clone)]
pub(crate) struct Orders<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) job: Arc<Job>,
    pub(crate) board: Arc<Board>,
    pub(crate) cancel: &'a AtomicBool,
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
    pub(crate) latency: Histogram<u64>,
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

impl<'a> Crew<'a> {
    /// Puts open, non-blocking connections to work. Inside a runtime.
    pub(crate) fn start(
        orders: Orders<'a>,
        thread: usize,
        streams: Vec<TcpStream>,
    ) -> Result<Crew<'a>, Failure> {
        let desk = Arc::new(Desk {
            board: Arc::clone(&orders.board),
            job: Arc::clone(&orders.job),
            mode: orders.plan.mode,
            thread,
            latency: Mutex::new(histogram()?),
        });
        let mut members = Vec::with_capacity(streams.len());
        for stream in streams {
            let stream = tokio::net::TcpStream::from_std(stream).map_err(|source| {
                let doing = "registering a connection".to_owned();
                Failure::Generator { doing, source }
            })?;
            let seat = Arc::new(Seat::default());
            let task = drive(Arc::clone(&desk), Arc::clone(&seat), stream);
            members.push((seat, tokio::spawn(task)));
        }
        Ok(Crew { orders, desk, members, cpu: CpuMeter::default() })
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

    /// Waits for the end of the run and the last answers, sampling this
    /// thread's CPU meanwhile.
    pub(crate) async fn wait_for_last_answers(&mut self) -> Result<(), Halt> {
        while !self.members.iter().all(|(_, task)| task.is_finished()) {
            self.look()?;
            if self.orders.board.phase() == Phase::Measured {
                self.cpu.sample(self.orders.board.clock.now_ns());
            }
            sleep(TICK).await;
        }
        self.look()
    }

    /// The thread's measurements, once its connections have ended.
    pub(crate) async fn dismiss(self) -> Result<Yield, Failure> {
        for (_, task) in self.members {
            task.await.map_err(|_panic| Failure::Panicked)?;
        }
        let latency = self.desk.latency.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Yield { latency, cpu: self.cpu })
    }

    /// Everything that may end a run early, in one place.
    fn look(&self) -> Result<(), Halt> {
        let Orders { plan, board, cancel, job } = &self.orders;
        let now_ns = board.clock.now_ns();
        if board.has_failed() {
            return Err(Halt);
        }
        let late =
            |seat: &Seat| Duration::from_nanos(seat.waiting_ns(now_ns)) > plan.request_timeout;
        let failure = if cancel.load(Relaxed) {
            Failure::Cancelled
        } else if self.members.iter().any(|(seat, _)| late(seat)) {
            Failure::NoAnswer { asked: job.asked.clone(), within: plan.request_timeout }
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
}
