//! Runs a plan: threads, warm-up, slices, merge.
//!
//! The first thread leads: it closes the slices and calls the probe. Requests
//! are made elsewhere (`drive`), timeouts are looked after by `crew`.

use std::{
    io,
    net::TcpStream,
    sync::{Arc, atomic::AtomicBool},
    thread,
    time::Duration,
};

use hdrhistogram::Histogram;

use crate::{
    board::{Board, Phase, Totals},
    connection,
    crew::{Crew, Halt, Orders, Yield, histogram, runtime},
    failure::{Failure, Stopped},
    generator_cpu::{CpuMeter, Generator, pin_to},
    plan::{Job, Plan},
    slices::{Slice, SliceLog},
};

/// What a finished run measured. Every answer was right.
#[derive(Debug, Clone)]
pub struct Measured<R> {
    /// The measured part, slice by slice.
    pub slices: Vec<Slice>,
    /// What the probe read at each boundary: one more than there are slices.
    pub readings: Vec<R>,
    /// Latency of every request sent in the measured part, nanoseconds, 1 ns
    /// to 60 s, three significant digits; from just before the first byte is
    /// written to the last byte of the answer. Requests still under way at
    /// the end are awaited and included, so that a stall there shows; the
    /// slices count answers by when they came, hence the two counts differ by
    /// up to the number of connections.
    pub latency: Histogram<u64>,
    /// The generator's own part.
    pub generator: Generator,
    /// Connections that the server closed and that were opened anew, in the
    /// measured part. Opening one is not part of any latency.
    pub reconnects: u64,
    /// Bytes of the answers completed in the measured part, heads included.
    pub bytes_read: u64,
}

impl<R> Measured<R> {
    /// Requests answered in the measured part.
    pub fn requests(&self) -> u64 {
        self.slices.iter().map(|slice| slice.requests).sum()
    }

    /// Length of the measured part, nanoseconds.
    pub fn elapsed_ns(&self) -> u64 {
        self.slices.iter().map(|slice| slice.elapsed_ns).sum()
    }

    /// Requests answered per second of the measured part.
    pub fn requests_per_second(&self) -> f64 {
        self.requests() as f64 * 1e9 / self.elapsed_ns() as f64
    }
}

/// Runs a plan to its end, to its first failure, or until `cancel` is set
/// (noticed within about 10 ms). Blocks; ends by itself within
/// `Plan::deadline`, unless the probe itself never returns.
///
/// `probe` is called at every slice boundary on the leading generator thread,
/// right after the clock and the counters are read, so that its readings
/// belong to the same instant. The time it takes falls into the next slice.
///
/// # Errors
///
/// The first failure of any connection, with the slices up to it.
pub fn run<R: Send>(
    plan: &Plan,
    cancel: &AtomicBool,
    mut probe: impl FnMut() -> R + Send,
) -> Result<Measured<R>, Stopped> {
    let before_start =
        |failure| Stopped { failure: Box::new(failure), answered: 0, slices: Vec::new() };
    let (job, streams) = prepare(plan).map_err(before_start)?;
    let threads = plan.threads();
    let board = Arc::new(Board::new(threads.len()));
    let orders = Orders { plan, job: Arc::new(job), board: Arc::clone(&board), cancel };

    let mut log = None;
    let yields: Vec<Option<Yield>> = thread::scope(|scope| {
        let mut shares = deal(streams, threads.len()).into_iter().enumerate().zip(&threads);
        let lead = shares.next().map(|((_, streams), cpu)| {
            let (orders, log, probe) = (orders.clone(), &mut log, &mut probe);
            scope.spawn(move || {
                work(orders, 0, *cpu, streams, async |crew| lead(crew, log, probe).await)
            })
        });
        let others = shares.map(|((thread, streams), cpu)| {
            let orders = orders.clone();
            scope.spawn(move || {
                work(orders, thread, *cpu, streams, async |crew| crew.wait_for_last_answers().await)
            })
        });
        // Started before the first is joined; the lead is joined first, so
        // that a panicking probe stops the others.
        let handles: Vec<_> = lead.into_iter().chain(others).collect();
        let join = |handle: thread::ScopedJoinHandle<'_, Option<Yield>>| {
            handle.join().unwrap_or_else(|_panic| {
                board.fail(Failure::Panicked);
                None
            })
        };
        handles.into_iter().map(join).collect()
    });
    merge(&board, log, yields.into_iter().flatten().collect())
}

