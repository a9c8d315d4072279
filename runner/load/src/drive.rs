//! The loop of one connection: wait until due, ask, await, count, again.
//!
//! The hot path. Two clock readings in a closed loop and three in an open one,
//! two histogram entries (three) and a few counter updates per request; no
//! allocation, and no other system call than the connection's own and, in an
//! open loop, setting its alarm. Timeouts are `crew`'s: it looks at `Seat`.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use hdrhistogram::{AdditionError, Histogram};
use tokio::net::TcpStream;

use crate::{
    board::Board,
    connection::{Answer, Connection},
    failure::Failure,
    job::Job,
    lateness::Punctuality,
    pace::{Go, Pace},
};

/// What the connections of one thread share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) board: Arc<Board>,
    pub(crate) jobs: Arc<[Job]>,
    pub(crate) pace: Pace,
    pub(crate) thread: usize,
    /// Locked by this thread's own tasks only, one at a time.
    records: Mutex<Records>,
}

/// What one thread measured of the requests due in the measured part.
#[derive(Debug, Clone)]
pub(crate) struct Records {
    /// Nanoseconds.
    pub(crate) latency: Histogram<u64>,
    /// Nanoseconds; of answers that have a body.
    pub(crate) first_byte: Histogram<u64>,
    /// Of an open loop only.
    pub(crate) punctuality: Option<Punctuality>,
}

impl Records {
    pub(crate) fn add(&mut self, other: &Records) -> Result<(), AdditionError> {
        self.latency.add(&other.latency)?;
        self.first_byte.add(&other.first_byte)?;
        match (&mut self.punctuality, &other.punctuality) {
            (Some(all), Some(part)) => all.add(part),
            _ => Ok(()),
        }
    }

    fn record(&mut self, go: Go, answer: &Answer, until_ns: u64) {
        self.latency.saturating_record(answer.last_byte_ns - go.due_ns);
        if let Some(first_byte_ns) = answer.first_byte_ns {
            self.first_byte.saturating_record(first_byte_ns - go.due_ns);
        }
        if let Some(punctuality) = &mut self.punctuality {
            punctuality.record(go.due_ns, go.sent_ns, go.lateness_ns, until_ns);
        }
    }
}

impl Desk {
    pub(crate) fn new(
        board: Arc<Board>,
        jobs: Arc<[Job]>,
        pace: Pace,
        thread: usize,
        records: Records,
    ) -> Desk {
        Desk { board, jobs, pace, thread, records: Mutex::new(records) }
    }

    pub(crate) fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a connection shows of itself to its thread.
#[derive(Debug)]
pub(crate) struct Seat {
    /// The job under way, or the next one.
    job: AtomicUsize,
    /// When the request under way was sent, as nanoseconds of the run plus
    /// one; zero when there is none.
    busy_since: AtomicU64,
}

impl Seat {
    /// Of the connection that begins with this job.
    pub(crate) fn new(job: usize) -> Seat {
        Seat { job: AtomicUsize::new(job), busy_since: AtomicU64::new(0) }
    }

    /// How long the request under way has been waiting, nanoseconds.
    pub(crate) fn waiting_ns(&self, now_ns: u64) -> u64 {
        match self.busy_since.load(Relaxed) {
            0 => 0,
            since => (now_ns + 1).saturating_sub(since),
        }
    }

    /// Which job that request is of.
    pub(crate) fn job(&self) -> usize {
        self.job.load(Relaxed)
    }

    fn busy(&self, now_ns: u64) {
        self.busy_since.store(now_ns + 1, Relaxed);
    }

    fn idle(&self) {
        self.busy_since.store(0, Relaxed);
    }
}

/// Asks until the run is finished; a failure goes to the board.
pub(crate) async fn drive(desk: Arc<Desk>, seat: Arc<Seat>, stream: TcpStream) {
    if let Err(failure) = ask_until_finished(&desk, &seat, stream).await {
        desk.board.fail(failure);
    }
    seat.idle();
}

async fn ask_until_finished(desk: &Desk, seat: &Seat, stream: TcpStream) -> Result<(), Failure> {
    let board = &desk.board;
    let counters = board.counters(desk.thread);
    let mut connection =
        Connection::new(Arc::clone(&desk.jobs), stream, board.clock, Arc::clone(counters));
    loop {
        if let Some(gate) = &board.gate {
            gate.enter().await;
        }
        let Some(go) = desk.pace.go(board).await? else { break };
        seat.busy(go.sent_ns);
        let answer = connection.exchange(seat.job()).await?;
        counters.count_answer(answer.bytes);
        if board.is_measured(go.due_ns) {
            desk.records().record(go, &answer, board.measured_until_ns());
        }
        if answer.closes {
            seat.busy(board.clock.now_ns());
            connection.reconnect().await?;
            counters.count_reconnect();
        }
        seat.idle();
        seat.job.store((seat.job() + 1) % desk.jobs.len(), Relaxed);
        if let Some(gate) = &board.gate {
            gate.leave();
        }
    }
    connection.finish()
}
