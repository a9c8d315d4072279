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

use crate::{
    board::{Board, Totals},
    connection,
    crew::{Crew, Halt, Orders, Yield, records, runtime},
    drive::Records,
    failure::{Failure, Stopped},
    generator_cpu::{CpuMeter, pin_to},
    job::Job,
    measured::Measured,
    pace::schedule,
    plan::{Mode, Plan},
    slices::SliceLog,
};

/// How long a run that takes turns asks before a slice of it begins.
const LEAD_UP: Duration = Duration::from_millis(1);
/// With fewer answers a slice of such a run goes on.
const FEWEST_ANSWERS: u64 = 10;

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
    let (jobs, streams) = prepare(plan).map_err(before_start)?;
    let threads = plan.threads();
    let board = Arc::new(Board::new(threads.len(), plan.turn.is_some()));
    let schedule = schedule(plan.mode);
    let orders = Orders { plan, jobs, schedule, board: Arc::clone(&board), cancel };

    let mut log = None;
    let yields: Vec<Option<Yield>> = thread::scope(|scope| {
        let mut shares = deal(plan, streams, threads.len()).into_iter().enumerate().zip(&threads);
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
    merge(plan, &board, log, yields.into_iter().flatten().collect())
}

/// Everything that can fail before the first thread starts.
fn prepare(plan: &Plan) -> Result<(Arc<[Job]>, Vec<TcpStream>), Failure> {
    plan.validate()?;
    let jobs: Arc<[Job]> = plan.calls.iter().map(Job::new).collect::<Result<_, _>>()?;
    let addr = jobs[0].addr;
    let opened: io::Result<Vec<TcpStream>> =
        (0..plan.connections()).map(|_| connection::open(addr, plan.request_timeout)).collect();
    let streams = opened.map_err(|source| Failure::Connect { addr, source })?;
    Ok((jobs, streams))
}

/// Splits connections evenly over threads, each with the job it begins with:
/// these are spread evenly too, so that even a short run asks them alike.
fn deal(plan: &Plan, streams: Vec<TcpStream>, threads: usize) -> Vec<Vec<(usize, TcpStream)>> {
    let (connections, jobs) = (streams.len(), plan.calls.len());
    let mut shares: Vec<Vec<_>> = (0..threads).map(|_| Vec::new()).collect();
    for (at, stream) in streams.into_iter().enumerate() {
        shares[at % threads].push((at * jobs / connections, stream));
    }
    shares
}

/// The body of a generator thread; `None` if the run has failed.
fn work(
    orders: Orders<'_>,
    thread: usize,
    cpu: Option<usize>,
    streams: Vec<(usize, TcpStream)>,
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
    crew.wait_for_turn().await?;
    crew.wait_until(board.clock.now_ns() + nanos(plan.warmup)).await?;
    if plan.turn.is_some() {
        return lead_in_turns(crew, log, probe).await;
    }
    let (totals, reading) = boundary(&board, &mut crew.cpu, &mut probe);
    let log = log.insert(SliceLog::open(plan.slices, totals, reading));
    board.begin();
    for _ in 0..plan.slices {
        if let Err(halt) = crew.wait_until(log.last.at_ns + nanos(plan.slice)).await {
            log.cut_off(board.totals());
            return Err(halt);
        }
        let (totals, reading) = boundary(&board, &mut crew.cpu, &mut probe);
        log.close(totals, reading);
    }
    board.end();
    crew.wait_for_last_answers().await
}

/// The same after the warm-up, in slices between which others have theirs. As
/// much is measured; a slice lasts until it holds a few answers.
async fn lead_in_turns<R>(
    crew: &mut Crew<'_>,
    log: &mut Option<SliceLog<R>>,
    mut probe: impl FnMut() -> R,
) -> Result<(), Halt> {
    let (plan, board) = (crew.orders.plan, Arc::clone(&crew.orders.board));
    let mut left_ns = nanos(plan.slice) * plan.slices as u64;
    while left_ns > 0 {
        crew.pass_turn(|| board.suspend()).await?;
        crew.cpu.pause();
        crew.wait_for_turn().await?;
        // The caches are somebody else's.
        crew.wait_until(board.clock.now_ns() + nanos(LEAD_UP)).await?;
        let (from, reading) = boundary(&board, &mut crew.cpu, &mut probe);
        let log = match log {
            Some(log) => log.reopen(from, reading),
            None => log.insert(SliceLog::open(plan.slices, from, reading)),
        };
        board.begin();
        loop {
            let until_ns = board.clock.now_ns() + nanos(plan.slice);
            if let Err(halt) = crew.wait_until(until_ns).await {
                log.cut_off(board.totals());
                return Err(halt);
            }
            if board.totals().answered - from.answered >= FEWEST_ANSWERS {
                break;
            }
        }
        let (totals, reading) = boundary(&board, &mut crew.cpu, &mut probe);
        left_ns = left_ns.saturating_sub(totals.at_ns - from.at_ns);
        log.close(totals, reading);
    }
    board.end();
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
    plan: &Plan,
    board: &Board,
    log: Option<SliceLog<R>>,
    yields: Vec<Yield>,
) -> Result<Measured<R>, Stopped> {
    let answered = board.totals().answered;
    let (failure, log) = match (board.take_failure(), log) {
        (None, Some(log)) => match add_up(plan, &yields) {
            Ok((records, meters)) => return Ok(Measured::new(plan, log, records, &meters)),
            Err(failure) => (failure, Some(log)),
        },
        (failure, log) => (failure.unwrap_or(Failure::Panicked), log),
    };
    let failure = Box::new(failure);
    Err(Stopped { failure, answered, slices: log.map(|log| log.slices).unwrap_or_default() })
}

/// What all threads recorded, unless the generator was behind its schedule.
fn add_up<'a>(plan: &Plan, yields: &'a [Yield]) -> Result<(Records, Vec<&'a CpuMeter>), Failure> {
    let mut all = records(matches!(plan.mode, Mode::Open { .. }))?;
    for part in yields {
        all.add(&part.records).map_err(|error| Failure::Generator {
            doing: "adding up histograms".to_owned(),
            source: io::Error::other(error),
        })?;
    }
    if let Some(punctuality) = &all.punctuality {
        punctuality.judge(plan.lateness_limit)?;
    }
    Ok((all, yields.iter().map(|part| &part.cpu).collect()))
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}