/// Everything that can fail before the first thread starts.
fn prepare(plan: &Plan) -> Result<(Job, Vec<TcpStream>), Failure> {
    plan.validate()?;
    let job = Job::new(&plan.call)?;
    let addr = job.addr;
    let opened: io::Result<Vec<TcpStream>> =
        (0..plan.connections()).map(|_| connection::open(addr, plan.request_timeout)).collect();
    let streams = opened.map_err(|source| Failure::Connect { addr, source })?;
    Ok((job, streams))
}

/// Splits connections evenly over threads.
fn deal(streams: Vec<TcpStream>, threads: usize) -> Vec<Vec<TcpStream>> {
    let mut shares: Vec<Vec<TcpStream>> = (0..threads).map(|_| Vec::new()).collect();
    for (at, stream) in streams.into_iter().enumerate() {
        shares[at % threads].push(stream);
    }
    shares
}

/// The body of a generator thread; `None` if the run has failed.
fn work(
    orders: Orders<'_>,
    thread: usize,
    cpu: Option<usize>,
    streams: Vec<TcpStream>,
    part: impl AsyncFnOnce(&mut Crew<'_>) -> Result<(), Halt>,
) -> Option<Yield> {
    let board = Arc::clone(&orders.board);
    let worked = cpu.map_or(Ok(()), pin_to).and_then(|()| runtime()).and_then(|runtime| {
        runtime.block_on(async {
            let mut crew = Crew::start(orders, thread, streams)?;
            match part(&mut crew).await {
                Ok(()) => crew.dismiss().await.map(Some),
                Err(Halt) => Ok(None),
            }
        })
    });
    worked.unwrap_or_else(|failure| {
        board.fail(failure);
        None
    })
}

/// The leading thread's part: phases and slices.
async fn lead<R>(
    crew: &mut Crew<'_>,
    log: &mut Option<SliceLog<R>>,
    mut probe: impl FnMut() -> R,
) -> Result<(), Halt> {
    let (plan, board) = (crew.orders.plan, Arc::clone(&crew.orders.board));
    crew.wait_until(board.clock.now_ns() + nanos(plan.warmup)).await?;
    let (totals, reading) = boundary(&board, &mut crew.cpu, &mut probe);
    let log = log.insert(SliceLog::open(plan.slices, totals, reading));
    board.enter(Phase::Measured);
    for _ in 0..plan.slices {
        if let Err(halt) = crew.wait_until(log.last.at_ns + nanos(plan.slice)).await {
            log.cut_off(board.totals());
            return Err(halt);
        }
        let (totals, reading) = boundary(&board, &mut crew.cpu, &mut probe);
        log.close(totals, reading);
    }
    board.enter(Phase::Finished);
    crew.wait_for_last_answers().await
}

/// Reads everything that a slice boundary consists of, at one instant.
pub(crate) fn boundary<R>(
    board: &Board,
    cpu: &mut CpuMeter,
    mut probe: impl FnMut() -> R,
) -> (Totals, R) {
    let totals = board.totals();
    let reading = probe();
    cpu.sample(totals.at_ns);
    (totals, reading)
}

fn merge<R>(
    board: &Board,
    log: Option<SliceLog<R>>,
    yields: Vec<Yield>,
) -> Result<Measured<R>, Stopped> {
    let answered = board.totals().answered;
    let (failure, log) = match (board.take_failure(), log) {
        (None, Some(log)) => match add_up(&yields) {
            Ok((latency, meters)) => return Ok(conclude(log, latency, &meters)),
            Err(failure) => (failure, Some(log)),
        },
        (failure, log) => (failure.unwrap_or(Failure::Panicked), log),
    };
    let failure = Box::new(failure);
    Err(Stopped { failure, answered, slices: log.map(|log| log.slices).unwrap_or_default() })
}

fn add_up(yields: &[Yield]) -> Result<(Histogram<u64>, Vec<&CpuMeter>), Failure> {
    let mut latency = histogram()?;
    for part in yields {
        latency.add(&part.latency).map_err(|error| Failure::Generator {
            doing: "adding up histograms".to_owned(),
            source: io::Error::other(error),
        })?;
    }
    Ok((latency, yields.iter().map(|part| &part.cpu).collect()))
}

fn conclude<R>(log: SliceLog<R>, latency: Histogram<u64>, meters: &[&CpuMeter]) -> Measured<R> {
    let SliceLog { first, last, slices, readings } = log;
    let requests = last.answered - first.answered;
    let generator = Generator::merge(meters, last.at_ns - first.at_ns, requests);
    Measured {
        slices,
        readings,
        latency,
        generator,
        reconnects: last.reconnects - first.reconnects,
        bytes_read: last.bytes - first.bytes,
    }
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}
