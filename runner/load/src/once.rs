//! A single checked request, outside any load.
//!
//! For the cold-start driver and for checks. Nothing is repeated but the
//! attempt to connect; a wrong answer is an error like any other.

use std::{
    io,
    net::TcpStream,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::{runtime::Runtime, time::timeout};

use crate::{
    board::{Clock, Counters},
    connection::{self, Connection},
    crew::runtime,
    failure::Failure,
    job::Job,
    plan::Call,
};

/// Pause between attempts to connect: adds half of itself to a cold start on
/// average, and costs the starting host next to nothing.
const RETRY_PAUSE: Duration = Duration::from_micros(200);

/// Connects as soon as somebody listens, asks once, and returns the time from
/// this call to the last byte of the right answer.
///
/// # Errors
///
/// Still refused after `within`, or anything but the right answer by then.
/// Only a refused connection is tried again.
pub fn first_answer(call: &Call, within: Duration) -> Result<Duration, Failure> {
    let started = Instant::now();
    let (jobs, runtime) = (Arc::new([Job::new(call)?]), runtime()?);
    let addr = call.addr;
    let left = || within.saturating_sub(started.elapsed());
    let stream = loop {
        match connection::open(addr, left().max(RETRY_PAUSE)) {
            Ok(stream) => break stream,
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                if left().is_zero() {
                    return Err(Failure::Refused { addr, within });
                }
                thread::sleep(RETRY_PAUSE);
            }
            Err(source) => return Err(Failure::Connect { addr, source }),
        }
    };
    let connection = adopt(&runtime, &jobs, stream)?;
    let answered = ask(&runtime, &jobs[0], connection, left(), within)?;
    Ok(answered - started)
}

/// Asks a listening server once and returns the latency of the right answer,
/// counted as under load: from just before sending, connecting not included.
///
/// # Errors
///
/// No connection, or anything but the right answer within `within`.
pub fn ask_once(call: &Call, within: Duration) -> Result<Duration, Failure> {
    let (jobs, runtime) = (Arc::new([Job::new(call)?]), runtime()?);
    let addr = call.addr;
    let stream = connection::open(addr, within.max(RETRY_PAUSE))
        .map_err(|source| Failure::Connect { addr, source })?;
    let connection = adopt(&runtime, &jobs, stream)?;
    let started = Instant::now();
    let answered = ask(&runtime, &jobs[0], connection, within, within)?;
    Ok(answered - started)
}

fn adopt(
    runtime: &Runtime,
    jobs: &Arc<[Job; 1]>,
    stream: TcpStream,
) -> Result<Connection, Failure> {
    let _inside = runtime.enter();
    let stream = tokio::net::TcpStream::from_std(stream).map_err(|source| Failure::Generator {
        doing: "registering a connection".to_owned(),
        source,
    })?;
    let jobs: Arc<[Job]> = Arc::<[Job; 1]>::clone(jobs);
    Ok(Connection::new(jobs, stream, Clock::start(), Arc::new(Counters::default())))
}

/// Returns when the last byte of the answer was read.
fn ask(
    runtime: &Runtime,
    job: &Job,
    mut connection: Connection,
    left: Duration,
    within: Duration,
) -> Result<Instant, Failure> {
    runtime.block_on(async {
        match timeout(left, connection.exchange(0)).await {
            Ok(answer) => answer?,
            Err(_elapsed) => return Err(Failure::NoAnswer { asked: job.asked.clone(), within }),
        };
        let answered = Instant::now();
        connection.finish()?;
        Ok(answered)
    })
}
