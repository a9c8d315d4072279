//! The loop of one connection: ask, await, count, again.
//!
//! The hot path. Two clock readings, one histogram entry and three counter
//! updates per request; no allocation, no timer, no other system call than
//! the connection's own. Timeouts are `crew`'s: it looks at `Seat`.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use hdrhistogram::Histogram;
use tokio::net::TcpStream;

use crate::{
    board::{Board, Phase},
    connection::Connection,
    failure::Failure,
    plan::{Job, Mode},
};

/// What the connections of one thread share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) board: Arc<Board>,
    pub(crate) job: Arc<Job>,
    pub(crate) mode: Mode,
    pub(crate) thread: usize,
    /// Nanoseconds. Locked by this thread's own tasks only, one at a time.
    pub(crate) latency: Mutex<Histogram<u64>>,
}

/// What a connection shows of itself to its thread.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    /// When the request under way was sent, as nanoseconds of the run plus
    /// one; zero when there is none.
    busy_since: AtomicU64,
}

impl Seat {
    /// How long the request under way has been waiting, nanoseconds.
    pub(crate) fn waiting_ns(&self, now_ns: u64) -> u64 {
        match self.busy_since.load(Relaxed) {
            0 => 0,
            since => (now_ns + 1).saturating_sub(since),
        }
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
    let mut connection = Connection::new(Arc::clone(&desk.job), stream);
    loop {
        let phase = board.phase();
        if phase == Phase::Finished {
            return connection.finish();
        }
        // The instant latency counts from is the mode's to say.
        let due_ns = match desk.mode {
            Mode::Closed { .. } => board.clock.now_ns(),
        };
        seat.busy(due_ns);
        let answer = connection.exchange().await?;
        let latency_ns = board.clock.now_ns() - due_ns;
        counters.count_answer(answer.bytes);
        if phase == Phase::Measured {
            let mut latency = desk.latency.lock().unwrap_or_else(PoisonError::into_inner);
            latency.saturating_record(latency_ns);
        }
        if answer.closes {
            seat.busy(board.clock.now_ns());
            connection.reconnect().await?;
            counters.count_reconnect();
        }
    }
}
